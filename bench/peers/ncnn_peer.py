"""ncnn, of what pnnx converts, in float32."""

from __future__ import annotations

import ncnn
import numpy as np

from bench.entry import Context, Runner
from bench.prepare import prepared
from bench.workload import Workload


def infer(context: Context, workload: Workload) -> Runner:
    """Inference of a batch of one."""
    net, path, x = ncnn.Net(), prepared(context, "model.ncnn.param"), workload.input()[0]
    net.opt.num_threads = context.threads
    for name in ("fp16_packed", "fp16_storage", "fp16_arithmetic", "bf16_storage"):
        setattr(net.opt, f"use_{name}", False)
    net.load_param(str(path))
    net.load_model(str(path.with_suffix(".bin")))

    def run() -> ncnn.Mat:
        with net.create_extractor() as extractor:
            extractor.input("in0", ncnn.Mat(x).clone())
            return extractor.extract("out0")[1]

    return Runner(run, lambda: np.array(run()).reshape(1, -1))
