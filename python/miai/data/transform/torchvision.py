"""TorchTransformCompose: torchvision's transforms of PIL images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .base import Array
from .values import ImageOnly


class TorchTransformCompose(ImageOnly):
    """Torchvision's transforms of PIL images, applied to images (H, W, C) uint8. Needs Pillow.

    The image goes through `transforms` as a PIL image in its own order of channels and comes back as an
    array.

    >>> TorchTransformCompose([]).apply(np.zeros((2, 3, 3), np.uint8)).shape
    (2, 3, 3)
    """

    def __init__(self, transforms: Sequence[Any], *, order: Sequence[str] | None = None) -> None:
        super().__init__(order)
        self.transforms = list(transforms)

    def _apply_image(self, image: Array) -> Array:
        try:
            from PIL import Image
        except ImportError as error:
            raise ImportError(
                "TorchTransformCompose: needs Pillow; install it with `pip install pillow`"
            ) from error
        picture: Any = Image.fromarray(np.ascontiguousarray(image[..., 0] if image.shape[2] == 1 else image))
        for transform in self.transforms:
            picture = transform(picture)
        values = np.asarray(picture)
        return values[..., np.newaxis] if values.ndim == 2 else values
