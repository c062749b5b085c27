"""What trace promises: recorded once, states in place, guards, errors that say what to do, all or nothing."""

import threading

import miai as mi
import numpy as np
import pytest
from miai import _core
from miai import functional as F  # noqa: N812
from miai import module as M  # noqa: N812
from miai import optimizer as O  # noqa: N812, E741


def make_step(lr=0.1, **options):
    mi.random.seed(3)
    net = M.Sequential(M.Linear(4, 8), M.BatchNorm1d(8), M.ReLU(), M.Dropout(0.3), M.Linear(8, 3))
    opt = O.SGD(net.parameters(), lr=lr, momentum=0.9)
    manager = mi.GradManager().attach(net.parameters())

    def step(x, y):
        with manager:
            loss = F.cross_entropy(net(x), y)
            manager.backward(loss)
        opt.step().clear_grad()
        return loss

    return net, opt, mi.trace(step, **options)


def batch(n=6, seed=0):
    rng = np.random.default_rng(seed)
    return mi.tensor(rng.standard_normal((n, 4)).astype("float32")), mi.tensor(rng.integers(0, 3, n))


def state_of(net):
    return {name: value.copy() for name, value in net.state_dict().items()}


def test_one_program_serves_several_sizes():
    @mi.trace(dynamic={"x": 0})
    def f(x):
        return F.reshape(x * 2, (x.shape[0] * 3, -1)).sum(axis=0) / x.shape[0]

    for n in (2, 5, 9):
        x = np.arange(n * 6, dtype="float32").reshape(n, 6)
        np.testing.assert_allclose(f(mi.tensor(x)).numpy(), (x * 2).reshape(n * 3, -1).sum(0) / n, rtol=1e-6)
    assert f.program_count == 1 and "x_0" in f.graph()


def test_arange_of_dynamic_dims():
    @mi.trace(dynamic={"x": 0})
    def f(x):
        n = x.shape[0]
        return F.arange(n, dtype="int64"), F.arange(2, n + 2), F.arange(n, n + 3, dtype="float64")

    for n in (5, 3, 7):
        whole, shifted, after = f(F.ones((n, 2)))
        np.testing.assert_array_equal(whole.numpy(), np.arange(n))
        np.testing.assert_array_equal(shifted.numpy(), np.arange(2, n + 2))
        np.testing.assert_array_equal(after.numpy(), np.arange(n, n + 3))
        assert [t.dtype.name for t in (whole, shifted, after)] == ["int64", "float32", "float64"]
    assert f.program_count == 1
    every_second = mi.trace(lambda x: F.arange(0, x.shape[0], 2), dynamic={"x": 0})
    for n in (5, 4, 7):
        np.testing.assert_array_equal(every_second(F.ones((n, 2))).numpy(), np.arange(0, n, 2))


@pytest.mark.parametrize("options", [{}, {"dynamic": {"x": 0, "y": 0}}], ids=["promoted", "named"])
def test_a_training_step_serves_all_batch_sizes(options):
    """The batch of images and that of labels are two symbols for one size."""

    def losses(enabled):
        mi.random.seed(0)
        net = M.Sequential(M.Linear(4, 8), M.GELU(), M.LayerNorm(8), M.Linear(8, 3))
        optimizer = O.SGD(net.parameters(), lr=0.1, momentum=0.9)
        gm = mi.GradManager().attach(net.parameters())

        @mi.trace(enabled=enabled, **options)
        def step(x, y):
            with gm:
                loss = F.cross_entropy(net(x), y)
                gm.backward(loss)
            optimizer.step().clear_grad()
            return loss

        rng = np.random.default_rng(0)
        sizes = (8, 5, 7, 3, 8, 5)
        batches = [(rng.standard_normal((n, 4)).astype("float32"), np.arange(n) % 3) for n in sizes]
        return [step(mi.tensor(x), mi.tensor(y)).item() for x, y in batches], step

    traced, step = losses(True)
    np.testing.assert_allclose(traced, losses(False)[0], rtol=1e-5)
    assert step.program_count <= 2
    with pytest.raises(ValueError, match="label|index"):
        step(F.ones((4, 4)), mi.tensor([0, 1, 2]))


