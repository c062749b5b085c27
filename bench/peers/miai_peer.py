"""Miai, traced and eager."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import miai as mi
import numpy as np
from miai import functional as F  # noqa: N812
from miai.dtype import is_floating

from bench.entry import Context, Runner
from bench.networks import miai_networks
from bench.prepare import load_weights
from bench.workload import Workload


def _mean_square(output: mi.Tensor, target: mi.Tensor) -> mi.Tensor:
    return ((output - target) ** 2).mean()


LOSSES: dict[str, Callable[[mi.Tensor, mi.Tensor], mi.Tensor]] = {
    "cross_entropy": F.cross_entropy,
    "mse": _mean_square,
}


def load_network(context: Context, workload: Workload) -> miai_networks.Network:
    """The network with the shared weights, and what is called of it."""
    net, function = miai_networks.NETWORKS[workload.network]()
    net.load_state_dict(load_weights(context))
    return net, function


def _optimizer(workload: Workload, net: Any) -> Any:
    if workload.optimizer == "Adam":
        return mi.optimizer.Adam(net.parameters(), lr=workload.lr)
    return mi.optimizer.SGD(net.parameters(), lr=workload.lr, momentum=0.9)


def make_step(
    context: Context,
    workload: Workload,
    is_traced: bool,
    training: bool = True,
    memory_limit: str | None = None,
) -> tuple[Any, Callable[[], mi.Tensor]]:
    """The step, as traced or as it is, and a function that runs it on the batch: the loss before it."""
    net, function = load_network(context, workload)
    net.train(training)
    optimizer, manager = _optimizer(workload, net), mi.GradManager().attach(net.parameters())

    def step(x: mi.Tensor, target: mi.Tensor) -> mi.Tensor:
        with manager:
            loss = LOSSES[workload.loss](function(x), target)
            manager.backward(loss)
        optimizer.step().clear_grad()
        return loss

    run = mi.trace(step, memory_limit=memory_limit) if is_traced else step
    x, target = mi.tensor(workload.input()), mi.tensor(workload.target())
    return run, lambda: run(x, target)


def train(context: Context, workload: Workload, is_traced: bool) -> Runner:
    """Steps of training; what is compared are the losses of three."""
    _, run = make_step(context, workload, is_traced)

    def check() -> np.ndarray:
        _, step = make_step(context, workload, is_traced, not workload.has_dropout)
        return np.array([step().item() for _ in range(3)])

    return Runner(lambda: run().item(), check)


def as_dtype(x: mi.Tensor, dtype: str) -> mi.Tensor:
    """Numbers in the workload's dtype; indices stay what they are."""
    return x.astype(dtype) if is_floating(x.dtype) else x


def traced(context: Context, workload: Workload) -> tuple[Any, mi.Tensor]:
    """The traced network in eval mode, and the batch."""
    net, function = load_network(context, workload)
    net.eval().astype(workload.dtype)
    predict = mi.trace(lambda x: function(as_dtype(x, workload.dtype)).astype("float32"))
    return predict, mi.tensor(workload.input())


def infer(context: Context, workload: Workload) -> Runner:
    """Inference of the batch, traced."""
    predict, x = traced(context, workload)

    def check() -> np.ndarray:
        predict(x)  # recorded; the next runs the plan
        return predict(x).numpy(copy=True)

    return Runner(lambda: predict(x), check)
