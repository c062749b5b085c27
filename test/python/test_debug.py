"""miai.debug: values seen on their way, eagerly and in programs; the first NaN ."""

import gc
import weakref

import miai as mi
import numpy as np
import pytest
from miai.jit import TraceError, exclude_from_trace

F = mi.functional
LEVELS = [0, 1, 2]


def vector(*values, device=None):
    return mi.tensor(np.array(values, dtype="float32"), device=device)


def line_of(text):
    """This file's line with that comment, as errors name it."""
    with open(__file__, encoding="utf-8") as file:
        (number,) = (i for i, line in enumerate(file, 1) if line.rstrip().endswith(f"# {text}"))
    return f"{__file__.rsplit('/', 1)[-1]}:{number}"


# --- tap and print


@pytest.mark.parametrize("device", ["cpu", "cpu:1", "fake"])
@pytest.mark.parametrize("opt_level", LEVELS)
def test_tap_sees_the_value_of_each_call_in_order(opt_level, device):
    seen = []

    @mi.trace(opt_level=opt_level)
    def step(x):
        y = mi.debug.tap(F.exp(x * 2), lambda v: seen.append(("y", v.tolist())))  # inside of a fused chain
        mi.debug.tap(x - 1, lambda v: seen.append(("unread", v.tolist())))
        z = F.relu(y + 1)
        mi.debug.tap(z.reshape(2, 1).transpose(1, 0), lambda v: seen.append(("z", v.tolist())))
        return z * 3

    for i in range(3):
        x = np.array([i, -i], dtype="float32")
        y = np.exp(x * 2)
        result = step(mi.tensor(x, device=device)).numpy()
        np.testing.assert_allclose(result, (y + 1) * 3, rtol=1e-5)
        mi.synchronize()
        names, values = zip(*seen, strict=True)
        assert names == ("y", "unread", "z")
        for value, expected in zip(values, (y, x - 1, [y + 1]), strict=True):
            np.testing.assert_allclose(value, expected, rtol=1e-5)
        seen.clear()
    assert step.program_count == 1


@pytest.mark.parametrize("dtype", ["float64", "float16", "bfloat16", "int64", "bool"])
def test_tap_gives_what_numpy_gives(dtype):
    seen = []
    x = vector(0, 1, 2).astype(mi.bfloat16 if dtype == "bfloat16" else dtype)
    step = mi.trace(lambda x: mi.debug.tap(x, seen.append))
    for _ in range(2):
        assert step(x).dtype == x.dtype
        assert seen[-1].dtype == x.numpy().dtype and (seen[-1] == x.numpy()).all()


def test_taps_share_no_memory_with_the_program():
    seen = []
    step = mi.trace(lambda x: mi.debug.tap(x + 1, seen.append) * 2)
    results = [step(vector(i, i)).tolist() for i in range(4)]
    for value in seen:
        value += 100
    assert [value.tolist() for value in seen] == [[101 + i] * 2 for i in range(4)]
    assert results == [[2.0 + 2 * i] * 2 for i in range(4)]


def test_taps_by_name_are_collected():
    step = mi.trace(lambda x: mi.debug.tap(x + 1, "x") * 2)
    step(vector(0))
    with mi.debug.collect() as values:
        step(vector(1))
        mi.debug.tap(vector(7), "eager")
        with mi.debug.collect() as inner:
            step(vector(2))
    step(vector(3))
    assert [v.tolist() for v in values["x"]] == [[2], [3]] and values["eager"][0].tolist() == [7]
    assert [v.tolist() for v in inner["x"]] == [[3]] and "eager" not in inner


def test_tap_in_a_training_step_changes_nothing():
    def train(tapped):
        w, seen = vector(1, 2), []
        manager = mi.GradManager().attach([w])

        @mi.trace
        def step(x):
            with manager:
                y = w * x
                if tapped:
                    y = mi.debug.tap(y, seen.append)
                manager.backward((y * y).sum())
            mi.debug.tap(w.grad, seen.append) if tapped else None
            w._reset(w - w.grad * 0.1)
            w.grad = None

        for i in range(4):
            step(vector(1, i))
        return w.numpy(copy=True), seen

    plain, tapped = train(False), train(True)
    assert (plain[0] == tapped[0]).all() and len(tapped[1]) == 8
    assert tapped[1][1].tolist() == [2, 0]  # d(w x)^2/dw = 2 w x^2 at w = (1, 2), x = (1, 0)


@pytest.mark.parametrize("device", ["cpu", "cpu:1"])
def test_an_exception_of_a_tap_stops_the_step(device):
    w, broken = vector(0, device=device), []

    def look(value):
        if broken:
            raise KeyError("enough")

    @mi.trace
    def step(x):
        mi.debug.tap(x, look)  # the tap
        w._reset(w + x)

    step(vector(1, device=device)), step(vector(1, device=device))
    broken.append(1)
    with pytest.raises(RuntimeError, match="tap.*raised KeyError: 'enough'") as error:
        step(vector(1, device=device))
    assert line_of("the tap") in str(error.value)
    assert w.tolist() == [2]
    with pytest.raises(KeyError):
        mi.debug.tap(vector(1), look)
    broken.clear()
    step(vector(1, device=device))
    assert w.tolist() == [3]


