"""Attention and transformer encoders against PyTorch's, whose state they load."""

from __future__ import annotations

import miai as mi
import miai.functional as F
import miai.module as M
import numpy as np
import pytest
from torch_pairs import check_as_in_torch, same_parameters, torch

rng = np.random.default_rng(7)
_FLOAT_MASK = rng.normal(size=(4, 5))
_BOOL_MASK = np.triu(np.ones((4, 5), bool), 2)
_HEAD_MASK = rng.normal(size=(4, 4, 5))  # batch * heads
_PADDING = np.array([[False] * 5, [False, False, False, True, True]])

_CALLS = {
    "plain": {},
    "no weights": {"need_weights": False},
    "each head's weights": {"average_attn_weights": False},
    "numbers as mask": {"attn_mask": _FLOAT_MASK},
    "mask": {"attn_mask": _BOOL_MASK},
    "a mask a head": {"attn_mask": _HEAD_MASK, "need_weights": False},
    "padding": {"key_padding_mask": _PADDING},
    "mask and padding": {"attn_mask": _BOOL_MASK, "key_padding_mask": _PADDING},
    "numbers and numbers": {"attn_mask": _FLOAT_MASK, "key_padding_mask": _PADDING * -2.0},
}


def _attention(call):
    def run(module, inputs, tensor):
        return module(*inputs, **{k: tensor(v) if isinstance(v, np.ndarray) else v for k, v in call.items()})

    return run


@pytest.mark.parametrize("traced", [False, True])
@pytest.mark.parametrize("call", _CALLS)
@pytest.mark.parametrize("options", [{}, {"batch_first": True, "bias": False}, {"kdim": 3, "vdim": 7}])
def test_attention(options, call, traced):
    pair = same_parameters(
        M.MultiheadAttention(6, 2, **options), torch.nn.MultiheadAttention(6, 2, **options)
    )
    shapes = [(4, 2, 6), (5, 2, options.get("kdim", 6)), (5, 2, options.get("vdim", 6))]
    if options.get("batch_first"):
        shapes = [(b, t, c) for t, b, c in shapes]
    inputs = [np.random.default_rng(8).normal(size=shape) for shape in shapes]
    check_as_in_torch(*pair, _attention(_CALLS[call]), inputs, traced)


def test_self_attention_and_no_batch():
    x = np.random.default_rng(8).normal(size=(4, 6))

    def run(module, inputs, tensor):
        return module(inputs[0], inputs[0], inputs[0])

    for shape in ((4, 6), (4, 1, 6)):
        pair = same_parameters(M.MultiheadAttention(6, 3), torch.nn.MultiheadAttention(6, 3))
        check_as_in_torch(*pair, run, [x.reshape(shape)])


def test_causal_is_the_causal_mask():
    module = M.MultiheadAttention(6, 2, batch_first=True)
    x = mi.tensor(rng.normal(size=(2, 5, 6)).astype("float32"))
    mask, padding = mi.tensor(np.triu(np.ones((5, 5), bool), 1)), mi.tensor(_PADDING)
    for more in ({}, {"key_padding_mask": padding}, {"need_weights": False}):
        expected = module(x, x, x, attn_mask=mask, **more)[0]
        np.testing.assert_allclose(
            module(x, x, x, is_causal=True, **more)[0].numpy(), expected.numpy(), rtol=1e-5, atol=1e-6
        )


_LAYERS = {
    "plain": {},
    "norm first": {"norm_first": True, "batch_first": True},
    "gelu": {"activation": "gelu", "layer_norm_eps": 1e-3},
    "no bias": {"bias": False},
}


@pytest.mark.parametrize("traced", [False, True])
@pytest.mark.parametrize("options", _LAYERS)
def test_encoder_layer(options, traced):
    options = {"dim_feedforward": 12, "dropout": 0.0, **_LAYERS[options]}
    x = np.random.default_rng(9).normal(size=(2, 4, 6) if "batch_first" in options else (4, 2, 6))
    mask, padding = np.triu(np.full((4, 4), -np.inf), 1), _PADDING[:, 1:]

    def run(module, inputs, tensor):
        both = module(inputs[0], tensor(mask), tensor(padding * -3.0))
        return module(inputs[0]), both

    pair = same_parameters(
        M.TransformerEncoderLayer(6, 2, **options), torch.nn.TransformerEncoderLayer(6, 2, **options)
    )
    check_as_in_torch(*pair, run, [x], traced)


