"""What all tests share: Ctrl-C reaches the processes that they start, also where these tests themselves run
in the background with SIGINT ignored."""

import signal


def pytest_configure() -> None:
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
