"""Operators registered from Python: eager, traced, differentiated, lowered into files; an exception cancels
the step."""

import pathlib
import subprocess
import sys

import miai as mi
import numpy as np
import pytest
from miai import functional as F  # noqa: N812


@pytest.fixture(scope="module")
def softcap():
    return mi.register_operator(
        "test_softcap",
        infer=lambda x: [x],
        forward=lambda x: np.tanh(x),
        grad=lambda inputs, grads: [grads[0] * (1 - softcap_of(inputs[0]) * softcap_of(inputs[0]))],
    )


def softcap_of(x):
    return mi._core.op("test_softcap")(x)


def test_eager_traced_and_any_order(softcap):
    x = mi.tensor([0.3, -2.0])
    np.testing.assert_allclose(softcap(x).numpy(), np.tanh(x.numpy()), rtol=1e-6)
    traced = mi.trace(lambda x: softcap(x * 2) + 1)
    for n in (2, 3, 5, 7):
        v = np.linspace(-1, 1, n).astype("float32")
        np.testing.assert_allclose(traced(mi.tensor(v)).numpy(), np.tanh(2 * v) + 1, rtol=1e-5)
    assert traced.program_count <= 2
    second = mi.grad(lambda x: mi.grad(lambda y: softcap(y).sum())(x).sum())(x).numpy()
    t = np.tanh(x.numpy())
    np.testing.assert_allclose(second, -2 * t * (1 - t * t), rtol=1e-4)


def test_an_exception_cancels_the_step():
    fail = []

    def forward(x):
        if fail:
            raise KeyError("broken")
        return x + 1

    op = mi.register_operator("test_failing", infer=lambda x: [x], forward=forward)
    w = mi.tensor([1.0])

    @mi.trace
    def step(x):
        y = op(x)
        w._reset(w + x)
        return y

    step(mi.tensor([1.0]))
    step(mi.tensor([1.0]))
    assert w.tolist() == [3.0]
    fail.append(1)
    with pytest.raises(RuntimeError, match="test_failing.*forward raised KeyError"):
        step(mi.tensor([1.0]))
    assert w.tolist() == [3.0]


def test_what_is_wrong_is_explained(softcap, tmp_path):
    with pytest.raises(ValueError, match="already defined"):
        mi.register_operator("add", infer=lambda x: [x], forward=lambda x: x)
    with pytest.raises(TypeError, match="'forward'"):
        mi.register_operator("test_other", infer=lambda x: [x], forward=3)
    wrong = mi.register_operator("test_wrong_shape", infer=lambda x: [x], forward=lambda x: x[:1])
    with pytest.raises(ValueError, match="test_wrong_shape: output 0 has shape"):
        wrong(mi.tensor([1.0, 2.0]))
    traced = mi.trace(lambda x: softcap(x))
    traced(mi.tensor([1.0]))
    with pytest.raises(NotImplementedError, match="test_softcap.*registered at run time"):
        traced.dump(tmp_path / "m.miai")
    assert not list(tmp_path.iterdir())


@pytest.fixture(scope="module")
def scaled():
    """slope * tanh(x): forward in NumPy, lowered to operators, without a gradient of its own."""
    return mi.register_operator(
        "test_scaled",
        infer=lambda x, slope, shift: [x],
        forward=lambda x, slope, shift: (slope * np.tanh(x) + shift).astype(x.dtype),
        lower=lambda x, slope, shift: F.tanh(x) * slope + shift,
        attrs={"slope": 2.0, "shift": 0},
    )


def test_attributes_are_keywords_with_defaults(scaled):
    x = mi.tensor([0.5, -1.0])
    t = np.tanh(x.numpy())
    np.testing.assert_allclose(scaled(x).numpy(), 2 * t, rtol=1e-6)
    np.testing.assert_allclose(scaled(x, slope=3, shift=1).numpy(), 3 * t + 1, rtol=1e-6)
    assert "test_scaled(x, slope=2.0, shift=0)" in scaled.__doc__
    with pytest.raises(TypeError, match="test_scaled: argument 'shift': expected an int, got 0.5"):
        scaled(x, shift=0.5)
    with pytest.raises(TypeError, match="unknown argument 'scale'; it takes x, slope, shift"):
        scaled(x, scale=1)
    echo = mi.register_operator(
        "test_echo",
        infer=lambda flag, number, text, sizes: [(sizes, "float64")],
        forward=lambda flag, number, text, sizes: np.full(sizes, number * len(text) * (1 if flag else -1)),
        inputs=(),
        attrs={"flag": True, "number": 1.5, "text": "ab", "sizes": (2,)},
    )
    assert echo().tolist() == [3, 3]
    assert echo(flag=False, text="a", sizes=[1]).tolist() == [-1.5]


