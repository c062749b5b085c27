"""The loader: the same batches whatever the workers, resuming, streams, memory."""

from __future__ import annotations

import gc
import pickle
import random
import sys
from collections import namedtuple
from itertools import islice

import numpy as np
import pytest
from miai.data import (
    ArrayDataset,
    Collator,
    DataLoader,
    Dataset,
    Infinite,
    RandomSampler,
    SequentialSampler,
    StreamDataset,
    StreamSampler,
    get_rng,
    get_worker_info,
)
from miai.data._pickling import pack_for_workers
from miai.data.transform import Compose, Normalize, RandomCrop, RandomHorizontalFlip, ToMode

Sample = namedtuple("Sample", "image label note")


class Noisy(Dataset):
    """Samples with random parts from every generator that users draw from."""

    def __getitem__(self, index):
        drawn = {"ours": get_rng().random(), "numpy": np.random.rand(), "python": random.random()}
        return Sample(np.full((3, 2), index, np.float32), index, f"sample {index}"), drawn

    def __len__(self):
        return 23


class Counting(StreamDataset):
    def __init__(self, end):
        self.end = end

    def __iter__(self):
        info = get_worker_info()
        step, start = (info.num_workers, info.id) if info else (1, 0)
        yield from range(start, self.end, step)


def same(first, second):
    try:
        np.testing.assert_equal(first, second)
    except AssertionError:
        return False
    return True


def copied(batches):
    return pickle.loads(pickle.dumps(list(batches)))


def noisy(num_workers, **more):
    return DataLoader(
        Noisy(), RandomSampler(range(23), batch_size=4, seed=3), num_workers=num_workers, seed=5, **more
    )


def test_batches_do_not_depend_on_the_workers():
    expected = noisy(0)
    epochs = [copied(expected), copied(expected)]
    assert not same(epochs[0], epochs[1])
    for workers, more in ((1, {}), (3, {"prefetch": 1}), (2, {"persistent_workers": True, "prefetch": 4})):
        loader = noisy(workers, **more)
        assert same([copied(loader), copied(loader)], epochs)
        loader.close()


def test_a_batch_keeps_the_structure_of_its_samples():
    sample, drawn = next(iter(noisy(1)))
    assert type(sample) is Sample
    assert sample.image.shape == (4, 3, 2)
    assert sample.image.dtype == np.float32
    assert sample.label.dtype == np.int64
    assert sample.note[0] == f"sample {sample.label[0]}"
    assert drawn["ours"].shape == (4,)


def test_the_global_generators_of_the_user_stay_as_they_are():
    np.random.seed(1)
    random.seed(1)
    expected = np.random.rand(), random.random()
    np.random.seed(1)
    random.seed(1)
    list(noisy(0))
    assert (np.random.rand(), random.random()) == expected


@pytest.mark.parametrize(("workers", "done"), [(0, 0), (0, 6), (2, 2)])
def test_resume_within_an_epoch_gives_the_same_batches(workers, done):
    loader = noisy(workers)
    copied(loader)
    run = iter(loader)
    copied(islice(run, done))
    state = pickle.loads(pickle.dumps(loader.state_dict()))
    rest = [copied(run), copied(loader)]
    resumed = DataLoader(Noisy(), RandomSampler(range(23), batch_size=4), num_workers=2 - workers)
    resumed.load_state_dict(state)
    assert same([copied(resumed), copied(resumed)], rest)


def test_resume_after_an_epoch_and_after_leaving_one_early():
    loader = noisy(0)
    copied(loader)
    for _ in loader:
        break
    early = loader.state_dict()
    assert early["position"] == 1
    rest = copied(loader)
    after = loader.state_dict()
    assert after["position"] == 0
    following = copied(loader)
    resumed = noisy(0)
    resumed.load_state_dict(after)
    assert same(copied(resumed), following)
    resumed.load_state_dict(early)
    assert len(copied(resumed)) == 5
    assert same(copied(resumed), rest)


def test_resume_of_an_endless_pass():
    def make():
        return DataLoader(Noisy(), Infinite(RandomSampler(range(23), batch_size=4, seed=1)), seed=2)

    loader = make()
    run = iter(loader)
    copied(islice(run, 9))
    resumed = make()
    resumed.load_state_dict(loader.state_dict())
    assert same(copied(islice(resumed, 6)), copied(islice(run, 6)))


