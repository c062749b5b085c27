"""Every example in the docstrings of miai.data and in docs/data.md runs."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from pathlib import Path

import miai.data
import pytest

_PAGE = Path(__file__).parents[3] / "docs" / "data.md"
_MODULES = [module.name for module in pkgutil.walk_packages(miai.data.__path__, "miai.data.")]


@pytest.mark.parametrize("name", _MODULES)
def test_docstrings(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_page(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = doctest.testfile(str(_PAGE), module_relative=False)
    assert result.attempted > 10
    assert result.failed == 0


def test_every_public_name_has_a_docstring():
    for module in (miai.data, miai.data.dataset, miai.data.sampler, miai.data.transform):
        for name in module.__all__:
            assert getattr(module, name).__doc__, name


def test_import_is_lean():
    import subprocess
    import sys

    code = "import sys; before = set(sys.modules); import miai.data; print(*(set(sys.modules) - before))"
    paths = [str(Path(miai.data.__file__).parents[2])]
    out = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {paths!r}; {code}"],
        capture_output=True,
        text=True,
    )
    assert "miai.data.loader" in out.stdout
    assert not {"tqdm", "PIL", "torch", "torchvision", "matplotlib", "multiprocessing"} & set(
        out.stdout.split()
    )
