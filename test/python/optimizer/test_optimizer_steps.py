"""SGD, Adam and AdamW against PyTorch's, over 20 steps with every option."""

from __future__ import annotations

import miai as mi
import numpy as np
import pytest

torch = pytest.importorskip("torch")

_TOLERANCE = {"float64": 1e-10, "float32": 2e-5}
_SGD = [
    {},
    {"momentum": 0.9},
    {"momentum": 0.9, "nesterov": True},
    {"weight_decay": 0.1},
    {"momentum": 0.5, "nesterov": True, "weight_decay": 0.05},
]
_ADAM = [
    {},
    {"weight_decay": 0.1},
    {"betas": (0.5, 0.9), "eps": 1e-3},
    {"betas": (0.0, 0.99), "weight_decay": 0.02},
]
_CASES = [("SGD", o) for o in _SGD] + [(k, o) for k in ("Adam", "AdamW") for o in _ADAM]
_SHAPES = [(3, 4), (5,), ()]


class Pair:
    """The same parameters, here and in PyTorch, moved by the same gradients."""

    def __init__(self, kind: str, dtype: str, lr: float = 0.05, **options: object) -> None:
        self.rng = np.random.default_rng(0)
        start = [self.rng.normal(size=shape).astype(dtype) for shape in _SHAPES]
        self.mine = [mi.Parameter(value, dtype=dtype) for value in start]
        self.theirs = [torch.nn.Parameter(torch.tensor(value)) for value in start]
        self.dtype = dtype
        self.opt = getattr(mi.optimizer, kind)(self.mine, lr=lr, **options)
        self.torch_opt = getattr(torch.optim, kind)(self.theirs, lr=lr, **options)

    def set_grads(self, without: int | None = None) -> None:
        for i, (p, t) in enumerate(zip(self.mine, self.theirs, strict=True)):
            grad = self.rng.normal(size=p.shape).astype(self.dtype)
            p.grad = None if i == without else mi.tensor(grad, dtype=self.dtype)
            t.grad = None if i == without else torch.tensor(grad)

    def step(self, without: int | None = None) -> None:
        self.set_grads(without)
        assert self.opt.step() is self.opt
        self.torch_opt.step()

    def check(self) -> None:
        tolerance = _TOLERANCE[self.dtype]
        for p, t in zip(self.mine, self.theirs, strict=True):
            assert str(p.dtype) == self.dtype
            np.testing.assert_allclose(p.numpy(), t.detach().numpy(), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("kind", "options"), _CASES)
def test_twenty_steps_as_in_torch(kind, options, dtype):
    pair = Pair(kind, dtype, **options)
    for _ in range(20):
        pair.step()
        pair.check()


@pytest.mark.parametrize(("kind", "options"), [("SGD", {"momentum": 0.9}), ("Adam", {}), ("AdamW", {})])
def test_parameters_without_gradient_rest(kind, options):
    """Each parameter counts its own steps: one that rested is corrected for its own count, as in PyTorch."""
    pair = Pair(kind, "float64", **options)
    for without in (0, None, 0, 1, 2, None, 1, 0, None):
        pair.step(without)
        pair.check()


@pytest.mark.parametrize("kind", ["SGD", "Adam", "AdamW"])
def test_numbers_changed_between_steps(kind):
    pair = Pair(kind, "float64")
    for step in range(6):
        for groups in (pair.opt.param_groups, pair.torch_opt.param_groups):
            groups[0]["lr"] = 0.1 / (step + 1)
            groups[0]["weight_decay"] = 0.1 if step >= 3 else 0.0
        pair.step()
        pair.check()


def test_momentum_switched_on_later():
    pair = Pair("SGD", "float64")
    for step in range(6):
        for groups in (pair.opt.param_groups, pair.torch_opt.param_groups):
            groups[0]["momentum"] = 0.9 if step >= 2 else 0.0
        pair.step()
        pair.check()


@pytest.mark.parametrize("kind", ["SGD", "Adam", "AdamW"])
def test_groups_with_options_of_their_own(kind):
    rng = np.random.default_rng(1)
    values = [rng.normal(size=4) for _ in range(3)]
    mine = [mi.Parameter(v, dtype="float64") for v in values]
    theirs = [torch.nn.Parameter(torch.tensor(v)) for v in values]

    def groups(p):
        return [{"params": p[:1]}, {"params": p[1:2], "lr": 0.5, "weight_decay": 0.3}]

    opt = getattr(mi.optimizer, kind)(groups(mine), lr=0.01)
    torch_opt = getattr(torch.optim, kind)(groups(theirs), lr=0.01)
    opt.add_param_group({"params": mine[2:], "lr": 0.2})
    torch_opt.add_param_group({"params": theirs[2:], "lr": 0.2})
    for _ in range(5):
        for p, t in zip(mine, theirs, strict=True):
            grad = rng.normal(size=4)
            p.grad, t.grad = mi.tensor(grad, dtype="float64"), torch.tensor(grad)
        opt.step()
        torch_opt.step()
    for p, t in zip(mine, theirs, strict=True):
        np.testing.assert_allclose(p.numpy(), t.detach().numpy(), rtol=1e-10)


@pytest.mark.parametrize("kind", ["SGD", "Adam", "AdamW"])
def test_takes_over_a_state_of_torch(kind):
    """A run that began in PyTorch goes on here with the same numbers."""
    options = {"momentum": 0.9} if kind == "SGD" else {}
    pair = Pair(kind, "float64", **options)
    for _ in range(3):
        pair.set_grads()
        pair.torch_opt.step()
    for p, t in zip(pair.mine, pair.theirs, strict=True):
        mi._core.reset(p, t.detach().numpy().copy())
    pair.opt.load_state_dict(pair.torch_opt.state_dict())
    for _ in range(3):
        pair.step()
        pair.check()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_parameters_are_updated_in_float32(dtype):
    value = np.linspace(-1, 1, 8, dtype="float32")
    half, single = mi.Parameter(value, dtype=dtype), mi.Parameter(value)
    for p in (half, single):
        opt = mi.optimizer.Adam([p], lr=1e-2)
        p.grad = mi.tensor(np.linspace(1, 2, 8), dtype=str(p.dtype))
        opt.step()
        assert all(str(t.dtype) in ("float32", "float64") for t in opt._state[p].values())
    assert str(half.dtype) == dtype
    np.testing.assert_allclose(half.numpy().astype("float32"), single.numpy(), atol=5e-3)
