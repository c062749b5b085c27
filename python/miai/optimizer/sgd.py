"""SGD: gradient descent with momentum."""

from __future__ import annotations

from typing import Any

from .optimizer import Optimizer, subtract
from .param_group import ParamGroup
from .scalars import Scalars


class SGD(Optimizer):
    """Stochastic gradient descent, by PyTorch's formulas.

    g = grad + weight_decay * p;  v = momentum * v + g;  p -= lr * v, or lr * (g + momentum * v) if
    `nesterov`. Sutskever et al., 2013.

    >>> import miai as mi
    >>> p = mi.Parameter([1.0])
    >>> opt = SGD([p], lr=0.1)
    >>> p.grad = mi.tensor([2.0])
    >>> _ = opt.step().clear_grad()
    >>> p
    Parameter([0.8])
    """

    def __init__(
        self, params: Any, lr: float, momentum: float = 0.0, nesterov: bool = False, weight_decay: float = 0.0
    ) -> None:
        if nesterov and not momentum:
            raise ValueError("SGD: argument 'nesterov': needs a momentum above 0")
        super().__init__(
            params, {"lr": lr, "momentum": momentum, "nesterov": bool(nesterov), "weight_decay": weight_decay}
        )

    def _create_state(self, param_group: ParamGroup) -> None:
        if param_group.is_on("momentum"):
            for param in param_group["params"]:
                self._add_state(param, "momentum_buffer")

    def _updates(self, param_group: ParamGroup) -> None:
        scalars = Scalars(
            lambda _: tuple(param_group.cell(key) for key in ("lr", "momentum", "weight_decay"))
        )
        has_decay = param_group.is_on("weight_decay")
        has_momentum = param_group.is_on("momentum")
        nesterov = param_group.is_on("nesterov")
        for param, grad, state in self._with_grad(param_group):
            lr, momentum, weight_decay = scalars.get(grad)
            if has_decay:
                grad = grad + param.astype(grad.dtype) * weight_decay
            if has_momentum:
                buffer = state["momentum_buffer"]
                buffer *= momentum
                buffer += grad
                grad = grad + buffer * momentum if nesterov else buffer
            subtract(param, grad * lr)
