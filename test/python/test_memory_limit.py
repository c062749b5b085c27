"""Steps under a limit of memory: the same bits, in less of it; and the report of what a plan needs."""

import gc
import re

import miai as mi
import miai.functional as F  # noqa: N812
import numpy as np
import pytest
from miai import module as M  # noqa: N812
from miai import optimizer as O  # noqa: N812, E741
from miai.sizes import format_bytes, parse_bytes
from residual_block import Block

SIDE = 16


class Run:
    """A network, its optimizer and the traced step."""

    def __init__(self, optimizer="SGD", blocks=4, channels=8, **options):
        mi.random.seed(3)
        layers = [M.Conv2d(3, channels, 3, padding=1), *(Block(channels) for _ in range(blocks))]
        self.net = M.Sequential(*layers, M.MaxPool2d(2), M.Flatten(), M.Linear(channels * SIDE**2 // 4, 10))
        parameters = list(self.net.parameters())
        self.optimizer = (
            O.SGD(parameters, lr=0.05, momentum=0.9) if optimizer == "SGD" else O.Adam(parameters, lr=1e-2)
        )
        self.gm = mi.GradManager().attach(parameters)

        def step(x, y=None):
            noise = mi.random.normal(0, 0.1, x.shape)
            with self.gm:
                scores = self.net(x + noise)
                loss = (scores * scores).mean() if y is None else F.cross_entropy(scores, y)
                self.gm.backward(loss)
            self.optimizer.step().clear_grad()
            return loss

        self.step = mi.trace(step, **options)

    def results(self, steps=3, size=4):
        losses = [self.step(*batch(i, size)).numpy().tobytes() for i in range(steps)]
        state = [t.tobytes() for t in self.net.state_dict().values()]
        return losses, state, np.asarray(mi.random.get_rng_state()).tobytes()


def batch(i, size=4):
    rng = np.random.default_rng(i)
    images = rng.normal(size=(size, 3, SIDE, SIDE)).astype("float32")
    return mi.tensor(images), mi.tensor(rng.integers(10, size=size))


def smallest_limit(**options):
    with pytest.raises(ValueError, match=r"memory_limit: .* are too few for 'step'") as refused:
        Run(memory_limit=1, **options).step(*batch(0))
    return int(re.search(r"the smallest limit possible is .*?\((\d+) bytes\)", str(refused.value))[1])


@pytest.mark.parametrize("opt_level", [0, 1, 2])
@pytest.mark.parametrize("optimizer", ["SGD", "Adam"])
def test_a_limit_changes_no_bit(optimizer, opt_level):
    options = {"optimizer": optimizer, "opt_level": opt_level}
    plain = Run(**options)
    expected = plain.results()
    most, least = plain.step.memory_report().peak_bytes, smallest_limit(**options)
    assert least < 0.75 * most
    for limit in (least, (least + most) // 2, most):
        run = Run(memory_limit=limit, **options)
        assert run.results() == expected
        report = run.step.memory_report()
        assert report.peak_bytes <= limit == report.limit_bytes
        assert bool(report.repeated) == (limit < most)


@pytest.mark.parametrize("opt_level", [0, 2])
def test_cheap_recomputation_changes_no_bit_and_repeats_no_product(opt_level):
    plain = Run(opt_level=opt_level)
    expected = plain.results(size=32)
    run = Run(opt_level=opt_level, memory_limit="cheap")
    assert run.results(size=32) == expected
    report = run.step.memory_report()
    assert report.peak_bytes < 0.8 * plain.step.memory_report().peak_bytes
    assert report.added_time <= 0.05
    assert report.limit_bytes == 0
    assert "batch_norm_apply" in {r.op for r in report.repeated}
    assert not {r.op for r in report.repeated} & {"batch_norm", "conv2d", "linear", "matmul"}


def test_a_limit_is_bytes_or_cheap():
    with pytest.raises(ValueError, match="'memory_limit': expected a positive number of bytes, such as"):
        mi.trace(lambda x: x, memory_limit="cheaply")


def test_the_first_call_is_refused_and_leaves_what_was():
    run = Run(memory_limit="10KiB")
    state = [t.tobytes() for t in run.net.state_dict().values()]
    for _ in range(2):
        with pytest.raises(ValueError, match="smallest limit possible"):
            run.step(*batch(0))
    assert [t.tobytes() for t in run.net.state_dict().values()] == state


def test_the_recording_call_keeps_to_the_limit_where_it_can():
    def record(**options):
        gc.collect()
        run = Run(blocks=12, **options)
        mi.device.reset_max_memory_stats()
        loss = run.step(*batch(0, 16)).numpy().tobytes()
        return mi.device.get_max_allocated_memory(), loss, run.results(2, 16)

    peak, *expected = record()
    limit = mi.device.get_allocated_memory() + (peak - mi.device.get_allocated_memory()) // 2
    limited_peak, *got = record(memory_limit=limit)
    assert limited_peak <= limit
    assert got == expected
    assert not mi.dtr.is_enabled()


def test_recorded_on_a_small_batch_and_run_on_a_large_one():
    def losses(run):
        return [run.step(batch(i, size)[0]).numpy().tobytes() for i, size in enumerate((2, 24, 24))]

    plain = Run(dynamic={"x": 0})
    expected = losses(plain)
    limit = int(0.6 * plain.step.memory_report().peak_bytes)
    run = Run(dynamic={"x": 0}, memory_limit=limit)
    assert losses(run) == expected
    report = run.step.memory_report()
    assert run.step.program_count == 1
    assert report.repeated and report.peak_bytes <= limit
    assert report.real_peak_bytes == pytest.approx(report.peak_bytes, rel=0.02)


def test_methods_have_the_limit_of_their_decorator():
    class Model:
        @mi.trace(memory_limit=1)
        def double(self, x):
            return x + x

    with pytest.raises(ValueError, match="smallest limit possible"):
        Model().double(F.full((1000,), 1.0))


def test_a_function_of_python_runs_once():
    calls = []

    def doubled(x):
        calls.append(1)
        return x * 2

    op = mi.register_operator("test_memory_doubled", infer=lambda x: [x], forward=doubled)

    @mi.trace(opt_level=0, memory_limit="40KiB")
    def f(x):
        saved = [op(x)]
        for _ in range(8):
            saved.append(F.exp(saved[-1] * 0.5))
        total = saved[-1]
        for value in reversed(saved):
            total = total + value
        return total

    x = mi.tensor(np.linspace(-1, 1, 1024, dtype="float32"))
    eager = f(x).numpy()
    calls.clear()
    assert np.array_equal(f(x).numpy(), eager)
    assert len(calls) == 1
    assert {r.op for r in f.memory_report().repeated} & {"exp", "mul", "pointwise"}


def test_deep_residual_network_in_a_twentieth_of_its_activations():
    rng = np.random.default_rng(0)
    weights = [mi.tensor(rng.normal(scale=0.05, size=(8, 8)).astype("float32")) for _ in range(1000)]
    x = mi.tensor(rng.normal(size=(512, 8)).astype("float32"))

    def make(limit):
        gm = mi.GradManager().attach(weights)

        @mi.trace(memory_limit=limit)
        def step(x):
            with gm:
                h = x
                for w in weights:
                    h = h + F.tanh(F.matmul(h, w))
                gm.backward((h * h).mean())
            norm = sum((w.grad * w.grad).sum() for w in weights)
            for w in weights:
                w.grad = None
            return norm

        return step

    plain = make(None)
    expected = [plain(x).numpy().tobytes() for _ in range(2)]
    report = plain.memory_report()
    assert report.arena_bytes > 1000 * 2 * 16384  # at least two values a layer
    limit = report.peak_bytes - report.arena_bytes + report.arena_bytes // 20
    small = make(limit)
    assert [small(x).numpy().tobytes() for _ in range(2)] == expected
    report = small.memory_report()
    assert report.peak_bytes <= limit
    assert 0 < report.added_time <= 0.5


def test_report_in_words_and_pictures(tmp_path):
    run = Run()
    run.step(*batch(0))
    report = run.step.memory_report()
    assert report.real_peak_bytes is None  # the recording call runs eagerly
    run.step(*batch(0))
    report = run.step.memory_report()
    assert report.real_peak_bytes == pytest.approx(report.peak_bytes, rel=0.02)
    assert report.added_time == 0 and not report.repeated
    limited = Run(memory_limit=int(0.8 * report.peak_bytes))
    limited.step(*batch(0))
    report = limited.step.memory_report()
    text = str(report)
    assert "run again" in text and "limit" in text and len(text.splitlines()) > 10
    assert "again by" in limited.step.explain()
    assert len(repr(report)) < 1000
    _check_blocks(report)
    report.to_html(tmp_path / "arena.html")
    page = (tmp_path / "arena.html").read_text()
    assert page.count("<rect ") == sum(b.bytes > 0 for b in report.blocks)
    assert "conv2d" in page and "computed again" in page and "http" not in page
    pytest.importorskip("matplotlib")
    report.plot(tmp_path / "arena.png")
    assert (tmp_path / "arena.png").read_bytes().startswith(b"\x89PNG")


def _check_blocks(report):
    """No two blocks that live together share a byte; together they are what the report says."""
    assert max(b.offset + b.bytes for b in report.blocks) <= report.arena_bytes
    live = {}
    for block in report.blocks:
        for at in range(block.first, block.last + 1):
            live.setdefault(at, []).append((block.offset, block.offset + block.bytes))
    for places in live.values():
        places.sort()
        assert all(a[1] <= b[0] for a, b in zip(places, places[1:], strict=False))


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("1", 1),
        ("512B", 512),
        ("1KiB", 1024),
        ("2 kb", 2000),
        ("1.5GiB", 3 << 29),
        (7, 7),
        ("4GB", 4 * 10**9),
    ],
)
def test_sizes(text, count):
    assert parse_bytes(text, "f", "limit") == count


def test_sizes_as_text():
    assert [format_bytes(n) for n in (0, 1023, 1024, 3 << 29)] == [
        "0 bytes",
        "1023 bytes",
        "1.00 KiB",
        "1.50 GiB",
    ]


def test_the_limit_of_a_device_in_words():
    mi.device.set_memory_limit("1MiB")
    try:
        with pytest.raises(MemoryError, match="limit 1.0 MiB"):
            F.full((1 << 20,), 1.0)
    finally:
        mi.device.set_memory_limit(0)
    with pytest.raises(ValueError, match="set_memory_limit: argument 'bytes'"):
        mi.device.set_memory_limit("much")
