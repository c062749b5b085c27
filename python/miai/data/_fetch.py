"""How one batch is made, in a worker or in the user's own process: the same code, the same random numbers."""

from __future__ import annotations

import mmap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from ._seeding import seeded


@dataclass(frozen=True)
class Task:
    """One batch to load: its number in the epoch, the samples' indices, and what seeds its random numbers."""

    number: int
    indices: Sequence[Any]
    entropy: tuple[int, ...]
    run: int = 0
    stream: bool = False
    skip: bool = False


class EndOfStream(Exception):
    """A stream has no more samples."""


class Progress:
    """A cell of shared memory in which a worker notes what it is at, readable after its death."""

    STRIDE = 16
    STARTING = -2
    IDLE = -1

    def __init__(self, memory: mmap.mmap, worker: int) -> None:
        self._cell = np.frombuffer(memory, np.int64, 2, worker * self.STRIDE)

    def batch(self, number: int) -> None:
        """Now at this batch, or at STARTING or IDLE."""
        self._cell[0], self._cell[1] = number, -1

    def sample(self, position: int) -> None:
        """Now at the sample in this position of the batch; -1: at none in particular."""
        self._cell[1] = position

    def read(self) -> tuple[int, int]:
        """Batch and position."""
        return int(self._cell[0]), int(self._cell[1])


_progress: Progress | None = None


def report_to(progress: Progress) -> None:
    """In a worker: note in `progress` what it is at."""
    global _progress
    _progress = progress


def at_sample(position: int) -> None:
    """Note, if this is a worker, that it is at the sample in this position of its batch."""
    if _progress is not None:
        _progress.sample(position)


class Fetcher:
    """Makes batches of a dataset: samples, then the transform, then the collator."""

    def __init__(self, dataset: Any, transform: Any, collator: Any) -> None:
        self._dataset, self._transform, self._collator = dataset, transform, collator
        self._stream: Iterator[Any] = iter(())
        self._run = -1

    def fetch(self, task: Task) -> Any:
        """The batch that `task` asks for; EndOfStream when a stream has ended."""
        if _progress is not None:
            _progress.batch(task.number)
        with seeded(*task.entropy):
            samples = self._streamed(task) if task.stream else self._indexed(task)
            at_sample(-1)
            if task.skip:
                return None
            if self._transform is not None:
                samples = self._transform.apply_batch(samples)
            at_sample(-1)
            return self._collator.apply(samples)

    def _indexed(self, task: Task) -> list[Any]:
        samples = []
        for position, index in enumerate(task.indices):
            at_sample(position)
            samples.append(self._dataset[index])
        return samples

    def _streamed(self, task: Task) -> list[Any]:
        if task.run != self._run:
            self._stream, self._run = iter(self._dataset), task.run
        at_sample(0)
        samples = list(islice(self._stream, len(task.indices)))
        if not samples:
            raise EndOfStream
        return samples