def test_a_second_size_becomes_dynamic_by_itself():
    f = mi.trace(lambda x: x + 1)
    for n in (3, 4, 5, 6, 1):
        assert f(mi.tensor(np.zeros(n))).shape == (n,)
    assert f.program_count == 3  # 3 alone, dynamic, and 1, which stays a signature of its own


def test_comparison_of_a_size_is_a_guard():
    f = mi.trace(lambda x: x * 2 if int(x.shape[0]) > 4 else x * 3, dynamic={"x": 0})
    assert f(mi.tensor([1.0] * 3)).tolist() == [3.0] * 3
    assert f(mi.tensor([1.0] * 6)).tolist() == [2.0] * 6
    assert f(mi.tensor([1.0] * 3)).tolist() == [3.0] * 3


@pytest.mark.parametrize("level", [0, 1, 2])
def test_training_as_eager(level):
    results = []
    for enabled in (False, True):
        net, _, step = make_step(enabled=enabled, opt_level=level)
        losses = [step(*batch(seed=i)).item() for i in range(6)]
        results.append((losses, state_of(net)))
    (eager, eager_state), (traced, traced_state) = results
    if level == 0:
        assert eager == traced
    np.testing.assert_allclose(eager, traced, rtol=1e-5)
    for name, value in eager_state.items():
        np.testing.assert_allclose(value, traced_state[name], rtol=1e-4, atol=1e-6, err_msg=name)


def test_python_is_not_run_again():
    calls = []

    @mi.trace
    def f(x):
        calls.append(1)
        return x + 1

    for _ in range(4):
        f(mi.tensor([1.0]))
    assert len(calls) == 1


def test_learning_rate_schedule_does_not_retrace():
    _, opt, step = make_step()
    schedule = O.MultiStepLR(opt, milestones=[2, 4], gamma=0.1)
    for i in range(6):
        step(*batch(seed=i))
        schedule.step()
    assert step.program_count == 1
    net, opt, step = make_step(lr=1.0)
    step(*batch())
    before = state_of(net)["0.weight"]
    opt.param_groups[0]["lr"] = 0.0
    step(*batch())
    np.testing.assert_array_equal(before, state_of(net)["0.weight"])


def test_dropout_keeps_its_tickets():
    def f(x, keep):
        dead = F.dropout(x, 0.5)  # nobody reads it in the traced plan
        return F.dropout(x, 0.5) + (dead * 0 if keep else 0)

    x = mi.tensor(np.ones(1000, dtype="float32"))
    mi.random.seed(7)
    eager = [f(x, True).numpy(), f(x, True).numpy()]
    mi.random.seed(7)
    traced = mi.trace(f)
    got = [traced(x, False).numpy(), traced(x, False).numpy(), traced(x, False).numpy()]
    np.testing.assert_array_equal(eager[0], got[0])
    np.testing.assert_array_equal(eager[1], got[1])
    assert traced.explain().count("= dropout(") == 1, traced.explain()  # the dead one is gone from the plan
    assert not np.array_equal(got[1], got[2])


def test_calls_that_look_alike_heed_what_else_has_changed():
    net = mi.module.Sequential(mi.module.Linear(3, 3), mi.module.Dropout(0.5))
    predict = mi.trace(lambda x: net(x))
    x = mi.tensor(np.ones((4, 3), "float32"))
    for training in (False, True, False, True):
        net.train(training)
        for _ in range(3):
            zeros = (predict(x).numpy() == 0).any()
            assert bool(zeros) == training
    assert predict.program_count == 2
    net.eval()
    with pytest.raises(TypeError, match="expected dtype float64"):  # another signature
        predict(mi.tensor(np.ones((4, 3))))
    expected = predict(x)
    np.testing.assert_array_equal(predict(x=x).numpy(), expected.numpy())
    manager = mi.GradManager().attach(x)
    with manager:  # an outer tape: eager
        manager.backward(predict(x).sum())
    assert x.grad is not None
    gradient = x.grad
    x.grad = None
    with pytest.raises(ValueError, match="empty"):
        predict(gradient)


