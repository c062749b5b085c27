"""The C ABI: a training step on the device, its weights saved, and sessions shared by threads."""

import ctypes
import os
import pathlib
import subprocess
import sys
import threading

import miai as mi
import numpy as np
import pytest
from miai import functional as F  # noqa: N812
from miai import module as M  # noqa: N812
from miai import optimizer as O  # noqa: N812, E741


class CTensor(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_char_p),
        ("dtype", ctypes.c_int),
        ("rank", ctypes.c_int32),
        ("shape", ctypes.c_int64 * 8),
        ("data", ctypes.c_void_p),
    ]


CODES = {"int64": 5, "float32": 8}


def c_tensor(array: np.ndarray) -> CTensor:
    return CTensor(
        None, CODES[str(array.dtype)], array.ndim, (ctypes.c_int64 * 8)(*array.shape), array.ctypes.data
    )


class Sdk:
    """libmiai by ctypes."""

    def __init__(self) -> None:
        self.lib = ctypes.CDLL(str(next(pathlib.Path(mi.sdk_path(), "lib").glob("libmiai.so*"))))
        self.lib.miai_last_error.restype = ctypes.c_char_p

    def call(self, name: str, *arguments: object) -> None:
        status = getattr(self.lib, name)(*arguments)
        if status:
            raise RuntimeError(f"{status}: {self.lib.miai_last_error().decode()}")

    def make(self, name: str, *arguments: object) -> ctypes.c_void_p:
        handle = ctypes.c_void_p()
        self.call(name, *arguments, ctypes.byref(handle))
        return handle

    def run(self, session: ctypes.c_void_p, *arrays: np.ndarray) -> np.ndarray:
        for i, array in enumerate(arrays):
            self.call("miai_session_set_input", session, i, ctypes.byref(c_tensor(array)))
        self.call("miai_session_run", session)
        out = CTensor()
        self.call("miai_session_output", session, 0, ctypes.byref(out))
        shape = tuple(out.shape[: out.rank])
        count = int(np.prod(shape, dtype=int))
        return (
            np.ctypeslib.as_array(ctypes.cast(out.data, ctypes.POINTER(ctypes.c_float)), (count,))
            .reshape(shape)
            .copy()
        )


@pytest.fixture(scope="module")
def sdk() -> Sdk:
    return Sdk()


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    mi.random.seed(2)
    net = M.Sequential(M.Linear(4, 8), M.BatchNorm1d(8), M.ReLU(), M.Dropout(0.2), M.Linear(8, 3))
    opt = O.Adam(net.parameters(), lr=0.05)
    gm = mi.GradManager().attach(net.parameters())

    @mi.trace
    def train_step(x, y):
        with gm:
            loss = F.cross_entropy(net(x), y)
            gm.backward(loss)
        opt.step().clear_grad()
        return loss

    rng = np.random.default_rng(0)
    x = rng.standard_normal((12, 4)).astype("float32")
    y = rng.integers(0, 3, 12)
    train_step(mi.tensor(x), mi.tensor(y))
    net.eval()
    predict = mi.trace(lambda x: F.softmax(net(x), axis=1), dynamic={"x": 0})
    predict(mi.tensor(x))
    net.train()
    path = tmp_path_factory.mktemp("sdk") / "model.miai"
    mi.jit.dump(path, {"train_step": train_step, "predict": predict})
    return path, net, train_step, predict, x, y


def test_training_goes_on_in_the_sdk(sdk, trained, tmp_path) -> None:
    path, net, train_step, predict, x, y = trained
    model = sdk.make("miai_model_load", str(path).encode(), 1)
    variables = sdk.make("miai_variables_create", model)
    step = sdk.make("miai_session_create", model, b"train_step", variables)
    theirs = [sdk.run(step, x, y).item() for _ in range(4)]
    ours = [train_step(mi.tensor(x), mi.tensor(y)).item() for _ in range(4)]
    assert theirs == ours  # the same bits: dropout, batch norm and Adam included
    target = tmp_path / "trained.miai"
    sdk.call("miai_variables_save", variables, str(target).encode())
    saved = mi.load(target)
    for name, value in net.state_dict().items():
        np.testing.assert_array_equal(saved[name].numpy(), value, err_msg=name)
    reader = sdk.make("miai_session_create", model, b"predict", variables)
    net.eval()
    np.testing.assert_array_equal(sdk.run(reader, x[:5]), predict(mi.tensor(x[:5])).numpy())
    net.train()
    for free, handle in [("session", step), ("session", reader), ("variables", variables), ("model", model)]:
        getattr(sdk.lib, f"miai_{free}_free")(handle)


