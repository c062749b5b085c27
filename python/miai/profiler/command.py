"""``miai profile``: where a dumped model's time goes."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

from .. import _core
from .averages import NUMBER_HEADS, Average, average, numbers
from .event import Event
from .model import ModelFunction, read_function
from .profile import profile
from .roofline import Machine, draw_roofline, measure_machine, part_of_roof
from .table import format_table

_FAR, _MATTERS = 1 / 3, 0.02  # less than this part of the roof, at least this part of the time


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL.miai")
    parser.add_argument("--function", metavar="NAME", help="the function to run (default: the first)")
    parser.add_argument(
        "--input", metavar="NAME=FILE.npy", action="append", default=[],
        help="an input's value (default: that of the first test vector, else random, dynamic sizes 1)",
    )  # fmt: skip
    parser.add_argument(
        "--runs", metavar="N", type=_positive, default=10, help="runs to average (default: 10)"
    )
    parser.add_argument("--threads", metavar="N", type=_positive, help="threads of one operator")
    parser.add_argument(
        "--output", metavar="DIR", type=Path, default=Path(), help="for trace.json and roofline.png"
    )
    parser.add_argument("--rows", metavar="N", type=_positive, default=40, help="rows to print (default: 40)")


def run(options: argparse.Namespace) -> int:
    """Runs the command; gives the exit status."""
    try:
        _profile(options)
    except (OSError, ValueError, TypeError, RuntimeError, NotImplementedError, ImportError) as error:
        print(f"miai profile: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def _profile(options: argparse.Namespace) -> None:
    if options.threads:
        _core.set_thread_count(options.threads)
    function = read_function(options.model, options.function)
    events = _run(function, _arrays(options.input), options.runs)
    nodes = average(events.events, _node)
    title = f"{Path(options.model).name}, function {function.name}"
    seconds = sum(node.total for node in nodes) / options.runs
    print(f"{title}: {options.runs} runs, {seconds * 1e3:.3f} ms in {len(nodes)} nodes a run")
    print(_table(nodes[: options.rows]))
    if len(nodes) > options.rows:
        print(f"({len(nodes) - options.rows} more)")
    machine = measure_machine()
    print(f"\nthe machine: {machine}")
    print(_far_below(machine, nodes))
    options.output.mkdir(parents=True, exist_ok=True)
    trace, picture = options.output / "trace.json", options.output / "roofline.png"
    events.export_chrome_trace(trace)
    print(f"trace {trace}: open it in https://ui.perfetto.dev")
    draw_roofline(machine, nodes, picture, title)
    print(f"picture {picture}")


def _arrays(inputs: list[str]) -> dict[str, np.ndarray]:
    arrays = {}
    for text in inputs:
        name, equals, path = text.partition("=")
        if not equals:
            raise ValueError(f"argument --input: expected NAME=FILE.npy, got {text!r}")
        arrays[name] = np.load(path, allow_pickle=False)
    return arrays


def _run(function: ModelFunction, given: dict[str, np.ndarray], runs: int) -> profile:
    values = function.values(given)
    function.run(values)  # plans, prepares, and warms the caches
    with profile() as recorded:
        for _ in range(runs):
            function.run(values)
    return recorded


def _node(event: Event) -> tuple[object, ...]:
    return event.instruction, event.op, event.kernel, event.line


def _table(nodes: list[Average]) -> str:
    heads = ["node", "op", "kernel", "line", "outputs", *NUMBER_HEADS]
    rows = [[str(n.instruction), n.op, n.kernel, n.line, " ".join(n.outputs), *numbers(n)] for n in nodes]
    return format_table(heads, rows)


def _far_below(machine: Machine, nodes: list[Average]) -> str:
    far = [n for n in nodes if n.share >= _MATTERS and part_of_roof(machine, n) < _FAR]
    if not far:
        return f"no node of {_MATTERS:.0%} of the time or more is below a third of the roof"
    lines = [f"far below the roof (under a third of it, {_MATTERS:.0%} of the time or more):"]
    for n in far:
        where = f" ({n.line})" if n.line else ""
        lines.append(
            f"  node {n.instruction} {n.op}{where}, {n.kernel}: {part_of_roof(machine, n):.1%} of the roof, "
            f"{n.share:.1%} of the time"
        )
    return "\n".join(lines)
