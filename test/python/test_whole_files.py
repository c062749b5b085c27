"""A file is the old one or the new one, whole: savers killed, disks full, folders that cannot be written."""

import os
import pathlib
import subprocess
import sys

import miai as mi
import numpy as np
import pytest

# Forks a saver of states 1, 2, 3, ... and kills it at a random moment: the file must hold one of them.
KILLED = """
import os, random, signal, sys, time
import miai as mi, numpy as np

path, times = sys.argv[1], int(sys.argv[2])
arrays = [mi.tensor(np.full((64, 1024), k, "float32")) for k in range(4)]
mi.save({"k": 0, "w": arrays[0], "b": arrays[0]}, path)
last, seen = 0, set()
for i in range(times):
    ready, start = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(start, b"x")
        for k in range(last + 1, last + 1000000):
            mi.save({"k": k, "w": arrays[k % 4], "b": arrays[k % 4]}, path)
        os._exit(0)
    os.read(ready, 1)
    time.sleep(random.Random(i).uniform(0, 0.03))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(ready), os.close(start)
    state = mi.load(path)
    k = state["k"]
    assert k >= last, (k, last)
    for name in "wb":
        assert (state[name].numpy() == k % 4).all(), (k, name)
    seen.add(k)
    last = k
print(len(seen), "different states found after", times, "kills")
"""

FULL = """
import resource, sys
import miai as mi, numpy as np

path = sys.argv[1]
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    mi.save({"w": np.ones(100000)}, path)
except OSError as error:
    print(error)
"""

READ_ONLY = """
import os, sys
import miai as mi

if os.geteuid() == 0:  # root may write anywhere
    os.seteuid(65534)
try:
    mi.save({"epoch": 2}, sys.argv[1])
except OSError as error:
    print(error)
"""


def run_script(text, *arguments):
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", text, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=250, env=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


def only_file_in(path):
    return [p.name for p in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("times", [20, pytest.param(100, marks=pytest.mark.long)])
def test_killed_savers_leave_a_whole_file(tmp_path, times):
    text = run_script(KILLED, tmp_path / "c.safetensors", times)
    assert int(text.split()[0]) > times // 4, text  # on a busy machine some are killed before they save


def test_full_disk(tmp_path):
    path = tmp_path / "c.safetensors"
    mi.save({"epoch": 1}, path)
    assert "cannot write" in run_script(FULL, path)
    assert mi.load(path) == {"epoch": 1} and only_file_in(path)


@pytest.fixture
def open_folder():
    """A folder that other users can reach."""
    import shutil
    import tempfile

    folder = pathlib.Path(tempfile.mkdtemp())
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


def test_read_only_folder(open_folder):
    path = open_folder / "c.safetensors"
    mi.save({"epoch": 1}, path)
    open_folder.chmod(0o555)
    text = run_script(READ_ONLY, path)
    assert "cannot create a file beside" in text and "Permission denied" in text
    assert mi.load(path) == {"epoch": 1} and only_file_in(path)


def test_missing_folder(tmp_path):
    with pytest.raises(OSError, match="cannot create a file beside .*No such file or directory"):
        mi.save({"w": np.ones(3)}, tmp_path / "absent" / "c.safetensors")
    assert not any(tmp_path.iterdir())


def test_target_that_is_a_folder(tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="cannot replace"):
        mi.save({"w": np.ones(3)}, tmp_path / "folder")
    assert [p.name for p in tmp_path.iterdir()] == ["folder"]


@pytest.mark.parametrize(
    "tree", ['{"dict": 3}', "[", '{"tensor": "absent"}', "[" * 100000, '{"nope": []}', "3"]
)
def test_damaged_structure_of_a_checkpoint(tmp_path, tree):
    path = tmp_path / "c.safetensors"
    mi._core.write_tensors(str(path), [], {"miai.checkpoint": tree})
    with pytest.raises(OSError, match="structure is damaged"):
        mi.load(path)
