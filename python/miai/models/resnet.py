"""ResNet, ResNeXt and Wide ResNet, with torchvision's parameter names and shapes.

He et al., 2016; Xie et al., 2017; Zagoruyko and Komodakis, 2016. The bottleneck's stride stands in its 3x3
convolution ("v1.5"), as in torchvision.
"""

from __future__ import annotations

from typing import Any

from .. import functional as F
from .. import module as M
from ..tensor import Tensor


def _conv3x3(in_channels: int, channels: int, stride: int = 1, groups: int = 1) -> M.Conv2d:
    return M.Conv2d(in_channels, channels, 3, stride, padding=1, groups=groups, bias=False)


def _conv1x1(in_channels: int, channels: int, stride: int = 1) -> M.Conv2d:
    return M.Conv2d(in_channels, channels, 1, stride, bias=False)


class BasicBlock(M.Module):
    """Two 3x3 convolutions added to a shortcut."""

    expansion = 1

    def __init__(
        self, in_channels: int, planes: int, stride: int, downsample: M.Module | None, groups: int, width: int
    ) -> None:
        super().__init__()
        if groups != 1 or width != planes:
            raise ValueError(
                "BasicBlock: expected groups=1 and width_per_group=64; use Bottleneck for others"
            )
        self.conv1 = _conv3x3(in_channels, planes, stride)
        self.bn1 = M.BatchNorm2d(planes)
        self.relu = M.ReLU()
        self.conv2 = _conv3x3(planes, planes)
        self.bn2 = M.BatchNorm2d(planes)
        self.downsample = downsample

    def forward(self, inp: Tensor) -> Tensor:
        x = self.relu(self.bn1(self.conv1(inp)))
        x = self.bn2(self.conv2(x))
        return self.relu(x + (inp if self.downsample is None else self.downsample(inp)))


class Bottleneck(M.Module):
    """A 1x1 convolution to `width` channels, a 3x3 and a 1x1 to 4 * planes, added to a shortcut."""

    expansion = 4

    def __init__(
        self, in_channels: int, planes: int, stride: int, downsample: M.Module | None, groups: int, width: int
    ) -> None:
        super().__init__()
        self.conv1 = _conv1x1(in_channels, width)
        self.bn1 = M.BatchNorm2d(width)
        self.conv2 = _conv3x3(width, width, stride, groups)
        self.bn2 = M.BatchNorm2d(width)
        self.conv3 = _conv1x1(width, planes * self.expansion)
        self.bn3 = M.BatchNorm2d(planes * self.expansion)
        self.relu = M.ReLU()
        self.downsample = downsample

    def forward(self, inp: Tensor) -> Tensor:
        x = self.relu(self.bn1(self.conv1(inp)))
        x = self.relu(self.bn2(self.conv2(x)))
        x = self.bn3(self.conv3(x))
        return self.relu(x + (inp if self.downsample is None else self.downsample(inp)))


