"""miai.profiler: what is recorded, averaged and written; `miai profile`."""

import json
import subprocess
import sys
import threading

import miai as mi
import numpy as np
import pytest
from miai import _core
from miai.profiler import Event, profile
from miai.profiler.event import self_times
from miai.profiler.roofline import Machine, part_of_roof

F, M = mi.functional, mi.module
DEVICES = ["cpu", "cpu:1", "fake"]


def line_of(text):
    """This file's line with that comment, as events name it."""
    with open(__file__, encoding="utf-8") as file:
        (number,) = (i for i, line in enumerate(file, 1) if line.rstrip().endswith(f"# {text}"))
    return f"{__file__.rsplit('/', 1)[-1]}:{number}"


def normal(*shape, device=None):
    return mi.random.normal(size=shape, device=device)


# --- what is recorded


@pytest.mark.parametrize("device", DEVICES)
def test_eager_calls(device):
    a, b = normal(4, 5, device=device), normal(5, 6, device=device)
    with profile() as p:
        c = F.matmul(a, b)  # the product
        c.relu().numpy()
    assert [event.op for event in p.events] == ["matmul", "relu"]
    product = p.events[0]
    assert product.flops == 2 * 4 * 5 * 6
    assert product.bytes == 4 * (20 + 30 + 24)
    assert product.line == line_of("the product")
    assert product.kernel in _core.kernels("matmul") or device == "fake"
    assert product.inputs == ("float32[4, 5]", "float32[5, 6]") and product.outputs == ("float32[4, 6]",)
    assert product.instruction is None and not product.is_repeated
    for event in p.events:
        assert event.device == c.device
        assert event.duration_ns > 0 and event.start_ns >= 0
    assert p.events[0].end_ns <= p.events[1].start_ns


def test_a_queue_is_timed_in_its_own_thread():
    x = normal(8, 8, device="cpu:1")
    with profile() as p:
        (x @ x).numpy()
    here = threading.get_native_id()
    assert here not in {event.thread for event in p.events if event.op == "matmul"}
    with profile() as p:
        normal(8, 8)
    assert {event.thread for event in p.events} == {here}


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("opt_level", [0, 1, 2])
def test_a_traced_training_step(device, opt_level):
    w = mi.Parameter(normal(6, 3, device=device))
    gm = mi.GradManager().attach([w])
    optimizer = mi.optimizer.SGD([w], lr=0.1)

    @mi.trace(opt_level=opt_level)
    def step(x):
        with gm:
            loss = F.tanh(x @ w).sum()  # forward
            gm.backward(loss)
        optimizer.step().clear_grad()  # update
        return loss

    x = normal(5, 6, device=device)
    step(x)
    step(x)
    before = w.numpy(copy=True)
    with profile() as p:
        step(x)
    assert not np.array_equal(before, w.numpy())
    explained = step.explain()
    assert len(p.events) > 2
    assert sorted(event.instruction for event in p.events) == list(range(len(p.events)))
    for event in p.events:
        assert event.duration_ns > 0 and event.kernel in explained
        assert event.line.split(",")[0].startswith("test_profiler.py:")
    products = [event for event in p.events if event.op == "matmul"]
    assert sum(event.flops for event in products) == 2 * (2 * 5 * 6 * 3)  # forward, and the gradient of w
    assert products[0].line == line_of("forward")
    assert any(event.line == line_of("update") for event in p.events)  # in the commit section


