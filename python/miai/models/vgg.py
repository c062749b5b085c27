"""VGG, with torchvision's parameter names and shapes. Simonyan and Zisserman, 2015."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import functional as F
from .. import module as M
from ..tensor import Tensor

# Channels of the 3x3 convolutions; None halves the image.
_LAYERS: dict[int, tuple[int | None, ...]] = {
    11: (64, None, 128, None, 256, 256, None, 512, 512, None, 512, 512, None),
    13: (64, 64, None, 128, 128, None, 256, 256, None, 512, 512, None, 512, 512, None),
    16: (64, 64, None, 128, 128, None, *(256,) * 3, None, *(512,) * 3, None, *(512,) * 3, None),
    19: (64, 64, None, 128, 128, None, *(256,) * 4, None, *(512,) * 4, None, *(512,) * 4, None),
}


def _features(layers: Sequence[int | None], batch_norm: bool) -> tuple[M.Sequential, int]:
    """The convolutions, and the channels that they give."""
    modules: list[M.Module] = []
    channels = 3
    for width in layers:
        if width is None:
            modules.append(M.MaxPool2d(2))
            continue
        modules.append(M.Conv2d(channels, width, 3, padding=1))
        if batch_norm:
            modules.append(M.BatchNorm2d(width))
        modules.append(M.ReLU())
        channels = width
    return M.Sequential(*modules), channels


class VGG(M.Module):
    """Images (N, 3, H, W), usually 224 x 224, to class scores (N, num_classes).

    Args:
        layers: channels of the 3x3 convolutions in order; None halves the image.
        batch_norm: whether each convolution is followed by one.
        dropout: share of the hidden features dropped, in training.
        hidden: features of the two hidden dense layers.

    >>> import miai as mi
    >>> net = VGG((8, None, 16, None), num_classes=10, hidden=32).eval()
    >>> net(mi.functional.ones((2, 3, 32, 32))).shape
    (2, 10)
    """

    def __init__(
        self,
        layers: Sequence[int | None],
        num_classes: int = 1000,
        batch_norm: bool = False,
        dropout: float = 0.5,
        hidden: int = 4096,
    ) -> None:
        super().__init__()
        self.features, channels = _features(layers, batch_norm)
        self.avgpool = M.AdaptiveAvgPool2d(7)
        self.classifier = M.Sequential(
            M.Linear(channels * 7 * 7, hidden),
            M.ReLU(),
            M.Dropout(dropout),
            M.Linear(hidden, hidden),
            M.ReLU(),
            M.Dropout(dropout),
            M.Linear(hidden, num_classes),
        )
        self._reset()

    def _reset(self) -> None:
        for module in self.modules():
            if isinstance(module, M.Conv2d):
                M.init.msra_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            elif isinstance(module, M.Linear):
                M.init.normal_(module.weight, 0.0, 0.01)
            if isinstance(module, (M.Conv2d, M.Linear)) and module.bias is not None:
                M.init.zeros_(module.bias)

    def forward(self, inp: Tensor) -> Tensor:
        return self.classifier(F.flatten(self.avgpool(self.features(inp)), 1))


def vgg11(num_classes: int = 1000, **options: Any) -> VGG:
    """VGG-11: 132,863,336 parameters; `options` are VGG's."""
    return VGG(_LAYERS[11], num_classes, **options)


def vgg13(num_classes: int = 1000, **options: Any) -> VGG:
    """VGG-13: 133,047,848 parameters; `options` are VGG's."""
    return VGG(_LAYERS[13], num_classes, **options)


def vgg16(num_classes: int = 1000, **options: Any) -> VGG:
    """VGG-16: 138,357,544 parameters; `options` are VGG's."""
    return VGG(_LAYERS[16], num_classes, **options)


def vgg19(num_classes: int = 1000, **options: Any) -> VGG:
    """VGG-19: 143,667,240 parameters; `options` are VGG's."""
    return VGG(_LAYERS[19], num_classes, **options)


def vgg11_bn(num_classes: int = 1000, **options: Any) -> VGG:
    """VGG-11 with batch norm: 132,868,840 parameters; `options` are VGG's."""
    return VGG(_LAYERS[11], num_classes, batch_norm=True, **options)


def vgg13_bn(num_classes: int = 1000, **options: Any) -> VGG:
    """VGG-13 with batch norm: 133,053,736 parameters; `options` are VGG's."""
    return VGG(_LAYERS[13], num_classes, batch_norm=True, **options)


def vgg16_bn(num_classes: int = 1000, **options: Any) -> VGG:
    """VGG-16 with batch norm: 138,365,992 parameters; `options` are VGG's."""
    return VGG(_LAYERS[16], num_classes, batch_norm=True, **options)


def vgg19_bn(num_classes: int = 1000, **options: Any) -> VGG:
    """VGG-19 with batch norm: 143,678,248 parameters; `options` are VGG's."""
    return VGG(_LAYERS[19], num_classes, batch_norm=True, **options)
