"""Ctrl-C in a loop of eager operators and in a long traced step: back within 2 s, states as before; fork after threads."""

import os
import signal
import subprocess
import sys
import time

import pytest

PROGRAM = """
import sys, numpy as np, miai as mi
x = mi.tensor(np.full((700, 700), 1e-3, "float32"))
w = mi.tensor([1.0])
def work(x):
    y = x
    for _ in range(3000):
        y = y @ x
    w._reset(w + 1)
    return y
run = mi.trace(work) if sys.argv[1] == "traced" else work
if sys.argv[1] == "traced":
    small = mi.tensor(np.zeros((3, 3), "float32"))
    run(small); run(mi.tensor(np.zeros((4, 4), "float32"))); run(small)  # now sizes are dynamic: no recording below
before = w.tolist()
print("ready", flush=True)
try:
    run(x)
except KeyboardInterrupt:
    assert w.tolist() == before, "the step was cut in two"
    assert (mi.tensor([1.0]) + 1).item() == 2.0  # and miai goes on working
    print("interrupted", flush=True)
    sys.exit(130)
print("finished", flush=True)
"""


@pytest.mark.parametrize("kind", ["eager", "traced"])
def test_interrupt(kind: str) -> None:
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, kind], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline().strip() == "ready"
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=30)
    finally:
        process.kill()
    assert out.strip() == "interrupted" and process.returncode == 130


FORKED = """
import os, numpy as np, miai as mi
x = mi.tensor(np.ones((600, 600), "float32"))
(x @ x).exp().sum().item()  # threads are running now
child = os.fork()
if child == 0:
    assert (x @ x).sum().item() == 600.0 ** 3  # alone, with one thread
    os._exit(7)
assert os.waitpid(child, 0)[1] >> 8 == 7
print((x @ x).sum().item() == 600.0 ** 3)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_fork_after_threads() -> None:
    done = subprocess.run([sys.executable, "-c", FORKED], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "True", done.stderr
