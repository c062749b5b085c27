"""What a recording relied on besides tensors: attributes such as `Module.training`."""

from __future__ import annotations

import weakref
from typing import Any

_notes: list[list[tuple[Any, str, Any]]] = []


def note(obj: Any, name: str, value: Any) -> None:
    """The recording in force has read attribute `name` of `obj` and found `value`."""
    if _notes:
        _notes[-1].append((weakref.ref(obj), name, value))


class Guards:
    """Collects notes while it is entered; `hold` tells whether they are still true."""

    def __init__(self) -> None:
        self._facts: list[tuple[Any, str, Any]] = []

    def __enter__(self) -> Guards:
        _notes.append(self._facts)
        return self

    def __exit__(self, *exception: Any) -> None:
        _notes.pop()
        unique = {(id(ref()), name): (ref, name, value) for ref, name, value in self._facts}
        self._facts[:] = unique.values()

    def hold(self) -> bool:
        """Whether every object still lives and has the value that was read."""
        return all(
            (obj := ref()) is not None and getattr(obj, name) == value for ref, name, value in self._facts
        )
