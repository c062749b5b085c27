"""Learning rates that change from epoch to epoch (or from step to step: an epoch is whatever `step` counts).

Every schedule is a formula of `current_epoch`, so a resumed one goes on as if it had never stopped. A traced
training step sees the new rate without being recorded anew.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable
from typing import Any

from .optimizer import Optimizer


class LRScheduler:
    """Sets ``group["lr"]`` of every group; a subclass defines `get_lr`.

    Args:
        optimizer: whose groups to set.
        current_epoch: the last epoch done; -1 starts from the beginning, with the rates that the groups have.
    """

    def __init__(self, optimizer: Optimizer, current_epoch: int = -1) -> None:
        if not isinstance(optimizer, Optimizer):
            kind = type(self).__name__
            raise TypeError(
                f"{kind}: argument 'optimizer': expected an Optimizer, got {type(optimizer).__name__}"
            )
        self.optimizer = optimizer
        self.current_epoch = current_epoch
        for i, group in enumerate(optimizer.param_groups):
            if current_epoch == -1:
                group.setdefault("initial_lr", group["lr"])
            elif "initial_lr" not in group:
                raise KeyError(
                    f"{type(self).__name__}: param group {i} has no 'initial_lr', needed to resume"
                )
        self.base_lrs = [group["initial_lr"] for group in optimizer.param_groups]
        self.step()

    def get_lr(self) -> list[float]:
        """The rate of each group in `current_epoch`."""
        raise NotImplementedError(f"{type(self).__name__} defines no get_lr()")

    def step(self, epoch: int | None = None) -> None:
        """Goes to the next epoch, or to the given one, and sets the rates."""
        self.current_epoch = self.current_epoch + 1 if epoch is None else epoch
        for group, lr in zip(self.optimizer.param_groups, self.get_lr(), strict=False):
            group["lr"] = lr

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer."""
        return {key: value for key, value in vars(self).items() if key != "optimizer"}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes over what `state_dict` gave, and sets the rates."""
        own = self.state_dict()
        if set(state_dict) != set(own):
            differ = ", ".join(sorted(set(state_dict) ^ set(own)))
            raise ValueError(
                f"{type(self).__name__}.load_state_dict: the state is another schedule's; differs in {differ}"
            )
        vars(self).update(state_dict)
        self.step(self.current_epoch)


class MultiStepLR(LRScheduler):
    """The first rate times gamma for each milestone that has been reached.

    >>> import miai as mi
    >>> opt = mi.optimizer.SGD([mi.Parameter([1.0])], lr=1.0)
    >>> schedule = MultiStepLR(opt, milestones=[1, 3], gamma=0.5)
    >>> rates = []
    >>> for epoch in range(4):
    ...     rates.append(opt.param_groups[0]["lr"])
    ...     schedule.step()
    >>> rates
    [1.0, 0.5, 0.5, 0.25]
    """

    def __init__(
        self, optimizer: Optimizer, milestones: Iterable[int], gamma: float = 0.1, current_epoch: int = -1
    ) -> None:
        self.milestones = list(milestones)
        if self.milestones != sorted(self.milestones):
            raise ValueError(
                f"MultiStepLR: argument 'milestones': expected rising epochs, got {self.milestones}"
            )
        self.gamma = gamma
        super().__init__(optimizer, current_epoch)

    def get_lr(self) -> list[float]:
        reached = bisect_right(self.milestones, self.current_epoch)
        return [base * self.gamma**reached for base in self.base_lrs]


class CosineLR(LRScheduler):
    """From the first rate to `eta_min` in `T_max` epochs along half a cosine; stays there. Loshchilov and
    Hutter, 2016.

    >>> import miai as mi
    >>> opt = mi.optimizer.SGD([mi.Parameter([1.0])], lr=1.0)
    >>> schedule = CosineLR(opt, T_max=2)
    >>> schedule.step()
    >>> print(f"{opt.param_groups[0]['lr']:.3f}")
    0.500
    """

    def __init__(
        self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, current_epoch: int = -1
    ) -> None:  # noqa: N803
        if T_max < 1:
            raise ValueError(f"CosineLR: argument 'T_max': expected at least 1, got {T_max}")
        self.T_max = T_max
        self.eta_min = eta_min
        super().__init__(optimizer, current_epoch)

    def get_lr(self) -> list[float]:
        share = (1 + math.cos(math.pi * min(self.current_epoch, self.T_max) / self.T_max)) / 2
        return [self.eta_min + (base - self.eta_min) * share for base in self.base_lrs]


class WarmupLR(LRScheduler):
    """Rates rise in a straight line over the first epochs: times start_factor in epoch 0, times 1 from
    `warmup_epochs` on. They are the optimizer's own, or those that another schedule has in the same epoch;
    then step this one alone.

    Goyal et al., 2017.

    >>> import miai as mi
    >>> opt = mi.optimizer.SGD([mi.Parameter([1.0])], lr=1.0)
    >>> schedule = WarmupLR(MultiStepLR(opt, [3]), warmup_epochs=2, start_factor=0.5)
    >>> rates = []
    >>> for epoch in range(4):
    ...     rates.append(round(opt.param_groups[0]["lr"], 6))
    ...     schedule.step()
    >>> rates
    [0.5, 0.75, 1.0, 0.1]
    """

    def __init__(
        self,
        optimizer: Optimizer | LRScheduler,
        warmup_epochs: int,
        start_factor: float = 0.1,
        current_epoch: int = -1,
    ) -> None:
        if warmup_epochs < 0:
            raise ValueError(f"WarmupLR: argument 'warmup_epochs': expected at least 0, got {warmup_epochs}")
        if not 0 <= start_factor <= 1:
            raise ValueError(
                f"WarmupLR: argument 'start_factor': expected a number in [0, 1], got {start_factor}"
            )
        self.schedule = optimizer if isinstance(optimizer, LRScheduler) else None
        self.warmup_epochs = warmup_epochs
        self.start_factor = start_factor
        super().__init__(
            optimizer.optimizer if isinstance(optimizer, LRScheduler) else optimizer, current_epoch
        )

    def get_lr(self) -> list[float]:
        rates = self.base_lrs
        if self.schedule is not None:
            self.schedule.current_epoch = self.current_epoch
            rates = self.schedule.get_lr()
        if self.current_epoch >= self.warmup_epochs:
            return list(rates)
        factor = self.start_factor + (1 - self.start_factor) * self.current_epoch / self.warmup_epochs
        return [rate * factor for rate in rates]

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer; the other schedule's state is inside."""
        return {**super().state_dict(), "schedule": self.schedule.state_dict() if self.schedule else None}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes over what `state_dict` gave, and sets the rates."""
        inner = state_dict.get("schedule")
        if (inner is None) != (self.schedule is None):
            raise ValueError(
                "WarmupLR.load_state_dict: one of the two has a schedule inside and the other has not"
            )
        if self.schedule is not None and inner is not None:
            self.schedule.load_state_dict(inner)
        super().load_state_dict({**state_dict, "schedule": self.schedule})


CosineAnnealingLR = CosineLR
LinearWarmupLR = WarmupLR
