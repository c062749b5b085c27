"""Memory of training ResNet-50, batch 8, and of serving it: each contender in a process of its own."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from bench import memory
from bench.entries.resnet50 import ONE_IMAGE, TRAINING
from bench.entry import Context, Entry, Measured
from bench.peers import miai_sdk
from bench.prepare import prepared

_STEPS = 3
_RUNS = 20


def _train(start: Callable[[], Callable[[], float]]) -> Measured:
    """Peaks over what the process holds once the library is imported: of all, and after the first steps."""
    before = memory.resident()
    memory.reset_peak()
    step = start()
    losses = [step() for _ in range(_STEPS)]
    peak = memory.peak()
    memory.reset_peak()
    for _ in range(_STEPS):
        step()
    return Measured({"peak": peak - before, "steady peak": memory.peak() - before}, np.array(losses))


def _train_miai(context: Context, is_traced: bool, memory_limit: str | None = None) -> Measured:
    from bench.peers import miai_peer

    steps: list[Any] = []

    def start() -> Callable[[], float]:
        step, run = miai_peer.make_step(context, TRAINING, is_traced, memory_limit=memory_limit)
        steps.append(step)
        return lambda: run().item()

    measured = _train(start)
    if is_traced:
        measured.values["planned"] = steps[0].memory_report().peak_bytes
    return measured


def _train_pytorch(context: Context, channels_last: bool) -> Measured:
    from bench.peers import pytorch

    return _train(lambda: pytorch.make_step(context, TRAINING, channels_last)[1])


def _train_jax(context: Context) -> Measured:
    from bench.peers import jax_peer

    return _train(lambda: jax_peer.make_step(context, TRAINING, has_dropout=False))


def _serve(start: Callable[[], Callable[[], np.ndarray]]) -> Measured:
    """Memory of the whole process, at most and after some runs, and what came with library and network."""
    before = memory.resident()
    run = start()
    for _ in range(_RUNS):
        output = run()
    now = memory.resident()
    return Measured({"peak": memory.peak(), "resident": now, "growth": now - before}, np.array(output))


def _serve_sdk(context: Context) -> Measured:
    path, x = prepared(context, "model.miai"), ONE_IMAGE.input()

    def start() -> Callable[[], np.ndarray]:
        session = miai_sdk.Session(miai_sdk.load_library(), path, context.threads)

        def run() -> np.ndarray:
            session.set_input(x)
            session.run()
            return session.output()

        return run

    return _serve(start)


def _serve_program(context: Context) -> Measured:
    path = prepared(context, "model.miai")
    output, _ = miai_sdk.run_once(path, ONE_IMAGE.input(), context.threads)
    peak, text = miai_sdk.miai_run(
        "bench", str(path), "--threads", str(context.threads), "--runs", str(_RUNS)
    )
    resident = re.search(r"([\d.]+) MiB resident", text)
    assert resident is not None, text
    return Measured({"peak": peak, "resident": float(resident[1]) * 2**20}, output)


def _serve_with(module: str) -> Callable[[Context], Measured]:
    """The peer's adapter, imported where it counts."""

    def make(context: Context) -> Measured:
        from importlib import import_module

        ONE_IMAGE.input()
        if module != "pytorch":
            prepared(context, "model.onnx")

        def start() -> Callable[[], np.ndarray]:
            return import_module(f"bench.peers.{module}").infer(context, ONE_IMAGE).check

        return _serve(start)

    return make


TRAIN = Entry(
    "ResNet-50, memory of training, batch 8",
    {
        "miai": lambda context: _train_miai(context, is_traced=True),
        "miai, cheap recomputation": lambda context: _train_miai(
            context, is_traced=True, memory_limit="cheap"
        ),
        "miai eager": lambda context: _train_miai(context, is_traced=False),
        "PyTorch": lambda context: _train_pytorch(context, channels_last=False),
        "PyTorch channels_last": lambda context: _train_pytorch(context, channels_last=True),
        "JAX jit": _train_jax,
    },
    rounds=3,
    metric="peak",
    is_fresh=True,
    workload=TRAINING,
)

SERVE = Entry(
    "ResNet-50, memory of serving 1 image",
    {
        "miai SDK": _serve_sdk,
        "miai-run": _serve_program,
        "PyTorch": _serve_with("pytorch"),
        "ONNX Runtime": _serve_with("onnx_runtime"),
        "OpenVINO": _serve_with("open_vino"),
    },
    rounds=3,
    metric="peak",
    is_fresh=True,
    workload=ONE_IMAGE,
)
