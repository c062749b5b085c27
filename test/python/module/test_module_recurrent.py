"""RNN, GRU, LSTM and their cells against PyTorch's, whose state they load."""

from __future__ import annotations

import miai as mi
import miai.functional as F
import miai.module as M
import numpy as np
import pytest
from torch_pairs import check_as_in_torch, same_parameters, torch

_KINDS = {
    "rnn": (M.RNN, torch.nn.RNN, {}),
    "rnn, relu": (M.RNN, torch.nn.RNN, {"nonlinearity": "relu"}),
    "gru": (M.GRU, torch.nn.GRU, {}),
    "lstm": (M.LSTM, torch.nn.LSTM, {}),
}
_OPTIONS = {
    "plain": {},
    "batch first": {"batch_first": True},
    "no bias": {"bias": False},
    "layers": {"num_layers": 3},
    "both directions": {"bidirectional": True},
    "all": {"num_layers": 2, "bidirectional": True, "batch_first": True},
}


def _pair(kind: str, **options):
    mine, theirs, own = _KINDS[kind]
    torch.manual_seed(1)
    return same_parameters(mine(3, 4, **own, **options), theirs(3, 4, **own, **options))


def _states(kind: str, layers: int) -> list[np.ndarray]:
    rng = np.random.default_rng(2)
    return [rng.normal(size=(layers, 2, 4)) for _ in range(2 if kind == "lstm" else 1)]


def _with_states(module, inputs, tensor):
    x, *states = inputs
    return module(x, tuple(states) if len(states) > 1 else states[0])


@pytest.mark.parametrize("traced", [False, True])
@pytest.mark.parametrize("options", _OPTIONS)
@pytest.mark.parametrize("kind", _KINDS)
def test_as_in_torch(kind, options, traced):
    options = _OPTIONS[options]
    mine, theirs = _pair(kind, **options)
    shape = (2, 5, 3) if options.get("batch_first") else (5, 2, 3)
    x = np.random.default_rng(3).normal(size=shape)
    check_as_in_torch(mine, theirs, lambda module, inputs, tensor: module(inputs[0]), [x], traced)
    mine, theirs = _pair(kind, **options)
    layers = options.get("num_layers", 1) * (2 if options.get("bidirectional") else 1)
    check_as_in_torch(mine, theirs, _with_states, [x, *_states(kind, layers)], traced)


@pytest.mark.parametrize("kind", _KINDS)
def test_one_sequence_without_a_batch(kind):
    x = np.random.default_rng(3).normal(size=(5, 3))
    for batch_first in (False, True):
        mine, theirs = _pair(kind, batch_first=batch_first)
        check_as_in_torch(mine, theirs, lambda module, inputs, tensor: module(inputs[0]), [x])
    check_as_in_torch(*_pair(kind), _with_states, [x, *(state[:, 0] for state in _states(kind, 1))])


@pytest.mark.parametrize("kind", ["gru", "lstm", "rnn"])
def test_the_last_state_alone_has_a_gradient(kind):
    x = np.random.default_rng(3).normal(size=(5, 2, 3))

    def last(module, inputs, tensor):
        return module(inputs[0])[1]

    check_as_in_torch(*_pair(kind), last, [x])


@pytest.mark.parametrize(
    ("mine", "theirs", "states"),
    [
        (M.RNNCell, torch.nn.RNNCell, 1),
        (M.GRUCell, torch.nn.GRUCell, 1),
        (M.LSTMCell, torch.nn.LSTMCell, 2),
    ],
)
def test_cells(mine, theirs, states):
    rng = np.random.default_rng(4)
    x, hs = rng.normal(size=(2, 3)), [rng.normal(size=(2, 4)) for _ in range(states)]
    check_as_in_torch(*same_parameters(mine(3, 4), theirs(3, 4)), lambda m, xs, tensor: m(xs[0]), [x])
    check_as_in_torch(*same_parameters(mine(3, 4), theirs(3, 4)), _with_states, [x, *hs])
    check_as_in_torch(
        *same_parameters(mine(3, 4, bias=False), theirs(3, 4, bias=False)),
        lambda m, xs, tensor: m(xs[0]),
        [x],
    )


def test_float32_is_close_to_torch():
    """The kernel of float32, over many steps."""
    theirs = torch.nn.GRU(12, 20, num_layers=2, batch_first=True)
    mine = M.GRU(12, 20, num_layers=2, batch_first=True)
    mine.load_state_dict(theirs.state_dict())
    x = np.random.default_rng(5).normal(size=(30, 40, 12)).astype("float32")
    with mi.GradManager().attach(mine.parameters()) as gm:
        y, _ = mine(mi.tensor(x))
        gm.backward((y * y).mean())
    ty, _ = theirs(torch.tensor(x))
    (ty * ty).mean().backward()
    np.testing.assert_allclose(y.numpy(), ty.detach().numpy(), rtol=1e-4, atol=2e-6)
    for (name, p), tp in zip(mine.named_parameters(), theirs.parameters(), strict=True):
        want = tp.grad.numpy()
        np.testing.assert_allclose(p.grad.numpy(), want, rtol=1e-3, atol=1e-5 * abs(want).max(), err_msg=name)


