"""Transforms that change colours at random: brightness, contrast, saturation, hue, noise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .._seeding import get_rng
from . import _image
from .base import Array, Compose
from .values import ImageOnly

_Order = Sequence[str] | None


class GaussianNoise(ImageOnly):
    """Adds normally distributed noise.

    >>> GaussianNoise(std=0.0, mean=2.0).apply(np.zeros((1, 1, 1))).item()
    2.0
    """

    def __init__(self, mean: float = 0.0, std: float = 1.0, *, order: _Order = None) -> None:
        super().__init__(order)
        self.mean, self.std = mean, std

    def _apply_image(self, image: Array) -> Array:
        noise = get_rng().normal(self.mean, self.std, image.shape)
        return _image.restored(image + noise, image.dtype)


class _Strength(ImageOnly):
    """A change whose factor is drawn from [max(0, 1 - value), 1 + value] for each sample."""

    def __init__(self, value: float = 0.0, *, order: _Order = None) -> None:
        super().__init__(order)
        if value < 0:
            raise ValueError(
                f"{type(self).__name__}: argument 'value': expected a number >= 0, got {value!r}"
            )
        self.value = value

    def _begin(self, image: Array) -> None:
        self._factor = np.float32(get_rng().uniform(max(0.0, 1 - self.value), 1 + self.value))

    def _blend(self, image: Array, other: Any) -> Array:
        """Away from `other` by the factor."""
        return _image.restored(image * self._factor + other * (1 - self._factor), image.dtype)


class BrightnessTransform(_Strength):
    """Multiplies the image by a factor drawn from [1 - value, 1 + value].

    >>> BrightnessTransform(0).apply(np.full((1, 1, 3), 9, np.uint8)).ravel()
    array([9, 9, 9], dtype=uint8)
    """

    def _apply_image(self, image: Array) -> Array:
        return self._blend(image, np.float32(0)) if self.value else image


class ContrastTransform(_Strength):
    """Moves values away from (or towards) the image's mean luminance, by a factor drawn from [1 - value, 1 +
    value].

    >>> ContrastTransform(0.5).apply(np.full((2, 2, 3), 9, np.uint8)).max().item()
    9
    """

    def _apply_image(self, image: Array) -> Array:
        return self._blend(image, _image.gray(image).mean()) if self.value else image


class SaturationTransform(_Strength):
    """Moves colours away from (or towards) gray, by a factor drawn from [1 - value, 1 + value].

    >>> SaturationTransform(0.5).apply(np.full((2, 2, 3), 9, np.uint8)).max().item()
    9
    """

    def _apply_image(self, image: Array) -> Array:
        return self._blend(image, _image.gray(image)) if self.value else image


class HueTransform(ImageOnly):
    """Turns the colours of an RGB image by an angle drawn from [-value, value] of a full circle (in YIQ
    space).

    >>> HueTransform(0.5).apply(np.full((1, 1, 3), 9, np.uint8)).ravel()
    array([9, 9, 9], dtype=uint8)
    """

    _YIQ = np.array(
        [[0.299, 0.587, 0.114], [0.595716, -0.274453, -0.321263], [0.211456, -0.522591, 0.311135]]
    )

    def __init__(self, value: float = 0.0, *, order: _Order = None) -> None:
        super().__init__(order)
        if not 0 <= value <= 0.5:
            raise ValueError(
                f"HueTransform: argument 'value': expected a number from 0 to 0.5, got {value!r}"
            )
        self.value = value

    def _apply_image(self, image: Array) -> Array:
        if not self.value or image.shape[2] != 3:
            return image
        angle = 2 * np.pi * get_rng().uniform(-self.value, self.value)
        cos, sin = np.cos(angle), np.sin(angle)
        turn = np.linalg.inv(self._YIQ) @ np.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]]) @ self._YIQ
        return _image.restored(image.astype(np.float32) @ turn.T.astype(np.float32), image.dtype)


class ColorJitter(Compose):
    """Brightness, contrast, saturation and hue changed at random, in random order.

    >>> ColorJitter(0.4, 0.4, 0.4, 0.1).apply(np.zeros((2, 2, 3), np.uint8)).shape
    (2, 2, 3)
    """

    def __init__(
        self,
        brightness: float = 0,
        contrast: float = 0,
        saturation: float = 0,
        hue: float = 0,
        *,
        order: _Order = None,
    ) -> None:
        changes = [
            change(value)
            for change, value in (
                (BrightnessTransform, brightness),
                (ContrastTransform, contrast),
                (SaturationTransform, saturation),
                (HueTransform, hue),
            )
            if value
        ]
        super().__init__(changes, shuffle_indices=[tuple(range(1, len(changes) + 1))], order=order)


class Lighting(ImageOnly):
    """Adds to each colour of an RGB image noise along the principal components of ImageNet's colours.

    Source: A. Krizhevsky et al., ImageNet Classification with Deep Convolutional Neural Networks, section
    4.1.

    >>> Lighting(0).apply(np.ones((1, 1, 3))).ravel()
    array([1., 1., 1.])
    """

    _VALUES = np.array([0.2175, 0.0188, 0.0045]) * 255
    _VECTORS = np.array(
        [[-0.5675, 0.7192, 0.4009], [-0.5808, -0.0045, -0.8140], [-0.5836, -0.6948, 0.4203]],
    )

    def __init__(self, scale: float, *, order: _Order = None) -> None:
        super().__init__(order)
        if scale < 0:
            raise ValueError(f"Lighting: argument 'scale': expected a number >= 0, got {scale!r}")
        self.scale = scale

    def _apply_image(self, image: Array) -> Array:
        shift = self._VECTORS @ (get_rng().normal(0, 1, 3) * self.scale * self._VALUES)
        return _image.restored(image + shift, image.dtype)
