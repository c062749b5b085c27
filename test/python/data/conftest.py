"""Tests of miai.data: what they share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from miai.data import set_seed
from processes import Script, children, wait_until


@pytest.fixture
def script(tmp_path: Path) -> Script:
    return Script(tmp_path)


@pytest.fixture(autouse=True)
def seeded() -> None:
    """Every test draws the same random numbers each time, whatever ran before it."""
    set_seed(0)


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """No test leaves a child process, a thread or a named piece of shared memory."""
    before = set(os.listdir("/dev/shm"))

    def names() -> list[str]:  # others that run tests have one for a moment too
        return [name for name in set(os.listdir("/dev/shm")) - before if "miai" in name]

    yield
    wait_until(lambda: not children() and not names())
    assert not children()
    assert not names()
