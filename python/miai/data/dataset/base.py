"""Dataset, StreamDataset, and the datasets made of arrays and of other datasets."""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Any


class Dataset(ABC):
    """Samples that can be had by number: a subclass gives `__getitem__` and `__len__`.

    >>> class Squares(Dataset):
    ...     def __getitem__(self, index):
    ...         return index * index
    ...     def __len__(self):
    ...         return 4
    >>> Squares()[3]
    9
    """

    @abstractmethod
    def __getitem__(self, index: int) -> Any:
        """The sample number `index`."""

    @abstractmethod
    def __len__(self) -> int:
        """Number of samples."""


class StreamDataset(ABC):
    """Samples that come one after the other: a subclass gives `__iter__`.

    >>> class Count(StreamDataset):
    ...     def __iter__(self):
    ...         yield from range(3)
    >>> list(Count())
    [0, 1, 2]
    """

    @abstractmethod
    def __iter__(self) -> Iterator[Any]:
        """The samples, from the first on."""


class ArrayDataset(Dataset):
    """Arrays (or other sequences) of one length: sample i is the tuple of their elements i.

    Raises:
        ValueError: no array, or lengths that differ.

    >>> import numpy as np
    >>> data = ArrayDataset(np.arange(6).reshape(3, 2), np.array([7, 8, 9]))
    >>> len(data), [int(field.sum()) for field in data[1]]
    (3, [5, 8])
    """

    def __init__(self, *arrays: Any) -> None:
        if not arrays:
            raise ValueError("ArrayDataset: argument 'arrays': expected at least one array, got none")
        lengths = [len(array) for array in arrays]
        if len(set(lengths)) != 1:
            raise ValueError(f"ArrayDataset: argument 'arrays': expected one length, got lengths {lengths}")
        self.arrays = arrays

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        return tuple(array[index] for array in self.arrays)

    def __len__(self) -> int:
        return len(self.arrays[0])


class ConcatDataset(Dataset):
    """Several datasets one after the other.

    >>> both = ConcatDataset([range(3), range(10, 12)])
    >>> len(both), both[2], both[3], both[-1]
    (5, 2, 10, 11)
    """

    def __init__(self, datasets: Sequence[Any]) -> None:
        self.datasets = list(datasets)
        if not self.datasets:
            raise ValueError("ConcatDataset: argument 'datasets': expected at least one dataset, got none")
        for dataset in self.datasets:
            if isinstance(dataset, StreamDataset):
                raise TypeError(
                    "ConcatDataset: argument 'datasets': expected datasets with a length, got a StreamDataset"
                )
        self._ends = list(accumulate(len(dataset) for dataset in self.datasets))

    def __getitem__(self, index: int) -> Any:
        position = index + len(self) if index < 0 else index
        if not 0 <= position < len(self):
            raise IndexError(f"ConcatDataset: index {index} is out of range for {len(self)} samples")
        which = bisect_right(self._ends, position)
        return self.datasets[which][position - (self._ends[which - 1] if which else 0)]

    def __len__(self) -> int:
        return self._ends[-1]
