"""What the journal costs: its size and CPU time a call, and how long `codegen runs` takes over it.

    python benchmarks/journal.py [CALLS]      default 20,000; sizes are extrapolated to 100,000

A call is two records, with arguments of 100 and an answer of 300 characters; a run has 100 calls. The time is held
against two plain inserts into a table of SQLite (WAL, each a transaction), measured in turns.
"""

from __future__ import annotations

import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CALLS_OF_RUN = 100
ARGUMENTS = {"owner": "acme", "repo": "site", "title": "Broken link in the footer", "labels": ["bug", "docs"]}
ANSWER = {"number": 1, "url": "https://example.com/acme/site/issues/1", "body": "x" * 230}


def main() -> None:
    calls = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_STATE_HOME"] = f"{folder}/state"
        root = Path(folder, "workspace")
        (root / ".codegen").mkdir(parents=True)
        (root / "mcp.json").write_text('{"mcpServers": {}}')
        path = root / ".codegen" / "journal.sqlite"
        ours, plain = _write(path, calls)
        print(f"a call           {ours:6.1f} us of CPU, {ours / plain:.2f} x two plain inserts ({plain:.1f} us)")
        size = sum(file.stat().st_size for file in path.parent.glob("journal.sqlite*"))
        print(f"100,000 calls    {size / calls * 100_000 / 1e6:6.1f} MB")
        for words in (("runs",), ("runs", "--failed"), ("runs", "--tool", "github.create_issue"), ("runs", "verify")):
            print(f"{' '.join(words[:2]):16} {_time(root, words):6.2f} s of CPU, {calls:,} calls")


def _write(path: Path, calls: int) -> tuple[float, float]:
    """Microseconds a call, and those of two plain inserts: the least of all batches, which others disturbed least."""
    from codegen.journal.record import Ended, Sent
    from codegen.journal.write import Journal

    journal = Journal(path)
    plain = sqlite3.connect(path.with_name("plain.sqlite"), isolation_level=None)
    plain.executescript(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; CREATE TABLE t(n INTEGER PRIMARY KEY, x)"
    )
    ours, others = [], []
    for _ in range(calls // CALLS_OF_RUN):
        run = journal.begin("scripts/a.py", "print(1)\n" * 20, (), "native", {})
        start = time.process_time()
        for number in range(1, CALLS_OF_RUN + 1):
            journal.call_sent(run, Sent(number, "github", "create_issue", ARGUMENTS, "scripts/a.py:12"))
            journal.call_ended(run, number, "answered", ANSWER, 0.1)
        ours.append((time.process_time() - start) / CALLS_OF_RUN * 1e6)
        journal.end(run, Ended("succeeded", 0, 1.0, None, "done\n", ""))
        start = time.process_time()
        for _ in range(2 * CALLS_OF_RUN):
            plain.execute("INSERT INTO t(x) VALUES(?)", ("x" * 400,))
        others.append((time.process_time() - start) / CALLS_OF_RUN * 1e6)
    journal.close()
    plain.close()
    for file in path.parent.glob("plain.sqlite*"):
        file.unlink()
    return min(ours), min(others)


def _time(root: Path, words: tuple[str, ...]) -> float:
    """The least CPU time of a command in three."""
    times = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-m", "codegen", *words], cwd=root, check=True, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
    return min(times)


if __name__ == "__main__":
    main()