def test_what_runs_again_is_marked():
    layers = [M.Sequential(M.Linear(32, 32), M.Tanh()) for _ in range(12)]
    net = M.Sequential(*layers)
    gm = mi.GradManager().attach(net.parameters())

    def train(x):
        with gm:
            loss = (net(x) ** 2).mean()
            gm.backward(loss)
        return loss

    x = normal(64, 32)
    full = mi.trace(train)
    full(x)
    report = full.memory_report()
    small = mi.trace(train, memory_limit=report.peak_bytes - report.arena_bytes // 4)
    small(x)
    with profile() as p:
        small(x)
    repeated = [event.op for event in p.events if event.is_repeated]
    assert sorted(repeated) == sorted(r.op for r in small.memory_report().repeated) != []


def test_what_a_program_calls_is_not_counted_twice():
    def slow(value):
        for _ in range(20):
            _ = mi.tensor(value) + 1

    step = mi.trace(lambda x: mi.debug.tap(x * 2, slow) + 1)
    x = normal(4)
    step(x)
    with profile() as p:
        step(x)
    inner = [event for event in p.events if event.instruction is None]
    assert len(inner) == 20
    averages = p.key_averages()
    assert sum(a.share for a in averages) == pytest.approx(1)
    outermost = sum(event.duration_ns for event in p.events if event.instruction is not None)
    assert sum(a.total for a in averages) == pytest.approx(outermost / 1e9)


def test_outside_nothing_is_recorded():
    with profile() as p:
        pass
    _ = normal(3) + 1
    assert p.events == []
    assert len(p.key_averages()) == 0 and "op" in str(p.key_averages())


def test_another_thread_is_not_recorded():
    with profile() as p:
        thread = threading.Thread(target=lambda: normal(3) + 1)
        thread.start()
        thread.join()
    assert p.events == []


# --- entering and leaving


def test_nested_is_an_error_and_leaves_the_outer_one_on():
    with profile() as outer:
        with pytest.raises(RuntimeError, match="records one already"), profile():
            pass
        _ = normal(2) + 1
    assert "add" in [event.op for event in outer.events]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_exception_leaves_it_off(error):
    with pytest.raises(error), profile() as p:
        _ = normal(2) + 1
        raise error
    count = len(p.events)
    assert count > 0
    _ = normal(2) + 1
    with profile() as second:
        _ = mi.tensor([1.0]) + 1
    assert len(p.events) == count and [e.op for e in second.events] == ["add"]


def test_a_step_that_fails_is_recorded_up_to_there():
    step = mi.trace(lambda x: F.exp(x @ x).sum())
    x = normal(3, 3)
    step(x)
    with profile() as p:
        with pytest.raises(RuntimeError, match="asked for by a test"), mi.debug.fail_at(1):
            step(x)
        step(x)
    assert [event.instruction for event in p.events].count(0) == 2
    assert [event.instruction for event in p.events].count(1) == 1


def test_with_anomalies_looked_for():
    step = mi.trace(lambda x: (x @ x).sum())
    x = normal(3, 3)
    step(x)
    with profile() as p, mi.debug.detect_anomaly():
        step(x)
        with pytest.raises(FloatingPointError):
            F.log(mi.tensor([0.0]))
    assert [event.op for event in p.events] == ["matmul", "sum", "log"]


def test_use_errors():
    p = profile()
    assert "nothing" in repr(p)
    with pytest.raises(RuntimeError, match="with statement"):
        _ = p.events
    with p, pytest.raises(RuntimeError, match="once it has stopped"):
        _ = p.events
    with pytest.raises(RuntimeError, match="make another one"), p:
        pass


# --- averages


def event(op="add", start=0, duration=10, thread=1, inputs=("float32[2]",), flops=0.0, instruction=None):
    return Event(
        op, "kernel", "a.py:1", start, duration, inputs, inputs, flops, 8.0, "cpu", thread, instruction, False
    )


def test_self_times():
    events = [
        event(start=0, duration=100),
        event(start=10, duration=30),
        event(start=15, duration=5),
        event(start=50, duration=50),
        event(start=20, duration=10, thread=2),
        event(start=100, duration=7),
    ]
    assert self_times(events) == [20, 25, 5, 50, 10, 7]
    assert self_times(events[::-1]) == [7, 10, 50, 5, 25, 20]


def test_averages_and_their_table():
    with profile() as p:
        for n in (2, 3, 3):
            x = mi.tensor(np.ones((n, n), "float32"))
            _ = F.relu(x @ x)
    averages = p.key_averages()
    assert sorted((a.op, a.count) for a in averages) == [("matmul", 3), ("relu", 3)]
    assert [a.total for a in averages] == sorted((a.total for a in averages), reverse=True)
    product = next(a for a in averages if a.op == "matmul")
    assert product.flops == 2 * (8 + 27 + 27) and product.inputs == ()
    assert product.gflops == pytest.approx(product.flops / product.total / 1e9)
    assert product.mean == pytest.approx(product.total / 3)

    by_shape = p.key_averages(group_by_input_shape=True)
    counts = {(a.op, a.inputs[0]): a.count for a in by_shape}
    assert counts[("matmul", "float32[2, 2]")] == 1 and counts[("matmul", "float32[3, 3]")] == 2
    assert "float32[3, 3] float32[3, 3]" in by_shape.table()

    heads, _, first, second = averages.table(sort_by="op").splitlines()
    assert heads.split()[:3] == ["op", "kernel", "count"]
    assert first.startswith("matmul") and second.startswith("relu")
    assert averages.table(row_limit=1).splitlines()[-1] == "(1 more)"
    assert repr(p) == repr(averages) == str(averages)
    with pytest.raises(ValueError, match="sort_by.*total.*'time'"):
        averages.table(sort_by="time")


def test_part_of_the_roof():
    machine = Machine(flops=100e9, bytes=10e9, threads=1)
    with profile() as p:
        _ = mi.tensor(np.ones((4, 4), "float32")) @ mi.tensor(np.ones((4, 4), "float32"))
    (node,) = p.key_averages()
    assert part_of_roof(machine, node) == pytest.approx(max(128 / 100e9, 192 / 10e9) / node.total)


# --- the trace


def test_chrome_trace(tmp_path):
    with profile() as p:
        a = normal(4, 5)
        _ = F.softmax(a @ normal(5, 6), axis=1)  # both
    p.export_chrome_trace(tmp_path / "trace.json")
    rows = json.loads((tmp_path / "trace.json").read_text())["traceEvents"]
    boxes = [row for row in rows if row["ph"] == "X"]
    assert [row["name"] for row in boxes] == [event.op for event in p.events]
    assert {row["ph"] for row in rows} == {"M", "X"}
    for row, event in zip(boxes, p.events, strict=True):
        assert row["ts"] == event.start_ns / 1000 and row["dur"] == event.duration_ns / 1000
        assert row["pid"] > 0 and row["tid"] == event.thread
        assert row["args"]["line"] == event.line and row["args"]["kernel"] == event.kernel
    product = next(row for row in boxes if row["name"] == "matmul")
    assert product["args"]["inputs"] == ["float32[4, 5]", "float32[5, 6]"]
    assert product["args"]["flops"] == 240 and product["args"]["GFLOP/s"] > 0 and product["args"]["GB/s"] > 0
    assert product["args"]["line"] == line_of("both")
    assert "flops" not in next(row for row in boxes if row["name"] == "softmax")["args"]
    names = {row["args"]["name"] for row in rows if row["name"] == "thread_name"}
    assert len(names) == 1 and "cpu" in names.pop()


# --- miai profile


def command(*arguments, cwd):
    return subprocess.run(
        [sys.executable, "-m", "miai", "profile", *map(str, arguments)],
        capture_output=True, text=True, cwd=cwd, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A classifier whose middle is by far its largest node, and a step that counts its calls."""
    folder = tmp_path_factory.mktemp("model")
    net = M.Sequential(M.Linear(16, 512), M.ReLU(), M.Linear(512, 512), M.Linear(512, 4))
    calls = mi.tensor(0.0)

    def predict(x):
        return F.softmax(net(x), axis=1)

    def count(x):
        calls._reset(calls + 1)
        return x + calls

    traced = {
        "predict": mi.trace(predict, dynamic={"x": 0}),
        "count": mi.trace(count),
    }
    traced["predict"](normal(64, 16))
    traced["count"](normal(3))
    mi.jit.dump(folder / "model.miai", traced)
    return folder / "model.miai"


def test_the_command_writes_and_prints(model, tmp_path):
    done = command(model, "--output", tmp_path / "out", "--runs", 3, "--threads", 1, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("model.miai, function predict: 3 runs")
    largest = next(line for line in lines if "float32[64, 512]" in line)
    assert "linear" in largest and "test_profiler.py:" in done.stdout
    assert "the machine: " in done.stdout and "1 threads" in done.stdout and "of the roof" in done.stdout
    rows = json.loads((tmp_path / "out" / "trace.json").read_text())["traceEvents"]
    flops = sum(row["args"].get("flops", 0) for row in rows if row["name"].startswith("linear"))
    assert flops == 3 * 2 * 64 * (16 * 512 + 512 * 512 + 512 * 4)
    assert (tmp_path / "out" / "roofline.png").read_bytes().startswith(b"\x89PNG")


def test_the_command_takes_a_function_and_files(model, tmp_path):
    np.save(tmp_path / "x.npy", np.ones((2, 16), "float32"))
    done = command(model, "--input", "x=x.npy", "--runs", 1, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "float32[2, 512]" in done.stdout and (tmp_path / "trace.json").exists()
    done = command(model, "--function", "count", "--runs", 2, "--rows", 1, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "function count: 2 runs" in done.stdout and "add" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["absent.miai"], "absent.miai"),
        (["MODEL", "--function", "nothing"], "no function 'nothing'; it has 'predict', 'count'"),
        (["MODEL", "--input", "y=x.npy"], "no input 'y'; it has x"),
        (["MODEL", "--input", "x"], "expected NAME=FILE.npy, got 'x'"),
        (["MODEL", "--input", "x=absent.npy"], "absent.npy"),
        (["MODEL", "--input", "x=wide.npy"], "input 'x': expected float32[?, 16], got float32[2, 17]"),
        (["MODEL", "--input", "x=long.npy"], "input 'x': expected float32[?, 16], got int64[2, 16]"),
    ],
)
def test_the_command_says_what_is_wrong(model, tmp_path, arguments, message):
    np.save(tmp_path / "x.npy", np.ones((2, 16), "float32"))
    np.save(tmp_path / "wide.npy", np.ones((2, 17), "float32"))
    np.save(tmp_path / "long.npy", np.ones((2, 16), "int64"))
    done = command(*[str(model) if a == "MODEL" else a for a in arguments], cwd=tmp_path)
    assert done.returncode == 1 and done.stderr.startswith("miai profile: ") and message in done.stderr
    assert "Traceback" not in done.stderr and not (tmp_path / "trace.json").exists()


def test_random_inputs_where_there_is_no_test_vector(tmp_path):
    table = normal(5, 3)
    step = mi.trace(lambda ids, x: F.embedding(ids, table) * x, dynamic={"ids": 0})
    step(mi.tensor([1, 2]), normal(3))
    step.dump(tmp_path / "model.miai", test_vectors=False)
    done = command("model.miai", "--runs", 1, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "float32[1, 3]" in done.stdout
