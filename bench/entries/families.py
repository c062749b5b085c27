"""Contenders of the common kinds of entries."""

from __future__ import annotations

from bench.entry import Maker, from_peer
from bench.workload import Workload


def training(workload: Workload) -> dict[str, Maker]:
    """Contenders that train."""
    makers = {
        "miai": from_peer("miai_peer", "train", workload, is_traced=True),
        "miai eager": from_peer("miai_peer", "train", workload, is_traced=False),
        "PyTorch": from_peer("pytorch", "train", workload),
        "PyTorch channels_last": from_peer("pytorch", "train", workload, channels_last=True),
        "torch.compile": from_peer("pytorch", "train", workload, compiled=True),
        "JAX jit": from_peer("jax_peer", "train", workload),
    }
    if not workload.is_image:
        del makers["PyTorch channels_last"]
    return makers


def inference(workload: Workload) -> dict[str, Maker]:
    """Contenders that run a batch."""
    makers = {
        "miai": from_peer("miai_peer", "infer", workload),
        "PyTorch": from_peer("pytorch", "infer", workload),
        "PyTorch channels_last": from_peer("pytorch", "infer", workload, channels_last=True),
        "torch.compile": from_peer("pytorch", "infer", workload, compiled=True),
        "JAX jit": from_peer("jax_peer", "infer", workload),
        "ONNX Runtime": from_peer("onnx_runtime", "infer", workload),
        "OpenVINO": from_peer("open_vino", "infer", workload),
        "ncnn": from_peer("ncnn_peer", "infer", workload),
    }
    if not workload.is_image:  # pnnx converts neither the encoder nor the GRU
        del makers["PyTorch channels_last"], makers["ncnn"]
    return makers
