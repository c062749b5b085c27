"""U-Net with batch norm and padded convolutions. Ronneberger et al., 2015.

Names and shapes of the parameters are those of github.com/milesial/Pytorch-UNet, the most used one.
"""

from __future__ import annotations

from typing import Any

from .. import functional as F
from .. import module as M
from ..tensor import Tensor


class DoubleConv(M.Module):
    """Twice: a 3x3 convolution, batch norm, relu."""

    def __init__(self, in_channels: int, channels: int, between: int | None = None) -> None:
        super().__init__()
        between = channels if between is None else between
        self.double_conv = M.Sequential(
            M.Conv2d(in_channels, between, 3, padding=1, bias=False),
            M.BatchNorm2d(between),
            M.ReLU(),
            M.Conv2d(between, channels, 3, padding=1, bias=False),
            M.BatchNorm2d(channels),
            M.ReLU(),
        )

    def forward(self, inp: Tensor) -> Tensor:
        return self.double_conv(inp)


class Down(M.Module):
    """Half the image, then a DoubleConv."""

    def __init__(self, in_channels: int, channels: int) -> None:
        super().__init__()
        self.maxpool_conv = M.Sequential(M.MaxPool2d(2), DoubleConv(in_channels, channels))

    def forward(self, inp: Tensor) -> Tensor:
        return self.maxpool_conv(inp)


class Up(M.Module):
    """Twice the image, beside what came before the image was halved, then a DoubleConv."""

    def __init__(self, in_channels: int, channels: int, bilinear: bool) -> None:
        super().__init__()
        half = in_channels // 2
        if bilinear:
            self.up: M.Module = M.Upsample(scale_factor=2, mode="bilinear", align_corners=True)
        else:
            self.up = M.ConvTranspose2d(in_channels, half, 2, stride=2)
        self.conv = DoubleConv(in_channels, channels, half if bilinear else None)

    def forward(self, inp: Tensor, skipped: Tensor) -> Tensor:
        x = self.up(inp)
        rows, columns = skipped.shape[2] - x.shape[2], skipped.shape[3] - x.shape[3]
        if rows or columns:  # the image had an odd size
            top, left = rows // 2, columns // 2
            x = F.pad(x, (0, 0, 0, 0, top, rows - top, left, columns - left))
        return self.conv(F.concat([skipped, x], axis=1))


class OutConv(M.Module):
    """A 1x1 convolution."""

    def __init__(self, in_channels: int, channels: int) -> None:
        super().__init__()
        self.conv = M.Conv2d(in_channels, channels, 1)

    def forward(self, inp: Tensor) -> Tensor:
        return self.conv(inp)


class UNet(M.Module):
    """Images (N, n_channels, H, W) to scores (N, n_classes, H, W) of each pixel; H and W at least 16.

    Args:
        n_channels: channels of the images.
        n_classes: classes of a pixel.
        bilinear: images grow by interpolation and not by transposed convolutions.
        width: channels of the first stage; each further stage has twice as many.

    >>> import miai as mi
    >>> UNet(width=4).eval()(mi.functional.ones((1, 3, 32, 48))).shape
    (1, 2, 32, 48)
    """

    def __init__(
        self, n_channels: int = 3, n_classes: int = 2, bilinear: bool = False, width: int = 64
    ) -> None:
        super().__init__()
        self.inc = DoubleConv(n_channels, width)
        self.down1 = Down(width, width * 2)
        self.down2 = Down(width * 2, width * 4)
        self.down3 = Down(width * 4, width * 8)
        part = 2 if bilinear else 1  # interpolation does not halve the channels
        self.down4 = Down(width * 8, width * 16 // part)
        self.up1 = Up(width * 16, width * 8 // part, bilinear)
        self.up2 = Up(width * 8, width * 4 // part, bilinear)
        self.up3 = Up(width * 4, width * 2 // part, bilinear)
        self.up4 = Up(width * 2, width, bilinear)
        self.outc = OutConv(width, n_classes)

    def forward(self, inp: Tensor) -> Tensor:
        x1 = self.inc(inp)
        x2 = self.down1(x1)
        x3 = self.down2(x2)
        x4 = self.down3(x3)
        x = self.up1(self.down4(x4), x4)
        return self.outc(self.up4(self.up3(self.up2(x, x3), x2), x1))


def unet(n_channels: int = 3, n_classes: int = 2, **options: Any) -> UNet:
    """U-Net of Pytorch-UNet: 31,037,698 parameters, with bilinear=True 17,263,042; `options` are UNet's."""
    return UNet(n_channels, n_classes, **options)
