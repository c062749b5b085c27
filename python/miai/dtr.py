"""Dynamic tensor rematerialization: eager training under a limit of memory.

Where an allocation of device cpu would exceed the limit, values that were computed for a backward pass are
given up, and computed again when something reads them. No bit of a result changes. See `docs/memory.md`.

>>> import miai as mi
>>> mi.dtr.eviction_threshold = "1GiB"
>>> mi.dtr.enable()
>>> mi.dtr.disable()

Source: Kirisame et al., "Dynamic Tensor Rematerialization", ICLR 2021; the names are MegEngine's.
"""

from __future__ import annotations

import contextlib
import dataclasses
import sys
import types
from collections.abc import Iterator

from . import _core
from .sizes import format_bytes, parse_bytes

__all__ = ["Statistics", "disable", "enable", "is_enabled", "memory_limit", "reset_statistics", "statistics"]

_DEVICE = "cpu"
_threshold: int | str = 0
_limit_before: int | None = None  # of the device, while a threshold is in force


def enable() -> None:
    """Gives values up from now on, where memory would exceed `eviction_threshold` (0: the limit of
    `mi.device.set_memory_limit`). Recordings (`with gm:`) that begin later take part.

    An allocation for which nothing is left to give up raises MemoryError with the limit that it needs.
    """
    _core.enable_dtr()
    _apply()


def disable() -> None:
    """Gives nothing up any more. What is gone comes back when it is read; the device's limit is what it
    was."""
    global _limit_before
    _core.disable_dtr()
    if _limit_before is not None:
        _core.set_memory_limit(_DEVICE, _limit_before)
        _limit_before = None


def is_enabled() -> bool:
    """Whether values may be given up.

    >>> is_enabled()
    False
    """
    return _core.dtr_is_enabled()


def _apply() -> None:
    global _limit_before
    limit = parse_bytes(_threshold, "dtr", "eviction_threshold") if _threshold else 0
    if not limit:
        return
    before = _core.set_memory_limit(_DEVICE, limit)
    if _limit_before is None:
        _limit_before = before


@contextlib.contextmanager
def memory_limit(limit: int | str) -> Iterator[None]:
    """Eager training within so many bytes (a number, or a text such as "4GiB") inside a with block, of all
    threads: what `trace(memory_limit=...)` is to traced steps.

    >>> import miai as mi
    >>> w = mi.Parameter([3.0])
    >>> gm = mi.GradManager().attach([w])
    >>> with mi.dtr.memory_limit("4GiB"), gm:
    ...     gm.backward((w * w).sum())
    >>> w.grad
    Tensor([6.])
    """
    global _threshold
    parse_bytes(limit, "memory_limit", "limit")
    before, was_enabled = _threshold, is_enabled()
    disable()
    _threshold = limit
    enable()
    try:
        yield
    finally:
        disable()
        _threshold = before
        if was_enabled:
            enable()


@contextlib.contextmanager
def memory_goal(limit: int) -> Iterator[None]:
    """As `memory_limit`, but where nothing is left to give up memory is taken beyond it, from then on as if
    there were none. What is in force already stays. For recordings, whose plans keep the limit later."""
    if not limit or is_enabled():
        yield
        return
    before = _core.set_memory_goal(_DEVICE, limit)
    _core.enable_dtr()
    try:
        yield
    finally:
        _core.disable_dtr()
        _core.set_memory_goal(_DEVICE, before)


@dataclasses.dataclass(frozen=True)
class Statistics:
    """What `enable` has led to, since the last `reset_statistics`."""

    evictions: int  # values given up
    evicted_bytes: int  # theirs
    recomputations: int  # operators that ran again
    recomputed_bytes: int  # of their results

    def __str__(self) -> str:
        return (
            f"{self.evictions} values ({format_bytes(self.evicted_bytes)}) given up, "
            f"{self.recomputations} operators ({format_bytes(self.recomputed_bytes)}) run again"
        )


def statistics() -> Statistics:
    """How often values were given up and computed again.

    >>> reset_statistics()
    >>> print(statistics())
    0 values (0 bytes) given up, 0 operators (0 bytes) run again
    """
    return Statistics(*_core.dtr_statistics())


def reset_statistics() -> None:
    """Counts from zero again."""
    _core.reset_dtr_statistics()


class _Module(types.ModuleType):
    """So that settings are attributes of the module, as in MegEngine."""

    @property
    def eviction_threshold(self) -> int | str:
        """The most memory of device cpu: bytes, or a text such as "4GiB"; 0, the default, leaves it to
        `mi.device.set_memory_limit`. Raises ValueError or TypeError for what is no size."""
        return _threshold

    @eviction_threshold.setter
    def eviction_threshold(self, limit: int | str) -> None:
        global _threshold
        if limit != 0:
            parse_bytes(limit, "dtr", "eviction_threshold")
        was_enabled = is_enabled()
        if was_enabled:
            disable()
        _threshold = limit
        if was_enabled:
            enable()

    @property
    def evictee_minimum_size(self) -> int:
        """Values of fewer bytes are never given up; 4096 by default."""
        return _core.smallest_evictee()

    @evictee_minimum_size.setter
    def evictee_minimum_size(self, limit: int | str) -> None:
        _core.set_smallest_evictee(parse_bytes(limit, "dtr", "evictee_minimum_size"))


eviction_threshold: int | str
evictee_minimum_size: int | str
sys.modules[__name__].__class__ = _Module
