"""profile: what this thread's operators take."""

from __future__ import annotations

from typing import Any

from .. import _core
from .averages import KeyAverages, average
from .chrome_trace import write_chrome_trace
from .event import Event


class profile:  # noqa: N801 - used like a keyword
    """Context that records each operator that this thread runs: eager calls and instructions of programs.

    Leaving it waits for what is queued on devices, and turns the recording off whatever happened inside. A
    profile is used once; while one records, another in the same thread is a RuntimeError. Outside of it
    nothing is recorded, which costs an operator one comparison.

    Times are those of the kernel; of an eager call, with the memory of its results. Work of a device with a
    queue is timed where it runs, not where it is queued. Views (reshape, transpose, slices) do no work and
    are not seen, nor is Python between operators. The first call of a traced function runs eagerly.

    >>> import miai as mi
    >>> x = mi.random.normal(size=(8, 4))
    >>> with profile() as p:
    ...     y = (x @ x.transpose(1, 0)).relu()
    >>> [(event.op, event.outputs, event.flops) for event in p.events]
    [('matmul', ('float32[8, 8]',), 512.0), ('relu', ('float32[8, 8]',), 64.0)]
    >>> print(p.key_averages().table(sort_by="op"))
    op      kernel...  count  total ms  mean us  share  GFLOP/s  GB/s
    ------  ...
    matmul  ...
    relu    ...
    """

    def __init__(self) -> None:
        self._recorded: Any = None
        self._events: list[Event] | None = None

    def __enter__(self) -> profile:
        if self._recorded is not None:
            raise RuntimeError("profile: it has been used already; make another one")
        self._recorded = _core.start_profile()
        return self

    def __exit__(self, *exception: Any) -> None:
        self._recorded.stop()

    @property
    def events(self) -> list[Event]:
        """All that was recorded, in the order of starting.

        Raises:
            RuntimeError: it has not been left yet.
        """
        if self._recorded is None:
            raise RuntimeError("profile: nothing has been recorded; use it in a with statement")
        if self._events is None:
            self._events = sorted((Event(*fields) for fields in self._recorded.events()), key=_start)
        return self._events

    def key_averages(self, group_by_input_shape: bool = False) -> KeyAverages:
        """Events of one operator together, or of one operator, kernel and shapes of inputs.

        >>> import miai as mi
        >>> with profile() as p:
        ...     _ = mi.tensor([1.0]) + 1, mi.tensor([1.0, 2.0]) + 1
        >>> [a.count for a in p.key_averages()]
        [2]
        >>> [a.count for a in p.key_averages(group_by_input_shape=True)]
        [1, 1]
        """
        if group_by_input_shape:
            return KeyAverages(average(self.events, lambda e: (e.op, e.kernel, e.inputs)), True)
        return KeyAverages(average(self.events, lambda e: e.op), False)

    def export_chrome_trace(self, path: Any) -> None:
        """Writes a JSON file for https://ui.perfetto.dev or chrome://tracing.

        A box for each event, a row for each thread; a click on one shows line, kernel, shapes, GFLOP/s, GB/s.

        Raises:
            OSError: the file cannot be written.
        """
        write_chrome_trace(self.events, path)

    def __repr__(self) -> str:
        if self._recorded is None:
            return "<profile: nothing recorded yet>"
        return repr(self.key_averages())


def _start(event: Event) -> int:
    return event.start_ns
