"""Each sample eager and traced: level 0 bit for bit, levels 1 and 2 within tolerance; and on devices with
queues."""

import miai as mi
import numpy as np
import pytest
from miai import _core
from samples import call_of, outputs_of, tolerance_of

OPS = [
    op for op in _core.op_names(only_public=False) if _core.samples(op) and not _core.definition(op)["random"]
]


def traced_outputs(run, tensors, level):
    traced = mi.trace(lambda xs: run(*xs), opt_level=level)
    traced(tensors)
    result = outputs_of(traced(tensors))
    assert traced.program_count == 1
    return result


def compare(op, number, got, want, exact):
    a, b = got.numpy(), want.numpy()
    assert a.dtype == b.dtype and a.shape == b.shape
    what = f"{op} sample {number}"
    if exact:
        np.testing.assert_array_equal(a, b, err_msg=what)
    else:
        limit = tolerance_of(op, str(got.dtype), 4)
        np.testing.assert_allclose(
            a.astype("float64"), b.astype("float64"), rtol=limit, atol=limit, err_msg=what
        )


@pytest.mark.parametrize("level", [0, 1, 2])
@pytest.mark.parametrize("op", OPS)
def test_traced(op: str, level: int) -> None:
    for number, sample in enumerate(_core.samples(op)["valid"]):
        run, tensors = call_of(op, sample)
        expected = outputs_of(run(*tensors))
        for got, want in zip(traced_outputs(run, tensors, level), expected, strict=True):
            compare(op, number, got, want, exact=level == 0)


@pytest.mark.parametrize("level", [0, 1, 2])
@pytest.mark.parametrize(
    "op", [op for op in OPS if _core.has_gradient(op) and _core.samples(op)["check_grad"]]
)
def test_traced_gradients(op: str, level: int) -> None:
    for number, sample in enumerate(_core.samples(op)["valid"]):
        run, tensors = call_of(op, sample)
        given = [info for info in sample["inputs"] if info is not None]
        places = [
            i
            for i, (info, t) in enumerate(zip(given, tensors, strict=True))
            if info["grad"] and "float" in str(t.dtype) and t.size
        ]

        def gradients(*xs, run=run, places=places):
            def total(*moved):
                full = list(xs)
                for place, value in zip(places, moved, strict=True):
                    full[place] = value
                outputs = [o for o in outputs_of(run(*full)) if "float" in str(o.dtype)]
                return sum((o.astype("float32") * 0.5).sum() for o in outputs)

            picked = [xs[place] for place in places]
            return mi.grad(total, argnums=tuple(range(len(picked))))(*picked)

        if not places or not any("float" in str(o.dtype) and o.size for o in outputs_of(run(*tensors))):
            continue
        traced = mi.trace(gradients, opt_level=level)
        traced(*tensors)
        for got, want in zip(traced(*tensors), gradients(*tensors), strict=True):
            compare(op, number, got, want, exact=level == 0)


@pytest.mark.parametrize("device", ["cpu:1", "fake:0"])
@pytest.mark.parametrize("op", [op for op in OPS if _core.definition(op)["inputs"] and op != "to_device"])
def test_devices(op: str, device: str) -> None:
    for number, sample in enumerate(_core.samples(op)["valid"]):
        if not any(sample["inputs"]):
            continue
        run, tensors = call_of(op, sample)
        expected = outputs_of(run(*tensors))
        moved_run, moved = call_of(op, sample, device=device)
        for got, want in zip(outputs_of(moved_run(*moved)), expected, strict=True):
            assert got.device == device
            compare(op, number, got, want, exact=False)


@pytest.mark.parametrize("device", ["cpu:1", "fake:0"])
def test_error_of_queued_work_reaches_the_reader(device: str) -> None:
    weight = mi.tensor([[1.0], [2.0]], device=device)
    bad = mi.functional.embedding(mi.tensor([5], device=device), weight)  # the line of the error
    with pytest.raises(IndexError) as caught:
        (bad + 1).numpy()
    assert "embedding" in str(caught.value) and "test_levels.py:" in str(caught.value)
    good = mi.functional.embedding(mi.tensor([1], device=device), weight)
    assert good.numpy().tolist() == [[2.0]]
