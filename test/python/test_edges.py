"""Numbers at the edges: NaN, infinities, denormals, overflow and division by zero as NumPy has them."""

import operator

import miai as mi
import numpy as np
import pytest
from miai import functional as F  # noqa: N812

EDGES = {
    "float32": [0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 1e-42, -1e-42, 3.4e38, -3.4e38, 0.5, 1e-30],
    "float64": [0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 5e-324, 1.7e308, -1.7e308, 0.5],
    "int8": [0, 1, -1, 127, -128, 2],
    "int16": [0, 1, -1, 2**15 - 1, -(2**15), 2],
    "int32": [0, 1, -1, 2**31 - 1, -(2**31), 2],
    "int64": [0, 1, -1, 2**63 - 1, -(2**63), 2],
    "uint8": [0, 1, 255, 2, 128],
}
BINARY = {
    "add": (operator.add, np.add),
    "sub": (operator.sub, np.subtract),
    "mul": (operator.mul, np.multiply),
    "div": (operator.truediv, np.true_divide),
    "mod": (operator.mod, np.mod),
    "maximum": (F.maximum, np.maximum),
    "minimum": (F.minimum, np.minimum),
    "less": (operator.lt, np.less),
    "greater_equal": (operator.ge, np.greater_equal),
    "equal": (operator.eq, np.equal),
    "not_equal": (operator.ne, np.not_equal),
    "logical_and": (F.logical_and, np.logical_and),
}
FLOAT_BINARY = {"pow": (operator.pow, np.power), "atan2": (F.atan2, np.arctan2)}
UNARY = {
    "exp": np.exp, "expm1": np.expm1, "log": np.log, "log1p": np.log1p, "sqrt": np.sqrt, "sin": np.sin,
    "cos": np.cos, "tan": np.tan, "asin": np.arcsin, "acos": np.arccos, "atan": np.arctan, "sinh": np.sinh,
    "cosh": np.cosh, "tanh": np.tanh, "floor": np.floor, "ceil": np.ceil, "round": np.rint, "sign": np.sign,
    "abs": np.abs, "neg": np.negative, "square": np.square, "isnan": np.isnan, "isinf": np.isinf,
}  # fmt: skip


def agree(got: np.ndarray, want: np.ndarray, what: str) -> None:
    assert got.shape == want.shape
    limit = 1e-12 if got.dtype == np.float64 else 2e-6
    np.testing.assert_allclose(
        got.astype("float64"), want.astype("float64"), rtol=limit, atol=0, err_msg=what
    )


@pytest.mark.parametrize("dtype", EDGES)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_pairs(dtype: str) -> None:
    edges = np.array(EDGES[dtype], dtype=dtype)
    x, y = np.repeat(edges, 5 * len(edges)), np.tile(np.repeat(edges, 5), len(edges))  # runs fill SIMD lanes
    for name, (ours, numpys) in {**BINARY, **(FLOAT_BINARY if "float" in dtype else {})}.items():
        got, want = ours(mi.tensor(x), mi.tensor(y)).numpy(), numpys(x, y)
        if name == "div" and "int" in dtype:
            want = (x.astype("float64") / y.astype("float64")).astype(got.dtype)
        agree(got, want, f"{name} {dtype}")


@pytest.mark.parametrize("dtype", EDGES)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_floor_div_of_pairs(dtype: str) -> None:
    edges = np.array([v for v in EDGES[dtype] if not np.isinf(v)], dtype=dtype)
    x, y = np.repeat(edges, len(edges)), np.tile(edges, len(edges))
    agree((mi.tensor(x) // mi.tensor(y)).numpy(), x // y, f"floor_div {dtype}")


def test_floor_div_by_infinity() -> None:
    got = mi.tensor([1.0, -1.0, 1.0]) // mi.tensor([-np.inf, np.inf, np.inf])
    assert got.tolist() == [-1.0, -1.0, 0.0]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_functions(dtype: str) -> None:
    more = [88.8, -88.8, -104.0, 2.5, -0.5, 1e5, 710.0, -745.0]
    x = np.tile(np.array(EDGES[dtype] + more, dtype=dtype), 5)
    for name, numpys in UNARY.items():
        agree(getattr(F, name)(mi.tensor(x)).numpy(), numpys(x), f"{name} {dtype}")


@pytest.mark.parametrize("level", [0, 1, 2])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_fused_chains(level: int) -> None:
    edges = np.array(EDGES["float32"], dtype="float32")
    x, y = np.repeat(edges, len(edges)), np.tile(edges, len(edges))

    def chain(x, y):
        return F.maximum((x * 2 + y) / (y - 1), -x), F.abs(x) <= F.minimum(x, y), F.relu(x * y) + 1

    traced = mi.trace(chain, opt_level=level)
    traced(mi.tensor(x), mi.tensor(y))
    p = x * y
    wanted = (
        np.maximum((x * 2 + y) / (y - 1), -x),
        np.abs(x) <= np.minimum(x, y),
        np.where(np.isnan(p), p, np.maximum(p, 0)) + 1,
    )
    for got, want in zip(traced(mi.tensor(x), mi.tensor(y)), wanted, strict=True):
        agree(got.numpy(), want, f"chain at level {level}")


def test_sums_of_edges() -> None:
    x = mi.tensor([1.0, np.inf, 2.0])
    assert x.sum().item() == np.inf and x.max().item() == np.inf and x.min().item() == 1.0
    n = mi.tensor([1.0, np.nan, 2.0])
    assert all(np.isnan(v.item()) for v in (n.sum(), n.max(), n.min(), n.mean(), n.prod()))
    assert n.argmax().item() == 1 and n.argmin().item() == 1  # NaN counts as both, as in NumPy
    assert mi.tensor(np.array([127, 1], "int8")).sum().item() == int(np.array([127, 1], "int8").sum())
    empty = mi.tensor(np.zeros((0,), "float32"))
    assert empty.sum().item() == 0 and empty.prod().item() == 1
    with pytest.raises(ValueError, match="max"):
        empty.max()


def test_softmax_of_large_numbers() -> None:
    x = mi.tensor([[1e4, 1e4, -1e4]])
    np.testing.assert_allclose(F.softmax(x, 1).numpy(), [[0.5, 0.5, 0]])
    np.testing.assert_allclose(F.logsumexp(x, 1).item(), 1e4 + np.log(2), rtol=1e-6)
    assert F.cross_entropy(x, mi.tensor([2])).item() == pytest.approx(2e4 + np.log(2))
