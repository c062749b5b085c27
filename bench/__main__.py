"""``python -m bench [NAME ...] [--threads N] [--json FILE]``: prints medians and ratios (above 1: miai is
faster)."""

from __future__ import annotations

import argparse
import json
import os


def main() -> None:
    """Runs the benchmarks named, or all."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", help="add, add_backward, train, infer; all if none")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", help="also write the numbers here")
    options = parser.parse_args()
    os.environ["MIAI_NUM_THREADS"] = str(options.threads)
    import torch

    from bench.entries import ENTRIES, OURS

    torch.set_num_threads(options.threads)
    rows = []
    for name in options.names or ENTRIES:
        result = ENTRIES[name]()
        rows.append(result.as_dict(OURS))
        print(f"{result.benchmark} ({options.threads} threads)")
        for contender in result.seconds:
            line = f"  {contender:12} {result.median(contender) * 1e6:12.2f} us"
            if contender != OURS:
                low, middle, high = result.ratio(OURS, contender)
                line += f"   {middle:5.2f} times miai's time  [{low:.2f}, {high:.2f}]"
            print(line, flush=True)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(rows, file, indent=1)


if __name__ == "__main__":
    main()
