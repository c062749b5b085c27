"""Whole programs: unguarded scripts, notebooks' way of running, Ctrl-C, a loader's process that is killed."""

from __future__ import annotations

import os
import random
import signal
import time

import pytest

DEFINITIONS = """
import dataclasses, functools, typing
import numpy as np
from miai.data import DataLoader, Dataset, SequentialSampler, get_worker_info

print("script runs", flush=True)
SCALE = 10

@dataclasses.dataclass
class Settings:
    shift: int
    extra: list = dataclasses.field(default_factory=list)

class Pair(typing.NamedTuple):
    value: int
    text: str

class Base(Dataset):
    def __init__(self):
        self.settings = Settings(1)

    def __getitem__(self, index):
        assert get_worker_info() is not None
        return Pair(self.scaled(index), str(index))

    def __len__(self):
        return 4

class Numbers(Base):
    "Numbers."

    __slots__ = ("_state",)

    def __init__(self):
        super().__init__()
        self._state = 2

    @functools.cached_property
    def state(self):
        return self._state

    @property
    def shift(self):
        return self.settings.shift

    @staticmethod
    def helper(value):
        return recursive(value) * SCALE

    def scaled(self, index):
        return self.helper(index) + self.shift + self.state

@functools.lru_cache(maxsize=8)
def recursive(value):
    return 0 if value == 0 else 1 + recursive(value - 1)

class Collate:
    function = lambda self, samples: [sample for sample in samples]

    def apply(self, samples):
        assert all(type(sample) is Pair for sample in samples)
        return self.function(samples)
"""

UNGUARDED = (
    DEFINITIONS
    + """
for batch in DataLoader(Numbers(), SequentialSampler(range(4), 2), collator=Collate(), num_workers=2):
    assert type(batch[0]) is Pair
    print([sample.value for sample in batch], flush=True)
"""
)


@pytest.mark.parametrize("how", ["file", "stdin", "command"])
def test_an_unguarded_script_or_notebook_that_defines_its_dataset_works_and_runs_once(script, how):
    if how == "file":
        status, out, err = script.run(UNGUARDED)
    elif how == "stdin":
        status, out, err = script.run("", "-", stdin=UNGUARDED)
    else:
        status, out, err = script.run("", "-c", UNGUARDED)
    assert (status, err) == (0, "")
    assert out.splitlines() == ["script runs", "[3, 13]", "[23, 33]"]
    assert not script.left()


def test_an_enumeration_in_a_script_is_an_error_that_says_what_to_do(script):
    status, _, err = script.run(
        "import enum\nfrom miai.data import DataLoader\nclass Kind(enum.Enum):\n    A = 1\n"
        "list(DataLoader([Kind.A], num_workers=1))\n"
    )
    assert status == 1
    assert "argument 'dataset': cannot be sent to worker processes: dataset[0]" in err
    assert "put it into a module" in err


def test_a_program_that_ends_in_the_middle_of_a_pass(script):
    code = DEFINITIONS + "run = iter(DataLoader(range(100), num_workers=2))\nprint(next(run))\n"
    status, out, err = script.run(code)
    assert (status, err) == (0, "")
    assert out.splitlines() == ["script runs", "[0]"]
    assert not script.left()


ENDLESS = """
import sys, threading, time
import numpy as np
from miai.data import DataLoader, Dataset, Infinite, RandomSampler

class Slow(Dataset):
    def __getitem__(self, index):
        time.sleep(0.02)
        return np.zeros(50_000), index

    def __len__(self):
        return 1000

data = Slow()
try:
    print("go", flush=True)
    while True:
        loader = DataLoader(data, RandomSampler(data, 4), num_workers=2, persistent_workers=PERSISTENT)
        for number, batch in enumerate(loader):
            print(number, flush=True)
except KeyboardInterrupt:
    print("interrupted", threading.active_count(), flush=True)
    loader = None
    sys.exit(130)
"""


def interrupt(script, delay, persistent, group):
    """Ctrl-C after `delay` seconds of a pass; how long the program then takes to end, with nothing left."""
    process = script.start(ENDLESS.replace("PERSISTENT", str(persistent)))
    assert process.stdout.readline() == "go\n"
    time.sleep(delay)
    sent = time.monotonic()
    if group:
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    else:
        process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    took = time.monotonic() - sent
    assert (process.returncode, err) == (130, "")
    assert out.splitlines()[-1] == "interrupted 1"
    assert not script.left()
    assert not [name for name in os.listdir("/dev/shm") if name.startswith("miai-")]
    return took


@pytest.mark.parametrize(
    ("delay", "persistent", "group"), [(0.0, False, True), (0.6, True, True), (0.9, False, False)]
)
def test_control_c_in_a_pass_ends_it_and_leaves_nothing(script, delay, persistent, group):
    interrupt(script, delay, persistent, group)


@pytest.mark.long
def test_control_c_fifty_times(script):
    rng = random.Random(0)
    for number in range(50):
        took = interrupt(script, rng.uniform(0, 1.2), number % 2 == 0, number % 3 > 0)
        assert took < 2


def test_a_loader_whose_process_is_killed_leaves_nothing(script):
    process = script.start(ENDLESS.replace("PERSISTENT", "False"))
    for expected in ("go", "0", "1"):
        assert process.stdout.readline().strip() == expected
    assert len(script.processes()) == 4
    process.kill()
    process.communicate(timeout=20)
    assert not script.left()
    assert not [name for name in os.listdir("/dev/shm") if name.startswith("miai-")]
