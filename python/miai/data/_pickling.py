"""Packs dataset, transform and collator for the workers, and says what is in the way where that fails.

Workers never run the user's script, so a notebook and a script without a guard work; see _byvalue.py.
"""

from __future__ import annotations

import pickle
import types
from collections.abc import Iterator
from typing import Any

from ._byvalue import ByValuePickler, globals_of
from ._shared import Packed


def pack_for_workers(parts: dict[str, Any]) -> Packed:
    """Pickle the loader's `parts` (by argument name) as a tuple; an error names what is in the way."""
    try:
        return Packed(tuple(parts.values()), ByValuePickler)
    except (pickle.PicklingError, TypeError, AttributeError, ValueError, RecursionError) as error:
        for name, part in parts.items():
            if not _pickles(part):
                path, inner = _culprit(part, name)
                raise TypeError(
                    f"DataLoader: argument '{name}': cannot be sent to worker processes: {path} is a"
                    f" {type(inner).__name__} ({error}); make it in __getitem__ or __iter__ instead,"
                    " leave it out in"
                    " __getstate__, or take num_workers=0"
                ) from error
        raise


def _pickles(value: Any) -> bool:
    try:
        Packed(value, ByValuePickler)
    except Exception:
        return False
    return True


def _culprit(value: Any, path: str) -> tuple[str, Any]:
    """The innermost attribute or element of `value` that does not pickle."""
    for _ in range(10):
        for name, inner in _children(value):
            if not _pickles(inner):
                path, value = path + name, inner
                break
        else:
            break
    return path, value


def _children(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        yield from ((f"[{key!r}]", inner) for key, inner in value.items())
    elif isinstance(value, (list, tuple)):
        yield from ((f"[{i}]", inner) for i, inner in enumerate(value))
    elif isinstance(value, types.FunctionType):
        yield from ((f" (its global {name})", inner) for name, inner in globals_of(value).items())
    elif not isinstance(value, type):
        yield from ((f".{name}", inner) for name, inner in getattr(value, "__dict__", {}).items())
