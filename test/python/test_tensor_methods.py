"""Methods of Tensor beside NumPy's, NumPy's functions on tensors, and the type stubs."""

import ast
import pathlib
import subprocess
import sys

import miai as mi
import numpy as np
import pytest
from miai import functional as F  # noqa: N812
from miai.tensor_methods import _ABSENT

A = np.random.default_rng(0).normal(size=(3, 4)).astype("float32")
PACKAGE = pathlib.Path(mi.sdk_path())
METHODS = {
    "all": lambda x: x.all(axis=1),
    "any": lambda x: x.any(axis=0, keepdims=True),
    "argmax": lambda x: x.argmax(axis=1),
    "clip": lambda x: x.clip(-0.5, 0.5),
    "copy": lambda x: x.copy(),
    "cumsum": lambda x: x.cumsum(axis=1),
    "divmod": lambda x: divmod(x, 2)[1],
    "item": lambda x: np.array([x.item(5), x.item(1, 2)]),
    "nbytes": lambda x: np.array([x.nbytes, x.itemsize]),
    "reflected divmod": lambda x: divmod(2, x)[0],
    "repeat": lambda x: x.repeat(2, 1),
    "round": lambda x: x.round(1),
    "round()": lambda x: round(x, 2) if isinstance(x, mi.Tensor) else x.round(2),
    "round, tens": lambda x: (x * 100).round(-1),
    "squeeze": lambda x: x[:, None].squeeze(1),
    "std": lambda x: x.std(axis=0),
    "sum of float64": lambda x: x.sum(axis=0, dtype="float64"),
    "swapaxes": lambda x: x.swapaxes(0, 1),
    "var": lambda x: x.var(axis=1, keepdims=True),
}


@pytest.mark.parametrize("name", METHODS)
def test_methods_as_numpy(name: str) -> None:
    got, expected = np.asarray(METHODS[name](mi.tensor(A))), METHODS[name](A)
    assert got.dtype == expected.dtype
    np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-6)


def test_methods_as_torch() -> None:
    torch = pytest.importorskip("torch")
    x, t = mi.tensor(A), torch.tensor(A)
    for call in (
        lambda x: x.view(4, 3),
        lambda x: x.permute(1, 0),
        lambda x: x.clone(),
        lambda x: x.clamp(-1, 1),
        lambda x: x.unsqueeze(1),
        lambda x: x.softmax(1),
        lambda x: x.log_softmax(0),
        lambda x: x.topk(2)[0],
        lambda x: x.cpu(),
        lambda x: x.tile((2, 1)),
        lambda x: x.broadcast_to((2, 3, 4)),
        lambda x: x.pow(2),
        lambda x: x.matmul(x.T),
        lambda x: x.norm(),
    ):
        np.testing.assert_allclose(call(x).numpy(), call(t).numpy(), rtol=1e-5)
    assert x.numel() == t.numel() == 12


def test_numpys_functions_take_tensors() -> None:
    x = mi.tensor(A)
    for function in (np.sum, np.mean, np.prod, np.max, np.std, np.var, np.round, np.cumsum, np.any):
        np.testing.assert_allclose(np.asarray(function(x)), function(A), rtol=1e-5, err_msg=function.__name__)
    with pytest.raises(TypeError, match="sum: arguments 'out' and 'ddof'"):
        np.sum(x, out=np.zeros(()))
    with pytest.raises(TypeError, match="arguments 'out' and 'ddof'"):
        x.std(ddof=1)


def test_rounding_keeps_integers() -> None:
    x = mi.tensor([15, 24, -7])
    assert x.round(2).tolist() == [15, 24, -7]
    assert x.round(-1).tolist() == [20, 20, -10] and str(x.round(-1).dtype) == "int64"


@pytest.mark.parametrize("name", _ABSENT)
def test_what_is_not_there_says_what_to_write(name: str) -> None:
    with pytest.raises(AttributeError, match=f"Tensor has no {name}: "):
        getattr(mi.tensor([1.0]), name)
    assert not hasattr(mi.tensor([1.0]), name)


def test_matmul_in_place_keeps_the_object() -> None:
    x = same = mi.tensor(A)
    x @= np.eye(4, dtype="float32") * 2
    assert x is same and np.array_equal(x.numpy(), A * 2)
    with pytest.raises(ValueError, match="expected a shape that broadcasts to"):
        x @= mi.tensor(np.ones((4, 2), "float32"))


def test_set_value_keeps_dtype_and_device() -> None:
    x = mi.tensor([1.0, 2.0], device="cpu:1")
    x.set_value(np.zeros((3,)))
    assert x.shape == (3,) and str(x.dtype) == "float32" and x.device == "cpu:1"
    x.set_value(mi.tensor([1], dtype="int32"))
    assert str(x.dtype) == "int32" and x.device == "cpu"


def members(stub: pathlib.Path, kind: str) -> set[str]:
    (body,) = [
        n.body for n in ast.parse(stub.read_text()).body if isinstance(n, ast.ClassDef) and n.name == kind
    ]
    names = {n.name for n in body if isinstance(n, ast.FunctionDef)}
    targets = [
        n.target if isinstance(n, ast.AnnAssign) else n.targets[0]
        for n in body
        if isinstance(n, (ast.AnnAssign, ast.Assign))
    ]
    return names | {t.id for t in targets if isinstance(t, ast.Name)}


def test_the_stub_of_tensor_is_whole() -> None:
    stubbed = members(PACKAGE / "_core.pyi", "Tensor")
    real = {name for name in dir(mi.Tensor) if name not in dir(object) and name not in _ABSENT}
    private = {"__copy__", "__deepcopy__", "__delitem__", "__module__"}  # not for users
    assert real - stubbed == private
    assert stubbed - real - set(dir(object)) == set()
    assert members(PACKAGE / "_core.pyi", "Dim") - set(dir(mi._core.Dim)) == set()


def test_the_stub_of_functional_is_whole() -> None:
    tree = ast.parse((PACKAGE / "functional" / "__init__.pyi").read_text())
    names = {n.name for n in tree.body if isinstance(n, ast.FunctionDef)}
    names |= {a.asname or a.name for n in tree.body if isinstance(n, ast.ImportFrom) for a in n.names}
    names |= {
        t.id for n in tree.body if isinstance(n, ast.Assign) for t in n.targets if isinstance(t, ast.Name)
    }
    assert set(F.__all__) - names == set()


USER = """
import miai as mi
import miai.functional as F
import miai.module as M
import miai.optimizer as optim

class Net(M.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = M.Conv2d(1, 4, 3, padding="same", padding_mode="reflect")
        self.fc = M.Linear(4, 2)

    def forward(self, x: mi.Tensor) -> mi.Tensor:
        out: mi.Tensor = self.fc(F.relu(self.conv(x)).mean(axis=(2, 3)))
        return out

def train(net: Net, x: mi.Tensor, y: mi.Tensor) -> float:
    opt = optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    gm = mi.GradManager().attach(net.parameters())
    with gm:
        loss: mi.Tensor = F.cross_entropy(net(x), y)
        gm.backward(loss)
    opt.step().clear_grad()
    count: int = x.shape[0]
    values, indices = x.topk(1)
    total = (values * 2 + indices).sum() / count
    return float(total.item())
"""


def test_a_users_program_passes_mypy_strict(tmp_path: pathlib.Path) -> None:
    pytest.importorskip("mypy")
    (tmp_path / "user.py").write_text(USER)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", "user.py"],
        cwd=tmp_path,
        env={"MYPYPATH": str(PACKAGE.parent), "PATH": ""},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
