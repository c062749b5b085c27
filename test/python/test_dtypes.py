"""Every sample of every operator in every floating dtype, on the processor's kernels and on the reference
ones (the fake device's): against float64."""

import numpy as np
import pytest
from miai import _core
from samples import call_of, outputs_of, tolerance_of

OPS = [
    op
    for op in _core.op_names(only_public=False)
    if _core.definition(op)["inputs"] and not _core.definition(op)["random"] and op != "to_device"
]
DTYPES = ("float16", "bfloat16", "float32", "float64")


def rounded(sample: dict, dtype: str) -> dict:
    """The sample whose values are drawn as that dtype holds them."""
    inputs = [t and {**t, "dtype": dtype if "float" in t["dtype"] else t["dtype"]} for t in sample["inputs"]]
    return {**sample, "inputs": inputs}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("op", OPS)
def test_every_dtype(op: str, dtype: str) -> None:
    compared = 0
    for number, plain in enumerate(_core.samples(op)["valid"]):
        if not any(t and "float" in t["dtype"] for t in plain["inputs"]):
            continue
        sample = rounded(plain, dtype)
        exact_run, exact = call_of(op, sample, dtype="float64")
        expected = outputs_of(exact_run(*exact))
        for device in ("cpu", "fake:0"):
            run, tensors = call_of(op, sample, dtype=dtype, device=device)
            try:
                results = outputs_of(run(*tensors))
            except (TypeError, OverflowError) as error:  # refused, in words
                assert f"{op}: " in str(error), error
                continue
            for got, want in zip(results, expected, strict=True):
                limit = tolerance_of(op, dtype)
                a, b = got.numpy().astype("float64"), want.numpy().astype("float64")
                if dtype == "float16":
                    b = np.where(np.abs(b) > np.finfo("float16").max, np.copysign(np.inf, b), b)
                what = f"{op} sample {number} on {device}"
                np.testing.assert_allclose(a, b, rtol=limit, atol=limit, err_msg=what)
                compared += 1
    if not compared:
        pytest.skip("no floats")
