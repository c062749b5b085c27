"""Every operator's samples against NumPy: what it means, not only that its kernels agree."""

import numpy as np
import pytest
from miai import _core
from oracles_layers import ORACLES
from samples import call_of, outputs_of, tolerance_of

OPS = [op for op in _core.op_names(only_public=False) if _core.samples(op)]


def test_every_oracle_is_of_an_operator() -> None:
    """An operator needs none: its samples also run against the float64 reference. Most have one."""
    assert set(ORACLES) <= set(OPS)


def test_enough_samples() -> None:
    for op in OPS:
        table = _core.samples(op)
        assert len(table["valid"]) >= 10, op
        assert len(table["invalid"]) >= 5, op


def arrays_of(sample: dict, tensors: list) -> list:
    values = iter(tensors)
    return [None if info is None else next(values).numpy() for info in sample["inputs"]]


@pytest.mark.parametrize("op", [op for op in OPS if op in ORACLES])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_against_numpy(op: str) -> None:
    for number, sample in enumerate(_core.samples(op)["valid"]):
        what = f"{op} sample {number}: {sample['attrs']}"
        run, tensors = call_of(op, sample, dtype="float64")
        results = outputs_of(run(*tensors))
        expected = ORACLES[op](*arrays_of(sample, tensors), **sample["attrs"])
        expected = list(expected) if isinstance(expected, tuple) else [expected]
        assert len(results) >= len(expected), what
        for got, want in zip(results, expected, strict=False):
            assert got.shape == np.shape(want), what
            limit = max(tolerance_of(op, str(got.dtype)), 1e-12 if got.dtype == "float64" else 1e-6)
            np.testing.assert_allclose(
                got.numpy().astype("float64"),
                np.asarray(want).astype("float64"),
                rtol=limit,
                atol=limit,
                err_msg=what,
            )
