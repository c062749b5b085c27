"""Normalisation of each sample by its own statistics."""

from __future__ import annotations

from collections.abc import Sequence

from .. import _core
from .. import functional as F
from ..tensor import Parameter, Tensor
from . import init
from ._parameters import check_only, check_positive, parameter
from .module import Module

_layer_norm = _core.op("layer_norm")


def _fill(weight: Parameter | None, bias: Parameter | None) -> None:
    """Weight 1, bias 0."""
    if weight is not None:
        init.ones_(weight)
    if bias is not None:
        init.zeros_(bias)


def _shape(module: str, normalized_shape: int | Sequence[int]) -> tuple[int, ...]:
    shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
    if not shape:
        raise ValueError(f"{module}: argument 'normalized_shape': expected at least one size, got ()")
    for size in shape:
        check_positive(module, normalized_shape=size)
    return shape


class LayerNorm(Module):
    """Normalises each sample over its last axes, then scales by `weight` and adds `bias`. Ba et al., 2016.

    `normalized_shape` is the sizes of those axes, an int for the last one alone; so are the shapes of weight
    and bias. Without `bias` there is a weight alone.

    >>> import miai as mi
    >>> LayerNorm(8)(mi.functional.ones((2, 5, 8))).shape
    (2, 5, 8)
    """

    keeps_float32 = True

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        affine: bool = True,
        bias: bool = True,
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        self.normalized_shape = _shape("LayerNorm", normalized_shape)
        self.eps = eps
        self.affine = affine
        self.weight: Parameter | None = parameter(*self.normalized_shape) if affine else None
        self.bias: Parameter | None = parameter(*self.normalized_shape) if affine and bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Weight 1, bias 0."""
        _fill(self.weight, self.bias)

    def forward(self, inp: Tensor) -> Tensor:
        return _layer_norm(inp, self.weight, self.bias, normalized_shape=self.normalized_shape, eps=self.eps)

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}, affine={self.affine}"


class RMSNorm(Module):
    """Divides each sample by its root mean square over its last axes, then scales by `weight`. Zhang and
    Sennrich, 2019.

    `normalized_shape` is the sizes of those axes, an int for the last one alone, and the shape of weight;
    `eps` is the smallest step from 1 of the input's dtype if None.

    >>> import miai as mi
    >>> RMSNorm(8)(mi.functional.ones((2, 5, 8))).shape
    (2, 5, 8)
    """

    keeps_float32 = True

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float | None = None,
        affine: bool = True,
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        self.normalized_shape = _shape("RMSNorm", normalized_shape)
        self.eps = eps
        self.affine = affine
        self.weight: Parameter | None = parameter(*self.normalized_shape) if affine else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Weight 1."""
        _fill(self.weight, None)

    def forward(self, inp: Tensor) -> Tensor:
        return F.rms_norm(inp, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}, affine={self.affine}"


class GroupNorm(Module):
    """Normalises each sample's groups of channels, then scales each channel by `weight` and adds `bias`, both
    (C,). Wu and He, 2018.

    >>> import miai as mi
    >>> GroupNorm(2, 6)(mi.functional.ones((3, 6, 4, 4))).shape
    (3, 6, 4, 4)
    """

    keeps_float32 = True

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        check_positive("GroupNorm", num_groups=num_groups, num_channels=num_channels)
        if num_channels % num_groups:
            raise ValueError(
                f"GroupNorm: argument 'num_groups': expected a divisor of num_channels ({num_channels}), "
                f"got {num_groups}"
            )
        self.num_groups = num_groups
        self.num_channels = num_channels
        self.eps = eps
        self.affine = affine
        self.weight: Parameter | None = parameter(num_channels) if affine else None
        self.bias: Parameter | None = parameter(num_channels) if affine else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Weight 1, bias 0."""
        _fill(self.weight, self.bias)

    def forward(self, inp: Tensor) -> Tensor:
        return F.group_norm(inp, self.num_groups, True, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}"


class InstanceNorm(Module):
    """Normalises each channel of each sample (N, C, ...), then scales by `weight` and adds `bias`, both (C,).
    Ulyanov et al., 2016.

    Always by the sample's own statistics; PyTorch's InstanceNorm1d, 2d and 3d have `affine=False` by default.

    >>> import miai as mi
    >>> InstanceNorm(6)(mi.functional.ones((3, 6, 4, 4))).shape
    (3, 6, 4, 4)
    """

    keeps_float32 = True

    def __init__(
        self,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        track_running_stats: bool = False,
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        check_positive("InstanceNorm", num_channels=num_channels)
        check_only("InstanceNorm", "track_running_stats", track_running_stats, False)
        self.num_channels = num_channels
        self.eps = eps
        self.affine = affine
        self.weight: Parameter | None = parameter(num_channels) if affine else None
        self.bias: Parameter | None = parameter(num_channels) if affine else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Weight 1, bias 0."""
        _fill(self.weight, self.bias)

    def forward(self, inp: Tensor) -> Tensor:
        return F.instance_norm(inp, True, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return f"{self.num_channels}, eps={self.eps}, affine={self.affine}"
