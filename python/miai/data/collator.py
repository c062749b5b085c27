"""Collator: makes one batch of many samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np


class Collator:
    """Stacks the samples of a batch, field by field.

    Arrays, numbers and booleans become one array with a new first axis; tuples, named tuples, lists and
    mappings are collated inside; strings, bytes and other objects are gathered in a list.

    Raises:
        ValueError: samples of one batch differ in shape, length or keys.

    >>> import numpy as np
    >>> batch = Collator().apply([(np.zeros((2, 2)), 1), (np.ones((2, 2)), 5)])
    >>> batch[0].shape, batch[1]
    ((2, 2, 2), array([1, 5]))
    """

    def apply(self, inputs: Sequence[Any]) -> Any:
        """The batch of the samples `inputs`."""
        if len(inputs) == 0:
            raise ValueError("Collator: argument 'inputs': expected at least one sample, got none")
        return self._collate(list(inputs), "sample")

    def _collate(self, values: list[Any], path: str) -> Any:
        first = values[0]
        if isinstance(first, (np.ndarray, np.generic, int, float, complex)):
            return self._stack(values, path)
        if isinstance(first, Mapping):
            self._same([list(value) for value in values], "keys", path)
            return {key: self._collate([value[key] for value in values], f"{path}[{key!r}]") for key in first}
        if isinstance(first, (tuple, list)):
            self._same([len(value) for value in values], "length", path)
            fields = [
                self._collate(list(field), f"{path}[{i}]")
                for i, field in enumerate(zip(*values, strict=True))
            ]
            if isinstance(first, list):
                return fields
            return type(first)(*fields) if hasattr(first, "_fields") else tuple(fields)
        return values

    def _stack(self, values: list[Any], path: str) -> Any:
        arrays = [np.asarray(value) for value in values]
        self._same([array.shape for array in arrays], "shape", path)
        return np.stack(arrays)

    @staticmethod
    def _same(facts: list[Any], what: str, path: str) -> None:
        for number, fact in enumerate(facts):
            if fact != facts[0]:
                raise ValueError(
                    f"Collator: argument 'inputs': expected the same {what} of {path} in every sample, got"
                    f" {facts[0]} in sample 0 and {fact} in sample {number} of the batch; crop, pad or resize"
                    " them, or give the DataLoader a collator"
                )
