"""PyTorch: eager, eager with channels_last, and torch.compile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn

from bench.entry import Context, Runner
from bench.networks import torch_networks
from bench.prepare import load_weights
from bench.workload import Workload

LOSSES = {"cross_entropy": nn.functional.cross_entropy, "mse": nn.functional.mse_loss}


def load_network(context: Context, workload: Workload) -> nn.Module:
    """The network with the shared weights."""
    net = torch_networks.NETWORKS[workload.network]()
    net.load_state_dict({name: torch.from_numpy(value) for name, value in load_weights(context).items()})
    return net


def _optimizer(workload: Workload, net: nn.Module) -> torch.optim.Optimizer:
    if workload.optimizer == "Adam":
        return torch.optim.Adam(net.parameters(), lr=workload.lr)
    return torch.optim.SGD(net.parameters(), lr=workload.lr, momentum=0.9)


def _placed(context: Context, workload: Workload, channels_last: bool) -> tuple[nn.Module, torch.Tensor]:
    torch.set_num_threads(context.threads)
    net, x = load_network(context, workload), torch.from_numpy(workload.input())
    if channels_last:
        return net.to(memory_format=torch.channels_last), x.to(memory_format=torch.channels_last)
    return net, x


def make_step(
    context: Context, workload: Workload, channels_last: bool = False, compiled: bool = False
) -> tuple[nn.Module, Callable[[], float]]:
    """The network, and a step that gives the loss before it."""
    net, x = _placed(context, workload, channels_last)
    target, optimizer = torch.from_numpy(workload.target()), _optimizer(workload, net)
    loss_of: Any = LOSSES[workload.loss]

    def plain(x: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return loss_of(net(x), target)

    forward = torch.compile(plain) if compiled else plain

    def step() -> float:
        optimizer.zero_grad()
        loss = forward(x, target)
        loss.backward()
        optimizer.step()
        return loss.item()

    return net, step


def train(
    context: Context, workload: Workload, channels_last: bool = False, compiled: bool = False
) -> Runner:
    """Steps of training; what is compared are the losses of three."""
    options = {"channels_last": channels_last, "compiled": compiled}
    _, run = make_step(context, workload, **options)

    def check() -> np.ndarray:
        net, step = make_step(context, workload, **options)
        net.train(not workload.has_dropout)
        return np.array([step() for _ in range(3)])

    return Runner(run, check)


def infer(
    context: Context, workload: Workload, channels_last: bool = False, compiled: bool = False
) -> Runner:
    """Inference of the batch."""
    net, x = _placed(context, workload, channels_last)
    dtype = getattr(torch, workload.dtype)
    net.eval().to(dtype)
    function: Any = torch.compile(net) if compiled else net

    @torch.inference_mode()
    def run() -> torch.Tensor:
        return function(x.to(dtype) if x.is_floating_point() else x).float()

    return Runner(run, lambda: run().numpy())
