"""The demonstration: its step's memory, its end to end run, and Ctrl-C in its middle."""

import os
import pathlib
import signal
import subprocess
import sys

import miai as mi
import numpy as np
import pytest
from miai import optimizer as O  # noqa: N812, E741
from miai.demo import sdk, training


@pytest.mark.parametrize("batch_size", [2, 32, 128])
def test_arena_is_near_the_lower_bound(batch_size: int) -> None:
    net = training.ResidualNet(10)
    optimizer = O.SGD(net.parameters(), lr=0.1, momentum=0.9, weight_decay=5e-4)
    step = mi.trace(training.make_step(net, optimizer))
    images = mi.tensor(np.zeros((batch_size, 1, 28, 28), "float32"))
    labels = mi.tensor(np.zeros(batch_size, "int64"))
    for _ in range(2):
        step(images, labels)
    report = step.memory_report()
    assert 0 < report.lower_bound_bytes <= report.arena_bytes <= 1.05 * report.lower_bound_bytes


def start(folder: pathlib.Path, *options: str) -> subprocess.Popen:
    command = [sys.executable, "-m", "miai.demo", "--data", "digits", "--output", str(folder), *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_runs_to_its_end(tmp_path: pathlib.Path) -> None:
    pytest.importorskip("matplotlib")
    process = start(tmp_path / "out", "--quick")
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert "the same bits as the trainer's" in out and "0 absolute, 0 relative: ok" in out
    assert {"classifier.miai", "predictions.png", "loss.png"} <= set(os.listdir(tmp_path / "out"))


def test_interrupt(tmp_path: pathlib.Path) -> None:
    process = start(tmp_path / "out")
    try:
        assert "images to train on" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=10)
    finally:
        process.kill()
    assert process.returncode == 130, err
    assert "interrupted" in err and "Traceback" not in err
    assert not (tmp_path / "out" / "classifier.miai").exists()


@pytest.mark.parametrize("level", [0, 1, 2])
def test_training_traced_as_eager(level: int) -> None:
    """The demo's own network and step: level 0 bit for bit, the others but for rounding."""
    rng = np.random.default_rng(0)
    batches = [
        (rng.standard_normal((8, 1, 28, 28)).astype("float32"), rng.integers(0, 10, 8)) for _ in range(4)
    ]

    def trained(traced: bool) -> list[np.ndarray]:
        mi.random.seed(3)
        net = training.ResidualNet(10)
        optimizer = O.SGD(net.parameters(), lr=0.05, momentum=0.9, weight_decay=5e-4)
        step = mi.trace(training.make_step(net, optimizer), opt_level=level, enabled=traced)
        losses = [step(mi.tensor(x), mi.tensor(y)).numpy(copy=True) for x, y in batches]
        net.eval()
        predict = mi.trace(lambda x: net(x), opt_level=level, enabled=traced)
        predict(mi.tensor(batches[0][0]))
        outputs = predict(mi.tensor(batches[0][0])).numpy(copy=True)
        return [*losses, outputs, *(np.array(v) for v in net.state_dict().values())]

    for eager, traced in zip(trained(False), trained(True), strict=True):
        if level == 0:
            np.testing.assert_array_equal(eager, traced)
        else:
            np.testing.assert_allclose(eager, traced, rtol=2e-3, atol=2e-4)


@pytest.mark.parametrize("level", [0, 1, 2])
def test_the_sdk_gives_the_trainers_bits_for_a_thousand_images(level: int, tmp_path: pathlib.Path) -> None:
    net = training.ResidualNet(10)
    rng = np.random.default_rng(level)
    for name, buffer in net.named_buffers():
        if name.endswith("running_var"):
            buffer[:] = mi.tensor(rng.uniform(0.5, 2.0, buffer.shape).astype("float32"))
    net.eval()
    predict = mi.trace(lambda images: net(images), dynamic={"images": 0}, opt_level=level)
    images = rng.standard_normal((1000, 1, 28, 28), dtype="float32")
    for size in (2, 1000):
        ours = predict(mi.tensor(images[:size])).numpy()
    predict.dump(tmp_path / "net.miai", name="predict")
    theirs = sdk.predictions(tmp_path / "net.miai", images, tmp_path)
    assert ours.shape == (1000, 10) and np.array_equal(ours, theirs)
