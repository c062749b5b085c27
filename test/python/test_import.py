"""import miai is clean: no thread, no connection, no file written, nothing heavy brought along."""

import os
import pathlib
import subprocess
import sys

CHECK = pathlib.Path(__file__).parents[2] / "scripts" / "check_import.py"

WATCHED = """
import os, sys, numpy
threads = len(os.listdir("/proc/self/task"))
seen = []
def watch(event, args):
    if event.startswith(("socket.", "subprocess.", "os.fork", "os.exec", "os.posix_spawn", "_thread.start")):
        seen.append((event, args))
    if event in ("os.mkdir", "os.rename", "os.remove", "os.symlink", "shutil.copyfile"):
        seen.append((event, args))
    if event == "open" and isinstance(args[1], str) and set("wax+") & set(args[1]):
        seen.append((event, args))
    if event == "open" and args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        seen.append((event, args))
sys.dont_write_bytecode = True  # Python's own cache is no business of ours
sys.addaudithook(watch)
MORE
import miai
assert not seen, seen
assert len(os.listdir("/proc/self/task")) == threads, "a thread was started"
gpus = [line for line in open("/proc/self/maps") if "cuda" in line or "nvidia" in line]
assert not gpus, gpus
print("clean")
"""


def run(code: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)


def test_import_touches_nothing() -> None:
    done = run(WATCHED.replace("MORE", ""))
    assert done.stdout == "clean\n", done.stderr


def test_the_watch_sees_what_it_should() -> None:
    for bad in (
        "open('/dev/null', 'w')",
        "import socket; socket.socket()",
        "import threading, time; threading.Thread(target=time.sleep, args=(9,), daemon=True).start()",
    ):
        done = run(WATCHED.replace("MORE", bad))
        assert done.returncode == 1 and "AssertionError" in done.stderr, bad


def test_import_is_light() -> None:
    done = subprocess.run([sys.executable, CHECK], capture_output=True, text=True, env=os.environ)
    assert done.returncode == 0, done.stderr
