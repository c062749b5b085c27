"""A progress bar for loops, by tqdm where it is installed."""

from __future__ import annotations

import functools
import importlib
import sys
import time
from collections.abc import Iterable, Iterator, Sized
from typing import Any, TypeVar

T = TypeVar("T")


def progress(iterable: Iterable[T], desc: str = "", total: int | None = None) -> Iterable[T]:
    """`iterable`, with a progress bar on the standard error stream while it is gone through.

    >>> from miai.data import progress
    >>> sum(progress(range(4), "adding"))
    6
    """
    try:
        tqdm = importlib.import_module("tqdm.auto").tqdm
    except ImportError:
        return _plain(iterable, desc, total)
    bar: Iterable[T] = _interruptible(tqdm)(iterable, desc=desc or None, total=total, mininterval=_interval())
    return bar


@functools.cache
def _interruptible(tqdm: type) -> Any:
    """tqdm's class, disabled until its constructor is through: after Ctrl-C within, its end would fail."""
    return type("tqdm", (tqdm,), {"disable": True})


def _interval() -> float:
    """Seconds between two looks of the bar; in a log, where each is a line of its own, few."""
    return 0.2 if sys.stderr.isatty() else 10.0


def _plain(iterable: Iterable[T], desc: str, total: int | None) -> Iterator[T]:
    if total is None and isinstance(iterable, Sized):
        total = len(iterable)
    start = shown = time.monotonic()
    done = 0
    for done, item in enumerate(iterable, 1):
        yield item
        if time.monotonic() - shown > _interval():
            shown = time.monotonic()
            _show(desc, done, total, shown - start, "\r")
    _show(desc, done, total, time.monotonic() - start, "\n")


def _show(desc: str, done: int, total: int | None, seconds: float, end: str) -> None:
    of = f"/{total} ({100 * done // max(total, 1)} %)" if total is not None else ""
    rate = done / seconds if seconds > 0 else 0.0
    print(f"{desc + ': ' if desc else ''}{done}{of}, {rate:.1f}/s", end=end, file=sys.stderr, flush=True)
