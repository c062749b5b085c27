"""Writing traced functions into a model file that the C++ SDK runs."""

from __future__ import annotations

import os
from typing import Any

from .. import _core
from ..tensor import Tensor


def dump(
    path: Any,
    functions: dict[str, Any],
    *,
    arg_names: list[str] | None = None,
    output_names: list[str] | None = None,
    test_vectors: bool = True,
    atol: float = 0.0,
    rtol: float = 0.0,
) -> None:
    """Writes traced functions and their shared states into one file.

    Each function is given by its name in the file and a `trace` that has been called; its last program is
    taken. With `test_vectors` the arguments of the recording call and the results for them are added, for
    `miai-run verify`. States keep the values that they have now. The file is whole or absent.

    Args:
        path: the file, usually ``*.miai``; also a valid safetensors file.
        arg_names, output_names: names in place of the recorded ones, for a single function.
        test_vectors: whether to add them.
        atol, rtol: kept with the test vectors: `miai-run verify` takes a result for right that differs by no
            more than ``atol + rtol * abs(expected)``. With 0, the results must be the same bits, which they
            are on the same processor with the same number of threads.

    Raises:
        RuntimeError: a function has not been called yet.
        ValueError: two outputs have one name, a name is the file's own, or a tolerance is negative.
        OSError: the file cannot be written.

    >>> import miai as mi, tempfile, os
    >>> @mi.trace
    ... def double(x):
    ...     return x + x
    >>> _ = double(mi.tensor([1.0]))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     double.dump(os.path.join(folder, "double.miai"))
    """
    if (arg_names or output_names) and len(functions) != 1:
        raise ValueError("dump: arg_names and output_names are for a single function")
    entries = []
    for name, traced in functions.items():
        program = traced._recorded("dump")
        inputs = arg_names or program.call.names
        outputs = output_names or program.output_names
        _check_names("arg_names", inputs, program.call.names)
        _check_names("output_names", outputs, program.output_names)
        core = program.core.lowered() or program.core
        vectors = _test_vector(core, program.example) if test_vectors else ([], [])
        entries.append((name, core, list(inputs), list(outputs), *vectors, atol, rtol))
    _core.write_model(os.fspath(path), entries)


def _check_names(what: str, given: list[str], recorded: list[str]) -> None:
    if len(given) != len(recorded):
        raise ValueError(
            f"dump: argument '{what}': expected {len(recorded)} names ({', '.join(recorded)}), "
            f"got {len(given)}"
        )


def _test_vector(core: Any, example: list[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
    """The recorded arguments and what the program gives for them now; states are put back after it."""
    before = core.snapshot()
    try:
        results = core.run(example)
    finally:
        core.restore(before)
    return example, results
