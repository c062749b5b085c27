"""Ctrl-C while processes are wound up: takes effect afterwards, and is not lost."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def interrupts_deferred() -> Iterator[None]:
    """Within it SIGINT only waits; it is sent again once the code that was left has had time to return.

    Python drops an exception that is raised in a finalizer, so a Ctrl-C that came there would do nothing.
    """
    handler = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(handler):
        yield
        return
    seen: list[int] = []
    signal.signal(signal.SIGINT, lambda number, _: seen.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
        if seen:
            threading.Thread(target=_send_again, daemon=True).start()


def _send_again() -> None:
    time.sleep(0.01)
    main = threading.main_thread().ident
    if main is not None:
        signal.pthread_kill(main, signal.SIGINT)
