"""Python functions that a program calls when it runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .. import _core
from ..tensor import Tensor
from . import guards


def record_effect(
    name: str, function: Callable[..., list[Tensor]], inputs: Sequence[Tensor], results: Sequence[Tensor] = ()
) -> None:
    """Adds a call of `function` to the recording in force: it runs in every call of the program, in order.

    `function` takes NumPy arrays of its own; its tensors must be like `results`, which the recording takes
    as what it gave.
    """
    guards.keep(_core.record_call(name, function, list(inputs), list(results)))
