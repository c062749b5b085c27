"""MobileNetV2, with torchvision's parameter names and shapes. Sandler et al., 2018."""

from __future__ import annotations

from typing import Any

from .. import functional as F
from .. import module as M
from ..tensor import Tensor

# Expansion, channels, blocks, stride of the first block.
_STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)


def _rounded(channels: float, divisor: int = 8) -> int:
    """The nearest multiple of the divisor, but not less than nine tenths of the number.

    >>> _rounded(24 * 0.75), _rounded(10)
    (24, 16)
    """
    nearest = max(divisor, int(channels + divisor / 2) // divisor * divisor)
    return nearest + divisor if nearest < 0.9 * channels else nearest


def _conv_bn_relu6(
    in_channels: int, channels: int, kernel_size: int, stride: int = 1, groups: int = 1
) -> M.Sequential:
    padding = (kernel_size - 1) // 2
    conv = M.Conv2d(in_channels, channels, kernel_size, stride, padding, groups=groups, bias=False)
    return M.Sequential(conv, M.BatchNorm2d(channels), M.ReLU6())


class InvertedResidual(M.Module):
    """A 1x1 convolution to `expansion` times the channels, a depthwise 3x3 and a 1x1 without activation,
    added to the input where shapes allow."""

    def __init__(self, in_channels: int, channels: int, stride: int, expansion: int) -> None:
        super().__init__()
        hidden = in_channels * expansion
        layers: list[M.Module] = []
        if expansion != 1:
            layers.append(_conv_bn_relu6(in_channels, hidden, 1))
        layers += [
            _conv_bn_relu6(hidden, hidden, 3, stride, groups=hidden),
            M.Conv2d(hidden, channels, 1, bias=False),
            M.BatchNorm2d(channels),
        ]
        self.conv = M.Sequential(*layers)
        self.adds_input = stride == 1 and in_channels == channels

    def forward(self, inp: Tensor) -> Tensor:
        x = self.conv(inp)
        return inp + x if self.adds_input else x


class MobileNetV2(M.Module):
    """Images (N, 3, H, W), usually 224 x 224, to class scores (N, num_classes).

    Args:
        width_mult: what every number of channels is multiplied by (and rounded to a multiple of 8).
        dropout: share of the features dropped before the last layer, in training.

    >>> import miai as mi
    >>> net = MobileNetV2(num_classes=10, width_mult=0.25).eval()
    >>> net(mi.functional.ones((2, 3, 32, 32))).shape
    (2, 10)
    """

    def __init__(self, num_classes: int = 1000, width_mult: float = 1.0, dropout: float = 0.2) -> None:
        super().__init__()
        channels = _rounded(32 * width_mult)
        layers: list[M.Module] = [_conv_bn_relu6(3, channels, 3, stride=2)]
        for expansion, stage_channels, blocks, stride in _STAGES:
            for i in range(blocks):
                out = _rounded(stage_channels * width_mult)
                layers.append(InvertedResidual(channels, out, stride if i == 0 else 1, expansion))
                channels = out
        last = _rounded(1280 * max(1.0, width_mult))
        self.features = M.Sequential(*layers, _conv_bn_relu6(channels, last, 1))
        self.classifier = M.Sequential(M.Dropout(dropout), M.Linear(last, num_classes))
        self._reset()

    def _reset(self) -> None:
        for module in self.modules():
            if isinstance(module, M.Conv2d):
                M.init.msra_normal_(module.weight, mode="fan_out")
            elif isinstance(module, M.Linear):
                M.init.normal_(module.weight, 0.0, 0.01)
                if module.bias is not None:
                    M.init.zeros_(module.bias)

    def extract_features(self, inp: Tensor) -> Tensor:
        """What the last layer reads: (N, 1280)."""
        return F.mean(self.features(inp), axis=(2, 3))

    def forward(self, inp: Tensor) -> Tensor:
        return self.classifier(self.extract_features(inp))


def mobilenet_v2(num_classes: int = 1000, **options: Any) -> MobileNetV2:
    """MobileNetV2: 3,504,872 parameters; `options` are MobileNetV2's."""
    return MobileNetV2(num_classes, **options)