def test_batch_and_time_may_be_dynamic():
    module = M.LSTM(3, 4, bidirectional=True, batch_first=True)
    traced = mi.trace(lambda x: module(x)[0], dynamic={"x": [0, 1]})
    for shape in ((2, 5, 3), (7, 3, 3), (4, 9, 3)):
        x = mi.tensor(np.random.default_rng(1).normal(size=shape).astype("float32"))
        np.testing.assert_allclose(traced(x).numpy(), module(x)[0].numpy(), rtol=1e-5, atol=1e-6)
    assert traced.program_count == 1


def test_gradients_with_dynamic_sizes():
    module = M.GRU(3, 4)

    @mi.trace(dynamic={"x": [0, 1]})
    def step(x):
        with mi.GradManager().attach(module.parameters()) as gm:
            gm.backward((module(x)[0] ** 2).sum())
        return [p.grad for p in module.parameters()]

    for shape in ((5, 2, 3), (3, 7, 3), (9, 4, 3)):
        x = mi.tensor(np.random.default_rng(1).normal(size=shape).astype("float32"))
        got = [g.numpy() for g in step(x)]
        with mi.GradManager().attach(module.parameters()) as gm:
            for p in module.parameters():
                p.grad = None
            gm.backward((module(x)[0] ** 2).sum())
        for a, p in zip(got, module.parameters(), strict=True):
            np.testing.assert_allclose(a, p.grad.numpy(), rtol=1e-4, atol=1e-5)
            p.grad = None
    assert step.program_count == 1


def test_dropout_between_layers():
    mi.random.seed(1)
    module = M.GRU(3, 4, num_layers=2, dropout=0.5)
    x = F.ones((5, 2, 3))
    assert not np.array_equal(module(x)[0].numpy(), module(x)[0].numpy())
    module.eval()
    np.testing.assert_array_equal(module(x)[0].numpy(), module(x)[0].numpy())
    single = M.GRU(3, 4, dropout=0.5)  # nothing lies between the layers of one
    np.testing.assert_array_equal(single(x)[0].numpy(), single(x)[0].numpy())


def test_second_order_is_refused_by_layers_and_given_by_cells():
    x = mi.tensor(np.random.default_rng(1).normal(size=(3, 2, 3)))
    module, cell = M.GRU(3, 4).astype("float64"), M.GRUCell(3, 4).astype("float64")

    def penalty(run):
        first = mi.grad(lambda x: (run(x) ** 2).sum())
        return mi.grad(lambda x: (first(x) ** 2).sum())(x)

    with pytest.raises(NotImplementedError, match="gradient of gru, lstm and rnn has no gradient of its own"):
        penalty(lambda x: module(x)[0])
    assert np.abs(penalty(lambda x: cell(x[0])).numpy()).max() > 0


def test_starts_within_the_hidden_size():
    for tensor in M.LSTM(3, 16).parameters():
        assert 0 < np.abs(tensor.numpy()).max() <= 0.25
    assert repr(M.GRU(3, 4, num_layers=2)) == "GRU(3, 4, num_layers=2)"
    assert repr(M.LSTMCell(3, 4, bias=False)) == "LSTMCell(3, 4, bias=False)"


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: M.GRU(0, 4), ValueError, "GRU: argument 'input_size': expected at least 1"),
        (lambda: M.GRU(3, 4, num_layers=0), ValueError, "GRU: argument 'num_layers'"),
        (lambda: M.LSTM(3, 4, proj_size=2), ValueError, "LSTM: argument 'proj_size': expected 0"),
        (lambda: M.GRU(3, 4, dropout=2), ValueError, "GRU: argument 'dropout'"),
        (lambda: M.RNN(3, 4, nonlinearity="gelu"), ValueError, "RNN: argument 'nonlinearity'"),
        (lambda: M.RNNCell(3, 4, nonlinearity="gelu"), ValueError, "RNNCell: argument 'nonlinearity'"),
        (lambda: M.GRU(3, 4)(F.ones((2, 5, 2))), ValueError, "gru: argument 'weight_ih'"),
        (lambda: M.GRU(3, 4)(F.ones(3)), ValueError, "GRU: argument 'inp': expected rank 3, or 2"),
        (
            lambda: M.GRU(3, 4)(F.ones((5, 2, 3)), F.ones((2, 2, 4))),
            ValueError,
            r"GRU: argument 'h0': expected shape \[1, 2, 4\], got \[2, 2, 4\]",
        ),
        (
            lambda: M.LSTM(3, 4)(F.ones((5, 2, 3)), (F.ones((1, 2, 4)), F.ones((1, 3, 4)))),
            ValueError,
            "LSTM: argument 'c0': expected shape",
        ),
    ],
)
def test_bad_arguments(make, error, message):
    with pytest.raises(error, match=message):
        make()
