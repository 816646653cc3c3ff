"""The writer's side of the journal, which is the broker's.

A call is written before it is sent and again when its answer came, so that one without an end is one whose outcome
nobody knows.
"""

from __future__ import annotations

import fcntl
import json
import secrets
import sqlite3
import time
from hashlib import sha256
from io import FileIO
from pathlib import Path

from codegen.errors import CodegenError
from codegen.journal.record import CallDecision, CallState, Ended, Sent, digest_of
from codegen.journal.schema import SCHEMA, SCHEMA_VERSION, dump, text
from codegen.model import Json, JsonObject


class Journal:
    """Its lifetime is the broker's."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, isolation_level=None, timeout=30, check_same_thread=False)
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version > SCHEMA_VERSION:
            raise CodegenError(f"{path} was written by a newer codegen", hint="upgrade codegen, or move the file away")
        self._db.executescript(SCHEMA)
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._lock = FileIO(path.with_suffix(".lock"), "a")
        self._mark_dead_runs()

    def _mark_dead_runs(self) -> None:
        """What an earlier broker left running died with it, unless it retired and still waits for its runs."""
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pass
        else:
            self._db.execute("UPDATE runs SET state = 'interrupted', exit_code = 130 WHERE state = 'running'")
        fcntl.flock(self._lock, fcntl.LOCK_SH)

    def begin(self, script: str, source: str, arguments: tuple[str, ...], sandbox: str, options: JsonObject) -> str:
        """Record a run that starts, and give its id (8 hexadecimal digits)."""
        run, now = secrets.token_hex(4), time.time()
        row = (run, text(script), digest_of(source), text(source), dump(list(arguments)), sandbox)
        self._db.execute(
            "INSERT INTO runs(id, script, digest, source, arguments, sandbox, options, state, started)"
            " VALUES(?,?,?,?,?,?,?,?,?)",
            (*row, dump(options), "running", now),
        )
        return run

    def again(self, run: str) -> bool:
        """Record that a run goes on; False where it goes on already."""
        changed = self._db.execute(
            "UPDATE runs SET state='running', attempts=attempts+1, expires=NULL, exit_code=NULL"
            " WHERE id=? AND state != 'running'",
            (run,),
        )
        return changed.rowcount == 1

    def end(self, run: str, how: Ended, expires: float | None = None) -> None:
        """Record how a run ended; one that waits for an approval `expires` then (seconds since the epoch)."""
        self._db.execute(
            "UPDATE runs SET state=?, exit_code=?, seconds=?, output=?, stdout=?, stderr=?, expires=? WHERE id=?",
            (how.state, how.exit_code, how.seconds, dump(how.output), text(how.stdout), text(how.stderr), expires, run),
        )

    def expire(self, run: str) -> None:
        """Record that no approval came in time."""
        self._db.execute("UPDATE runs SET state='expired', expires=NULL WHERE id=?", (run,))

    def identity(self, server: str, tool: str, arguments: JsonObject) -> str:
        """What a call is recognised by: the same for the same tool and arguments, whatever the order of their keys."""
        return sha256(json.dumps([server, tool, arguments], sort_keys=True).encode()).hexdigest()[:32]

    def call_sent(self, run: str, call: Sent, identity: str = "", why: str = "") -> None:
        """Record a call that is about to leave; `identity` is given where it is known, `why` where it was approved."""
        self._put(run, call, identity, "sent", why)

    def call_held(self, run: str, call: Sent, identity: str, state: CallState, why: str) -> None:
        """Record a call that does not leave now: one that is `waiting` for a person, was `refused`, or is `planned`."""
        self._put(run, call, identity, state, why)

    def call_decided(self, run: str, number: int, state: CallState, why: str) -> None:
        """Record what a person said of a call that was waiting: `approved` or `rejected`."""
        self._db.execute("UPDATE calls SET state=?, why=? WHERE run=? AND number=?", (state, text(why), run, number))

    def decision(self, run: str, number: int) -> CallDecision:
        """How a call stands that was waiting: whoever decides may speak to another broker."""
        state, why = self._db.execute("SELECT state, why FROM calls WHERE run=? AND number=?", (run, number)).fetchone()
        return CallDecision(state, why)

    def call_ended(self, run: str, number: int, state: CallState, answer: Json, seconds: float) -> None:
        """Record what came of a call that was sent."""
        self._db.execute(
            "UPDATE calls SET state=?, answer=?, seconds=? WHERE run=? AND number=?",
            (state, dump(answer), seconds, run, number),
        )

    def _put(self, run: str, call: Sent, identity: str, state: CallState, why: str = "") -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO calls(run, number, server, tool, arguments, at, identity, state, why, started)"
            " VALUES(?,?,?,?,?,?,?,?,?,?)",
            (
                run, call.number, call.server, call.tool, dump(call.arguments), call.at,
                identity or self.identity(call.server, call.tool, call.arguments), state, text(why), time.time(),
            ),
        )  # fmt: skip

    def close(self) -> None:
        self._db.close()
        self._lock.close()
