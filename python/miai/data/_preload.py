"""`preload`: batches as tensors, one ahead of the reader."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

import numpy as np


def tensors_ahead(batches: Iterator[Any]) -> Iterator[Any]:
    """The batches with their arrays as tensors, copied to the device while the one before is in use."""
    package = importlib.import_module(__package__.rpartition(".")[0])
    ready: list[Any] = []
    for batch in batches:
        ready.append(_converted(batch, package.tensor))
        if len(ready) == 2:
            yield ready.pop(0)
    yield from ready


def _converted(value: Any, tensor: Any) -> Any:
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        return tensor(value)
    if isinstance(value, dict):
        return {key: _converted(inner, tensor) for key, inner in value.items()}
    if isinstance(value, (tuple, list)):
        fields = [_converted(inner, tensor) for inner in value]
        if isinstance(value, list):
            return fields
        return type(value)(*fields) if hasattr(value, "_fields") else tuple(fields)
    return value
