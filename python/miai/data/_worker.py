"""What a worker process does: loads, transforms and collates the batches that it is asked for."""

from __future__ import annotations

import faulthandler
import io
import mmap
import os
import pickle
import sys
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from . import _shared
from ._channel import Channel, ChannelClosed
from ._fetch import EndOfStream, Fetcher, Progress, Task, report_to


@dataclass(frozen=True)
class WorkerInfo:
    """Which worker this is: `id` of `num_workers`."""

    id: int
    num_workers: int


_info: WorkerInfo | None = None


def get_worker_info() -> WorkerInfo | None:
    """In a loader's worker process its number and how many there are; elsewhere None.

    >>> from miai.data import get_worker_info
    >>> get_worker_info() is None
    True
    """
    return _info


@dataclass(frozen=True)
class Setup:
    """The first message to a worker; a file beside it holds the arrays of `head`, another the progress."""

    num_workers: int
    head: bytes
    sizes: list[int]
    nbytes: int
    sys_path: list[str]
    argv: list[str]
    cwd: str


@dataclass(frozen=True)
class Failure:
    """An exception in a worker, as text, and as an object where it pickles."""

    text: str
    traceback: str
    error: bytes | None
    batch: int
    position: int


def serve(worker: int, channel: Channel) -> None:
    """Load batches for the process at the other end of `channel` until it closes it."""
    faulthandler.enable()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)  # prints are seen even if it is killed
    try:
        setup, fds = channel.receive()
        progress = Progress(_mapped(fds[1], setup.num_workers * Progress.STRIDE), worker)
        try:
            report_to(progress)
            fetcher = _prepare(worker, setup, fds[0])
        except (Exception, SystemExit) as error:
            channel.send(("failed", None, _failure(error, progress)))
            return
        progress.batch(Progress.IDLE)
        outbox = _Outbox(channel)
        while True:
            (task, released), _ = channel.receive()
            outbox.release(released)
            try:
                outbox.put(task, fetcher.fetch(task))
            except EndOfStream:
                channel.send(("end", task.number, None))
            except Exception as error:
                channel.send(("failed", task.number, _failure(error, progress)))
            progress.batch(Progress.IDLE)
    except ChannelClosed:
        return


def _mapped(fd: int, size: int, private: bool = False) -> mmap.mmap:
    memory = _shared.map_file(fd, size, private)
    os.close(fd)
    return memory


def _prepare(worker: int, setup: Setup, fd: int) -> Fetcher:
    global _info
    _info = WorkerInfo(worker, setup.num_workers)
    os.chdir(setup.cwd)
    sys.path[:] = setup.sys_path
    sys.argv[:] = setup.argv
    memory = np.frombuffer(_mapped(fd, setup.nbytes, private=True), np.uint8)
    dataset, transform, collator = _shared.unpack(setup.head, setup.sizes, memory)
    return Fetcher(dataset, transform, collator)


def _failure(error: BaseException, progress: Progress) -> Failure:
    packed: bytes | None
    try:
        packed = pickle.dumps(error)
        pickle.loads(packed)
    except Exception:
        packed = None
    text = "".join(traceback.format_exception_only(type(error), error)).strip()
    trace = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    return Failure(text, trace, packed, *progress.read())


class _Outbox:
    """Puts batches into shared memory; segments come back for reuse once the reader has let go of them."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._segments: dict[int, mmap.mmap] = {}
        self._free: set[int] = set()
        self._names: Iterator[int] = iter(range(1 << 62))

    def release(self, segments: list[int]) -> None:
        """The reader is done with these."""
        self._free.update(segments)

    def put(self, task: Task, batch: Any) -> None:
        """Send a batch."""
        packed = _shared.Packed(batch)
        dropped: list[int] = []
        fits = [name for name in self._free if len(self._segments[name]) >= packed.nbytes]
        fds: tuple[int, ...] = ()
        if fits:
            name = min(fits, key=lambda name: len(self._segments[name]))
        else:
            dropped = list(islice(self._free, 1))
            for old in dropped:
                self._free.discard(old)
                self._segments.pop(old).close()
            name, size = next(self._names), max(mmap.PAGESIZE, _shared.aligned(packed.nbytes))
            fds = (_shared.create(size, f"batch {task.number}"),)
            self._segments[name] = _shared.map_file(fds[0], size)
        self._free.discard(name)
        memory = self._segments[name]
        packed.write(np.frombuffer(memory, np.uint8))
        self._channel.send(
            ("batch", task.number, (name, len(memory), packed.head, packed.sizes, dropped)), fds
        )
        for fd in fds:
            os.close(fd)
