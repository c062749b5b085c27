"""What show_config tells, the table of environment variables, and logging."""

import logging
import os
import pathlib
import re
import subprocess
import sys

import miai as mi
import numpy as np
import pytest
from miai.config import ENVIRONMENT

ROOT = pathlib.Path(__file__).parents[2]


def variables_read() -> set[str]:
    """Environment variables in the sources that ship."""
    found: set[str] = set()
    for folder in ("kernels", "runtime", "graph", "imperative", "sdk", "python/bindings"):
        for path in (ROOT / folder).rglob("*.cpp"):
            found |= set(re.findall(r'getenv\("([A-Z_]+)"\)', path.read_text()))
    for path in (ROOT / "python" / "miai").rglob("*.py"):
        found |= set(re.findall(r'environ(?:\.get\(|\[)"([A-Z_]+)"', path.read_text()))
        found |= set(re.findall(r'"([A-Z_]+)" in os\.environ', path.read_text()))
    return found


def test_every_variable_is_in_the_tables() -> None:
    page = (ROOT / "docs" / "environment.md").read_text()
    documented = set(re.findall(r"^\| `([A-Z_]+)`", page, re.M))
    assert variables_read() == set(ENVIRONMENT) == documented


def test_show_config() -> None:
    text = subprocess.run(
        [sys.executable, "-c", "import miai; print(miai.show_config())"],
        env={**os.environ, "MIAI_NUM_THREADS": "3"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for part in (
        mi.__version__,
        np.__version__,
        "pybind11",
        "processor: ",
        "glibc",
        "reference/conv2d",
    ):
        assert part in text, part
    assert "threads: 3" in text and "MIAI_NUM_THREADS=3" in text


def test_recordings_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "miai")
    f = mi.trace(lambda x, n: x + n)
    for n in range(16):
        f(mi.tensor([1.0]), n)
    assert sum("recorded, for shapes" in r.getMessage() for r in caplog.records) == 16
    (warning,) = [r for r in caplog.records if r.levelno == logging.WARNING]
    assert "has been recorded 16 times" in warning.getMessage() and warning.name == "miai.jit"


def test_level_and_file(tmp_path: pathlib.Path) -> None:
    script = """
import sys, miai as mi
mi.set_log_file(sys.argv[1])
for n in (1.0, 2.0):
    mi.trace(lambda x: x)(mi.tensor([n]))
    mi.set_log_level("info")
"""
    path = tmp_path / "log.txt"
    subprocess.run([sys.executable, "-c", script, path], check=True)
    assert path.read_text().count("INFO miai.jit: <lambda>: program 1 recorded") == 1
    with pytest.raises(ValueError, match="set_log_level: expected debug, info"):
        mi.set_log_level("loud")


def test_level_from_the_environment() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import miai as mi; mi.trace(lambda x: x)(mi.tensor([1.0]))"],
        env={**os.environ, "MIAI_LOG_LEVEL": "info"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "INFO miai.jit" in done.stderr
