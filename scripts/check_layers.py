"""An include never points upwards, and the SDK includes nothing of eager or gradients."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

RUNTIME = ["kernels", "runtime"]
GRAPH = [
    *RUNTIME,
    *("graph/ir", "graph/ops", "graph/passes", "graph/compile", "graph/serialize", "graph/plugin"),
]
IMPERATIVE = [*GRAPH, "graph/autodiff", "imperative"]
MAY_INCLUDE = {  # the first folder that a file lies in decides
    "kernels/common": ["kernels/common"],
    "kernels": ["kernels"],
    "runtime": RUNTIME,
    "graph/ir": [*RUNTIME, "graph/ir", "graph/ops"],  # the IR and the table of operators know each other
    "graph/ops": [*RUNTIME, "graph/ir", "graph/ops"],
    "graph/autodiff": [*GRAPH, "graph/autodiff"],
    "graph": GRAPH,
    "imperative": IMPERATIVE,
    "python": [*IMPERATIVE, "python"],
    "sdk": [*GRAPH, "sdk", "miai"],
}
OURS = {"kernels", "runtime", "graph", "imperative", "python", "sdk", "miai", "test", "bench"}
INCLUDE = re.compile(r'^\s*#\s*include\s*["<]([^/">]+)(/[^">]+)[">]')


def allowed_in(name: str) -> list[str]:
    return next(rule for folder, rule in MAY_INCLUDE.items() if name.startswith(folder + "/"))


def violations(root: Path) -> Iterator[str]:
    tops = sorted({folder.split("/")[0] for folder in MAY_INCLUDE})
    sources = [path for top in tops for path in sorted((root / top).rglob("*"))]
    for source in sources:
        if source.suffix not in {".h", ".hpp", ".c", ".cpp", ".cu"}:
            continue
        name = source.relative_to(root).as_posix()
        for number, line in enumerate(source.read_text().splitlines(), 1):
            match = INCLUDE.match(line)
            if match is None or match[1] not in OURS:
                continue
            included = match[1] + match[2]
            if not any(included.startswith(folder + "/") for folder in allowed_in(name)):
                yield f"{name}:{number}: may not include {included}"


if __name__ == "__main__":
    wrong = list(violations(Path(__file__).parent.parent))
    print("\n".join(wrong))
    sys.exit(bool(wrong))
