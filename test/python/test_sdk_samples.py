"""Each sample of each operator, dumped at every level and run by the SDK: the trainer's bits."""

import pathlib
import subprocess

import miai as mi
import pytest
from miai import _core
from samples import call_of, outputs_of

RUN = str(pathlib.Path(mi.sdk_path()) / "bin" / "miai-run")
OPS = [op for op in _core.op_names(only_public=False) if not _core.definition(op)["random"]]


@pytest.mark.parametrize("op", OPS)
def test_the_sdk_gives_the_trainers_bits(op: str, tmp_path: pathlib.Path) -> None:
    functions = {}
    for number, sample in enumerate(_core.samples(op)["valid"]):
        # Dense inputs, as the SDK takes them: kernels may sum in another order where there are strides.
        inputs = [t and {**t, "form": "dense"} for t in sample["inputs"]]
        run, tensors = call_of(op, {**sample, "inputs": inputs})
        for level in (0, 1, 2):
            traced = mi.trace(lambda xs, run=run: run(*xs), opt_level=level)
            traced(tensors), outputs_of(traced(tensors))
            functions[f"sample{number}_level{level}"] = traced
    path = tmp_path / "samples.miai"
    mi.jit.dump(path, functions)
    done = subprocess.run([RUN, "verify", path], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    assert done.stdout.count(": ok") == len(functions)
