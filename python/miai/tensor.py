"""Methods of Tensor that are written in Python, and Parameter."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import _core
from .dtype import dtype_name
from .repr import tensor_repr

Tensor = _core.Tensor
tensor = Tensor


class Parameter(Tensor):
    """A tensor that an optimizer trains: what `Module.parameters()` finds.

    >>> import miai as mi
    >>> mi.Parameter([1.0, 2.0]).shape
    (2,)
    """

    def __reduce__(self) -> Any:
        return _restore, (Parameter, self.numpy(copy=True), dtype_name(self.dtype), self.device, self.name)


def _restore(kind: Any, array: np.ndarray, dtype: str, device: str, name: str) -> Any:
    return kind(array, dtype=dtype, device=device, name=name)


def _flat_args(args: tuple[Any, ...]) -> Any:
    return args[0] if len(args) == 1 and isinstance(args[0], (tuple, list)) else args


def _numpy(self: Tensor, copy: bool = False) -> np.ndarray:
    """The data as a NumPy array: a read-only view where the memory is the host's, or a copy that may be
    written.

    >>> import miai as mi
    >>> mi.tensor([1.0, 2.0]).numpy()
    array([1., 2.], dtype=float32)
    """
    return _core.to_numpy(self, copy)


def _item(self: Tensor, *index: int) -> Any:
    """The one element as a Python number. Raises ValueError if there are several."""
    chosen = self[index] if index else self
    if chosen.size != 1:
        raise ValueError(
            f"item: expected a tensor with 1 element, got {chosen.size} (shape {list(chosen.shape)}); "
            "use tolist()"
        )
    return chosen.numpy().item()


def _to(self: Tensor, device: str) -> Tensor:
    """The tensor on another device; itself if it is there.

    >>> import miai as mi
    >>> mi.tensor([1.0]).to("cpu:1").device
    'cpu:1'
    """
    if not isinstance(device, str):
        raise TypeError(
            f"to: argument 'device': expected a name such as 'cpu:1', got {device!r}; for dtypes use astype()"
        )
    if _core.device_name(device) == self.device:
        return self
    return _core.op("to_device")(self, device=device)


def _astype(self: Tensor, dtype: Any) -> Tensor:
    """The tensor converted to a dtype, as NumPy converts; itself if it has the dtype."""
    if dtype_name(dtype) == dtype_name(self.dtype):
        return self
    return _core.op("cast")(self, dtype=dtype_name(dtype))


def _reshape(self: Tensor, *shape: Any) -> Tensor:
    """The elements in another shape; one size may be -1."""
    return _core.op("reshape")(self, _flat_args(shape))


def _transpose(self: Tensor, *pattern: Any) -> Tensor:
    """Axes in another order; reversed if none is given."""
    return _core.op("transpose")(self, tuple(_flat_args(pattern)))


def _flatten(self: Tensor, start_axis: int = 0, end_axis: int = -1) -> Tensor:
    """Axes start_axis to end_axis made one."""
    return _core.op("flatten")(self, start_axis, end_axis)


def _reduction(name: str) -> Any:
    operator = _core.op(name)

    def method(self: Tensor, axis: Any = None, keepdims: bool = False) -> Tensor:
        return operator(self, axis, keepdims)

    method.__name__ = name
    method.__doc__ = f"See miai.functional.{name}."
    return method


def _unary(name: str) -> Any:
    operator = _core.op(name)

    def method(self: Tensor) -> Tensor:
        return operator(self)

    method.__name__ = name
    method.__doc__ = f"See miai.functional.{name}."
    return method


def _array(self: Tensor, dtype: Any = None, copy: Any = None) -> np.ndarray:
    array = self.numpy(copy=bool(copy))
    return array if dtype is None else array.astype(dtype)


def _length(self: Tensor) -> int:
    if self.ndim == 0:
        raise TypeError("len() of a tensor of rank 0")
    return int(self.shape[0])  # of a dynamic size: a guard


def _iterate(self: Tensor) -> Any:
    if self.ndim == 0:
        raise TypeError("iteration over a tensor of rank 0")
    return (self[i] for i in range(len(self)))


def _contains(self: Tensor, value: Any) -> bool:
    raise TypeError("'in' is not defined for tensors; use (x == value).sum() > 0")


def _reduce(self: Tensor) -> Any:
    return _restore, (Tensor, self.numpy(copy=True), dtype_name(self.dtype), self.device, self.name)


def _deepcopy(self: Tensor, memo: dict[int, Any]) -> Tensor:
    copy = type(self)(_core.op("copy")(self.detach()))
    copy.name = self.name
    if self.grad is not None:
        copy.grad = _core.op("copy")(self.grad)
    memo[id(self)] = copy
    return copy


def _forbid_requires_grad(self: Tensor) -> Any:
    raise AttributeError(
        "Tensor has no requires_grad: gradients are asked for by GradManager.attach(tensors)"
    )


def _format(self: Tensor, spec: str) -> str:
    return format(self.item(), spec) if self.size == 1 and spec else repr(self)


_METHODS: dict[str, Any] = {
    "numpy": _numpy,
    "item": _item,
    "tolist": lambda self: self.numpy().tolist(),
    "to": _to,
    "astype": _astype,
    "reshape": _reshape,
    "transpose": _transpose,
    "flatten": _flatten,
    "detach": _core.detach,
    "_reset": _core.reset,
    "set_value": _core.reset,
    "reset_zero": lambda self: _core.reset(self, self * 0),
    "T": property(lambda self: _core.op("transpose")(self), doc="Axes reversed."),
    "requires_grad": property(_forbid_requires_grad),
    "__array__": _array,
    "__array_ufunc__": None,
    "__len__": _length,
    "__iter__": _iterate,
    "__contains__": _contains,
    "__reduce__": _reduce,
    "__deepcopy__": _deepcopy,
    "__copy__": lambda self: type(self)(self),
    "__repr__": tensor_repr,
    "__format__": _format,
    "__round__": lambda self, digits=0: _core.op("round")(self),
}


def _method(name: str) -> Any:
    """A function as a method: C functions do not bind, so they are wrapped."""
    value = _METHODS[name]
    if callable(value) and not hasattr(value, "__get__"):
        return lambda self, *args, **kwargs: value(self, *args, **kwargs)
    return value


def install_methods() -> None:
    """Gives the C type its Python methods; called once by the package."""
    for name in _METHODS:
        setattr(Tensor, name, _method(name))
    for name in ("sum", "mean", "max", "min", "prod", "argmax", "argmin"):
        setattr(Tensor, name, _reduction(name))
    for name in ("exp", "log", "sqrt", "abs", "tanh", "sigmoid", "relu", "sin", "cos", "square"):
        setattr(Tensor, name, _unary(name))
