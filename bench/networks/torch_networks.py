"""Networks in PyTorch: functions that give the module."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from bench.networks import torch_images
from bench.networks.torch_gpt2 import GPT2


class GRUClassifier(nn.Module):
    """See miai.models.GRUClassifier."""

    def __init__(self, vocabulary: int = 30000, embedding_dim: int = 125, hidden_size: int = 100) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, embedding_dim)
        self.gru = nn.GRU(embedding_dim, hidden_size, batch_first=True)
        self.l_out = nn.Linear(hidden_size, 2)

    def forward(self, words: torch.Tensor) -> torch.Tensor:
        _, last = self.gru(self.embedding(words))
        return self.l_out(last[-1])


def encoder() -> nn.Module:
    """See miai.models.transformer_encoder, with 4 layers."""
    layer = nn.TransformerEncoderLayer(256, 4, 1024, 0.1, batch_first=True)
    return nn.TransformerEncoder(layer, 4)


def mlp() -> nn.Module:
    """64-64-64-64."""
    return nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 64))


def chain(x: torch.Tensor, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """100 operators, each of the one before."""
    for _ in range(25):
        x = torch.tanh(torch.maximum(x * a + b, a))
    return x


NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "demo": torch_images.DemoNet,
    "rosetta": torch_images.RosettaCNN,
    "resnet50": torch_images.ResNet50,
    "resnet50_features": lambda: torch_images.ResNet50(features=True),
    "mobilenet_v2": torch_images.MobileNetV2,
    "encoder": encoder,
    "gru": GRUClassifier,
    "mlp": mlp,
    "gpt2": GPT2,
}
