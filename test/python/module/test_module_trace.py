"""Modules and optimizers under @trace: the same code, the same numbers, nothing baked in."""

from __future__ import annotations

import miai as mi
import miai.functional as F
import miai.module as M
import numpy as np
import pytest
from miai.optimizer import SGD, Adam, AdamW, MultiStepLR, clip_grad_norm


class Net(M.Module):
    """Two heads: a step that uses one leaves the other's parameters without a gradient."""

    def __init__(self):
        super().__init__()
        self.layers = [M.Linear(4, 8), M.BatchNorm1d(8)]
        self.heads = {"a": M.Linear(8, 1), "b": M.Linear(8, 1)}

    def forward(self, x, heads):
        x = F.relu(self.layers[1](self.layers[0](x)))
        return sum(self.heads[name](x) for name in heads)


class Training:
    """A step, eager or traced, that counts how often Python ran it."""

    def __init__(self, kind, traced: bool, opt_level: int = 2, **options):
        mi.random.seed(1)
        self.net = Net().astype("float64")
        self.opt = kind(self.net.parameters(), lr=0.05, **options)
        self.gm = mi.GradManager().attach(self.net.parameters())
        self.runs = 0
        self.step = mi.trace(self._step, opt_level=opt_level) if traced else self._step
        self.rng = np.random.default_rng(2)

    def _step(self, x, y, heads):
        self.runs += 1
        with self.gm:
            loss = ((self.net(x, heads) - y) ** 2).mean()
            self.gm.backward(loss)
        clip_grad_norm(self.net.parameters(), 1.0)
        self.opt.step().clear_grad()
        return loss

    def run(self, steps: int, heads: str = "ab") -> list[float]:
        losses = []
        for _ in range(steps):
            x, y = self.rng.normal(size=(6, 4)), self.rng.normal(size=(6, 1))
            loss = self.step(mi.tensor(x, dtype="float64"), mi.tensor(y, dtype="float64"), heads)
            losses.append(loss.item())
        return losses

    def state(self) -> dict[str, np.ndarray]:
        return self.net.state_dict()


def _check_equal(a: Training, b: Training, rtol: float = 1e-9) -> None:
    for name, value in a.state().items():
        np.testing.assert_allclose(b.state()[name], value, rtol=rtol, atol=1e-12, err_msg=name)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        (SGD, {"momentum": 0.9, "nesterov": True, "weight_decay": 0.01}),
        (Adam, {}),
        (AdamW, {"weight_decay": 0.1}),
    ],
)
def test_a_traced_step_is_the_eager_one(kind, options):
    eager, traced = Training(kind, False, **options), Training(kind, True, **options)
    assert traced.run(6) == pytest.approx(eager.run(6), rel=1e-9)
    assert traced.runs == 1
    _check_equal(eager, traced)


def test_level_0_is_eager_bit_for_bit():
    eager, traced = Training(Adam, False), Training(Adam, True, opt_level=0)
    assert traced.run(4) == eager.run(4)
    for name, value in eager.state().items():
        np.testing.assert_array_equal(traced.state()[name], value)


def test_a_schedule_does_not_record_anew():
    eager, traced = Training(Adam, False), Training(Adam, True)
    schedules = [MultiStepLR(t.opt, [2, 4], gamma=0.1) for t in (eager, traced)]
    for _ in range(6):
        assert traced.run(1) == pytest.approx(eager.run(1), rel=1e-9)
        for schedule in schedules:
            schedule.step()
    assert traced.runs == 1
    _check_equal(eager, traced)


def test_an_option_switched_on_records_anew():
    eager, traced = Training(SGD, False), Training(SGD, True)
    for step in range(4):
        for t in (eager, traced):
            t.opt.param_groups[0]["weight_decay"] = 0.1 * (step >= 2)
        assert traced.run(1) == pytest.approx(eager.run(1), rel=1e-9)
    assert traced.runs == 2
    _check_equal(eager, traced)


def test_parameters_that_part_ways_record_anew():
    """All parameters share one step count until some get no gradient; earlier programs then fit no more."""
    eager, traced = Training(Adam, False), Training(Adam, True)
    for heads in ("ab", "ab", "a", "ab", "a", "b", "ab", "b", "a"):
        assert traced.run(1, heads) == pytest.approx(eager.run(1, heads), rel=1e-9)
    counts = [{k: float(v["step"]) for k, v in t.opt.state_dict()["state"].items()} for t in (eager, traced)]
    assert counts[0] == counts[1] and set(counts[0].values()) == {9.0, 7.0, 6.0}
    assert traced.runs < 9
    _check_equal(eager, traced)


def test_load_state_dict_between_traced_steps():
    eager, traced = Training(Adam, False), Training(Adam, True)
    for t in (eager, traced):
        t.run(2)
        model, optimizer = t.net.state_dict(), t.opt.state_dict()
        t.run(3)
        t.net.load_state_dict(model)
        t.opt.load_state_dict(optimizer)
        t.run(2)
    _check_equal(eager, traced)


def test_training_flag_is_a_guard():
    net = M.Sequential(M.BatchNorm1d(2), M.Dropout(0.5))
    traced = mi.trace(lambda x: net(x))
    x = mi.tensor([[1.0, 2.0], [3.0, 5.0], [4.0, 0.0]])
    first = traced(x)
    assert net[0].num_batches_tracked.item() == 1
    net.eval()
    expected = net(x).numpy()
    np.testing.assert_allclose(traced(x).numpy(), expected, rtol=1e-6)
    net.train()
    traced(x)
    assert net[0].num_batches_tracked.item() == 2 and first.shape == (3, 2)


def test_states_have_qualified_names():
    traced = Training(SGD, True, momentum=0.9)
    traced.run(1)
    names = {p.name for p in traced.net.parameters()}
    assert {"layers.0.weight", "heads.a.bias"} <= names
    assert traced.net.layers[1].running_mean.name == "layers.1.running_mean"
    state = traced.opt._state[traced.net.layers[0].weight]["momentum_buffer"]
    assert state.name == "layers.0.weight.momentum_buffer"


@pytest.mark.parametrize(
    ("use", "message"),
    [
        (lambda net, opt: opt.param_groups[0].__setitem__("lr", 1.0), "'lr' set inside a traced function"),
        (lambda net, opt: opt.param_groups[0]["lr"], "'lr' read as a Python number inside a traced function"),
        (lambda net, opt: opt.load_state_dict(opt.state_dict()), "traced function"),
        (lambda net, opt: net.load_state_dict({}), "load_state_dict inside a traced function"),
        (lambda net, opt: net.astype("float32"), "inside a traced function"),
        (lambda net, opt: opt.add_param_group({"params": []}), "inside a traced function"),
    ],
)
def test_what_would_be_baked_in_is_an_error(use, message):
    net = M.Linear(2, 1)
    opt = SGD(net.parameters(), lr=0.1)

    @mi.trace
    def step(x):
        y = net(x)
        use(net, opt)
        return y

    with pytest.raises(RuntimeError, match=message):
        step(mi.functional.ones((1, 2)))
    assert opt.param_groups[0]["lr"] == 0.1
