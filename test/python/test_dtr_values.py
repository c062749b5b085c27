"""Values that were given up, by hand or for a limit, come back the same, whoever reads them."""

import threading
import weakref

import miai as mi
import miai.functional as F  # noqa: N812
import numpy as np
import pytest
from dtr_settings import fresh_dtr  # noqa: F401 - for every test here
from miai import _core
from miai import module as M  # noqa: N812


def long_product(x, w, count=12):
    """Values of 64 KiB, each computed from the one before."""
    values = [x]
    for _ in range(count):
        values.append(F.tanh(values[-1] * w))
    return values


def attached(shape=(128, 128), scale=1.0):
    values = np.random.default_rng(1).normal(size=shape) * scale
    w = mi.tensor(values.astype("float32"))
    return w, mi.GradManager().attach([w])


def test_values_that_the_user_holds_come_back_the_same():
    w, gm = attached()
    x = F.full((128, 128), 0.5)
    expected = [v.numpy().tobytes() for v in long_product(x, w)]
    mi.dtr.enable()
    with gm:
        values = long_product(x, w)
        parts = [v[3:5].T for v in values]
        assert _core.evict_all() >= 12
        assert [v.numpy().tobytes() for v in reversed(values)] == expected[::-1]
        assert _core.evict_all() >= 12
        for part, bits in zip(parts, expected, strict=True):
            whole = np.frombuffer(bits, "float32").reshape(128, 128)
            np.testing.assert_array_equal(part.numpy(), whole[3:5].T)
            assert part.tolist() == whole[3:5].T.tolist()
    assert mi.dtr.statistics().recomputations >= 24


def test_values_come_back_after_the_recording_and_after_disable():
    w, gm = attached()
    mi.dtr.enable()
    with gm:
        values = long_product(F.full((128, 128), 0.5), w)
        expected = [v.numpy().tobytes() for v in values]
        _core.evict_all()
    mi.dtr.disable()
    assert [v.numpy().tobytes() for v in values] == expected
    assert _core.evict_all() == 0  # they stay from now on


def test_exported_and_imported_memory_stays():
    w, gm = attached()
    given = np.full((128, 128), 0.5, "float32")
    mi.dtr.enable()
    with gm:
        x = mi.from_numpy(given)
        y, z, _ = long_product(x, w, 3)[1:]
        array, taken = y.numpy(), np.from_dlpack(z)
        before = array.copy(), taken.copy()
        assert _core.evict_all() == 1  # the last one
        np.testing.assert_array_equal(array, before[0])
        np.testing.assert_array_equal(taken, before[1])
        address = array.ctypes.data
        assert y.numpy().ctypes.data == address
        del array, taken
        assert _core.evict_all() == 2
        np.testing.assert_array_equal(y.numpy(), before[0])


def test_gradients_of_any_order():
    w = mi.tensor(np.random.default_rng(1).normal(size=(64, 64)).astype("float32"))

    def third(evict):
        def value(x):
            y = (F.exp(x * x) * F.sin(x)).sum()
            evict()
            return y

        def derivative(f):
            def of(x):
                y = (mi.grad(f)(x) * x).sum()
                evict()
                return y

            return of

        return mi.grad(derivative(derivative(value)))(w).numpy().tobytes()

    expected = third(lambda: 0)
    mi.dtr.enable()
    counts = []
    assert third(lambda: counts.append(_core.evict_all())) == expected
    assert len(counts) == 3
    assert min(counts) > 0


def test_random_numbers_and_statistics_are_drawn_and_written_once():
    def run(evict):
        mi.random.seed(5)
        w, gm = attached((16, 8, 16, 16))
        drop, norm = M.Dropout(0.4), M.BatchNorm2d(8)
        with gm:
            loss = F.tanh(drop(norm(w * 2.0))).sum()
            evict()
            gm.backward(loss)
        state = [t.tobytes() for t in norm.state_dict().values()]
        return w.grad.numpy().tobytes(), state, np.asarray(mi.random.get_rng_state()).tobytes()

    expected = run(lambda: 0)
    mi.dtr.enable()
    assert run(_core.evict_all) == expected
    assert mi.dtr.statistics().recomputations > 2


def test_python_runs_once():
    calls = []

    def forward(x):
        calls.append(x.shape)
        return x * 2

    op = mi.register_operator(
        "test_dtr_double", infer=lambda x: [x], forward=forward, grad=lambda inputs, grads: [grads[0] * 2.0]
    )
    w, gm = attached()
    mi.dtr.enable()
    with gm:
        doubled = op(w * w)
        y = F.tanh(doubled).sum()
        _core.evict_all()
        gm.backward(y)
    assert len(calls) == 1
    np.testing.assert_array_equal(doubled.numpy(), w.numpy() ** 2 * 2)


