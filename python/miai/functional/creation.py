"""Tensors made from nothing: zeros, ones, full, arange, linspace, eye. They live on the default device unless
told."""

from __future__ import annotations

from typing import Any

from .. import _core
from ..dtype import dtype_name
from ..tensor import Tensor

Dim = _core.Dim


def full(shape: Any, value: float, *, dtype: Any = None, device: str | None = None) -> Tensor:
    """A tensor of that shape with every element `value`; dtype follows the value (float32, int64, bool) if
    None.

    >>> full((2,), 3.0)
    Tensor([3., 3.])
    """
    if dtype is None:
        dtype = "bool" if isinstance(value, bool) else "int64" if isinstance(value, int) else "float32"
    return _core.op("full")(
        shape=shape,
        value=int(value) if isinstance(value, int) else float(value),
        dtype=dtype_name(dtype),
        device=_core.device_name(device),
    )


def zeros(shape: Any, *, dtype: Any = "float32", device: str | None = None) -> Tensor:
    """Zeros of that shape.

    >>> zeros(2)
    Tensor([0., 0.])
    """
    return full(shape, 0.0, dtype=dtype, device=device)


def ones(shape: Any, *, dtype: Any = "float32", device: str | None = None) -> Tensor:
    """Ones of that shape.

    >>> ones(2)
    Tensor([1., 1.])
    """
    return full(shape, 1.0, dtype=dtype, device=device)


def full_like(inp: Tensor, value: float) -> Tensor:
    """A tensor with shape, dtype and device of `inp`."""
    return full(inp.shape, value, dtype=inp.dtype, device=inp.device)


def zeros_like(inp: Tensor) -> Tensor:
    """Zeros with shape, dtype and device of `inp`."""
    return full_like(inp, 0.0)


def ones_like(inp: Tensor) -> Tensor:
    """Ones with shape, dtype and device of `inp`."""
    return full_like(inp, 1.0)


def arange(
    start: Any = 0, stop: Any = None, step: Any = 1, *, dtype: Any = "float32", device: str | None = None
) -> Tensor:
    """Numbers from start (included) to stop (excluded); arange(n) counts from 0. float32 unless told, as
    MegEngine. In a trace start and stop may be dynamic sizes: ``arange(x.shape[0])``.

    >>> arange(3)
    Tensor([0., 1., 2.])
    """
    if stop is None:
        start, stop = 0, start
    return _core.op("arange")(
        start=start, stop=stop, step=step, dtype=dtype_name(dtype), device=_core.device_name(device)
    )


def linspace(
    start: float, stop: float, num: int | Dim, *, dtype: Any = "float32", device: str | None = None
) -> Tensor:
    """`num` numbers from start to stop, both included.

    >>> linspace(0, 1, 3)
    Tensor([0. , 0.5, 1. ])
    """
    return _core.op("linspace")(
        start=start, stop=stop, num=num, dtype=dtype_name(dtype), device=_core.device_name(device)
    )


def eye(  # noqa: N803
    N: int | Dim, M: int | Dim | None = None, *, dtype: Any = "float32", device: str | None = None
) -> Tensor:
    """Ones on the diagonal of an N x M matrix (M = N if None).

    >>> eye(2)
    Tensor([[1., 0.],
            [0., 1.]])
    """
    return _core.op("eye")(
        N, N if M is None else M, dtype=dtype_name(dtype), device=_core.device_name(device)
    )
