"""Every operator's samples: against float64, and the invalid ones against their messages."""

import numpy as np
import pytest
from miai import _core
from samples import call_of, outputs_of, tolerance_of

OPS = [op for op in _core.op_names(only_public=False) if _core.samples(op)]
EXCEPTIONS = {
    kind.__name__: kind
    for kind in (
        TypeError,
        ValueError,
        IndexError,
        NotImplementedError,
        OverflowError,
        MemoryError,
        RuntimeError,
    )
}


@pytest.mark.parametrize("op", OPS)
def test_valid(op: str) -> None:
    definition = _core.definition(op)
    for number, sample in enumerate(_core.samples(op)["valid"]):
        run, tensors = call_of(op, sample)
        if definition["random"]:
            outputs_of(run(*tensors))  # its values are tested where the generator is
            continue
        results = outputs_of(run(*tensors))
        exact_run, exact_tensors = call_of(op, sample, dtype="float64")
        expected = outputs_of(exact_run(*exact_tensors))
        assert len(results) == len(expected)
        for got, want in zip(results, expected, strict=True):
            assert got.shape == want.shape, f"{op} sample {number}"
            limit = tolerance_of(op, str(got.dtype))
            a, b = got.numpy().astype("float64"), want.numpy().astype("float64")
            np.testing.assert_allclose(a, b, rtol=limit, atol=limit, err_msg=f"{op} sample {number}")


@pytest.mark.parametrize("op", OPS)
def test_invalid(op: str) -> None:
    for number, sample in enumerate(_core.samples(op)["invalid"]):
        with pytest.raises(EXCEPTIONS[sample["error"]]) as caught:
            run, tensors = call_of(op, sample)
            run(*tensors)
        text = str(caught.value)
        assert sample["message"] in text, f"{op} invalid sample {number}: {text}"
        assert f"{op}:" in text, f"{op} invalid sample {number}: {text}"