def test_gradient_follows_from_the_lowering(scaled):
    x = mi.tensor(np.array([0.3, -2.0]))
    t = np.tanh(x.numpy())
    first = mi.grad(lambda x: scaled(x, slope=3.0).sum())
    np.testing.assert_allclose(first(x).numpy(), 3 * (1 - t * t), rtol=1e-10)
    second = mi.grad(lambda x: first(x).sum())(x).numpy()
    np.testing.assert_allclose(second, -6 * t * (1 - t * t), rtol=1e-10)
    both = mi.register_operator(
        "test_product",
        infer=lambda a, b: [a],
        forward=lambda a, b: a * b,
        lower=lambda a, b: a * b,
        inputs=("a", "b"),
    )
    np.testing.assert_allclose(mi.grad(lambda x: both(x, x).sum())(x).numpy(), 2 * x.numpy())
    gm = mi.GradManager().attach([x])
    with gm:
        loss = scaled(x).sum()
        with mi.no_grad():
            gm.backward(loss)
    np.testing.assert_allclose(x.grad.numpy(), 2 * (1 - t * t), rtol=1e-10)


@pytest.mark.parametrize("opt_level", [0, 1, 2])
@pytest.mark.parametrize("device", ["cpu", "cpu:1", "fake:0"])
def test_forward_runs_in_traces_that_lowering_could_serve(opt_level, device):
    calls = []

    def forward(x):
        calls.append(x.shape)
        return np.tanh(x)

    name = f"test_counted_{opt_level}_{device.replace(':', '_')}"
    op = mi.register_operator(name, infer=lambda x: [x], forward=forward, lower=F.tanh)
    traced = mi.trace(lambda x: op(x * 2) + 1, opt_level=opt_level, dynamic={"x": 0})
    for n in (2, 3, 5):
        x = mi.tensor(np.linspace(-1, 1, n, dtype="float32"), device=device)
        np.testing.assert_allclose(traced(x).numpy(), np.tanh(2 * x.numpy()) + 1, rtol=1e-6)
        assert calls[-1] == (n,)
    assert traced.program_count == 1


def test_an_operator_may_be_a_lowering_alone():
    op = mi.register_operator(
        "test_lowered",
        infer=lambda x, times: [x],
        lower=lambda x, times: F.sin(x) * times,
        grad=lambda inputs, grads, times: [grads[0] * 100],  # not the lowering's: told apart by its value
        attrs={"times": 2},
    )
    x = mi.tensor([0.5, 1.0])
    np.testing.assert_allclose(op(x).numpy(), 2 * np.sin(x.numpy()), rtol=1e-6)
    traced = mi.trace(lambda x: mi.value_and_grad(lambda x: op(x, times=3).sum())(x), dynamic={"x": 0})
    for n in (2, 3, 4):
        v = np.linspace(0, 1, n, dtype="float32")
        value, grad = traced(mi.tensor(v))
        np.testing.assert_allclose(value.numpy(), 3 * np.sin(v).sum(), rtol=1e-6)
        np.testing.assert_array_equal(grad.numpy(), np.full(n, 100))
    assert traced.program_count == 1


