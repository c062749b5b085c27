"""Methods of Tensor that are written in Python; the C type has the others."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import _core
from .dtype import dtype_name, is_floating
from .repr import tensor_repr
from .tensor import Tensor, restore


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
    """The one element as a Python number; of several, the one at an index, or at a position counted in
    row-major order, as in NumPy. Raises ValueError if there are several and no index.

    >>> import miai as mi
    >>> x = mi.tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> x.item(1, 0), x.item(2)
    (3.0, 3.0)
    """
    if not index and self.size != 1:
        raise ValueError(
            f"item: expected a tensor with 1 element, got {self.size} (shape {list(self.shape)}); "
            "use tolist()"
        )
    return self.numpy().item(*index)


def _write(self: Tensor, value: Any) -> None:
    """Puts a value into the tensor, whatever it held. A Tensor brings its dtype and device; other data take
    this tensor's."""
    if not isinstance(value, Tensor):
        value = Tensor(value, dtype=self.dtype, device=self.device)
    _core.reset(self, value)


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

    def method(
        self: Tensor,
        axis: Any = None,
        keepdims: bool = False,
        *,
        dtype: Any = None,
        out: None = None,
        ddof: int = 0,
    ) -> Tensor:
        if out is not None or ddof != 0:  # np.sum(x) and np.std(x) call with these
            raise TypeError(f"{name}: arguments 'out' and 'ddof' are NumPy's and are not supported")
        return operator(self if dtype is None else self.astype(dtype), axis, keepdims)

    method.__name__ = name
    method.__doc__ = f"See miai.functional.{name}. With `dtype`, of the tensor converted to it."
    return method


def _from_operator(method_name: str, operator_name: str) -> Any:
    operator = _core.op(operator_name)

    def method(self: Tensor, *args: Any, **kwargs: Any) -> Any:
        return operator(self, *args, **kwargs)

    method.__name__ = method_name
    method.__doc__ = f"See miai.functional.{operator_name}."
    return method


def _round(self: Tensor, decimals: int = 0) -> Tensor:
    """Rounded to so many decimals, halves to the even one. Integers stay as they are.

    >>> import miai as mi
    >>> mi.tensor([1.26, 2.5]).round(1), mi.tensor([1.26, 2.5]).round()
    (Tensor([1.3, 2.5]), Tensor([1., 2.]))
    """
    if not is_floating(self.dtype):
        return self if decimals >= 0 else _round(self.astype("float64"), decimals).astype(self.dtype)
    rounded = _core.op("round")
    if decimals == 0:
        return rounded(self)
    factor = 10.0 ** abs(decimals)
    return rounded(self * factor) / factor if decimals > 0 else rounded(self / factor) * factor


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
    return restore, (Tensor, self.numpy(copy=True), dtype_name(self.dtype), self.device, self.name)


def _deepcopy(self: Tensor, memo: dict[int, Any]) -> Tensor:
    copy = type(self)(_core.op("copy")(self.detach()))
    copy.name = self.name
    if self.grad is not None:
        copy.grad = _core.op("copy")(self.grad)
    memo[id(self)] = copy
    return copy


def _inplace_matmul(self: Tensor, other: Any) -> Tensor:
    self[...] = self @ other
    return self


def _absent(name: str, instead: str) -> property:
    """What users of PyTorch look for: an AttributeError that says what to write."""

    def get(self: Tensor) -> Any:
        raise AttributeError(f"Tensor has no {name}: {instead}")

    return property(get)


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
    "view": _reshape,
    "permute": _transpose,
    "round": _round,
    "numel": lambda self: self.size,
    "cpu": lambda self: _to(self, "cpu"),
    "_reset": _write,
    "set_value": _write,
    "reset_zero": lambda self: _core.reset(self, self * 0),
    "T": property(lambda self: _core.op("transpose")(self), doc="Axes reversed."),
    "itemsize": property(lambda self: self.dtype.itemsize, doc="Bytes of an element."),
    "nbytes": property(lambda self: self.size * self.dtype.itemsize, doc="Bytes of all elements."),
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
    "__round__": _round,
    "__imatmul__": _inplace_matmul,
    "__divmod__": lambda self, other: (self // other, self % other),
    "__rdivmod__": lambda self, other: (other // self, other % self),
}
_REDUCTIONS = ("sum", "mean", "max", "min", "prod", "argmax", "argmin", "any", "all", "var", "std")
_OPERATORS = (
    "abs", "argsort", "broadcast_to", "ceil", "clip", "copy", "cos", "cumsum", "exp", "expand_dims", "floor",
    "log", "log_softmax", "matmul", "norm", "pow", "relu", "repeat", "sigmoid", "sign", "sin", "softmax",
    "sort", "sqrt", "square", "squeeze", "swapaxes", "tanh", "tile", "topk",
)  # fmt: skip
_ALIASES = {"clone": "copy", "clamp": "clip", "unsqueeze": "expand_dims"}
_ABSENT = {
    "requires_grad": "gradients are asked for by GradManager.attach(tensors)",
    "requires_grad_": "gradients are asked for by GradManager.attach(tensors)",
    "backward": "call gm.backward(loss) inside of `with gm:`, where gm is a GradManager",
    "cuda": "use to('cuda')",
    "float": "use astype('float32')",
    "double": "use astype('float64')",
    "half": "use astype('float16')",
    "long": "use astype('int64')",
    "int": "use astype('int32')",
    "bool": "use astype('bool')",
    "data": "use detach()",
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
    for name in _REDUCTIONS:
        setattr(Tensor, name, _reduction(name))
    for name, operator in {**dict(zip(_OPERATORS, _OPERATORS, strict=True)), **_ALIASES}.items():
        setattr(Tensor, name, _from_operator(name, operator))
    for name, instead in _ABSENT.items():
        setattr(Tensor, name, _absent(name, instead))
