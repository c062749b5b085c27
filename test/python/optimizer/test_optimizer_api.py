"""Optimizer: groups, states, errors, copies."""

from __future__ import annotations

import copy
import pickle

import miai as mi
import numpy as np
import pytest
from miai.optimizer import SGD, Adam, AdamW, Optimizer


def _parameters(count: int = 2) -> list[mi.Parameter]:
    return [mi.Parameter(np.arange(3.0) + i, dtype="float64") for i in range(count)]


def _step(opt: Optimizer, seed: int = 0) -> None:
    rng = np.random.default_rng(seed)
    for group in opt.param_groups:
        for p in group["params"]:
            p.grad = mi.tensor(rng.normal(size=p.shape), dtype="float64")
    opt.step().clear_grad()


def _values(opt: Optimizer) -> list[list[float]]:
    return [p.tolist() for group in opt.param_groups for p in group["params"]]


def test_step_and_clear_grad_chain():
    (p,) = _parameters(1)
    opt = SGD([p], lr=0.1)
    p.grad = mi.tensor(np.ones(3))
    assert opt.step().clear_grad() is opt
    assert p.grad is None
    np.testing.assert_allclose(p.numpy(), np.arange(3.0) - 0.1)


def test_update_is_in_place_and_seen_under_every_name():
    layer = mi.module.Linear(2, 1)
    weight = layer.weight
    opt = SGD(layer.parameters(), lr=1.0)
    before = weight.numpy(copy=True)
    weight.grad = mi.functional.ones((1, 2))
    opt.step()
    assert layer.weight is weight
    np.testing.assert_allclose(weight.numpy(), before - 1, rtol=1e-6)


def test_step_is_on_no_tape():
    (p,) = _parameters(1)
    opt = SGD([p], lr=0.1)
    with mi.GradManager().attach([p]) as gm:
        p.grad = mi.tensor(np.ones(3))
        opt.step()
        p.grad = None
        gm.backward((p * 0 + 1).sum())
    assert p.grad is None or p.grad.tolist() == [0, 0, 0]


def test_numbers_live_in_cells():
    opt = Adam(_parameters(), lr=0.1)
    group = opt.param_groups[0]
    lr, beta2 = group.cell("lr"), group.cell("betas", 1)
    group["lr"] = 0.25
    group["betas"] = (0.8, 0.95)
    group.update(eps=1e-3)
    assert (lr.item(), beta2.item(), group.cell("eps").item()) == (0.25, 0.95, 1e-3)
    assert (group["lr"], group["betas"], dict(group)["eps"]) == (0.25, (0.8, 0.95), 1e-3)
    assert str(lr.dtype) == "float64" and lr.ndim == 0 and isinstance(group["lr"], float)


def test_writing_a_number_of_another_kind_is_an_error():
    group = Adam(_parameters(), lr=0.1).param_groups[0]
    with pytest.raises(TypeError, match="'lr': expected a number"):
        group["lr"] = "fast"
    with pytest.raises(ValueError, match="'betas': expected 2 numbers, got 1"):
        group["betas"] = (0.9,)
    assert group["lr"] == 0.1


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda p: SGD([], lr=0.1), ValueError, "SGD: argument 'params': expected parameters, got none"),
        (lambda p: SGD(3, lr=0.1), TypeError, "SGD: argument 'params': expected a list of Parameters"),
        (lambda p: SGD([1.0], lr=0.1), TypeError, "expected Tensors, got float at 0"),
        (lambda p: SGD([mi.tensor([1])], lr=0.1), TypeError, "expected floating tensors, got int64 at 0"),
        (lambda p: SGD([p[0], p[0]], lr=0.1), ValueError, "parameter 1 '.*' is there already"),
        (lambda p: SGD(p, lr=-1), ValueError, "SGD: argument 'lr': expected a number of at least 0, got -1"),
        (lambda p: SGD(p, lr="x"), TypeError, "SGD: argument 'lr': expected a number, got str"),
        (lambda p: SGD(p, lr=0.1, nesterov=True), ValueError, "SGD: argument 'nesterov'"),
        (lambda p: Adam(p, lr=0.1, betas=(0.9, 1.0)), ValueError, r"'betas': expected a number in \[0, 1\)"),
        (lambda p: Adam(p, lr=0.1, betas=0.9), ValueError, "Adam: argument 'betas': expected 2 numbers"),
        (lambda p: AdamW(p, lr=0.1, eps=-1), ValueError, "AdamW: argument 'eps'"),
        (lambda p: SGD([{"params": p, "rate": 1}], lr=0.1), ValueError, "unknown option 'rate'"),
        (lambda p: SGD([{"lr": 1}], lr=0.1), TypeError, "expected a dict with 'params'"),
    ],
)
def test_bad_arguments(make, error, message):
    with pytest.raises(error, match=message):
        make(_parameters())


