"""The two ways to a pass over a loader's batches: made here, or by workers and put in order."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

from . import _errors
from ._fetch import EndOfStream, Fetcher, Task
from ._forkserver import Server
from ._interrupts import interrupts_deferred
from ._pool import Result, WorkerPool

_START_TIME = 30.0  # seconds for the start of the workers, to which the user's timeout does not apply
_runs = count()


@dataclass(frozen=True)
class Plan:
    """What a pass is to give: dataset, transform and collator, and which samples from which batch on."""

    parts: dict[str, Any]
    indices: Iterator[Any]
    entropy: tuple[int, ...]
    first: int
    stream: bool
    readers: int
    prefetch: int
    timeout: float
    persistent: bool

    def tasks(self) -> Iterator[Task]:
        """The batches in order; those of a stream that the user has had come first, to be left out."""
        run = next(_runs)
        for number, indices in enumerate(self.indices):
            skip = number < self.first
            if self.stream or not skip:
                yield Task(number, indices, (*self.entropy, number), run, self.stream, skip)


def batches_here(plan: Plan) -> Iterator[Any]:
    """Batches made by this process."""
    fetcher = Fetcher(*plan.parts.values())
    for task in plan.tasks():
        try:
            batch = fetcher.fetch(task)
        except EndOfStream:
            return
        if not task.skip:
            yield batch


def batches_of_workers(plan: Plan, keep: dict[str, Any]) -> Iterator[Any]:
    """Batches made by workers; `keep` holds the server and the pool that stay from one pass to the next."""
    owner = os.getpid()
    server: Server | None = keep.pop("server", None)
    pool: WorkerPool | None = keep.pop("pool", None)
    whole = False
    try:
        if server is None or not server.alive:
            server = Server()
        if pool is None:
            pool = WorkerPool(server, plan.parts, plan.readers)
        yield from _Pass(plan, pool, owner).batches()
        whole = True
    finally:
        if os.getpid() == owner and server is not None:
            with interrupts_deferred():
                _wind_up(plan, keep, server, pool if whole else None)


def _wind_up(plan: Plan, keep: dict[str, Any], server: Server, pool: WorkerPool | None) -> None:
    """After a pass: `pool` is None unless it came to its end, and every worker is idle."""
    if pool is None:
        server.close()
        return
    if plan.persistent:
        keep["pool"] = pool
    else:
        pool.close()
    keep["server"] = server


class _Pass:
    """Hands out tasks round robin, and gives the results in the order of the tasks."""

    def __init__(self, plan: Plan, pool: WorkerPool, owner: int) -> None:
        self._plan, self._pool, self._owner = plan, pool, owner
        self._tasks = plan.tasks()
        self._begun = time.monotonic()
        self._turn: list[int] = list(range(plan.readers))  # workers that still have something to give
        self._sent: dict[int, tuple[int, bool]] = {}  # task -> its worker, whether to leave the batch out
        self._done: dict[int, Result] = {}

    def batches(self) -> Iterator[Any]:
        """The batches of the pass."""
        self._send()
        while self._sent:
            number, (worker, skip) = next(iter(self._sent.items()))
            result = self._await(number, worker)
            del self._sent[number]
            if result.kind == "failed":
                raise _errors.failure(result.worker, result.task, self._plan.readers, result.value)
            if result.kind == "end":
                if worker in self._turn:
                    self._turn.remove(worker)
                continue
            self._send()
            if not skip:
                batch = result.value
                del result
                yield batch
                del batch

    def _send(self) -> None:
        while self._turn and len(self._sent) < len(self._turn) * self._plan.prefetch:
            task = next(self._tasks, None)
            if task is None:
                return
            worker = self._turn.pop(0)
            self._turn.append(worker)
            self._sent[task.number] = (worker, task.skip)
            self._pool.submit(worker, task)

    def _await(self, number: int, worker: int) -> Result:
        timeout, member = self._plan.timeout or None, self._pool.workers[worker]
        deadline = time.monotonic() + (timeout or 0)
        if os.getpid() != self._owner:
            raise RuntimeError(
                f"DataLoader: this iterator belongs to process {self._owner}, of which this one is a fork"
                "; iterate over the loader anew"
            )
        while number not in self._done:
            result = self._pool.receive(None if timeout is None else max(0.0, deadline - time.monotonic()))
            if result is None:
                if member.starting and time.monotonic() < self._begun + _START_TIME:
                    deadline = time.monotonic() + self._plan.timeout
                    continue
                raise _errors.late(member, self._plan.readers, self._plan.timeout)
            if result.kind == "died":
                raise _errors.death(result.worker, self._plan.readers)
            if result.number is None:
                raise _errors.failure(result.worker, None, self._plan.readers, result.value)
            self._done[result.number] = result
        return self._done.pop(number)
