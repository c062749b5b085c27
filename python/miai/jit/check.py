"""check=True: a call run eagerly and traced, compared."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..tensor import Tensor
from ..tree import flatten

_TOLERANCE = {"float64": 1e-8, "float32": 1e-4, "float16": 1e-2, "bfloat16": 5e-2}


def compare_runs(traced: Any, program: Any, call: Any) -> Any:
    """Runs the function eagerly, puts the states back, runs the plan, and compares results and states."""
    from .trace import TraceError

    before = program.core.snapshot()
    args, kwargs = call.rebuilt(call.tensors)
    expected = flatten(traced.function(*args, **kwargs))[0]
    expected_states = program.core.snapshot()
    program.core.restore(before)
    result = program.run(call.tensors, call.shapes)
    pairs = list(zip(flatten(result)[0], expected, strict=True))
    pairs += [(a, b) for a, b in zip(program.core.snapshot(), expected_states, strict=True)]
    for i, (got, want) in enumerate(pairs):
        if not isinstance(want, Tensor):
            continue
        limit = _TOLERANCE.get(str(want.dtype), 0.0) if traced.opt_level else 0.0
        if not np.allclose(got.numpy(), want.numpy(), rtol=limit, atol=limit, equal_nan=True):
            worst = float(np.max(np.abs(got.numpy().astype("float64") - want.numpy().astype("float64"))))
            raise TraceError(
                f"trace(check=True): result or state {i} differs from eager by up to {worst:.3g}"
            )
    return result
