"""Modules: functions with parameters.

>>> import miai as mi
>>> import miai.module as M
>>> net = M.Sequential(M.Conv2d(1, 8, 3), M.BatchNorm2d(8), M.ReLU(), M.AdaptiveAvgPool2d(1), M.Flatten())
>>> net(mi.functional.ones((2, 1, 8, 8))).shape
(2, 8)
"""

from . import init
from .activation import ELU, GELU, LeakyReLU, ReLU, ReLU6, Sigmoid, SiLU, Softmax, Softplus, Tanh
from .conv import Conv1d, Conv2d
from .embedding import Embedding
from .linear import Linear
from .module import Module
from .normalization import BatchNorm1d, BatchNorm2d, LayerNorm
from .pooling import AdaptiveAvgPool2d, AdaptiveMaxPool2d, AvgPool2d, MaxPool2d
from .sequential import Sequential
from .simple import Dropout, Flatten, Identity

ModuleList = list  # sub-modules are found in lists and dicts as they are
ModuleDict = dict

__all__ = [
    "GELU",
    "AdaptiveAvgPool2d",
    "AdaptiveMaxPool2d",
    "AvgPool2d",
    "BatchNorm1d",
    "BatchNorm2d",
    "Conv1d",
    "Conv2d",
    "Dropout",
    "Embedding",
    "Flatten",
    "Identity",
    "LayerNorm",
    "LeakyReLU",
    "ELU",
    "Linear",
    "MaxPool2d",
    "Module",
    "ModuleDict",
    "ModuleList",
    "ReLU",
    "ReLU6",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Tanh",
    "init",
]
