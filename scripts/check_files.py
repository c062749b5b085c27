"""No source above 500 lines, their median at most 150, and a README in every top-level folder."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Iterator
from pathlib import Path

FOLDERS = [
    "bench",
    "docs",
    "graph",
    "imperative",
    "kernels",
    "python",
    "runtime",
    "scripts",
    "sdk",
    "test",
    "third_party",
]
SOURCES = {".h", ".hpp", ".c", ".cpp", ".cu", ".py"}
LONGEST, MEDIAN = 500, 150


def problems(root: Path) -> Iterator[str]:
    lengths = []
    for folder in (root / name for name in FOLDERS if (root / name).is_dir()):
        if not (folder / "README.md").is_file():
            yield f"{folder.name}: no README.md"
        for source in folder.rglob("*"):
            if source.suffix not in SOURCES or not source.is_file():
                continue
            lengths.append(len(source.read_text().splitlines()))
            if lengths[-1] > LONGEST:
                yield f"{source.relative_to(root)}: {lengths[-1]} lines, more than {LONGEST}"
    if statistics.median(lengths) > MEDIAN:
        yield f"median length of a source: {statistics.median(lengths)} lines, more than {MEDIAN}"


if __name__ == "__main__":
    wrong = list(problems(Path(__file__).parent.parent))
    print("\n".join(wrong))
    sys.exit(bool(wrong))
