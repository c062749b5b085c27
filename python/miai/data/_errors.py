"""What the loader says when a worker fails."""

from __future__ import annotations

import pickle
import signal
from collections.abc import Iterable
from typing import TYPE_CHECKING

from ._fetch import Progress, Task
from ._worker import Failure

if TYPE_CHECKING:
    from ._pool import Worker


class WorkerError(RuntimeError):
    """A worker process of a DataLoader raised, was killed, or ended.

    `worker` is its number, `pid` its process id, `exit` its exit status (negative: the signal that killed it;
    None: it raised), `sample` the index of the sample that it was at, or None. Where the worker raised,
    `__cause__` is what.
    """

    def __init__(
        self, message: str, worker: int = -1, pid: int = 0, exit: int | None = None, sample: object = None
    ) -> None:
        super().__init__(message)
        self.worker, self.pid, self.exit, self.sample = worker, pid, exit, sample


def _name(member: Worker, total: int) -> str:
    return f"worker {member.id} of {total} (process {member.pid or '?'})"


def _place(tasks: Iterable[Task], batch: int, position: int) -> tuple[str, object]:
    """Where a worker was, in words, and the sample's index, if it was at one."""
    if batch == Progress.STARTING:
        return "while it was starting", None
    if batch == Progress.IDLE:
        return "while it had nothing to do", None
    task = next((task for task in tasks if task.number == batch), None)
    if task is None or position < 0:
        return f"after it had read the samples of batch {batch}", None
    if task.stream:
        return f"in batch {batch} of the stream", None
    return f"at sample {task.indices[position]} (batch {batch})", task.indices[position]


def _ending(code: int | None) -> tuple[str, str]:
    """How a process ended, and a hint."""
    if code is None:
        return "has closed its line", ""
    if code >= 0:
        return f"ended with exit status {code}", "; something in the dataset or transform ended the process"
    name = next((known.name for known in signal.Signals if known == -code), "real-time")
    if code == -signal.SIGKILL:
        hint = "; if nobody did, the kernel did for lack of memory: take fewer workers or smaller batches"
        return f"was killed by signal {-code} ({name})", hint
    if code in (-signal.SIGSEGV, -signal.SIGBUS, -signal.SIGABRT, -signal.SIGFPE, -signal.SIGILL):
        return f"crashed by signal {-code} ({name})", "; its Python stack is on the standard error above"
    return f"was ended by signal {-code} ({name})", ""


def death(member: Worker, total: int) -> WorkerError:
    """The error for a worker that is gone."""
    how, hint = _ending(member.exit)
    where, sample = _place(member.tasks, *member.progress.read())
    return WorkerError(
        f"DataLoader: {_name(member, total)} {how} {where}{hint}", member.id, member.pid, member.exit, sample
    )


def failure(member: Worker, task: Task | None, total: int, failed: Failure) -> WorkerError:
    """The error for an exception in a worker."""
    where, sample = _place([task] if task else [], failed.batch, failed.position)
    text = f"DataLoader: {_name(member, total)} raised {where}: {failed.text}"
    if failed.batch == Progress.STARTING and ("__main__" in failed.text or "_byvalue" in failed.traceback):
        text += "; put this part of the script or notebook into a module"
    text += f"\n\nIn the worker:\n{failed.traceback}"
    error = WorkerError(text.rstrip(), member.id, member.pid, None, sample)
    error.__cause__ = pickle.loads(failed.error) if failed.error is not None else None
    return error


def late(member: Worker, total: int, timeout: float) -> TimeoutError:
    """The error for a batch that has not come in time."""
    where, _ = _place(member.tasks, *member.progress.read())
    return TimeoutError(
        f"DataLoader: no batch within timeout={timeout} s; {_name(member, total)} was waited for {where}"
    )
