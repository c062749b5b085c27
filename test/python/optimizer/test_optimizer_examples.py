"""Every example in the docstrings of miai.optimizer runs."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import miai.optimizer
import pytest

_MODULES = ["miai.optimizer"] + [
    m.name for m in pkgutil.walk_packages(miai.optimizer.__path__, "miai.optimizer.")
]


@pytest.mark.parametrize("name", _MODULES)
def test_docstrings(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_every_public_name_has_a_docstring():
    for name in miai.optimizer.__all__:
        assert getattr(miai.optimizer, name).__doc__, name
