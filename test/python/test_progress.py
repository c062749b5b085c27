"""Progress bars: by tqdm and without it, and a Ctrl-C while one is made."""

import sys
import threading

import pytest
from miai.data import progress


def test_with_tqdm(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("tqdm")
    assert list(progress(range(3), "adding")) == [0, 1, 2]
    shown = capsys.readouterr().err
    assert "adding" in shown and "3/3" in shown


def test_without_tqdm(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    assert list(progress(range(3), "adding")) == [0, 1, 2]
    assert "adding: 3/3 (100 %)" in capsys.readouterr().err


def test_an_interrupt_while_the_bar_is_made_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    tqdm = pytest.importorskip("tqdm.auto").tqdm
    unraisable: list[object] = []

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sys, "unraisablehook", unraisable.append)
    monkeypatch.setattr(tqdm, "__init__", interrupted)
    with pytest.raises(KeyboardInterrupt):
        progress(range(3))
    assert not unraisable


def test_bars_start_one_thread_at_most() -> None:
    pytest.importorskip("tqdm")
    before = threading.active_count()
    for _ in range(4):
        assert sum(progress(range(3))) == 3
    assert threading.active_count() <= before + 1  # tqdm's monitor
