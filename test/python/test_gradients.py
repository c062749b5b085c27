"""Every gradient against central differences in float64, first and second order, on the operators'
samples."""

import miai as mi
import numpy as np
import pytest
from miai import _core
from samples import call_of, outputs_of

OPS = [
    op
    for op in _core.op_names(only_public=False)
    if (_core.samples(op) or {}).get("check_grad")
    and _core.has_gradient(op)
    and not _core.definition(op)["random"]
]
STEP = 1e-5


def differentiable(sample: dict, tensors: list[mi.Tensor]) -> list[int]:
    given = [t for t in sample["inputs"] if t is not None]
    return [
        i
        for i, (info, t) in enumerate(zip(given, tensors, strict=True))
        if "float" in str(t.dtype) and info["grad"] and t.size
    ]


def scalar(run, tensors, weights):
    """A number that depends on every floating output."""
    total = None
    for output, weight in zip(outputs_of(run(*tensors)), weights, strict=True):
        if "float" not in str(output.dtype) or output.size == 0:
            continue
        part = (output * mi.tensor(weight)).sum()
        total = part if total is None else total + part
    return total


def gradients(run, tensors, places, weights):
    tape = _core.Tape()
    tape.attach([tensors[i] for i in places])
    tape.start()
    value = scalar(run, tensors, weights)
    grads = tape.backward([value], [mi.functional.full((), 1.0, dtype="float64")])
    return [t if t is not None else tensors[i] * 0 for t, i in zip(grads, places, strict=True)]


def check(function, tensors, places, rng, what):
    """Compares the gradient of function(tensors) -> number along one random direction an input."""
    grads = function.gradient(tensors)
    for place, grad in zip(places, grads, strict=True):
        base = tensors[place].numpy(copy=True)
        direction = rng.standard_normal(base.shape)
        sides = []
        for sign in (1, -1):
            moved = list(tensors)
            moved[place] = mi.tensor(base + sign * STEP * direction)
            sides.append(function(moved).item())
        numeric = (sides[0] - sides[1]) / (2 * STEP)
        exact = float((grad.numpy() * direction).sum())
        assert abs(numeric - exact) <= 1e-5 * max(1.0, abs(numeric)), (
            f"{what}, input {place}: {exact} != {numeric}"
        )


class First:
    def __init__(self, run, places, weights):
        self.run, self.places, self.weights = run, places, weights

    def __call__(self, tensors):
        return scalar(self.run, tensors, self.weights)

    def gradient(self, tensors):
        return gradients(self.run, tensors, self.places, self.weights)


class Second:
    """The first gradient, weighted: its own gradient is the second order."""

    def __init__(self, first, rng, tensors):
        self.first = first
        self.directions = [mi.tensor(rng.standard_normal(tensors[i].shape)) for i in first.places]

    def __call__(self, tensors):
        total = None
        for grad, direction in zip(self.first.gradient(tensors), self.directions, strict=True):
            part = (grad * direction).sum()
            total = part if total is None else total + part
        return total

    def gradient(self, tensors):
        tape = _core.Tape()
        tape.attach([tensors[i] for i in self.first.places])
        tape.start()
        value = self(tensors)
        grads = tape.backward([value], [mi.functional.full((), 1.0, dtype="float64")])
        return [t if t is not None else tensors[i] * 0 for t, i in zip(grads, self.first.places, strict=True)]


def prepared(op: str, sample: dict):
    run, tensors = call_of(op, sample, dtype="float64")
    places = differentiable(sample, tensors)
    rng = np.random.default_rng(sample["seed"] + 100)
    outputs = outputs_of(run(*tensors))
    weights = [rng.standard_normal(o.shape) for o in outputs]
    usable = places and any("float" in str(o.dtype) and o.size for o in outputs)
    return (First(run, places, weights), tensors, places, rng) if usable else None


@pytest.mark.parametrize("op", OPS)
def test_first_order(op: str) -> None:
    checked = 0
    for number, sample in enumerate(_core.samples(op)["valid"]):
        ready = prepared(op, sample)
        if ready:
            first, tensors, places, rng = ready
            check(first, tensors, places, rng, f"{op} sample {number}")
            checked += 1
    assert checked, f"no sample of {op} has a gradient to check"


@pytest.mark.parametrize("op", [op for op in OPS if _core.samples(op)["check_second_order"]])
def test_second_order(op: str) -> None:
    for number, sample in enumerate(_core.samples(op)["valid"][:6]):
        ready = prepared(op, sample)
        if ready:
            first, tensors, places, rng = ready
            check(Second(first, rng, tensors), tensors, places, rng, f"{op} sample {number}, second order")