class ResNet(M.Module):
    """Images (N, 3, H, W), usually 224 x 224, to class scores (N, num_classes).

    Args:
        block: BasicBlock or Bottleneck.
        layers: blocks in each of the four stages.
        zero_init_residual: each block starts as its shortcut: the weight of its last batch norm as 0.
        groups, width_per_group: of the 3x3 convolutions of a Bottleneck.

    >>> import miai as mi
    >>> net = ResNet(BasicBlock, (1, 1, 1, 1), num_classes=10).eval()
    >>> images = mi.functional.ones((2, 3, 32, 32))
    >>> net(images).shape, net.extract_features(images).shape
    ((2, 10), (2, 512))
    """

    def __init__(
        self,
        block: type[BasicBlock] | type[Bottleneck],
        layers: tuple[int, int, int, int],
        num_classes: int = 1000,
        zero_init_residual: bool = False,
        groups: int = 1,
        width_per_group: int = 64,
    ) -> None:
        super().__init__()
        self.groups = groups
        self.width_per_group = width_per_group
        self.conv1 = M.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = M.BatchNorm2d(64)
        self.relu = M.ReLU()
        self.maxpool = M.MaxPool2d(3, stride=2, padding=1)
        self.layer1 = self._stage(block, 64, 64, layers[0], stride=1)
        self.layer2 = self._stage(block, 64 * block.expansion, 128, layers[1], stride=2)
        self.layer3 = self._stage(block, 128 * block.expansion, 256, layers[2], stride=2)
        self.layer4 = self._stage(block, 256 * block.expansion, 512, layers[3], stride=2)
        self.avgpool = M.AdaptiveAvgPool2d(1)
        self.fc = M.Linear(512 * block.expansion, num_classes)
        self._reset(zero_init_residual)

    def _stage(
        self,
        block: type[BasicBlock] | type[Bottleneck],
        in_channels: int,
        planes: int,
        count: int,
        stride: int,
    ) -> M.Sequential:
        channels = planes * block.expansion
        width = planes * self.width_per_group // 64 * self.groups
        downsample = None
        if stride != 1 or in_channels != channels:
            downsample = M.Sequential(_conv1x1(in_channels, channels, stride), M.BatchNorm2d(channels))
        blocks = [block(in_channels, planes, stride, downsample, self.groups, width)]
        blocks += [block(channels, planes, 1, None, self.groups, width) for _ in range(1, count)]
        return M.Sequential(*blocks)

    def _reset(self, zero_init_residual: bool) -> None:
        for module in self.modules():
            if isinstance(module, M.Conv2d):
                M.init.msra_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            elif zero_init_residual and isinstance(module, (BasicBlock, Bottleneck)):
                last = module.bn3 if isinstance(module, Bottleneck) else module.bn2
                if last.weight is not None:
                    M.init.zeros_(last.weight)

    def extract_features(self, inp: Tensor) -> Tensor:
        """What the last layer reads: (N, 512) of basic blocks, (N, 2048) of bottlenecks."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(inp))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return F.flatten(self.avgpool(x), 1)

    def forward(self, inp: Tensor) -> Tensor:
        return self.fc(self.extract_features(inp))


def resnet18(num_classes: int = 1000, **options: Any) -> ResNet:
    """ResNet-18: 11,689,512 parameters; `options` are ResNet's.

    >>> net = resnet18(num_classes=10)
    >>> [name for name, _ in net.named_parameters()][:4]
    ['conv1.weight', 'bn1.weight', 'bn1.bias', 'layer1.0.conv1.weight']
    """
    return ResNet(BasicBlock, (2, 2, 2, 2), num_classes, **options)


def resnet34(num_classes: int = 1000, **options: Any) -> ResNet:
    """ResNet-34: 21,797,672 parameters; `options` are ResNet's."""
    return ResNet(BasicBlock, (3, 4, 6, 3), num_classes, **options)


def resnet50(num_classes: int = 1000, **options: Any) -> ResNet:
    """ResNet-50: 25,557,032 parameters; `options` are ResNet's."""
    return ResNet(Bottleneck, (3, 4, 6, 3), num_classes, **options)


def resnet101(num_classes: int = 1000, **options: Any) -> ResNet:
    """ResNet-101: 44,549,160 parameters; `options` are ResNet's."""
    return ResNet(Bottleneck, (3, 4, 23, 3), num_classes, **options)


def resnet152(num_classes: int = 1000, **options: Any) -> ResNet:
    """ResNet-152: 60,192,808 parameters; `options` are ResNet's."""
    return ResNet(Bottleneck, (3, 8, 36, 3), num_classes, **options)


def resnext50_32x4d(num_classes: int = 1000, **options: Any) -> ResNet:
    """ResNeXt-50 with 32 groups of 4 channels: 25,028,904 parameters; `options` are ResNet's."""
    return ResNet(Bottleneck, (3, 4, 6, 3), num_classes, groups=32, width_per_group=4, **options)


def wide_resnet50_2(num_classes: int = 1000, **options: Any) -> ResNet:
    """ResNet-50, twice as wide inside of its blocks: 68,883,240 parameters; `options` are ResNet's."""
    return ResNet(Bottleneck, (3, 4, 6, 3), num_classes, width_per_group=128, **options)