def test_the_first_call_keeps_no_more_than_eager():
    def chain(x):
        for _ in range(30):
            x = (x + 1).exp()
        return x

    def peak(call):
        mi.device.reset_max_memory_stats()
        before = mi.device.get_allocated_memory()
        call()
        return mi.device.get_max_allocated_memory() - before

    x = mi.tensor(np.zeros(1 << 18, "float32"))
    eager = peak(lambda: chain(x))
    assert eager < 5 << 20
    assert peak(lambda: mi.trace(chain)(x)) <= eager + (1 << 20)


def test_reading_a_value_inside_says_where_and_what_to_do():
    @mi.trace
    def f(x):
        return x if x.sum().item() > 0 else -x

    with pytest.raises(RuntimeError, match=r"test_trace.py:\d+ reads .*where"):
        f(mi.tensor([1.0]))


def test_numpy_argument_is_explained():
    f = mi.trace(lambda x: x)
    with pytest.raises(TypeError, match=r"argument 'x'.*miai.tensor"):
        f(np.ones(3))


def test_failing_recording_puts_cells_back():
    w = mi.tensor([1.0])

    @mi.trace
    def f(x):
        w._reset(w + x)
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        f(mi.tensor([1.0]))
    assert w.tolist() == [1.0] and not _core.is_recording()


def test_writing_an_argument_is_an_error():
    @mi.trace
    def f(x):
        x += 1
        return x

    with pytest.raises(RuntimeError, match="writes into its argument 'x'"):
        f(mi.tensor([1.0]))


def test_training_flag_is_a_guard():
    net, _, _ = make_step()
    predict = mi.trace(lambda x: net(x))
    x, _ = batch()
    predict(x)
    net.eval()
    assert np.array_equal(predict(x).numpy(), net(x).numpy())
    assert predict.program_count == 2


def test_check_compares_with_eager():
    _, _, step = make_step(check=True)
    for i in range(3):
        step(*batch(seed=i))


@pytest.mark.parametrize("level", [0, 1, 2])
def test_check_finds_what_python_would_have_done_otherwise(level):
    factors = iter([2.0, 2.0, 2.0, 3.0, 3.0])
    f = mi.trace(lambda x: x * next(factors), check=True, opt_level=level)
    x = mi.tensor([1.0, -1.0])
    assert [f(x).tolist() for _ in range(3)] == [[2.0, -2.0]] * 3
    with pytest.raises((RuntimeError, AssertionError), match="check"):
        f(x)


def test_check_finds_a_state_written_otherwise():
    w, steps = mi.tensor([0.0]), iter([1.0, 1.0, 5.0])

    @mi.trace(check=True)
    def step(x):
        w._reset(w + x * next(steps))
        return x

    step(mi.tensor([1.0])), step(mi.tensor([1.0]))
    assert w.tolist() == [2.0]
    with pytest.raises((RuntimeError, AssertionError), match="check"):
        step(mi.tensor([1.0]))


def test_disabled_runs_python():
    calls = []
    f = mi.trace(lambda x: calls.append(1) or x, enabled=False)
    f(mi.tensor([1.0]))
    f(mi.tensor([1.0]))
    assert len(calls) == 2


def test_methods_are_traced_per_object():
    class Scale:
        def __init__(self, factor):
            self.factor = mi.tensor([factor])

        @mi.trace
        def __call__(self, x):
            return x * self.factor

    two, three = Scale(2.0), Scale(3.0)
    x = mi.tensor([1.0])
    assert [two(x).item(), three(x).item(), two(x).item(), three(x).item()] == [2.0, 3.0, 2.0, 3.0]


