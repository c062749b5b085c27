"""JAX under jit, its parameters donated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from bench.entry import Context, Runner
from bench.networks.jax_networks import NETWORKS, Mode, Parameters, is_kernel
from bench.prepare import load_weights
from bench.workload import Workload


def load_parameters(context: Context) -> Parameters:
    """The shared weights, kernels of convolutions as JAX takes them here."""
    arrays = {n: jnp.asarray(v) for n, v in load_weights(context).items() if v.dtype == "float32"}
    return {n: v.transpose(2, 3, 1, 0) if is_kernel(n, v) else v for n, v in arrays.items()}


def _input(workload: Workload) -> Array:
    x = jnp.asarray(workload.input())
    return x.transpose(0, 2, 3, 1) if workload.is_image else x


def _loss(workload: Workload, output: Array, target: Array) -> Array:
    if workload.loss == "mse":
        return jnp.square(output - target).mean()
    return -jnp.take_along_axis(jax.nn.log_softmax(output), target[:, None], 1).mean()


def _sgd(lr: float) -> tuple[Callable[[Parameters], Any], Callable[..., tuple[Parameters, Any]]]:
    def update(parameters: Parameters, gradients: Parameters, state: Parameters) -> tuple[Parameters, Any]:
        state = jax.tree.map(lambda m, g: 0.9 * m + g, state, gradients)
        return jax.tree.map(lambda p, m: p - lr * m, parameters, state), state

    return lambda parameters: jax.tree.map(jnp.zeros_like, parameters), update


def _adam(lr: float) -> tuple[Callable[[Parameters], Any], Callable[..., tuple[Parameters, Any]]]:
    def start(parameters: Parameters) -> Any:
        zeros = jax.tree.map(jnp.zeros_like, parameters)
        return zeros, jax.tree.map(jnp.copy, zeros), jnp.zeros(())

    def update(parameters: Parameters, gradients: Parameters, state: Any) -> tuple[Parameters, Any]:
        mean, square, count = state
        count = count + 1
        mean = jax.tree.map(lambda m, g: m + 0.1 * (g - m), mean, gradients)
        square = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, square, gradients)
        size, unbias = lr / (1 - 0.9**count), jnp.sqrt(1 - 0.999**count)
        new = jax.tree.map(
            lambda p, m, v: p - size * m / (jnp.sqrt(v) / unbias + 1e-8), parameters, mean, square
        )
        return new, (mean, square, count)

    return start, update


def make_step(context: Context, workload: Workload, has_dropout: bool) -> Callable[[], float]:
    network = NETWORKS[workload.network]
    start, update = (_adam if workload.optimizer == "Adam" else _sgd)(workload.lr)
    x, target = _input(workload), jnp.asarray(workload.target())
    everything = load_parameters(context)
    statistics = {n: v for n, v in everything.items() if ".running_" in n}
    parameters = {n: v for n, v in everything.items() if ".running_" not in n}

    def loss_of(parameters: Parameters, statistics: Parameters, x: Array, y: Array, key: Any) -> Any:
        mode = Mode(True, key)
        output = network({**parameters, **statistics}, x, mode)
        return _loss(workload, output, y), mode.statistics

    def step(state: Any, x: Array, y: Array, number: Array) -> tuple[Array, Any]:
        parameters, statistics, moments = state
        key = jax.random.fold_in(jax.random.key(0), number) if has_dropout else None
        (loss, statistics), gradients = jax.value_and_grad(loss_of, has_aux=True)(
            parameters, statistics, x, y, key
        )
        parameters, moments = update(parameters, gradients, moments)
        return loss, (parameters, statistics, moments)

    compiled = jax.jit(step, donate_argnums=0)
    state = [(parameters, statistics, start(parameters))]
    count = [0]

    def run() -> float:
        count[0] += 1
        loss, state[0] = compiled(state[0], x, target, count[0])
        return loss.item()

    return run


def train(context: Context, workload: Workload) -> Runner:
    """Steps of training; what is compared are the losses of three."""
    run = make_step(context, workload, workload.has_dropout)

    def check() -> np.ndarray:
        step = make_step(context, workload, False)
        return np.array([step() for _ in range(3)])

    return Runner(run, check)


def infer(context: Context, workload: Workload) -> Runner:
    """Inference of the batch."""
    network = NETWORKS[workload.network]
    predict = jax.jit(lambda p, x: network(p, x, Mode()))
    parameters, x = load_parameters(context), _input(workload)

    def run() -> Array:
        return predict(parameters, x).block_until_ready()

    return Runner(run, lambda: np.asarray(run()))
