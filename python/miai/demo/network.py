"""The demo's network: a small residual CNN."""

from __future__ import annotations

from .. import functional as F  # noqa: N812
from .. import module as M  # noqa: N812
from ..tensor import Tensor


class Block(M.Module):
    """Two 3x3 convolutions with batch norm, added to a shortcut (He et al., 2016)."""

    def __init__(self, in_channels: int, channels: int, stride: int) -> None:
        super().__init__()
        self.conv1 = M.Conv2d(in_channels, channels, 3, stride=stride, padding=1, bias=False)
        self.bn1 = M.BatchNorm2d(channels)
        self.conv2 = M.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = M.BatchNorm2d(channels)
        if stride == 1 and in_channels == channels:
            self.shortcut: M.Module = M.Identity()
        else:
            self.shortcut = M.Sequential(
                M.Conv2d(in_channels, channels, 1, stride=stride, bias=False), M.BatchNorm2d(channels)
            )

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(y)) + self.shortcut(x))


class ResidualNet(M.Module):
    """Images (N, 1, H, W) to class scores (N, classes)."""

    def __init__(self, classes: int = 10, widths: tuple[int, ...] = (16, 32, 64)) -> None:
        super().__init__()
        self.conv = M.Conv2d(1, widths[0], 3, padding=1, bias=False)
        self.bn = M.BatchNorm2d(widths[0])
        blocks: list[M.Module] = []
        channels = widths[0]
        for i, width in enumerate(widths):
            blocks.append(Block(channels, width, stride=1 if i == 0 else 2))
            channels = width
        self.blocks = M.Sequential(*blocks)
        self.fc = M.Linear(channels, classes)

    def forward(self, x: Tensor) -> Tensor:
        y = self.blocks(F.relu(self.bn(self.conv(x))))
        return self.fc(F.mean(y, axis=(2, 3)))
