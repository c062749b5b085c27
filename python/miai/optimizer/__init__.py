"""Optimizers, learning rate schedules, and limits for gradients.

>>> import miai as mi
>>> p = mi.Parameter([1.0])
>>> opt = mi.optimizer.SGD([p], lr=0.1, momentum=0.9)
>>> gm = mi.GradManager().attach([p])
>>> with gm:
...     gm.backward((p * p).sum())
>>> _ = opt.step().clear_grad()
>>> p
Parameter([0.8])
"""

from .adam import Adam, AdamW
from .clip import clip_grad_norm, clip_grad_value
from .lr_scheduler import CosineAnnealingLR, CosineLR, LinearWarmupLR, LRScheduler, MultiStepLR, WarmupLR
from .optimizer import Optimizer
from .param_group import ParamGroup
from .sgd import SGD

__all__ = [
    "SGD",
    "Adam",
    "AdamW",
    "CosineAnnealingLR",
    "CosineLR",
    "LRScheduler",
    "LinearWarmupLR",
    "MultiStepLR",
    "Optimizer",
    "ParamGroup",
    "WarmupLR",
    "clip_grad_norm",
    "clip_grad_value",
]
