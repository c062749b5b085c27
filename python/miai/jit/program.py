"""One recorded signature: the program, its guards and the structure of its result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .. import _core
from ..dtr import memory_goal
from ..tensor import Tensor
from ..tree import flatten, paths, unflatten
from .guards import Guards
from .signature import Call, static_result


class Program:
    """A recorded step. `result` of the recording call is kept for the caller, once."""

    def __init__(
        self,
        name: str,
        function: Callable[..., Any],
        call: Call,
        flags: list[list[bool]],
        options: _core.CompileOptions,
    ) -> None:
        self.call = call
        self.shapes = call.shapes  # of the last call
        self.guards = Guards()
        recording = _core.Recording(name)
        recording.start()
        try:
            with self.guards, memory_goal(options.memory_limit):
                inputs = [
                    recording.add_input(tensor, path, dims)
                    for tensor, path, dims in zip(call.tensors, call.names, flags, strict=True)
                ]
                versions = [tensor.version for tensor in inputs]
                args, kwargs = call.rebuilt(inputs)
                self.result = function(*args, **kwargs)
            _check_unwritten(name, call, inputs, versions)
            outputs = self._read_result(name)
            self.core = recording.finish(outputs, options)
            if options.memory_limit:
                self.core.memory_report(call.shapes)  # makes the plan: a limit too small is refused now
        except BaseException:
            recording.stop()
            recording.roll_back()
            raise
        self.example = [tensor.detach() for tensor in call.tensors]

    def _read_result(self, name: str) -> list[Tensor]:
        """The tensors in the result. A tensor that stands there twice is one cell in each call's result."""
        leaves, self._structure = flatten(self.result)
        outputs: list[Tensor] = []
        self.output_names: list[str] = []
        self._leaves: list[Any] = []
        self._places: list[int | None] = []  # of each leaf among the outputs; None: a Python value
        first: dict[int, int] = {}
        for leaf, path in zip(leaves, paths(self.result), strict=True):
            if isinstance(leaf, Tensor):
                self._places.append(first.setdefault(id(leaf), len(outputs)))
                self._leaves.append(None)
                outputs.append(leaf)
                self.output_names.append(path or "output")
            else:
                self._places.append(None)
                self._leaves.append(static_result(name, path, leaf))
        self._is_tensor = isinstance(self.result, Tensor)
        return outputs

    def take_result(self) -> Any:
        """What the recording call computed."""
        result, self.result = self.result, None
        return result

    def fits(self, call: Call) -> bool:
        """Whether the program may serve this call: guards, captured tensors, comparisons of sizes."""
        return self.holds() and self.core.conditions_hold(call.shapes)

    def holds(self) -> bool:
        """Whether what was read besides the arguments is as it was: guards, captured tensors."""
        return self.guards.hold() and not self.core.mismatch()

    def run(self, tensors: Sequence[Tensor], shapes: list[list[int]]) -> Any:
        """Runs the plan."""
        self.shapes = shapes
        return self.rebuild(self.core.run(tensors))

    def rebuild(self, tensors: list[Tensor]) -> Any:
        """The function's result with these tensors in it."""
        if self._is_tensor:
            return tensors[0]
        leaves = [
            leaf if place is None else tensors[place]
            for place, leaf in zip(self._places, self._leaves, strict=True)
        ]
        return unflatten(self._structure, leaves)


def _check_unwritten(name: str, call: Call, inputs: list[Tensor], versions: list[int]) -> None:
    for tensor, version, path in zip(inputs, versions, call.names, strict=True):
        if tensor.version != version:
            raise RuntimeError(
                f"trace: {name} writes into its argument '{path}'; return the new value, or keep the tensor "
                "in a module or a variable outside of the function"
            )
