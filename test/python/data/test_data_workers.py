"""What happens when workers fail: who, where and why is said, and nothing stays behind."""

from __future__ import annotations

import errno
import gc
import os
import resource
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from miai.data import (
    DataLoader,
    Dataset,
    RandomSampler,
    SequentialSampler,
    StreamDataset,
    StreamSampler,
    WorkerError,
    _shared,
)
from miai.data.transform import Transform
from processes import children, wait_until

NAMED_WITHIN = 5.0  # seconds, as promised


class Failing(Dataset):
    """Calls `action` at sample 13."""

    def __init__(self, action, at=13):
        self.action, self.at = action, at

    def __getitem__(self, index):
        if index == self.at:
            self.action()
        return np.zeros(100), index

    def __len__(self):
        return 40


class CustomError(Exception):
    """An exception that does not unpickle."""

    def __init__(self, first, second):
        super().__init__(f"{first} {second}")


def loader_of(action, **more):
    return DataLoader(Failing(action), SequentialSampler(range(40), batch_size=5), num_workers=2, **more)


def kill(number):
    def action():
        os.kill(os.getpid(), number)
        time.sleep(60)

    return action


def raise_error(error):
    def action():
        raise error

    return action


@pytest.mark.parametrize(
    ("action", "status", "words"),
    [
        (
            kill(signal.SIGKILL),
            -9,
            r"was killed by signal 9 \(SIGKILL\) at sample 13 \(batch 2\).*lack of memory",
        ),
        (kill(signal.SIGTERM), -15, r"ended by signal 15 \(SIGTERM\) at sample 13 \(batch 2\)"),
        (lambda: os.abort(), -6, r"crashed by signal 6 \(SIGABRT\) at sample 13"),
        (lambda: os._exit(7), 7, r"ended with exit status 7 at sample 13"),
        (lambda: exit(3), 3, r"ended with exit status 3 at sample 13"),
    ],
)
def test_a_worker_that_dies_is_named(action, status, words):
    started = time.monotonic()
    with pytest.raises(WorkerError, match=rf"DataLoader: worker 0 of 2 \(process \d+\) .*{words}") as caught:
        list(loader_of(action))
    assert (caught.value.worker, caught.value.exit, caught.value.sample) == (0, status, 13)
    assert time.monotonic() - started < NAMED_WITHIN  # with the start of the workers
    assert caught.value.pid > 0
    assert not children()


def test_a_worker_killed_from_outside_while_idle():
    loader = DataLoader(range(1000), SequentialSampler(range(1000)), num_workers=2, persistent_workers=True)
    run = iter(loader)
    next(run)
    server = children()[0]
    with open(f"/proc/{server}/task/{server}/children") as file:
        victim = int(file.read().split()[1])
    killed = time.monotonic()
    os.kill(victim, signal.SIGKILL)
    with pytest.raises(WorkerError, match=rf"worker \d of 2 \(process {victim}\) was killed by signal 9"):
        list(run)
    assert time.monotonic() - killed < NAMED_WITHIN


def test_the_fork_server_killed_from_outside():
    run = iter(DataLoader(range(1000), SequentialSampler(range(1000)), num_workers=2))
    next(run)
    os.kill(children()[0], signal.SIGKILL)
    with pytest.raises((RuntimeError, WorkerError), match="DataLoader"):
        list(run)


def test_a_fork_server_that_does_not_start(monkeypatch, capfd):
    for program in ("/bin/false", "/nonexistent", ""):
        monkeypatch.setattr(sys, "executable", program)
        with pytest.raises((RuntimeError, OSError)):
            list(DataLoader(range(1000), num_workers=2))
    assert not children()


def test_a_stop_iteration_in_a_dataset_is_an_error_and_no_end():
    with pytest.raises(WorkerError, match="at sample 13 .*StopIteration"):
        list(loader_of(lambda: next(iter(()))))
    with pytest.raises(RuntimeError, match="StopIteration"):
        list(DataLoader(Failing(lambda: next(iter(())))))


def test_many_large_messages_under_way():
    data = [("x" * 50, index) for index in range(60_000)]
    loader = DataLoader(data, SequentialSampler(data, 1000), num_workers=1, prefetch=16)
    assert sum(len(names) for names, _ in loader) == 60_000


