"""The user's side of the workers: hands out tasks, takes in results, notices what goes wrong.

There is no thread here: workers are ahead of the reader because they hold several tasks, and their results
wait in shared memory.
"""

from __future__ import annotations

import os
import select
import sys
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from . import _shared
from ._channel import Channel, ChannelClosed
from ._fetch import Progress, Task
from ._forkserver import PATIENCE, Server
from ._pickling import pack_for_workers
from ._worker import Setup

_MAX_LENT = 16  # batches of one worker that the user may hold in shared memory
_SERVER_GONE = (
    "DataLoader: its fork server process has ended; what it wrote, if anything, is on standard error"
)


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


class WorkerPool:
    """`number` workers that hold copies of dataset, transform and collator."""

    def __init__(self, server: Server, parts: dict[str, Any], number: int) -> None:
        packed = pack_for_workers(parts)
        self._server = server
        self.workers: list[Worker] = []
        try:
            self._start(packed, number)
        except ChannelClosed:
            raise RuntimeError(_SERVER_GONE) from None

    def _start(self, packed: _shared.Packed, number: int) -> None:
        size = number * Progress.STRIDE
        data = _shared.file_of(packed.parts, "the dataset")
        cells = _shared.create(size, "the workers' progress")
        try:
            memory = _shared.map_file(cells, size)
            setup = Setup(number, packed.head, packed.sizes, packed.nbytes, sys.path, sys.argv, os.getcwd())
            for i in range(number):
                line, end = Channel.pair()
                member = Worker(i, self._server.fork(i, end), line, Progress(memory, i))
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
            raise RuntimeError(_SERVER_GONE) from None
        for member in self.workers:
            if member.serial == serial:
                if event == "started":
                    member.pid = number
                else:
                    member.exit = number

    def _await_exits(self, members: list[Worker]) -> bool:
        deadline = time.monotonic() + PATIENCE
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
