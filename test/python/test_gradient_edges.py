"""Gradients where functions have kinks, ties, zeros and huge arguments; writes between; memory that stays
flat."""

import gc

import miai as mi
import numpy as np
import pytest
from miai import _core
from miai import functional as F  # noqa: N812

CASES = {
    "ties of max": (lambda v: v.max(), [1, 3, 3], [0, 0.5, 0.5]),
    "tie of maximum": (lambda v: F.maximum(v, mi.tensor([1.0])).sum(), [1], [0.5]),
    "abs at 0": (lambda v: F.abs(v).sum(), [0], [0]),
    "prod with a zero": (lambda v: v.prod(), [0, 2, 3], [6, 0, 0]),
    "prod with two zeros": (lambda v: v.prod(), [0, 0, 3], [0, 0, 0]),
    "norm at 0": (lambda v: F.norm(v), [0, 0], [0, 0]),
    "std of equals": (lambda v: F.std(v), [1, 1], [0, 0]),
    "square at 0": (lambda v: (v**2).sum(), [0, -2], [0, -4]),
    "sigmoid": (lambda v: F.sigmoid(v).sum(), [-1e4, 1e4], [0, 0]),
    "softplus": (lambda v: F.softplus(v).sum(), [-1e4, 1e4], [0, 1]),
    "logsigmoid": (lambda v: F.logsigmoid(v).sum(), [-1e4, 1e4], [1, 0]),
    "silu": (lambda v: F.silu(v).sum(), [-100, 100], [0, 1]),
    "tanh": (lambda v: F.tanh(v).sum(), [-100, 100], [0, 0]),
    "large logit": (lambda v: F.binary_cross_entropy(v, mi.tensor([1.0])), [-1e4], [-1]),
    "large class": (lambda v: F.cross_entropy(v.reshape(1, 2), mi.tensor([0])), [1e30, 0], [0, 0]),
    "index named twice": (lambda v: (v[[0, 0, 1]] * mi.tensor([1.0, 2.0, 3.0])).sum(), [5, 6], [3, 3]),
    "mask": (lambda v: (v[v > 1.5] * 3).sum(), [1, 2, 3], [0, 3, 3]),
    "power 0 at 0": (lambda v: (v**0.0).sum(), [0], [0]),
}


@pytest.mark.parametrize(("function", "at", "expected"), CASES.values(), ids=CASES.keys())
def test_gradient(function, at, expected) -> None:
    got = mi.grad(function)(mi.tensor(np.array(at, "float32"))).numpy()
    np.testing.assert_allclose(got, expected, atol=1e-6)


def written(v):
    w = v * 1
    w *= w
    w += v
    w[1] = v[0] * 2
    return (w * w).sum()


def written_after_use(v):
    y = v * 2
    z = y * y
    y += 100
    return z.sum()


@pytest.mark.parametrize("level", [None, 0, 1, 2])
def test_writes_between(level) -> None:
    v = mi.tensor([2.0, 3.0])
    for function, expected in ((written, [2 * 6 * 5 + 8 * 2, 0]), (written_after_use, [16, 24])):
        gradient = mi.grad(function)
        run = gradient if level is None else mi.trace(gradient, opt_level=level)
        for _ in range(2):
            assert run(v).tolist() == expected


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
def test_gradient_has_the_dtype_of_its_tensor(dtype) -> None:
    x = mi.tensor(np.ones((2, 3)), dtype=dtype)
    assert str(mi.grad(lambda v: (v * mi.tensor([1.0, 2.0, 3.0])).sum())(x).dtype) == dtype


def allocated() -> int:
    gc.collect()
    return _core.memory_stats("cpu")["allocated"]


@pytest.mark.parametrize("enabled", [False, True])
def test_steps_do_not_leak(enabled) -> None:
    net = mi.module.Linear(8, 8)
    opt = mi.optimizer.Adam(net.parameters(), lr=1e-3)
    manager = mi.GradManager().attach(net.parameters())
    x = mi.tensor(np.ones((4, 8), "float32"))

    def step(x):
        with manager:
            loss = F.square_loss(net(x), x)
            manager.backward(loss)
        opt.step().clear_grad()
        return loss

    run = mi.trace(step, enabled=enabled)
    for _ in range(10):
        run(x)
    before = allocated()
    for _ in range(300):
        run(x)
    assert allocated() == before


def test_dropped_traces_do_not_leak() -> None:
    x = mi.tensor(np.ones((16, 16), "float32"))

    def make_and_drop() -> None:
        traced = mi.trace(lambda v: mi.grad(lambda u: (u @ u).sum())(v))
        traced(x)
        traced(x)

    for _ in range(3):
        make_and_drop()
    before = allocated()
    for _ in range(100):
        make_and_drop()
    assert allocated() == before


def test_gradients_that_begin_inside_no_grad_are_computed():
    x = mi.tensor([2.0, 3.0])
    square = lambda x: (x * x).sum()  # noqa: E731
    outer = mi.GradManager().attach(x)
    with outer:
        with mi.no_grad():
            np.testing.assert_array_equal(mi.grad(square)(x).numpy(), [4, 6])
            cut = mi.grad(lambda x: (x * x.detach()).sum())(x)
            inner = mi.GradManager().attach(x)
            with inner:
                y = square(x)
                with mi.no_grad():
                    hidden = square(x)
                inner.backward(y + hidden)
            np.testing.assert_array_equal(x.grad.numpy(), [4, 6])
            x.grad = None
        np.testing.assert_array_equal(cut.numpy(), [2, 3])
        outer.backward((x * cut).sum())
    np.testing.assert_array_equal(x.grad.numpy(), [2, 3])  # nothing of what was inside
    traced = mi.trace(lambda x: mi.no_grad()(mi.grad(square))(x))
    for _ in range(2):
        np.testing.assert_array_equal(traced(x).numpy(), [4, 6])


def test_a_gradient_kept_beyond_its_clearing_says_what_to_do():
    w = mi.Parameter([1.0, 2.0], name="w")
    w.grad = mi.tensor([3.0, 4.0])
    kept, copied = w.grad, w.grad.copy()
    w.grad = None
    assert copied.tolist() == [3, 4]
    with pytest.raises(ValueError, match=r"'w.grad' is empty: .* cleared; keep a copy \(w.grad.copy\(\)\)"):
        kept.numpy()
