"""Networks in JAX: functions of parameters by PyTorch's names, an input and a `Mode`. Images are NHWC and
kernels HWIO inside, which XLA's CPU backend is best at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import jax
import jax.numpy as jnp
from jax import Array, lax

Parameters = dict[str, Array]


@dataclass
class Mode:
    """Training or not; draws dropout's masks (`key` None: none) and collects new running statistics."""

    training: bool = False
    key: Array | None = None
    statistics: Parameters = field(default_factory=dict)

    def dropout(self, x: Array, rate: float) -> Array:
        if self.key is None:
            return x
        self.key, key = jax.random.split(self.key)
        return jnp.where(jax.random.bernoulli(key, 1 - rate, x.shape), x / (1 - rate), 0)


Network = Callable[[Parameters, Array, Mode], Array]


def is_kernel(name: str, value: Array) -> bool:
    """Whether it is a convolution's, which lies as HWIO."""
    return name.endswith("weight") and value.ndim == 4


def conv(p: Parameters, name: str, x: Array, stride: int = 1) -> Array:
    """A convolution padded to its kernel's half."""
    kernel = p[f"{name}.weight"]
    pad = [(kernel.shape[0] // 2,) * 2] * 2
    groups = x.shape[3] // kernel.shape[2]
    y = lax.conv_general_dilated(
        x,
        kernel,
        (stride, stride),
        pad,
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
        feature_group_count=groups,
    )
    return y + p[f"{name}.bias"] if f"{name}.bias" in p else y


def batch_norm(p: Parameters, name: str, x: Array, mode: Mode) -> Array:
    """By the batch's statistics in training, else by the running ones."""
    mean, var = p[f"{name}.running_mean"], p[f"{name}.running_var"]
    if mode.training:
        now_mean = x.mean((0, 1, 2))
        now_var = jnp.square(x).mean((0, 1, 2)) - jnp.square(now_mean)
        mode.statistics[f"{name}.running_mean"] = 0.9 * mean + 0.1 * now_mean
        mode.statistics[f"{name}.running_var"] = 0.9 * var + 0.1 * now_var
        mean, var = now_mean, now_var
    scale = p[f"{name}.weight"] * lax.rsqrt(var + 1e-5)
    return x * scale + (p[f"{name}.bias"] - mean * scale)


def linear(p: Parameters, name: str, x: Array) -> Array:
    """x W' + b."""
    return x @ p[f"{name}.weight"].T + p[f"{name}.bias"]


def layer_norm(p: Parameters, name: str, x: Array) -> Array:
    """Over the last axis."""
    mean = x.mean(-1, keepdims=True)
    var = jnp.square(x - mean).mean(-1, keepdims=True)
    return (x - mean) * lax.rsqrt(var + 1e-5) * p[f"{name}.weight"] + p[f"{name}.bias"]


def max_pool(x: Array, size: int, stride: int, pad: int = 0) -> Array:
    """Over windows of an NHWC image."""
    padding = ((0, 0), (pad, pad), (pad, pad), (0, 0))
    return lax.reduce_window(x, -jnp.inf, lax.max, (1, size, size, 1), (1, stride, stride, 1), padding)


def rosetta(p: Parameters, x: Array, mode: Mode) -> Array:
    """See miai.models.RosettaCNN."""
    x = jax.nn.relu(conv(p, "conv2", jax.nn.relu(conv(p, "conv1", x))))
    x = mode.dropout(max_pool(x, 2, 2), 0.25)
    x = jax.nn.relu(conv(p, "conv4", jax.nn.relu(conv(p, "conv3", x))))
    x = mode.dropout(max_pool(x, 2, 2), 0.25)
    x = x.transpose(0, 3, 1, 2).reshape(x.shape[0], -1)  # fc1 reads channels first
    x = jax.nn.relu(linear(p, "fc1", x))
    return linear(p, "fc2", mode.dropout(x, 0.5))


def demo(p: Parameters, x: Array, mode: Mode) -> Array:
    """See miai.demo.network.ResidualNet."""
    x = jax.nn.relu(batch_norm(p, "bn", conv(p, "conv", x), mode))
    for i, name in enumerate(("blocks.0", "blocks.1", "blocks.2")):
        stride = 1 if i == 0 else 2
        y = jax.nn.relu(batch_norm(p, f"{name}.bn1", conv(p, f"{name}.conv1", x, stride), mode))
        y = batch_norm(p, f"{name}.bn2", conv(p, f"{name}.conv2", y), mode)
        if f"{name}.shortcut.0.weight" in p:
            x = batch_norm(p, f"{name}.shortcut.1", conv(p, f"{name}.shortcut.0", x, stride), mode)
        x = jax.nn.relu(x + y)
    return linear(p, "fc", x.mean((1, 2)))


def _bottleneck(p: Parameters, name: str, x: Array, stride: int, mode: Mode) -> Array:
    y = jax.nn.relu(batch_norm(p, f"{name}.bn1", conv(p, f"{name}.conv1", x), mode))
    y = jax.nn.relu(batch_norm(p, f"{name}.bn2", conv(p, f"{name}.conv2", y, stride), mode))
    y = batch_norm(p, f"{name}.bn3", conv(p, f"{name}.conv3", y), mode)
    if f"{name}.downsample.0.weight" in p:
        x = batch_norm(p, f"{name}.downsample.1", conv(p, f"{name}.downsample.0", x, stride), mode)
    return jax.nn.relu(x + y)


def resnet50_features(p: Parameters, x: Array, mode: Mode) -> Array:
    """See miai.models.ResNet.extract_features."""
    x = jax.nn.relu(batch_norm(p, "bn1", conv(p, "conv1", x, 2), mode))
    x = max_pool(x, 3, 2, 1)
    for stage, blocks in enumerate((3, 4, 6, 3)):
        for i in range(blocks):
            stride = 2 if i == 0 and stage > 0 else 1
            x = _bottleneck(p, f"layer{stage + 1}.{i}", x, stride, mode)
    return x.mean((1, 2))


def resnet50(p: Parameters, x: Array, mode: Mode) -> Array:
    """See miai.models.ResNet."""
    return linear(p, "fc", resnet50_features(p, x, mode))


def _inverted_residual(p: Parameters, name: str, x: Array, stride: int, mode: Mode) -> Array:
    y, layers = x, 3 if f"{name}.conv.3.weight" in p else 2
    for i in range(layers - 1):
        at = stride if i == layers - 2 else 1
        y = batch_norm(p, f"{name}.conv.{i}.1", conv(p, f"{name}.conv.{i}.0", y, at), mode)
        y = jax.nn.relu6(y)
    y = batch_norm(p, f"{name}.conv.{layers}", conv(p, f"{name}.conv.{layers - 1}", y), mode)
    return x + y if x.shape == y.shape else y


def mobilenet_v2(p: Parameters, x: Array, mode: Mode) -> Array:
    """See miai.models.MobileNetV2."""
    x = jax.nn.relu6(batch_norm(p, "features.0.1", conv(p, "features.0.0", x, 2), mode))
    halving = {2, 4, 7, 14}
    for i in range(1, 18):
        x = _inverted_residual(p, f"features.{i}", x, 2 if i in halving else 1, mode)
    x = jax.nn.relu6(batch_norm(p, "features.18.1", conv(p, "features.18.0", x), mode))
    return linear(p, "classifier.1", x.mean((1, 2)))


def _attention(p: Parameters, name: str, x: Array, heads: int, mode: Mode) -> Array:
    n, t, width = x.shape
    parts = x @ p[f"{name}.in_proj_weight"].T + p[f"{name}.in_proj_bias"]
    query, key, value = parts.reshape(n, t, 3, heads, width // heads).transpose(2, 0, 3, 1, 4)
    scores = query @ key.swapaxes(-1, -2) / (width // heads) ** 0.5
    weights = mode.dropout(jax.nn.softmax(scores), 0.1)
    return linear(p, f"{name}.out_proj", (weights @ value).transpose(0, 2, 1, 3).reshape(n, t, width))


def encoder(p: Parameters, x: Array, mode: Mode) -> Array:
    """See miai.models.transformer_encoder, with 4 layers."""
    for name in (f"layers.{i}" for i in range(4)):
        y = _attention(p, f"{name}.self_attn", x, 4, mode)
        x = layer_norm(p, f"{name}.norm1", x + mode.dropout(y, 0.1))
        y = mode.dropout(jax.nn.relu(linear(p, f"{name}.linear1", x)), 0.1)
        y = mode.dropout(linear(p, f"{name}.linear2", y), 0.1)
        x = layer_norm(p, f"{name}.norm2", x + y)
    return x


def gru(p: Parameters, words: Array, mode: Mode) -> Array:
    """See miai.models.GRUClassifier."""
    x = p["embedding.weight"][words] @ p["gru.weight_ih_l0"].T + p["gru.bias_ih_l0"]

    def cell(h: Array, inputs: Array) -> tuple[Array, None]:
        reset_x, update_x, new_x = jnp.split(inputs, 3, -1)
        hidden = h @ p["gru.weight_hh_l0"].T + p["gru.bias_hh_l0"]
        reset_h, update_h, new_h = jnp.split(hidden, 3, -1)
        new = jnp.tanh(new_x + jax.nn.sigmoid(reset_x + reset_h) * new_h)
        update = jax.nn.sigmoid(update_x + update_h)
        return (1 - update) * new + update * h, None

    start = jnp.zeros((words.shape[0], p["gru.weight_hh_l0"].shape[1]))
    last, _ = lax.scan(cell, start, x.swapaxes(0, 1))
    return linear(p, "l_out", last)


def mlp(p: Parameters, x: Array, mode: Mode) -> Array:
    """64-64-64-64."""
    return linear(p, "4", jax.nn.relu(linear(p, "2", jax.nn.relu(linear(p, "0", x)))))


def chain(x: Array, a: Array, b: Array) -> Array:
    """100 operators, each of the one before."""
    for _ in range(25):
        x = jnp.tanh(jnp.maximum(x * a + b, a))
    return x


NETWORKS: dict[str, Network] = {
    "demo": demo,
    "mobilenet_v2": mobilenet_v2,
    "rosetta": rosetta,
    "resnet50": resnet50,
    "resnet50_features": resnet50_features,
    "encoder": encoder,
    "gru": gru,
    "mlp": mlp,
}
