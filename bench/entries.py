"""The benchmarks: what is timed, against whom."""

from __future__ import annotations

from collections.abc import Callable

import miai as mi
import numpy as np
import torch
from miai import functional as F  # noqa: N812
from miai.demo.network import ResidualNet

from bench.harness import Contender, Result, compare
from bench.torch_net import ResidualNet as TorchNet

OURS = "miai"


def eager_add() -> Result:
    """A 1-element add: what an operator costs beyond its work."""
    a, b = mi.tensor([1.0]), mi.tensor([2.0])
    ta, tb = torch.tensor([1.0]), torch.tensor([2.0])
    na, nb = np.ones(1, "float32"), np.full(1, 2, "float32")
    return compare(
        "eager add, 1 element",
        [
            Contender(OURS, lambda: a + b, lambda: (a + b).numpy()),
            Contender("PyTorch", lambda: ta + tb, lambda: (ta + tb).numpy()),
            Contender("NumPy", lambda: na + nb, lambda: na + nb),
        ],
        rounds=31,
        inner=5000,
    )


def eager_add_backward() -> Result:
    """Forward and backward of (a + b).sum() with 1 element."""
    a, b = mi.tensor([1.0]), mi.tensor([2.0])
    ta, tb = torch.tensor([1.0], requires_grad=True), torch.tensor([2.0])
    gm = mi.GradManager().attach(a)

    def ours() -> np.ndarray:
        a.grad = None
        with gm:
            gm.backward(a + b)
        return a.grad.numpy()

    def theirs() -> np.ndarray:
        ta.grad = None
        (ta + tb).backward()
        return ta.grad.numpy()

    return compare(
        "eager add, forward and backward, 1 element",
        [Contender(OURS, ours, ours), Contender("PyTorch", theirs, theirs)],
        rounds=31,
        inner=1000,
    )


def _pair() -> tuple[ResidualNet, TorchNet]:
    torch.manual_seed(0)
    theirs = TorchNet()
    ours = ResidualNet()
    ours.load_state_dict({k: v.numpy().copy() for k, v in theirs.state_dict().items()})
    return ours, theirs


def _torch_step(net: TorchNet, images: np.ndarray, labels: np.ndarray) -> Callable[[], float]:
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
    x, y = torch.from_numpy(images), torch.from_numpy(labels)

    def step() -> float:
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(net(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def _our_step(net: ResidualNet, images: np.ndarray, labels: np.ndarray, traced: bool) -> Callable[[], float]:
    optimizer = mi.optimizer.SGD(net.parameters(), lr=0.01, momentum=0.9)
    gm = mi.GradManager().attach(net.parameters())
    x, y = mi.tensor(images), mi.tensor(labels)

    def step(x: mi.Tensor, y: mi.Tensor) -> mi.Tensor:
        with gm:
            loss = F.cross_entropy(net(x), y)
            gm.backward(loss)
        optimizer.step().clear_grad()
        return loss

    run = mi.trace(step) if traced else step
    return lambda: run(x, y).item()


def training_step() -> Result:
    """The demo's training step, batch 128 of 28 x 28, SGD with momentum."""
    rng = np.random.default_rng(0)
    images = rng.standard_normal((128, 1, 28, 28)).astype("float32")
    labels = rng.integers(0, 10, 128)
    ours, theirs = _pair()
    eager, _ = _pair()
    traced = _our_step(ours, images, labels, traced=True)
    stepped = _our_step(eager, images, labels, traced=False)
    peer = _torch_step(theirs, images, labels)
    return compare(
        "demo's training step, batch 128",
        [
            Contender(OURS, traced, lambda: np.array(traced())),
            Contender("miai eager", stepped, lambda: np.array(stepped())),
            Contender("PyTorch", peer, lambda: np.array(peer())),
        ],
        rounds=21,
    )


def _onnx_session(net: TorchNet) -> Callable[[np.ndarray], np.ndarray] | None:
    """The network in ONNX Runtime with PyTorch's number of threads; None where it is not installed."""
    try:
        import onnxruntime

        from bench.onnx_net import residual_net
    except ImportError:
        return None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    model = residual_net({name: value.numpy() for name, value in net.state_dict().items()})
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    return lambda image: session.run(None, {"images": image})[0]


def inference() -> Result:
    """The demo's classifier on one image."""
    ours, theirs = _pair()
    ours.eval()
    theirs.eval()
    image = np.random.default_rng(0).standard_normal((1, 1, 28, 28)).astype("float32")
    x, tx = mi.tensor(image), torch.from_numpy(image)
    predict = mi.trace(lambda x: ours(x))

    def peer() -> torch.Tensor:
        with torch.inference_mode():
            return theirs(tx)

    contenders = [
        Contender(OURS, lambda: predict(x), lambda: predict(x).numpy()),
        Contender("PyTorch", peer, lambda: peer().numpy()),
    ]
    session = _onnx_session(theirs)
    if session is not None:
        contenders.append(
            Contender("ONNX Runtime", lambda: session(image), lambda: session(image)),
        )
    return compare(
        "demo's classifier, 1 image",
        contenders,
        rounds=31,
        inner=50,
    )


ENTRIES: dict[str, Callable[[], Result]] = {
    "add": eager_add,
    "add_backward": eager_add_backward,
    "train": training_step,
    "infer": inference,
}
