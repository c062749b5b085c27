"""Faults on request, to try what a program does about them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from .. import _core


@contextmanager
def fail_at(instruction: int) -> Iterator[None]:
    """Makes the traced programs of this thread raise RuntimeError before their n-th instruction, from 0.

    Instructions are counted from entering, over all programs that run; those that write states at the end
    cannot fail and are not counted. `trace.explain` lists them.

    >>> import miai as mi
    >>> w = mi.tensor([1.0])
    >>> @mi.trace
    ... def step(x):
    ...     w._reset(x @ w)
    >>> step(mi.tensor([[2.0]]))
    >>> try:
    ...     with fail_at(0):
    ...         step(mi.tensor([[2.0]]))
    ... except RuntimeError as error:
    ...     print(str(error).split(": ")[1], w)
    a fault asked for by a test Tensor([2.])
    """
    if instruction < 0:
        raise ValueError(f"fail_at: argument 'instruction': expected 0 or more, got {instruction}")
    _core.fail_instruction(instruction)
    try:
        yield
    finally:
        _core.fail_instruction(-1)


@contextmanager
def fail_allocation_at(allocation: int) -> Iterator[None]:
    """Makes the n-th allocation of tensor memory from now raise MemoryError, from 0, on any device.

    >>> import miai as mi
    >>> with fail_allocation_at(0):
    ...     mi.tensor([1.0]) + 1
    Traceback (most recent call last):
        ...
    MemoryError: ...
    """
    if allocation < 0:
        raise ValueError(f"fail_allocation_at: argument 'allocation': expected 0 or more, got {allocation}")
    _core.fail_allocation_after(allocation + 1)
    try:
        yield
    finally:
        _core.fail_allocation_after(0)
