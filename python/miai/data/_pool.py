"""The user's side of the workers: starts them through the fork server, hands out tasks, notices what goes
wrong.

There is no thread here: workers are ahead of the reader because they hold several tasks, and their results
wait in shared memory.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
import weakref
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import numpy as np

from . import _shared
from ._channel import Channel, ChannelClosed
from ._fetch import Progress, Task
from ._interrupts import interrupts_deferred
from ._pickling import pack_for_workers
from ._worker import Setup

_PATIENCE = 1.0  # seconds that the server gets to end its workers, and to tell how one has ended
_MAX_LENT = 16  # batches of one worker that the user may hold in shared memory


@dataclass
class Worker:
    """What is known of one worker."""

    id: int
    serial: int
    channel: Channel
    progress: Progress
    pid: int = 0
    exit: int | None = None
    tasks: deque[Task] = field(default_factory=deque)
    segments: dict[int, _shared.Bytes] = field(default_factory=dict)
    lent: dict[int, _shared.Ticket] = field(default_factory=dict)
    returned: deque[Any] = field(default_factory=deque)

    @property
    def starting(self) -> bool:
        """Whether it has not yet been ready for a task."""
        return self.progress.read()[0] == Progress.STARTING

    def take_back(self) -> list[int]:
        """The segments that nobody reads any more since the last call."""
        names = [self.returned.popleft().name for _ in range(len(self.returned))]
        for name in names:
            del self.lent[name]
        return names


@dataclass(frozen=True)
class Result:
    """A worker's message: "batch", "end", "failed" or "died", and the batch's number (None: at start)."""

    worker: Worker
    kind: str
    number: int | None = None
    task: Task | None = None
    value: Any = None


def _start_server(end: Channel) -> subprocess.Popen[bytes]:
    """Start the fork server with the user's import path; SIGINT stays blocked in it until it ignores it."""
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
            process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()  # its workers die with it
            process.wait()


class WorkerPool:
    """`number` workers that hold copies of dataset, transform and collator."""

    def __init__(self, server: Server, parts: dict[str, Any], number: int) -> None:
        packed = pack_for_workers(parts)
        self._server = server
        self.workers: list[Worker] = []
        size = number * Progress.STRIDE
        data = _shared.file_of(packed.parts, "the dataset")
        cells = _shared.create(size, "the workers' progress")
        try:
            memory = _shared.map_file(cells, size)
            setup = Setup(number, packed.head, packed.sizes, packed.nbytes, sys.path, sys.argv, os.getcwd())
            for i in range(number):
                line, end = Channel.pair()
                member = Worker(i, server.fork(i, end), line, Progress(memory, i))
                end.close()
                member.progress.batch(Progress.STARTING)
                self.workers.append(member)
                line.send(setup, (data, cells))
        finally:
            os.close(data)
            os.close(cells)

    def submit(self, worker: int, task: Task) -> None:
        """Queue a task at a worker; what the reader has let go of since goes back to it."""
        member = self.workers[worker]
        member.tasks.append(task)
        released = member.take_back()
        with suppress(ChannelClosed):  # its end is noticed, and named, by the next receive()
            member.channel.send((task, released))

    def receive(self, timeout: float | None) -> Result | None:
        """The next message of any worker; None when `timeout` seconds have passed."""
        lines = {member.channel.fileno(): member for member in self.workers}
        deadline = None if timeout is None else time.monotonic() + timeout
        poll = select.poll()
        for fd in (*lines, self._server.control.fileno()):
            poll.register(fd, select.POLLIN)
        while True:
            ready = poll.poll(None if deadline is None else max(0.0, deadline - time.monotonic()) * 1000)
            if not ready:
                return None
            for fd, _ in ready:
                if fd in lines:
                    return self._message(lines[fd])
            self._hear_server()
            for member in self.workers:
                if member.exit is not None:
                    return self._message(member)

    def _message(self, member: Worker) -> Result:
        try:
            (kind, number, value), fds = member.channel.receive()
        except ChannelClosed:
            self._await_exits([member])
            return Result(member, "died")
        if kind == "batch":
            value = _unpack(member, value, fds)
        task = member.tasks.popleft() if number is not None else None
        return Result(member, kind, number, task, value)

    def _hear_server(self) -> None:
        """Take in what the server says of our workers, or still has to say of those of an earlier pass."""
        try:
            (event, serial, number), _ = self._server.control.receive()
        except ChannelClosed:
            raise RuntimeError(
                "DataLoader: its fork server process has ended; see its message above, if any"
            ) from None
        for member in self.workers:
            if member.serial == serial:
                if event == "started":
                    member.pid = number
                else:
                    member.exit = number

    def _await_exits(self, members: list[Worker]) -> bool:
        deadline = time.monotonic() + _PATIENCE
        while any(member.exit is None for member in members):
            if not select.select([self._server.control], [], [], max(0.0, deadline - time.monotonic()))[0]:
                return False
            self._hear_server()
        return True

    def close(self) -> None:
        """Let the idle workers end; should one not, the server ends it, and itself."""
        for member in self.workers:
            member.channel.close()
        try:
            ended = self._await_exits(self.workers)
        except RuntimeError:
            ended = False
        if not ended:
            self._server.close()


def _unpack(member: Worker, value: Any, fds: list[int]) -> Any:
    name, size, head, sizes, dropped = value
    for old in dropped:
        member.segments.pop(old, None)
    if fds:
        member.segments[name] = np.frombuffer(_shared.map_file(fds[0], size), np.uint8)
        os.close(fds[0])
    memory, lease = member.segments[name], _shared.Lease(member.segments[name])
    ticket = _shared.Ticket(lease, member.returned.append)
    ticket.name, member.lent[name] = name, ticket
    if len(member.lent) - len(member.returned) > _MAX_LENT:  # the user keeps them all: give a copy
        return _shared.unpack(head, sizes, memory[: sum(map(_shared.aligned, sizes))].copy())
    return _shared.unpack(head, sizes, np.asarray(lease))
