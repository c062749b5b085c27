"""Sampler: the base of all samplers, and where a pass stands."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

import numpy as np

State = dict[str, Any]


def positive(owner: str, name: str, value: Any) -> int:
    """`value`, checked to be a positive integer."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value <= 0:
        raise ValueError(f"{owner}: argument '{name}': expected a positive integer, got {value!r}")
    return int(value)


class Sampler(ABC):
    """Base of all samplers: iterating gives the index lists of one epoch's batches, then of the next epoch's.

    A pass is a function of (seed, epoch) alone, so `state_dict` is small and a resumed pass gives the same
    batches.
    """

    def __init__(self) -> None:
        self._next = (0, 0)  # epoch and first batch of the pass that the next iter() starts
        self._at = (0, 0)  # epoch and number of batches handed out of the newest pass

    @abstractmethod
    def batches(self, epoch: int) -> Iterator[list[Any]]:
        """The index lists of the epoch `epoch`."""

    @abstractmethod
    def __len__(self) -> int:
        """Number of batches in an epoch."""

    def __iter__(self) -> Iterator[list[Any]]:
        self._at = self._next
        self._next = (self._at[0] + 1, 0)
        return self._pass(*self._at)

    def _pass(self, epoch: int, start: int) -> Iterator[list[Any]]:
        for number, batch in enumerate(self.batches(epoch)):
            if number >= start:
                self._at = (epoch, number + 1)
                yield batch
        self._at = (epoch + 1, 0)

    def set_epoch(self, epoch: int) -> None:
        """Let the next pass be that of `epoch`."""
        self._next = self._at = (epoch, 0)

    def upcoming(self) -> State:
        """The state in which the next pass starts."""
        return {"epoch": self._next[0], "position": self._next[1]}

    def state_dict(self) -> State:
        """Where the newest pass stands: plain numbers, for a checkpoint."""
        return {"epoch": self._at[0], "position": self._at[1]}

    def load_state_dict(self, state: State) -> None:
        """Let the next pass go on where `state` was taken."""
        self._next = self._at = (int(state["epoch"]), int(state["position"]))
