"""One adapter a library: functions that make its contenders. Only a contender's own process imports one."""

from __future__ import annotations

from importlib.util import find_spec

# What must be installed for a contender; networks reach ONNX Runtime, OpenVINO and ncnn by way of PyTorch.
PACKAGES: dict[str, tuple[str, ...]] = {
    "PyTorch": ("torch",),
    "PyTorch channels_last": ("torch",),
    "torch.compile": ("torch",),
    "JAX jit": ("jax",),
    "ONNX Runtime": ("onnxruntime", "torch", "onnxscript"),
    "OpenVINO": ("openvino", "torch", "onnxscript"),
    "ncnn": ("ncnn", "torch", "pnnx"),
}


def missing_packages(contender: str) -> list[str]:
    """What is not installed of what a contender needs.

    >>> missing_packages("NumPy")
    []
    """
    return [name for name in PACKAGES.get(contender, ()) if find_spec(name) is None]