def test_ctrl_c_in_a_tap_is_a_keyboard_interrupt():
    def look(value):
        if value[0] > 1:
            raise KeyboardInterrupt

    step = mi.trace(lambda x: mi.debug.tap(x, look) + 1)
    step(vector(1))
    with pytest.raises(KeyboardInterrupt):
        step(vector(2))
    assert step(vector(0)).tolist() == [1]


def test_print_prints_in_each_call(capsys):
    @mi.trace
    def step(x):
        mi.debug.print("x", x, x.sum(), sep="|", end=";\n")
        mi.debug.print("no tensor")
        return x * 2

    for i in range(2):
        step(vector(i, 1))
    expected = "x|Tensor([{}., 1.])|Tensor({}.);\nno tensor\n"
    assert capsys.readouterr().out == expected.format(0, 1) + expected.format(1, 2)
    mi.debug.print(vector(5))
    assert capsys.readouterr().out == "Tensor([5.])\n"


def test_a_dump_leaves_taps_out(tmp_path):
    seen = []
    step = mi.trace(lambda x: mi.debug.tap(x + 1, seen.append) * 2)
    step(vector(1, 2))
    step.dump(tmp_path / "step.miai")
    text = (tmp_path / "step.miai").read_bytes()
    assert b"tap" not in text and b"mul" in text


def test_a_program_that_is_gone_lets_its_functions_go():
    class Look:
        def __call__(self, value):
            pass

    look = Look()
    gone = weakref.ref(look)
    step = mi.trace(lambda x, look=look: mi.debug.tap(x, look))
    step(vector(1)), step(vector(2))
    del step, look
    gc.collect()
    assert gone() is None


def test_bad_arguments_are_explained():
    with pytest.raises(TypeError, match="tap: argument 'x': expected a Tensor, got float"):
        mi.debug.tap(1.0, print)
    with pytest.raises(TypeError, match="tap: argument 'to': expected a function or a name, got int"):
        mi.debug.tap(vector(1), 3)


# --- detect_anomaly


@pytest.mark.parametrize("opt_level", LEVELS)
def test_the_first_nan_is_named_traced(opt_level):
    w = vector(1, 1, 1)

    @mi.trace(opt_level=opt_level)
    def step(x):
        y = x * 2
        y = F.log(y - 1)  # makes it
        w._reset(w + F.exp(y) * 3)
        return y.sum()

    step(vector(1, 1, 1)), step(vector(2, 2, 2))
    before = w.tolist()
    with mi.debug.detect_anomaly():
        step(vector(1, 1, 1))
        before = w.tolist()
        with pytest.raises(FloatingPointError) as error:
            step(vector(0.5, 0, -1))
    message = str(error.value)
    assert message.startswith(
        f"log ({line_of('makes it')}): output 'out' of shape [3] holds 2 NaN and 1 infinity"
    )
    assert "already" not in message
    assert w.tolist() == before
    assert np.isnan(step(vector(0.5, 0, -1)).numpy())  # not looked for outside


def test_the_first_nan_is_named_eagerly():
    x = vector(-1, 4)
    assert np.isnan(F.sqrt(x).numpy()[0])
    with mi.debug.detect_anomaly(), pytest.raises(FloatingPointError, match=r"^sqrt \(test_debug.py:\d+\)"):
        F.sqrt(x)
    with mi.debug.detect_anomaly(), pytest.raises(FloatingPointError) as error:
        x * vector(float("nan"), 1)
    assert "holds 1 NaN; input 'y' already held 1 NaN" in str(error.value)


@pytest.mark.parametrize("traced", [False, True])
def test_a_gradient_names_the_line_of_its_operator(traced):
    w = vector(4, 1)
    manager = mi.GradManager().attach([w])

    def step(x):
        with manager:
            y = F.sqrt(w * x)  # its gradient
            manager.backward(y.sum())  # asks for it
        w._reset(w - w.grad)
        w.grad = None

    if traced:
        step = mi.trace(step)
        step(vector(1, 1))
        w.set_value(vector(4, 1))
    with mi.debug.detect_anomaly(), pytest.raises(FloatingPointError) as error:
        step(vector(1, 0))
    assert f"({line_of('its gradient')}, backward from {line_of('asks for it')})" in str(error.value)
    assert w.tolist() == [4, 1]


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
@pytest.mark.parametrize("device", ["cpu", "cpu:1", "fake"])
def test_each_dtype_and_device(dtype, device):
    x = vector(0, 1, 2, device=device).astype(mi.bfloat16 if dtype == "bfloat16" else dtype)
    step = mi.trace(lambda x: F.log(x) + 1)
    step(x)
    for function in (F.log, step):
        with mi.debug.detect_anomaly(), pytest.raises(FloatingPointError, match="holds 1 infinity"):
            function(x)
        with mi.debug.detect_anomaly(infinity=False):
            function(x)
            with pytest.raises(FloatingPointError, match="holds 3 NaN"):
                function(-1 - x)


