"""Functions of images.

>>> import miai as mi
>>> mi.functional.vision.interpolate(mi.functional.ones((1, 3, 4, 4)), scale_factor=2).shape
(1, 3, 8, 8)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from .. import _core
from ..tensor import Tensor


def interpolate(
    inp: Tensor,
    size: int | Sequence[int] | None = None,
    scale_factor: float | Sequence[float] | None = None,
    mode: str = "bilinear",
    align_corners: bool | None = None,
) -> Tensor:
    """Resizes images (N, C, H, W), or (N, C, L), to `size` or by `scale_factor`; exactly one is given, a
    number for every axis or one an axis.

    Args:
        mode: "nearest", "bilinear", or "linear" for (N, C, L); values as in PyTorch.
        align_corners: the outermost elements of input and output lie on each other; not with "nearest".

    Raises ValueError for a mode, a size or a factor that does not fit.

    >>> import miai as mi
    >>> interpolate(mi.tensor([[[1.0, 3.0]]]), 4, mode="linear")
    Tensor([[[1. , 1.5, 2.5, 3. ]]])
    """
    if (size is None) == (scale_factor is None):
        raise ValueError("interpolate: expected either 'size' or 'scale_factor', got both or none of them")
    if inp.ndim not in (3, 4):
        raise ValueError(
            f"interpolate: argument 'inp': expected rank 3 or 4, got rank {inp.ndim} "
            f"(shape {list(inp.shape)})"
        )
    scales: list[float | None] = [None, None]
    sizes: list[Any]
    if scale_factor is None:
        sizes = _an_axis("size", size, inp.ndim - 2)
    else:
        factors = _an_axis("scale_factor", scale_factor, inp.ndim - 2)
        sizes = [_scaled(n, factor) for n, factor in zip(inp.shape[2:], factors, strict=True)]
        scales[-len(factors) :] = [float(factor) for factor in factors]
    return _core.op("interpolate")(
        inp,
        size=tuple(sizes),
        mode=mode,
        align_corners=bool(align_corners),
        scale_h=scales[0],
        scale_w=scales[1],
    )


def _an_axis(name: str, value: Any, axes: int) -> list[Any]:
    values = list(value) if isinstance(value, (list, tuple)) else [value] * axes
    if len(values) != axes:
        raise ValueError(
            f"interpolate: argument '{name}': expected a number or {axes} numbers, got {value!r}"
        )
    return values


def _scaled(size: Any, factor: float) -> Any:
    """The size by a factor, rounded down; a dynamic size stays one if it or its inverse is whole."""
    if not factor > 0:
        raise ValueError(f"interpolate: argument 'scale_factor': expected a number above 0, got {factor}")
    if float(factor).is_integer():
        return size * int(factor)
    if (1 / factor).is_integer():
        return size // int(1 / factor)
    return math.floor(int(size) * factor)