def test_a_rejected_group_leaves_nothing():
    a, b = _parameters()
    opt = SGD([a], lr=0.1)
    with pytest.raises(ValueError, match="is there already"):
        opt.add_param_group({"params": [b, a]})
    opt.add_param_group({"params": [b]})
    assert len(opt.param_groups) == 2


@pytest.mark.parametrize("kind", [SGD, Adam, AdamW])
def test_state_round_trip(kind):
    """A new optimizer that loads the state goes on with the same bits, options included."""
    options = {"momentum": 0.9, "nesterov": True} if kind is SGD else {"betas": (0.7, 0.8)}
    first = kind(_parameters(), lr=0.1, **options)
    for i in range(3):
        _step(first, i)
    first.param_groups[0]["lr"] = 0.05
    state = first.state_dict()
    second = kind([mi.Parameter(v, dtype="float64") for v in _values(first)], lr=9.0)
    second.load_state_dict(state)
    assert second.param_groups[0]["lr"] == 0.05
    for i in range(3):
        _step(first, 10 + i)
        _step(second, 10 + i)
    assert _values(first) == _values(second)


def test_state_dict_has_torchs_layout():
    opt = Adam(_parameters(), lr=0.1)
    _step(opt)
    state = opt.state_dict()
    assert state["param_groups"][0]["params"] == [0, 1]
    assert set(state["state"]) == {0, 1}
    assert set(state["state"][0]) == {"step", "exp_avg", "exp_avg_sq"}
    assert isinstance(state["state"][0]["exp_avg"], np.ndarray) and state["state"][1]["step"] == 1
    kept = opt.state_dict(keep_var=True)["state"][0]["exp_avg"]
    assert kept is opt._state[opt.param_groups[0]["params"][0]]["exp_avg"]


def test_states_do_not_change_with_later_steps():
    opt = Adam(_parameters(), lr=0.1)
    _step(opt)
    state = opt.state_dict()
    before = state["state"][0]["exp_avg"].copy()
    _step(opt, 1)
    np.testing.assert_array_equal(state["state"][0]["exp_avg"], before)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s["param_groups"].append(s["param_groups"][0]), "expected 1 param groups, got 2"),
        (lambda s: s["param_groups"][0]["params"].pop(), "group 0: expected 2 parameters, got 1"),
        (lambda s: s["param_groups"][0].update(amsgrad=True), "Adam has no option 'amsgrad'"),
        (
            lambda s: s["state"][0].update(exp_avg=np.ones(4)),
            r"'exp_avg' of parameter 0: expected shape \[3\], got \[4\]",
        ),
        (lambda s: s.pop("state"), "expected a dict with 'param_groups' and 'state'"),
    ],
)
def test_states_that_do_not_fit(change, message):
    opt = Adam(_parameters(), lr=0.1)
    _step(opt)
    before = _values(opt)
    state = opt.state_dict()
    state["param_groups"][0]["lr"] = 7.0
    change(state)
    with pytest.raises(ValueError, match=message):
        opt.load_state_dict(state)
    assert opt.param_groups[0]["lr"] == 0.1
    assert _values(opt) == before


@pytest.mark.parametrize("copier", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_copies_of_model_and_optimizer_go_on_alike(copier):
    model = mi.module.Linear(3, 2).astype("float64")
    opt = AdamW(model.parameters(), lr=0.1)
    _step(opt)
    other_model, other = copier((model, opt))
    assert other.param_groups[0]["params"][0] is other_model.weight
    _step(opt, 1)
    assert _values(other) != _values(opt)
    _step(other, 1)
    assert _values(other) == _values(opt)


def test_an_optimizer_of_ones_own():
    class SignSGD(Optimizer):
        def __init__(self, params, lr):
            super().__init__(params, {"lr": lr})

        def _create_state(self, param_group):
            for param in param_group["params"]:
                self._add_state(param, "last", 1.0)

        def _updates(self, param_group):
            for param, grad, state in self._with_grad(param_group):
                param -= mi.functional.sign(grad) * param_group.cell("lr").astype(param.dtype)
                mi._core.reset(state["last"], grad)

    p = mi.Parameter([1.0, 2.0])
    opt = SignSGD([p], lr=0.5)
    assert opt._state[p]["last"].tolist() == [1.0, 1.0]
    p.grad = mi.tensor([3.0, -4.0])
    opt.step()
    assert p.tolist() == [0.5, 2.5] and opt._state[p]["last"].tolist() == [3.0, -4.0]


def test_repr():
    text = repr(SGD(_parameters(), lr=0.1))
    assert text.startswith("SGD(\n") and "'lr': 0.1" in text and "<2 parameters>" in text
