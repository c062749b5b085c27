"""The C ABI: a training step on the device, its weights saved, and sessions shared by threads."""

import ctypes
import pathlib
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
