"""The operators that the plans of the benchmarks' models run: a fusion that silently stops shows here.

After an intended change: ``MIAI_WRITE_PLANS=1 python -m pytest test/python/plans``, and read the difference.
"""

import collections
import os
import pathlib
import re

import pytest
from models import MODELS

FOLDER = pathlib.Path(__file__).parent


def operators(explanation):
    """How often each operator runs in a step, most frequent first."""
    counts = collections.Counter()
    step = explanation.rpartition("\nstep:")[2]  # what is prepared once stands before
    for name in re.findall(r"^ +\d+  .* = (\w+)\(", step, re.MULTILINE):
        counts[name] += 1
    return "".join(f"{n:4d} {name}\n" for name, n in sorted(counts.items(), key=lambda c: (-c[1], c[0])))


@pytest.mark.parametrize("name", MODELS)
def test_plan(name):
    text = operators(MODELS[name]().explain())
    path = FOLDER / f"{name}.txt"
    if os.environ.get("MIAI_WRITE_PLANS"):
        path.write_text(text)
    assert text
    assert text == path.read_text(), f"the plan of {name} has changed"
