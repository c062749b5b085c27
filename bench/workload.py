"""A network with its inputs, its loss and its optimizer: what training and inference entries share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Draw = Callable[[np.random.Generator], np.ndarray]


@dataclass(frozen=True)
class Workload:
    """What is trained or run.

    Attributes:
        network: its name in `bench.networks`.
        draw_input, draw_target: the batch, the same in every process.
        loss: "cross_entropy" or "mse".
        optimizer: "SGD" (momentum 0.9) or "Adam".
        is_image: whether inputs are (N, C, H, W), so that channels_last is a contender.
        dtype: of inference: "float32" or "bfloat16"; inputs and outputs are float32 in both.
        has_dropout: then outputs are compared without it, and steps are timed with it.
    """

    network: str
    draw_input: Draw
    draw_target: Draw | None = None
    loss: str = "cross_entropy"
    optimizer: str = "SGD"
    lr: float = 0.01
    is_image: bool = True
    has_dropout: bool = False
    dtype: str = "float32"

    def input(self) -> np.ndarray:
        """The batch of inputs."""
        return self.draw_input(np.random.default_rng(0))

    def target(self) -> np.ndarray:
        """The batch of targets."""
        assert self.draw_target is not None
        return self.draw_target(np.random.default_rng(1))


def normal(*shape: int) -> Draw:
    """float32 values of mean 0 and variance 1."""
    return lambda rng: rng.standard_normal(shape, dtype="float32")


def integers(below: int, *shape: int) -> Draw:
    """int64 values of [0, below)."""
    return lambda rng: rng.integers(0, below, shape)
