"""The demo's network as an ONNX graph, made of PyTorch's state dict."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import helper, numpy_helper


class _Graph:
    def __init__(self, weights: dict[str, np.ndarray]) -> None:
        self.weights = weights
        self.nodes: list[onnx.NodeProto] = []
        self.tensors: list[onnx.TensorProto] = []

    def op(self, kind: str, *inputs: str, **attributes: object) -> str:
        output = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def weight(self, name: str) -> str:
        self.tensors.append(numpy_helper.from_array(self.weights[name], name))
        return name

    def conv_norm(self, x: str, conv: str, norm: str, stride: int, padding: int) -> str:
        pads, strides = [padding] * 4, [stride] * 2
        y = self.op("Conv", x, self.weight(f"{conv}.weight"), pads=pads, strides=strides)
        parts = ("weight", "bias", "running_mean", "running_var")
        return self.op("BatchNormalization", y, *(self.weight(f"{norm}.{part}") for part in parts))

    def block(self, x: str, name: str, stride: int) -> str:
        y = self.op("Relu", self.conv_norm(x, f"{name}.conv1", f"{name}.bn1", stride, 1))
        y = self.conv_norm(y, f"{name}.conv2", f"{name}.bn2", 1, 1)
        if f"{name}.shortcut.0.weight" in self.weights:
            x = self.conv_norm(x, f"{name}.shortcut.0", f"{name}.shortcut.1", stride, 0)
        return self.op("Relu", self.op("Add", y, x))


def residual_net(weights: dict[str, np.ndarray]) -> bytes:
    """A model with input "images" (n, 1, 28, 28) and one output of logits."""
    graph = _Graph(weights)
    x = graph.op("Relu", graph.conv_norm("images", "conv", "bn", 1, 1))
    for i in range(3):
        x = graph.block(x, f"blocks.{i}", 1 if i == 0 else 2)
    x = graph.op("Flatten", graph.op("GlobalAveragePool", x))
    x = graph.op("Gemm", x, graph.weight("fc.weight"), graph.weight("fc.bias"), transB=1)
    image = helper.make_tensor_value_info("images", onnx.TensorProto.FLOAT, ["n", 1, 28, 28])
    logits = helper.make_tensor_value_info(x, onnx.TensorProto.FLOAT, ["n", 10])
    made = helper.make_graph(graph.nodes, "residual_net", [image], [logits], graph.tensors)
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())