def test_an_exception_comes_with_the_sample_and_the_traceback_of_the_worker():
    with pytest.raises(WorkerError) as caught:
        list(loader_of(raise_error(KeyError("gone"))))
    text = str(caught.value)
    assert "raised at sample 13 (batch 2): KeyError: 'gone'" in text
    assert "in __getitem__" in text
    assert isinstance(caught.value.__cause__, KeyError)
    assert caught.value.sample == 13
    assert caught.value.exit is None


def test_batches_before_the_failing_one_are_given():
    run = iter(loader_of(raise_error(ValueError("bad"))))
    assert [next(run)[1].tolist() for _ in range(2)] == [list(range(5)), list(range(5, 10))]
    with pytest.raises(WorkerError):
        next(run)


def test_an_exception_that_does_not_pickle_is_told_as_text():
    def action():
        raise CustomError("a", "b")

    with pytest.raises(WorkerError, match="CustomError: a b") as caught:
        list(loader_of(action))
    assert caught.value.__cause__ is None


def test_a_failing_transform_names_the_sample_and_a_failing_collator_the_batch():
    class Bad(Transform):
        def apply(self, input):
            if input[1] == 13:
                raise ValueError("no good")
            return input

    class BadCollator:
        def apply(self, inputs):
            raise ValueError("no batch")

    with pytest.raises(WorkerError, match=r"raised at sample 13 \(batch 2\): ValueError: no good"):
        list(loader_of(lambda: None, transform=Bad()))
    with pytest.raises(WorkerError, match="after it had read the samples of batch 0: ValueError: no batch"):
        list(loader_of(lambda: None, collator=BadCollator()))


def test_a_failing_stream_names_the_batch():
    class Stream(StreamDataset):
        def __iter__(self):
            yield from range(5)
            raise OSError("line cut")

    with pytest.raises(WorkerError, match="in batch 2 of the stream: OSError: line cut"):
        list(DataLoader(Stream(), StreamSampler(2), num_workers=2))


def test_memory_that_runs_out_in_a_worker():
    def hoard():
        resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
        np.zeros(1 << 33)

    with pytest.raises(WorkerError, match="at sample 13 .*MemoryError") as caught:
        list(loader_of(hoard))
    assert isinstance(caught.value.__cause__, MemoryError)


def test_timeout_says_where_the_worker_is():
    with pytest.raises(TimeoutError, match=r"timeout=2 s; worker 0 of 2 .* at sample 13 \(batch 2\)"):
        list(loader_of(lambda: time.sleep(60), timeout=2))
    assert not children()


def test_a_dataset_that_cannot_be_unpickled_there():
    class Hostile(Dataset):
        def __reduce__(self):
            return exec, ("raise ImportError('not here')",)

        def __getitem__(self, index):
            return index

        def __len__(self):
            return 2

    with pytest.raises(WorkerError, match="while it was starting: ImportError: not here"):
        list(DataLoader(Hostile(), num_workers=1))


def test_what_cannot_be_pickled_is_named():
    data = Failing(lambda: None)
    data.inner = {"lock": [threading.Lock()]}
    with pytest.raises(TypeError, match=r"argument 'dataset': .* dataset\.inner\['lock'\]\[0\] is a lock"):
        list(DataLoader(data, num_workers=1))
    lock = threading.Lock()
    with pytest.raises(TypeError, match="argument 'collator'"):
        list(DataLoader([1], collator=lambda samples: lock, num_workers=1))


@pytest.mark.parametrize("end", ["del", "close", "error"])
def test_a_pass_left_early_leaves_no_process(end):
    loader = DataLoader(range(1000), RandomSampler(range(1000)), num_workers=2)
    run = iter(loader)
    next(run)
    assert children()
    if end == "del":
        del run
    elif end == "close":
        run.close()
    else:
        with pytest.raises(ZeroDivisionError):
            [1 / 0 for _ in run]
        del run
    gc.collect()
    assert not children()


def test_after_a_whole_pass_the_workers_are_gone_and_the_server_goes_with_the_loader():
    loader = DataLoader(range(4), num_workers=2)
    list(loader)
    (server,) = children()
    with open(f"/proc/{server}/task/{server}/children") as file:
        assert file.read() == ""
    del loader
    gc.collect()
    assert not children()


