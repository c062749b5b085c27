"""Sizes of a trace as arguments: one program serves them all, and gives what eager gives."""

from __future__ import annotations

import subprocess

import miai as mi
import numpy as np
import pytest
from miai import functional as F  # noqa: N812

OF_ROWS = {
    "arange": lambda x: F.arange(x.shape[0]),
    "arange, start": lambda x: F.arange(2, x.shape[0] + 3, 2, dtype="int64"),
    "arange, down": lambda x: F.arange(x.shape[0], -1, -3),
    "arange, empty": lambda x: F.arange(x.shape[0], 2),
    "linspace": lambda x: F.linspace(0, 1, x.shape[0]),
    "eye": lambda x: F.eye(x.shape[0]),
    "eye, columns": lambda x: F.eye(3, x.shape[0]),
    "one_hot": lambda x: F.one_hot(F.arange(3, dtype="int64"), x.shape[0] + 1),
    "full": lambda x: F.full((x.shape[0], 2), 3.0),
    "zeros": lambda x: F.zeros(x.shape[0]),
    "tile": lambda x: F.tile(x, (2, 3)),
    "tile by a size": lambda x: F.tile(mi.tensor([[1.0, 2.0]]), (x.shape[0], 2)),
    "repeat": lambda x: F.repeat(x, 3, axis=0),
    "repeat, flat": lambda x: F.repeat(x, 2),
    "repeat by a size": lambda x: F.repeat(mi.tensor([1.0, 2.0]), x.shape[0]),
    "topk": lambda x: F.topk(x, 2)[0],
    "topk by a size": lambda x: F.topk(mi.tensor([3.0, 1.0, 2.0, 5.0, 4.0, 0.0, 7.0]), x.shape[0])[0],
    "pad": lambda x: F.pad(x, (1, 2, 0, 1), constant_value=7.0),
    "pad, reflect": lambda x: F.pad(x, (1, 1, 0, 2), "reflect"),
    "broadcast_to": lambda x: F.broadcast_to(mi.tensor([1.0]), (x.shape[0], 3)),
    "positions": lambda x: x + F.expand_dims(F.arange(x.shape[0]), 1),
    "mask": lambda x: F.where(F.expand_dims(F.arange(x.shape[0]), 1) < x.shape[0] - 1, x, 0.0),
    "index": lambda x: x[x.shape[0] - 1, [0, 2]],
    "remainder": lambda x: F.zeros((x.shape[0] % 3 + 1, 20 % x.shape[0])),
    "size by tensor": lambda x: x.shape[0] / (x * x + 1),
    "reshape": lambda x: x.reshape(x.shape[0] * 3),
}


@pytest.mark.parametrize("level", [0, 2])
@pytest.mark.parametrize("name", OF_ROWS)
def test_as_eager(name: str, level: int) -> None:
    function = OF_ROWS[name]
    traced = mi.trace(lambda x: function(x), dynamic={"x": 0}, opt_level=level)
    for rows in (3, 5, 2, 7):
        x = mi.tensor(np.random.default_rng(rows).normal(size=(rows, 3)).astype("float32"))
        want, got = function(x), traced(x)
        assert want.dtype == got.dtype
        np.testing.assert_array_equal(want.numpy(), got.numpy())
    assert traced.program_count == 1


@pytest.mark.parametrize("name", ["arange, down", "tile by a size", "one_hot", "linspace", "topk by a size"])
def test_in_a_file(name: str, tmp_path) -> None:
    traced = mi.trace(lambda x: OF_ROWS[name](x) + 0 * x.sum(), dynamic={"x": 0})
    traced(mi.tensor(np.ones((4, 3), "float32")))
    text = traced.graph()
    traced.dump(tmp_path / "f.miai", name="f")
    run = f"{mi.sdk_path()}/bin/miai-run"
    np.save(tmp_path / "x.npy", np.ones((6, 3), "float32"))
    subprocess.run([run, "verify", tmp_path / "f.miai"], check=True, capture_output=True)
    subprocess.run(
        [run, "run", tmp_path / "f.miai", "--input", f"x={tmp_path / 'x.npy'}", "--output", tmp_path / "out"],
        check=True,
        capture_output=True,
    )
    expected = traced(mi.tensor(np.ones((6, 3), "float32"))).numpy()
    np.testing.assert_array_equal(np.load(next((tmp_path / "out").glob("*.npy"))), expected)
    assert "x_0" in text  # the size stands in the program, not the number at hand


def test_gradients_through_dynamic_repeats() -> None:
    def product(x: mi.Tensor) -> mi.Tensor:
        return (F.tile(x, (x.shape[0], 2)) * F.repeat(x, x.shape[0], axis=0)).sum()

    gradient = mi.grad(product)
    traced = mi.trace(lambda x: gradient(x), dynamic={"x": 0})
    for rows in (2, 4, 3):
        x = mi.tensor(np.random.default_rng(rows).normal(size=(rows, 1)).astype("float32"))
        np.testing.assert_allclose(traced(x).numpy(), gradient(x).numpy(), rtol=1e-5)
    assert traced.program_count == 1


def test_what_a_size_may_not_be() -> None:
    def refusal(function, kind: type[Exception], text: str) -> None:
        with pytest.raises(kind, match=text):
            mi.trace(function, dynamic={"x": 0})(mi.tensor(np.ones((3, 3), "float32")))

    refusal(
        lambda x: F.arange(0, x.shape[0], 0.5), ValueError, "'step': expected an integer beside a dynamic"
    )
    refusal(lambda x: F.arange(0, 9, x.shape[0]), NotImplementedError, "'step': expected a number, got")
    refusal(lambda x: x * (1 / x.shape[0]), TypeError, "/ with the dynamic size x_0: .* divide the tensor")
    refusal(lambda x: x * (x.shape[0] / 2), TypeError, "/ with the dynamic size x_0: .* divide the tensor")
    refusal(lambda x: F.pad(x, (0, x.shape[0], 0, 0)), TypeError, "'pad_width': expected ints, got")


@pytest.mark.parametrize("size", [2**62, 2**63 - 1, -(2**62) - 1, 2**64])
def test_sizes_that_no_dimension_holds(size: int) -> None:
    for call in (
        lambda: F.zeros((2, size)),
        lambda: F.broadcast_to(mi.tensor([1.0]), (size,)),
        lambda: F.reshape(mi.tensor([1.0]), (size, 1)),
        lambda: F.tile(mi.tensor([1.0]), size),
        lambda: F.repeat(mi.tensor([1.0]), size),
        lambda: F.eye(size),
        lambda: F.one_hot(mi.tensor([1]), size),
        lambda: F.linspace(0, 1, size),
        lambda: F.topk(mi.tensor([1.0]), size),
    ):
        with pytest.raises(OverflowError, match=str(size)):
            call()


def test_integers_of_64_bits_arrive_whole() -> None:
    assert F.full((1,), 2**62, dtype="int64").tolist() == [2**62]
    assert F.clip(mi.tensor([-(2**63), 2**62]), lower=-(2**62)).tolist() == [-(2**62), 2**62]
    with pytest.raises(ValueError, match=str(2**62)):
        F.flatten(mi.tensor([1.0]), 2**62)
    assert mi.tensor([1, 2, 3])[: 2**62].tolist() == [1, 2, 3]
