"""Learning rate schedules."""

from __future__ import annotations

import miai as mi
import pytest
from miai.optimizer import SGD, CosineLR, LRScheduler, MultiStepLR, WarmupLR


def _optimizer(*rates: float) -> SGD:
    return SGD([{"params": [mi.Parameter([1.0])], "lr": rate} for rate in rates], lr=1.0)


def _rates(opt: SGD, schedule: LRScheduler, epochs: int) -> list[float]:
    seen = []
    for _ in range(epochs):
        seen.append(opt.param_groups[0]["lr"])
        schedule.step()
    return seen


def test_multi_step_sets_all_groups_and_cells():
    opt = _optimizer(1.0, 2.0)
    schedule = MultiStepLR(opt, [2, 4, 4], gamma=0.1)
    assert _rates(opt, schedule, 5) == pytest.approx([1, 1, 0.1, 0.1, 0.001])
    assert opt.param_groups[1]["lr"] == pytest.approx(0.002)
    assert opt.param_groups[1].cell("lr").item() == opt.param_groups[1]["lr"]


def test_schedules_are_torchs():
    torch = pytest.importorskip("torch")
    schedulers = torch.optim.lr_scheduler
    for mine, theirs in (
        (lambda o: MultiStepLR(o, [3, 6], gamma=0.5), lambda o: schedulers.MultiStepLR(o, [3, 6], gamma=0.5)),
        (lambda o: CosineLR(o, 10, 0.01), lambda o: schedulers.CosineAnnealingLR(o, 10, 0.01)),
        (lambda o: WarmupLR(o, 4, 0.25), lambda o: schedulers.LinearLR(o, 0.25, total_iters=4)),
    ):
        opt, torch_opt = _optimizer(0.5), torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.5)
        schedule, torch_schedule = mine(opt), theirs(torch_opt)
        for _ in range(10):
            assert opt.param_groups[0]["lr"] == pytest.approx(torch_opt.param_groups[0]["lr"], rel=1e-12)
            torch_opt.step()
            schedule.step()
            torch_schedule.step()


def test_cosine_stays_at_its_end():
    opt = _optimizer(1.0)
    assert _rates(opt, CosineLR(opt, T_max=2, eta_min=0.1), 5) == pytest.approx([1, 0.55, 0.1, 0.1, 0.1])


def test_warm_up_over_another_schedule():
    opt = _optimizer(1.0)
    schedule = WarmupLR(MultiStepLR(opt, [3]), warmup_epochs=2, start_factor=0.5)
    assert _rates(opt, schedule, 5) == pytest.approx([0.5, 0.75, 1, 0.1, 0.1])


@pytest.mark.parametrize(
    "make",
    [
        lambda o: MultiStepLR(o, [2, 5]),
        lambda o: CosineLR(o, 8),
        lambda o: WarmupLR(CosineLR(o, 8), 3),
    ],
)
def test_a_resumed_schedule_goes_on(make):
    first = _optimizer(0.3)
    schedule = make(first)
    _rates(first, schedule, 4)
    second = _optimizer(0.3)
    resumed = make(second)
    resumed.load_state_dict(schedule.state_dict())
    assert second.param_groups[0]["lr"] == first.param_groups[0]["lr"]
    assert _rates(second, resumed, 5) == _rates(first, schedule, 5)


def test_resuming_by_epoch_takes_the_initial_rate_from_the_optimizer():
    first = _optimizer(1.0)
    _rates(first, MultiStepLR(first, [2]), 3)
    second = _optimizer(7.0)
    second.load_state_dict(first.state_dict())
    MultiStepLR(second, [2], current_epoch=3)
    assert second.param_groups[0]["lr"] == pytest.approx(0.1)
    with pytest.raises(KeyError, match="no 'initial_lr'"):
        MultiStepLR(_optimizer(1.0), [2], current_epoch=3)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda o: MultiStepLR([], [1]), TypeError, "MultiStepLR: argument 'optimizer'"),
        (lambda o: MultiStepLR(o, [3, 1]), ValueError, "expected rising epochs"),
        (lambda o: CosineLR(o, 0), ValueError, "CosineLR: argument 'T_max'"),
        (lambda o: WarmupLR(o, -1), ValueError, "WarmupLR: argument 'warmup_epochs'"),
        (lambda o: WarmupLR(o, 2, start_factor=2), ValueError, "WarmupLR: argument 'start_factor'"),
        (lambda o: CosineLR(o, 2).load_state_dict({"gamma": 1}), ValueError, "another schedule's"),
    ],
)
def test_bad_arguments(make, error, message):
    with pytest.raises(error, match=message):
        make(_optimizer(1.0))
