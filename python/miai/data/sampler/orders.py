"""The samplers of datasets with a length: in order, shuffled, with replacement."""

from __future__ import annotations

from collections.abc import Sequence, Sized
from typing import Any

import numpy as np

from .map import MapSampler


class _IndexedSampler(MapSampler):
    """A sampler of all of the dataset or of the given `indices`."""

    def __init__(
        self,
        dataset: Sized,
        batch_size: int,
        drop_last: bool,
        indices: Sequence[Any] | None,
        world_size: int | None,
        rank: int | None,
        seed: int | None,
    ) -> None:
        if indices is not None and not isinstance(indices, (Sequence, np.ndarray)):
            raise ValueError(
                f"{type(self).__name__}: argument 'indices': expected a sequence, got"
                f" {type(indices).__name__}"
            )
        self.indices: list[Any] | None = None if indices is None else list(indices)
        source = dataset if self.indices is None else self.indices
        super().__init__(dataset, batch_size, drop_last, len(source) or None, world_size, rank, seed)


class SequentialSampler(_IndexedSampler):
    """Every sample (or those at `indices`) in order. Arguments as in MapSampler.

    >>> list(SequentialSampler(range(5), batch_size=2))
    [[0, 1], [2, 3], [4]]
    >>> list(SequentialSampler(range(5), batch_size=2, world_size=2, rank=1))
    [[1, 3], [0]]
    """

    def __init__(
        self,
        dataset: Sized,
        batch_size: int = 1,
        drop_last: bool = False,
        indices: Sequence[Any] | None = None,
        world_size: int | None = None,
        rank: int | None = None,
    ) -> None:
        super().__init__(dataset, batch_size, drop_last, indices, world_size, rank, seed=None)

    def sample(self) -> Sequence[Any]:
        return range(len(self.dataset)) if self.indices is None else self.indices


class RandomSampler(_IndexedSampler):
    """Every sample (or those at `indices`) once, in an order drawn anew for each epoch. Arguments as in
    MapSampler.

    >>> sampler = RandomSampler(range(4), batch_size=2, seed=1)
    >>> sorted(sum(sampler, []))
    [0, 1, 2, 3]
    """

    def __init__(
        self,
        dataset: Sized,
        batch_size: int = 1,
        drop_last: bool = False,
        indices: Sequence[Any] | None = None,
        world_size: int | None = None,
        rank: int | None = None,
        seed: int | None = None,
    ) -> None:
        super().__init__(dataset, batch_size, drop_last, indices, world_size, rank, seed)

    def sample(self) -> Sequence[Any]:
        if self.indices is None:
            return list(self.rng.permutation(len(self.dataset)).tolist())
        return [self.indices[i] for i in self.rng.permutation(len(self.indices))]


class ReplacementSampler(MapSampler):
    """Samples drawn with replacement, each with a chance in proportion to its weight.

    Args:
        weights: one number >= 0 for each sample; None: all alike. Other arguments as in MapSampler.

    >>> list(ReplacementSampler(range(3), num_samples=4, weights=[0, 1, 0], seed=0, batch_size=4))
    [[1, 1, 1, 1]]
    """

    def __init__(
        self,
        dataset: Sized,
        batch_size: int = 1,
        drop_last: bool = False,
        num_samples: int | None = None,
        weights: Sequence[float] | None = None,
        world_size: int | None = None,
        rank: int | None = None,
        seed: int | None = None,
    ) -> None:
        super().__init__(dataset, batch_size, drop_last, num_samples, world_size, rank, seed)
        self.weights = None
        if weights is not None:
            chances = np.asarray(weights, np.float64)
            if chances.shape != (len(dataset),) or not (chances >= 0).all() or not 0 < chances.sum() < np.inf:
                raise ValueError(
                    f"ReplacementSampler: argument 'weights': expected {len(dataset)} numbers >= 0, one"
                    " for each"
                    f" sample, with a finite sum above 0, got shape {list(chances.shape)}"
                )
            self.weights = chances / chances.sum()

    def sample(self) -> Sequence[Any]:
        total = self.num_samples * self.world_size
        return list(self.rng.choice(len(self.dataset), size=total, p=self.weights).tolist())
