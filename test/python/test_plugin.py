"""Operators in shared libraries: eager, traced at each level, differentiated, dumped, run by the SDK; what
fails says so."""

import pathlib
import shutil
import subprocess

import miai as mi
import numpy as np
import pytest
from miai import functional as F  # noqa: N812
from test_sdk import Sdk

PLUGINS = pathlib.Path(mi.sdk_path()).parents[1] / "test" / "plugins"
RUN = pathlib.Path(mi.sdk_path()) / "bin" / "miai-run"
NUMBERS = PLUGINS / "plugin_numbers.so"


@pytest.fixture(scope="module")
def numbers():
    return mi.load_plugin(NUMBERS)


@pytest.fixture(scope="module")
def failing():
    return mi.load_plugin(PLUGINS / "plugin_failing.so").plugin_failing


def array(*shape, dtype="float32"):
    return np.random.default_rng(sum(shape)).standard_normal(shape).astype(dtype)


def softcap(x, cap=1.0):
    return cap * np.tanh(x / cap)


def test_operators_have_names_help_and_arguments(numbers) -> None:
    assert sorted(vars(numbers)) == ["plugin_attributes", "plugin_pairs", "plugin_softcap"]
    text = numbers.plugin_softcap.__doc__
    assert "plugin_softcap(x, cap=1.0)" in text and "what no result exceeds" in text
    assert numbers.plugin_attributes().tolist() == [1, 2, 0.5, 65, 5, 6]
    given = numbers.plugin_attributes(flag=False, whole=-3, number=2, text="B", list=[7])
    assert given.tolist() == [0, -3, 2, 66, 7]
    assert mi.load_plugin(str(NUMBERS)).plugin_softcap is numbers.plugin_softcap


