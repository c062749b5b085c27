"""Tensor, and Parameter."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import _core
from .dtype import dtype_name

Tensor = _core.Tensor
tensor = Tensor


class Parameter(Tensor):
    """A tensor that an optimizer trains: what `Module.parameters()` finds.

    >>> import miai as mi
    >>> mi.Parameter([1.0, 2.0]).shape
    (2,)
    """

    def __reduce__(self) -> Any:
        return restore, (Parameter, self.numpy(copy=True), dtype_name(self.dtype), self.device, self.name)


def restore(kind: Any, array: np.ndarray, dtype: str, device: str, name: str) -> Any:
    """What pickling a tensor calls."""
    return kind(array, dtype=dtype, device=device, name=name)
