"""What every operator says to arguments that are wrong in the same way for all of them: unknown keywords,
objects that are no tensors, tensors of another device, other dtypes and ranks, sizes beyond any memory."""

import miai as mi
import numpy as np
import pytest
from miai import _core
from samples import array_of, call_of

OPS = _core.op_names(only_public=False)
FITTING = (TypeError, ValueError, IndexError, NotImplementedError, OverflowError, MemoryError)
DTYPES = ("float32", "float64", "float16", "bfloat16", "int8", "int16", "int32", "int64", "uint8", "bool")


def a_call(op: str):
    """The arguments of the first sample that has tensors by name."""
    definition, samples = _core.definition(op), _core.samples(op)["valid"]
    variadic = {name for name, presence in definition["inputs"] if presence == "variadic"}
    sample = next((s for s in samples if any(s["inputs"])), samples[0])
    rng = np.random.default_rng(0)
    tensors = [t and mi.tensor(array_of(t, rng), dtype=t["dtype"]) for t in sample["inputs"]]
    arguments = {}
    for name, presence in definition["inputs"]:
        if presence == "variadic":
            arguments[name] = tensors[len(definition["inputs"]) - 1 :]
    for (name, _), tensor in zip(definition["inputs"], tensors, strict=False):
        if name not in variadic and tensor is not None:
            arguments[name] = tensor
    attrs = {k: v for k, v in sample["attrs"].items() if k != "ticket"}
    return _core.op(op), arguments, attrs


def explained(op: str, call, *words: str) -> None:
    with pytest.raises(FITTING) as caught:
        call()
    text = str(caught.value)
    assert text.startswith(f"{op}: ") and all(word in text for word in words), text


@pytest.mark.parametrize("op", OPS)
def test_unknown_keyword(op: str) -> None:
    function, tensors, attrs = a_call(op)
    with pytest.raises(TypeError) as caught:
        function(**tensors, **attrs, frobnicate=1)
    assert f"{op}: " in str(caught.value) and "'frobnicate'" in str(caught.value)


@pytest.mark.parametrize("op", [op for op in OPS if _core.definition(op)["inputs"]])
def test_no_tensor(op: str) -> None:
    function, tensors, attrs = a_call(op)
    for name in tensors:
        wrong = [object()] if isinstance(tensors[name], list) else object()
        explained(op, lambda n=name, w=wrong: function(**{**tensors, n: w}, **attrs), f"'{name}'")


@pytest.mark.parametrize("op", OPS)
def test_attribute_of_a_wrong_type(op: str) -> None:
    function, tensors, attrs = a_call(op)
    for name, *_ in _core.definition(op)["attrs"]:
        if name != "ticket":
            call = lambda n=name: function(**tensors, **{**attrs, n: object()})  # noqa: E731
            explained(op, call, f"'{name}'")


SEVERAL = [op for op in OPS if sum(isinstance(t, mi.Tensor) for t in a_call(op)[1].values()) > 1]


@pytest.mark.parametrize("op", SEVERAL)
def test_tensors_of_two_devices(op: str) -> None:
    function, tensors, attrs = a_call(op)
    for name, tensor in tensors.items():
        if isinstance(tensor, mi.Tensor):
            moved = {**tensors, name: tensor.to("cpu:1")}
            explained(op, lambda moved=moved: function(**moved, **attrs), "device", "cpu:1")


def outcome(op: str, call) -> bool:
    """Whether the call is refused; what it gives is computed, what it raises names the operator."""
    try:
        result = call()
        for part in result if isinstance(result, tuple) else [result]:
            if max((*part.shape, part.size)) < LARGE:  # a view may be of any size
                part.numpy()
    except FITTING as error:
        assert str(error).startswith(f"{op}: "), error
        return True
    return False


SHAPES = ((), (3,), (2, 3), (0, 2), (2, 1, 3), (1,) * 8)
LARGE = 1 << 20


@pytest.mark.parametrize("op", [op for op in OPS if op != "to_device"])
def test_any_dtype_and_shape_works_or_is_explained(op: str) -> None:
    function, tensors, attrs = a_call(op)
    for name, tensor in tensors.items():
        if not isinstance(tensor, mi.Tensor):
            continue
        for dtype in DTYPES:
            for shape in (tensor.shape, *SHAPES):
                others = {**tensors, name: mi.tensor(np.ones(shape), dtype=dtype)}
                outcome(op, lambda others=others: function(**others, **attrs))


EXTREMES = (
    -(2**63),
    -(2**62) - 1,
    -(2**31) - 1,
    -1,
    0,
    7,
    1000,
    2**31,
    2**40,
    2**60,
    2**61,
    2**62,
    2**63 - 1,
    2**64,
)


@pytest.fixture
def little_memory():
    _core.set_memory_limit("cpu", 64 << 20)
    yield
    _core.set_memory_limit("cpu", 0)


@pytest.mark.parametrize("op", OPS)
def test_extreme_numbers_work_or_are_explained(op: str, little_memory) -> None:
    """Each integer among the attributes, also within a shape, by the smallest, the largest and others."""
    for sample in _core.samples(op)["valid"][:6]:
        attrs = {k: v for k, v in sample["attrs"].items() if k != "ticket"}
        for name, value in attrs.items():
            for extreme in EXTREMES:
                changed = None
                if isinstance(value, int) and not isinstance(value, bool):
                    changed = extreme
                elif isinstance(value, tuple | list) and value and all(isinstance(v, int) for v in value):
                    changed = [extreme, *value[1:]]
                if changed is not None:
                    run, tensors = call_of(op, {**sample, "attrs": {**attrs, name: changed}})
                    outcome(op, lambda run=run, tensors=tensors: run(*tensors))


@pytest.mark.parametrize("op", OPS)
def test_an_axis_before_the_first_is_refused(op: str) -> None:
    """Two before the first: an axis that is made non-negative twice would be one that exists."""
    for sample in _core.samples(op)["valid"]:
        rank = len(sample["inputs"][0]["shape"]) if sample["inputs"] and sample["inputs"][0] else 0
        for name in {"axis", "dim", "axis1", "axis2"} & sample["attrs"].keys():
            value = sample["attrs"][name]
            before = -(rank + 2) if isinstance(value, int) else [-(rank + 2)]
            if value is None or value == () or value == [] or rank == 0:
                continue
            run, tensors = call_of(op, {**sample, "attrs": {**sample["attrs"], name: before}})
            with pytest.raises((ValueError, IndexError, TypeError), match=op):
                run(*tensors)
