"""dump, miai-run, save and load: what was trained is what runs; hostile files do no harm."""

import json
import os
import pathlib
import subprocess

import miai as mi
import numpy as np
import pytest
from miai import functional as F  # noqa: N812
from miai import module as M  # noqa: N812
from miai import optimizer as O  # noqa: N812, E741

RUN = str(pathlib.Path(mi.sdk_path()) / "bin" / "miai-run")


def miai_run(*arguments):
    return subprocess.run([RUN, *map(str, arguments)], capture_output=True, text=True, timeout=60)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A model with predict and train_step over the same weights."""
    mi.random.seed(1)
    net = M.Sequential(
        M.Conv2d(1, 4, 3, padding=1), M.BatchNorm2d(4), M.ReLU(), M.Flatten(), M.Linear(4 * 36, 3)
    )
    opt = O.Adam(net.parameters(), lr=0.01)
    gm = mi.GradManager().attach(net.parameters())

    @mi.trace
    def train_step(x, y):
        with gm:
            loss = F.cross_entropy(net(x), y)
            gm.backward(loss)
        opt.step().clear_grad()
        return loss

    @mi.trace(dynamic={"x": 0})
    def predict(x):
        return F.softmax(net(x), axis=1)

    rng = np.random.default_rng(0)
    x = mi.tensor(rng.standard_normal((8, 1, 6, 6)).astype("float32"))
    y = mi.tensor(rng.integers(0, 3, 8))
    for _ in range(3):
        train_step(x, y)
    net.eval()
    predict(x)
    path = tmp_path_factory.mktemp("model") / "model.miai"
    mi.jit.dump(path, {"predict": predict, "train_step": train_step})
    return path, predict, net


def test_verify_and_inspect(trained):
    path, _, _ = trained
    done = miai_run("verify", path)
    assert done.returncode == 0 and done.stdout.count("0 absolute, 0 relative: ok") == 2, done.stderr
    shown = miai_run("inspect", path, "--text").stdout
    assert "function predict" in shown and "function train_step" in shown and "float32[?, 1, 6, 6]" in shown
    assert "conv2d" in shown


def changed_output(path, target, difference):
    """A copy of the model whose first expected output is another."""
    data = bytearray(path.read_bytes())
    size = int.from_bytes(data[:8], "little")
    tensors = json.loads(data[8 : 8 + size])
    begin, end = (8 + size + at for at in tensors["test/predict/0/output/0"]["data_offsets"])
    data[begin:end] = (np.frombuffer(data[begin:end], "float32") + np.float32(difference)).tobytes()
    header = (
        data[8 : 8 + size]
        .replace(b"miai.checksums", b"miai.no_checks")
        .replace(b"miai.header_c", b"miai.no_h_c__")
    )
    target.write_bytes(data[:8] + header + data[8 + size :])
    return target


def test_test_vectors_carry_a_tolerance(trained, tmp_path):
    _, predict, _ = trained
    exact, loose = tmp_path / "exact.miai", tmp_path / "loose.miai"
    mi.jit.dump(exact, {"predict": predict})
    mi.jit.dump(loose, {"predict": predict}, atol=1e-2, rtol=1e-3)
    done = miai_run("verify", changed_output(exact, tmp_path / "a.miai", 1e-3))
    assert done.returncode == 1 and "(output 'output'): TOO LARGE" in done.stdout
    assert "allows atol 0, rtol 0" in done.stdout and "more than the tolerance" in done.stderr
    assert miai_run("verify", tmp_path / "a.miai", "--tolerance", "0.1").returncode == 0
    assert miai_run("verify", changed_output(loose, tmp_path / "b.miai", 1e-3)).returncode == 0
    assert miai_run("verify", tmp_path / "b.miai", "--tolerance", "1e-6").returncode == 1
    assert miai_run("verify", changed_output(loose, tmp_path / "b.miai", 1e-1)).returncode == 1
    assert "number of at least 0" in miai_run("verify", exact, "--tolerance", "x").stderr
    with pytest.raises(ValueError, match="tolerances of at least 0"):
        mi.jit.dump(exact, {"predict": predict}, atol=-1.0)


def test_dump_refuses_names(trained, tmp_path):
    @mi.trace
    def two(x):
        return x + 1, x * 2

    two(mi.tensor([1.0]))
    with pytest.raises(ValueError, match="two outputs of function 'two' are named 'y'"):
        two.dump(tmp_path / "m.miai", output_names=["y", "y"])
    assert not any(tmp_path.iterdir())


def test_sdk_gives_the_trainers_bits(trained, tmp_path):
    path, predict, _ = trained
    rng = np.random.default_rng(5)
    images = rng.standard_normal((1000, 1, 6, 6)).astype("float32")
    np.save(tmp_path / "x.npy", images)
    done = miai_run(
        "run", path, "--function", "predict", "--input", f"x={tmp_path / 'x.npy'}", "--output", tmp_path
    )
    assert done.returncode == 0, done.stderr
    np.testing.assert_array_equal(np.load(tmp_path / "output.npy"), predict(mi.tensor(images)).numpy())


def test_other_readers_can_list_and_read(trained):
    safetensors = pytest.importorskip("safetensors.numpy")
    path, _, net = trained
    arrays = safetensors.load_file(path)
    np.testing.assert_array_equal(arrays["0.weight"], net.state_dict()["0.weight"])


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["run", "{path}"], "input 'x'"),
        (["run", "{path}", "--function", "nope", "--random"], "no function 'nope'; it has"),
        (["run", "{path}", "--random", "--input", "z=a.npy"], "no input 'z'"),
        (["run", "{path}", "--input", "x=/nonexistent.npy"], "cannot be opened"),
        (["verify", "/nonexistent.miai"], "cannot open"),
        (["frobnicate", "{path}"], "unknown command"),
        (["run", "{path}", "--frobnicate"], "unknown or incomplete option"),
    ],
)
def test_miai_run_explains(trained, arguments, text):
    done = miai_run(*(a.format(path=trained[0]) for a in arguments))
    assert done.returncode == 1 and text in done.stderr and done.stderr.count("\n") == 1


def test_wrong_input_is_explained(trained, tmp_path):
    for name, array, text in [
        ("rank", np.zeros((1, 6, 6), "float32"), "expected rank 4, got rank 3"),
        ("shape", np.zeros((1, 1, 7, 6), "float32"), "expected shape"),
        ("dtype", np.zeros((1, 1, 6, 6), "float64"), "expected dtype float32, got float64"),
    ]:
        np.save(tmp_path / f"{name}.npy", array)
        done = miai_run("run", trained[0], "--input", f"x={tmp_path / name}.npy")
        assert done.returncode == 1 and text in done.stderr


def test_mutated_files_do_no_harm(trained, tmp_path):
    data = bytearray(trained[0].read_bytes())
    header = int.from_bytes(data[:8], "little")
    rng = np.random.default_rng(0)
    target = tmp_path / "bad.safetensors"
    refused = 0
    for i in range(300):
        bad = bytearray(data)
        if i % 3 == 0:
            bad = bad[: rng.integers(0, len(bad))]
        else:
            for _ in range(rng.integers(1, 4)):
                place = rng.integers(0, 8 + header) if i % 3 == 1 else rng.integers(0, len(bad))
                bad[place] ^= 1 << rng.integers(0, 8)
        target.write_bytes(bad)
        try:
            mi.load(target)
        except (OSError, ValueError):
            refused += 1
    assert refused > 250
    for _ in range(5):
        bad = bytearray(data)
        bad[8 + int(rng.integers(0, header))] ^= 4
        target.write_bytes(bad)
        done = miai_run("verify", target)
        assert done.returncode == 1 and "bad.safetensors" in done.stderr


def test_save_and_load(tmp_path):
    path = tmp_path / "checkpoint.safetensors"
    shared = mi.tensor([1.0, 2.0])
    state = {
        "net": {"w": shared, "tied": shared, "b": np.arange(3)},
        "epoch": 3,
        "names": ["a", None, (1.5, True)],
        "half": mi.tensor([1.0], dtype="bfloat16"),
        4: "number",
    }
    mi.save(state, path)
    back = mi.load(path)
    assert back["epoch"] == 3 and back["names"] == ["a", None, (1.5, True)] and back[4] == "number"
    np.testing.assert_array_equal(back["net"]["tied"].numpy(), [1.0, 2.0])
    assert isinstance(back["net"]["b"], np.ndarray) and str(back["half"].dtype) == "bfloat16"
    with pytest.raises(TypeError, match="value at 'x.1'"):
        mi.save({"x": [1, object()]}, path)
    assert mi.load(path)["epoch"] == 3  # the old file is whole
    assert [p.name for p in tmp_path.iterdir()] == ["checkpoint.safetensors"]
    with pytest.raises(OSError, match="cannot create"):
        mi.save({}, tmp_path / "no" / "folder")
    with pytest.raises(OSError, match="cannot open"):
        mi.load(tmp_path / "absent")


def test_damaged_tensor_is_found_by_its_checksum(tmp_path):
    path = tmp_path / "w.safetensors"
    mi.save({"w": mi.tensor(np.ones(100))}, path)
    data = bytearray(path.read_bytes())
    data[-5] ^= 1
    path.write_bytes(data)
    with pytest.raises(OSError, match="checksum of tensor 'w'"):
        mi.load(path)
    mi.load(path, check=False)


def rewritten(path, target, change):
    """A copy of the file whose functions were changed, without a header checksum: it reaches the reader's own
    checks."""
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    functions = json.loads(header["__metadata__"]["miai.functions"])
    change(functions)
    header["__metadata__"]["miai.functions"] = json.dumps(functions)
    del header["__metadata__"]["miai.header_checksum"]
    text = json.dumps(header).encode()
    text += b" " * (-(len(text) + 8) % 64)
    target.write_bytes(len(text).to_bytes(8, "little") + text + data[8 + size :])
    return target


def huge_constant(functions):
    constant = {"dtype": "float32", "shape": [2**56, 2**8], "id": 9999, "hex": ""}
    functions[0]["function"]["constants"].append(constant)


def hidden_by_zero(functions):
    functions[0]["function"]["inputs"][0]["shape"] = [0, 2**60, 2**60, 1]


def many_tests(functions):
    functions[0]["tests"] = 10**15


def unknown_operator(functions):
    functions[0]["function"]["nodes"][0]["op"] = "frobnicate"


def newer_operator(functions):
    functions[0]["function"]["nodes"][0]["version"] = 99


def state_without_tensor(functions):
    functions[0]["function"]["states"].append({"name": "ghost", "output": 0})


def wrong_type(functions):
    functions[0]["function"]["nodes"][0]["outputs"][0]["shape"] = [1]


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (huge_constant, "impossible shape"),
        (hidden_by_zero, "impossible shape"),
        (many_tests, "more test vectors than tensors"),
        (unknown_operator, "operator 'frobnicate' (version 1) is not known"),
        (newer_operator, "has version 99"),
        (state_without_tensor, "'ghost'"),
        (wrong_type, "damaged function"),
    ],
)
def test_hostile_functions_are_refused(trained, tmp_path, change, text):
    done = miai_run("run", rewritten(trained[0], tmp_path / "bad.miai", change), "--random")
    assert done.returncode == 1 and text in done.stderr, done.stderr


def test_leftover_of_a_killed_process_does_not_block(tmp_path):
    for n in range(1, 400):  # the names that this process would use next
        (tmp_path / f"c.safetensors.tmp.{os.getpid()}.{n}").touch()
    mi.save({"a": 1}, tmp_path / "c.safetensors")
    assert mi.load(tmp_path / "c.safetensors") == {"a": 1}
