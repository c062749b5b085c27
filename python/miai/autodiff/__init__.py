"""Gradients: GradManager, grad, value_and_grad, no_grad."""

from .functional import grad, value_and_grad
from .grad_manager import GradManager
from .no_grad import no_grad

__all__ = ["GradManager", "grad", "no_grad", "value_and_grad"]
