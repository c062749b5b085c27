"""A reduction takes in the pointwise operators before it, and gives what they give one after the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import miai as mi
import numpy as np
import pytest
from miai import functional as F  # noqa: N812

Function = Callable[[mi.Tensor, mi.Tensor], mi.Tensor]

FUNCTIONS: dict[str, Function] = {
    "mean of squares": lambda x, y: F.mean((x - y) ** 2),
    "dot products of rows": lambda x, y: (x * y).sum(axis=-1),
    "largest magnitude": lambda x, y: F.abs(x).max(),
    "l1 norm of columns": lambda x, y: F.abs(x - y).sum(axis=0),
    "smallest of each row": lambda x, y: F.minimum(x, y).min(axis=1, keepdims=True),
    "broadcast": lambda x, y: F.exp(x - y[0]).mean(axis=0, keepdims=True),
    "equal elements": lambda x, y: F.equal(F.round(x), F.round(y)).astype("float32").mean(),
    "loss": lambda x, y: F.square_loss(x, y),
}


def traced(function: Function, level: int, *args: mi.Tensor) -> tuple[np.ndarray[Any, Any], str]:
    program = mi.trace(function, opt_level=level)
    program(*args)
    return program(*args).numpy(), str(program.explain())


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(3, 5), (700, 33), (40, 5000), (1, 1)])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_levels_agree(name: str, shape: tuple[int, int], dtype: str) -> None:
    rng = np.random.default_rng(1)
    x, y = (mi.tensor(rng.normal(size=shape).astype(dtype)) for _ in range(2))
    plain, _ = traced(FUNCTIONS[name], 0, x, y)
    fused, text = traced(FUNCTIONS[name], 2, x, y)
    assert fused.dtype == plain.dtype
    np.testing.assert_allclose(fused, plain, rtol=1e-5, atol=1e-5 if dtype == "float32" else 1e-12)
    assert text.count("= pointwise_reduce(") == 1
    assert "= pointwise(" not in text


def test_a_bias_gradient_sums_what_nobody_else_reads() -> None:
    rng = np.random.default_rng(2)
    x = mi.tensor(rng.normal(size=(64, 40)).astype("float32"))
    bias = mi.Parameter(rng.normal(size=40).astype("float32"))
    manager = mi.GradManager().attach([bias])

    def step(x: mi.Tensor, y: mi.Tensor) -> mi.Tensor:
        with manager:
            manager.backward((F.relu(x + bias) * y).sum())
        grad = bias.grad.copy()
        bias.grad = None
        return grad

    plain, _ = traced(step, 0, x, x)
    fused, text = traced(step, 2, x, x)
    np.testing.assert_allclose(fused, plain, rtol=1e-5, atol=1e-5)
    assert "pointwise_reduce(" in text
    assert "reduction='sum', axis=[0]" in text


def test_what_is_returned_too_stays_a_value() -> None:
    x = mi.tensor(np.linspace(-1, 1, 12, dtype="float32").reshape(3, 4))
    program = mi.trace(lambda x: ((y := F.exp(x)).sum(), y), opt_level=2)
    program(x)
    total, y = program(x)
    np.testing.assert_allclose(total.numpy(), y.numpy().sum(), rtol=1e-6)
    assert "pointwise_reduce(" not in str(program.explain())