def test_encoder():
    x = np.random.default_rng(9).normal(size=(2, 4, 6))

    def make(kit, norm):
        layer = kit.TransformerEncoderLayer(6, 2, 12, dropout=0.0, batch_first=True, norm_first=True)
        return kit.TransformerEncoder(layer, 3, norm)

    with pytest.warns(UserWarning):  # PyTorch: no nested tensors with norm_first
        theirs = make(torch.nn, torch.nn.LayerNorm(6))
    pair = same_parameters(make(M, M.LayerNorm(6)), theirs)
    check_as_in_torch(*pair, lambda module, inputs, tensor: module(inputs[0]), [x])


def test_encoder_with_dynamic_batch_and_time():
    layer = M.TransformerEncoderLayer(8, 2, 16, batch_first=True).eval()
    traced = mi.trace(lambda x: layer(x, is_causal=True), dynamic={"x": [0, 1]})
    for shape in ((2, 5, 8), (3, 7, 8), (4, 4, 8)):
        x = mi.tensor(np.random.default_rng(1).normal(size=shape).astype("float32"))
        np.testing.assert_allclose(traced(x).numpy(), layer(x, is_causal=True).numpy(), rtol=1e-5, atol=1e-5)
    assert traced.program_count == 1


def test_dropout_in_training_alone():
    mi.random.seed(1)
    layer = M.TransformerEncoderLayer(8, 2, 16, dropout=0.5)
    x = F.ones((5, 2, 8))
    assert not np.array_equal(layer(x).numpy(), layer(x).numpy())
    layer.eval()
    np.testing.assert_array_equal(layer(x).numpy(), layer(x).numpy())


def test_copies_of_a_layer_have_parameters_of_their_own():
    encoder = M.TransformerEncoder(M.TransformerEncoderLayer(8, 2, 16), 2)
    names = [name for name, _ in encoder.named_parameters()]
    assert len(names) == 24 and "layers.1.self_attn.out_proj.weight" in names


@pytest.mark.parametrize("shape", [(4, 6), (2, 4, 6), (2, 3, 4, 6)])
@pytest.mark.parametrize("options", [{}, {"is_causal": True}, {"scale": 0.2}])
def test_scaled_dot_product_attention(shape, options):
    q, k, v = (np.random.default_rng(i).normal(size=shape) for i in range(3))
    got = F.scaled_dot_product_attention(mi.tensor(q), mi.tensor(k), mi.tensor(v), **options)
    want = torch.nn.functional.scaled_dot_product_attention(
        torch.tensor(q), torch.tensor(k), torch.tensor(v), **options
    )
    np.testing.assert_allclose(got.numpy(), want.numpy(), rtol=1e-9, atol=1e-12)


def test_a_query_without_keys_gives_zeros_and_finite_gradients():
    q = mi.tensor(rng.normal(size=(3, 4)))
    mask = mi.tensor(np.array([[True, False, True], [False] * 3, [True] * 3]))
    attend = lambda q: F.scaled_dot_product_attention(q, q, q, mask)  # noqa: E731
    assert attend(q).numpy()[1].tolist() == [0, 0, 0, 0]
    assert np.isfinite(mi.grad(lambda q: (attend(q) ** 2).sum())(q).numpy()).all()


def test_dropped_weights_keep_their_mean():
    mi.random.seed(3)
    ones = F.ones((1, 200, 8))
    out = F.scaled_dot_product_attention(ones, ones, ones, dropout_p=0.5).numpy()
    assert len(np.unique(out)) > 1 and abs(out.mean() - 1) < 0.02


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (
            lambda: M.MultiheadAttention(6, 4),
            ValueError,
            "MultiheadAttention: argument 'num_heads': expected a div",
        ),
        (lambda: M.MultiheadAttention(6, 2, dropout=2), ValueError, "MultiheadAttention: argument 'dropout'"),
        (lambda: M.MultiheadAttention(6, 2, add_zero_attn=True), ValueError, "argument 'add_zero_attn'"),
        (
            lambda: M.MultiheadAttention(6, 2)(*[F.ones(6)] * 3),
            ValueError,
            "argument 'query': expected rank 3",
        ),
        (lambda: M.TransformerEncoderLayer(6, 2, activation="elu"), ValueError, "argument 'activation'"),
        (
            lambda: M.TransformerEncoder(M.Identity(), 0),
            ValueError,
            "TransformerEncoder: argument 'num_layers'",
        ),
    ],
)
def test_bad_arguments(make, error, message):
    with pytest.raises(error, match=message):
        make()
