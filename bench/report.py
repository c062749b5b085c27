"""Results as a table of text and as JSON."""

from __future__ import annotations

import argparse
import json
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from bench.entry import UNITS
from bench.harness import Result

_PACKAGES = ("miai", "torch", "jax", "onnxruntime", "openvino", "ncnn", "pnnx", "numpy")
_SCALES = {"s": ((1.0, "s"), (1e-3, "ms"), (1e-6, "us"), (1e-9, "ns")), "B": ((2**20, "MiB"),)}


def format_value(value: float, metric: str) -> str:
    """A number with its unit.

    >>> format_value(0.0123, "wall"), format_value(3 * 2**20, "peak")
    ('12.30 ms', '3.00 MiB')
    """
    scales = _SCALES[UNITS[metric]]
    scale, unit = next((pair for pair in scales if abs(value) >= pair[0]), scales[-1])
    return f"{value / scale:.{2 if value / scale < 100 else 1}f} {unit}"


def format_result(result: Result) -> str:
    """The table of an entry: a contender a line, ratios above 1 where ours is better."""
    plural = "" if result.threads == 1 else "s"
    lines = [f"\n{result.entry}: {result.title} ({result.threads} thread{plural})"]
    others = [m for m in UNITS if m != result.metric and any(m in s for s in result.samples.values())]
    lines.append(
        f"  {'':22} {'median':>11} {'quartiles':>24} "
        + " ".join(f"{metric:>11}" for metric in others)
        + "".join(f"   {'by ' + ours + ' [quartiles]':>28}" for ours in result.ours)
    )
    for name in result.samples:
        low, middle, high = (format_value(v, result.metric) for v in result.quartiles(name))
        line = f"  {name:22} {middle:>11} {low + ' - ' + high:>24} "
        line += " ".join(f"{_median(result, name, metric):>11}" for metric in others)
        for ours in result.ours:
            ratio = "{1:.2f} [{0:.2f}, {2:.2f}]".format(*result.ratio(ours, name))
            line += f"   {'' if name == ours else ratio:>28}"
        lines.append(line.rstrip())
    lines += [f"  left out: {name}: {reason}" for name, reason in result.left_out.items()]
    return "\n".join(lines)


def _median(result: Result, name: str, metric: str) -> str:
    if metric not in result.samples[name]:
        return ""
    return format_value(result.quartiles(name, metric)[1], metric)


def _machine() -> dict[str, Any]:
    names = {}
    for package in _PACKAGES:
        try:
            names[package] = version(package)
        except PackageNotFoundError:
            continue
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    model = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "")
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "load_average": os.getloadavg(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "packages": names,
    }


def write_json(path: Path, results: list[Result], options: argparse.Namespace) -> None:
    """All samples, with medians and ratios, and the machine."""
    rows = [
        {
            "entry": result.entry,
            "title": result.title,
            "threads": result.threads,
            "metric": result.metric,
            "unit": UNITS[result.metric],
            "median": {name: result.quartiles(name)[1] for name in result.samples},
            "ratios": {
                ours: {name: result.ratio(ours, name) for name in result.samples if name != ours}
                for ours in result.ours
            },
            "left_out": result.left_out,
            "samples": result.samples,
        }
        for result in results
    ]
    text = json.dumps({"machine": _machine(), "quick": options.quick, "results": rows}, indent=1)
    path.write_text(text + "\n", encoding="utf-8")
