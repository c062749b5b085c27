"""Contenders as processes: one each, so that libraries, their threads and their memory stay apart."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from typing import Any

import numpy as np

from bench import threads


class ContenderFailed(RuntimeError):
    """A contender could not be made or run; the message is its reason."""


class _Child:
    """A process that makes one contender, and a pipe to it."""

    def __init__(self, entry: str, name: str, folder: Path, count: int) -> None:
        ours, theirs = Pipe()
        self._pipe: Connection = ours
        self._log = folder / f"{entry}.{name}.log".replace(" ", "_")
        command = [sys.executable, "-m", "bench.contender", entry, name, str(folder), str(count)]
        command += [str(theirs.fileno()), repr(time.perf_counter())]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                env=threads.environment(count),
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=Path(__file__).parent.parent,
            )
        theirs.close()

    def receive(self) -> Any:
        """The child's next message; raises ContenderFailed with its reason, or with the end of its log."""
        try:
            kind, value = self._pipe.recv()
        except (EOFError, ConnectionError):
            status = self._process.wait()
            tail = self._log.read_text(errors="replace").strip().splitlines()[-1:]
            raise ContenderFailed(f"ended with status {status}: {' '.join(tail)}") from None
        if kind == "failed":
            raise ContenderFailed(value)
        return value

    def ask(self, command: str) -> Any:
        """Sends a command and gives the answer."""
        self._pipe.send(command)
        return self.receive()

    def close(self) -> None:
        """Ends the process, which sees the pipe's end."""
        self._pipe.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class Staying:
    """A contender in one process, which is measured again and again."""

    def __init__(self, entry: str, name: str, folder: Path, count: int) -> None:
        self.name = name
        self._start = (entry, name, folder, count)
        self._child: _Child | None = None

    def check(self) -> np.ndarray:
        """Starts the process; what its `Runner.check` gives."""
        self._child = _Child(*self._start)
        return self._child.receive()

    def measure(self) -> Mapping[str, float]:
        """Seconds of a run, by the clock and of all threads' CPU."""
        assert self._child is not None
        return self._child.ask("measure")

    def close(self) -> None:
        """Ends the process."""
        if self._child is not None:
            self._child.close()


class Fresh:
    """A contender of which each measurement is a process of its own."""

    def __init__(self, entry: str, name: str, folder: Path, count: int) -> None:
        self.name = name
        self._start = (entry, name, folder, count)

    def check(self) -> np.ndarray:
        """The output of a process whose measurements do not count: it also warms the disk's cache."""
        return self._run().output

    def measure(self) -> Mapping[str, float]:
        """What a new process measured."""
        return self._run().values

    def _run(self) -> Any:
        child = _Child(*self._start)
        try:
            return child.receive()
        finally:
            child.close()

    def close(self) -> None:
        """Nothing is left to end."""


def run_module(module: str, *arguments: str) -> None:
    """Runs ``python -m module`` on all cores; raises ContenderFailed with the last line that it printed."""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=Path(__file__).parent.parent,
        preexec_fn=_use_all_cores,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        tail = (done.stderr or done.stdout).strip().splitlines()[-1:]
        raise ContenderFailed(f"{module} {' '.join(arguments[:1])}: {' '.join(tail)}")


def _use_all_cores() -> None:
    os.sched_setaffinity(0, range(os.cpu_count() or 1))
