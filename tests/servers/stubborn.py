"""A server that ignores the end of its input and SIGTERM, and has a child that does too. PIDS names a file for both.

With LEAVE=1 it ends with its input, as it should, and leaves the child behind with its pipes.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

from jsonrpc import Server, echo

SLEEPER = "import signal, threading; signal.signal(signal.SIGTERM, signal.SIG_IGN); threading.Event().wait()"

if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    child = subprocess.Popen([sys.executable, "-c", SLEEPER])
    with open(os.environ["PIDS"], "w", encoding="utf-8") as file:
        file.write(f"{os.getpid()} {child.pid}")
    Server("stubborn", [[{"name": "echo", "inputSchema": {"type": "object"}}]], echo).run()
    if not os.environ.get("LEAVE"):
        threading.Event().wait()
