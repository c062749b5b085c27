"""Checkpoints of everything: a run killed at random moments and resumed has the loss curve of one that was
not."""

import os
import random
import signal
import subprocess
import sys
import time

import miai as mi
import numpy as np
import pytest

CHILD = """
import os, sys
import numpy as np
import miai as mi
from miai import data, functional as F, module as M, optimizer as O

checkpoint, log, steps = sys.argv[1], sys.argv[2], int(sys.argv[3])
if os.path.exists(checkpoint):
    mi.random.seed(99)  # what the checkpoint holds is what counts
else:
    mi.random.seed(7)
rng = np.random.default_rng(0)
dataset = data.ArrayDataset(rng.normal(size=(40, 1, 6, 6)).astype("float32"), rng.integers(3, size=40))

class Noise(data.transform.Transform):
    def apply(self, sample):
        return sample[0] + data.get_rng().normal(size=(1, 6, 6)).astype("float32"), sample[1]

loader = data.DataLoader(dataset, data.RandomSampler(dataset, batch_size=4), Noise())
layers = [M.Conv2d(1, 4, 3), M.BatchNorm2d(4), M.ReLU(), M.Dropout(0.2), M.Flatten(), M.Linear(64, 3)]
net = M.Sequential(*layers)
optimizer = O.Adam(net.parameters(), lr=0.01)
schedule = O.WarmupLR(O.CosineLR(optimizer, steps), 5)
parts = dict(model=net, optimizer=optimizer, schedule=schedule, loader=loader)
step_number = mi.load_checkpoint(checkpoint, **parts)["step"] if os.path.exists(checkpoint) else 0
manager = mi.GradManager().attach(net.parameters())

@mi.trace(opt_level=0)
def step(images, labels):
    with manager:
        loss = F.cross_entropy(net(images), labels)
        manager.backward(loss)
    optimizer.step().clear_grad()
    return loss

with open(log, "a") as losses:
    while step_number < steps:
        for images, labels in loader:
            loss = step(mi.tensor(images), mi.tensor(np.asarray(labels, "int64"))).item()
            schedule.step()
            step_number += 1
            print(step_number, loss.hex(), file=losses, flush=True)
            if step_number % 3 == 0:
                mi.save_checkpoint(checkpoint, step=step_number, **parts)
            if step_number == steps:
                break
"""
STEPS = 40


def start(folder, name):
    arguments = [str(folder / f"{name}.safetensors"), str(folder / f"{name}.log"), str(STEPS)]
    return subprocess.Popen([sys.executable, "-c", CHILD, *arguments])


def losses(folder, name):
    """(step, loss) lines in the order written; a line cut by the kill is left out."""
    path = folder / f"{name}.log"
    text = path.read_text() if path.exists() else ""
    return [tuple(line.split()) for line in text.splitlines(keepends=True) if line.endswith("\n")]


def run_with_kills(folder, name, expected, seed):
    """Runs to the end; each process but the last is killed at a random moment. How many were."""
    chance, killed = random.Random(seed), 0
    for _ in range(20):
        child = start(folder, name)
        before = len(losses(folder, name))
        while child.poll() is None and len(losses(folder, name)) == before:
            time.sleep(0.002)
        time.sleep(chance.uniform(0, 0.03))
        if child.poll() is None:
            os.kill(child.pid, signal.SIGKILL)
            killed += 1
        if child.wait() == 0:
            break
        assert child.returncode == -signal.SIGKILL
    else:
        assert start(folder, name).wait() == 0
    curve = losses(folder, name)
    assert all(loss == expected[step] for step, loss in curve)
    assert {step for step, _ in curve} == set(expected)
    return killed


def expected_curve(folder):
    assert start(folder, "whole").wait() == 0
    curve = dict(losses(folder, "whole"))
    assert len(curve) == STEPS and len(set(curve.values())) > STEPS // 2
    return curve


def test_a_killed_run_goes_on_as_if_it_had_not_been(tmp_path):
    expected = expected_curve(tmp_path)
    assert run_with_kills(tmp_path, "killed", expected, seed=1) >= 2


@pytest.mark.long
def test_a_hundred_kills(tmp_path):
    expected = expected_curve(tmp_path)
    kills = 0
    for seed in range(100):
        kills += run_with_kills(tmp_path, f"killed{seed}", expected, seed)
        if kills >= 100:
            return
    raise AssertionError(f"only {kills} kills")


def test_parts_get_their_state_back_and_the_rest_is_returned(tmp_path):
    path = tmp_path / "run.safetensors"
    net = mi.module.BatchNorm1d(3)
    opt = mi.optimizer.Adam(net.parameters(), lr=0.5)
    best = {"loss": 0.25, "at": [1, 2], "x": mi.tensor([1.0])}
    mi.save_checkpoint(path, model=net, optimizer=opt, epoch=4, best=best)
    state = mi.random.get_rng_state().tolist()
    mi.random.uniform(size=(2,))
    other = mi.module.BatchNorm1d(3)
    other.weight.set_value(np.full(3, 9, "float32"))
    optimizer = mi.optimizer.Adam(other.parameters(), lr=0.1)
    rest = mi.load_checkpoint(path, model=other, optimizer=optimizer)
    assert rest["epoch"] == 4 and rest["best"]["at"] == [1, 2] and rest["best"]["x"].tolist() == [1]
    assert other.weight.tolist() == net.weight.tolist() and optimizer.param_groups[0]["lr"] == 0.5
    assert mi.random.get_rng_state().tolist() == state
    rest = mi.load_checkpoint(path, model=other, map_location="cpu:1", random=False)
    assert rest["best"]["x"].device == "cpu:1" and "param_groups" in rest["optimizer"]


def test_what_does_not_fit_is_explained(tmp_path):
    path = tmp_path / "run.safetensors"
    net = mi.module.Linear(2, 2)
    mi.save_checkpoint(path, model=net, epoch=1)
    with pytest.raises(ValueError, match="no state of 'optimizer' in it; it has those of model"):
        mi.load_checkpoint(path, optimizer=mi.optimizer.SGD(net.parameters(), lr=0.1))
    with pytest.raises(TypeError, match="argument 'epoch': expected something with load_state_dict, got int"):
        mi.load_checkpoint(path, epoch=0)
    mi.save({"a": 1}, path)
    with pytest.raises(ValueError, match="expected a file of save_checkpoint"):
        mi.load_checkpoint(path)
    with pytest.raises(TypeError, match="states.epoch"):
        mi.save_checkpoint(path, epoch=object())
