"""A dumped model's functions, run in this process."""

from __future__ import annotations

import os
from typing import Any, NamedTuple

import numpy as np

from .. import _core
from ..tensor import Tensor, tensor


class Input(NamedTuple):
    """`sizes` has None where the size is dynamic."""

    name: str
    dtype: str
    sizes: list[int | None]

    def __str__(self) -> str:
        return f"{self.dtype}[{', '.join('?' if size is None else str(size) for size in self.sizes)}]"

    def check(self, value: Tensor) -> Tensor:
        """The value, if it fits; ValueError or TypeError naming the input else."""
        sizes = list(value.shape)
        got = f"{value.dtype}[{', '.join(map(str, sizes))}]"
        if str(value.dtype) != self.dtype:
            raise TypeError(f"input '{self.name}': expected {self}, got {got}")
        if len(sizes) != len(self.sizes) or any(
            b not in (None, a) for a, b in zip(sizes, self.sizes, strict=True)
        ):
            raise ValueError(f"input '{self.name}': expected {self}, got {got}")
        return value

    def random(self, generator: np.random.Generator) -> Tensor:
        """Floats from -1 to 1, zeros of other dtypes (valid as an index and a mask); dynamic sizes are 1."""
        shape = [1 if size is None else size for size in self.sizes]
        if "float" in self.dtype:
            return tensor(generator.uniform(-1, 1, shape).astype("float32")).astype(self.dtype)
        return tensor(np.zeros(shape, self.dtype))


class ModelFunction(NamedTuple):
    """A function over the states of its file; a call changes them, not the file."""

    name: str
    program: Any
    inputs: list[Input]
    tests: list[list[Tensor]]  # inputs of the test vectors
    states: dict[str, Tensor]  # the program knows them weakly

    def values(self, given: dict[str, Any]) -> list[Tensor]:
        """A value for each input: the array of that name, else the first test vector's, else random."""
        names = [item.name for item in self.inputs]
        for name in given:
            if name not in names:
                raise ValueError(f"function '{self.name}' has no input '{name}'; it has {', '.join(names)}")
        generator = np.random.default_rng(1)
        values = []
        for i, item in enumerate(self.inputs):
            if item.name in given:
                values.append(item.check(tensor(given[item.name])))
            else:
                values.append(self.tests[0][i] if self.tests else item.random(generator))
        return values

    def run(self, values: list[Tensor]) -> list[Tensor]:
        result: list[Tensor] = self.program.run(values)
        return result


def read_function(path: Any, name: str | None) -> ModelFunction:
    """The function of that name, or the first one.

    Raises:
        OSError: the file cannot be read or is damaged.
        ValueError: it has no such function.
    """
    states, functions = _core.read_programs(os.fspath(path))
    for found, program, inputs, tests in functions:
        if name in (None, found):
            return ModelFunction(found, program, [Input(*item) for item in inputs], tests, states)
    known = ", ".join(f"'{item[0]}'" for item in functions) or "none"
    raise ValueError(f"the model has no function '{name}'; it has {known}")
