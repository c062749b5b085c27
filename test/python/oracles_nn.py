"""What linear maps, losses, normalisation and windows must give; see oracles.py."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from oracles import ORACLES, oracle


def default_axis(inp: np.ndarray, axis: Any) -> int:
    """Of softmax, as MegEngine has it: the channels of images, else the first or the second axis."""
    return axis if axis is not None else 0 if inp.ndim in (0, 1, 3) else 1


# Linear algebra, losses, normalisation


@oracle
def matmul(inp1, inp2, transpose_a=False, transpose_b=False):
    a = inp1.swapaxes(-1, -2) if transpose_a and inp1.ndim > 1 else inp1
    b = inp2.swapaxes(-1, -2) if transpose_b and inp2.ndim > 1 else inp2
    return np.matmul(a, b)


ACTIVATIONS = ("relu", "relu6", "sigmoid", "tanh", "silu", "gelu", "hswish", "hsigmoid")


def activated(x: np.ndarray, activation: str) -> np.ndarray:
    return ORACLES[activation](x) if activation in ACTIVATIONS else x


@oracle
def linear(inp, weight, bias=None):
    return inp @ weight.T + (0 if bias is None else bias)


@oracle
def linear_bias_act(inp, weight, bias=None, z=None, activation="identity"):
    return activated(linear(inp, weight, bias) + (0 if z is None else z), activation)


def shifted(x: np.ndarray, axis: Any) -> np.ndarray:
    return x - x.max(axis=axis, keepdims=True, initial=-np.inf)


@oracle
def softmax(inp, axis=None):
    axis = default_axis(inp, axis)
    e = np.exp(shifted(inp, axis))
    return e / e.sum(axis=axis, keepdims=True)


@oracle
def log_softmax(inp, axis=None):
    axis = default_axis(inp, axis)
    x = shifted(inp, axis)
    return x - np.log(np.exp(x).sum(axis=axis, keepdims=True))


def reduced(x: np.ndarray, reduction: str) -> Any:
    return {"mean": np.mean, "sum": np.sum, "none": lambda v: v}[reduction](x)


@oracle
def l1_loss(pred, label, reduction="mean"):
    return reduced(np.abs(pred - label), reduction)


@oracle
def square_loss(pred, label, reduction="mean"):
    return reduced((pred - label) ** 2, reduction)


@oracle
def binary_cross_entropy(pred, label, with_logits=True, reduction="mean"):
    p = 1 / (1 + np.exp(-pred)) if with_logits else pred
    return reduced(-(label * np.log(p) + (1 - label) * np.log(1 - p)), reduction)


@oracle
def cross_entropy(pred, label, axis=1, with_logits=True, label_smooth=0.0, reduction="mean"):
    logs = log_softmax(pred, axis) if with_logits else np.log(pred)
    picked = np.take_along_axis(logs, np.expand_dims(label, axis).astype("int64"), axis).squeeze(axis)
    return reduced(-((1 - label_smooth) * picked + label_smooth * logs.mean(axis=axis)), reduction)


@oracle
def batch_norm(
    inp, running_mean=None, running_var=None, weight=None, bias=None, training=False, momentum=0.9, eps=1e-5
):
    axes = (0, *range(2, inp.ndim))
    wide = (slice(None), *[None] * (inp.ndim - 2))
    mean, var = (inp.mean(axis=axes), inp.var(axis=axes)) if training else (running_mean, running_var)
    out = (inp - mean[wide]) / np.sqrt(var[wide] + eps)
    out = out * (1 if weight is None else weight[wide]) + (0 if bias is None else bias[wide])
    if running_mean is None:
        return (out,)
    if not training:
        return out, running_mean, running_var
    count = inp.size // max(inp.shape[1], 1)
    unbiased = var * count / max(count - 1, 1)
    blend = lambda old, new: momentum * old + (1 - momentum) * new  # noqa: E731
    return out, blend(running_mean, mean), blend(running_var, unbiased)


@oracle
def batch_norm_act(
    inp, running_mean=None, running_var=None, weight=None, bias=None, z=None, activation="identity", **attrs
):
    out, *statistics = ORACLES["batch_norm"](inp, running_mean, running_var, weight, bias, **attrs)
    return activated(out + (0 if z is None else z), activation), *statistics


@oracle
def layer_norm(inp, weight=None, bias=None, normalized_shape=(), eps=1e-5):
    axes = tuple(range(inp.ndim - np.size(normalized_shape), inp.ndim))
    out = (inp - inp.mean(axis=axes, keepdims=True)) / np.sqrt(inp.var(axis=axes, keepdims=True) + eps)
    return out * (1 if weight is None else weight) + (0 if bias is None else bias)


# Windows, by loops that follow the definition


def pair(x: Any) -> tuple[int, int]:
    return (x, x) if isinstance(x, int) else (int(x[0]), int(x[-1]))


def padded(x: np.ndarray, padding: Any, value: float) -> np.ndarray:
    ph, pw = pair(padding)
    return np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)), constant_values=value)


@oracle
def conv2d(inp, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    (sh, sw), (dh, dw) = pair(stride), pair(dilation)
    x = padded(inp, padding, 0)
    n, c, h, w = x.shape
    o, cg, kh, kw = weight.shape
    oh, ow = (h - dh * (kh - 1) - 1) // sh + 1, (w - dw * (kw - 1) - 1) // sw + 1
    out = np.zeros((n, groups, o // groups, oh, ow))
    parts = x.reshape(n, groups, cg, h, w)
    taps = weight.reshape(groups, o // groups, cg, kh, kw)
    for i in range(kh):
        for j in range(kw):
            view = parts[
                ..., i * dh : i * dh + sh * (oh - 1) + 1 : sh, j * dw : j * dw + sw * (ow - 1) + 1 : sw
            ]
            out += np.einsum("ngchw,goc->ngohw", view, taps[..., i, j])
    return out.reshape(n, o, oh, ow) + (0 if bias is None else bias[:, None, None])


@oracle
def conv_transpose2d(inp, weight, bias=None, stride=1, padding=0, output_padding=0, dilation=1, groups=1):
    (sh, sw), (ph, pw), (oph, opw), (dh, dw) = map(pair, (stride, padding, output_padding, dilation))
    (n, c, h, w), (_, og, kh, kw) = inp.shape, weight.shape
    full = np.zeros(
        (n, groups, og, (h - 1) * sh + dh * (kh - 1) + 1 + oph, (w - 1) * sw + dw * (kw - 1) + 1 + opw)
    )
    parts, taps = inp.reshape(n, groups, c // groups, h, w), weight.reshape(groups, c // groups, og, kh, kw)
    for i in range(kh):
        for j in range(kw):
            view = full[..., i * dh : i * dh + sh * (h - 1) + 1 : sh, j * dw : j * dw + sw * (w - 1) + 1 : sw]
            view += np.einsum("ngchw,gco->ngohw", parts, taps[..., i, j])
    out = full.reshape(n, groups * og, *full.shape[3:])
    out = out[..., ph : out.shape[2] - ph, pw : out.shape[3] - pw]
    return out + (0 if bias is None else bias[:, None, None])


@oracle
def conv2d_bias_act(inp, weight, bias=None, z=None, activation="identity", **attrs):
    return activated(conv2d(inp, weight, bias, **attrs) + (0 if z is None else z), activation)


def windows(x: np.ndarray, kernel: Any, stride: Any) -> np.ndarray:
    (kh, kw), (sh, sw) = pair(kernel), pair(kernel if stride is None else stride)
    return np.lib.stride_tricks.sliding_window_view(x, (kh, kw), axis=(2, 3))[:, :, ::sh, ::sw]


@oracle
def max_pool2d(inp, kernel_size=1, stride=None, padding=0):
    return windows(padded(inp, padding, -np.inf), kernel_size, stride).max(axis=(-1, -2))


@oracle
def avg_pool2d(inp, kernel_size=1, stride=None, padding=0, mode="average_count_exclude_padding"):
    view = windows(padded(inp, padding, 0), kernel_size, stride)
    if mode == "average":
        return view.mean(axis=(-1, -2))
    counts = windows(padded(np.ones_like(inp), padding, 0), kernel_size, stride)
    return view.sum(axis=(-1, -2)) / counts.sum(axis=(-1, -2))


def adaptive(inp: np.ndarray, size: Any, function: Callable[..., Any]) -> np.ndarray:
    (oh, ow), (h, w) = pair(size), inp.shape[2:]
    out = np.zeros((*inp.shape[:2], oh, ow))
    for i in range(oh):
        for j in range(ow):
            rows = slice(i * h // oh, -(-(i + 1) * h // oh))
            columns = slice(j * w // ow, -(-(j + 1) * w // ow))
            out[:, :, i, j] = function(inp[:, :, rows, columns], axis=(2, 3))
    return out


@oracle
def adaptive_avg_pool2d(inp, oshp=1):
    return adaptive(inp, oshp, np.mean)


@oracle
def adaptive_max_pool2d(inp, oshp=1):
    return adaptive(inp, oshp, np.max)


@oracle
def max_pool2d_gather(inp, indices):
    flat = inp.reshape(*inp.shape[:2], math.prod(inp.shape[2:]))
    picks = indices.reshape(*indices.shape[:2], math.prod(indices.shape[2:])).astype("int64")
    return np.take_along_axis(flat, picks, 2).reshape(indices.shape)


# Gradients of linear maps: the matrix of the map, transposed


def transposed(function: Callable[[np.ndarray], np.ndarray], size: Any, dy: np.ndarray) -> np.ndarray:
    """The vector-Jacobian product of a linear function of an array of that size."""
    out = np.zeros(math.prod(size))
    for i in range(out.size):
        unit = np.zeros(out.size)
        unit[i] = 1
        out[i] = (function(unit.reshape(size)) * dy).sum()
    return out.reshape(size)


@oracle
def conv2d_backward_data(weight, dy, size=(), **attrs):
    size = (dy.shape[0], weight.shape[1] * attrs.get("groups", 1), *size[-2:])
    return transposed(lambda x: conv2d(x, weight, **attrs), size, dy)


@oracle
def conv2d_backward_weight(inp, dy, size=(), **attrs):
    size = (dy.shape[1], inp.shape[1] // attrs.get("groups", 1), *size[-2:])
    return transposed(lambda weight: conv2d(inp, weight, **attrs), size, dy)


@oracle
def avg_pool2d_backward(dy, size=(), **attrs):
    return transposed(lambda x: avg_pool2d(x, **attrs), (*dy.shape[:2], *size[-2:]), dy)


@oracle
def adaptive_avg_pool2d_backward(dy, size=()):
    return transposed(lambda x: adaptive_avg_pool2d(x, dy.shape[2:]), (*dy.shape[:2], *size[-2:]), dy)


@oracle
def max_pool2d_backward(dy, indices, size=()):
    return transposed(lambda x: max_pool2d_gather(x, indices), (*dy.shape[:2], *size[-2:]), dy)


@oracle
def pad_backward(dy, pad_width=(), **attrs):
    pairs = np.reshape(pad_width, (-1, 2)).astype("int64").sum(axis=1)
    size = tuple(int(n - p) for n, p in zip(dy.shape, pairs, strict=True))
    if attrs.get("mode", "constant") == "constant":
        attrs["constant_value"] = 0.0
    return transposed(lambda x: ORACLES["pad"](x, pad_width, **attrs), size, dy)
