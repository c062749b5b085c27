"""MapSampler: the base of the samplers of datasets with a length; processes share a pass."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence, Sized
from typing import Any

import numpy as np

from .._seeding import fresh_seed
from .base import Sampler, State, positive


class MapSampler(Sampler):
    """Base of the samplers of datasets with a length: a subclass gives `sample()`, the indices of a pass.

    Args:
        dataset: anything with a length.
        batch_size: samples in a batch.
        drop_last: leave out a last batch that is not full.
        num_samples: samples in a pass over all processes; None: all.
        world_size, rank: number of processes that share a pass, and which of them this is; None: 1 and 0.
        seed: of `self.rng`, the generator that `sample()` may draw from; None: a fresh one (with several
            processes 0, as they must agree).

    Raises:
        ValueError: an argument out of range.

    >>> class Evens(MapSampler):
    ...     def sample(self):
    ...         return list(range(0, len(self.dataset), 2))
    >>> list(Evens(range(10), batch_size=2, num_samples=5))
    [[0, 2], [4, 6], [8]]
    """

    def __init__(
        self,
        dataset: Sized,
        batch_size: int = 1,
        drop_last: bool = False,
        num_samples: int | None = None,
        world_size: int | None = None,
        rank: int | None = None,
        seed: int | None = None,
    ) -> None:
        super().__init__()
        owner = type(self).__name__
        self.dataset = dataset
        self.batch_size = positive(owner, "batch_size", batch_size)
        if not isinstance(drop_last, bool):
            raise ValueError(f"{owner}: argument 'drop_last': expected True or False, got {drop_last!r}")
        self.drop_last = drop_last
        self.world_size = 1 if world_size is None else positive(owner, "world_size", world_size)
        self.rank = 0 if rank is None else rank
        if not 0 <= self.rank < self.world_size:
            raise ValueError(
                f"{owner}: argument 'rank': expected 0 <= rank < world_size = {self.world_size}, got {rank!r}"
            )
        total = len(dataset) if num_samples is None else positive(owner, "num_samples", num_samples)
        self.num_samples = -(-total // self.world_size)
        if seed is None:
            seed = 0 if self.world_size > 1 else fresh_seed()
        if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
            raise ValueError(f"{owner}: argument 'seed': expected a non-negative integer, got {seed!r}")
        self.seed = int(seed)
        self.rng = np.random.default_rng([self.seed, 0])

    @abstractmethod
    def sample(self) -> Sequence[Any]:
        """The indices of a pass over all processes; draws, if any, come from `self.rng`."""

    def scatter(self, indices: Sequence[Any]) -> list[Any]:
        """This process's share: every `world_size`-th index; the first ones again where a share is short."""
        shared = list(indices)
        total = self.num_samples * self.world_size
        while shared and len(shared) < total:
            shared += shared[: total - len(shared)]
        return shared[self.rank : total : self.world_size]

    def batch(self) -> Iterator[list[Any]]:
        """The index lists of a pass."""
        indices = list(self.sample())
        if self.world_size > 1:
            indices = self.scatter(indices)
        for start in range(0, len(indices), self.batch_size):
            chosen = indices[start : start + self.batch_size]
            if len(chosen) == self.batch_size or not self.drop_last:
                yield chosen

    def batches(self, epoch: int) -> Iterator[list[Any]]:
        self.rng = np.random.default_rng([self.seed, epoch])
        return self.batch()

    def __len__(self) -> int:
        if self.drop_last:
            return self.num_samples // self.batch_size
        return -(-self.num_samples // self.batch_size)

    def upcoming(self) -> State:
        return {**super().upcoming(), "seed": self.seed}

    def state_dict(self) -> State:
        return {**super().state_dict(), "seed": self.seed}

    def load_state_dict(self, state: State) -> None:
        super().load_state_dict(state)
        self.seed = int(state["seed"])
