"""Writes the type stub of miai.functional from the operator table: make_stubs.py EXTENSION SOURCE OUTPUT.

EXTENSION is the built miai._core, SOURCE the module functional/__init__.py, OUTPUT the stub. What SOURCE
imports itself is copied; every other operator gets its signature and documentation from its definition.
"""

from __future__ import annotations

import ast
import importlib.util
import sys
import textwrap
from pathlib import Path
from types import ModuleType
from typing import Any

TYPES = {
    "an int": "int",
    "a float": "float",
    "a bool": "bool",
    "a string": "str",
    "ints": "int | Sequence[int]",
    "a pair of ints": "int | Sequence[int]",
    "a shape": "int | Dim | Sequence[int | Dim]",
    "a number": "float | Dim",
    "a dim": "int | Dim",
    "a dtype": "Any",
    "a device": "str",
}
HEADER = '''"""Made from the operator table by python/make_stubs.py."""

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from .._core import Dim, Tensor
'''
OPERAND = "Tensor | NDArray[Any] | bool | int | float"


def load_extension(path: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location("miai._core", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def parameters(definition: dict[str, Any]) -> list[str]:
    text = []
    for name, presence in definition["inputs"]:
        if definition["random"] and name == "state":
            continue
        kind = f"Sequence[{OPERAND}]" if presence == "variadic" else OPERAND
        text.append(f"{name}: {kind} | None = None" if presence == "optional" else f"{name}: {kind}")
    for name, kind, optional, default in definition["attrs"]:
        if definition["random"] and name == "ticket":
            continue
        annotation = TYPES[kind] + (" | None" if optional else "")
        text.append(
            f"{name}: {annotation} = {default!r}" if is_literal(default) else f"{name}: {annotation} = ..."
        )
    if definition["random"]:
        text.append("state: Tensor | None = None")
    return text


def is_literal(value: Any) -> bool:
    if isinstance(value, (tuple, list)):
        return all(is_literal(item) for item in value)
    return value is None or isinstance(value, (bool, int, float, str))


def result(definition: dict[str, Any]) -> str:
    kinds = [kind for _, kind in definition["outputs"] if kind != "aux"]
    if "variadic" in kinds:
        return "tuple[Tensor, ...]"
    return "Tensor" if len(kinds) == 1 else "tuple[" + ", ".join(["Tensor"] * len(kinds)) + "]"


def function(definition: dict[str, Any]) -> str:
    doc = textwrap.indent(definition["doc"].strip() or definition["name"], "    ").strip()
    doc = doc.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    signature = f"def {definition['name']}({', '.join(parameters(definition))}) -> {result(definition)}:"
    return f'{signature}\n    """{doc}\n    """\n'


def copied(source: Path) -> tuple[list[str], set[str], dict[str, str]]:
    """Import lines to repeat, the names that they bring, and aliases to other names."""
    lines: list[str] = []
    names: set[str] = set()
    aliases: dict[str, str] = {}
    for node in ast.parse(source.read_text()).body:
        if isinstance(node, ast.ImportFrom) and node.level == 1:
            names |= {alias.name for alias in node.names}
            lines.append(
                f"from .{node.module or ''} import " + ", ".join(f"{a.name} as {a.name}" for a in node.names)
            )
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            target = node.targets[0].id
            if target == "_ALIASES":
                aliases |= ast.literal_eval(node.value)
            elif isinstance(node.value, ast.Name):
                aliases[target] = node.value.id
    return lines, names, aliases


def main(extension: str, source: str, output: str) -> None:
    core = load_extension(extension)
    lines, names, aliases = copied(Path(source))
    operators = [name for name in core.op_names() if name not in names]
    text = [HEADER, *lines, ""]
    text += [function(core.definition(name)) for name in operators]
    text += [f"{new} = {old}" for new, old in aliases.items() if old in {*operators, *names}]
    Path(output).parent.mkdir(parents=True, exist_ok=True)
    Path(output).write_text("\n".join(text) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
