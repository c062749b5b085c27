"""Ctrl-C in a loop of eager operators and in a long traced step: back within 2 s, states as before, nothing
left running; fork after threads."""

import os
import random
import signal
import subprocess
import sys
import threading
import time

import pytest

BACK_WITHIN = 2.0  # seconds, as promised; the work below takes far longer

PROGRAM = """
import os, sys, numpy as np, miai as mi
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
    run(small); run(mi.tensor(np.zeros((4, 4), "float32"))); run(small)  # from here on sizes are dynamic
(x @ x).sum().item()
before, threads = w.tolist(), len(os.listdir("/proc/self/task"))
for _ in range(int(sys.argv[2])):
    try:
        print("ready", flush=True)
        run(x)
        print("finished", flush=True)
    except KeyboardInterrupt:
        assert w.tolist() == before, "the step was cut in two"
        assert (mi.tensor([1.0]) + 1).item() == 2.0  # and miai goes on working
        print("interrupted", flush=True)
assert len(os.listdir("/proc/self/task")) <= threads, "a thread was left"
"""


@pytest.mark.parametrize("kind", ["eager", "traced"])
@pytest.mark.parametrize("count", [2, pytest.param(50, marks=pytest.mark.long)])
def test_interrupt(kind: str, count: int) -> None:
    command = [sys.executable, "-c", PROGRAM, kind, str(count)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    moments = random.Random(0)
    guard = threading.Timer(20.0 + 5 * count, process.kill)  # a process that hangs fails the test
    guard.start()
    try:
        for _ in range(count):
            assert process.stdout.readline().strip() == "ready"
            time.sleep(moments.uniform(0.1, 0.5))
            sent = time.monotonic()
            process.send_signal(signal.SIGINT)
            assert process.stdout.readline().strip() == "interrupted"
            assert time.monotonic() - sent < BACK_WITHIN
        assert process.wait() == 0
    finally:
        guard.cancel()
        process.kill()


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
