"""The native program of the SDK, started under its own name by the command that pip installs."""

from __future__ import annotations

import os
import sys

from . import sdk_path


def run() -> None:
    """Becomes ``miai-run``."""
    program = os.path.join(sdk_path(), "bin", "miai-run")
    os.execv(program, [program, *sys.argv[1:]])
