"""Memory of processes as Linux counts it, in bytes."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from pathlib import Path


def _status(key: str) -> int:
    found = re.search(rf"{key}:\s*(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) * 1024


def resident() -> int:
    """What this process holds now."""
    return _status("VmRSS")


def peak() -> int:
    """The most that this process has held since it began, or since `reset_peak`."""
    return _status("VmHWM")


def reset_peak() -> None:
    """The peak counts from now on."""
    Path("/proc/self/clear_refs").write_text("5")


def ended_child(command: list[str]) -> tuple[int, str]:
    """Runs a command to its end: the most that it held, and what it printed. Raises RuntimeError where it
    fails."""
    with tempfile.TemporaryFile("w+") as printed:
        process = subprocess.Popen(command, stdout=printed, stderr=subprocess.PIPE, text=True)
        assert process.stderr is not None
        message = process.stderr.read().strip()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise RuntimeError(f"{Path(command[0]).name} {command[1]}: {message}")
        printed.seek(0)
        return usage.ru_maxrss * 1024, printed.read()