def test_values_that_are_large_but_finite_pass():
    largest = np.finfo("float32").max
    with mi.debug.detect_anomaly():
        assert (vector(largest, -largest, 0, 1e-45) * 1).tolist()[0] == largest


def test_the_recording_call_is_looked_at_and_undone():
    w = vector(1)

    @mi.trace
    def step(x):
        w._reset(w + 1)
        return F.log(x)

    with mi.debug.detect_anomaly(), pytest.raises(FloatingPointError):
        step(vector(-1))
    assert w.tolist() == [1] and step.program_count == 0


# --- exclude_from_trace


def test_excluded_code_runs_in_each_call():
    calls = []

    @exclude_from_trace
    def pick(x, scale, *, bias):
        calls.append(x.sum().item())
        return {"y": x * scale if x.sum().item() > 0 else x - bias, "kept": "text"}

    @mi.trace
    def step(x):
        result = pick(x + 1, 10, bias=vector(5))
        assert result["kept"] == "text"
        return result["y"] * 2

    for value in (1, -3, 2):
        expected = 2 * ((value + 1) * 10 if value + 1 > 0 else value + 1 - 5)
        assert step(vector(value)).tolist() == [expected]
    assert calls == [2, -2, 3] and step.program_count == 1
    assert pick(vector(1), 3, bias=0)["y"].tolist() == [3]


def test_excluded_code_keeps_its_promises_or_says_so(tmp_path):
    shapes = exclude_from_trace(lambda x: x[: int(x[0].item())])
    step = mi.trace(lambda x: shapes(x) + 1)
    step(vector(2, 1, 1))
    assert step(vector(2, 5, 5)).tolist() == [3, 6]
    with pytest.raises(ValueError, match=r"result 0 is float32\[1\], and float32\[2\] when"):
        step(vector(1, 5, 5))
    with pytest.raises(NotImplementedError, match="exclude_from_trace"):
        step.dump(tmp_path / "no.miai")
    with pytest.raises(ValueError, match="expected tensors of device cpu, got one of cpu:1"):
        mi.trace(shapes)(vector(1, device="cpu:1"))

    def boom(x):
        raise OSError("gone")

    with pytest.raises(OSError):
        mi.trace(exclude_from_trace(boom))(vector(1))
    w = vector(3)
    same = exclude_from_trace(lambda x: x)
    with pytest.raises(NotImplementedError, match="exclude_from_trace: has no gradient"):
        mi.trace(mi.grad(lambda x: (same(x) * w).sum()))(vector(1))
    with pytest.raises(TraceError, match="decorate"):
        mi.trace(in_a_block)(vector(1))


def test_excluded_code_of_another_size_is_another_program():
    double = exclude_from_trace(lambda x: x + x)
    step = mi.trace(lambda x: double(x * 1) + x, dynamic={"x": 0})
    for n in (2, 3, 4, 2, 3, 4, 5):
        assert step(vector(*range(n))).tolist() == [3.0 * i for i in range(n)]
    assert step.program_count == 4


@pytest.mark.parametrize("dtype", [mi.bfloat16, "float16", "int64", "bool"])
def test_excluded_code_of_each_dtype(dtype):
    dtypes = []
    same = exclude_from_trace(lambda x: (dtypes.append(str(x.dtype)), x)[1])
    step = mi.trace(lambda x: same(x))
    x = vector(0, 1, 1).astype(dtype)
    for _ in range(3):
        y = step(x)
        assert y.dtype == x.dtype and y.tolist() == x.tolist()
    assert set(dtypes) == {str(x.dtype)} and len(dtypes) == 3


def in_a_block(x):
    with exclude_from_trace():
        return x + 1


def test_values_may_be_read_in_nested_functions_of_excluded_code():
    inner = mi.trace(lambda x: x * 3)
    outer = exclude_from_trace(lambda x: inner(x) + x.item())
    step = mi.trace(lambda x: outer(x) + x)
    assert [step(vector(i)).tolist() for i in range(4)] == [[5.0 * i] for i in range(4)]


def test_seed_seeds_the_data_too():
    from miai.data import RandomSampler

    mi.random.seed(3)
    first = list(RandomSampler(range(50)))
    mi.random.seed(3)
    assert list(RandomSampler(range(50))) == first
    mi.random.seed(4)
    assert list(RandomSampler(range(50))) != first
