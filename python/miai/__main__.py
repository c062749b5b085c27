"""``miai``: facts about the installation."""

from __future__ import annotations

import argparse

import miai


def main() -> None:
    """``miai --version``, ``miai sdk-path``."""
    parser = argparse.ArgumentParser(prog="miai", description="Miai: train and infer")
    parser.add_argument("--version", action="version", version=f"miai {miai.__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("sdk-path", help="directory for CMake's CMAKE_PREFIX_PATH")
    parser.parse_args()
    print(miai.sdk_path())


if __name__ == "__main__":
    main()
