"""Module: the base of everything that has parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, TypeVar

from .. import _core
from ..dtype import dtype_name, is_floating
from ..tensor import Parameter, Tensor
from .hooks import HookHandle, Hooks
from .state import LoadResult, load_state
from .walk import ModuleBase, once, own_modules, walk_modules, walk_tensors

Self = TypeVar("Self", bound="Module")


def _as_floating(dtype: Any, tensor: Tensor) -> Tensor:
    return tensor.astype(dtype) if is_floating(tensor.dtype) else tensor


class Module(ModuleBase):
    """A function with parameters, made of other modules.

    Attributes that are Parameters are trained, other Tensors are buffers (running statistics and such),
    Modules are sub-modules; all are found inside lists, tuples and dicts too. Names and shapes in
    `state_dict` are PyTorch's.

    >>> import miai as mi
    >>> import miai.module as M
    >>> class Net(M.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.layers = [M.Linear(4, 3), M.Linear(3, 2)]
    ...     def forward(self, x):
    ...         for layer in self.layers:
    ...             x = mi.functional.relu(layer(x))
    ...         return x
    >>> net = Net()
    >>> [name for name, _ in net.named_parameters()]
    ['layers.0.weight', 'layers.0.bias', 'layers.1.weight', 'layers.1.bias']
    >>> net(mi.functional.ones((5, 4))).shape
    (5, 2)
    """

    name: str | None = None
    keeps_float32: bool = False  # its own tensors, where `astype` makes others float16 or bfloat16
    _training: bool = True
    _forward_hooks: Hooks = {}
    _forward_pre_hooks: Hooks = {}

    def __init__(self, name: str | None = None) -> None:
        if name is not None:
            self.name = name

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        """What the module computes; a subclass defines it."""
        raise NotImplementedError(f"{type(self).__name__} defines no forward(self, ...)")

    def __call__(self, *inputs: Any, **kwargs: Any) -> Any:
        if _core.is_recording():
            self._name_tensors()
        for hook in tuple(self._forward_pre_hooks.values()):
            changed = hook(self, inputs)
            if changed is not None:
                inputs = changed if isinstance(changed, tuple) else (changed,)
        outputs = self.forward(*inputs, **kwargs)
        for hook in tuple(self._forward_hooks.values()):
            changed = hook(self, inputs, outputs)
            if changed is not None:
                outputs = changed
        return outputs

    def _name_tensors(self) -> None:
        """Names for the states of a trace; the outermost module comes first and gives the full ones."""
        for name, tensor in walk_tensors(self):
            if not tensor.name:
                tensor.name = name

    # what is inside

    def named_tensors(self, prefix: str = "", recursive: bool = True) -> Iterator[tuple[str, Tensor]]:
        """(name, tensor) for parameters and buffers, each tensor once."""
        return once(walk_tensors(self, prefix, recursive))

    def tensors(self, recursive: bool = True) -> Iterator[Tensor]:
        """Parameters and buffers, each once."""
        return (tensor for _, tensor in self.named_tensors("", recursive))

    def named_parameters(self, prefix: str = "", recursive: bool = True) -> Iterator[tuple[str, Parameter]]:
        """(name, parameter), each parameter once."""
        return ((n, t) for n, t in self.named_tensors(prefix, recursive) if isinstance(t, Parameter))

    def parameters(self, recursive: bool = True) -> Iterator[Parameter]:
        """Parameters, each once: what an optimizer and a GradManager take."""
        return (parameter for _, parameter in self.named_parameters("", recursive))

    def named_buffers(self, prefix: str = "", recursive: bool = True) -> Iterator[tuple[str, Tensor]]:
        """(name, tensor) for tensors that are not parameters, each once."""
        return ((n, t) for n, t in self.named_tensors(prefix, recursive) if not isinstance(t, Parameter))

    def buffers(self, recursive: bool = True) -> Iterator[Tensor]:
        """Tensors that are not parameters, each once."""
        return (buffer for _, buffer in self.named_buffers("", recursive))

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """(name, module) for sub-modules one level down, each once."""
        return once(own_modules(self))

    def children(self) -> Iterator[Module]:
        """Sub-modules one level down, each once."""
        return (child for _, child in self.named_children())

    def named_modules(self, prefix: str = "") -> Iterator[tuple[str, Module]]:
        """(name, module) for this module and all below it, each once."""
        return once(walk_modules(self, prefix))

    def modules(self) -> Iterator[Module]:
        """This module and all below it, each once."""
        return (module for _, module in self.named_modules())

    def apply(self: Self, function: Callable[[Module], Any]) -> Self:
        """Calls a function on every module, sub-modules first. Returns self."""
        for module in reversed(list(self.modules())):
            function(module)
        return self

    # training or not

    @property
    def training(self) -> bool:
        """Whether the module trains (dropout drops, batch norm takes the batch's statistics). A trace that
        reads it is recorded anew when it has changed."""
        if _core.is_recording():
            from ..jit import guards

            guards.note(self, "training", self._training)
        return self._training

    @training.setter
    def training(self, value: bool) -> None:
        self._training = bool(value)

    def train(self: Self, mode: bool = True, recursive: bool = True) -> Self:
        """Sets `training` here and, if recursive, below. Returns self."""
        for module in self.modules() if recursive else (self,):
            module.training = mode
        return self

    def eval(self: Self) -> Self:
        """Sets `training` to False here and below. Returns self."""
        return self.train(False)

    # reading and writing

    def state_dict(
        self, rst: dict[str, Any] | None = None, prefix: str = "", keep_var: bool = False
    ) -> dict[str, Any]:
        """Name to value for parameters and buffers: read-only NumPy arrays of what they hold now, or with
        `keep_var` the tensors themselves. A tensor shared by two modules appears under both names.

        >>> import miai.module as M
        >>> {name: value.shape for name, value in M.Linear(4, 3).state_dict().items()}
        {'weight': (3, 4), 'bias': (3,)}
        """
        state: dict[str, Any] = {} if rst is None else rst
        for name, tensor in walk_tensors(self, prefix.rstrip(".")):
            state[name] = tensor if keep_var else tensor.numpy()
        return state

    def load_state_dict(
        self,
        state_dict: Mapping[str, Any] | Callable[[str, Tensor], Any],
        strict: bool | Callable[[str], bool] = True,
    ) -> LoadResult:
        """Writes values (Tensors, NumPy arrays, PyTorch's tensors) into parameters and buffers, which keep
        their dtype and device. Optimizers, traces and other names of the tensors see them.

        Args:
            state_dict: values by name; or a function ``(name, tensor) -> value`` (None: leave it), called for
                each.
            strict: whether missing and unknown names are errors; or a function that says so of a name.

        Raises ValueError, and writes nothing, if a shape or dtype is wrong or a name breaks `strict`. Returns
        the missing and unexpected names.

        >>> import miai.module as M
        >>> a, b = M.Linear(4, 3), M.Linear(4, 3)
        >>> a.load_state_dict(b.state_dict())
        LoadResult(missing_keys=[], unexpected_keys=[])
        """
        return load_state(self, state_dict, strict)

    def to(self: Self, device: str) -> Self:
        """Moves parameters, buffers and gradients to a device, in place. Returns self."""
        return self._convert(lambda tensor: tensor.to(device))

    def astype(self: Self, dtype: Any) -> Self:
        """Converts floating parameters, buffers and gradients to a floating dtype, in place. Returns self.

        Those of norms (of modules whose `keeps_float32` is true) become float32 where the others become
        float16 or bfloat16: statistics need its precision, and the operators expect it.

        >>> import miai.module as M
        >>> M.Linear(4, 3).astype("float64").weight.dtype
        dtype('float64')
        """
        if not is_floating(dtype):
            raise TypeError(
                f"Module.astype: argument 'dtype': expected a floating dtype, got {dtype_name(dtype)}"
            )
        for module in self.modules():
            narrow = dtype_name(dtype) in ("float16", "bfloat16")
            own = "float32" if narrow and module.keeps_float32 else dtype
            module._convert(partial(_as_floating, own), recursive=False)
        return self

    def _convert(self: Self, change: Callable[[Tensor], Tensor], recursive: bool = True) -> Self:
        if _core.is_recording():
            raise RuntimeError(
                "Module.to and astype inside a traced function would run only once; call them outside"
            )
        with_grads = ((tensor, tensor.grad) for tensor in list(self.tensors(recursive)))
        for cell in (cell for pair in with_grads for cell in pair if cell is not None):
            _core.reset(cell, change(cell).detach())
        return self

    # hooks

    def register_forward_pre_hook(self, hook: Callable[..., Any]) -> HookHandle:
        """Calls ``hook(module, inputs)`` before each forward; what it returns, unless None, replaces the
        inputs."""
        if "_forward_pre_hooks" not in vars(self):
            self._forward_pre_hooks = {}
        return HookHandle(self._forward_pre_hooks, hook)

    def register_forward_hook(self, hook: Callable[..., Any]) -> HookHandle:
        """Calls ``hook(module, inputs, outputs)`` after each forward; what it returns, unless None, replaces
        the outputs.

        >>> import miai as mi
        >>> import miai.module as M
        >>> layer, shapes = M.Linear(4, 3), []
        >>> handle = layer.register_forward_hook(lambda module, inputs, outputs: shapes.append(outputs.shape))
        >>> _ = layer(mi.functional.ones((5, 4)))
        >>> handle.remove()
        >>> shapes
        [(5, 3)]
        """
        if "_forward_hooks" not in vars(self):
            self._forward_hooks = {}
        return HookHandle(self._forward_hooks, hook)

    # printing

    def extra_repr(self) -> str:
        """What stands between the parentheses of `repr`; a subclass defines it."""
        return ""

    def __repr__(self) -> str:
        children: Iterable[tuple[str, Module]] = own_modules(self)
        lines = [f"({name}): {child!r}" for name, child in children]
        extra = self.extra_repr()
        if not lines:
            return f"{type(self).__name__}({extra})"
        body = "\n".join([extra, *lines] if extra else lines)
        return f"{type(self).__name__}(\n  " + body.replace("\n", "\n  ") + "\n)"
