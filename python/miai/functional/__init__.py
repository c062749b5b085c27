"""Operators as functions of tensors. Most come straight from the operator table; see ``help`` of each for
shapes, dtypes and examples. MegEngine's names and arguments; where PyTorch's name is better known it is an
alias.

>>> import miai as mi
>>> mi.functional.relu(mi.tensor([-1.0, 2.0]))
Tensor([0., 2.])
"""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Any

from .. import _core
from . import loss, metric, nn, vision
from .attention import scaled_dot_product_attention
from .creation import arange, eye, full, full_like, linspace, ones, ones_like, zeros, zeros_like
from .joining import gather, scatter, split, stack
from .loss import binary_cross_entropy, cross_entropy, l1_loss, square_loss
from .metric import topk_accuracy
from .nn import batch_norm, conv1d, dropout, embedding, group_norm, instance_norm, layer_norm, rms_norm
from .vision import interpolate

_WRAPPED = {name for name in globals() if not name.startswith("_")}

for _name in _core.op_names():
    if _name not in _WRAPPED:
        globals()[_name] = _core.op(_name)

if TYPE_CHECKING:  # what the operator table brings; the build's stub has their signatures

    def __getattr__(name: str) -> Any: ...


_ALIASES = {
    "logsoftmax": "log_softmax",
    "multiply": "mul",
    "subtract": "sub",
    "divide": "div",
    "remainder": "mod",
    "permute": "transpose",
    "unsqueeze": "expand_dims",
    "cat": "concat",
    "amax": "max",
    "amin": "min",
}
for _alias, _name in _ALIASES.items():
    if _name in globals():
        globals()[_alias] = globals()[_name]
mse_loss = square_loss

_MODULES = (loss, metric, nn, vision)  # the others only hold what is imported above

__all__ = [
    name
    for name, value in globals().items()
    if not name.startswith("_")
    and name not in ("TYPE_CHECKING", "Any", "ModuleType", "annotations")
    and (value in _MODULES or not isinstance(value, ModuleType))
]
