"""Networks in Miai: functions that give the module and what is called of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import miai as mi
from miai import functional as F  # noqa: N812
from miai import module as M  # noqa: N812
from miai.demo.network import ResidualNet

Network = tuple[M.Module, Callable[..., mi.Tensor]]


def _whole(make: Callable[..., Any], **options: Any) -> Callable[[], Network]:
    def network() -> Network:
        net = make(**options)
        return net, net

    return network


def _resnet50_features() -> Network:
    net = mi.models.resnet50()
    return net, net.extract_features


def mlp() -> M.Module:
    """64-64-64-64."""
    return M.Sequential(M.Linear(64, 64), M.ReLU(), M.Linear(64, 64), M.ReLU(), M.Linear(64, 64))


def chain(x: mi.Tensor, a: mi.Tensor, b: mi.Tensor) -> mi.Tensor:
    """100 operators, each of the one before."""
    for _ in range(25):
        x = F.tanh(F.maximum(x * a + b, a))
    return x


NETWORKS: dict[str, Callable[[], Network]] = {
    "demo": _whole(ResidualNet),
    "rosetta": _whole(mi.models.rosetta_cnn),
    "resnet50": _whole(mi.models.resnet50),
    "resnet50_features": _resnet50_features,
    "mobilenet_v2": _whole(mi.models.mobilenet_v2),
    "encoder": _whole(mi.models.transformer_encoder, num_layers=4),
    "gru": _whole(mi.models.gru_classifier),
    "mlp": _whole(mlp),
    "gpt2": _whole(mi.models.gpt2),
}
