"""Messages by Python's logging, all of them below the logger "miai".

INFO tells what takes time or changes the course of a run (a trace recorded anew, a size that became dynamic,
names that a checkpoint lacked); WARNING what is likely a mistake. Nothing is configured for you: without a
handler of your own, Python prints warnings to stderr. MIAI_LOG_LEVEL=info, or `set_log_level`, shows more.
"""

from __future__ import annotations

import logging
import os
from typing import Any

_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def get_logger(name: str | None = None) -> logging.Logger:
    """The logger "miai", or the one called "miai.<name>".

    >>> get_logger("jit").name
    'miai.jit'
    """
    return logging.getLogger("miai" if name is None else f"miai.{name}")


def set_log_level(level: int | str) -> None:
    """Shows messages of this level ("debug", "info", "warning", "error", or logging's number) and above, on
    stderr unless the logger has a handler.

    Raises ValueError for another word.

    >>> set_log_level("warning")
    """
    number = logging.getLevelName(level.upper()) if isinstance(level, str) else level
    if not isinstance(number, int):
        raise ValueError(f"set_log_level: expected debug, info, warning, error or a number, got {level!r}")
    get_logger().setLevel(number)
    if not get_logger().hasHandlers():
        _add(logging.StreamHandler())


def set_log_file(fout: Any, mode: str = "a") -> None:
    """Writes the messages into a file too: its path, or an open text file.

    >>> import io
    >>> text = io.StringIO()
    >>> set_log_file(text)
    >>> get_logger().warning("an example")
    >>> print(text.getvalue().split(maxsplit=2)[2].strip())
    WARNING miai: an example
    """
    _add(logging.StreamHandler(fout) if hasattr(fout, "write") else logging.FileHandler(fout, mode))


def _add(handler: logging.Handler) -> None:
    handler.setFormatter(logging.Formatter(_FORMAT))
    get_logger().addHandler(handler)


if "MIAI_LOG_LEVEL" in os.environ:
    set_log_level(os.environ["MIAI_LOG_LEVEL"])
