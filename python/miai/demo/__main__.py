"""``python -m miai.demo``: train, trace, dump, and run the result in the C++ SDK."""

from __future__ import annotations

import argparse
import pathlib
import sys
import time

import numpy as np

from .. import random
from ..data import set_seed
from . import plots, sdk, training


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m miai.demo", description=__doc__)
    parser.add_argument(
        "--data",
        choices=("auto", "fashion", "digits"),
        default="auto",
        help="data set (default: fashion if installed)",
    )
    parser.add_argument(
        "--output", type=pathlib.Path, default=pathlib.Path("out"), help="folder for the model and pictures"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="a few steps, to see that all works")
    return parser.parse_args(arguments)


def run(options: argparse.Namespace) -> int:
    """The demonstration; exit status 0 if the accuracy is reached and the SDK agrees."""
    begin = time.perf_counter()
    options.output.mkdir(parents=True, exist_ok=True)
    random.seed(options.seed)
    set_seed(options.seed)
    task = training.find_task(options.data, options.quick)
    print(f"{task.name}: {len(task.train)} images to train on, {len(task.test)} to test", flush=True)
    trained = training.train(task)
    faster = trained.traced_rate / trained.eager_rate
    print(f"eager  {trained.eager_rate:8.0f} images/s")
    print(
        f"traced {trained.traced_rate:8.0f} images/s ({faster:.2f} times eager), "
        f"arena {_mib(trained):.1f} MiB"
    )
    accuracy, scores = training.evaluate(task, trained)
    print(f"test accuracy {accuracy:.2%} (goal {task.goal:.0%})", flush=True)
    agree = show_sdk(options.output, task, trained)
    for path in plots.save_pictures(options.output, task, trained.losses, scores):
        print(f"picture {path}")
    print(f"done in {time.perf_counter() - begin:.0f} s")
    return 0 if agree and accuracy >= task.goal else 1


def _mib(trained: training.Trained) -> float:
    return trained.step.memory_report().arena_bytes / 2**20


def show_sdk(folder: pathlib.Path, task: training.Task, trained: training.Trained) -> bool:
    """Dumps the classifier, verifies it and runs it in the SDK; whether the predictions are the trainer's."""
    model = folder / "classifier.miai"
    trained.predict.dump(model)
    print(f"model {model}, {model.stat().st_size / 2**20:.2f} MiB")
    print("miai-run verify:", sdk.miai_run("verify", str(model)))
    images, _ = training.to_tensors(next(iter(training.batches(task, task.test, training=False))))
    ours = trained.predict(images).numpy()
    theirs = sdk.predictions(model, images.numpy(), folder)
    same = bool(np.array_equal(ours, theirs))
    print(f"miai-run run: {len(theirs)} predictions, largest difference {np.abs(ours - theirs).max():g}: "
          + ("the same bits as the trainer's" if same else "NOT the trainer's"))  # fmt: skip
    return bool((ours.argmax(1) == theirs.argmax(1)).all())


def main(arguments: list[str] | None = None) -> int:
    """Entry point: 130 after Ctrl-C."""
    try:
        return run(parse(arguments))
    except KeyboardInterrupt:
        print("\ninterrupted: nothing half-written is left", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
