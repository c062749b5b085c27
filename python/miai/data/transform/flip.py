"""Transforms that turn an image over."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .._seeding import get_rng
from .base import Array, VisionTransform

_Order = Sequence[str] | None


class _Flip(VisionTransform):
    """Turns the sample over along `axis` with the chance `prob`."""

    axis: int

    def __init__(self, prob: float = 0.5, *, order: _Order = None) -> None:
        super().__init__(order)
        if not 0 <= prob <= 1:
            raise ValueError(
                f"{type(self).__name__}: argument 'prob': expected a number from 0 to 1, got {prob!r}"
            )
        self.prob = prob

    def _begin(self, image: Array) -> None:
        self._turn = get_rng().random() < self.prob
        self._length = image.shape[self.axis]

    def _apply_image(self, image: Array) -> Array:
        return np.flip(image, self.axis) if self._turn else image

    def _apply_mask(self, mask: Array) -> Array:
        return self._apply_image(mask)

    def _apply_coords(self, coords: Array) -> Array:
        if not self._turn:
            return coords
        moved = np.array(coords)
        moved[:, 1 - self.axis] = self._length - moved[:, 1 - self.axis]
        return moved


class RandomHorizontalFlip(_Flip):
    """Swaps left and right with the chance `prob`.

    >>> RandomHorizontalFlip(1.0).apply(np.arange(3).reshape(1, 3, 1)).ravel()
    array([2, 1, 0])
    """

    axis = 1


class RandomVerticalFlip(_Flip):
    """Swaps top and bottom with the chance `prob`.

    >>> RandomVerticalFlip(1.0).apply(np.arange(3).reshape(3, 1, 1)).ravel()
    array([2, 1, 0])
    """

    axis = 0