@pytest.mark.parametrize("workers", [0, 2])
def test_a_stream_is_read_once_whatever_the_workers(workers):
    loader = DataLoader(Counting(7), StreamSampler(batch_size=3), num_workers=workers)
    for _ in range(2):
        assert [batch.tolist() for batch in loader] == [[0, 1, 2], [3, 4, 5], [6]]
    run = iter(loader)
    next(run)
    resumed = DataLoader(Counting(7), StreamSampler(batch_size=3), num_workers=workers)
    resumed.load_state_dict(loader.state_dict())
    assert [batch.tolist() for batch in resumed] == [[3, 4, 5], [6]]


def test_a_parallel_stream_takes_turns_until_all_ends():
    loader = DataLoader(
        Counting(9), StreamSampler(batch_size=2), num_workers=2, parallel_stream=True, persistent_workers=True
    )
    for _ in range(2):
        assert [batch.tolist() for batch in loader] == [[0, 2], [1, 3], [4, 6], [5, 7], [8]]
    loader.close()


def test_processes_of_one_run_draw_different_numbers():
    data = [0] * 8
    keep = Collator()
    keep.apply = lambda samples: get_rng().random()
    drawn = [
        list(DataLoader(data, RandomSampler(data, 4, world_size=2, rank=rank), collator=keep))
        for rank in (0, 1)
    ]
    assert drawn[0] != drawn[1]


def test_preload_gives_tensors_and_is_one_ahead(monkeypatch):
    made = []

    def tensor(value):
        made.append(value)
        return ("tensor", value.tolist())

    monkeypatch.setattr(sys.modules["miai"], "tensor", tensor, raising=False)
    data = ArrayDataset(np.arange(6), list("abcdef"))
    loader = DataLoader(data, SequentialSampler(data, 2), preload=True)
    run = iter(loader)
    assert next(run) == (("tensor", [0, 1]), ["a", "b"])
    assert len(made) == 2
    assert loader.state_dict()["position"] == 1
    assert [batch[1] for batch in run] == [["c", "d"], ["e", "f"]]


def test_defaults_are_one_sample_a_batch_in_order():
    assert [batch.tolist() for batch in DataLoader(range(3))] == [[0], [1], [2]]
    assert len(DataLoader(range(3))) == 3
    assert [batch.tolist() for batch in DataLoader(Counting(2))] == [[0], [1]]


def test_any_iterable_of_index_lists_will_do_as_sampler():
    for workers in (0, 2):
        loader = DataLoader(range(9), [[3, 1], [2]], num_workers=workers)
        assert [batch.tolist() for batch in loader] == [[3, 1], [2]]


def test_transform_and_collator_run_in_the_workers():
    images = np.arange(12 * 8 * 8 * 3, dtype=np.uint8).reshape(12, 8, 8, 3)
    transform = Compose([RandomCrop(8, 2), RandomHorizontalFlip(), Normalize(128, 64), ToMode()])
    data = ArrayDataset(images, np.arange(12))
    loaders = [
        DataLoader(data, RandomSampler(data, 5, seed=1), transform, Collator(), workers) for workers in (0, 2)
    ]
    first, second = (copied(loader) for loader in loaders)
    assert same(first, second)
    assert first[0][0].shape == (5, 3, 8, 8)
    assert first[0][0].dtype == np.float32


def test_lambdas_and_local_classes_go_to_the_workers():
    shift = 7

    class Local(Dataset):
        def __getitem__(self, index):
            return self.twice(index) + shift

        def __len__(self):
            return 3

        @staticmethod
        def twice(value):
            return 2 * value

    collator = Collator()
    collator.apply = lambda samples: np.asarray(samples) - shift
    for workers in (0, 1):
        loader = DataLoader(Local(), SequentialSampler(range(3), 3), collator=collator, num_workers=workers)
        assert [batch.tolist() for batch in loader] == [[0, 2, 4]]


