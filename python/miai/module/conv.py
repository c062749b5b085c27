"""Convolutions in one and two dimensions, and the transposed one."""

from __future__ import annotations

from typing import Any

from .. import functional as F
from ..tensor import Tensor
from . import init
from ._parameters import check_one_of, check_only, check_positive, parameter, to_tuple
from .module import Module

PAD_MODES = {"zeros": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}


class _Conv(Module):
    """What convolutions of every rank share."""

    _rank = 0

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, ...],
        stride: int | tuple[int, ...] = 1,
        padding: int | tuple[int, ...] | str = 0,
        dilation: int | tuple[int, ...] = 1,
        groups: int = 1,
        bias: bool = True,
        conv_mode: str = "cross_correlation",
        compute_mode: str = "default",
        padding_mode: str = "zeros",
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        kind = type(self).__name__
        check_positive(kind, in_channels=in_channels, out_channels=out_channels, groups=groups)
        if in_channels % groups or out_channels % groups:
            raise ValueError(
                f"{kind}: argument 'groups': expected a divisor of in_channels ({in_channels}) and "
                f"out_channels ({out_channels}), got {groups}"
            )
        check_only(kind, "conv_mode", conv_mode, "cross_correlation")
        check_only(kind, "compute_mode", compute_mode, "default")
        check_one_of(kind, "padding_mode", padding_mode, tuple(PAD_MODES))
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = to_tuple(kind, "kernel_size", kernel_size, self._rank)
        self.stride = to_tuple(kind, "stride", stride, self._rank)
        self.dilation = to_tuple(kind, "dilation", dilation, self._rank)
        self.groups = groups
        self.padding_mode = padding_mode
        self.padding = padding if isinstance(padding, str) else to_tuple(kind, "padding", padding, self._rank)
        self._pad_width = self._before_and_after(kind)
        self.weight = parameter(*self._weight_shape())
        self.bias = parameter(out_channels) if bias else None
        self.reset_parameters()

    def _weight_shape(self) -> tuple[int, ...]:
        return (self.out_channels, self.in_channels // self.groups, *self.kernel_size)

    def _before_and_after(self, kind: str) -> tuple[tuple[int, int], ...]:
        """How many elements come before and after each axis."""
        if not isinstance(self.padding, str):
            return tuple((p, p) for p in self.padding)
        check_one_of(kind, "padding", self.padding, ("same", "valid"))
        if self.padding == "valid":
            return ((0, 0),) * self._rank
        if any(s != 1 for s in self.stride):
            raise ValueError(f"{kind}: argument 'padding': 'same' needs stride 1, got stride {self.stride}")
        added = (d * (k - 1) for d, k in zip(self.dilation, self.kernel_size, strict=True))
        return tuple((n // 2, n - n // 2) for n in added)

    def _padded(self, inp: Tensor) -> tuple[Tensor, tuple[int, ...]]:
        """The input, padded unless the convolution can do it, and the padding left to the convolution."""
        before, after = zip(*self._pad_width, strict=True)
        if before == after and (self.padding_mode == "zeros" or not any(before)):
            return inp, before
        width = (0,) * 2 * (inp.ndim - self._rank) + sum(self._pad_width, ())
        return F.pad(inp, width, PAD_MODES[self.padding_mode]), (0,) * self._rank

    def reset_parameters(self) -> None:
        """Draws the values to start from anew."""
        init.default_weight_bias_(self.weight, self.bias)

    def extra_repr(self) -> str:
        text = (
            f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        )
        defaults: dict[str, Any] = {
            "padding": (0,) * self._rank,
            "dilation": (1,) * self._rank,
            "groups": 1,
            "padding_mode": "zeros",
        }
        for name, default in defaults.items():
            if getattr(self, name) != default:
                text += f", {name}={getattr(self, name)!r}"
        return text if self.bias is not None else text + ", bias=False"


class Conv2d(_Conv):
    """2-d convolution (cross-correlation) of (N, in_channels, H, W).

    `weight` is (out_channels, in_channels / groups, kh, kw), `bias` (out_channels,) or None; both start
    evenly within 1 / sqrt(fan_in). kernel_size, stride, padding and dilation are an int or two, for height
    and width.

    Args:
        padding: numbers; "same", which keeps the size (of an odd number one more at the end; stride 1); or
            "valid", none.
        padding_mode: "zeros", "reflect", "replicate" (the outermost element) or "circular" (from the other
            end).

    >>> import miai as mi
    >>> Conv2d(3, 8, 3, stride=2, padding=1)(mi.functional.ones((2, 3, 8, 8))).shape
    (2, 8, 4, 4)
    """

    _rank = 2

    def forward(self, inp: Tensor) -> Tensor:
        inp, padding = self._padded(inp)
        return F.conv2d(inp, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)


class Conv1d(_Conv):
    """1-d convolution (cross-correlation) of (N, in_channels, L); see Conv2d.

    >>> import miai as mi
    >>> Conv1d(3, 8, 5, padding=2)(mi.functional.ones((2, 3, 10))).shape
    (2, 8, 10)
    """

    _rank = 1

    def forward(self, inp: Tensor) -> Tensor:
        inp, (padding,) = self._padded(inp)
        (stride,), (dilation,) = self.stride, self.dilation
        return F.conv1d(inp, self.weight, self.bias, stride, padding, dilation, self.groups)


class ConvTranspose2d(_Conv):
    """2-d transposed convolution of (N, in_channels, H, W): makes images larger. Zeiler et al., 2010.

    `weight` is (in_channels, out_channels / groups, kh, kw), as in PyTorch. The output's height is
    (H - 1) * stride - 2 * padding + dilation * (kh - 1) + output_padding + 1, and its width alike. (PyTorch
    has `groups` and `bias` before `dilation`; name them.)

    >>> import miai as mi
    >>> ConvTranspose2d(8, 3, 2, stride=2)(mi.functional.ones((2, 8, 4, 4))).shape
    (2, 3, 8, 8)
    """

    _rank = 2

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] = 1,
        padding: int | tuple[int, int] = 0,
        output_padding: int | tuple[int, int] = 0,
        dilation: int | tuple[int, int] = 1,
        groups: int = 1,
        bias: bool = True,
        conv_mode: str = "cross_correlation",
        compute_mode: str = "default",
        name: str | None = None,
    ) -> None:
        self.output_padding = to_tuple("ConvTranspose2d", "output_padding", output_padding, 2)
        super().__init__(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            groups,
            bias,
            conv_mode,
            compute_mode,
            name=name,
        )

    def _weight_shape(self) -> tuple[int, ...]:
        return (self.in_channels, self.out_channels // self.groups, *self.kernel_size)

    def forward(self, inp: Tensor) -> Tensor:
        return F.conv_transpose2d(
            inp,
            self.weight,
            self.bias,
            self.stride,
            self.padding,
            self.output_padding,
            self.dilation,
            self.groups,
        )

    def extra_repr(self) -> str:
        added = f", output_padding={self.output_padding}" if any(self.output_padding) else ""
        return super().extra_repr() + added
