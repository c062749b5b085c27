"""Parameters and buffers before they are filled, and checks of sizes."""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np

from .. import functional as F
from ..tensor import Parameter, Tensor


def parameter(*shape: int) -> Parameter:
    """A float32 parameter of zeros on the default device. One number, broadcast, until it is filled: to touch
    memory for the first time takes longer than to fill it.
    """
    return Parameter(F.broadcast_to(Tensor(np.float32(0)), shape))


def buffer(value: float, shape: tuple[int, ...], dtype: str = "float32") -> Tensor:
    """A tensor with every element `value` on the default device."""
    return Tensor(np.full(shape, value, dtype))


def check_positive(module: str, **sizes: Any) -> None:
    """Raises unless every size is a positive integer."""
    for name, size in sizes.items():
        if not isinstance(size, numbers.Integral) or isinstance(size, bool):
            raise TypeError(f"{module}: argument '{name}': expected an int, got {type(size).__name__}")
        if size < 1:
            raise ValueError(f"{module}: argument '{name}': expected at least 1, got {size}")


def to_tuple(module: str, name: str, value: Any, length: int) -> tuple[int, ...]:
    """A number for every axis, or one number an axis."""
    values = tuple(value) if isinstance(value, (list, tuple)) else (value,) * length
    if len(values) != length or not all(isinstance(v, numbers.Integral) for v in values):
        raise ValueError(f"{module}: argument '{name}': expected an int or {length} ints, got {value!r}")
    return tuple(int(v) for v in values)


def check_one_of(module: str, name: str, value: Any, choices: tuple[str, ...]) -> None:
    """Raises unless a word is one of the choices."""
    if value not in choices:
        known = ", ".join(repr(choice) for choice in choices)
        raise ValueError(f"{module}: argument '{name}': expected one of {known}, got {value!r}")


def check_only(module: str, name: str, value: Any, allowed: Any) -> None:
    """Raises unless an argument kept for MegEngine's sake has its one value."""
    if value != allowed:
        raise ValueError(f"{module}: argument '{name}': expected {allowed!r}, the only choice, got {value!r}")
