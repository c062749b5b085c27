"""Eager training under a limit of memory: values are given up and computed again, and no bit changes."""

import gc

import miai as mi
import miai.functional as F  # noqa: N812
import numpy as np
import pytest
from dtr_settings import fresh_dtr  # noqa: F401 - for every test here
from miai import models
from miai import module as M  # noqa: N812
from miai import optimizer as O  # noqa: N812, E741
from residual_block import Block


def chain(blocks=8, channels=8):
    head = [M.MaxPool2d(2), M.Flatten(), M.Linear(channels * 64, 10)]
    return M.Sequential(M.Conv2d(3, channels, 3, padding=1), *(Block(channels) for _ in range(blocks)), *head)


class Run:
    """A network in training: what its steps gave, and the memory that they took."""

    def __init__(self, make_net=chain, side=16):
        mi.random.seed(3)
        self.net, self.side = make_net(), side
        parameters = list(self.net.parameters())
        self.optimizer = O.SGD(parameters, lr=0.05, momentum=0.9)
        self.gm = mi.GradManager().attach(parameters)
        self.losses = []

    def step(self, i):
        rng = np.random.default_rng(i)
        x = mi.tensor(rng.normal(size=(4, 3, self.side, self.side)).astype("float32"))
        y = mi.tensor(rng.integers(10, size=4))
        with self.gm:
            loss = F.cross_entropy(self.net(x), y)
            self.gm.backward(loss)
        self.optimizer.step().clear_grad()
        self.losses.append(loss)

    def train(self, steps=3):
        for i in range(steps):
            self.step(i)
        return self.bits()

    def bits(self):
        losses = [loss.numpy().tobytes() for loss in self.losses]
        state = [t.tobytes() for t in self.net.state_dict().values()]
        return losses, state, np.asarray(mi.random.get_rng_state()).tobytes()


def held_and_saved(run):
    """Bytes that stay over a step, and what its forward pass saves for the backward pass."""
    gc.collect()
    run.step(0)  # makes the optimizer's state
    held = mi.device.get_allocated_memory()
    x = F.full((4, 3, run.side, run.side), 0.5)
    with run.gm:
        loss = run.net(x).sum()
        saved = mi.device.get_allocated_memory() - held
    del loss
    return held, saved


@pytest.mark.parametrize(("blocks", "part"), [(8, 3), (24, 8)])
def test_a_part_of_the_activations_gives_the_same_bits(blocks, part):
    def make_net():
        return chain(blocks)

    expected = Run(make_net).train()
    held, saved = held_and_saved(Run(make_net))
    limit = held + saved // part
    gc.collect()
    run = Run(make_net)
    mi.device.reset_max_memory_stats()
    with mi.dtr.memory_limit(limit):
        got = run.train()
        assert mi.device.get_max_allocated_memory() <= limit
    assert got == expected
    counts = mi.dtr.statistics()
    assert counts.evictions > 0
    assert counts.recomputations > 0
    assert counts.evicted_bytes >= counts.evictions * 4096


def test_the_same_run_gives_up_the_same_values():
    def counts():
        held, saved = held_and_saved(Run())
        gc.collect()
        mi.dtr.reset_statistics()
        with mi.dtr.memory_limit(held + saved // 3):
            Run().train(2)
        gc.collect()
        return mi.dtr.statistics()

    first = counts()
    assert first.evictions > 0
    assert counts() == first


def test_resnet18_in_half_of_its_activations():
    def gradients(limit=None):
        mi.random.seed(3)
        net = models.resnet18(num_classes=10)
        gm = mi.GradManager().attach(net.parameters())
        x = mi.tensor(np.random.default_rng(0).normal(size=(8, 3, 64, 64)).astype("float32"))
        weights = sum(p.numpy().nbytes for p in net.parameters())  # read: they are in memory
        held = mi.device.get_allocated_memory()
        with gm:
            loss = (net(x) ** 2).mean()
            saved = mi.device.get_allocated_memory() - held
            if limit is None:
                gm.backward(loss)
            del loss
        if limit is not None:
            mi.device.reset_max_memory_stats()
            with mi.dtr.memory_limit(held + weights + limit), gm:
                gm.backward((net(x) ** 2).mean())
            assert mi.device.get_max_allocated_memory() <= held + weights + limit
        return saved, [p.grad.numpy().tobytes() for p in net.parameters()]

    saved, expected = gradients()
    _, got = gradients(saved // 2)
    assert got == expected
    assert mi.dtr.statistics().recomputations > 0


def test_what_a_step_made_is_gone_after_it():
    run = Run()
    run.step(0)
    held, saved = held_and_saved(run)
    gc.collect()
    with mi.dtr.memory_limit(held + saved // 3):
        for i in range(4):
            run.step(i)
            run.losses.clear()
            assert mi.device.get_allocated_memory() <= held


def test_too_small_a_limit_says_what_is_needed_and_breaks_nothing():
    run = Run()
    run.step(0)
    expected = run.net.state_dict()
    with (
        mi.dtr.memory_limit(mi.device.get_allocated_memory() + 50_000),
        pytest.raises(MemoryError, match=r"dtr has given up all .* the limit has to be at least (\d+) bytes"),
    ):
        run.step(1)
    for name, value in run.net.state_dict().items():
        if "running" not in name and "tracked" not in name:
            np.testing.assert_array_equal(value, expected[name])
    run.step(1)
    assert np.isfinite(run.losses[-1].item())


def test_settings():
    mi.dtr.eviction_threshold = "64MiB"
    assert mi.dtr.eviction_threshold == "64MiB"
    mi.device.set_memory_limit("1GiB")
    mi.dtr.enable()
    assert mi.dtr.is_enabled()
    with pytest.raises(MemoryError, match="limit 64.0 MiB"):
        F.full((1 << 26,), 1.0)
    mi.dtr.eviction_threshold = "32MiB"
    with pytest.raises(MemoryError, match="limit 32.0 MiB"):
        F.full((1 << 26,), 1.0)
    with mi.dtr.memory_limit("16MiB"), pytest.raises(MemoryError, match="limit 16.0 MiB"):
        F.full((1 << 26,), 1.0)
    with pytest.raises(MemoryError, match="limit 32.0 MiB"):
        F.full((1 << 26,), 1.0)
    mi.dtr.disable()
    with pytest.raises(MemoryError, match="limit 1.0 GiB"):
        F.full((1 << 30,), 1.0)
    assert not mi.dtr.is_enabled()
    mi.dtr.evictee_minimum_size = "1MiB"
    assert mi.dtr.evictee_minimum_size == 1 << 20
    with pytest.raises(ValueError, match="memory_limit: argument 'limit'"), mi.dtr.memory_limit(0):
        pass
