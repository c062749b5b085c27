"""Files of every version are read, verified and run."""

import pathlib
import subprocess

import miai as mi
import numpy as np
import pytest

FOLDER = pathlib.Path(__file__).parents[1] / "golden"
VERSIONS = sorted(p.name for p in FOLDER.iterdir() if p.is_dir() and not p.name.startswith("_"))
RUN = pathlib.Path(mi.sdk_path()) / "bin" / "miai-run"


def miai_run(*arguments):
    done = subprocess.run([RUN, *map(str, arguments)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_there_are_files():
    assert "0.1.0" in VERSIONS


@pytest.mark.parametrize("version", VERSIONS)
def test_checkpoint(version):
    state = mi.load(FOLDER / version / "checkpoint.safetensors")
    assert state["epoch"] == 3 and state["names"] == ["a", None, (1.5, True)]
    for dtype, value in state["dtypes"].items():
        assert str(value.dtype) == dtype
        expected = [False, True, True, True] if dtype == "bool" else [0, 1, 2, 3]
        assert value.astype("float32").tolist() == [float(x) for x in expected]
    assert state["empty"].shape == (2, 0) and state["scalar"].item() == 2.5
    np.testing.assert_array_equal(state["array"], np.arange(6).reshape(2, 3))
    net = mi.module.Sequential(
        mi.module.Conv2d(1, 3, 3, padding=1),
        mi.module.BatchNorm2d(3),
        mi.module.ReLU(),
        mi.module.MaxPool2d(2),
        mi.module.Flatten(),
        mi.module.Linear(27, 3),
    )
    net.load_state_dict(state["net"])
    optimizer = mi.optimizer.Adam(net.parameters(), lr=0.5)
    optimizer.load_state_dict(state["optimizer"])
    assert abs(float(optimizer.param_groups[0]["lr"]) - 0.01) < 1e-6


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("file", "functions"), [("predict.miai", 1), ("train_step.miai", 2)])
def test_models(version, file, functions, tmp_path):
    path = FOLDER / version / file
    assert miai_run("verify", path).count(": ok") == functions
    miai_run("inspect", path, "--text")
    weights = mi.load(path)  # a safetensors file like others
    x = weights["test/predict/0/input/0"].numpy()
    np.save(tmp_path / "x.npy", x)
    miai_run("run", path, "--function", "predict", "--input", f"x={tmp_path / 'x.npy'}", "--output", tmp_path)
    expected = weights["test/predict/0/output/0"].numpy()
    np.testing.assert_allclose(np.load(tmp_path / "output.npy"), expected, rtol=1e-4, atol=1e-5)
