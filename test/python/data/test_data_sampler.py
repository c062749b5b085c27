"""Samplers: order, batches, shares of processes, resuming."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
from miai.data import (
    Infinite,
    MapSampler,
    RandomSampler,
    ReplacementSampler,
    SequentialSampler,
    StreamSampler,
    set_seed,
)


def test_sequential_batches_and_length():
    sampler = SequentialSampler(range(7), batch_size=3)
    assert list(sampler) == [[0, 1, 2], [3, 4, 5], [6]]
    assert len(sampler) == 3
    short = SequentialSampler(range(7), batch_size=3, drop_last=True)
    assert list(short) == [[0, 1, 2], [3, 4, 5]]
    assert len(short) == 2


def test_drop_last_with_fewer_samples_than_a_batch():
    assert list(SequentialSampler(range(2), batch_size=3, drop_last=True)) == []


def test_indices_choose_samples():
    assert list(SequentialSampler(range(9), batch_size=2, indices=[8, 1, 4])) == [[8, 1], [4]]
    drawn = RandomSampler(range(9), batch_size=3, indices=np.array([8, 1, 4]), seed=0)
    assert len(drawn) == 1
    assert sorted(next(iter(drawn))) == [1, 4, 8]


def test_random_is_a_permutation_that_changes_each_epoch_and_follows_the_seed():
    first, again, other = (RandomSampler(range(50), batch_size=8, seed=s) for s in (3, 3, 4))
    epochs = [list(first), list(first)]
    assert epochs[0] != epochs[1]
    assert [sorted(sum(epoch, [])) for epoch in epochs] == [list(range(50))] * 2
    assert [list(again), list(again)] == epochs
    assert list(other) != epochs[0]


def test_set_epoch_gives_that_epoch():
    sampler = RandomSampler(range(20), seed=1)
    epochs = [list(sampler) for _ in range(3)]
    sampler.set_epoch(1)
    assert list(sampler) == epochs[1]
    assert list(sampler) == epochs[2]


@pytest.mark.parametrize("size", [1, 2, 7, 8])
@pytest.mark.parametrize("world", [2, 3, 5])
def test_shares_of_processes_are_equal_and_cover_all(size, world):
    for make in (SequentialSampler, RandomSampler):
        shares = [sum(make(range(size), world_size=world, rank=rank), []) for rank in range(world)]
        assert len({len(share) for share in shares}) == 1
        assert set(sum(shares, [])) == set(range(size))
        assert len(shares[0]) == -(-size // world)


def test_replacement_follows_weights_and_counts():
    sampler = ReplacementSampler(range(4), batch_size=10, num_samples=1000, weights=[1, 0, 3, 0], seed=2)
    drawn = np.array(sum(sampler, []))
    assert len(drawn) == 1000
    assert set(drawn) == {0, 2}
    assert 650 < (drawn == 2).sum() < 850


def test_replacement_shares():
    shares = [
        sum(ReplacementSampler(range(9), num_samples=10, world_size=2, rank=rank), []) for rank in (0, 1)
    ]
    assert [len(share) for share in shares] == [5, 5]


def test_infinite_goes_from_epoch_to_epoch():
    inner = RandomSampler(range(3), batch_size=2, seed=5)
    expected = [*inner, *inner, *inner]
    assert list(islice(Infinite(RandomSampler(range(3), batch_size=2, seed=5)), 6)) == expected
    with pytest.raises(ValueError, match="at least one batch"):
        next(iter(Infinite(SequentialSampler(range(1), batch_size=2, drop_last=True))))


@pytest.mark.parametrize("done", [0, 1, 3, 5])
def test_resume_within_an_epoch(done):
    sampler = RandomSampler(range(19), batch_size=4, seed=9)
    list(sampler)
    run = iter(sampler)
    list(islice(run, done))
    state = sampler.state_dict()
    rest = [list(run), list(sampler)]
    resumed = RandomSampler(range(19), batch_size=4, seed=0)
    resumed.load_state_dict(state)
    assert [list(resumed), list(resumed)] == rest


def test_resume_of_infinite():
    sampler = Infinite(RandomSampler(range(5), batch_size=2, seed=1))
    run = iter(sampler)
    list(islice(run, 7))
    resumed = Infinite(RandomSampler(range(5), batch_size=2))
    resumed.load_state_dict(sampler.state_dict())
    assert list(islice(resumed, 8)) == list(islice(run, 8))


def test_custom_sampler_with_scatter_and_rng():
    class Drawn(MapSampler):
        def sample(self):
            return self.rng.integers(0, 100, 4).tolist()

        def scatter(self, indices):
            return indices[: self.num_samples]

    first, second = (Drawn(range(4), world_size=2, rank=rank) for rank in (0, 1))
    assert list(first) == list(second)


def test_set_seed_makes_unseeded_samplers_reproducible():
    runs = []
    for _ in range(2):
        set_seed(11)
        runs.append([list(RandomSampler(range(30))), list(RandomSampler(range(30)))])
    assert runs[0] == runs[1]
    assert runs[0][0] != runs[0][1]


def test_stream_sampler_has_no_length():
    with pytest.raises(TypeError, match="no length"):
        len(StreamSampler(2))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: SequentialSampler(range(3), batch_size=0),
            "'batch_size': expected a positive integer, got 0",
        ),
        (lambda: SequentialSampler(range(3), batch_size=True), "'batch_size'"),
        (lambda: SequentialSampler(range(3), drop_last=1), "'drop_last'"),
        (
            lambda: SequentialSampler(range(3), world_size=2, rank=2),
            "'rank': expected 0 <= rank < world_size = 2",
        ),
        (lambda: RandomSampler(range(3), seed=-1), "'seed'"),
        (lambda: RandomSampler(range(3), indices=3), "'indices': expected a sequence, got int"),
        (lambda: ReplacementSampler(range(3), weights=[1, 2]), "'weights': expected 3 numbers"),
        (lambda: ReplacementSampler(range(2), weights=[0, 0]), "'weights'"),
        (lambda: ReplacementSampler(range(2), num_samples=-1), "'num_samples'"),
    ],
)
def test_bad_arguments_are_named(make, message):
    with pytest.raises(ValueError, match=message.replace("(", r"\(")):
        make()
