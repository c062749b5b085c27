"""Transform and VisionTransform, the bases; Compose; PseudoTransform."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .._fetch import at_sample
from .._seeding import get_rng

Array = npt.NDArray[Any]


class Transform(ABC):
    """Changes samples; a subclass gives `apply`.

    Random numbers are to come from `miai.data.get_rng()`: the loader seeds it for each batch, so that results
    do not depend on workers and can be had again.

    >>> class Double(Transform):
    ...     def apply(self, input):
    ...         return input * 2
    >>> Double().apply_batch([1, 2])
    [2, 4]
    """

    def apply_batch(self, inputs: Sequence[Any]) -> Sequence[Any]:
        """The samples of a batch, each changed by `apply`."""
        return [self.apply(sample) for sample in _noted(inputs)]

    @abstractmethod
    def apply(self, input: Any) -> Any:
        """The changed sample."""


def _noted(inputs: Sequence[Any]) -> Iterator[Any]:
    for position, sample in enumerate(inputs):
        at_sample(position)
        yield sample


class PseudoTransform(Transform):
    """Changes nothing.

    >>> PseudoTransform().apply(3)
    3
    """

    def apply(self, input: Any) -> Any:
        return input


class VisionTransform(Transform):
    """Base of the transforms of images (H, W, C) and of what goes with them.

    A sample is an image or a tuple; `order` names what the tuple's fields are: "image", "mask" (H, W, C),
    "coords" (N, 2) as x, y, "boxes" (N, 4) as x1, y1, x2, y2, "keypoints" (N, K, 3), "polygons", and names
    that end in "category" or "info", which stay as they are. Fields beyond `order` stay as they are too. A
    subclass gives `_apply_image` and, where it can, `_apply_mask` and `_apply_coords`; what is drawn for a
    sample, or depends on its size, is settled in `_begin`.

    Raises:
        ValueError: `order` is not a sequence of names that this transform knows.

    >>> class Invert(VisionTransform):
    ...     def _apply_image(self, image):
    ...         return 255 - image
    >>> image, label = Invert().apply((np.zeros((1, 1, 1), np.uint8), 3))
    >>> image.item(), label
    (255, 3)
    """

    def __init__(self, order: Sequence[str] | None = None) -> None:
        names = ("image",) if order is None else order
        if isinstance(names, str) or not isinstance(names, Sequence):
            raise ValueError(
                f"{type(self).__name__}: argument 'order': expected a sequence of names, got {order!r}"
            )
        for name in names:
            if not name.endswith(("category", "info")) and not hasattr(self, f"_apply_{name}"):
                raise ValueError(f"{type(self).__name__}: argument 'order': unknown kind of data {name!r}")
        self.order: Sequence[str] = tuple(names)

    def apply(self, input: Any) -> Any:
        fields = list(input) if isinstance(input, tuple) else [input]
        names = self.order[: len(fields)]
        if "image" in names:
            image = fields[names.index("image")]
            self._check(image)
            self._begin(image)
        for place, name in enumerate(names):
            change = getattr(self, f"_apply_{name}", None)  # None: a category or info
            if change is not None:
                fields[place] = change(fields[place])
        return tuple(fields) if isinstance(input, tuple) else fields[0]

    def _check(self, image: Any) -> None:
        if not isinstance(image, np.ndarray) or image.ndim != 3:
            got = f"shape {list(image.shape)}" if hasattr(image, "shape") else type(image).__name__
            raise ValueError(f"{type(self).__name__}: expected an image (H, W, C), got {got}")

    def _begin(self, image: Array) -> None:
        """Settle what holds for all fields of a sample with this image."""

    def _apply_image(self, image: Array) -> Any:
        raise NotImplementedError(f"{type(self).__name__}: cannot change images")

    def _apply_mask(self, mask: Array) -> Any:
        raise NotImplementedError(f"{type(self).__name__}: cannot change masks")

    def _apply_coords(self, coords: Array) -> Any:
        raise NotImplementedError(f"{type(self).__name__}: cannot change coordinates")

    def _apply_boxes(self, boxes: Array) -> Any:
        corners = np.asarray(boxes).reshape(-1, 4)[:, [0, 1, 2, 1, 0, 3, 2, 3]].reshape(-1, 2)
        moved = np.asarray(self._apply_coords(corners)).reshape(-1, 4, 2)
        return np.concatenate([moved.min(axis=1), moved.max(axis=1)], axis=1)

    def _apply_keypoints(self, keypoints: Array) -> Any:
        points = np.asarray(keypoints)
        moved = np.asarray(self._apply_coords(points[..., :2].reshape(-1, 2)))
        return np.concatenate([moved.reshape(*points.shape[:-1], 2), points[..., 2:]], axis=-1)

    def _apply_polygons(self, polygons: Sequence[Sequence[Array]]) -> Any:
        return [[self._apply_coords(np.asarray(part)) for part in instance] for instance in polygons]


class Compose(VisionTransform):
    """Several transforms, one after the other.

    Args:
        transforms: the transforms; the vision ones among them take on this one's `order`.
        batch_compose: give each transform the whole batch instead of sample after sample.
        shuffle_indices: groups of transforms (counted from 1) that change places at random for each sample.
        order: as in VisionTransform.

    >>> from miai.data.transform import Compose, Normalize, ToMode
    >>> compose = Compose([Normalize(0, 255), ToMode("CHW")])
    >>> compose.apply(np.full((2, 4, 3), 255, np.uint8)).shape
    (3, 2, 4)
    """

    def __init__(
        self,
        transforms: Sequence[Transform] = (),
        batch_compose: bool = False,
        shuffle_indices: Sequence[Sequence[int]] | None = None,
        *,
        order: Sequence[str] | None = None,
    ) -> None:
        super().__init__(order)
        if batch_compose and shuffle_indices is not None:
            raise ValueError("Compose: argument 'shuffle_indices': does not go with batch_compose=True")
        self.transforms = list(transforms)
        self.batch_compose = batch_compose
        self.shuffle_indices = [[i - 1 for i in group] for group in shuffle_indices or ()]
        self._hand_down()

    def _hand_down(self) -> None:
        for transform in self.transforms:
            if isinstance(transform, VisionTransform):
                transform.order = self.order
            if isinstance(transform, Compose):
                transform._hand_down()

    def apply_batch(self, inputs: Sequence[Any]) -> Sequence[Any]:
        if not self.batch_compose:
            return super().apply_batch(inputs)
        for transform in self.transforms:
            inputs = transform.apply_batch(inputs)
        return inputs

    def apply(self, input: Any) -> Any:
        places = list(range(len(self.transforms)))
        for group in self.shuffle_indices:
            for place, source in zip(group, get_rng().permutation(group), strict=True):
                places[place] = int(source)
        for place in places:
            input = self.transforms[place].apply(input)
        return input
