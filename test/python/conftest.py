"""What all tests share: Ctrl-C reaches the processes that they start, also where these tests themselves run
in the background with SIGINT ignored; what is measured stays out of the user's cache."""

import os
import signal
import tempfile

import pytest


def pytest_configure(config: pytest.Config) -> None:
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    folder = tempfile.TemporaryDirectory(prefix="miai_cache_")
    config.add_cleanup(folder.cleanup)
    os.environ["MIAI_CACHE_DIR"] = folder.name
