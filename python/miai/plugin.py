"""Operators in shared libraries, registered at run time."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import Any

from . import _core


def load_plugin(path: Any) -> SimpleNamespace:
    """Registers the operators of a shared library for the life of the process and gives them by their names.

    The library is written against ``miai/plugin.h`` (in the folder ``include`` of `sdk_path`) and links
    nothing of Miai; docs/plugins.md has a whole one. Its operators work eagerly, in traces and under
    gradients. A dumped model that uses them runs in the SDK once that has loaded the same library
    (``miai-run --plugin FILE``).
    Loading a library again gives the same operators: a rebuilt one needs a new process.

    Args:
        path: the library's file.

    Raises:
        OSError: it cannot be loaded, or exports no ``miai_plugin_init``.
        NotImplementedError: it was built for a newer version of the interface.
        ValueError, TypeError, ...: what its ``miai_plugin_init`` reports, such as a name that is taken. Then
            none of its operators is registered.

    >>> load_plugin("missing.so")
    Traceback (most recent call last):
    ...
    OSError: cannot load plugin 'missing.so': ...
    """
    names = _core.load_plugin(os.fspath(path))
    return SimpleNamespace(**{name: _core.op(name) for name in names})
