"""Scripts in processes of their own, and what they leave behind."""

from __future__ import annotations

import glob
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

_MARK = "MIAI_DATA_TEST"


def _marked(mark: str) -> list[int]:
    found = []
    for path in glob.glob("/proc/[0-9]*/environ"):
        try:
            with open(path, "rb") as file:
                if f"{_MARK}={mark}".encode() in file.read():
                    found.append(int(path.split("/")[2]))
        except OSError:
            continue
    return found


class Script:
    """Runs Python code in a process of its own and finds the processes that it leaves behind."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.mark = uuid.uuid4().hex

    def start(self, code: str, *how: str, **env: str) -> subprocess.Popen[str]:
        """Start `code` as an unguarded script, or with `how` as python's arguments."""
        path = self._folder / "script.py"
        path.write_text(code)
        paths = os.pathsep.join(entry for entry in sys.path if entry)
        return subprocess.Popen(
            [sys.executable, *(how or (str(path),))],
            env={**os.environ, "PYTHONPATH": paths, _MARK: self.mark, **env},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, code: str, *how: str, stdin: str = "", **env: str) -> tuple[int, str, str]:
        """Run `code` to its end: exit status, output and errors."""
        process = self.start(code, *how, **env)
        out, err = process.communicate(stdin, timeout=60)
        return process.returncode, out, err

    def processes(self) -> list[int]:
        """The script's processes: itself, its workers and their server."""
        return _marked(self.mark)

    def left(self) -> list[int]:
        """Processes of the script that still are there after a moment."""
        for _ in range(100):
            found = _marked(self.mark)
            if not found:
                return []
            time.sleep(0.02)
        return found


def children() -> list[int]:
    """This process's children."""
    found = []
    for path in glob.glob("/proc/self/task/*/children"):
        found += [int(pid) for pid in Path(path).read_text().split()]
    return found


def wait_until(condition: Callable[[], Any]) -> bool:
    """Whether the condition comes true in a moment."""
    for _ in range(250):
        if condition():
            return True
        time.sleep(0.02)
    return False
