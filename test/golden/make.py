"""Writes the golden files of this version: `python test/golden/make.py`, once a release, never again."""

import pathlib
import sys

import miai as mi
import numpy as np
from miai import functional as F  # noqa: N812
from miai import module as M  # noqa: N812
from miai import optimizer as O  # noqa: N812, E741


def images(count: int) -> mi.Tensor:
    wave = np.sin(np.arange(count * 36) * 0.7) + np.cos(np.arange(count * 36) * 0.013)
    return mi.tensor(wave.reshape(count, 1, 6, 6).astype("float32"))


def main() -> None:
    folder = pathlib.Path(__file__).parent / mi.__version__
    if folder.exists():
        sys.exit(f"{folder} exists: golden files are never written again")
    folder.mkdir()
    mi.random.seed(1)
    net = M.Sequential(
        M.Conv2d(1, 3, 3, padding=1), M.BatchNorm2d(3), M.ReLU(), M.MaxPool2d(2), M.Flatten(), M.Linear(27, 3)
    )
    optimizer = O.Adam(net.parameters(), lr=0.01)
    gm = mi.GradManager().attach(net.parameters())

    @mi.trace
    def train_step(x: mi.Tensor, y: mi.Tensor) -> mi.Tensor:
        with gm:
            loss = F.cross_entropy(net(x), y)
            gm.backward(loss)
        optimizer.step().clear_grad()
        return loss

    @mi.trace(dynamic={"x": 0})
    def predict(x: mi.Tensor) -> mi.Tensor:
        return F.softmax(net(x), axis=1)

    labels = mi.tensor(np.arange(4) % 3)
    for _ in range(3):
        train_step(images(4), labels)
    net.eval()
    predict(images(2))
    tolerance = {"atol": 1e-5, "rtol": 1e-4}  # processors round differently
    mi.jit.dump(folder / "predict.miai", {"predict": predict}, **tolerance)
    mi.jit.dump(folder / "train_step.miai", {"predict": predict, "train_step": train_step}, **tolerance)
    dtypes = ["float32", "float64", "float16", "bfloat16", "int8", "int16", "int32", "int64", "uint8", "bool"]
    checkpoint = {
        "net": net.state_dict(),
        "optimizer": optimizer.state_dict(),
        "dtypes": {d: mi.tensor([0, 1, 2, 3]).astype(d) for d in dtypes},
        "empty": mi.tensor(np.zeros((2, 0), "float32")),
        "scalar": mi.tensor(2.5),
        "array": np.arange(6).reshape(2, 3),
        "epoch": 3,
        "names": ["a", None, (1.5, True)],
    }
    mi.save(checkpoint, folder / "checkpoint.safetensors")


if __name__ == "__main__":
    main()
