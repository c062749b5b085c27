"""The user's side of the fork server: starts it, asks it for workers, ends it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import weakref
from itertools import count

from ._channel import Channel
from ._interrupts import interrupts_deferred

PATIENCE = 1.0  # seconds that the server gets to end its workers, and to tell how one has ended


def _start_server(end: Channel) -> subprocess.Popen[bytes]:
    """Start the fork server with the user's import path; SIGINT stays blocked in it until it ignores it."""
    if not sys.executable:
        raise RuntimeError("DataLoader: workers need a Python interpreter, but sys.executable is not set")
    code = f"import sys; sys.path[:] = {sys.path!r}; from {__package__}._server import main"
    code += f"; main({end.fileno()})"
    flags = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]
    env = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", **os.environ}
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        return subprocess.Popen(
            [sys.executable, *flags, "-c", code],
            pass_fds=[end.fileno()],
            stdin=subprocess.DEVNULL,
            env=env,
        )
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


class Server:
    """The fork server process; it and its workers end when this is closed or collected, or we end."""

    def __init__(self) -> None:
        self.control, end = Channel.pair()
        try:
            process = _start_server(end)
        finally:
            end.close()
        self._serials = count()
        self._finalizer = weakref.finalize(self, _end_server, self.control, process, os.getpid())

    def fork(self, worker: int, end: Channel) -> int:
        """Ask for a worker that has `end` for its line; gives the number by which the server speaks of it."""
        serial = next(self._serials)
        self.control.send((serial, worker), (end.fileno(),))
        return serial

    @property
    def alive(self) -> bool:
        """Whether close() has not been called."""
        return self._finalizer.alive

    def close(self) -> None:
        """End the server and its workers, whatever they are doing."""
        self._finalizer()


def _end_server(control: Channel, process: subprocess.Popen[bytes], owner: int) -> None:
    with interrupts_deferred():
        control.close()
        if os.getpid() != owner:  # a forked copy of the user's process: the server is not its own
            process.returncode = 0
            return
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()  # its workers die with it
            process.wait()
