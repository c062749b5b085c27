"""ONNX Runtime."""

from __future__ import annotations

import onnxruntime

from bench.entry import Context, Runner
from bench.prepare import prepared
from bench.workload import Workload


def make_session(context: Context) -> onnxruntime.InferenceSession:
    """A session of the exported network."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = context.threads
    options.inter_op_num_threads = 1
    path = prepared(context, "model.onnx")
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def infer(context: Context, workload: Workload) -> Runner:
    """Inference of the batch."""
    session, x = make_session(context), workload.input()

    def run() -> list:
        return session.run(None, {"x": x})

    return Runner(run, lambda: run()[0])
