"""Operations on images (H, W, C) as NumPy arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .base import Array

NEAREST, LINEAR = "nearest", "linear"


def interpolation_name(owner: str, value: Any) -> str:
    """`value`, checked; OpenCV's numbers 0 and 1 stand for nearest and linear."""
    name = {0: NEAREST, 1: LINEAR}.get(value, value)
    if name not in (NEAREST, LINEAR):
        raise ValueError(f"{owner}: argument 'interpolation': expected 'linear' or 'nearest', got {value!r}")
    return str(name)


def size_pair(owner: str, name: str, value: Any) -> tuple[int, int]:
    """`value`, an integer for both or (height, width), as a checked pair."""
    pair = (value, value) if isinstance(value, (int, np.integer)) else tuple(value)
    if len(pair) != 2 or not all(isinstance(part, (int, np.integer)) and part > 0 for part in pair):
        raise ValueError(
            f"{owner}: argument '{name}': expected a positive integer or (height, width), got {value!r}"
        )
    return int(pair[0]), int(pair[1])


def restored(values: Array, dtype: np.dtype[Any]) -> Array:
    """`values` in `dtype`: rounded and held within its range for integers."""
    if dtype.kind in "ui":
        limits = np.iinfo(dtype)
        return np.clip(np.rint(values), limits.min, limits.max).astype(dtype)
    return values.astype(dtype, copy=False)


def resize(image: Array, size: tuple[int, int], interpolation: str = LINEAR) -> Array:
    """The image in another size, pixel centres at half-integers, as OpenCV's INTER_LINEAR has them."""
    if image.shape[:2] == size:
        return image
    if interpolation == NEAREST:
        rows, columns = (np.arange(new) * old // new for new, old in zip(size, image.shape[:2], strict=True))
        nearest: Array = image[rows[:, None], columns]
        return nearest
    work = np.float64 if image.dtype == np.float64 else np.float32
    values = image.astype(work, copy=False)
    for axis in (0, 1):
        values = _stretch(values, axis, size[axis])
    return restored(values, image.dtype)


def _stretch(values: Array, axis: int, size: int) -> Array:
    old = values.shape[axis]
    if size == old:
        return values
    centre = np.clip((np.arange(size) + 0.5) * (old / size) - 0.5, 0, old - 1)
    low = centre.astype(np.intp)
    weight = (centre - low).astype(values.dtype).reshape([-1 if i == axis else 1 for i in range(3)])
    first = values.take(low, axis)
    blended: Array = first + (values.take(np.minimum(low + 1, old - 1), axis) - first) * weight
    return blended


def pad(image: Array, size: Sequence[int], value: Any) -> Array:
    """The image with (top, bottom, left, right) more rows and columns of `value`, or `value[channel]`."""
    top, bottom, left, right = size
    height, width, channels = image.shape
    fill = np.asarray(value)
    if fill.size > 1 and fill.size != channels:
        fill = fill.ravel()[:1] if (fill == fill.ravel()[0]).all() else fill
    dtype = np.dtype(np.float32) if fill.dtype.kind == "f" and image.dtype.kind in "ui" else image.dtype
    out = np.empty((height + top + bottom, width + left + right, channels), dtype)
    out[...] = fill
    out[top : top + height, left : left + width] = image
    return out


def gray(image: Array) -> Array:
    """Luminance (H, W, 1) float32 of an RGB image, or the image itself with one channel."""
    values = image.astype(np.float32)
    if image.shape[2] == 1:
        return values
    return values @ np.array([[0.299], [0.587], [0.114]], np.float32)