def test_sessions_of_one_model_in_threads(sdk, trained) -> None:
    path, *_, x, _ = trained
    model = sdk.make("miai_model_load", str(path).encode(), 0)
    expected = sdk.run(sdk.make("miai_session_create", model, b"predict", None), x)
    wrong: list[object] = []

    def work() -> None:
        try:
            session = sdk.make("miai_session_create", model, b"predict", None)
            for _ in range(100):
                if not np.array_equal(sdk.run(session, x), expected):
                    wrong.append("other bits")
        except RuntimeError as error:
            wrong.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


ONE_THREAD_THEN_MORE = """
import os, sys
sys.path.insert(0, sys.argv[1])
from test_sdk import Sdk
import numpy as np
sdk = Sdk()
model = sdk.make("miai_model_load", sys.argv[2].encode(), 0)
x = np.ones((400, 400), "float32")
def os_threads(threads):
    session = sdk.make("miai_session_create", model, b"predict", None)
    sdk.call("miai_session_set_threads", session, threads)
    before = len(os.listdir("/proc/self/task"))
    sdk.run(session, x)
    return len(os.listdir("/proc/self/task")) - before
print(os_threads(0), os_threads(3), os_threads(1))
"""


def test_a_session_has_threads_of_its_own(tmp_path) -> None:
    predict = mi.trace(lambda x: F.exp(x))
    predict(mi.tensor(np.ones((400, 400), "float32")))
    predict.dump(tmp_path / "model.miai", name="predict")
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            ONE_THREAD_THEN_MORE,
            str(pathlib.Path(__file__).parent),
            tmp_path / "model.miai",
        ],
        env={**os.environ, "MIAI_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["0", "2", "0"]  # workers beside the caller


def test_wrong_numbers_of_threads(sdk, trained) -> None:
    model = sdk.make("miai_model_load", str(trained[0]).encode(), 0)
    session = sdk.make("miai_session_create", model, b"predict", None)
    for threads in (-1, 1025):
        with pytest.raises(RuntimeError, match=f"'threads': expected 1 to 1024, or 0 .* got {threads}"):
            sdk.call("miai_session_set_threads", session, threads)


def test_operators_of_a_function(sdk, trained) -> None:
    path, _, _, predict, *_ = trained
    model = sdk.make("miai_model_load", str(path).encode(), 0)
    count = sdk.lib.miai_model_operator_count(model, b"predict")
    found = {}
    for i in range(count):
        name, times = ctypes.c_char_p(), ctypes.c_int()
        sdk.call("miai_model_operator", model, b"predict", i, ctypes.byref(name), ctypes.byref(times))
        found[name.value.decode()] = times.value
    assert found["linear"] == 2 and found["softmax"] == 1
    assert sum(found.values()) == predict.graph().count(" = ")
    assert list(found.values()) == sorted(found.values(), reverse=True)
    assert sdk.lib.miai_model_operator_count(model, b"nope") == -1
    with pytest.raises(RuntimeError, match=f"operator {count} does not exist"):
        sdk.call("miai_model_operator", model, b"predict", count, None, None)


def test_errors_have_codes_and_messages(sdk, trained) -> None:
    model = sdk.make("miai_model_load", str(trained[0]).encode(), 0)
    with pytest.raises(RuntimeError, match="no function 'nope'; it has"):
        sdk.make("miai_session_create", model, b"nope", None)
    session = sdk.make("miai_session_create", model, b"predict", None)
    with pytest.raises(RuntimeError, match="input 'x' has not been set"):
        sdk.call("miai_session_run", session)
    with pytest.raises(RuntimeError, match="expected dtype float32, got int64"):
        sdk.run(session, np.zeros((2, 4), "int64"))
    with pytest.raises(RuntimeError, match="expected shape"):
        sdk.run(session, np.zeros((2, 5), "float32"))
    with pytest.raises(RuntimeError, match="cannot open"):
        sdk.make("miai_model_load", b"/nonexistent", 0)