@pytest.mark.parametrize("device", ["cpu", "cpu:1", "fake:0"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_eager(numbers, device, dtype) -> None:
    x = array(4, 6, dtype=dtype)
    t = mi.tensor(x, device=device)
    tolerance = 1e-6 if dtype == "float32" else 1e-14
    for view in (lambda a: a, lambda a: a.T, lambda a: a[1:, ::2], lambda a: a[:0]):
        got = numbers.plugin_softcap(view(t), cap=0.5).numpy()
        np.testing.assert_allclose(got, softcap(view(x), 0.5), rtol=tolerance)
    bias = array(3, dtype=dtype)
    sums = x.reshape(4, 3, 2).sum(2)
    np.testing.assert_allclose(numbers.plugin_pairs(t, scale=2.0).numpy(), 2 * sums, rtol=1e-5)
    got = numbers.plugin_pairs(t, mi.tensor(bias, device=device)).numpy()
    np.testing.assert_allclose(got, sums + bias, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("opt_level", [0, 1, 2])
@pytest.mark.parametrize("device", ["cpu", "cpu:1", "fake:0"])
def test_one_trace_serves_several_sizes(numbers, device, opt_level) -> None:
    bias = mi.tensor(array(3), device=device)

    def step(x):
        return numbers.plugin_pairs(numbers.plugin_softcap(x * 2, cap=3.0), bias, scale=0.5) + 1

    traced = mi.trace(step, opt_level=opt_level, dynamic={"x": 0})
    for n in (2, 3, 5, 8):
        x = mi.tensor(array(n, 6), device=device)
        expected = softcap(2 * x.numpy(), 3.0).reshape(n, 3, 2).sum(2) / 2 + bias.numpy() + 1
        got = traced(x).numpy()
        np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-6)
        if opt_level == 0:
            np.testing.assert_array_equal(got, step(x).numpy())
    assert traced.program_count == 1


def test_gradients_of_both_orders(numbers) -> None:
    x = array(3, 4, dtype="float64")
    first = mi.grad(lambda x: numbers.plugin_softcap(x, cap=2.0).sum())
    t = np.tanh(x / 2)
    np.testing.assert_allclose(first(mi.tensor(x)).numpy(), 1 - t * t, rtol=1e-12)
    second = mi.grad(lambda x: (first(x) * first(x)).sum())(mi.tensor(x)).numpy()
    np.testing.assert_allclose(second, 2 * (1 - t * t) * (-t * (1 - t * t)), rtol=1e-10)
    weight = array(3, 2, dtype="float64")

    def pairs(x, bias):
        return (numbers.plugin_pairs(x, bias, scale=3.0) * mi.tensor(weight)).sum()

    dx, dbias = mi.grad(pairs, (0, 1))(mi.tensor(x), mi.tensor(array(2, dtype="float64")))
    np.testing.assert_allclose(dx.numpy(), 3 * np.repeat(weight, 2, axis=1))
    np.testing.assert_allclose(dbias.numpy(), weight.sum(0))
    alone = mi.grad(lambda x: numbers.plugin_pairs(x).sum())(mi.tensor(x))
    np.testing.assert_array_equal(alone.numpy(), np.ones((3, 4)))


@pytest.mark.parametrize("opt_level", [0, 1, 2])
def test_training_step_in_a_trace(numbers, opt_level) -> None:
    def step(x):
        return mi.value_and_grad(lambda x: numbers.plugin_pairs(numbers.plugin_softcap(x)).sum())(x)

    traced = mi.trace(step, opt_level=opt_level, dynamic={"x": 0})
    for n in (2, 4, 7):
        x = mi.tensor(array(n, 4))
        for got, expected in zip(traced(x), step(x), strict=True):
            np.testing.assert_allclose(got.numpy(), expected.numpy(), rtol=1e-5, atol=1e-6)
    assert traced.program_count == 1


def test_arguments_are_checked(numbers) -> None:
    x = mi.tensor(array(2, 4))
    with pytest.raises(ValueError, match="plugin_softcap: argument 'cap': expected more than 0, got -1"):
        numbers.plugin_softcap(x, cap=-1)
    with pytest.raises(TypeError, match="plugin_softcap: argument 'x': expected float32 or float64"):
        numbers.plugin_softcap(mi.tensor([1, 2]))
    with pytest.raises(TypeError, match="plugin_softcap: argument 'cap': expected a float, got 'x'"):
        numbers.plugin_softcap(x, cap="x")
    with pytest.raises(TypeError, match="plugin_softcap: unknown argument 'lid'; it takes x, cap"):
        numbers.plugin_softcap(x, lid=2)
    with pytest.raises(ValueError, match="plugin_pairs: argument 'x': expected an even number of columns"):
        numbers.plugin_pairs(mi.tensor(array(2, 3)))
    with pytest.raises(ValueError, match="plugin_pairs: argument 'bias': expected one for each pair"):
        numbers.plugin_pairs(x, mi.tensor(array(3)))
    with pytest.raises(
        NotImplementedError, match="plugin_pairs: no kernel.*plugin/plugin_pairs: only float32 and float64"
    ):
        numbers.plugin_pairs(mi.tensor([[1, 2]]))


@pytest.mark.parametrize("where", ["infer", "supports", "prepare", "run", "gradient"])
@pytest.mark.parametrize(
    ("status", "error"), [(1, ValueError), (2, TypeError), (3, IndexError), (6, NotImplementedError)]
)
@pytest.mark.parametrize("device", ["cpu", "cpu:1"])
def test_each_callback_may_fail(failing, where, status, error, device) -> None:
    x = mi.tensor([1.0, 2.0], device=device)
    assert failing(x).tolist() == [1, 2]
    with pytest.raises(error, match=f"plugin_failing.*told to fail in {where}"):
        value, grad = mi.value_and_grad(lambda x: failing(x, where=where, status=status).sum())(x)
        grad.numpy()
        value.numpy()  # what ran late tells those who read its result
    assert failing(x).tolist() == [1, 2]  # the device stays usable


@pytest.mark.parametrize(
    ("where", "error", "message"),
    [
        ("axis", IndexError, "axis 7 does not exist: there are 1"),
        ("attribute", TypeError, "attribute 'where' is read as an int and is not one"),
        ("emit", RuntimeError, "gradients and emit are for its gradient, not for its infer"),
        ("zero", ValueError, "zero"),
        ("negative", ValueError, "negative size -1"),
        ("outputs", TypeError, "its infer gave 0 outputs, expected 1"),
        ("unlisted", ValueError, "its gradient reads input 0, which gradient_inputs does not list"),
        ("unknown", ValueError, "no operator named 'no_such_op'"),
        ("shape", RuntimeError, "gradient of input 0 is float32.*the operator's gradient rule is wrong"),
    ],
)
def test_mistakes_of_a_plugin_are_named(failing, where, error, message) -> None:
    with pytest.raises(error, match=f"plugin_failing: .*{message}"):
        mi.grad(lambda x: failing(x, where=where).sum())(mi.tensor([1.0, 2.0]))


def test_a_status_without_message(failing) -> None:
    with pytest.raises(IndexError, match="plugin_failing: its run failed with status 3 and no message"):
        failing(mi.tensor([1.0]), where="run", status=-1)


@pytest.mark.parametrize("device", ["cpu", "cpu:1"])
def test_a_failure_cancels_the_step(failing, device) -> None:
    w = mi.tensor([0.0], device=device)

    @mi.trace
    def step(x):
        w._reset(w + 1)
        return failing(x, where="negative data")

    for _ in range(2):
        step(mi.tensor([1.0], device=device))
    assert w.tolist() == [2]
    with pytest.raises(ValueError, match="plugin_failing.*: negative data"):
        step(mi.tensor([-1.0], device=device)).numpy()
    assert w.tolist() == [2]


@pytest.mark.parametrize(
    ("kind", "error", "message"),
    [
        ("half", OSError, "no licence in /nowhere"),
        ("silent", OverflowError, "miai_plugin_init failed with status 9 and no message"),
        ("throws", RuntimeError, "miai_plugin_init threw: a C\\+\\+ plugin's mistake"),
        ("newer", NotImplementedError, "version 99 of the plugin interface, this miai has version 1"),
        ("unversioned", ValueError, "api_version is 0; set it to MIAI_PLUGIN_API_VERSION"),
        ("taken", ValueError, "operator 'add' is already defined"),
        ("twice", ValueError, "operator 'refused_first' is defined twice"),
        ("name", ValueError, "name 'not a name': expected a name of letters, digits and '_'"),
        ("no_run", ValueError, "operator 'refused_second': no run"),
        ("no_list", ValueError, "at most 16 inputs, got 1 and no list"),
    ],
)
def test_a_refused_plugin_registers_nothing(kind, error, message) -> None:
    path = PLUGINS / f"plugin_refused_{kind}.so"
    for _ in range(2):  # the second time as well
        with pytest.raises(error, match=message):
            mi.load_plugin(path)
    names = mi._core.op_names(False)
    assert "refused_first" not in names and "refused_second" not in names
    with pytest.raises(RuntimeError, match=message):
        Sdk().call("miai_load_plugin", str(path).encode())


def test_what_is_no_plugin() -> None:
    with pytest.raises(OSError, match="exports no miai_plugin_init"):
        mi.load_plugin(PLUGINS / "plugin_empty.so")
    with pytest.raises(OSError, match="cannot load plugin 'nowhere.so'"):
        mi.load_plugin("nowhere.so")
    with pytest.raises(TypeError):
        mi.load_plugin(3)


@pytest.fixture(scope="module")
def model(numbers, tmp_path_factory):
    weight = mi.tensor(array(6, 4), name="weight")

    @mi.trace(dynamic={"x": 0})
    def predict(x):
        return numbers.plugin_pairs(numbers.plugin_softcap(F.matmul(x, weight), cap=2.0), scale=0.25)

    x = mi.tensor(array(3, 6))
    predict(x)
    predict(mi.tensor(array(5, 6)))
    path = tmp_path_factory.mktemp("plugin") / "m.miai"
    predict.dump(path)
    return path, predict


def miai_run(*arguments):
    return subprocess.run([RUN, *map(str, arguments)], capture_output=True, text=True, check=False)


def test_a_model_runs_with_its_plugin_alone(model, tmp_path) -> None:
    path, predict = model
    without = miai_run("verify", path)
    assert without.returncode == 1
    assert "operator 'plugin_softcap' (version 3) is not known: load the plugin that has it" in without.stderr
    done = miai_run("verify", path, "--plugin", NUMBERS)
    assert done.returncode == 0 and ": ok" in done.stdout, done.stderr
    x = array(7, 6)
    np.save(tmp_path / "x.npy", x)
    done = miai_run(
        "run", path, "--plugin", NUMBERS, "--input", f"x={tmp_path / 'x.npy'}", "--output", tmp_path
    )
    assert done.returncode == 0, done.stderr
    np.testing.assert_array_equal(np.load(tmp_path / "output.npy"), predict(mi.tensor(x)).numpy())
    missing = miai_run("verify", path, "--plugin", "nowhere.so")
    assert missing.returncode == 1 and "cannot load plugin 'nowhere.so'" in missing.stderr


def test_the_sdk_beside_python(model) -> None:
    path, predict = model
    sdk = Sdk()
    sdk.call("miai_load_plugin", str(NUMBERS).encode())
    sdk.call("miai_load_plugin", str(NUMBERS).encode())  # again: nothing
    handle = sdk.make("miai_model_load", str(path).encode(), 1)
    session = sdk.make("miai_session_create", handle, b"predict", None)
    x = array(4, 6)
    np.testing.assert_array_equal(sdk.run(session, x), predict(mi.tensor(x)).numpy())
    sdk.lib.miai_session_free(session)
    sdk.lib.miai_model_free(handle)
    with pytest.raises(RuntimeError, match="no path"):
        sdk.call("miai_load_plugin", None)


def test_the_plugin_of_the_docs(tmp_path) -> None:
    root = pathlib.Path(__file__).parents[2]
    page = (root / "docs/plugins.md").read_text()
    (tmp_path / "wavy.c").write_text(page.split("```c\n")[1].split("```")[0])
    compiler = shutil.which("cc")
    assert compiler, "a C compiler builds the example"
    include = root / "graph/plugin/include"
    warnings = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-D_GNU_SOURCE"]
    subprocess.run(
        [compiler, "-shared", "-fPIC", *warnings, f"-I{include}", "wavy.c", "-o", "wavy.so", "-lm"],
        cwd=tmp_path,
        check=True,
    )
    wavy = mi.load_plugin(tmp_path / "wavy.so").wavy
    x = array(3, 4).T
    np.testing.assert_allclose(wavy(mi.tensor(x), rate=2.0).numpy(), np.sin(2 * x), rtol=1e-5, atol=1e-6)
    second = mi.grad(lambda x: mi.grad(lambda x: wavy(x, rate=2.0).sum())(x).sum())(mi.tensor(x))
    np.testing.assert_allclose(second.numpy(), -4 * np.sin(2 * x), rtol=1e-4, atol=1e-5)
