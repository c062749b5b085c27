"""Modules: functions with parameters.

>>> import miai as mi
>>> import miai.module as M
>>> net = M.Sequential(M.Conv2d(1, 8, 3), M.BatchNorm2d(8), M.ReLU(), M.AdaptiveAvgPool2d(1), M.Flatten())
>>> net(mi.functional.ones((2, 1, 8, 8))).shape
(2, 8)
"""

from . import init
from .activation import ELU, GELU, LeakyReLU, ReLU, ReLU6, Sigmoid, SiLU, Softmax, Softplus, Tanh
from .attention import MultiheadAttention
from .conv import Conv1d, Conv2d
from .embedding import Embedding
from .linear import Linear
from .module import Module
from .normalization import BatchNorm1d, BatchNorm2d
from .pooling import AdaptiveAvgPool2d, AdaptiveMaxPool2d, AvgPool2d, MaxPool2d
from .recurrent import GRU, LSTM, RNN
from .recurrent_cell import GRUCell, LSTMCell, RNNCell
from .sample_norm import GroupNorm, InstanceNorm, LayerNorm, RMSNorm
from .sequential import Sequential
from .simple import Dropout, Flatten, Identity
from .transformer import TransformerEncoder, TransformerEncoderLayer
from .vision import Upsample

ModuleList = list  # sub-modules are found in lists and dicts as they are
ModuleDict = dict
MultiHeadAttention = MultiheadAttention  # MegEngine's name

__all__ = [
    "AdaptiveAvgPool2d",
    "AdaptiveMaxPool2d",
    "AvgPool2d",
    "BatchNorm1d",
    "BatchNorm2d",
    "Conv1d",
    "Conv2d",
    "Dropout",
    "ELU",
    "Embedding",
    "Flatten",
    "GELU",
    "GRU",
    "GRUCell",
    "GroupNorm",
    "Identity",
    "InstanceNorm",
    "LSTM",
    "LSTMCell",
    "LayerNorm",
    "LeakyReLU",
    "Linear",
    "MaxPool2d",
    "Module",
    "ModuleDict",
    "ModuleList",
    "MultiHeadAttention",
    "MultiheadAttention",
    "RMSNorm",
    "RNN",
    "RNNCell",
    "ReLU",
    "ReLU6",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Tanh",
    "TransformerEncoder",
    "TransformerEncoderLayer",
    "Upsample",
    "init",
]
