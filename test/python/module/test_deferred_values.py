"""What parameters start from comes to be when it is read: the same numbers, none where others are loaded."""

import copy
import pickle
import threading

import miai as mi
import miai.functional as F  # noqa: N812
import numpy as np
import pytest
from miai import module as M  # noqa: N812

SHAPE = (64, 64)


def parameters(count):
    mi.random.seed(5)
    made = [mi.Parameter(np.zeros(SHAPE, "float32")) for _ in range(count)]
    for i, parameter in enumerate(made):
        (M.init.normal_ if i % 2 else M.init.xavier_uniform_)(parameter)
    return made


def drawn(count):
    mi.random.seed(5)
    limit = (6 / 128) ** 0.5
    return [
        (mi.random.normal(0, 1, SHAPE) if i % 2 else mi.random.uniform(-limit, limit, SHAPE)).numpy()
        for i in range(count)
    ]


def test_the_same_numbers_in_whatever_order_they_are_read():
    for parameter, expected in reversed(list(zip(parameters(4), drawn(4), strict=True))):
        np.testing.assert_array_equal(parameter.numpy(), expected)


def test_a_network_takes_no_memory_before_it_is_used():
    before = mi.device.get_allocated_memory()
    net = M.Linear(1024, 1024)
    assert mi.device.get_allocated_memory() - before < 100_000
    net(F.zeros((1, 1024)))
    assert mi.device.get_allocated_memory() - before > 4_000_000


def test_nothing_is_drawn_where_a_state_is_loaded():
    state = {"weight": np.ones((1024, 1024), "float32"), "bias": np.ones(1024, "float32")}
    net = M.Linear(1024, 1024)
    with mi.profiler.profile() as profile:
        net.load_state_dict(state)
        net(F.zeros((1, 1024)))
    operators = {event.op for event in profile.events}
    assert "linear" in operators
    assert "uniform" not in operators


@pytest.mark.parametrize(
    "read",
    [
        lambda p: copy.deepcopy(p).numpy(),
        lambda p: pickle.loads(pickle.dumps(p)).numpy(),
        lambda p: np.array(p.tolist(), "float32"),
        lambda p: (p + 0).numpy(),
        lambda p: mi.trace(lambda: p + 0)().numpy(),
        lambda p: p[:].numpy(),
        lambda p: p.detach().numpy(),
        lambda p: np.from_dlpack(p.detach()),
        lambda p: p.astype("float64").numpy().astype("float32"),
    ],
)
def test_every_way_to_read_gives_them(read):
    for parameter, expected in zip(parameters(2), drawn(2), strict=True):
        np.testing.assert_array_equal(read(parameter), expected)
        np.testing.assert_array_equal(parameter.numpy(), expected)


def test_a_part_is_written_into_what_was_drawn():
    (parameter,), (expected,) = parameters(1), drawn(1)
    parameter[0] = 7.0
    expected = expected.copy()
    expected[0] = 7.0
    np.testing.assert_array_equal(parameter.numpy(), expected)


def test_threads_that_read_at_once():
    (parameter,), (expected,) = parameters(1), drawn(1)
    results = []
    threads = [threading.Thread(target=lambda: results.append((parameter * 1).numpy())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for result in results:
        np.testing.assert_array_equal(result, expected)


def test_a_step_trains_from_them():
    def train(is_traced):
        mi.random.seed(2)
        net = M.Sequential(M.Linear(64, 64), M.ReLU(), M.Linear(64, 64))
        gm = mi.GradManager().attach(net.parameters())
        optimizer = mi.optimizer.SGD(net.parameters(), lr=0.1)

        def step(x):
            with gm:
                loss = (net(x) ** 2).mean()
                gm.backward(loss)
            optimizer.step().clear_grad()
            return loss

        run = mi.trace(step, opt_level=0) if is_traced else step
        return [run(F.ones((2, 64))).item() for _ in range(3)]

    assert train(True) == train(False)
