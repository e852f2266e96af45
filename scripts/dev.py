"""The back end with reload and Vite, side by side; Ctrl-C, or the end of one, stops both."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
STOP_SECONDS = 6


def main() -> None:
    over = threading.Event()
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, lambda *_: over.set())
    # Sessions of their own: Ctrl-C reaches only us, and each is then asked to stop exactly once.
    back = subprocess.Popen(
        [sys.executable, ROOT / "backend" / "main.py", "--reload"], start_new_session=True
    )
    front = subprocess.Popen(["npm", "start"], cwd=ROOT / "frontend", start_new_session=True)
    for process in (back, front):
        threading.Thread(target=_watch, args=(process, over), daemon=True).start()
    over.wait()
    for process in (front, back):
        _stop(process)


def _watch(process: "subprocess.Popen[bytes]", over: threading.Event) -> None:
    process.wait()
    over.set()


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """The whole group: npm ends without ending what it has started."""
    _signal(process, signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        _signal(process, signal.SIGKILL)


def _signal(process: "subprocess.Popen[bytes]", sign: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, sign)


if __name__ == "__main__":
    main()
