"""Optimizer: the base of all of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from .. import _core
from ..autodiff import no_grad
from ..dtype import float32, float64, is_floating
from ..tensor import Parameter, Tensor
from .param_group import ParamGroup, is_number
from .state import load_optimizer_state, optimizer_state

Self = TypeVar("Self", bound="Optimizer")
State = dict[str, Tensor]


def compute_dtype(tensor: Tensor) -> Any:
    """The dtype in which a tensor is updated: its own, float32 for 16-bit ones."""
    dtype = tensor.dtype
    return dtype if dtype in (float32, float64) else float32


class Optimizer:
    """Changes parameters by their gradients.

    A subclass gives `_create_state(group)`, which calls `_add_state` for what it keeps of each parameter, and
    `_updates(group)`, which changes `group["params"]`. Both run under no_grad; the same code serves eager and
    traced steps, so numbers of the group are read by ``group.cell("lr")``. Parameters without a gradient are
    left alone.

    Args:
        params: parameters, or dicts with "params" and options of their own.
        defaults: the options and their values where a group has none.
    """

    def __init__(self, params: Any, defaults: dict[str, Any]) -> None:
        self._defaults = dict(defaults)
        self._state: dict[Tensor, State] = {}
        self.param_groups: list[ParamGroup] = []
        items = _as_list(type(self).__name__, params)
        groups = items if isinstance(items[0], (dict, ParamGroup)) else [{"params": items}]
        for group in groups:
            self.add_param_group(group)

    def add_param_group(self: Self, param_group: Mapping[str, Any]) -> Self:
        """Adds parameters with options of their own; options that are not given are the optimizer's. Returns
        self.

        Raises TypeError for what is no floating Tensor, ValueError for a parameter that is there already.
        """
        kind = type(self).__name__
        if _core.is_recording():
            raise RuntimeError(f"{kind}: a param group added inside a traced function; add it outside")
        if not isinstance(param_group, Mapping) or "params" not in param_group:
            raise TypeError(f"{kind}: argument 'param_group': expected a dict with 'params'")
        unknown = [
            key for key in param_group if key not in self._defaults and key not in ("params", "initial_lr")
        ]
        if unknown:
            known = ", ".join(self._defaults)
            raise ValueError(f"{kind}: unknown option {unknown[0]!r} of a param group; it takes {known}")
        params = _as_list(kind, param_group["params"])
        self._check_params(params)
        values = {**self._defaults, **param_group, "params": params}
        self._check_options(values)
        group = ParamGroup(values, f"param_groups.{len(self.param_groups)}")
        for param in params:
            self._state[param] = {}
        self._create_state(group)
        group.on_change = self._create_state
        self.param_groups.append(group)
        return self

    def _check_params(self, params: list[Any]) -> None:
        kind = type(self).__name__
        seen: set[int] = {id(param) for param in self._state}
        for i, param in enumerate(params):
            if not isinstance(param, Tensor):
                raise TypeError(
                    f"{kind}: argument 'params': expected Tensors, got {type(param).__name__} at {i}"
                )
            if not is_floating(param.dtype):
                raise TypeError(
                    f"{kind}: argument 'params': expected floating tensors, got {param.dtype} at {i}"
                )
            if id(param) in seen:
                raise ValueError(f"{kind}: argument 'params': parameter {i} {param.name!r} is there already")
            seen.add(id(param))

    def _check_options(self, options: dict[str, Any]) -> None:
        """Raises for options out of range: a rate, decay or eps below 0, a momentum or beta outside of [0,
        1)."""
        kind = type(self).__name__
        for key, value in options.items():
            if key == "params" or isinstance(value, bool):
                continue
            for number in value if isinstance(value, (tuple, list)) else (value,):
                if not is_number(number):
                    raise TypeError(
                        f"{kind}: argument '{key}': expected a number, got {type(number).__name__}"
                    )
                if number < 0 or (key == "betas" and number >= 1):
                    limits = "in [0, 1)" if key == "betas" else "of at least 0"
                    raise ValueError(f"{kind}: argument '{key}': expected a number {limits}, got {number}")

    def _add_state(self, param: Tensor, name: str, initializer: Any = None) -> None:
        """Keeps a tensor like the parameter (float32 for 16-bit ones) under a name, zeros to start; once."""
        if name in self._state[param]:
            return
        value = 0.0 if initializer is None else initializer
        if is_number(value):
            full = _core.op("full")
            value = full(
                shape=param.shape, value=float(value), dtype=str(compute_dtype(param)), device=param.device
            )
        state = Tensor(value)
        state.name = f"{param.name}.{name}" if param.name else ""
        self._state[param][name] = state

    def _create_state(self, param_group: ParamGroup) -> None:
        raise NotImplementedError(f"{type(self).__name__} defines no _create_state(param_group)")

    def _updates(self, param_group: ParamGroup) -> None:
        raise NotImplementedError(f"{type(self).__name__} defines no _updates(param_group)")

    def _load_steps(self, param_group: ParamGroup, counts: list[float]) -> None:
        """Sets the step counts of a group's parameters; nothing to do where none are kept."""

    def _with_grad(self, param_group: ParamGroup) -> list[tuple[Tensor, Tensor, State]]:
        """(parameter, gradient in the dtype of the update, state) of those that have a gradient."""
        found = []
        for param in param_group["params"]:
            grad = param.grad
            if grad is not None:
                dtype = compute_dtype(param)
                found.append((param, grad if grad.dtype is dtype else grad.astype(dtype), self._state[param]))
        return found

    def step(self: Self) -> Self:
        """One step of all parameters that have a gradient. Returns self, for ``opt.step().clear_grad()``."""
        with no_grad():
            if _core.is_recording():
                self._name_states()
            for group in self.param_groups:
                self._updates(group)
        return self

    def _name_states(self) -> None:
        for param, state in self._state.items():
            for name, tensor in state.items():
                if param.name and not tensor.name:
                    tensor.name = f"{param.name}.{name}"

    def clear_grad(self: Self) -> Self:
        """Sets the gradients to None. Returns self."""
        for group in self.param_groups:
            for param in group["params"]:
                param.grad = None
        return self

    zero_grad = clear_grad

    def state_dict(self, keep_var: bool = False) -> dict[str, Any]:
        """{"param_groups": options, with parameters as positions; "state": by position, tensors by name}, in
        PyTorch's layout. Tensors are given as NumPy arrays, or as they are with `keep_var`."""
        return optimizer_state(self, keep_var)

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Takes over what `state_dict` gave, here or in PyTorch: parameters are told by position.

        Raises ValueError, and changes nothing, if groups, sizes or shapes do not fit.
        """
        load_optimizer_state(self, state)

    def __repr__(self) -> str:
        lines = [f"  {group!r}" for group in self.param_groups]
        return "\n".join([f"{type(self).__name__}(", *lines, ")"])


def _as_list(kind: str, params: Any) -> list[Any]:
    if isinstance(params, (Parameter, dict, ParamGroup)):
        params = [params]
    if isinstance(params, Tensor) or not isinstance(params, Iterable):
        given = type(params).__name__
        raise TypeError(f"{kind}: argument 'params': expected a list of Parameters or of dicts, got {given}")
    items = list(params)
    if not items:
        raise ValueError(f"{kind}: argument 'params': expected parameters, got none")
    return items


def subtract(param: Tensor, update: Tensor) -> None:
    """Takes an update off a parameter, in place, keeping its dtype."""
    if param.dtype == update.dtype:
        param -= update
    else:
        _core.reset(param, (param.astype(update.dtype) - update).astype(param.dtype))
