"""The demo's pictures: sample images with predictions, and the loss curve."""

from __future__ import annotations

import pathlib
from typing import Any

import numpy as np


def save_pictures(
    folder: pathlib.Path, task: Any, losses: list[float], scores: np.ndarray
) -> list[pathlib.Path]:
    """Writes predictions.png and loss.png; gives their paths. Raises ImportError naming matplotlib if it is
    missing."""
    try:
        import matplotlib
    except ImportError as missing:
        raise ImportError("the demo's pictures need matplotlib: pip install matplotlib") from missing
    matplotlib.use("Agg")
    from matplotlib import pyplot

    paths = [folder / "predictions.png", folder / "loss.png"]
    _draw_predictions(pyplot, task, scores).savefig(paths[0], dpi=100)
    _draw_losses(pyplot, task, losses).savefig(paths[1], dpi=100)
    pyplot.close("all")
    return paths


def _draw_predictions(pyplot: Any, task: Any, scores: np.ndarray) -> Any:
    figure, axes = pyplot.subplots(3, 6, figsize=(9, 5.4))
    for i, axis in enumerate(axes.flat):
        image, label = task.test[i]
        guess = int(scores[i].argmax())
        axis.imshow(np.asarray(image).squeeze(), cmap="gray_r")
        axis.set_title(
            f"{task.classes[guess]} {scores[i, guess]:.0%}",
            fontsize=8,
            color="green" if guess == label else "red",
        )
        axis.axis("off")
    figure.suptitle(f"{task.name}: predictions (red: wrong)")
    figure.tight_layout()
    return figure


def _draw_losses(pyplot: Any, task: Any, losses: list[float]) -> Any:
    figure, axis = pyplot.subplots(figsize=(7, 4))
    axis.plot(losses, linewidth=0.6, alpha=0.5, label="each step")
    width = max(1, len(losses) // 50)
    smooth = np.convolve(losses, np.ones(width) / width, mode="valid")
    axis.plot(np.arange(len(smooth)) + width - 1, smooth, label=f"mean of {width} steps")
    axis.axvline(task.eager_steps, color="gray", linestyle=":", label="from here on traced")
    axis.set(xlabel="step", ylabel="loss", title=f"{task.name}: training loss")
    axis.legend()
    figure.tight_layout()
    return figure
