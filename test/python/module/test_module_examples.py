"""Every example in the docstrings of miai.module runs."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import miai.module
import pytest

_MODULES = ["miai.module"] + [m.name for m in pkgutil.walk_packages(miai.module.__path__, "miai.module.")]


@pytest.mark.parametrize("name", _MODULES)
def test_docstrings(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_every_public_name_has_a_docstring():
    for name in miai.module.__all__:
        assert getattr(miai.module, name).__doc__, name
