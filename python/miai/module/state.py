"""Reading and writing all tensors of a module by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .. import _core
from ..dtype import is_floating
from ..logger import get_logger
from ..tensor import Tensor
from .walk import walk_tensors

if TYPE_CHECKING:
    from .module import Module

_log = get_logger("module")
_SHOWN = 20  # names listed in a message


class LoadResult(NamedTuple):
    """Names that `load_state_dict` did not find, and names that the module does not have."""

    missing_keys: list[str]
    unexpected_keys: list[str]


def to_array(value: Any) -> Any:
    """A tensor, a NumPy array, a number or another framework's tensor as a Tensor or an array."""
    if isinstance(value, (Tensor, np.ndarray)):
        return value
    if hasattr(value, "detach"):  # PyTorch's parameters refuse NumPy as they are
        value = value.detach().cpu()
        if str(value.dtype) == "torch.bfloat16":
            value = value.float()
    return np.asarray(value)


def write(tensor: Tensor, value: Any) -> None:
    """Puts a value of the same shape into a tensor, which keeps its dtype and device."""
    _core.reset(tensor, Tensor(value, dtype=tensor.dtype, device=tensor.device))


def _describe(title: str, names: list[str]) -> str:
    more = f", and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"\n  {title}: " + ", ".join(names[:_SHOWN]) + more


def _misfit(name: str, tensor: Tensor, value: Any) -> str | None:
    if tuple(value.shape) != tuple(tensor.shape):
        return f"{name} (expected shape {list(tensor.shape)}, got {list(value.shape)})"
    kind = getattr(value.dtype, "kind", "f")
    if kind not in "biuf":
        return f"{name} (expected numbers, got dtype {value.dtype})"
    if is_floating(value.dtype) and not is_floating(tensor.dtype):
        return f"{name} (expected dtype {tensor.dtype}, got {value.dtype})"
    return None


def load_state(
    module: Module,
    state: Mapping[str, Any] | Callable[[str, Tensor], Any],
    strict: bool | Callable[[str], bool],
) -> LoadResult:
    """Writes the values of `state` into the module's tensors; nothing is written if something does
    not fit."""
    if callable(state):
        found = {name: state(name, tensor) for name, tensor in walk_tensors(module)}
        state = {name: value for name, value in found.items() if value is not None}
    if not isinstance(state, Mapping):
        raise TypeError(
            "load_state_dict: argument 'state_dict': expected a dict or a function, "
            f"got {type(state).__name__}"
        )
    if _core.is_recording():
        raise RuntimeError("load_state_dict inside a traced function would run only once; load outside of it")
    tensors = dict(walk_tensors(module))
    missing = [name for name in tensors if name not in state]
    unexpected = [name for name in state if name not in tensors]
    values = {name: to_array(state[name]) for name in tensors if name in state}
    misfits = [text for name, value in values.items() if (text := _misfit(name, tensors[name], value))]
    problems = _describe("wrong", misfits) if misfits else ""
    for title, names in (("missing", missing), ("unexpected", unexpected)):
        wrong = [name for name in names if strict(name)] if callable(strict) else names if strict else []
        if wrong:
            problems += _describe(title, wrong)
    if problems:
        hint = "" if misfits else "\nstrict=False loads what there is"
        raise ValueError(f"load_state_dict: the state does not fit {type(module).__name__}:{problems}{hint}")
    for name, value in values.items():
        write(tensors[name], value)
    for title, names in (("missing", missing), ("unexpected", unexpected)):
        if names:
            _log.info("load_state_dict of %s:%s", type(module).__name__, _describe(title, names))
    return LoadResult(missing, unexpected)
