"""OpenVINO, told to compute in float32: where the processor has bfloat16 it would silently take that."""

from __future__ import annotations

import numpy as np
import openvino

from bench.entry import Context, Runner
from bench.prepare import prepared
from bench.workload import Workload


def compile_model(context: Context) -> openvino.CompiledModel:
    """The exported network, compiled for latency."""
    core = openvino.Core()
    settings = {
        "INFERENCE_PRECISION_HINT": "f32",
        "PERFORMANCE_HINT": "LATENCY",
        "NUM_STREAMS": "1",
        "INFERENCE_NUM_THREADS": str(context.threads),
    }
    return core.compile_model(core.read_model(prepared(context, "model.onnx")), "CPU", settings)


def infer(context: Context, workload: Workload) -> Runner:
    """Inference of the batch."""
    model = compile_model(context)
    request = model.create_infer_request()
    request.set_tensor(model.input(0), openvino.Tensor(workload.input()))

    def check() -> np.ndarray:
        request.infer()
        return request.get_output_tensor(0).data.copy()

    return Runner(request.infer, check)
