"""What recurrent layers, attention, norms of samples and interpolation must give; see oracles.py."""

from __future__ import annotations

from typing import Any

import numpy as np
from oracles_nn import ORACLES, oracle

__all__ = ["ORACLES"]


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


# Recurrent layers: a cell gives the next states from the projection and the recurrent part of its gates


def gru_cell(p, u, h, c):
    (pr, pz, pn), (ur, uz, un) = (np.split(x, 3, axis=-1) for x in (p, u))
    r, z = sigmoid(pr + ur), sigmoid(pz + uz)
    n = np.tanh(pn + r * un)
    return (1 - z) * n + z * h, c, [r, z, n, un]


def lstm_cell(p, u, h, c):
    i, f, g, o = np.split(p + u, 4, axis=-1)
    i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
    c = f * c + i * g
    return o * np.tanh(c), c, [i, f, g, o, c]


def rnn_tanh_cell(p, u, h, c):
    return np.tanh(p + u), c, []


def rnn_relu_cell(p, u, h, c):
    return np.maximum(p + u, 0), c, []


CELLS = {"gru": gru_cell, "lstm": lstm_cell, "rnn_tanh": rnn_tanh_cell, "rnn_relu": rnn_relu_cell}


@oracle
def recurrence(projection, weight, bias=None, h0=None, c0=None, cell="gru", batch_first=False, reverse=False):
    p = projection.swapaxes(0, 1) if batch_first else projection
    steps, batch, hidden = p.shape[0], p.shape[1], weight.shape[1]
    h = np.zeros((batch, hidden)) if h0 is None else h0
    c = np.zeros((batch, hidden)) if c0 is None else c0
    outs, kept = [None] * steps, [None] * steps
    for t in range(steps)[:: -1 if reverse else 1]:
        h, c, saved = CELLS[cell](p[t], h @ weight.T + (0 if bias is None else bias), h, c)
        outs[t], kept[t] = h, np.concatenate([*saved, np.zeros((batch, 0))], axis=-1)
    out, saved = np.stack(outs), np.stack(kept)
    if batch_first:
        out, saved = out.swapaxes(0, 1), saved.swapaxes(0, 1)
    return (out, saved, h, c) if cell == "lstm" else (out, saved, h)


def layer(cell, inp, weight_ih, weight_hh, bias_ih, bias_hh, states, **attrs):
    projection = inp @ weight_ih.T + (0 if bias_ih is None else bias_ih)
    out, _, *last = recurrence(projection, weight_hh, bias_hh, *states, cell=cell, **attrs)
    return (out, *last)


@oracle
def gru(inp, weight_ih, weight_hh, bias_ih=None, bias_hh=None, h0=None, **attrs):
    return layer("gru", inp, weight_ih, weight_hh, bias_ih, bias_hh, [h0], **attrs)


@oracle
def lstm(inp, weight_ih, weight_hh, bias_ih=None, bias_hh=None, h0=None, c0=None, **attrs):
    return layer("lstm", inp, weight_ih, weight_hh, bias_ih, bias_hh, [h0, c0], **attrs)


@oracle
def rnn(inp, weight_ih, weight_hh, bias_ih=None, bias_hh=None, h0=None, nonlinearity="tanh", **attrs):
    return layer(f"rnn_{nonlinearity}", inp, weight_ih, weight_hh, bias_ih, bias_hh, [h0], **attrs)


# Attention


@oracle
def attention_weights(query, key, attn_mask=None, is_causal=False, scale=None):
    scores = query @ key.swapaxes(-1, -2) * (query.shape[-1] ** -0.5 if scale is None else scale)
    if is_causal:
        scores = np.where(np.tri(*scores.shape[-2:], dtype=bool), scores, -np.inf)
    if attn_mask is not None:
        scores = np.where(attn_mask, scores, -np.inf) if attn_mask.dtype == bool else scores + attn_mask
    top = scores.max(axis=-1, keepdims=True, initial=-1e30)
    exps = np.exp(scores - top)
    return exps / np.where(top == -1e30, 1, exps.sum(axis=-1, keepdims=True))


@oracle
def scaled_dot_product_attention(query, key, value, attn_mask=None, **attrs):
    return attention_weights(query, key, attn_mask, **attrs) @ value


# Norms of each sample


@oracle
def rms_norm(inp, weight=None, normalized_shape=(), eps=None):
    axes = tuple(range(inp.ndim - np.size(normalized_shape), inp.ndim))
    power = (inp**2).mean(axis=axes, keepdims=True) + (2.0**-52 if eps is None else eps)
    return inp / np.sqrt(power) * (1 if weight is None else weight)


@oracle
def group_norm(inp, weight=None, bias=None, num_groups=1, eps=1e-5):
    parts = inp.reshape(inp.shape[0], num_groups, inp.shape[1] // num_groups, *inp.shape[2:])
    axes = tuple(range(2, parts.ndim))
    mean, var = parts.mean(axis=axes, keepdims=True), parts.var(axis=axes, keepdims=True)
    out = ((parts - mean) / np.sqrt(var + eps)).reshape(inp.shape)
    wide = (slice(None), *[None] * (inp.ndim - 2))
    return out * (1 if weight is None else weight[wide]) + (0 if bias is None else bias[wide])


@oracle
def instance_norm(inp, weight=None, bias=None, eps=1e-5):
    return group_norm(inp, weight, bias, inp.shape[1], eps)


# Interpolation, as the matrix of each axis


def axis_matrix(size: int, out: int, mode: str, align: bool, scale: Any) -> np.ndarray:
    matrix = np.zeros((out, size))
    for i in range(out):
        step = 1 / scale if scale else size / out
        if mode == "nearest":
            matrix[i, min(int(np.floor(np.float32(i) * np.float32(step))), size - 1)] = 1
            continue
        at = i * (size - 1) / max(out - 1, 1) if align else max((i + 0.5) * step - 0.5, 0)
        for j in range(size):
            matrix[i, j] = max(1 - abs(min(at, size - 1) - j), 0)
    return matrix


def axis_matrices(sizes, outs, mode, align_corners, scale_h, scale_w):
    scales = [scale_h, scale_w][-len(sizes) :]
    return [axis_matrix(n, o, mode, align_corners, s) for n, o, s in zip(sizes, outs, scales, strict=True)]


@oracle
def interpolate(inp, size=(), mode="bilinear", align_corners=False, scale_h=None, scale_w=None):
    matrices = axis_matrices(inp.shape[2:], size, mode, align_corners, scale_h, scale_w)
    for axis, matrix in enumerate(matrices, 2):
        inp = np.moveaxis(np.moveaxis(inp, axis, -1) @ matrix.T, -1, axis)
    return inp


@oracle
def interpolate_backward(dy, size=(), mode="bilinear", align_corners=False, scale_h=None, scale_w=None):
    matrices = axis_matrices(size, dy.shape[2:], mode, align_corners, scale_h, scale_w)
    for axis, matrix in enumerate(matrices, 2):
        dy = np.moveaxis(np.moveaxis(dy, axis, -1) @ matrix, -1, axis)
    return dy
