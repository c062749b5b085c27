"""The benchmark suite: its harness with fake contenders, its command, and one small real entry."""

import json
import pathlib
import subprocess
import sys

import numpy as np
import pytest

ROOT = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from bench import harness, process, report, suite  # noqa: E402


class Fake:
    """A contender whose samples are known, and that notes when it is measured."""

    def __init__(self, name: str, output: float, seconds: list[float], calls: list[str]) -> None:
        self.name = name
        self._output, self._seconds, self._calls = output, iter(seconds), calls

    def check(self) -> np.ndarray:
        self._calls.append(f"check {self.name}")
        return np.array([self._output, 4.0])

    def measure(self) -> dict[str, float]:
        self._calls.append(self.name)
        return {"wall": next(self._seconds), "cpu": 1.0}


class Failing(Fake):
    def check(self) -> np.ndarray:
        raise RuntimeError("no compiler")


def compared(*contenders: Fake, rounds: int = 3) -> harness.Result:
    result = harness.Result("fake", "A fake", "wall", threads=1)
    return harness.compare(result, contenders, rounds=rounds, tolerance=1e-3, pause=0)


def test_contenders_take_turns_in_rotated_order() -> None:
    calls: list[str] = []
    compared(*(Fake(name, 1, [1, 1, 1], calls) for name in ("miai", "B", "C")))
    assert calls[:3] == ["check miai", "check B", "check C"]
    assert calls[3:] == ["miai", "B", "C", "B", "C", "miai", "C", "miai", "B"]


def test_ratios_are_taken_within_rounds() -> None:
    # The machine is slow in the second round: a ratio of medians would be 1.5.
    result = compared(Fake("miai", 1, [1, 10, 2], []), Fake("B", 1, [2, 30, 3], []))
    assert result.ratio("miai", "B") == (1.75, 2.0, 2.5)
    assert result.quartiles("B") == (2.5, 3.0, 16.5) and result.quartiles("B", "cpu")[1] == 1.0


@pytest.mark.parametrize("output", [1.01, float("nan"), float("inf")])
def test_a_contender_whose_output_differs_is_never_measured(output: float) -> None:
    calls: list[str] = []
    result = compared(
        Fake("miai", 1, [1] * 3, calls), Fake("B", output, [], calls), Fake("C", 1, [1] * 3, calls)
    )
    assert "B" not in calls and list(result.samples) == ["miai", "C"]
    assert result.differing == ["B"] and result.left_out["B"].startswith("differs from miai by ")


def test_outputs_within_the_tolerance_are_the_same() -> None:
    result = compared(Fake("miai", 1, [1] * 3, []), Fake("B", 1.003, [1] * 3, []))  # the largest value is 4
    assert not result.left_out
    assert harness.difference(np.zeros((2, 3)), np.zeros((3, 2))) == float("inf")


def test_a_contender_that_fails_is_left_out_with_its_reason() -> None:
    result = compared(Failing("miai", 0, [], []), Fake("B", 1, [1] * 3, []))
    assert result.left_out == {"miai": "no compiler"} and list(result.samples) == ["B"]
    assert not result.differing and result.is_bad  # one of ours failed
    assert not compared(Fake("miai", 1, [1] * 3, []), Failing("B", 0, [], [])).is_bad


def test_the_table_and_the_file_hold_the_same_numbers(tmp_path: pathlib.Path) -> None:
    result = compared(Fake("miai", 1, [0.001] * 3, []), Fake("B", 1, [0.003] * 3, []))
    text = report.format_result(result)
    assert "1.00 ms" in text and "3.00 [3.00, 3.00]" in text
    report.write_json(tmp_path / "out.json", [result], suite.parse(["suite", "add", "--quick"]))
    (row,) = json.loads((tmp_path / "out.json").read_text())["results"]
    assert row["ratios"]["miai"]["B"][1] == pytest.approx(3) and row["samples"]["B"]["wall"] == [0.003] * 3


def test_the_picture_is_drawn(tmp_path: pathlib.Path) -> None:
    pytest.importorskip("matplotlib")
    from bench.picture import draw_ratios

    draw_ratios([compared(Fake("miai", 1, [1] * 3, []), Fake("B", 1, [3] * 3, []))], tmp_path / "ratios.png")
    assert (tmp_path / "ratios.png").read_bytes().startswith(b"\x89PNG")


def miai(*arguments: str, folder: pathlib.Path) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "miai", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)


def test_outside_of_a_checkout(tmp_path: pathlib.Path) -> None:
    done = miai("bench", "suite", folder=tmp_path)
    assert done.returncode == 2 and not done.stdout
    assert "expected to run in a checkout of Miai's sources" in done.stderr and str(tmp_path) in done.stderr


def test_an_unknown_entry_is_refused() -> None:
    done = miai("bench", "suite", "nothing", folder=ROOT)
    assert done.returncode == 2 and "no entry nothing; there are: add," in done.stderr


@pytest.mark.parametrize("option, expected", [("--threads", "1 to "), ("--rounds", "at least 1")])
def test_a_number_that_cannot_be_is_refused(
    option: str, expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        suite.parse(["suite", "add", option, "0"])
    assert f"argument '{option}': expected {expected}" in capsys.readouterr().err


def test_one_real_entry(tmp_path: pathlib.Path) -> None:
    pytest.importorskip("torch")
    done = miai(
        "bench", "suite", "add", "--quick", "--threads", "1", "--json", f"{tmp_path}/a.json", folder=ROOT
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (row,) = json.loads((tmp_path / "a.json").read_text())["results"]
    assert set(row["samples"]) == {"miai eager", "PyTorch", "NumPy"} and not row["left_out"]
    assert all(len(values["wall"]) == 3 and min(values["wall"]) > 0 for values in row["samples"].values())
    assert "eager add, 1 element (1 thread)" in done.stdout


def reason(name: str, folder: pathlib.Path) -> str:
    """Why a process is left out."""
    contender = process.Staying("add", name, folder, 1)
    try:
        result = compared(Fake("miai", 1, [1] * 3, []), contender)
    finally:
        contender.close()
    return result.left_out[name]


def test_a_process_that_fails_is_left_out(tmp_path: pathlib.Path) -> None:
    assert reason("nobody", tmp_path) == "KeyError: 'nobody'"


def test_a_process_that_ends_is_left_out(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONHOME", "/nowhere")  # in which Python cannot start
    assert reason("NumPy", tmp_path).startswith("ended with status 1: ")


def test_indices_stay_integers_whatever_a_workload_computes_in() -> None:
    import miai as mi

    from bench.peers import miai_peer

    assert miai_peer.as_dtype(mi.tensor([1, 2]), "bfloat16").dtype == "int64"
    assert miai_peer.as_dtype(mi.tensor([1.0, 2.0]), "bfloat16").dtype == "bfloat16"
