"""tap and print: values seen on their way, eagerly and in every call of a traced program."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from .. import _core
from ..jit.effects import record_effect
from ..tensor import Tensor

_collectors: list[dict[str, list[np.ndarray]]] = []


def tap(x: Tensor, to: str | Callable[[np.ndarray], Any]) -> Tensor:
    """Shows a value to `to` and gives `x` back: eagerly at once, in a traced program in each of its calls.

    In a program the taps run in the order written, at every `opt_level`, though nobody reads what they see;
    what an exception of theirs stops is the step, which then leaves every state as it was. A dump leaves
    them out. They see values, not gradients, and change neither.

    Args:
        to: a function that is given the value as a NumPy array of its own; or a name, under which the
            `collect` in force keeps it.

    Raises:
        TypeError: `x` is no Tensor, or `to` neither a function nor a name.
        RuntimeError: the function raised in a traced call; the message has what it raised, and the line.

    >>> import miai as mi
    >>> @mi.trace
    ... def step(x):
    ...     return mi.debug.tap(x * x, lambda value: seen.append(value.tolist())) + 1
    >>> seen = []
    >>> for i in range(3):
    ...     _ = step(mi.tensor([float(i)]))
    >>> seen
    [[0.0], [1.0], [4.0]]
    """
    if not isinstance(x, Tensor):
        raise TypeError(f"tap: argument 'x': expected a Tensor, got {type(x).__name__}")
    if not isinstance(to, str) and not callable(to):
        raise TypeError(f"tap: argument 'to': expected a function or a name, got {type(to).__name__}")

    def show(value: np.ndarray) -> list[Any]:
        if isinstance(to, str):
            for collected in _collectors:
                collected.setdefault(to, []).append(value)
        else:
            to(value)
        return []

    show(_value(x))
    if _core.is_recording():
        record_effect("tap", show, [x])
    return x


@contextmanager
def collect() -> Iterator[dict[str, list[np.ndarray]]]:
    """Gives a dict that the taps with a name fill while it is entered: the values of each name in order.

    >>> import miai as mi
    >>> with mi.debug.collect() as values:
    ...     for i in range(2):
    ...         _ = mi.debug.tap(mi.tensor([i]), "i")
    >>> [v.tolist() for v in values["i"]]
    [[0], [1]]
    """
    values: dict[str, list[np.ndarray]] = {}
    _collectors.append(values)
    try:
        yield values
    finally:
        _collectors[:] = [c for c in _collectors if c is not values]


def print(*objects: Any, sep: str = " ", end: str = "\n", file: Any = None, flush: bool = False) -> None:
    """`print` for tensors: in a traced program it prints in each call, not only in the recording one.

    What is not a Tensor prints as it was while recording. A dump leaves it out; see `tap`.

    >>> import miai as mi
    >>> @mi.trace
    ... def double(x):
    ...     mi.debug.print("x is", x)
    ...     return x + x
    >>> _ = double(mi.tensor([1.0])), double(mi.tensor([2.0]))
    x is Tensor([1.])
    x is Tensor([2.])
    """
    tensors = [item for item in objects if isinstance(item, Tensor)]
    texts = [None if isinstance(item, Tensor) else str(item) for item in objects]  # None: a tensor's place

    def show(*values: np.ndarray) -> list[Any]:
        rest = iter(values)
        shown = (repr(Tensor(next(rest))) if text is None else text for text in texts)
        builtins.print(*shown, sep=sep, end=end, file=file, flush=flush)
        return []

    with _core.RecordingPause():
        show(*(_value(t) for t in tensors))
    if _core.is_recording():
        record_effect("print", show, tensors)


def _value(x: Tensor) -> np.ndarray:
    with _core.RecordingPause():
        return x.numpy(copy=True)
