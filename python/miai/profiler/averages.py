"""Events of one kind taken together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, overload

from .event import Event, self_times
from .table import format_table


@dataclass(frozen=True)
class Average:
    """Events of one kind.

    `total` and `mean` are seconds without the events within; `share` is the part of the profile's total, 0 to
    1. `flops` and `bytes` are sums. `kernel`, `line`, `inputs` and `outputs` are those of all events, and
    empty where they differ; `instruction` then is None.
    """

    op: str
    kernel: str
    line: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    instruction: int | None
    count: int
    total: float
    share: float
    flops: float
    bytes: float

    @property
    def mean(self) -> float:
        return self.total / self.count

    @property
    def gflops(self) -> float:
        """10**9 operations a second; 0 where none are counted."""
        return self.flops / self.total / 1e9 if self.total else 0.0

    @property
    def gbytes(self) -> float:
        """10**9 bytes a second."""
        return self.bytes / self.total / 1e9 if self.total else 0.0


def average(events: Sequence[Event], key: Callable[[Event], Any]) -> list[Average]:
    """Events with the same key together, those of the largest total first."""
    own = self_times(events)
    groups: dict[Any, list[int]] = {}
    for i, event in enumerate(events):
        groups.setdefault(key(event), []).append(i)
    whole = sum(own) or 1
    averages = []
    for indices in groups.values():
        group = [events[i] for i in indices]
        total = sum(own[i] for i in indices)
        averages.append(
            Average(
                op=group[0].op,
                kernel=_common((e.kernel for e in group), ""),
                line=_common((e.line for e in group), ""),
                inputs=_common((e.inputs for e in group), ()),
                outputs=_common((e.outputs for e in group), ()),
                instruction=_common((e.instruction for e in group), None),
                count=len(group),
                total=total / 1e9,
                share=total / whole,
                flops=sum(e.flops for e in group),
                bytes=sum(e.bytes for e in group),
            )
        )
    return sorted(averages, key=lambda a: -a.total)


def _common(values: Iterable[Any], otherwise: Any) -> Any:
    first, *rest = set(values)
    return otherwise if rest else first


_ORDERS: dict[str, Callable[[Average], Any]] = {
    "total": lambda a: -a.total,
    "mean": lambda a: -a.mean,
    "count": lambda a: -a.count,
    "gflops": lambda a: -a.gflops,
    "gbytes": lambda a: -a.gbytes,
    "op": lambda a: (a.op, -a.total),
}


class KeyAverages(Sequence[Average]):
    """Averages, those of the largest total first; printed as a table."""

    def __init__(self, averages: list[Average], with_shapes: bool) -> None:
        self._averages = averages
        self._with_shapes = with_shapes

    @overload
    def __getitem__(self, index: int) -> Average: ...
    @overload
    def __getitem__(self, index: slice) -> list[Average]: ...
    def __getitem__(self, index: int | slice) -> Average | list[Average]:
        return self._averages[index]

    def __len__(self) -> int:
        return len(self._averages)

    def __iter__(self) -> Iterator[Average]:
        return iter(self._averages)

    def table(self, sort_by: str = "total", row_limit: int = 100) -> str:
        """The averages as text.

        Args:
            sort_by: "total", "mean", "count", "gflops" or "gbytes", the largest first, or "op".
            row_limit: rows at most; those left out are counted in a last line.

        Raises:
            ValueError: another `sort_by`.
        """
        if sort_by not in _ORDERS:
            raise ValueError(
                f"table: argument 'sort_by': expected one of {', '.join(_ORDERS)}, got {sort_by!r}"
            )
        shown = sorted(self._averages, key=_ORDERS[sort_by])[: max(row_limit, 0)]
        heads = ["op", "kernel", *(["inputs"] if self._with_shapes else [])]
        rows = [
            [a.op, a.kernel, *([" ".join(a.inputs)] if self._with_shapes else []), *numbers(a)] for a in shown
        ]
        text = format_table([*heads, *NUMBER_HEADS], rows)
        left = len(self._averages) - len(shown)
        return text + (f"\n({left} more)" if left else "")

    def __repr__(self) -> str:
        return self.table()


NUMBER_HEADS = ["count", "total ms", "mean us", "share", "GFLOP/s", "GB/s"]


def numbers(a: Average) -> list[str]:
    """The cells under NUMBER_HEADS; "-" where no operations are counted."""
    return [
        str(a.count),
        f"{a.total * 1e3:.3f}",
        f"{a.mean * 1e6:.1f}",
        f"{a.share:.1%}",
        f"{a.gflops:.2f}" if a.flops else "-",
        f"{a.gbytes:.2f}",
    ]
