"""Every example in the docs, in the package's docstrings and in the operators' definitions."""

import doctest
import importlib
import pathlib
import pkgutil

import miai
import pytest
from miai import _core

ROOT = pathlib.Path(__file__).parents[2]
PAGES = [
    page
    for page in sorted((ROOT / "docs").glob("*.md"))
    if ">>> " in page.read_text()
    and page.name not in ("data.md", "add-an-operator.md")  # they have tests of their own
]
OPTIONS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def modules() -> list[str]:
    names = [m.name for m in pkgutil.walk_packages(miai.__path__, "miai.")]
    skip = (
        "miai._core",
        "miai.data",
        "miai.demo",
        "miai.module",
        "miai.optimizer",
    )  # they have tests of their own
    return ["miai"] + [n for n in names if not n.startswith(skip) and not n.endswith("__main__")]


def run(text: str, name: str, globs: dict) -> None:
    test = doctest.DocTestParser().get_doctest(text, globs, name, name, 0)
    output: list[str] = []
    failed = doctest.DocTestRunner(optionflags=OPTIONS).run(test, out=output.append).failed
    assert not failed, "".join(output)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_page(page: pathlib.Path) -> None:
    run(page.read_text(), page.name, {})


def test_readme(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    code = (ROOT / "README.md").read_text().split("```python\n")[1].split("```")[0]
    exec(compile(code, "README.md", "exec"), {})
    assert (tmp_path / "model.miai").stat().st_size > 0


@pytest.mark.parametrize("name", modules())
def test_docstrings(name: str) -> None:
    module = importlib.import_module(name)
    for test in doctest.DocTestFinder(exclude_empty=True).find(module, name):
        output: list[str] = []
        failed = doctest.DocTestRunner(optionflags=OPTIONS).run(test, out=output.append).failed
        assert not failed, "".join(output)


@pytest.mark.parametrize("op", _core.op_names())
def test_operator(op: str) -> None:
    text = _core.op(op).__doc__
    assert ">>> " in text, f"{op} has no example"
    run(text, op, {})