def test_persistent_workers_stay_until_closed():
    loader = DataLoader(range(4), num_workers=2, persistent_workers=True)

    def workers():
        (server,) = children()
        with open(f"/proc/{server}/task/{server}/children") as file:
            return file.read().split()

    list(loader)
    first = workers()
    list(loader)
    assert workers() == first
    assert len(first) == 2
    loader.close()
    assert not children()
    assert len(list(loader)) == 4
    loader.close()


def test_no_thread_is_made_and_threads_do_no_harm():
    stop, lock = threading.Event(), threading.Lock()

    def busy():
        while not stop.is_set():
            with lock:
                time.sleep(0.001)

    threads = [threading.Thread(target=busy) for _ in range(4)]
    for thread in threads:
        thread.start()
    count = threading.active_count()
    try:
        run = iter(DataLoader(range(100), num_workers=2))
        next(run)
        assert threading.active_count() == count
        assert len(list(run)) == 99
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_a_pass_in_another_thread():
    given = []
    thread = threading.Thread(target=lambda: given.extend(DataLoader(range(5), num_workers=2)))
    thread.start()
    thread.join()
    assert len(given) == 5


def test_a_forked_process_is_told_to_iterate_anew():
    loader = DataLoader(range(20), num_workers=1)
    run = iter(loader)
    next(run)
    answer, line = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            next(run)
        except RuntimeError as error:
            os.write(line, str(error).encode())
        run.close()
        del run
        os.write(line, str(len(list(loader))).encode())
        loader.close()
        os._exit(0)
    os.close(line)
    os.waitpid(pid, 0)
    said = os.read(answer, 4096).decode()
    os.close(answer)
    assert "of which this one is a fork" in said
    assert said.endswith("20")
    assert len(list(run)) == 19  # the fork did not take the workers with it


def test_small_shared_memory_is_reported(monkeypatch):
    def refuse(fd, offset, size):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", refuse)
    with pytest.raises(
        MemoryError, match=r"no shared memory for a batch of 100\.0 MiB: /dev/shm holds .*--shm-size"
    ):
        _shared.create(100 << 20)


SMALL = """
import numpy as np
from miai.data import ArrayDataset, DataLoader, SequentialSampler
data = ArrayDataset(np.zeros((8, 1 << 18)))
print(len(list(DataLoader(data, SequentialSampler(data, 2), num_workers=2))))
"""


@pytest.mark.parametrize(
    ("size", "how", "words"),
    [
        (1, "0", None),  # memory files do not care
        (1, "1", "no shared memory for the dataset of 16.0 MiB: /dev/shm holds 1.0 MiB"),
        (18, "1", "MemoryError: DataLoader: no shared memory for batch"),
    ],
)
def test_a_really_small_dev_shm(size, how, words):
    mount = f"mount -t tmpfs -o size={size}m tmpfs /dev/shm"
    if subprocess.run(["unshare", "-rm", "sh", "-c", mount], capture_output=True).returncode:
        pytest.skip("needs user namespaces")
    run = f'{mount} && exec "{sys.executable}" -c "$0"'
    paths = os.pathsep.join(entry for entry in sys.path if entry)
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", run, SMALL],
        env={**os.environ, "MIAI_DEV_SHM": how, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
    )
    if words is None:
        assert (done.returncode, done.stdout, done.stderr) == (0, "4\n", "")
    else:
        assert done.returncode == 1
        assert words in done.stderr


def test_the_fork_server_has_one_thread():
    run = iter(DataLoader(range(9), num_workers=1))
    next(run)
    (server,) = children()
    assert len(os.listdir(f"/proc/{server}/task")) == 1


def test_dev_shm_serves_where_memory_files_are_refused(monkeypatch):
    monkeypatch.setenv("MIAI_DEV_SHM", "1")
    loader = DataLoader(range(6), SequentialSampler(range(6), 3), num_workers=2)
    run = iter(loader)
    assert next(run).tolist() == [0, 1, 2]
    assert not [name for name in os.listdir("/dev/shm") if name.startswith("miai-")]
    assert next(run).tolist() == [3, 4, 5]


def test_descriptors_are_given_back():
    def count():
        return len(os.listdir("/proc/self/fd"))

    list(DataLoader(range(50), num_workers=2))
    gc.collect()
    before = count()
    for _ in range(3):
        loader = DataLoader(range(50), num_workers=2)
        list(loader)
        next(iter(loader))
        del loader
    gc.collect()
    assert wait_until(lambda: count() <= before)
