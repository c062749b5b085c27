"""Operators registered from Python: eager, traced, differentiated; an exception cancels the step."""

import miai as mi
import numpy as np
import pytest


@pytest.fixture(scope="module")
def softcap():
    return mi.register_operator(
        "test_softcap",
        infer=lambda x: [x],
        forward=lambda x: np.tanh(x),
        grad=lambda inputs, grads: [grads[0] * (1 - softcap_of(inputs[0]) * softcap_of(inputs[0]))],
    )


def softcap_of(x):
    return mi._core.op("test_softcap")(x)


def test_eager_traced_and_any_order(softcap):
    x = mi.tensor([0.3, -2.0])
    np.testing.assert_allclose(softcap(x).numpy(), np.tanh(x.numpy()), rtol=1e-6)
    traced = mi.trace(lambda x: softcap(x * 2) + 1)
    for n in (2, 3, 5, 7):
        v = np.linspace(-1, 1, n).astype("float32")
        np.testing.assert_allclose(traced(mi.tensor(v)).numpy(), np.tanh(2 * v) + 1, rtol=1e-5)
    assert traced.program_count <= 2
    second = mi.grad(lambda x: mi.grad(lambda y: softcap(y).sum())(x).sum())(x).numpy()
    t = np.tanh(x.numpy())
    np.testing.assert_allclose(second, -2 * t * (1 - t * t), rtol=1e-4)


def test_an_exception_cancels_the_step():
    fail = []

    def forward(x):
        if fail:
            raise KeyError("broken")
        return x + 1

    op = mi.register_operator("test_failing", infer=lambda x: [x], forward=forward)
    w = mi.tensor([1.0])

    @mi.trace
    def step(x):
        y = op(x)
        w._reset(w + x)
        return y

    step(mi.tensor([1.0]))
    step(mi.tensor([1.0]))
    assert w.tolist() == [3.0]
    fail.append(1)
    with pytest.raises(RuntimeError, match="test_failing.*forward raised KeyError"):
        step(mi.tensor([1.0]))
    assert w.tolist() == [3.0]


def test_what_is_wrong_is_explained(softcap, tmp_path):
    with pytest.raises(ValueError, match="already defined"):
        mi.register_operator("add", infer=lambda x: [x], forward=lambda x: x)
    with pytest.raises(TypeError, match="'forward'"):
        mi.register_operator("test_other", infer=lambda x: [x], forward=3)
    wrong = mi.register_operator("test_wrong_shape", infer=lambda x: [x], forward=lambda x: x[:1])
    with pytest.raises(ValueError, match="test_wrong_shape: output 0 has shape"):
        wrong(mi.tensor([1.0, 2.0]))
    traced = mi.trace(lambda x: softcap(x))
    traced(mi.tensor([1.0]))
    with pytest.raises(NotImplementedError, match="test_softcap.*registered at run time"):
        traced.dump(tmp_path / "m.miai")
    assert not list(tmp_path.iterdir())
