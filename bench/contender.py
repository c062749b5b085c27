"""The process of one contender: makes it, sends what is compared, and measures when asked.

``python -m bench.contender ENTRY CONTENDER FOLDER THREADS PIPE BEGIN``
"""

from __future__ import annotations

import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path

from bench import threads
from bench.entries import ENTRIES
from bench.entry import Context, Runner

TURN = 0.1  # seconds that a turn of short runs lasts at least


def serve(pipe: Connection, runner: Runner) -> None:
    """Warms up, sends what is compared, and answers until the other end is closed: between answers it rests,
    so that it disturbs no other contender."""
    output = runner.check()
    runner.run()
    inner = repetitions(runner)
    pipe.send(("done", output))
    while True:
        try:
            pipe.recv()
        except EOFError:
            return
        pipe.send(("done", measure(runner, inner)))


def repetitions(runner: Runner) -> int:
    """How many runs fill a turn."""
    inner = 1
    while True:
        seconds = measure(runner, inner)["wall"] * inner
        if seconds >= TURN:
            return inner
        inner = max(inner + 1, min(10 * inner, int(1.2 * TURN / max(seconds, 1e-9) * inner)))


def measure(runner: Runner, inner: int) -> dict[str, float]:
    """Seconds of a run: of the clock, and of the CPU in all threads. A run before fills the caches, which
    another contender had last."""
    runner.run()
    cpu, begin = time.process_time(), time.perf_counter()
    for _ in range(inner):
        runner.run()
    wall = time.perf_counter() - begin
    return {"wall": wall / inner, "cpu": (time.process_time() - cpu) / inner}


def main(entry: str, name: str, folder: str, count: str, descriptor: str, begin: str) -> None:
    """Makes the contender and serves it; a failure is sent as its reason."""
    pipe = Connection(int(descriptor))
    try:
        threads.use_cores(int(count))
        context = Context(entry, Path(folder), int(count), float(begin))
        made = ENTRIES[entry].contenders[name](context)
        if isinstance(made, Runner):
            serve(pipe, made)
        else:
            pipe.send(("done", made))
    except BrokenPipeError:
        pass  # the suite was stopped
    except Exception as error:
        text = str(error).strip() or type(error).__name__
        pipe.send(("failed", f"{type(error).__name__}: {text.splitlines()[0][:300]}"))
        raise


if __name__ == "__main__":
    main(*sys.argv[1:])
