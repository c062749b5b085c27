"""Tensors and calls from the operators' sample tables."""

from __future__ import annotations

from typing import Any

import miai as mi
import numpy as np
from miai import _core

EPSILON = {"float64": 2.3e-16, "float32": 1.2e-7, "float16": 1e-3, "bfloat16": 8e-3}


def array_of(tensor: dict[str, Any], rng: np.random.Generator) -> np.ndarray:
    """The sample tensor's data, in float64 for floats; values that its dtype can hold."""
    shape, dtype = tensor["shape"], tensor["dtype"]
    if tensor["values"]:
        return np.array(tensor["values"], dtype="float64" if "float" in dtype else dtype).reshape(shape)
    size = int(np.prod(shape, dtype=int))
    if tensor["distinct"]:
        steps = rng.permutation(size) + 0.5
        data = tensor["low"] + (tensor["high"] - tensor["low"]) * steps / max(size, 1)
    else:
        data = rng.uniform(tensor["low"], tensor["high"], size)
    data = data.reshape(shape)
    if "float" not in dtype:
        return np.floor(data).astype(dtype)
    if dtype == "float16":
        return data.astype("float16").astype("float64")
    if dtype == "bfloat16":
        return mi.tensor(data, dtype="bfloat16").numpy().astype("float64")
    return data.astype(dtype).astype("float64")


def laid_out(data: np.ndarray, dtype: str, form: str, device: str = "cpu") -> mi.Tensor:
    """A tensor with that data that lies in memory as the form says."""
    if form == "transposed" and data.ndim > 1:
        return mi.tensor(np.ascontiguousarray(data.T), dtype=dtype, device=device).transpose()
    if form == "sliced" and data.ndim > 0:
        wide = np.repeat(data, 2, axis=-1)
        return mi.tensor(wide, dtype=dtype, device=device)[..., ::2]
    if form == "broadcast" and data.ndim > 0 and data.shape[0] > 0:
        return _core.op("broadcast_to")(mi.tensor(data[:1], dtype=dtype, device=device), shape=data.shape)
    return mi.tensor(data, dtype=dtype, device=device)


def call_of(op: str, sample: dict[str, Any], *, dtype: str | None = None, device: str = "cpu") -> Any:
    """(function of tensors, list of tensors) of a sample; floats as `dtype` if given."""
    definition = _core.definition(op)
    rng = np.random.default_rng(sample.get("seed", 1))
    tensors, places = [], []
    for place, tensor in enumerate(sample["inputs"]):
        if tensor is None:
            continue
        data = array_of(tensor, rng)
        if tensor["form"] == "broadcast" and data.ndim and data.shape[0]:
            data = np.broadcast_to(data[:1], data.shape)
        kind = dtype if dtype and "float" in tensor["dtype"] else tensor["dtype"]
        tensors.append(laid_out(data, kind, tensor["form"], device))
        places.append(place)

    attrs = dict(sample["attrs"])
    if (
        dtype
        and attrs.get("dtype") is not None
        and "float" in _core.dtype_name(attrs["dtype"])
        and "dtype" in attrs
    ):
        attrs["dtype"] = dtype
    if dtype == "float64" and "program" in attrs:  # it names the dtype in which it computes
        attrs["program"] = attrs["program"].replace("float32", "float64")

    def run(*values: mi.Tensor) -> Any:
        names = [name for name, presence in definition["inputs"]]
        variadic = bool(definition["inputs"]) and definition["inputs"][-1][1] == "variadic"
        fixed = len(names) - 1 if variadic else len(names)
        keywords: dict[str, Any] = dict(attrs)
        for place, value in zip(places, values, strict=True):
            if place < fixed:
                keywords[names[place]] = value
            elif variadic:
                keywords.setdefault(names[-1], []).append(value)
            else:
                raise TypeError(
                    f"{op}: expected at most {len(names)} tensors, got {len(values)}"
                )  # Python has no place
        if variadic and None in sample["inputs"][fixed:]:
            keywords[names[-1]].insert(sample["inputs"][fixed:].index(None), None)
        keywords.pop("ticket", None)
        return _core.op(op)(**keywords)

    return run, tensors


def outputs_of(result: Any) -> list[mi.Tensor]:
    """Visible outputs as a list."""
    return list(result) if isinstance(result, tuple) else [result]


def tolerance_of(op: str, dtype: str, factor: float = 1.0) -> float:
    """Of a dtype: the table's, which is for float32, scaled by the dtype's precision."""
    base = _core.samples(op)["tolerance"]
    return factor * base * EPSILON.get(dtype, 1.2e-7) / 1.2e-7


def all_samples(kind: str = "valid") -> list[Any]:
    """(op, number) of all samples."""
    pairs = []
    for op in _core.op_names(only_public=False):
        table = _core.samples(op)
        pairs += [(op, i) for i in range(len(table[kind]))] if table else []
    return pairs
