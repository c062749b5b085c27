"""Tensor behaves as NumPy's arrays, but for what the design lists; memory is shared and protected as
promised."""

import copy
import itertools
import pickle

import miai as mi
import numpy as np
import pytest
from miai import functional as F  # noqa: N812

DTYPES = ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64"]


@pytest.mark.parametrize(("a", "b"), itertools.product(DTYPES, DTYPES))
def test_promotion(a: str, b: str) -> None:
    got = str((mi.tensor(np.ones(2, a)) * mi.tensor(np.ones(2, b))).dtype)
    floats = [t for t in (a, b) if "float" in t]
    expected = (
        floats[0] if len(floats) == 1 else str(np.promote_types(a, b))
    )  # an integer with a float: that float
    assert got == expected


def test_bfloat16_with_float16_is_float32() -> None:
    a, b = mi.tensor([1.0], dtype="bfloat16"), mi.tensor([1.0], dtype="float16")
    assert str((a + b).dtype) == "float32" and str((a + a).dtype) == "bfloat16"


@pytest.mark.parametrize("dtype", DTYPES)
def test_weak_scalars(dtype: str) -> None:
    x = mi.tensor(np.ones(2, dtype))
    assert str((x + 1.5).dtype) == (dtype if "float" in dtype else "float32")
    assert str((x + 1).dtype) == ("int64" if dtype == "bool" else dtype)
    assert str((2 * x).dtype) == ("int64" if dtype == "bool" else dtype)
    assert str((x + True).dtype) == dtype


def test_scalar_that_does_not_fit() -> None:
    with pytest.raises(OverflowError, match="300"):
        mi.tensor(np.ones(2, "int8")) + 300


BINARY = [
    "__add__",
    "__sub__",
    "__mul__",
    "__truediv__",
    "__floordiv__",
    "__mod__",
    "__lt__",
    "__ge__",
    "__eq__",
    "__ne__",
]


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("dtype", ["int32", "int64", "float32", "float64"])
def test_binary_as_numpy(name: str, dtype: str) -> None:
    rng = np.random.default_rng(0)
    a = rng.integers(-9, 9, (3, 1, 5)).astype(dtype)
    b = rng.integers(1, 9, (4, 1)).astype(dtype)
    got = getattr(mi.tensor(a), name)(mi.tensor(b)).numpy()
    np.testing.assert_allclose(got, getattr(a, name)(b), rtol=1e-6)


def test_reflected_and_numpy_operands() -> None:
    x = mi.tensor([1.0, 2.0])
    for got, want in [
        (1 - x, [0, -1]),
        (2 / x, [2, 1]),
        (np.float32(2) * x, [2, 4]),
        (np.ones(2, "float32") + x, [2, 3]),
        (2**x, [2, 4]),
    ]:
        assert isinstance(got, mi.Tensor) and got.tolist() == want
    with pytest.raises(TypeError):
        x + "a"
    assert (x == None) is False  # noqa: E711


def test_random_indices_as_numpy() -> None:
    rng = np.random.default_rng(1)
    a = rng.standard_normal((4, 5, 6)).astype("float32")
    x = mi.tensor(a)

    def item(size: int) -> object:
        kind = rng.integers(0, 6)
        if kind == 0:
            return int(rng.integers(-4, 4))  # in bounds on every axis, whatever None and ... shift
        if kind == 1:
            return Ellipsis
        if kind == 2:
            return None
        ends = [None if rng.random() < 0.3 else int(rng.integers(-size - 2, size + 3)) for _ in range(2)]
        return slice(*ends, int(rng.choice([-2, -1, 1, 2, 3])))

    checked = 0
    for _ in range(400):
        key = tuple(item(size) for size in a.shape[: rng.integers(1, 4)])
        if sum(k is Ellipsis for k in key) > 1:
            continue
        want = a[key]
        np.testing.assert_array_equal(x[key].numpy(), want, err_msg=str(key))
        target, expected = mi.tensor(a), a.copy()
        value = rng.standard_normal(want.shape).astype("float32")
        target[key] = mi.tensor(value)
        expected[key] = value
        np.testing.assert_array_equal(target.numpy(), expected, err_msg=str(key))
        checked += 1
    assert checked > 300


