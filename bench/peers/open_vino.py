"""OpenVINO, told what to compute in: where the processor has bfloat16 it would silently take that."""

from __future__ import annotations

import numpy as np
import openvino

from bench.entry import Context, Runner
from bench.prepare import prepared
from bench.workload import Workload

_HINTS = {"float32": "f32", "bfloat16": "bf16"}


def compile_model(context: Context, workload: Workload) -> openvino.CompiledModel:
    """The exported network, compiled for latency."""
    core = openvino.Core()
    settings = {
        "INFERENCE_PRECISION_HINT": _HINTS[workload.dtype],
        "PERFORMANCE_HINT": "LATENCY",
        "NUM_STREAMS": "1",
        "INFERENCE_NUM_THREADS": str(context.threads),
    }
    return core.compile_model(core.read_model(prepared(context, "model.onnx")), "CPU", settings)


def infer(context: Context, workload: Workload) -> Runner:
    """Inference of the batch."""
    model = compile_model(context, workload)
    request = model.create_infer_request()
    request.set_tensor(model.input(0), openvino.Tensor(workload.input()))

    def check() -> np.ndarray:
        request.infer()
        return request.get_output_tensor(0).data.copy()

    return Runner(request.infer, check)