def test_gradient_through_a_traced_function():
    f = mi.trace(lambda x: (x * x).sum())
    f(mi.tensor([1.0]))
    x = mi.tensor([3.0])
    with mi.GradManager().attach(x) as gm:
        gm.backward(f(x))
    assert x.grad.tolist() == [6.0]


def test_a_failed_allocation_changes_nothing():
    net, _, step = make_step()
    inputs = batch()
    step(*inputs)
    step(*inputs)
    failures = 0
    for n in range(1, 200):
        before = state_of(net)
        step.release_memory()
        _core.fail_allocation_after(n)
        try:
            step(*inputs)
        except MemoryError:
            failures += 1
            for name, value in state_of(net).items():
                np.testing.assert_array_equal(before[name], value, err_msg=f"{name} after allocation {n}")
        else:
            break
        finally:
            _core.fail_allocation_after(0)
    assert failures > 3 and n < 199
    step(*inputs)


def test_two_threads_must_not_write_one_tensor():
    w = mi.tensor(np.zeros((300, 300), dtype="float32"))

    @mi.trace
    def f(x):
        y = x
        for _ in range(10):
            y = y @ x
        w._reset(w + y)
        return y

    x = mi.tensor(np.eye(300, dtype="float32"))
    f(x)
    errors = []

    def work():
        for _ in range(30):
            try:
                f(x)
            except RuntimeError as error:
                errors.append(str(error))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert all("another thread" in text for text in errors)
    f(x)


def test_gone_tensor_records_again():
    holder = {"w": mi.tensor([2.0])}
    f = mi.trace(lambda x: x * holder["w"])
    x = mi.tensor([1.0])
    assert f(x).item() == f(x).item() == 2.0
    holder["w"] = mi.tensor([5.0])
    assert f(x).item() == 5.0


def test_grad_left_set_is_a_state():
    w = mi.Parameter([2.0])
    gm = mi.GradManager().attach([w])

    @mi.trace
    def f(x):
        with gm:
            gm.backward((w * x).sum())

    for i in range(1, 4):
        f(mi.tensor([1.0]))
        assert w.grad.tolist() == [float(i)]


def test_memory_report_and_explain():
    _, _, step = make_step()
    step(*batch())
    report = step.memory_report()
    assert 0 < report.lower_bound_bytes <= report.arena_bytes
    assert "arena" in step.explain() and "matmul" in step.graph() + step.explain() or "linear" in step.graph()


def test_wrong_options():
    with pytest.raises(ValueError, match="opt_level"):
        mi.trace(lambda x: x, opt_level=3)
    for limit in (0, -5, "4 gigs", "-1GiB", ""):
        with pytest.raises(ValueError, match="memory_limit"):
            mi.trace(lambda x: x, memory_limit=limit)
    for limit in (1.5, True):
        with pytest.raises(TypeError, match="memory_limit"):
            mi.trace(lambda x: x, memory_limit=limit)
    with pytest.raises(TypeError, match="function"):
        mi.trace(3)


def test_a_tensor_returned_twice_is_one_cell_in_each_call() -> None:
    f = mi.trace(lambda x: (x + 1, [x * 2] * 2))
    for value in (1.0, 2.0, 3.0):
        _, (a, b) = f(mi.tensor([value]))
        assert a is b and a.tolist() == [2 * value]


@pytest.mark.parametrize("made", [lambda x: (i for i in [x]), lambda x: x.numpy(), lambda x: {1.0}, object])
def test_a_result_that_would_be_baked_in_is_refused(made) -> None:
    f = mi.trace(lambda x: {"y": x + 1, "other": made(x.detach()) if made is not object else object()})
    with pytest.raises((TypeError, RuntimeError), match="other|reads a tensor"):
        f(mi.tensor([1.0]))


def test_numbers_and_text_may_be_returned() -> None:
    f = mi.trace(lambda x: (x + 1, 3, 2.5, "text", None, x.dtype))
    for _ in range(3):
        assert f(mi.tensor([1.0]))[1:] == (3, 2.5, "text", None, mi.float32)
