"""What a recording relied on besides tensors: attributes (`Module.training`), functions that it calls."""

from __future__ import annotations

import weakref
from typing import Any

_entered: list[Guards] = []


def note(obj: Any, name: str, value: Any) -> None:
    """The recording in force has read attribute `name` of `obj` and found `value`."""
    if _entered:
        _entered[-1].facts.append((weakref.ref(obj), name, value))


def keep(obj: Any) -> None:
    """The program of the recording in force needs `obj` for as long as it lives."""
    _entered[-1].kept.append(obj)


class Guards:
    """Collects notes while it is entered; `hold` tells whether they are still true."""

    def __init__(self) -> None:
        self.facts: list[tuple[Any, str, Any]] = []
        self.kept: list[Any] = []

    def __enter__(self) -> Guards:
        _entered.append(self)
        return self

    def __exit__(self, *exception: Any) -> None:
        _entered.pop()
        unique = {(id(ref()), name): (ref, name, value) for ref, name, value in self.facts}
        self.facts[:] = unique.values()

    def hold(self) -> bool:
        """Whether every object still lives and has the value that was read."""
        return all(
            (obj := ref()) is not None and getattr(obj, name) == value for ref, name, value in self.facts
        )