def test_a_loss_does_not_keep_what_it_was_made_from():
    mi.dtr.enable()
    mi.dtr.evictee_minimum_size = 1
    w, gm = attached()
    kept = []
    for _ in range(3):
        given_array = np.ones((128, 128), "float32")
        given = weakref.ref(given_array)
        with gm:
            loss = F.tanh(mi.from_numpy(given_array) * w).sum()
            gm.backward(loss)
        kept.append(loss)
        del given_array
        assert given() is None


def test_a_failure_on_the_way_back_leaves_values_to_be_made_later():
    w, gm = attached()
    mi.dtr.enable()
    with gm:
        values = long_product(F.full((128, 128), 0.5), w)
        expected = [v.numpy().tobytes() for v in values]
        _core.evict_all()
        for n in range(1, 20, 3):
            _core.fail_allocation_after(n)
            with pytest.raises(MemoryError, match="a test asked"):
                values[-1].numpy()
            _core.fail_allocation_after(0)
            _core.evict_all()
        assert [v.numpy().tobytes() for v in values] == expected


def test_a_long_chain_needs_no_deep_stack():
    w, gm = attached((32, 32), 0.01)
    mi.dtr.enable()
    mi.dtr.evictee_minimum_size = 1
    with gm:
        y = w
        for _ in range(20_000):
            y = y + w
        expected = y.numpy().copy()
        _core.evict_all()
        np.testing.assert_array_equal(y.numpy(), expected)
        del y


def test_threads_read_what_another_made_while_it_is_given_up():
    w, gm = attached()
    mi.dtr.enable()
    with gm:
        values = long_product(F.full((128, 128), 0.5), w, 30)
        expected = [v.numpy().tobytes() for v in values]
        wrong = []

        def read(seed):
            order = np.random.default_rng(seed).permutation(len(values))
            wrong.extend(i for i in order if values[i].numpy().tobytes() != expected[i])

        readers = [threading.Thread(target=read, args=(i,)) for i in range(4)]
        for reader in readers:
            reader.start()
        while any(reader.is_alive() for reader in readers):
            _core.evict_all()
        for reader in readers:
            reader.join()
        assert not wrong


def test_threads_train_within_one_limit():
    def train(results, i):
        w, gm = attached(scale=0.1 + i)
        for _ in range(3):
            with gm:
                gm.backward(long_product(w, w, 40)[-1].sum())
        results[i] = w.grad.numpy().tobytes()

    expected, got = {}, {}
    for i in range(3):
        train(expected, i)
    with mi.dtr.memory_limit(mi.device.get_allocated_memory() + 3_000_000):  # 16 MB without it
        workers = [threading.Thread(target=train, args=(got, i)) for i in range(3)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    assert got == expected
    assert mi.dtr.statistics().evictions > 0


def test_traced_functions_take_values_that_were_given_up():
    w, gm = attached()
    double = mi.trace(lambda x: x * 2.0)
    double(w)
    double(w)
    mi.dtr.enable()
    with gm:
        y = F.tanh(w * w)
        expected = y.numpy().copy()
        _core.evict_all()
        np.testing.assert_array_equal(double(y).numpy(), expected * 2)


def test_a_trace_writes_over_no_memory_that_a_recipe_reads():
    w, gm = attached()
    counter = mi.tensor(np.ones((128, 128), "float32"))

    @mi.trace
    def advance():
        counter._reset(counter + 1.0)
        return counter * 1.0

    advance()
    mi.dtr.enable()
    with gm:
        y = F.tanh(w * counter)
        expected = y.numpy().copy()
        advance()
        advance()
        _core.evict_all()
        np.testing.assert_array_equal(y.numpy(), expected)


def test_other_devices_read_what_was_given_up_and_give_nothing_up():
    w, gm = attached()
    mi.dtr.enable()
    with gm:
        y = F.tanh(w * w)
        expected = y.numpy().copy()
        _core.evict_all()
        far = y.to("cpu:1")
        _core.evict_all()
        far = F.tanh(far)
        assert _core.evict_all() == 0
        np.testing.assert_array_equal(far.numpy(), F.tanh(mi.tensor(expected)).numpy())
    with pytest.raises(ValueError, match="eviction_threshold"):
        mi.dtr.eviction_threshold = "much"


def test_small_values_stay():
    w, gm = attached()
    mi.dtr.enable()
    mi.dtr.evictee_minimum_size = "1MiB"
    with gm:
        y = F.tanh(w * w)
        assert _core.evict_all() == 0
        gm.backward(y.sum())


def test_without_a_recording_nothing_is_given_up():
    x = F.full((128, 128), 1.0)
    mi.dtr.enable()
    y = F.tanh(x)
    assert _core.evict_all() == 0
    np.testing.assert_array_equal(y.numpy(), np.tanh(x.numpy()))


def test_a_profile_marks_what_ran_again():
    w, gm = attached()
    mi.dtr.enable()
    with gm:
        y = F.tanh(w * w)
        _core.evict_all()
        with mi.profiler.profile() as profile:
            F.sin(y)
    assert [(event.op, event.is_repeated) for event in profile.events] == [
        ("mul", True),
        ("tanh", True),
        ("sin", False),
    ]
