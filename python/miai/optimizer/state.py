"""An optimizer's state as a dict in PyTorch's layout, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .. import _core
from ..module.state import to_array, write
from ..tensor import Tensor

if TYPE_CHECKING:
    from .optimizer import Optimizer

_IGNORED = ("params", "initial_lr", "decoupled_weight_decay")  # of PyTorch's groups: not options here


def _all_params(optimizer: Optimizer) -> list[Tensor]:
    return [param for group in optimizer.param_groups for param in group["params"]]


def optimizer_state(optimizer: Optimizer, keep_var: bool) -> dict[str, Any]:
    """The options of the groups and the state of each parameter by position."""
    groups, first = [], 0
    for group in optimizer.param_groups:
        count = len(group["params"])
        options = {key: value for key, value in group.items() if key != "params"}
        groups.append({**options, "params": list(range(first, first + count))})
        first += count
    state = {
        i: {name: t if keep_var else t.numpy() for name, t in optimizer._state[param].items()}
        for i, param in enumerate(_all_params(optimizer))
    }
    return {"param_groups": groups, "state": {i: entries for i, entries in state.items() if entries}}


def _options(optimizer: Optimizer, groups: Any) -> list[dict[str, Any]]:
    kind = type(optimizer).__name__
    own = optimizer.param_groups
    if len(groups) != len(own):
        raise ValueError(f"{kind}.load_state_dict: expected {len(own)} param groups, got {len(groups)}")
    chosen = []
    for i, (group, given) in enumerate(zip(own, groups, strict=True)):
        if len(given["params"]) != len(group["params"]):
            raise ValueError(
                f"{kind}.load_state_dict: group {i}: expected {len(group['params'])} parameters, "
                f"got {len(given['params'])}"
            )
        foreign = [key for key, value in given.items() if key not in group and key not in _IGNORED and value]
        if foreign:
            raise ValueError(f"{kind}.load_state_dict: group {i}: {kind} has no option {foreign[0]!r}")
        options = {key: value for key, value in given.items() if key in group and key != "params"}
        if "initial_lr" in given:
            options["initial_lr"] = given["initial_lr"]
        optimizer._check_options(options)
        chosen.append(options)
    return chosen


def _entries(optimizer: Optimizer, position: int, param: Tensor, given: Mapping[str, Any]) -> dict[str, Any]:
    """The arrays of one parameter's state, checked."""
    kind = type(optimizer).__name__
    arrays = {name: to_array(value) for name, value in given.items() if value is not None}
    for name, array in arrays.items():
        shape = () if name == "step" else tuple(param.shape)
        if name in optimizer._state[param] and tuple(array.shape) != shape:
            raise ValueError(
                f"{kind}.load_state_dict: '{name}' of parameter {position}: expected shape {list(shape)}, "
                f"got {list(array.shape)}"
            )
    return arrays


def load_optimizer_state(optimizer: Optimizer, state: Mapping[str, Any]) -> None:
    """Writes options and states; all is checked before anything is written."""
    kind = type(optimizer).__name__
    if _core.is_recording():
        raise RuntimeError(
            f"{kind}.load_state_dict inside a traced function would run only once; load outside"
        )
    if not isinstance(state, Mapping) or "param_groups" not in state or "state" not in state:
        raise ValueError(f"{kind}.load_state_dict: expected a dict with 'param_groups' and 'state'")
    options = _options(optimizer, state["param_groups"])
    params = _all_params(optimizer)
    positions = [p for group in state["param_groups"] for p in group["params"]]
    given = [state["state"].get(position, {}) for position in positions]
    loaded = [_entries(optimizer, i, p, g) for i, (p, g) in enumerate(zip(params, given, strict=True))]
    for group, values in zip(optimizer.param_groups, options, strict=True):
        for key, value in values.items():
            group[key] = value
    for param, entries in zip(params, loaded, strict=True):
        _write_entries(optimizer._state[param], entries)
    steps = iter(loaded)
    for group in optimizer.param_groups:
        optimizer._load_steps(group, [float(next(steps).get("step", 0)) for _ in group["params"]])


def _write_entries(own: dict[str, Tensor], entries: Mapping[str, Any]) -> None:
    for name, tensor in own.items():
        if name == "step":
            continue
        if name in entries:
            write(tensor, entries[name])
        else:
            _core.reset(tensor, tensor * 0)
