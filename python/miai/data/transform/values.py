"""Transforms that make of an image what a network takes: layout and normalisation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .base import Array, VisionTransform

_Order = Sequence[str] | None


class ImageOnly(VisionTransform):
    """A transform that leaves masks and coordinates as they are."""

    def _apply_mask(self, mask: Array) -> Array:
        return mask

    def _apply_coords(self, coords: Array) -> Array:
        return coords


class ToMode(ImageOnly):
    """Changes the layout from HWC to CHW, of image and mask.

    >>> ToMode("CHW").apply(np.zeros((4, 5, 3))).shape
    (3, 4, 5)
    """

    def __init__(self, mode: str = "CHW", *, order: _Order = None) -> None:
        super().__init__(order)
        if mode != "CHW":
            raise ValueError(f"ToMode: argument 'mode': expected 'CHW', got {mode!r}")
        self.mode = mode

    def _apply_image(self, image: Array) -> Array:
        return np.ascontiguousarray(image.transpose(2, 0, 1))

    def _apply_mask(self, mask: Array) -> Array:
        return self._apply_image(mask)


class Normalize(ImageOnly):
    """(image - mean) / std as float32; `mean` and `std` are numbers, or one for each channel.

    >>> Normalize(mean=100, std=50).apply(np.full((1, 1, 1), 150, np.uint8)).item()
    1.0
    """

    def __init__(
        self, mean: float | Sequence[float] = 0.0, std: float | Sequence[float] = 1.0, *, order: _Order = None
    ) -> None:
        super().__init__(order)
        self.mean, self.std = np.asarray(mean, np.float32), np.asarray(std, np.float32)
        for name, value in (("mean", self.mean), ("std", self.std)):
            if value.ndim > 1 or not np.isfinite(value).all() or (name == "std" and (value == 0).any()):
                raise ValueError(
                    f"Normalize: argument '{name}': expected one finite number or one a channel, got {value}"
                )

    def _apply_image(self, image: Array) -> Array:
        channels = image.shape[2]
        if self.mean.size not in (1, channels) or self.std.size not in (1, channels):
            raise ValueError(
                f"Normalize: expected an image with as many channels as 'mean' ({self.mean.size}) and 'std'"
                f" ({self.std.size}), got {channels}"
            )
        values = image.astype(np.float32)
        values -= self.mean
        values /= self.std
        return values
