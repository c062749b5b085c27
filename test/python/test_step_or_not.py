"""A step happens or not: with a fault at each instruction, and with each allocation failing, what was there
before stays, bit for bit, and the next step is the one of a run without a fault."""

import re

import miai as mi
import numpy as np
import pytest
from miai import module as M  # noqa: N812
from miai import optimizer as O  # noqa: N812, E741
from miai.demo.network import ResidualNet
from miai.demo.training import make_step


class Run:
    """The demo's network, with dropout so that there is random state too, and its step."""

    def __init__(self, opt_level=2, traced=True, widths=(4, 8), memory_limit=None):
        mi.random.seed(5)
        net = M.Sequential(M.Dropout(0.1), ResidualNet(10, widths=widths))
        rng = np.random.default_rng(0)
        for p in net.parameters():  # any values, and the same in each run
            p.set_value(rng.normal(scale=0.2, size=p.shape).astype("float32"))
        self.optimizer = O.SGD(net.parameters(), lr=0.1, momentum=0.9, weight_decay=5e-4)
        self.net = net
        step = make_step(net, self.optimizer)
        options = {"opt_level": opt_level, "memory_limit": memory_limit}
        self.step = mi.trace(step, **options) if traced else step

    def state(self):
        """Every bit that a step may change."""
        tensors = list(self.net.state_dict().values())
        per_parameter = self.optimizer.state_dict()["state"]
        tensors += [v for s in per_parameter.values() for v in s.values() if isinstance(v, mi.Tensor)]
        tensors.append(mi.random.get_rng_state())
        tensors += [p.grad for p in self.net.parameters() if p.grad is not None]
        return [np.asarray(t.numpy() if isinstance(t, mi.Tensor) else t).tobytes() for t in tensors]


def batch(i):
    rng = np.random.default_rng(i)
    images = rng.normal(size=(2, 1, 8, 8)).astype("float32")
    return mi.tensor(images), mi.tensor(rng.integers(10, size=2))


def main_instructions(step):
    """Instructions of the plan before the commit section."""
    plan = step.explain().split("step:\n")[-1]
    return len(re.findall(r"^ +\d+  ", plan.split("commit:\n")[0], re.MULTILINE))


def three_steps(run):
    return [run.step(*batch(i)).numpy().tobytes() for i in range(3)], run.state()


@pytest.mark.parametrize(("opt_level", "widths"), [(0, (4, 8)), (1, (4, 8)), (2, (4, 8)), (2, (16, 32, 64))])
def test_a_fault_at_each_instruction_leaves_the_state_of_before(opt_level, widths):
    losses, after = three_steps(Run(opt_level, widths=widths))
    run = Run(opt_level, widths=widths)
    assert [run.step(*batch(i)).numpy().tobytes() for i in range(2)] == losses[:2]
    count = main_instructions(run.step)
    assert count > 40
    before = run.state()
    assert len(before) > 30
    for instruction in range(count):
        with mi.debug.fail_at(instruction), pytest.raises(RuntimeError, match="a fault asked for"):
            run.step(*batch(2))
        assert run.state() == before, f"instruction {instruction}"
    with mi.debug.fail_at(count):  # the commit section comes now: it cannot fail
        assert run.step(*batch(2)).numpy().tobytes() == losses[2]
    assert run.state() == after
    assert run.step.program_count == 1


@pytest.mark.parametrize("opt_level", [0, 2])
def test_a_fault_where_values_are_computed_again(opt_level):
    losses, after = three_steps(Run(opt_level))
    with pytest.raises(ValueError, match="smallest limit") as refused:
        Run(opt_level, memory_limit=1).step(*batch(0))
    run = Run(opt_level, memory_limit=int(re.search(r"possible is .*?\((\d+) bytes", str(refused.value))[1]))
    assert [run.step(*batch(i)).numpy().tobytes() for i in range(2)] == losses[:2]
    assert run.step.memory_report().repeated
    before = run.state()
    for instruction in range(main_instructions(run.step)):
        with mi.debug.fail_at(instruction), pytest.raises(RuntimeError, match="a fault asked for"):
            run.step(*batch(2))
        assert run.state() == before, f"instruction {instruction}"
    assert run.step(*batch(2)).numpy().tobytes() == losses[2]
    assert run.state() == after


