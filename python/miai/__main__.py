"""``miai``: facts about the installation, where a model's time goes, and the benchmarks of a checkout."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

import miai
from miai.profiler import command as profile_command


def main(arguments: Sequence[str] | None = None) -> int:
    """``miai --version``, ``miai sdk-path``, ``miai profile MODEL.miai``, ``miai bench suite``; the exit
    status."""
    parser = argparse.ArgumentParser(prog="miai", description="Miai: train and infer")
    parser.add_argument("--version", action="version", version=f"miai {miai.__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("sdk-path", help="directory for CMake's CMAKE_PREFIX_PATH")
    profile = commands.add_parser("profile", help="where a model's time goes: a table, a trace, a roofline")
    profile_command.add_arguments(profile)
    commands.add_parser("bench", add_help=False, help="benchmarks, in a checkout of the sources")
    options, rest = parser.parse_known_args(arguments)
    if options.command == "bench":
        return _bench(rest)
    if rest:
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    if options.command == "profile":
        return profile_command.run(options)
    print(miai.sdk_path())
    return 0


def _bench(arguments: Sequence[str]) -> int:
    """Runs the package `bench` of the current folder."""
    here = Path.cwd()
    if not (here / "bench" / "suite.py").is_file() or not (here / "python" / "miai").is_dir():
        print(
            "miai bench: expected to run in a checkout of Miai's sources, which holds the folder 'bench'; "
            f"got {here}: change to the checkout's folder first",
            file=sys.stderr,
        )
        return 2
    sys.path.insert(0, str(here))
    return int(importlib.import_module("bench.suite").main(arguments))


if __name__ == "__main__":
    sys.exit(main())
