"""Adam and AdamW."""

from __future__ import annotations

from typing import Any

from .. import functional as F
from ..tensor import Tensor
from .clocks import Clocks
from .optimizer import Optimizer, subtract
from .param_group import ParamGroup
from .scalars import Scalars


class Adam(Optimizer):
    """Steps scaled by running means of the gradient and of its square. Kingma and Ba, 2014; by PyTorch's
    formulas.

    g = grad + weight_decay * p;  m += (1 - beta1) (g - m);  v = beta2 v + (1 - beta2) g^2;
    p -= lr / (1 - beta1^t) * m / (sqrt(v / (1 - beta2^t)) + eps), where t counts the steps in which p had a
    gradient.

    >>> import miai as mi
    >>> p = mi.Parameter([1.0])
    >>> opt = Adam([p], lr=0.1)
    >>> p.grad = mi.tensor([2.0])
    >>> _ = opt.step().clear_grad()
    >>> print(f"{p.item():.4f}")
    0.9000
    """

    _is_decoupled = False

    def __init__(
        self,
        params: Any,
        lr: float,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        if not isinstance(betas, (tuple, list)) or len(betas) != 2:
            raise ValueError(f"{type(self).__name__}: argument 'betas': expected 2 numbers, got {betas!r}")
        self._clocks = Clocks()
        super().__init__(params, {"lr": lr, "betas": tuple(betas), "eps": eps, "weight_decay": weight_decay})

    def _create_state(self, param_group: ParamGroup) -> None:
        params = param_group["params"]
        self._clocks.start([state for param in params if "step" not in (state := self._state[param])])
        for param in params:
            self._add_state(param, "exp_avg")
            self._add_state(param, "exp_avg_sq")

    def _load_steps(self, param_group: ParamGroup, counts: list[float]) -> None:
        self._clocks.load([self._state[param] for param in param_group["params"]], counts)

    def _updates(self, param_group: ParamGroup) -> None:
        found = self._with_grad(param_group)
        self._clocks.advance(
            [self._state[param] for param in param_group["params"]], [state for _, _, state in found]
        )
        scalars = Scalars(lambda clock: _numbers(param_group, clock))
        has_decay = param_group.is_on("weight_decay")
        for param, grad, state in found:
            mean_share, square_share, step_size, root, eps, weight_decay, decay = scalars.get(
                grad, state["step"]
            )
            if has_decay and self._is_decoupled:
                subtract(param, param.astype(grad.dtype) * decay)
            elif has_decay:
                grad = grad + param.astype(grad.dtype) * weight_decay
            mean, square = state["exp_avg"], state["exp_avg_sq"]
            mean += (grad - mean) * mean_share
            square += (grad * grad - square) * square_share
            subtract(param, mean / (F.sqrt(square) / root + eps) * step_size)


def _numbers(group: ParamGroup, clock: Tensor) -> tuple[Tensor, ...]:
    """Shares of the new gradient in both means, step size and divisor with bias correction, eps, decays."""
    lr, beta1, beta2 = group.cell("lr"), group.cell("betas", 0), group.cell("betas", 1)
    step_size, root = lr / (1 - beta1**clock), F.sqrt(1 - beta2**clock)
    weight_decay = group.cell("weight_decay")
    return 1 - beta1, 1 - beta2, step_size, root, group.cell("eps"), weight_decay, lr * weight_decay


class AdamW(Adam):
    """Adam whose weight decay acts on the parameter and not through the gradient: p -= lr * weight_decay * p.
    Loshchilov and Hutter, 2019.

    >>> import miai as mi
    >>> p = mi.Parameter([1.0])
    >>> opt = AdamW([p], lr=0.1, weight_decay=0.5)
    >>> p.grad = mi.tensor([0.0])
    >>> _ = opt.step().clear_grad()
    >>> p
    Parameter([0.95])
    """

    _is_decoupled = True

    def __init__(
        self,
        params: Any,
        lr: float,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.01,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay)
