"""trace(fast_run=True): kernels and layouts by measurement, kept in a file."""

import json
import os
import subprocess
import sys

import miai as mi
import numpy as np
import pytest
from miai import module as M  # noqa: N812

SCRIPT = """
import miai as mi, numpy as np
from miai import module as M
mi.random.seed(3)
net = M.Sequential(M.Conv2d(3, 24, 3, padding=1), M.ReLU(), M.Conv2d(24, 24, 1), M.Conv2d(24, 32, 3)).eval()
x = mi.random.normal(size=(2, 3, 12, 12))
step = mi.trace(lambda x: net(x), fast_run={fast_run})
step(x)
print(np.abs(step(x).numpy() - net(x).numpy()).max() < 1e-4)
"""


LIMITED = """
import miai as mi, numpy as np
from miai import module as M
x = mi.tensor(np.random.default_rng(0).normal(size=(8, 3, 16, 16)).astype("float32"))

def train(**options):
    mi.random.seed(3)
    blocks = [m for _ in range(6) for m in (M.Conv2d(8, 8, 3, padding=1), M.BatchNorm2d(8), M.ReLU())]
    net = M.Sequential(M.Conv2d(3, 8, 3, padding=1), *blocks)
    manager = mi.GradManager().attach(net.parameters())
    optimizer = mi.optimizer.SGD(net.parameters(), lr=0.1)

    @mi.trace(**options)
    def step(x):
        with manager:
            loss = (net(x) ** 2).mean()
            manager.backward(loss)
        optimizer.step().clear_grad()
        return loss

    losses = [step(x).item() for _ in range(3)]
    return losses, step.memory_report()

expected, plain = train()
losses, report = train(memory_limit=int(0.7 * plain.peak_bytes){fast_run})
np.testing.assert_allclose(losses, expected, rtol=1e-4)
print(report.added_time, report.seconds, *(r.seconds for r in report.repeated))
"""


def start(folder, before="", fast_run="True", **environment):
    return subprocess.Popen(
        [sys.executable, "-c", before + SCRIPT.format(fast_run=fast_run)],
        env={**os.environ, "MIAI_CACHE_DIR": str(folder), **environment},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def run_script(folder, before="", **options):
    process = start(folder, before, **options)
    output, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert output.strip() == "True"


def run(folder, **options):
    """The times that are kept afterwards."""
    run_script(folder, **options)
    path = folder / "kernel_times.json"
    return json.loads(path.read_text()) if path.exists() else None


def several_kernels():
    return len([name for name in mi._core.kernels("conv2d") if not name.startswith("reference")]) > 1


@pytest.mark.skipif(not several_kernels(), reason="one kernel of conv2d")
def test_times_are_kept(tmp_path):
    times = run(tmp_path)
    assert any("conv2d" in key for key in times)
    names = {name for op in ("conv2d", "conv2d_bias_act", "copy") for name in mi._core.kernels(op)}
    for key, seconds in times.items():
        assert names & set(key.split())  # copies: into the other layout
        assert 0 < seconds < 60
    assert run(tmp_path) == times  # nothing is measured again
    assert run(tmp_path, MIAI_NUM_THREADS="1").keys() > times.keys() or mi._core.thread_count() == 1


@pytest.mark.skipif(not several_kernels(), reason="one kernel of conv2d")
def test_the_environment_asks_for_it(tmp_path):
    assert run(tmp_path, fast_run="False") is None
    assert run(tmp_path, fast_run="False", MIAI_FAST_RUN="1")


FULL_DISK = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))"


@pytest.mark.skipif(not several_kernels(), reason="one kernel of conv2d")
def test_a_cache_that_cannot_be_used_does_no_harm(tmp_path):
    path = tmp_path / "kernel_times.json"
    path.write_text('{"conv2d": ["x86/conv2d_onednn", ')  # cut short
    assert run(tmp_path)
    path.unlink()
    path.mkdir()  # neither to be read nor written
    run_script(tmp_path)
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    run_script(blocked)
    full = tmp_path / "full"
    run_script(full, FULL_DISK)
    assert not (full / "kernel_times.json").exists()
    assert not list(full.glob("*"))  # nothing half-written either


@pytest.mark.skipif(not several_kernels(), reason="one kernel of conv2d")
def test_eight_processes_write_one_cache(tmp_path):
    processes = [start(tmp_path) for _ in range(8)]
    for process in processes:
        output, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
        assert output.strip() == "True"
    assert run(tmp_path) == json.loads((tmp_path / "kernel_times.json").read_text())


def test_training_with_measured_kernels():
    net = M.Sequential(M.Conv2d(3, 8, 3), M.BatchNorm2d(8), M.ReLU(), M.Flatten(), M.Linear(8 * 36, 4))
    state = {name: np.array(value) for name, value in net.state_dict().items()}
    x = mi.random.normal(size=(4, 3, 8, 8))

    def losses(trace):
        net.load_state_dict(state)
        manager = mi.GradManager().attach(net.parameters())
        optimizer = mi.optimizer.SGD(net.parameters(), lr=0.1)

        @trace
        def step(x):
            with manager:
                loss = (net(x) ** 2).mean()
                manager.backward(loss)
            optimizer.step().clear_grad()
            return loss

        return np.array([step(x).item() for _ in range(5)])

    np.testing.assert_allclose(losses(mi.trace(fast_run=True)), losses(lambda f: f), rtol=1e-4)


def run_limited(folder, fast_run):
    """Added time, seconds of all, and of each operator that runs again."""
    process = subprocess.run(
        [sys.executable, "-c", LIMITED.format(fast_run=fast_run)],
        env={**os.environ, "MIAI_CACHE_DIR": str(folder)}, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    return [float(number) for number in process.stdout.split()]


def test_what_a_limit_costs_is_measured(tmp_path):
    added, seconds, *repeated = run_limited(tmp_path, ", fast_run=True")
    path = tmp_path / "kernel_times.json"
    times = json.loads(path.read_text())
    assert repeated and set(repeated) <= set(times.values())
    assert added == pytest.approx(sum(repeated) / (seconds - sum(repeated)))
    assert run_limited(tmp_path, ", fast_run=True") == [added, seconds, *repeated]
    assert json.loads(path.read_text()) == times  # nothing is measured again


def test_without_fast_run_a_limit_costs_what_the_model_says(tmp_path):
    assert run_limited(tmp_path, "") == run_limited(tmp_path, "")
    assert not list(tmp_path.iterdir())
