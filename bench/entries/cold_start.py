"""From the start of a process to the first features of an image by ResNet-50: interpreter, import, loading,
first inference."""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib import import_module

import numpy as np

from bench.entries.resnet50 import ONE_IMAGE
from bench.entry import Context, Entry, Measured
from bench.prepare import prepared

Loaded = Callable[[], np.ndarray]  # the first inference


def _start(context: Context, load: Callable[[], Callable[[], Loaded]]) -> Measured:
    """`load` imports the library and gives what loads the network."""
    begin = time.perf_counter()
    make = load()
    imported = time.perf_counter()
    first = make()
    loaded = time.perf_counter()
    output = first()
    end = time.perf_counter()
    values = {
        "wall": end - context.begin,
        "import": imported - begin,
        "load": loaded - imported,
        "first": end - loaded,
        "cpu": time.process_time(),
    }
    return Measured(values, np.array(output))


def _miai(context: Context) -> Measured:
    prepared(context, "weights.npz")

    def load() -> Callable[[], Loaded]:
        from bench.peers import miai_peer

        def make() -> Loaded:
            predict, x = miai_peer.traced(context, ONE_IMAGE)
            return lambda: predict(x).numpy()

        return make

    return _start(context, load)


def _sdk(context: Context) -> Measured:
    path = prepared(context, "model.miai")

    def load() -> Callable[[], Loaded]:
        from bench.peers import miai_sdk

        library = miai_sdk.load_library()

        def make() -> Loaded:
            session = miai_sdk.Session(library, path, context.threads)

            def first() -> np.ndarray:
                session.set_input(ONE_IMAGE.input())
                session.run()
                return session.output()

            return first

        return make

    return _start(context, load)


def _program(context: Context) -> Measured:
    from bench.peers import miai_sdk

    output, seconds = miai_sdk.run_once(prepared(context, "model.miai"), ONE_IMAGE.input(), context.threads)
    return Measured({"wall": seconds}, output)


def _peer(module: str, file: str) -> Callable[[Context], Measured]:
    """By the peer's adapter: its `infer` loads, its `check` is the first inference."""

    def make(context: Context) -> Measured:
        prepared(context, file)

        def load() -> Callable[[], Loaded]:
            peer = import_module(f"bench.peers.{module}")
            return lambda: peer.infer(context, ONE_IMAGE).check

        return _start(context, load)

    return make


ENTRY = Entry(
    "ResNet-50, cold start to the first image",
    {
        "miai SDK": _sdk,
        "miai-run": _program,
        "miai": _miai,
        "PyTorch": _peer("pytorch", "weights.npz"),
        "ONNX Runtime": _peer("onnx_runtime", "model.onnx"),
        "OpenVINO": _peer("open_vino", "model.onnx"),
        "JAX jit": _peer("jax_peer", "weights.npz"),
    },
    rounds=7,
    is_fresh=True,
    workload=ONE_IMAGE,
)
