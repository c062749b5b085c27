"""DataLoader: iterates over the batches of a dataset, made here or by worker processes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ._batches import Plan, batches_here, batches_of_workers
from ._preload import tensors_ahead
from ._seeding import fresh_seed
from .collator import Collator
from .dataset import StreamDataset
from .sampler import SequentialSampler, StreamSampler


class DataLoader:
    """Gives the batches of `dataset`: as NumPy arrays, or as tensors with `preload`.

    With `num_workers` > 0 processes of their own read, transform and collate; batches come back through
    shared memory without a copy on this side. They are forked by a small server process that has no threads,
    not by this one, so threads that run here do no harm. The script is not run again in them: no `if __name__
    == "__main__":` is needed, and classes defined in a script or a notebook work. Order and random numbers do
    not depend on the number of workers.

    Args:
        dataset: a Dataset, a StreamDataset, or anything with `__getitem__` and `__len__`.
        sampler: which samples make up each batch; None: all in order, one a batch. Any iterable of index
            lists will do.
        transform: applied to the samples of a batch (its `apply_batch`).
        collator: makes the batch of the samples; None: `Collator()`, which stacks.
        num_workers: worker processes; 0: this process does the work.
        timeout: seconds to wait for a batch of the workers; 0: no limit.
        preload: give tensors, and have one batch made ahead.
        parallel_stream: a stream is read by every worker, each its own copy, which should give a part of the
            stream by `get_worker_info()`; else one worker reads it, whatever `num_workers`.
        seed: what random numbers in dataset and transform are drawn from; None: the sampler's seed.
        prefetch: batches, 1 to 16, that each worker may be ahead.
        persistent_workers: keep workers, and their copy of the dataset, from one epoch to the next.

    Raises:
        ValueError, TypeError: an argument out of range; something that cannot be sent to a worker.
        WorkerError: from the iterator: a worker raised, was killed or ended; it names the worker and the
        sample.
        TimeoutError: from the iterator: no batch within `timeout` seconds.

    >>> from miai.data import ArrayDataset, DataLoader, SequentialSampler
    >>> import numpy as np
    >>> data = ArrayDataset(np.arange(6.0), np.arange(6))
    >>> loader = DataLoader(data, SequentialSampler(data, batch_size=4))
    >>> [len(labels) for values, labels in loader]
    [4, 2]
    """

    def __init__(
        self,
        dataset: Any,
        sampler: Any = None,
        transform: Any = None,
        collator: Any = None,
        num_workers: int = 0,
        timeout: float = 0,
        preload: bool = False,
        parallel_stream: bool = False,
        *,
        seed: int | None = None,
        prefetch: int = 2,
        persistent_workers: bool = False,
    ) -> None:
        for name, value, low, high in (("num_workers", num_workers, 0, 1024), ("prefetch", prefetch, 1, 16)):
            if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
                raise ValueError(
                    f"DataLoader: argument '{name}': expected an integer from {low} to {high}, got {value!r}"
                )
        if isinstance(timeout, bool) or not isinstance(timeout, (int, float)) or not timeout >= 0:
            raise ValueError(f"DataLoader: argument 'timeout': expected seconds >= 0, got {timeout!r}")
        self._streams = isinstance(dataset, StreamDataset)
        if not self._streams and not (hasattr(dataset, "__getitem__") and hasattr(dataset, "__len__")):
            raise TypeError(
                "DataLoader: argument 'dataset': expected a Dataset (__getitem__ and __len__) or a"
                f" StreamDataset, got {type(dataset).__name__}"
            )
        if sampler is None:
            sampler = StreamSampler() if self._streams else SequentialSampler(dataset)
        if isinstance(sampler, StreamSampler) != self._streams:
            raise TypeError(
                "DataLoader: argument 'sampler': a StreamDataset goes with a StreamSampler, another dataset"
                f" with another sampler; got a {type(dataset).__name__} with a {type(sampler).__name__}"
            )
        if transform is not None and not hasattr(transform, "apply_batch"):
            raise TypeError(
                "DataLoader: argument 'transform': expected a Transform (apply_batch), got"
                f" {type(transform).__name__}"
            )
        self.dataset, self.sampler, self.transform = dataset, sampler, transform
        self.collator = Collator() if collator is None else collator
        self.num_workers, self.timeout, self.preload = num_workers, timeout, preload
        self.parallel_stream, self.persistent_workers = parallel_stream, persistent_workers
        self.prefetch = prefetch
        if seed is None:
            seed = getattr(sampler, "seed", None)
        self.seed = fresh_seed() if seed is None else seed
        self._keep: dict[str, Any] = {}  # server and pool that outlive a pass
        self._epoch = 0  # the epoch of the next pass
        self._skip = 0  # batches that the next pass leaves out
        self._state: dict[str, Any] | None = None  # where the newest pass stands; None: no pass is on

    def __len__(self) -> int:
        """Number of batches in an epoch."""
        return len(self.sampler)

    def __iter__(self) -> Iterator[Any]:
        state = self._state = self._upcoming()
        self._epoch, self._skip = state["epoch"] + 1, 0
        plan = Plan(
            parts={"dataset": self.dataset, "transform": self.transform, "collator": self.collator},
            indices=iter(self.sampler),
            entropy=(self.seed, getattr(self.sampler, "rank", 0), state["epoch"]),
            first=state["position"],
            stream=self._streams,
            readers=1 if self._streams and not self.parallel_stream else self.num_workers,
            prefetch=self.prefetch,
            timeout=self.timeout,
            persistent=self.persistent_workers,
        )
        batches = batches_of_workers(plan, self._keep) if self.num_workers else batches_here(plan)
        return self._counted(tensors_ahead(batches) if self.preload else batches, state)

    def _upcoming(self) -> dict[str, Any]:
        upcoming = getattr(self.sampler, "upcoming", dict)
        return {"epoch": self._epoch, "position": self._skip, "seed": self.seed, "sampler": upcoming()}

    def _counted(self, batches: Iterator[Any], state: dict[str, Any]) -> Iterator[Any]:
        for batch in batches:
            state["position"] += 1
            yield batch
            del batch  # its memory can be used again
        if self._state is state:
            self._state = None

    def state_dict(self) -> dict[str, Any]:
        """Where the newest pass stands, as plain numbers; what workers have ready does not count."""
        state = self._state if self._state is not None else self._upcoming()
        return {**state, "sampler": dict(state["sampler"])}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Let the next pass go on where `state` was taken: the same batches, with the same random numbers."""
        self._epoch, self._skip, self.seed = int(state["epoch"]), int(state["position"]), int(state["seed"])
        self._state = None
        if state["sampler"]:
            self.sampler.load_state_dict(state["sampler"])

    def close(self) -> None:
        """End the processes that are kept for the next pass; a pass that is on ends with its iterator."""
        self._keep.pop("pool", None)
        server = self._keep.pop("server", None)
        if server is not None:
            server.close()
