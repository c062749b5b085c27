"""Pooling: each window of an image made one number."""

from __future__ import annotations

from typing import TypeAlias

from .. import functional as F
from ..tensor import Tensor
from .module import Module

Size: TypeAlias = int | tuple[int, int]


class MaxPool2d(Module):
    """Maximum of each window of (N, C, H, W). `stride` is the window's size if None.

    >>> import miai as mi
    >>> MaxPool2d(2)(mi.functional.ones((1, 3, 8, 8))).shape
    (1, 3, 4, 4)
    """

    def __init__(
        self, kernel_size: Size, stride: Size | None = None, padding: Size = 0, name: str | None = None
    ) -> None:
        super().__init__(name)
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding

    def forward(self, inp: Tensor) -> Tensor:
        return F.max_pool2d(inp, self.kernel_size, self.stride, self.padding)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool2d(Module):
    """Mean of each window of (N, C, H, W). `stride` is the window's size if None.

    Args:
        mode: "average_count_exclude_padding" divides by the number of real elements, as MegEngine does by
        default;
            "average" counts the padding too, as PyTorch does by default.

    >>> import miai as mi
    >>> AvgPool2d(2)(mi.functional.ones((1, 3, 8, 8))).shape
    (1, 3, 4, 4)
    """

    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Size = 0,
        mode: str = "average_count_exclude_padding",
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.mode = mode

    def forward(self, inp: Tensor) -> Tensor:
        return F.avg_pool2d(inp, self.kernel_size, self.stride, self.padding, self.mode)

    def extra_repr(self) -> str:
        window = f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"
        return f"{window}, mode={self.mode!r}"


class _AdaptivePool2d(Module):
    def __init__(self, oshp: Size, name: str | None = None) -> None:
        super().__init__(name)
        self.oshp = oshp

    def extra_repr(self) -> str:
        return f"oshp={self.oshp}"


class AdaptiveAvgPool2d(_AdaptivePool2d):
    """Mean of windows chosen so that the output of (N, C, H, W) is (N, C, *oshp); an int stands for both.

    >>> import miai as mi
    >>> AdaptiveAvgPool2d(1)(mi.functional.ones((1, 3, 8, 8))).shape
    (1, 3, 1, 1)
    """

    def forward(self, inp: Tensor) -> Tensor:
        return F.adaptive_avg_pool2d(inp, self.oshp)


class AdaptiveMaxPool2d(_AdaptivePool2d):
    """Maximum of windows chosen so that the output of (N, C, H, W) is (N, C, *oshp); an int stands for both.

    >>> import miai as mi
    >>> AdaptiveMaxPool2d((2, 4))(mi.functional.ones((1, 3, 8, 8))).shape
    (1, 3, 2, 4)
    """

    def forward(self, inp: Tensor) -> Tensor:
        return F.adaptive_max_pool2d(inp, self.oshp)
