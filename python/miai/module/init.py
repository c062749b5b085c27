"""Values to start from: functions that fill a tensor in place.

>>> import miai as mi
>>> weight = mi.Parameter([[0.0] * 4] * 3)
>>> _ = ones_(weight)
>>> weight.tolist()[0]
[1.0, 1.0, 1.0, 1.0]
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

from .. import _core, random
from ..tensor import Tensor


def _reset_later(tensor: Tensor, make: Callable[..., Tensor]) -> Tensor:
    """Its values come to be when they are read: often others are loaded before that. Random ones take their
    ticket now."""
    _core.reset(tensor, _core.deferred(partial(make, device=tensor.device)))
    return tensor


def fill_(tensor: Tensor, val: float) -> Tensor:
    """Every element `val`. Returns the tensor, as all functions here do."""
    make = partial(_core.op("full"), shape=tensor.shape, value=float(val), dtype=str(tensor.dtype))
    return _reset_later(tensor, make)


def zeros_(tensor: Tensor) -> Tensor:
    """Every element 0."""
    return fill_(tensor, 0.0)


def ones_(tensor: Tensor) -> Tensor:
    """Every element 1."""
    return fill_(tensor, 1.0)


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0) -> Tensor:
    """Drawn evenly from [a, b)."""
    return _reset_later(tensor, partial(random.uniform, a, b, tensor.shape, dtype=tensor.dtype))


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0) -> Tensor:
    """Normally distributed."""
    return _reset_later(tensor, partial(random.normal, mean, std, tensor.shape, dtype=tensor.dtype))


_GAINS = {
    "linear": 1.0,
    "conv1d": 1.0,
    "conv2d": 1.0,
    "conv3d": 1.0,
    "conv_transpose1d": 1.0,
    "conv_transpose2d": 1.0,
    "conv_transpose3d": 1.0,
    "sigmoid": 1.0,
    "tanh": 5.0 / 3.0,
    "relu": math.sqrt(2.0),
    "selu": 3.0 / 4.0,
}


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """What to multiply a standard deviation by so that activations keep their size behind a nonlinearity;
    `param` is the slope of leaky_relu (0.01 if None).

    >>> calculate_gain("relu") ** 2, calculate_gain("tanh")
    (2.0000000000000004, 1.6666666666666667)
    """
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else float(param)
        return math.sqrt(2.0 / (1 + slope**2))
    if nonlinearity not in _GAINS:
        known = ", ".join(sorted([*_GAINS, "leaky_relu"]))
        raise ValueError(
            f"calculate_gain: argument 'nonlinearity': expected one of {known}, got {nonlinearity!r}"
        )
    return _GAINS[nonlinearity]


def calculate_fan_in_and_fan_out(tensor: Tensor) -> tuple[int, int]:
    """Inputs that reach an output and outputs that an input reaches, of a weight (out, in, ...).

    >>> import miai as mi
    >>> calculate_fan_in_and_fan_out(mi.functional.zeros((8, 4, 3, 3)))
    (36, 72)
    """
    shape = tuple(tensor.shape)
    if len(shape) < 2:
        raise ValueError(
            f"fan: expected a weight of rank 2 or more, got rank {len(shape)} (shape {list(shape)})"
        )
    field = math.prod(shape[2:])
    return shape[1] * field, shape[0] * field


def calculate_correct_fan(tensor: Tensor, mode: str) -> int:
    """The fan that `mode` names: "fan_in" keeps the size of activations, "fan_out" that of gradients."""
    modes = {"fan_in": 0, "fan_out": 1}
    if mode.lower() not in modes:
        raise ValueError(f"fan: argument 'mode': expected 'fan_in' or 'fan_out', got {mode!r}")
    return calculate_fan_in_and_fan_out(tensor)[modes[mode.lower()]]


def xavier_uniform_(tensor: Tensor, gain: float = 1.0) -> Tensor:
    """Evenly with variance gain^2 * 2 / (fan_in + fan_out). Glorot and Bengio, 2010."""
    limit = gain * math.sqrt(6.0 / sum(calculate_fan_in_and_fan_out(tensor)))
    return uniform_(tensor, -limit, limit)


def xavier_normal_(tensor: Tensor, gain: float = 1.0) -> Tensor:
    """Normally with variance gain^2 * 2 / (fan_in + fan_out). Glorot and Bengio, 2010."""
    return normal_(tensor, 0.0, gain * math.sqrt(2.0 / sum(calculate_fan_in_and_fan_out(tensor))))


def msra_uniform_(
    tensor: Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu"
) -> Tensor:
    """Evenly with variance gain^2 / fan, the gain that of the nonlinearity (slope `a` for leaky_relu). He et
    al., 2015."""
    limit = calculate_gain(nonlinearity, a) * math.sqrt(3.0 / calculate_correct_fan(tensor, mode))
    return uniform_(tensor, -limit, limit)


def msra_normal_(
    tensor: Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu"
) -> Tensor:
    """Normally with variance gain^2 / fan, the gain that of the nonlinearity (slope `a` for leaky_relu). He
    et al., 2015."""
    return normal_(
        tensor, 0.0, calculate_gain(nonlinearity, a) / math.sqrt(calculate_correct_fan(tensor, mode))
    )


constant_ = fill_
kaiming_uniform_ = msra_uniform_
kaiming_normal_ = msra_normal_


def default_weight_bias_(weight: Tensor, bias: Tensor | None) -> None:
    """PyTorch's start of Linear and Conv: both evenly within 1 / sqrt(fan_in)."""
    fan_in = calculate_fan_in_and_fan_out(weight)[0]
    limit = 1.0 / math.sqrt(fan_in) if fan_in else 0.0
    uniform_(weight, -limit, limit)
    if bias is not None:
        uniform_(bias, -limit, limit)
