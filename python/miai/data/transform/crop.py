"""Transforms that cut out a part of an image."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .._seeding import get_rng
from . import _image
from .base import Array, VisionTransform
from .size import Pad

_Order = Sequence[str] | None


class _Crop(VisionTransform):
    """Cuts out the rectangle (`_top`, `_left`, `_height`, `_width`), which `_begin` settles."""

    def _apply_image(self, image: Array) -> Array:
        return image[self._top : self._top + self._height, self._left : self._left + self._width]

    def _apply_mask(self, mask: Array) -> Array:
        return _Crop._apply_image(self, mask)

    def _apply_coords(self, coords: Array) -> Array:
        moved: Array = coords - np.array([self._left, self._top])
        return moved

    def _place(self, top: int, left: int, height: int, width: int) -> None:
        self._top, self._left, self._height, self._width = top, left, height, width

    def _fit(self, image: Array, size: tuple[int, int]) -> tuple[int, int]:
        """How many rows and columns there are to spare around a rectangle of `size`."""
        spare = image.shape[0] - size[0], image.shape[1] - size[1]
        if min(spare) < 0:
            raise ValueError(
                f"{type(self).__name__}: argument 'output_size': expected at most the image's"
                f" {image.shape[0]} x"
                f" {image.shape[1]}, got {size[0]} x {size[1]}; resize or pad it first"
            )
        return spare


class CenterCrop(_Crop):
    """Cuts out the middle.

    >>> CenterCrop(2).apply(np.arange(16).reshape(4, 4, 1))[..., 0]
    array([[ 5,  6],
           [ 9, 10]])
    """

    def __init__(self, output_size: int | Sequence[int], *, order: _Order = None) -> None:
        super().__init__(order)
        self.output_size = _image.size_pair("CenterCrop", "output_size", output_size)

    def _begin(self, image: Array) -> None:
        spare = self._fit(image, self.output_size)
        self._place(spare[0] // 2, spare[1] // 2, *self.output_size)


class RandomCrop(_Crop):
    """Pads by `padding_size`, then cuts out a rectangle at a place drawn for each sample.

    Args:
        output_size: an integer or (height, width).
        padding_size: as Pad's size.
        padding_value, padding_maskvalue: of the border in image and mask.

    >>> RandomCrop(4, padding_size=2).apply(np.zeros((4, 4, 3))).shape
    (4, 4, 3)
    """

    def __init__(
        self,
        output_size: int | Sequence[int],
        padding_size: int | Sequence[int] = 0,
        padding_value: Any = (0, 0, 0),
        padding_maskvalue: int = 0,
        *,
        order: _Order = None,
    ) -> None:
        super().__init__(order)
        self.output_size = _image.size_pair("RandomCrop", "output_size", output_size)
        self.pad = Pad(padding_size, padding_value, padding_maskvalue)

    def _begin(self, image: Array) -> None:
        top, bottom, left, right = self.pad.size
        padded = np.empty((image.shape[0] + top + bottom, image.shape[1] + left + right, 0))
        rows, columns = self._fit(padded, self.output_size)
        self._place(
            int(get_rng().integers(rows + 1)), int(get_rng().integers(columns + 1)), *self.output_size
        )

    def _apply_image(self, image: Array) -> Array:
        return super()._apply_image(self.pad._apply_image(image))

    def _apply_mask(self, mask: Array) -> Array:
        return super()._apply_image(self.pad._apply_mask(mask))

    def _apply_coords(self, coords: Array) -> Array:
        return super()._apply_coords(self.pad._apply_coords(coords))


class RandomResizedCrop(_Crop):
    """Cuts out a part of random area and proportion, and resizes it.

    Args:
        output_size: an integer or (height, width).
        scale_range: the part's share of the image's area.
        ratio_range: its width / height.
        interpolation: as in Resize.

    >>> RandomResizedCrop(5).apply(np.zeros((8, 9, 3), np.uint8)).shape
    (5, 5, 3)
    """

    def __init__(
        self,
        output_size: int | Sequence[int],
        scale_range: Sequence[float] = (0.08, 1.0),
        ratio_range: Sequence[float] = (3 / 4, 4 / 3),
        interpolation: str | int = "linear",
        *,
        order: _Order = None,
    ) -> None:
        super().__init__(order)
        self.output_size = _image.size_pair("RandomResizedCrop", "output_size", output_size)
        for name, pair in (("scale_range", scale_range), ("ratio_range", ratio_range)):
            if len(pair) != 2 or not 0 < pair[0] <= pair[1]:
                raise ValueError(
                    f"RandomResizedCrop: argument '{name}': expected 0 < low <= high, got {pair!r}"
                )
        self.scale_range = (float(scale_range[0]), float(scale_range[1]))
        self.ratio_range = (float(ratio_range[0]), float(ratio_range[1]))
        self.interpolation = _image.interpolation_name("RandomResizedCrop", interpolation)

    def _begin(self, image: Array) -> None:
        rng, (rows, columns) = get_rng(), image.shape[:2]
        for _ in range(10):
            area = rows * columns * rng.uniform(*self.scale_range)
            ratio = math.exp(rng.uniform(math.log(self.ratio_range[0]), math.log(self.ratio_range[1])))
            height, width = round(math.sqrt(area / ratio)), round(math.sqrt(area * ratio))
            if 0 < height <= rows and 0 < width <= columns:
                top, left = rng.integers(rows - height + 1), rng.integers(columns - width + 1)
                return self._place(int(top), int(left), height, width)
        ratio = min(max(columns / rows, self.ratio_range[0]), self.ratio_range[1])  # none fits: the middle
        height, width = max(1, min(rows, round(columns / ratio))), max(1, min(columns, round(rows * ratio)))
        return self._place((rows - height) // 2, (columns - width) // 2, height, width)

    def _apply_image(self, image: Array) -> Array:
        return _image.resize(super()._apply_image(image), self.output_size, self.interpolation)

    def _apply_mask(self, mask: Array) -> Array:
        return _image.resize(super()._apply_image(mask), self.output_size, _image.NEAREST)

    def _apply_coords(self, coords: Array) -> Array:
        scale = np.array([self.output_size[1] / self._width, self.output_size[0] / self._height])
        moved: Array = super()._apply_coords(coords) * scale
        return moved
