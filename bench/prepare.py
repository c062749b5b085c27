"""Files that contenders share: ``python -m bench.prepare FILE ENTRY FOLDER`` makes one of `FILES`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np

from bench.entry import Context
from bench.process import run_module
from bench.workload import Workload


def prepared(context: Context, name: str) -> Path:
    """Path of a file of the entry's folder, made by a process of its own when it is first asked for. Raises
    ContenderFailed where it cannot be made."""
    path = context.folder / context.entry / name
    if not path.exists():
        run_module("bench.prepare", name, context.entry, str(context.folder))
    return path


def load_weights(context: Context) -> dict[str, np.ndarray]:
    """The network's weights by PyTorch's names."""
    with np.load(prepared(context, "weights.npz")) as file:
        return dict(file)


def _write_weights(workload: Workload, path: Path, context: Context) -> None:
    """Random weights from our initial values; running statistics are drawn, so that they matter."""
    import miai as mi

    from bench.networks import miai_networks

    mi.random.seed(0)
    net, _ = miai_networks.NETWORKS[workload.network]()
    rng = np.random.default_rng(0)
    state = {name: np.array(value) for name, value in net.state_dict().items()}
    for name, value in state.items():
        if name.endswith("running_mean"):
            state[name] = rng.uniform(-0.2, 0.2, value.shape).astype("float32")
        elif name.endswith("running_var"):
            state[name] = rng.uniform(0.8, 1.6, value.shape).astype("float32")
    np.savez(path, **state)


def _write_onnx(workload: Workload, path: Path, context: Context) -> None:
    """The network as PyTorch exports it, for the batch of the workload."""
    import torch

    from bench.peers import pytorch

    net = pytorch.load_network(context, workload).eval()
    torch.backends.mha.set_fastpath_enabled(False)  # its fused layer has no ONNX operator
    inputs = (torch.from_numpy(workload.input()),)
    is_recurrent = any(isinstance(module, torch.nn.RNNBase) for module in net.modules())
    torch.onnx.export(
        net,
        inputs,
        path,
        input_names=["x"],
        output_names=["y"],
        dynamo=not is_recurrent,  # the newer exporter unrolls a GRU
        **({"opset_version": 17} if is_recurrent else {"external_data": False}),
    )


def _write_ncnn(workload: Workload, path: Path, context: Context) -> None:
    """The network as pnnx converts it from PyTorch's: FILE.ncnn.param, with FILE.ncnn.bin beside it."""
    import pnnx
    import torch

    from bench.peers import pytorch

    net = pytorch.load_network(context, workload).eval()
    os.chdir(path.parent)
    pnnx.export(net, "model.pt", torch.from_numpy(workload.input()), fp16=False)


def _write_miai(workload: Workload, path: Path, context: Context) -> None:
    """The traced network in our own format."""
    from bench.peers import miai_peer

    predict, x = miai_peer.traced(context, workload)
    predict(x)
    predict.dump(path, name="predict", test_vectors=False)


FILES = {
    "weights.npz": _write_weights,
    "model.onnx": _write_onnx,
    "model.ncnn.param": _write_ncnn,
    "model.miai": _write_miai,
}


def main(name: str, entry: str, folder: str) -> None:
    """Makes the file under its name."""
    from bench.entries import ENTRIES

    workload = ENTRIES[entry].workload
    assert workload is not None, f"the entry {entry} has no network"
    path = Path(folder) / entry / name
    path.parent.mkdir(parents=True, exist_ok=True)
    FILES[name](workload, path, Context(entry, Path(folder), os.cpu_count() or 1))


if __name__ == "__main__":
    main(*sys.argv[1:])
