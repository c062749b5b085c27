"""The fork server: a small process without threads that forks the loader's workers and says how they end.

Forking the user's own process would copy its locks without the threads that hold them, which can hang; this
process imports the package, has one thread, and is forked instead. Whatever happens to the loader's process,
the line to it closes, and the server kills its workers and ends: no process stays behind.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import sys
import traceback

from ._channel import Channel, ChannelClosed
from ._worker import serve

_PR_SET_PDEATHSIG = 1


def main(fd: int) -> None:
    """Run the server on the control line `fd` until the other end is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the loader's to handle
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    control = Channel.from_fd(fd)
    woken, waker = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    children: dict[int, int] = {}  # process id -> serial number of the worker
    try:
        while True:
            ready, _, _ = select.select([fd, woken], [], [])
            if woken in ready:
                os.read(woken, 4096)
                _report_ends(control, children)
            if fd in ready:
                (serial, worker), fds = control.receive()
                pid = _fork(worker, fds[0], control)
                children[pid] = serial
                control.send(("started", serial, pid))
    except ChannelClosed:
        pass
    finally:
        _kill(children)
        os._exit(0)


def _report_ends(control: Channel, children: dict[int, int]) -> None:
    while children:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        if pid in children:
            control.send(("ended", children.pop(pid), os.waitstatus_to_exitcode(status)))


def _kill(children: dict[int, int]) -> None:
    for pid in children:
        os.kill(pid, signal.SIGKILL)
    for pid in children:
        os.waitpid(pid, 0)


def _fork(worker: int, fd: int, control: Channel) -> int:
    server = os.getpid()
    pid = os.fork()
    if pid:
        os.close(fd)
        return pid
    status = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        control.close()
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() == server:
            serve(worker, Channel.from_fd(fd))
            status = 0
    except SystemExit as error:
        status = error.code if isinstance(error.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