def test_a_file_holds_the_lowering(scaled, tmp_path):
    weight = mi.tensor([1.0, 2.0], name="weight")
    lookup = mi.register_operator(  # reads a tensor that it captures, and a size
        "test_captures",
        infer=lambda x: [x],
        forward=lambda x: x * np.array([1, 2], "float32") / x.shape[0],
        lower=lambda x: x * weight / x.shape[0],
    )

    @mi.trace(dynamic={"x": 0})
    def predict(x):
        return lookup(scaled(x, slope=0.5)) + 1

    x = np.arange(6, dtype="float32").reshape(3, 2)
    predict(mi.tensor(x))
    predict(mi.tensor(x[:2]))
    path = tmp_path / "m.miai"
    predict.dump(path)
    run = pathlib.Path(mi.sdk_path()) / "bin" / "miai-run"

    def miai_run(*arguments):
        return subprocess.run([run, *map(str, arguments)], capture_output=True, text=True, check=True).stdout

    assert ": ok" in miai_run("verify", path)
    text = miai_run("inspect", path, "--text")
    assert "test_scaled" not in text and "tanh" in text and "weight" in text
    x = np.arange(10, dtype="float32").reshape(5, 2)
    np.save(tmp_path / "x.npy", x)
    miai_run("run", path, "--input", f"x={tmp_path / 'x.npy'}", "--output", tmp_path)
    np.testing.assert_allclose(np.load(tmp_path / "output.npy"), predict(mi.tensor(x)).numpy(), rtol=1e-6)


def test_a_training_step_with_a_lowering_is_dumped(scaled, tmp_path):
    w = mi.tensor([0.1, 0.2], name="w")

    @mi.trace
    def step(x):
        loss, grad = mi.value_and_grad(lambda w: scaled(w * x).sum())(w)
        w._reset(w - grad * 0.1)
        return loss

    step(mi.tensor([1.0, 2.0]))
    before = w.tolist()
    step.dump(tmp_path / "m.miai")
    assert w.tolist() == before
    assert step(mi.tensor([1.0, 2.0])).item() == pytest.approx(2 * np.tanh(np.array(before) * [1, 2]).sum())


def test_what_is_wrong_with_a_lowering(tmp_path):
    def register(name, **functions):
        return mi.register_operator("test_lower_" + name, infer=lambda x: [x], **functions)

    with pytest.raises(TypeError, match="'forward', 'lower' or both, got neither"):
        register("none")
    with pytest.raises(TypeError, match="attribute 'a': expected a default that is a bool, int"):
        register("attr", forward=lambda x, a: x, attrs={"a": None})
    with pytest.raises(ValueError, match="two arguments are named 'x'"):
        register("twice", forward=lambda x: x, attrs={"x": 1})
    with pytest.raises(ValueError, match="name 'test_lower_a b': expected a name of letters"):
        register("a b", forward=lambda x: x)
    x = mi.tensor([1.0, 2.0])
    shape = register("shape", forward=lambda x: x, lower=lambda x: x.sum())
    with pytest.raises(ValueError, match="test_lower_shape: its lowering gave float32.*infer said float32"):
        mi.trace(lambda x: shape(x))(x)
    count = register("count", lower=lambda x: (x, x))
    with pytest.raises(TypeError, match="test_lower_count: lowering gave 2 tensors, expected 1"):
        count(x)
    array = register("array", lower=lambda x: x.numpy())
    with pytest.raises(TypeError, match="test_lower_array: its lowering gave numpy.ndarray, expected"):
        array(x)
    raising = register("raising", lower=lambda x: 1 / 0)
    with pytest.raises(RuntimeError, match="test_lower_raising: its lowering raised ZeroDivisionError"):
        raising(x)


@pytest.mark.parametrize("device", ["cpu:1", "fake:0"])
def test_waiting_for_a_queued_operator_lets_it_run(device):
    op = mi.register_operator(
        f"test_queued_{device.replace(':', '_')}", infer=lambda x: [x], forward=lambda x: x + 1
    )
    x = mi.tensor([1.0, 2.0], device=device)
    for _ in range(20):
        assert op(op(x)).numpy().tolist() == [3, 4]
        assert op(x)[0].item() == 2
        assert bool(op(x)[0] == 2)


ENDING = """
import sys, numpy as np, miai as mi
op = mi.register_operator("test_ending", infer=lambda x: [x], forward=lambda x: x + 1, grad=lambda i, g: g)
x = mi.tensor(np.zeros(1000, "float32"), device=sys.argv[1])
for _ in range(300):
    x = op(x)
traced = mi.trace(lambda x: op(x))
y = traced(x)
"""


@pytest.mark.parametrize("device", ["cpu", "cpu:1", "fake:0"])
def test_a_process_ends_with_operators_queued(device):
    done = subprocess.run([sys.executable, "-c", ENDING, device], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
