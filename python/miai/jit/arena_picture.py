"""The arena over time: a rectangle for each value, as long as it lives and as high as it is large."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from ..sizes import format_bytes

if TYPE_CHECKING:
    from .report import ArenaBlock, MemoryReport

_KINDS = {"value": "#4c78a8", "computed again": "#e45756", "workspace": "#b8b8b8"}


def _kind(block: ArenaBlock) -> str:
    if block.is_workspace:
        return "workspace"
    return "computed again" if block.is_repeated else "value"


def _placed(report: MemoryReport) -> list[tuple[ArenaBlock, int]]:
    """The blocks that hold something, with their offsets; arenas of several devices lie upon each other."""
    bases: dict[str, int] = {}
    top = 0
    for device in dict.fromkeys(block.device for block in report.blocks):
        bases[device] = top
        top += max(b.offset + b.bytes for b in report.blocks if b.device == device)
    return [(b, bases[b.device] + b.offset) for b in report.blocks if b.bytes]


def draw_png(report: MemoryReport, path: Path) -> None:
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.collections import PatchCollection
        from matplotlib.figure import Figure
        from matplotlib.patches import Patch, Rectangle
    except ImportError as error:
        raise ImportError(
            "MemoryReport.plot: needs matplotlib; install it, or use to_html, which needs nothing"
        ) from error
    placed = _placed(report)
    figure = Figure(figsize=(12, 6), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for kind, color in _KINDS.items():
        shapes = [
            Rectangle((b.first, offset / 2**20), b.last - b.first + 1, b.bytes / 2**20)
            for b, offset in placed
            if _kind(b) == kind
        ]
        axes.add_collection(PatchCollection(shapes, facecolor=color, edgecolor="white", linewidth=0.3))
    axes.set_xlim(0, max((b.last for b, _ in placed), default=0) + 1)
    axes.set_ylim(0, report.arena_bytes / 2**20 or 1)
    axes.set_xlabel("instruction")
    axes.set_ylabel("arena, MiB")
    axes.set_title(_title(report))
    axes.legend(handles=[Patch(color=color, label=kind) for kind, color in _KINDS.items()], loc="upper right")
    figure.savefig(path, dpi=150)


def _title(report: MemoryReport) -> str:
    title = (
        f"arena of {format_bytes(report.arena_bytes)}, lower bound {format_bytes(report.lower_bound_bytes)}"
    )
    if report.repeated:
        title += f"; {len(report.repeated)} operators run again, +{report.added_time:.0%} time"
    return title


_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{title}</title>
<style>body {{ font-family: sans-serif; margin: 1.5em }} rect {{ stroke: white; stroke-width: .3;
vector-effect: non-scaling-stroke }} rect:hover {{ opacity: .6 }} svg {{ width: 100%; height: 75vh;
border: 1px solid #ccc }}</style>
<h1>{title}</h1>
<p>{legend}. From left to right: instructions; upwards: the arena, {top}. Point at a block for what it is.</p>
<svg viewBox="0 0 {width} {height}" preserveAspectRatio="none">
{shapes}
</svg>
<pre>{numbers}</pre>
</html>
"""


def draw_html(report: MemoryReport, path: Path) -> None:
    placed = _placed(report)
    height, total = 1000, report.arena_bytes or 1
    shapes = []
    for block, offset in placed:
        low, high = (height * at / total for at in (offset, offset + block.bytes))
        note = f"{block.op}{f' ({block.line})' if block.line else ''}: {_kind(block)}, "
        note += f"{format_bytes(block.bytes)} at {block.offset}, instructions {block.first} to {block.last}"
        shapes.append(
            f'<rect x="{block.first}" y="{height - high:.3f}" width="{block.last - block.first + 1}" '
            f'height="{high - low:.3f}" fill="{_KINDS[_kind(block)]}"><title>{escape(note)}</title></rect>'
        )
    legend = ", ".join(f'<b style="color:{color}">{kind}</b>' for kind, color in _KINDS.items())
    page = _PAGE.format(
        title=escape(_title(report)),
        legend=legend,
        top=format_bytes(report.arena_bytes),
        width=max((b.last for b, _ in placed), default=0) + 1,
        height=height,
        shapes="\n".join(shapes),
        numbers=escape(str(report)),
    )
    path.write_text(page, encoding="utf-8")
