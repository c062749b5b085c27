"""Random numbers: counter-based, the same eager, traced and on every device, and spread as they should be."""

import subprocess
import sys

import miai as mi
import numpy as np
import pytest
from miai import _core
from miai import functional as F  # noqa: N812
from samples import call_of, outputs_of

DRAWING = [op for op in ("dropout", "normal", "permutation", "uniform") if _core.samples(op)]


def drawn(op: str, sample: dict, device: str, traced: bool) -> list[np.ndarray]:
    """Values of two draws in a row by a generator of its own."""
    run, tensors = call_of(op, sample, device=device)
    state = _core.make_generator(sample["seed"], device)
    draw = mi.trace(lambda *xs: run(*xs, state)) if traced else (lambda *xs: run(*xs, state))
    results = []
    for _ in range(2):
        results += [r.numpy(copy=True) for r in outputs_of(draw(*tensors[:-1]))]
    return results


@pytest.mark.parametrize(("device", "traced"), [("cpu", True), ("cpu:1", False), ("fake:0", False)])
@pytest.mark.parametrize("op", DRAWING)
def test_the_same_numbers_everywhere(op: str, device: str, traced: bool) -> None:
    for number, sample in enumerate(_core.samples(op)["valid"]):
        expected = drawn(op, sample, "cpu", False)
        for got, want in zip(drawn(op, sample, device, traced), expected, strict=True):
            np.testing.assert_array_equal(got, want, err_msg=f"{op} sample {number}")


def test_seed_gives_the_same_numbers_in_two_processes() -> None:
    code = "import miai as mi; mi.random.seed(5); print(mi.random.uniform(size=(4,)).tolist())"
    printed = {
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout for _ in "12"
    }
    mi.random.seed(5)
    assert printed == {f"{mi.random.uniform(size=(4,)).tolist()}\n"}


def test_draws_differ() -> None:
    mi.random.seed(1)
    draws = [mi.random.uniform(size=(100,)).numpy() for _ in range(5)]
    mi.random.seed(2)
    draws.append(mi.random.uniform(size=(100,)).numpy())
    assert len({d.tobytes() for d in draws}) == 6


def test_uniform_is_even() -> None:
    x = mi.random.RNG(seed=1).uniform(-1, 3, size=(200_000,)).numpy()
    assert x.min() >= -1 and x.max() < 3
    counts = np.histogram(x, bins=20, range=(-1, 3))[0]
    assert ((counts - 10_000) ** 2 / 10_000).sum() < 50  # chi-squared of 19 degrees: 0.01 %


def test_normal_is_normal() -> None:
    x = mi.random.RNG(seed=2).normal(1, 2, size=(200_000,)).numpy().astype("float64")
    z = (x - 1) / 2
    for power, moment in [(1, 0), (2, 1), (3, 0), (4, 3)]:
        assert abs((z**power).mean() - moment) < 0.08
    assert abs(np.corrcoef(z[:-1], z[1:])[0, 1]) < 0.01


def test_dropout_scales_what_it_keeps() -> None:
    x = mi.tensor(np.ones(100_000, "float32"))
    y = F.dropout(x, 0.3).numpy()
    assert set(np.unique(y).tolist()) == {0.0, np.float32(1 / 0.7).item()}
    assert abs((y == 0).mean() - 0.3) < 0.01
    assert F.dropout(x, 0.0).numpy().min() == 1


def test_gradient_of_dropout_has_its_mask() -> None:
    x = mi.tensor(np.ones(1000, "float32"))
    with mi.GradManager().attach(x) as gm:
        y = F.dropout(x, 0.5)
        gm.backward(y.sum())
    np.testing.assert_array_equal(x.grad.numpy(), y.numpy())


def test_permutation_is_one() -> None:
    state = _core.make_generator(3, None)
    draws = [_core.op("permutation")(n=50, state=state).numpy() for _ in range(2)]
    assert all(sorted(d.tolist()) == list(range(50)) for d in draws)
    assert draws[0].tolist() != draws[1].tolist()


def test_state_is_kept_and_put_back() -> None:
    state = mi.random.get_rng_state()
    first = mi.random.uniform(size=(3,)).tolist()
    mi.random.set_rng_state(state)
    assert mi.random.uniform(size=(3,)).tolist() == first
    with pytest.raises(ValueError, match="int64"):
        mi.random.set_rng_state([1.0])


def test_seeding_inside_a_trace_is_an_error() -> None:
    @mi.trace
    def f(x):
        mi.random.seed(1)
        return x

    with pytest.raises(RuntimeError, match="seed"):
        f(mi.tensor([1.0]))


def test_permutation_and_shuffle() -> None:
    first, second = (mi.random.RNG(seed=7).permutation(50).numpy() for _ in range(2))
    assert str(first.dtype) == "int32" and sorted(first) == list(range(50)) and (first == second).all()
    x = mi.tensor(np.arange(40).reshape(20, 2))
    rows, version = x.tolist(), x.version
    mi.random.shuffle(x)
    assert sorted(x.tolist()) == rows != x.tolist() and x.version > version
    with pytest.raises(ValueError, match="shuffle: argument 'inp': expected rank at least 1"):
        mi.random.shuffle(mi.tensor(1.0))


def test_shuffled_batches_of_any_size_in_one_trace() -> None:
    generator = mi.random.RNG(seed=1)
    traced = mi.trace(lambda x: x[generator.permutation(x.shape[0])], dynamic={"x": 0})
    for rows in (5, 8, 13):
        got = traced(mi.tensor(np.arange(rows))).tolist()
        assert sorted(got) == list(range(rows))
    assert traced.program_count == 1