@pytest.mark.parametrize(
    "key",
    [
        ([0, 2, 1],),
        (slice(None), [1, 1]),
        ([0, 1], [2, 3]),
        (slice(None), [0, 1], [2, 3]),
        ([[0], [1]], slice(None), [0, 3]),
        (-1, [0, 4]),
        (np.array([True, False, True, False]),),
        (slice(1, 3), None, [0, 1]),
        (0, slice(None), [0, 1]),  # beside arrays an integer is one: their axis comes first
        (slice(None), 1, [0, 1]),
        ([0, 3], slice(1, 3), -1),
        (1, [0, 4], 2),
        (np.array([True, False, True, False]), slice(None), 0),
    ],
)
def test_array_indices_as_numpy(key: tuple) -> None:
    a = np.arange(120, dtype="float32").reshape(4, 5, 6)
    np.testing.assert_array_equal(mi.tensor(a)[key].numpy(), a[key])
    for value in (7.0, np.arange(a[key].size, dtype="float32").reshape(a[key].shape)):
        x, expected = mi.tensor(a), a.copy()
        x[key], expected[key] = value, value
        np.testing.assert_array_equal(x.numpy(), expected)


def test_gradient_of_an_assignment_to_mixed_indices() -> None:
    x, value = mi.tensor(np.ones((3, 4), "float32")), mi.tensor([5.0, 6.0])
    with mi.GradManager().attach([x, value]) as gm:
        y = x * 1
        y[[0, 2], 1] = value
        gm.backward((y * y).sum())
    expected = np.full((3, 4), 2.0)
    expected[[0, 2], 1] = 0
    np.testing.assert_array_equal(x.grad.numpy(), expected)
    assert value.grad.tolist() == [10.0, 12.0]


def test_index_errors() -> None:
    x = mi.tensor(np.zeros((2, 3)))
    for key, kind, text in [
        (5, IndexError, "5 is out of bounds for axis 0 of size 2"),
        ((0, 0, 0), IndexError, "too many indices"),
        ("a", TypeError, "expected integers"),
        (True, TypeError, "expected integers"),  # NumPy adds an axis: ours would read row 1
        (mi.tensor([0.5]), TypeError, "integer or bool"),
        (mi.tensor([7]), IndexError, "index"),
    ]:
        with pytest.raises(kind, match=text):
            x[key].numpy()


def test_writes_rebind_the_cell() -> None:
    x = mi.tensor([1.0, 2.0, 3.0])
    same, view = x, x[1:]
    x[1] = 7
    x += 1
    assert same is x and x.tolist() == [2.0, 8.0, 4.0]
    assert view.tolist() == [2.0, 3.0]  # a view sees no later write
    m = mi.tensor([[1.0, 2.0]])
    with pytest.raises(ValueError, match=r"write x\[0, 1\]"):
        m[0][1] = 5
    row = m[0]
    row[1] = 5
    assert row.tolist() == [1.0, 5.0] and m.tolist() == [[1.0, 2.0]]
    with pytest.raises(TypeError, match="dtype"):
        n = mi.tensor([1])
        n += 1.5
    version = x.version
    x -= 1
    assert x.version == version + 1


def test_numpy_is_a_read_only_view() -> None:
    x = mi.tensor([1.0, 2.0])
    view = x.numpy()
    assert not view.flags.writeable and x.numpy(copy=True).flags.writeable
    x += 1
    assert view.tolist() == [1.0, 2.0]  # never donated while a holder lives
    np.testing.assert_array_equal(np.asarray(x), [2.0, 3.0])
    assert np.sin(np.asarray(x)).dtype == np.float32


def test_dlpack_without_copies() -> None:
    x = mi.tensor(np.arange(6, dtype="float32").reshape(2, 3))
    array = np.from_dlpack(x)
    assert array.ctypes.data == x.numpy().ctypes.data
    source = np.arange(64, dtype="float32")
    taken = mi.from_dlpack(source)
    assert taken.numpy().ctypes.data == source.ctypes.data
    taken += 1
    assert source[0] == 0  # imported memory is never written
    assert mi.from_dlpack(x.transpose()).tolist() == [[0, 3], [1, 4], [2, 5]]
    with pytest.raises(TypeError, match="no dtype for DLPack"):
        mi.from_dlpack(np.zeros(3, "complex64"))


