"""The command: ``miai bench suite [NAME ...]``, which is ``python -m bench suite [NAME ...]``."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench.entries import ENTRIES
from bench.entry import Entry
from bench.harness import Result, compare
from bench.peers import missing_packages
from bench.process import Fresh, Staying
from bench.report import format_result, write_json
from bench.threads import available_cores

QUICK_ROUNDS = 3


def run_entry(name: str, entry: Entry, folder: Path, threads: int, rounds: int) -> Result:
    """Measures an entry's contenders, each in a process of its own with that number of threads."""
    result = Result(name, entry.title, entry.metric, threads)
    contenders = []
    for contender in entry.contenders:
        missing = missing_packages(contender)
        if missing:
            result.left_out[contender] = f"not installed: {', '.join(missing)}"
        else:
            contenders.append((Fresh if entry.is_fresh else Staying)(name, contender, folder, threads))
    try:
        return compare(result, contenders, rounds=rounds, tolerance=entry.tolerance)
    finally:
        for started in contenders:
            started.close()


def run_suite(options: argparse.Namespace) -> list[Result]:
    """All that was asked for, each printed when it is done."""
    results = []
    with tempfile.TemporaryDirectory(prefix="miai-bench-") as folder:
        for name in options.names or ENTRIES:
            entry = ENTRIES[name]
            rounds = options.rounds or (min(QUICK_ROUNDS, entry.rounds) if options.quick else entry.rounds)
            for threads in options.threads:
                result = run_entry(name, entry, Path(folder), threads, rounds)
                results.append(result)
                print(format_result(result), flush=True)
    return results


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="miai bench", description="Miai beside its peers.")
    commands = parser.add_subparsers(dest="command", required=True)
    suite = commands.add_parser("suite", help="runs the benchmarks", description=_entries_text(),
                                formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    suite.add_argument("names", nargs="*", metavar="NAME", help="entries; all if none")
    most = available_cores()
    usual = [count for count in (1, 2) if count <= most]
    suite.add_argument("--threads", type=int, nargs="+", default=usual, metavar="N", help="default: 1 2")
    suite.add_argument("--rounds", type=int, metavar="N", help="how often each contender is measured")
    suite.add_argument("--quick", action="store_true", help=f"{QUICK_ROUNDS} rounds, to see that all works")
    suite.add_argument("--json", type=Path, metavar="FILE", help="also write all samples here")
    suite.add_argument("--plot", type=Path, metavar="FILE.png", help="also draw the ratios")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.names if name not in ENTRIES]
    if unknown:
        suite.error(f"no entry {', '.join(unknown)}; there are: {', '.join(ENTRIES)}")
    wrong = [count for count in options.threads if not 1 <= count <= most]
    if wrong:
        suite.error(f"argument '--threads': expected 1 to {most}, the cores at hand, got {wrong[0]}")
    if options.rounds is not None and options.rounds < 1:
        suite.error(f"argument '--rounds': expected at least 1, got {options.rounds}")
    return options


def _entries_text() -> str:
    return "Entries:\n" + "\n".join(f"  {name:22} {entry.title}" for name, entry in ENTRIES.items())


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 1 where outputs differed or one of ours failed, 130 after Ctrl-C."""
    options = parse(arguments)
    try:
        results = run_suite(options)
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        return 130
    if options.json:
        write_json(options.json, results, options)
    if options.plot:
        from bench.picture import draw_ratios

        draw_ratios(results, options.plot)
    return int(any(result.is_bad for result in results))
