"""A group of parameters with its numbers, which live in tensors so that a traced step sees them change."""

from __future__ import annotations

import numbers
from collections.abc import Callable, Iterator, MutableMapping
from typing import Any

from .. import _core
from ..tensor import Tensor


def is_number(value: Any) -> bool:
    """Whether a value is a number that goes into a cell (bools are switches and do not)."""
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


class Switches:
    """Which options of a group are on: what the shape of a step depends on, for a trace to guard by
    attribute."""

    def __init__(self, values: dict[str, Any]) -> None:
        self._values = values

    def __getattr__(self, name: str) -> bool:
        if name.startswith("_"):
            raise AttributeError(name)
        return bool(self._values[name])

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__


class ParamGroup(MutableMapping[str, Any]):
    """Works as a dict: "params" and the options. Numbers (lr, momentum, betas, ...) are also kept in 0-d
    float64 tensors: writing ``group["lr"] = 0.1`` writes the tensor, and a traced step uses the new value
    without being recorded anew.

    >>> import miai as mi
    >>> group = ParamGroup({"params": [], "lr": 0.1, "betas": (0.9, 0.999)}, "group")
    >>> lr = group.cell("lr")
    >>> group["lr"] = 0.5
    >>> lr.item(), group["lr"], group.cell("betas", 1).item()
    (0.5, 0.5, 0.999)
    """

    def __init__(self, values: dict[str, Any], name: str) -> None:
        self._values: dict[str, Any] = {}
        self._cells: dict[str, tuple[Tensor, ...]] = {}
        self._name = name
        self._switches = Switches(self._values)
        self.on_change: Callable[[ParamGroup], None] | None = None
        for key, value in values.items():
            self._store(key, value)

    def cell(self, key: str, index: int = 0) -> Tensor:
        """The tensor, float64 of rank 0, that holds a number, or the index-th of a tuple of numbers."""
        return self._cells[key][index]

    def is_on(self, key: str) -> bool:
        """Whether an option is nonzero or true. A trace that asks is recorded anew when the answer has
        changed."""
        value = getattr(self._switches, key)
        if _core.is_recording():
            from ..jit import guards

            guards.note(self._switches, key, value)
        return value

    def _store(self, key: str, value: Any) -> None:
        several = isinstance(value, (tuple, list)) and key != "params" and all(is_number(v) for v in value)
        if not several and not is_number(value):
            self._forbid_number_lost(key, value)
            self._values[key] = value
            return
        parts = tuple(float(v) for v in value) if several else (float(value),)
        cells = self._cells.get(key, ())
        if cells and len(cells) != len(parts):
            raise ValueError(f"param group: '{key}': expected {len(cells)} numbers, got {len(parts)}")
        if not cells:
            self._cells[key] = tuple(self._new_cell(key, i, several, part) for i, part in enumerate(parts))
        for cell, part in zip(cells, parts, strict=False):
            _core.reset(cell, Tensor(part, dtype="float64", device=cell.device))
        self._values[key] = parts if several else parts[0]

    def _new_cell(self, key: str, index: int, several: bool, value: float) -> Tensor:
        name = f"{self._name}.{key}.{index}" if several else f"{self._name}.{key}"
        return Tensor(value, dtype="float64", name=name)

    def _forbid_number_lost(self, key: str, value: Any) -> None:
        if key in self._cells:
            raise TypeError(f"param group: '{key}': expected a number as before, got {type(value).__name__}")

    def __getitem__(self, key: str) -> Any:
        if key in self._cells and _core.is_recording():
            raise RuntimeError(
                f"param group: '{key}' read as a Python number inside a traced function, where it would "
                f"never change; use group.cell('{key}'), or group.is_on('{key}')"
            )
        return self._values[key]

    def __setitem__(self, key: str, value: Any) -> None:
        if _core.is_recording():
            raise RuntimeError(
                f"param group: '{key}' set inside a traced function; set it outside, between the calls"
            )
        was_on = bool(self._values.get(key))
        self._store(key, value)
        if self.on_change is not None and bool(self._values[key]) != was_on:
            self.on_change(self)

    def __delitem__(self, key: str) -> None:
        del self._values[key]
        self._cells.pop(key, None)

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._values))

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        shown = {k: f"<{len(v)} parameters>" if k == "params" else v for k, v in self._values.items()}
        return f"ParamGroup({shown})"