def test_a_mapped_file_is_mapped_by_the_workers_too(tmp_path):
    np.save(tmp_path / "array.npy", np.arange(40.0).reshape(20, 2))
    array = np.load(tmp_path / "array.npy", mmap_mode="r")
    data = ArrayDataset(array[3:], array[3:, 1], np.arange(17))
    assert len(pack_for_workers({"dataset": ArrayDataset(array[3:])}).head) < 600
    assert pack_for_workers({"dataset": ArrayDataset(array[3:])}).nbytes == 0
    loaders = [DataLoader(data, SequentialSampler(data, 5), num_workers=workers) for workers in (0, 1)]
    assert same(*[copied(loader) for loader in loaders])


def test_batches_stay_as_they_are_while_later_ones_are_made():
    data = ArrayDataset(np.arange(400.0).repeat(500).reshape(400, 500))
    loader = DataLoader(data, SequentialSampler(data, 2), num_workers=1)
    kept = list(loader)  # far more than there are segments of shared memory to lend
    assert len(kept) == 200
    for number, (batch,) in enumerate(kept):
        assert (batch == np.array([[2 * number], [2 * number + 1]])).all()
        batch += 1  # ours to write
    del kept, batch
    gc.collect()


def test_memory_is_used_again():
    data = ArrayDataset(np.zeros((60, 1000)))
    loader = DataLoader(data, SequentialSampler(data, 2), num_workers=1, prefetch=2)
    places = {batch.__array_interface__["data"][0] for (batch,) in loader}
    assert len(places) <= 4


def test_batches_outlive_loader_and_workers():
    loader = DataLoader(range(100), SequentialSampler(range(100), 10), num_workers=2)
    run = iter(loader)
    first = next(run)
    del run, loader
    gc.collect()
    assert first.tolist() == list(range(10))


def test_large_messages():
    many = 30_000
    data = [("x" * 50, index) for index in range(many)]
    loader = DataLoader(data, SequentialSampler(data, many), num_workers=1)
    ((names, numbers),) = loader
    assert len(names) == many
    assert numbers[-1] == many - 1


def test_objects_strided_and_empty_arrays():
    class Odd(Dataset):
        def __getitem__(self, index):
            return {
                "strided": np.arange(12).reshape(3, 4)[::2, ::-1],
                "empty": np.zeros((0, 3)),
                "none": None,
            }

        def __len__(self):
            return 2

    keep = Collator()
    keep.apply = lambda samples: samples
    for workers in (0, 1):
        ((first,), _) = DataLoader(Odd(), collator=keep, num_workers=workers)
        assert first["strided"].tolist() == [[3, 2, 1, 0], [11, 10, 9, 8]]
        assert first["empty"].shape == (0, 3)
        assert first["none"] is None


def test_two_passes_at_a_time():
    loader = noisy(1, persistent_workers=True)
    pairs = list(zip(loader, loader, strict=True))
    assert len(pairs) == 6
    loader.close()


def test_collator_names_what_differs():
    with pytest.raises(
        ValueError, match=r"same shape of sample\[0\].* \(2,\) in sample 0 and \(3,\) in sample 1"
    ):
        Collator().apply([(np.zeros(2), 1), (np.zeros(3), 1)])
    with pytest.raises(ValueError, match="same keys"):
        Collator().apply([{"a": 1}, {"b": 1}])
    with pytest.raises(ValueError, match="at least one sample"):
        Collator().apply([])


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"num_workers": -1}, ValueError, "'num_workers': expected an integer from 0 to 1024, got -1"),
        ({"num_workers": 1.5}, ValueError, "'num_workers'"),
        ({"timeout": -1}, ValueError, "'timeout'"),
        ({"timeout": float("nan")}, ValueError, "'timeout'"),
        ({"prefetch": 17}, ValueError, "'prefetch'"),
        ({"dataset": 3}, TypeError, "'dataset': expected a Dataset .* got int"),
        ({"transform": len}, TypeError, "'transform': expected a Transform"),
        ({"dataset": Counting(3), "sampler": SequentialSampler(range(3))}, TypeError, "'sampler'"),
        ({"sampler": StreamSampler()}, TypeError, "'sampler'"),
    ],
)
def test_bad_arguments_are_named(arguments, error, message):
    with pytest.raises(error, match=message):
        DataLoader(**{"dataset": range(3), **arguments})