def test_the_step_after_each_fault_is_as_without_it():
    plain, faulty = Run(), Run()

    def states(run, i, fault=None):
        mi.random.seed(i)  # the two share the generator
        if fault is not None:
            with mi.debug.fail_at(fault), pytest.raises(RuntimeError, match="a fault asked for"):
                run.step(*batch(i))
        run.step(*batch(i))
        return run.state()

    for i in range(2):
        assert states(plain, i) == states(faulty, i)
    for instruction in range(main_instructions(faulty.step)):
        assert states(plain, instruction) == states(faulty, instruction, instruction), instruction


def fail_each_allocation(run, inputs, check):
    """Runs the step with the first, second, ... allocation failing until it passes; how many failed."""
    for allocation in range(10_000):
        try:
            with mi.debug.fail_allocation_at(allocation):
                loss = run.step(*inputs)
        except MemoryError as error:
            assert str(error)
            check(allocation)
        else:
            return allocation, loss
    raise AssertionError("the step never passed")


@pytest.mark.parametrize("released", [False, True])
def test_each_allocation_of_a_traced_step_may_fail(released):
    losses, after = three_steps(Run())
    run = Run()
    for i in range(2):
        run.step(*batch(i))
    before = run.state()

    def check(allocation):
        assert run.state() == before, f"allocation {allocation}"
        if released:
            run.step.release_memory()

    if released:
        run.step.release_memory()
    count, loss = fail_each_allocation(run, batch(2), check)
    assert count >= (2 if released else 1)
    assert loss.numpy().tobytes() == losses[2]
    assert run.state() == after


def test_each_allocation_of_the_recording_call_may_fail():
    """The cells that it wrote get their old values back, so that it can be called again."""
    first = Run()
    inputs = batch(0)
    expected = first.step(*inputs).numpy().tobytes()
    after = first.state()
    run = Run()
    before = run.state()

    def check(allocation):
        assert run.state() == before, f"allocation {allocation}"

    count, loss = fail_each_allocation(run, inputs, check)
    assert count > 50
    assert loss.numpy().tobytes() == expected
    assert run.state() == after


def test_each_allocation_of_an_eager_step_may_fail():
    """Eager code has done in part what it had come to; parameters change only by what it computed, and the
    same step from the same values gives the same again."""
    run = Run(traced=False)
    run.step(*batch(0))
    saved = mi.random.get_rng_state(), run.net.state_dict(), run.optimizer.state_dict()
    saved = saved[0], {k: mi.Tensor(v) for k, v in saved[1].items()}, saved[2]
    run.step(*batch(1))
    after = run.state()

    def put_back(allocation=None):
        mi.random.set_rng_state(saved[0])
        run.net.load_state_dict(saved[1])
        run.optimizer.load_state_dict(saved[2])
        run.optimizer.clear_grad()

    put_back()
    count, _ = fail_each_allocation(run, batch(1), put_back)
    assert count > 50
    assert run.state() == after


def test_looking_for_anomalies_changes_no_bit():
    losses, after = three_steps(Run(opt_level=0))
    run = Run(opt_level=0)
    with mi.debug.detect_anomaly():
        assert three_steps(run) == (losses, after)


def test_a_fault_names_the_operator_and_the_line():
    w = mi.tensor(np.eye(2, dtype="float32"))

    @mi.trace
    def step(x):
        w._reset(x @ w)

    step(mi.tensor(np.eye(2, dtype="float32")))
    with (
        mi.debug.fail_at(0),
        pytest.raises(RuntimeError, match=r"^matmul \(test_step_or_not.py:\d+\): a fault"),
    ):
        step(mi.tensor(np.eye(2, dtype="float32")))
    with pytest.raises(ValueError, match="fail_at: argument 'instruction'"), mi.debug.fail_at(-1):
        pass


@pytest.mark.parametrize("opt_level", [0, 2])
def test_a_large_state_made_by_what_may_fail(opt_level):
    """Matrix products may fail, so their results come to a state at the end only."""
    rng = np.random.default_rng(0)
    w = mi.tensor(rng.normal(size=(96, 96)).astype("float32"))
    x = mi.tensor(rng.normal(size=(96, 96)).astype("float32"))

    @mi.trace(opt_level=opt_level)
    def step(x):
        before = w @ x
        w._reset(x @ x)
        return before @ x

    step(x), step(x)
    w.set_value(np.ones((96, 96), "float32"))
    for instruction in range(main_instructions(step)):
        with mi.debug.fail_at(instruction), pytest.raises(RuntimeError, match="a fault asked for"):
            step(x)
        assert (w.numpy() == 1).all()
    assert main_instructions(step) >= 3
    step(x)
    np.testing.assert_allclose(w.numpy(), (x @ x).numpy(), rtol=1e-5)
