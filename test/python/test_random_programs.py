"""Random programs agree with NumPy, eager and traced at every level."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import miai as mi
import numpy as np
import pytest
from miai import functional as F  # noqa: N812

Step = Callable[[list[Any]], Any]


def both(ours: Any, numpys: Any, values: list[Any]) -> Any:
    """Calls the function of the world that the values are of."""
    return (ours if isinstance(values[0], mi.Tensor) else numpys)(*values)


UNARY = [
    (F.tanh, np.tanh), (F.sin, np.sin), (F.abs, np.abs), (F.neg, np.negative),
    (F.sigmoid, lambda x: 1 / (1 + np.exp(-x))), (F.relu, lambda x: np.maximum(x, 0)),
]  # fmt: skip
BINARY = [
    (F.add, np.add), (F.sub, np.subtract), (F.mul, np.multiply), (F.maximum, np.maximum),
    (F.minimum, np.minimum),
]  # fmt: skip


def random_step(rng: np.random.Generator, values: list[np.ndarray]) -> Step:
    """One operator over earlier values; it is the same function of tensors and of arrays."""
    i, j = (int(k) for k in rng.integers(0, len(values), 2))
    a, kind = values[i], int(rng.integers(0, 11))
    if kind <= 1:
        ours, numpys = UNARY[int(rng.integers(0, len(UNARY)))]
        return lambda v: both(ours, numpys, [v[i]])
    if kind <= 4:
        ours, numpys = BINARY[int(rng.integers(0, len(BINARY)))]
        try:
            np.broadcast_shapes(a.shape, values[j].shape)
        except ValueError:
            return lambda v: v[i] * 0.5 + 1
        return lambda v: both(ours, numpys, [v[i], v[j]])
    if kind == 5 and a.ndim:
        axis = int(rng.integers(0, a.ndim))
        return lambda v: v[i].mean(axis=axis)
    if kind == 6 and a.ndim:
        axis, keep = int(rng.integers(0, a.ndim)), bool(rng.integers(0, 2))
        return lambda v: v[i].max(axis=axis, keepdims=keep) + v[i].sum(axis=axis, keepdims=keep) * 0.25
    if kind == 7:
        order = tuple(int(k) for k in rng.permutation(a.ndim))
        return lambda v: v[i].transpose(order) if order else v[i]
    if kind == 8 and a.ndim and a.shape[0] > 1:
        start, step = int(rng.integers(0, a.shape[0])), int(rng.choice([1, 2, -1]))
        return lambda v: v[i][start::step]
    if kind == 9:
        return lambda v: v[i].reshape(-1)
    if kind == 10 and a.ndim and a.shape[0] > 1:
        return lambda v: v[i][np.array([1, 0, 1])] if isinstance(v[i], np.ndarray) else v[i][[1, 0, 1]]
    return lambda v: both(F.where, np.where, [v[i] > 0.25, v[i], v[i] * -0.5])


def random_program(seed: int) -> tuple[list[np.ndarray], Callable[..., Any], list[np.ndarray]]:
    """(inputs, program, expected): up to 20 operators; the result is the last values."""
    rng = np.random.default_rng(seed)
    size = tuple(int(n) for n in rng.choice([1, 2, 3, 5, 8], rng.integers(1, 4)))
    inputs = [rng.standard_normal(size).astype("float32") for _ in range(2)]
    values, steps = list(inputs), []
    for _ in range(int(rng.integers(3, 21))):
        step = random_step(rng, values)
        result = np.asarray(step(values))
        if np.abs(result).max(initial=0) > 1e4:
            continue  # numbers stay where rounding does not decide
        values.append(result)
        steps.append(step)

    def program(*tensors: Any) -> Any:
        got = list(tensors)
        for step in steps:
            got.append(step(got))
        return tuple(got[-3:])

    return inputs, program, values[-3:]


def run_program(seed: int, level: int) -> None:
    inputs, program, expected = random_program(seed)
    tensors = [mi.tensor(x) for x in inputs]
    eager = program(*tensors)
    traced = mi.trace(program, opt_level=level)
    traced(*tensors)
    replayed = traced(*tensors)
    assert traced.program_count == 1
    for mine, again, want in zip(eager, replayed, expected, strict=True):
        what = f"program {seed}, level {level}"
        np.testing.assert_allclose(mine.numpy(), want, rtol=1e-4, atol=1e-4, err_msg=what)
        if level == 0:
            np.testing.assert_array_equal(again.numpy(), mine.numpy(), err_msg=what)
        else:
            np.testing.assert_allclose(again.numpy(), mine.numpy(), rtol=1e-4, atol=1e-4, err_msg=what)


@pytest.mark.parametrize("level", [0, 1, 2])
def test_random_programs(level: int) -> None:
    for seed in range(150):
        run_program(seed, level)


@pytest.mark.long
@pytest.mark.parametrize("level", [0, 1, 2])
def test_ten_thousand_programs(level: int) -> None:
    for seed in range(1000 + level, 11000, 3):
        run_program(seed, level)
