"""The page docs/add-an-operator.md: each of its operators is one commit that touches the files it names and
no others, and passes every sample test."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[2]
PATH = re.compile(r"`((?:graph|kernels)/[\w/]+\.(?:cpp|h))`")
NOT_SOURCES = (".git", ".venv", "build", "out", "__pycache__")
ADDED = {
    "sum_of_squares": ["graph/ops/sum_of_squares.cpp"],
    "cube": ["graph/ops/cube.cpp"],
    "shift": ["graph/ops/shift.cpp", "kernels/common/attrs/shift.h", "kernels/reference/shift.cpp"],
}


def files_of_page() -> dict[str, str]:
    """Path -> text, of each file on the page: a block of code, after the last path that the text names."""
    text, found = (ROOT / "docs/add-an-operator.md").read_text(), {}
    for block in re.finditer(r"```cpp\n(.*?)```", text, re.DOTALL):
        found[PATH.findall(text[: block.start()])[-1]] = block.group(1)
    return found


def test_page_names_its_files() -> None:
    assert sorted(files_of_page()) == sorted(path for paths in ADDED.values() for path in paths)


def shell(folder: pathlib.Path, *command: str) -> str:
    env = {**os.environ, "CCACHE_BASEDIR": str(folder), "CCACHE_NOHASHDIR": "1"}
    env["PYTHONPATH"] = str(folder / "build/dev/python")
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return done.stdout


@pytest.mark.long
def test_three_commits(tmp_path: pathlib.Path) -> None:
    shutil.copytree(ROOT, tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns(*NOT_SOURCES))
    git = ("git", "-c", "user.name=test", "-c", "user.email=test@localhost")
    for command in (("init", "-q"), ("add", "-A"), ("commit", "-q", "-m", "before")):
        shell(tmp_path, *git, *command)
    page = files_of_page()
    for operator, paths in ADDED.items():
        for path in paths:
            (tmp_path / path).write_text(page[path])
        shell(tmp_path, *git, "add", "-A")
        shell(tmp_path, *git, "commit", "-q", "-m", f"Add {operator}")
        assert sorted(shell(tmp_path, "git", "show", "--name-only", "--format=").split()) == sorted(paths)
    shell(tmp_path, "clang-format", "--dry-run", "-Werror", *page)
    shell(tmp_path, "cmake", "--preset", "dev", f"-DPython_EXECUTABLE={sys.executable}")
    shell(tmp_path, "cmake", "--build", "--preset", "dev")
    shell(tmp_path, "build/dev/test/test_graph")
    report = shell(
        tmp_path, sys.executable, "-m", "pytest", "-v", "-k", " or ".join(ADDED) + " or every", "test/python"
    )
    for operator in ADDED:
        kinds = set(re.findall(rf"(\w+\.py)::\w+\[{operator}\b.*PASSED", report))
        assert {"test_samples.py", "test_levels.py", "test_gradients.py", "test_docs.py"} <= kinds, report
