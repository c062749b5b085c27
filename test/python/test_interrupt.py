"""Ctrl-C in a loop of eager operators and in a long traced step: back within 2 s, states as before, nothing
left running; fork after threads."""

import os
import pathlib
import random
import signal
import subprocess
import sys
import threading
import time
import types

import miai as mi
import numpy as np
import pytest
from miai import functional as F  # noqa: N812

# Two seconds of every core's time, so that other work on the machine does not count. What runs below takes
# far longer.
BACK_WITHIN = 2.0 * (os.cpu_count() or 1)

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


def cpu_seconds(pid: int) -> float:
    """Time that all threads of a process have computed."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def interrupt(command: list[str], count: int) -> None:
    """Ctrl-C at `count` random moments of what the program does after each "ready"."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    moments = random.Random(0)
    guard = threading.Timer(20.0 + 5 * count, process.kill)  # a process that hangs fails the test
    guard.start()
    try:
        for _ in range(count):
            assert process.stdout.readline().strip() == "ready"
            time.sleep(moments.uniform(0.1, 0.5))
            sent = cpu_seconds(process.pid)
            process.send_signal(signal.SIGINT)
            assert process.stdout.readline().strip() == "interrupted"
            assert cpu_seconds(process.pid) - sent < BACK_WITHIN
        assert process.wait() == 0
    finally:
        guard.cancel()
        process.kill()


@pytest.mark.parametrize("kind", ["eager", "traced"])
@pytest.mark.parametrize("count", [2, pytest.param(50, marks=pytest.mark.long)])
def test_interrupt(kind: str, count: int) -> None:
    interrupt([sys.executable, "-c", PROGRAM, kind, str(count)], count)


ONE_OPERATOR = """
import os, sys, numpy as np, miai as mi
from miai import functional as F
_core = mi._core
def matrix(n, m, dtype):
    return mi.tensor(np.full((n, m), 1e-3, dtype))
kind = sys.argv[1]
if kind == "matmul":
    x = matrix(9000, 9000, "float32")
    run = lambda: x @ x
elif kind == "matmul of float64":
    x = matrix(7000, 7000, "float64")
    run = lambda: x @ x
elif kind == "linear of float16":
    x = matrix(4000, 4000, "float16")
    run = lambda: F.linear(x, x)
elif kind == "conv2d":
    x, w = F.full((64, 256, 64, 64), 1e-3), F.full((512, 256, 3, 3), 1e-3)
    run = lambda: F.conv2d(x, w, padding=1)
elif kind == "one large image":
    x, w = F.full((1, 256, 600, 600), 1e-3), F.full((256, 256, 3, 3), 1e-3)
    run = lambda: F.conv2d(x, w, padding=1)
elif kind == "conv2d of float64":
    x = F.full((64, 128, 96, 96), 1e-3, dtype="float64")
    w = F.full((256, 128, 3, 3), 1e-3, dtype="float64")
    run = lambda: F.conv2d(x, w, padding=1)
elif kind == "gradient of a weight":
    x, y = F.full((64, 256, 64, 64), 1e-3), F.full((64, 512, 64, 64), 1e-3)
    run = lambda: _core.op("conv2d_backward_weight")(x, y, size=(3, 3), padding=1)
else:
    x = mi.tensor(np.random.default_rng(0).random(1 << 26).astype("float32"))
    run = lambda: F.sort(x)
threads = None
for _ in range(int(sys.argv[2])):
    try:
        print("ready", flush=True)
        run()
        print("finished", flush=True)
    except KeyboardInterrupt:
        print("interrupted", flush=True)
        threads = threads or len(os.listdir("/proc/self/task"))
assert len(os.listdir("/proc/self/task")) <= threads, "a thread was left"
"""
OFTEN = ["matmul", "conv2d", "sort"]
SOMETIMES = [
    "matmul of float64",
    "linear of float16",
    "one large image",
    "conv2d of float64",
    "gradient of a weight",
]
LONG = pytest.mark.long


@pytest.mark.parametrize(
    ("kind", "count"),
    [(k, 1) for k in OFTEN]
    + [pytest.param(k, 50, marks=LONG) for k in OFTEN]
    + [pytest.param(k, 5, marks=LONG) for k in SOMETIMES],
)
def test_interrupt_in_one_operator(kind: str, count: int) -> None:
    """Each takes many seconds if it is left alone."""
    interrupt([sys.executable, "-c", ONE_OPERATOR, kind, str(count)], count)


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


class Interrupted:
    def __index__(self) -> int:
        raise KeyboardInterrupt


def interrupt_in_dtype_name(frame: types.FrameType, event: str, argument: object) -> None:
    if frame.f_code.co_name == "_name_get":  # of numpy.dtype.name
        raise KeyboardInterrupt


def test_while_an_argument_is_read_it_is_no_error_of_the_argument() -> None:
    x = mi.tensor([1.0, 2.0])
    for call in (
        lambda: x[Interrupted()],
        lambda: F.full((Interrupted(),), 1.0),
        lambda: x.sum(Interrupted()),
    ):
        with pytest.raises(KeyboardInterrupt):
            call()
    before = sys.gettrace()
    with pytest.raises(KeyboardInterrupt):
        sys.settrace(interrupt_in_dtype_name)
        try:
            mi.tensor([1.0], dtype=np.dtype("float32"))
        finally:
            sys.settrace(before)