def test_dlpack_with_torch() -> None:
    torch = pytest.importorskip("torch")
    t = torch.arange(6, dtype=torch.float32).reshape(2, 3)
    x = mi.from_dlpack(t)
    assert x.numpy().ctypes.data == t.data_ptr() and x.tolist() == t.tolist()
    mine = mi.tensor([1.0, 2.0])
    back = torch.from_dlpack(mine)
    assert back.tolist() == [1.0, 2.0] and back.data_ptr() == mine.numpy().ctypes.data
    for dtype in (torch.bfloat16, torch.float16, torch.int64, torch.uint8):
        assert mi.from_dlpack(torch.ones(3, dtype=dtype)).tolist() == [1, 1, 1]


def test_pickle_and_deepcopy() -> None:
    p = mi.Parameter([[1.0, 2.0]], name="w")
    for other in (pickle.loads(pickle.dumps(p)), copy.deepcopy(p)):
        assert type(other) is mi.Parameter and other.tolist() == p.tolist() and other.name == "w"
        other += 1
        assert p.tolist() == [[1.0, 2.0]]
    half = mi.tensor([1.5], dtype="bfloat16")
    assert str(pickle.loads(pickle.dumps(half)).dtype) == "bfloat16"
    assert pickle.loads(pickle.dumps(F.relu)) is F.relu


def test_repr_item_and_truth() -> None:
    assert repr(mi.tensor([1.0, 2.0])) == "Tensor([1., 2.])"
    assert repr(mi.tensor(np.zeros((0, 3)))) == "Tensor([], shape=(0, 3), dtype=float64)"
    assert "device='cpu:1'" in repr(mi.tensor([1.0], device="cpu:1"))
    assert mi.tensor([[3]]).item() == 3 and float(mi.tensor(2.5)) == 2.5 and int(mi.tensor(7)) == 7
    assert bool(mi.tensor([1.0])) and not mi.tensor(0)
    with pytest.raises(ValueError, match="2 elements"):
        bool(mi.tensor([1, 2]))
    assert [v.item() for v in mi.tensor([1, 2])] == [1, 2] and len(mi.tensor([1, 2])) == 2
    assert f"{mi.tensor(1.234):.1f}" == "1.2"


def test_bad_arguments_are_explained() -> None:
    x = mi.tensor(np.zeros((2, 3), "float32"))
    for call, kind, text in [
        (lambda: mi.tensor([[1], [1, 2]]), ValueError, "regular nested list"),
        (lambda: mi.tensor(["a"]), TypeError, "expected numbers or bools"),
        (lambda: mi.tensor([1], dtype="float7"), TypeError, "dtype"),
        (lambda: mi.tensor([1], device="tpu"), ValueError, "expected a name such as"),
        (lambda: mi.tensor([1], device="cuda"), NotImplementedError, "CUDA|cuda"),
        (lambda: x.reshape(7), ValueError, "reshape"),
        (lambda: F.relu(x, axis=1), TypeError, "unknown argument 'axis'"),
        (lambda: F.relu(), TypeError, "missing"),
        (lambda: F.relu("a"), TypeError, "relu: argument 'x'"),
        (lambda: F.concat(x), TypeError, "expected a list of tensors"),
        (lambda: F.zeros((2**40, 2**40)), (ValueError, OverflowError, MemoryError), "."),
        (lambda: F.add(x, x.to("cpu:1")), ValueError, "device"),
        (lambda: x.requires_grad, AttributeError, "GradManager"),
        (lambda: x.to(3), TypeError, "device"),
        (lambda: F.zeros((1,) * 9), ValueError, "at most 8"),
    ]:
        with pytest.raises(kind, match=text):
            call()


def test_numbers_that_a_dtype_does_not_hold_are_refused() -> None:
    with pytest.raises(OverflowError, match="int64 holds.*9223372036854775808"):
        mi.tensor(np.array([2**63], "uint64"))
    assert mi.tensor(np.array([2**63 - 1], "uint64")).tolist() == [2**63 - 1]
    with pytest.raises(OverflowError, match="300"):
        mi.tensor([300], dtype="int8")
    with pytest.raises(OverflowError, match="full: argument 'value'.*int8 holds, got 300"):
        F.full((2,), 300, dtype="int8")
    with pytest.raises(OverflowError, match="full: argument 'value'.*exactly"):
        F.full((2,), 2**60 + 1, dtype="int64")
    assert F.full((2,), 2**60, dtype="int64").tolist() == [2**60] * 2
