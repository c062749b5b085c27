"""Samplers without an end: of streams, and of epochs after epochs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from .base import Sampler, State, positive


class StreamSampler(Sampler):
    """How many samples of a StreamDataset make a batch; the stream itself gives their order and end.

    >>> next(iter(StreamSampler(batch_size=3)))
    [0, 1, 2]
    """

    def __init__(self, batch_size: int = 1) -> None:
        super().__init__()
        self.batch_size = positive("StreamSampler", "batch_size", batch_size)

    def batches(self, epoch: int) -> Iterator[list[Any]]:
        start = 0
        while True:
            yield list(range(start, start + self.batch_size))
            start += self.batch_size

    def __len__(self) -> int:
        raise TypeError("StreamSampler: a stream has no length")


class Infinite(Sampler):
    """Repeats `sampler`, epoch after epoch, in one pass without end.

    >>> from itertools import islice
    >>> from miai.data import SequentialSampler
    >>> list(islice(Infinite(SequentialSampler(range(2))), 5))
    [[0], [1], [0], [1], [0]]
    """

    def __init__(self, sampler: Sampler) -> None:
        super().__init__()
        self.sampler = sampler

    @property
    def seed(self) -> int | None:
        """The sampler's seed, if it has one."""
        return getattr(self.sampler, "seed", None)

    @property
    def rank(self) -> int:
        """Which of several processes this is."""
        return getattr(self.sampler, "rank", 0)

    def batches(self, epoch: int) -> Iterator[list[Any]]:
        raise TypeError("Infinite: there are no epochs in a pass without end")

    def __iter__(self) -> Iterator[list[Any]]:
        while True:
            empty = True
            for batch in self.sampler:
                empty = False
                yield batch
            if empty:
                raise ValueError(
                    "Infinite: argument 'sampler': expected at least one batch in an epoch, got none"
                )

    def __len__(self) -> int:
        return sys.maxsize

    def set_epoch(self, epoch: int) -> None:
        self.sampler.set_epoch(epoch)

    def upcoming(self) -> State:
        return self.sampler.upcoming()

    def state_dict(self) -> State:
        return self.sampler.state_dict()

    def load_state_dict(self, state: State) -> None:
        self.sampler.load_state_dict(state)
