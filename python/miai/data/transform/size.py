"""Transforms that change the size of an image: padding, resizing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .._seeding import get_rng
from . import _image
from .base import Array, VisionTransform

_Order = Sequence[str] | None


class Pad(VisionTransform):
    """Adds a border.

    Args:
        size: an integer for all four sides, (bottom, right), or (top, bottom, left, right).
        value: of the image's border: a number, or one for each channel; a float makes an integer image
            float32.
        mask_value: of the mask's border.

    >>> Pad(1, value=7).apply(np.zeros((1, 1, 1), int))[..., 0]
    array([[7, 7, 7],
           [7, 0, 7],
           [7, 7, 7]])
    """

    def __init__(
        self, size: int | Sequence[int] = 0, value: Any = 0, mask_value: int = 0, *, order: _Order = None
    ) -> None:
        super().__init__(order)
        sides = (size,) * 4 if isinstance(size, int) else tuple(size)
        if len(sides) == 2:
            sides = (0, sides[0], 0, sides[1])
        if len(sides) != 4 or min(sides) < 0:
            raise ValueError(f"Pad: argument 'size': expected an integer, 2 or 4 integers >= 0, got {size!r}")
        self.size, self.value, self.mask_value = sides, value, mask_value

    def _apply_image(self, image: Array) -> Array:
        return _image.pad(image, self.size, self.value)

    def _apply_mask(self, mask: Array) -> Array:
        return _image.pad(mask, self.size, self.mask_value)

    def _apply_coords(self, coords: Array) -> Array:
        moved: Array = coords + np.array([self.size[2], self.size[0]])
        return moved


class Resize(VisionTransform):
    """Changes the size.

    Args:
        output_size: (height, width), or an integer for the shorter side, the proportion being kept.
        interpolation: "linear" or "nearest" (or OpenCV's numbers for them); masks always take the nearest.

    >>> Resize(4).apply(np.zeros((8, 16, 3), np.uint8)).shape
    (4, 8, 3)
    """

    def __init__(
        self, output_size: int | Sequence[int], interpolation: str | int = "linear", *, order: _Order = None
    ) -> None:
        super().__init__(order)
        self._pair = _image.size_pair(type(self).__name__, "output_size", output_size)
        self.output_size = output_size
        self.interpolation = _image.interpolation_name(type(self).__name__, interpolation)

    def _begin(self, image: Array) -> None:
        height, width = image.shape[:2]
        target = self._pair
        if isinstance(self.output_size, int):
            scale = self.output_size / min(height, width)
            target = (max(1, int(height * scale)), max(1, int(width * scale)))
        self._set(image, target)

    def _set(self, image: Array, target: tuple[int, int]) -> None:
        self._target = target
        self._scale = np.array([target[1] / image.shape[1], target[0] / image.shape[0]])

    def _apply_image(self, image: Array) -> Array:
        return _image.resize(image, self._target, self.interpolation)

    def _apply_mask(self, mask: Array) -> Array:
        return _image.resize(mask, self._target, _image.NEAREST)

    def _apply_coords(self, coords: Array) -> Array:
        moved: Array = coords * self._scale
        return moved


class ShortestEdgeResize(Resize):
    """Makes the shorter side a length drawn for each sample, the longer at most `max_size`.

    Args:
        min_size: an integer, or a sequence of lengths: the ends of a range, or a choice, as `sample_style`
            says.
        sample_style: "range" or "choice".

    >>> ShortestEdgeResize(4, 6).apply(np.zeros((8, 16, 3))).shape
    (3, 6, 3)
    """

    def __init__(
        self,
        min_size: int | Sequence[int],
        max_size: int,
        sample_style: str = "range",
        interpolation: str | int = "linear",
        *,
        order: _Order = None,
    ) -> None:
        super().__init__(max_size, interpolation, order=order)
        if sample_style not in ("range", "choice"):
            raise ValueError(
                "ShortestEdgeResize: argument 'sample_style': expected 'range' or 'choice', got"
                f" {sample_style!r}"
            )
        self.min_size = (min_size, min_size) if isinstance(min_size, int) else tuple(min_size)
        self.max_size, self.sample_style = max_size, sample_style

    def _begin(self, image: Array) -> None:
        if self.sample_style == "range":
            length = int(get_rng().integers(self.min_size[0], self.min_size[1] + 1))
        else:
            length = int(get_rng().choice(self.min_size))
        sides = image.shape[:2]
        scale = min(length / min(sides), self.max_size / max(sides))
        self._set(image, (max(1, int(sides[0] * scale + 0.5)), max(1, int(sides[1] * scale + 0.5))))


class RandomResize(Resize):
    """Scales by a factor drawn from `scale_range` for each sample.

    >>> RandomResize((0.5, 0.5)).apply(np.zeros((8, 16, 3))).shape
    (4, 8, 3)
    """

    def __init__(
        self, scale_range: Sequence[float], interpolation: str | int = "linear", *, order: _Order = None
    ) -> None:
        super().__init__(1, interpolation, order=order)
        self.scale_range = (float(scale_range[0]), float(scale_range[1]))

    def _begin(self, image: Array) -> None:
        scale = get_rng().uniform(*self.scale_range)
        self._set(image, (max(1, int(image.shape[0] * scale)), max(1, int(image.shape[1] * scale))))
