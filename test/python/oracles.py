"""What each operator must give, told by NumPy (or PyTorch where NumPy has no word for it): name -> function.

A function takes the operator's inputs in order (None where an optional one is missing) and its attributes by
name, all float arrays in float64, and returns an array or a tuple of the visible outputs.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

Oracle = Callable[..., Any]
ORACLES: dict[str, Oracle] = {}


def oracle(function: Oracle) -> Oracle:
    """Registers a function under its name less a trailing underscore."""
    ORACLES[function.__name__.rstrip("_")] = function
    return function


def as_float(x: np.ndarray) -> np.ndarray:
    return x if x.dtype == np.float64 else x.astype("float64")


def axes_of(axis: Any) -> Any:
    return tuple(axis) if isinstance(axis, list | tuple) else axis


def sign(x: np.ndarray) -> np.ndarray:
    return np.sign(x.astype("int8") if x.dtype == bool else x)


def same_in_numpy() -> None:
    """Operators that are one NumPy function, by the same or another name."""
    unary = {
        "abs": np.abs, "neg": np.negative, "square": np.square, "sign": sign, "isnan": np.isnan,
        "isinf": np.isinf,
        "logical_not": np.logical_not, "bitwise_not": np.invert, "copy": np.copy,
    }  # fmt: skip
    of_floats = {
        "acos": np.arccos, "asin": np.arcsin, "atan": np.arctan, "ceil": np.ceil, "cos": np.cos,
        "cosh": np.cosh,
        "exp": np.exp, "expm1": np.expm1, "floor": np.floor, "log": np.log, "log1p": np.log1p,
        "round": np.rint,
        "sin": np.sin, "sinh": np.sinh, "sqrt": np.sqrt, "tan": np.tan, "tanh": np.tanh,
        "erf": np.vectorize(math.erf, otypes=["float64"]),
        "relu": lambda x: np.maximum(x, 0), "relu6": lambda x: np.clip(x, 0, 6), "rsqrt": lambda x: x**-0.5,
        "sigmoid": lambda x: 1 / (1 + np.exp(-x)), "silu": lambda x: x / (1 + np.exp(-x)),
        "logsigmoid": lambda x: -np.logaddexp(0, -x), "softplus": lambda x: np.logaddexp(0, x),
        "gelu": lambda x: x * 0.5 * (1 + np.vectorize(math.erf, otypes=["float64"])(x / math.sqrt(2))),
        "hsigmoid": lambda x: np.clip(x + 3, 0, 6) / 6, "hswish": lambda x: x * np.clip(x + 3, 0, 6) / 6,
    }  # fmt: skip
    binary = {
        "add": np.add, "sub": np.subtract, "mul": np.multiply, "maximum": np.maximum, "minimum": np.minimum,
        "bitwise_and": np.bitwise_and, "bitwise_or": np.bitwise_or, "bitwise_xor": np.bitwise_xor,
        "equal": np.equal, "not_equal": np.not_equal, "less": np.less, "less_equal": np.less_equal,
        "greater": np.greater, "greater_equal": np.greater_equal, "logical_and": np.logical_and,
        "logical_or": np.logical_or, "logical_xor": np.logical_xor, "left_shift": np.left_shift,
        "right_shift": np.right_shift, "pow": np.power, "mod": np.mod, "floor_div": np.floor_divide,
        "div": np.true_divide, "atan2": lambda y, x: np.arctan2(as_float(y), as_float(x)),
    }  # fmt: skip
    for table in (unary, binary):
        for name, function in table.items():
            ORACLES[name] = lambda *xs, function=function: function(*xs)
    for name, function in of_floats.items():
        ORACLES[name] = lambda x, function=function: function(as_float(x))


def reductions() -> None:
    def reducing(function: Callable[..., Any]) -> Oracle:
        return lambda x, axis=None, keepdims=False: function(x, axis=axes_of(axis), keepdims=keepdims)

    def logsumexp(x: np.ndarray, axis: Any, keepdims: bool) -> Any:
        return np.log(np.exp(x).sum(axis=axis, keepdims=keepdims))

    table = {
        "sum": np.sum,
        "mean": np.mean,
        "prod": np.prod,
        "max": np.max,
        "min": np.min,
        "var": np.var,
        "std": np.std,
        "any": np.any,
        "all": np.all,
    }
    for name, function in {**table, "logsumexp": logsumexp}.items():
        ORACLES[name] = reducing(function)
    for name, function in {"argmax": np.argmax, "argmin": np.argmin}.items():
        ORACLES[name] = lambda x, axis=None, keepdims=False, function=function: function(
            x, axis=axis[0] if isinstance(axis, list | tuple) else axis, keepdims=keepdims
        )


same_in_numpy()
reductions()


@oracle
def norm(inp, ord=2.0, axis=None, keepdims=False):
    size, axis = np.abs(inp), axes_of(axis)
    if ord == 0:
        return (size != 0).sum(axis=axis, keepdims=keepdims).astype("float64")
    if math.isinf(ord):
        return (size.max if ord > 0 else size.min)(axis=axis, keepdims=keepdims)
    return (size**ord).sum(axis=axis, keepdims=keepdims) ** (1 / ord)


@oracle
def clip(x, lower=None, upper=None):
    return x if lower is None and upper is None else np.clip(x, lower, upper)


@oracle
def leaky_relu(x, negative_slope=0.01):
    return np.where(as_float(x) > 0, as_float(x), negative_slope * as_float(x))


@oracle
def elu(x, alpha=1.0):
    return np.where(as_float(x) > 0, as_float(x), alpha * np.expm1(np.minimum(as_float(x), 0)))


@oracle
def where(mask, x, y):
    return np.where(mask, x, y)


@oracle
def cast(inp, dtype="float32"):
    return inp.astype("float64") if "float" in str(dtype) else inp.astype(str(dtype))


@oracle
def cumsum(inp, axis=0):
    return np.cumsum(inp, axis=axis, dtype=inp.dtype)


# Shapes


@oracle
def broadcast_to(inp, shape):
    return np.broadcast_to(inp, shape)


@oracle
def concat(*inps, axis=0):
    return np.concatenate(inps, axis=axis)


@oracle
def stack(*inps, axis=0):
    return np.stack(inps, axis=axis)


@oracle
def split(inp, sections=(), axis=0):
    return tuple(np.split(inp, np.cumsum(sections)[:-1], axis=axis))


@oracle
def expand_dims(inp, axis=()):
    return np.expand_dims(inp, axes_of(axis))


@oracle
def squeeze(inp, axis=None):
    return np.squeeze(inp, axes_of(axis))


@oracle
def flatten(inp, start_axis=0, end_axis=-1):
    if inp.ndim == 0:
        return inp.reshape(1)
    start, end = start_axis % inp.ndim, end_axis % inp.ndim
    return inp.reshape((*inp.shape[:start], math.prod(inp.shape[start : end + 1]), *inp.shape[end + 1 :]))


@oracle
def flip(inp, axis=None):
    return np.flip(inp, axes_of(axis))


@oracle
def moveaxis(inp, source=(), destination=()):
    return np.moveaxis(inp, axes_of(source), axes_of(destination))


@oracle
def swapaxes(inp, axis1=0, axis2=1):
    return np.swapaxes(inp, axis1, axis2)


@oracle
def repeat(inp, repeats=1, axis=None):
    return np.repeat(inp, repeats, axis)


@oracle
def tile(inp, reps=()):
    return np.tile(inp, axes_of(reps))


@oracle
def roll(inp, shift=(), axis=None):
    if axis is None:
        return np.roll(inp, np.sum(shift, dtype=int))
    return np.roll(inp, axes_of(shift), axes_of(axis))


@oracle
def reshape(inp, shape=()):
    return inp.reshape(shape)


@oracle
def transpose(inp, pattern=()):
    return inp.transpose(axes_of(pattern) or None)


@oracle
def tril(inp, diagonal=0):
    return np.tril(inp, diagonal)


@oracle
def triu(inp, diagonal=0):
    return np.triu(inp, diagonal)


@oracle
def pad(src, pad_width=(), mode="constant", constant_value=0.0):
    if src.ndim == 0:
        return src
    pairs = np.reshape(pad_width, (-1, 2)).astype("int64")
    if mode == "constant":
        return np.pad(src, pairs, constant_values=np.asarray(constant_value).astype(src.dtype))
    return np.pad(src, pairs, mode={"replicate": "edge", "circular": "wrap"}.get(mode, mode))


# Indices


def key_of(inp: np.ndarray, indices: Any, axes: Any) -> tuple[Any, ...]:
    key: list[Any] = [slice(None)] * inp.ndim
    for axis, index in zip(axes, indices, strict=True):
        key[axis] = index
    return tuple(key)


def slices_of(start: Any, size: Any, stride: Any) -> tuple[Any, ...]:
    return np.ix_(*(s + d * np.arange(n) for s, n, d in zip(start, size, stride, strict=True)))


@oracle
def index(inp, *indices, axes=()):
    return inp[key_of(inp, indices, axes)]


@oracle
def index_set(inp, value, *indices, axes=()):
    out = inp.copy()
    out[key_of(inp, indices, axes)] = value
    return out


@oracle
def index_add(inp, value, *indices, axes=()):
    out = inp.copy()
    np.add.at(out, key_of(inp, indices, axes), value)
    return out


@oracle
def slice_(inp, start=(), size=(), stride=()):
    return inp[slices_of(start, size, stride)] if inp.ndim else inp


@oracle
def set_slice(inp, value, start=(), size=(), stride=()):
    out = inp.copy()
    out[slices_of(start, size, stride) if inp.ndim else ()] = value
    return out


def along(index: np.ndarray, axis: int) -> list[Any]:
    key: list[Any] = list(np.indices(index.shape, sparse=True))
    key[axis] = index
    return key


@oracle
def gather(inp, index, axis=0):
    return inp[tuple(along(index, axis))]


@oracle
def scatter(inp, index, source, axis=0):
    out = inp.copy()
    out[tuple(along(index, axis))] = source
    return out


@oracle
def scatter_add(inp, index, source, axis=0):
    out = inp.copy()
    np.add.at(out, tuple(along(index, axis)), source)
    return out


@oracle
def pick(inp, index, axis=1, negative=False):
    return np.take_along_axis(inp, np.expand_dims(index, axis).astype("int64"), axis).squeeze(axis)


@oracle
def pick_backward(dy, index, axis=1, size=0, negative=False):
    out = np.repeat(np.expand_dims(np.zeros(dy.shape), axis), size, axis)
    np.put_along_axis(out, np.expand_dims(index, axis).astype("int64"), np.expand_dims(dy, axis), axis)
    return out


@oracle
def indexing_one_hot(src, index, axis=1, keepdims=False):
    out = np.take_along_axis(src, np.expand_dims(index, axis).astype("int64"), axis)
    return out if keepdims else out.squeeze(axis)


@oracle
def one_hot(inp, num_classes=0):
    return np.eye(num_classes)[inp]


@oracle
def embedding(inp, weight, padding_idx=None):
    return weight[inp]


@oracle
def embedding_backward(dy, inp, num_embeddings=0, padding_idx=None):
    out = np.zeros((num_embeddings, dy.shape[-1]))
    np.add.at(out, inp, dy)
    if padding_idx is not None:
        out[padding_idx] = 0
    return out


def order_of(x: np.ndarray, descending: bool, axis: int = -1) -> np.ndarray:
    if not descending:
        return np.argsort(x, axis=axis, kind="stable")
    last = x.shape[axis] - 1
    return last - np.flip(np.argsort(np.flip(x, axis), axis=axis, kind="stable"), axis)


@oracle
def argsort(inp, descending=False):
    return order_of(inp, descending)


@oracle
def sort(inp, descending=False, dim=-1):
    order = order_of(inp, descending, dim)
    return np.take_along_axis(inp, order, dim), order


@oracle
def topk(inp, k=1, descending=True):
    order = order_of(inp, descending)[..., :k]
    return np.take_along_axis(inp, order, -1), order


# Constructors


@oracle
def arange(start=0.0, stop=0.0, step=1.0, dtype=None, device=None):
    return np.arange(start, stop, step)


@oracle
def linspace(start=0.0, stop=0.0, num=0, dtype=None, device=None):
    return np.linspace(start, stop, num)


@oracle
def eye(N=0, M=None, dtype=None, device=None):
    return np.eye(N, M)


@oracle
def full(shape=(), value=0.0, dtype=None, device=None):
    return np.full(shape, value)


@oracle
def iota(shape=(), dtype=None, device=None):
    return np.arange(math.prod(shape)).reshape(shape)
