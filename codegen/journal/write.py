"""The writer's side of the journal, which is the broker's.

A call is written before it is sent and again when its answer came, so that one without an end is one whose outcome
nobody knows. Each write is one statement or one transaction: a process killed at any moment leaves whole records.
"""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import cast

from codegen.errors import CodegenError
from codegen.journal.ledger import Ledger, seal_of
from codegen.journal.record import CallDecision, CallState, Ended, Sent, digest_of
from codegen.journal.redact import Redactor
from codegen.journal.schema import COUNT, LATEST, dump, facts, quoted, text
from codegen.journal.values import LARGE, Values
from codegen.journal.verify import verify_run
from codegen.model import Json, JsonObject

_sorted = json.JSONEncoder(sort_keys=True).encode


class Journal:
    """Its lifetime is the broker's. `redactor` takes out what is never written.

    Raises CodegenError for a file of a newer codegen, and where the key of its seals can't be had.
    """

    def __init__(self, path: Path, redactor: Redactor | None = None) -> None:
        self._path = path
        self._ledger = Ledger(path)
        self._redactor = redactor or Redactor()
        self._values = Values(path)
        self._numbers: dict[str, int] = {}
        self._open: set[int] = set()
        self._tools: dict[tuple[str, int], tuple[str, str]] = {}
        if self._ledger.alone:
            self._mark_dead_runs()
        self._ledger.share()

    def _mark_dead_runs(self) -> None:
        """What an earlier broker left running died with it, unless it retired and still waits for its runs."""
        for (run,) in self._ledger.db.execute("SELECT n FROM runs WHERE state = 'running'").fetchall():
            self._ledger.change(run, "interrupted", {"calls": self._count(run)})

    def begin(self, script: str, source: str, arguments: tuple[str, ...], sandbox: str, options: JsonObject) -> str:
        """Record a run that starts, and give its id (8 hexadecimal digits)."""
        run = secrets.token_hex(4)
        while self._ledger.db.execute("SELECT 1 FROM runs WHERE id=?", (run,)).fetchone():
            run = secrets.token_hex(4)
        given: JsonObject = {"source": source, "arguments": list(arguments), "options": options}
        said, body = self._body(given)
        said |= {"id": run, "script": text(script), "digest": digest_of(source), "sandbox": sandbox}
        number = self._numbers[run] = self._ledger.change(None, "begun", said, body)
        self._open.add(number)
        return run

    def again(self, run: str) -> bool:
        """Record that a run goes on; False where it goes on already."""
        number = self._number(run)
        with self._ledger.together():
            if self._ledger.db.execute("SELECT 1 FROM runs WHERE n=? AND state='running'", (number,)).fetchone():
                return False
            self._ledger.change(number, "again", {})
        self._ledger.note()
        self._open.add(number)
        return True

    def end(self, run: str, how: Ended, expires: float | None = None) -> None:
        """Record how a run ended; one that waits for an approval `expires` then (seconds since the epoch)."""
        number = self._number(run)
        said, body = self._body({"output": how.output, "stdout": how.stdout, "stderr": how.stderr})
        said |= {"state": how.state, "exit_code": how.exit_code, "seconds": how.seconds, "expires": expires}
        self._open.discard(number)
        self._tools = {call: tool for call, tool in self._tools.items() if call[0] != run}
        self._ledger.change(number, "ended", {**said, "calls": self._count(number)}, body)

    def expire(self, run: str) -> None:
        """Record that no approval came in time."""
        self._ledger.change(self._number(run), "expired", {})

    def identity(self, server: str, tool: str, arguments: JsonObject) -> str:
        """What a call is recognised by: the same for the same tool and arguments, whatever the order of their keys.

        Made with the user's key, so that nobody else can find out arguments by trying.
        """
        return self._ledger.seals.digest(_sorted([server, tool, arguments]).encode()).hex()[:32]

    def call_sent(self, run: str, call: Sent, identity: str = "", why: str = "") -> None:
        """Record a call that is about to leave; `identity` is given where it is known, `why` where it was approved."""
        self._put(run, call, identity, "sent", f', "why": {dump(self._redactor.text(why))}' if why else "")

    def call_held(self, run: str, call: Sent, identity: str, state: CallState, why: str) -> None:
        """Record a call that does not leave now: one that is `waiting` for a person, was `refused`, or is `planned`."""
        self._put(run, call, identity, "held", f', "state": "{state}", "why": {dump(self._redactor.text(why))}')

    def call_decided(self, run: str, number: int, state: CallState, why: str) -> None:
        """Record what a person said of a call that was waiting: `approved` or `rejected`."""
        self._append(run, number, "decided", dump({"state": state, "why": self._redactor.text(why)}), "")
        self._ledger.note()

    def decision(self, run: str, number: int) -> CallDecision:
        """How a call stands that was waiting: whoever decides may speak to another broker.

        Raises CodegenError when it was not codegen that wrote it.
        """
        begun = self._number(run)
        *row, mac = self._ledger.db.execute(LATEST, (begun, begun, number)).fetchone()
        kind, said = row[4:6]
        if self._ledger.seals.seal(seal_of(self._ledger.db, row[0] - 1), tuple(row)) != mac:
            raise CodegenError(f"the journal was edited: {kind} of call {number}", hint="codegen runs verify")
        told = facts(said)
        return CallDecision(cast("CallState", told.get("state", kind)), str(told.get("why", "")))

    def call_ended(self, run: str, number: int, state: CallState, answer: Json, seconds: float) -> None:
        """Record what came of a call that was sent."""
        said, body = self._body(answer, *self._tools.pop((run, number), ("", "")))
        self._append(run, number, "answered", f'{{"state": "{state}", "seconds": {seconds!r}{_tail(said)}}}', body)

    def verified(self, run: str) -> str:
        """What is wrong with the records of a run; empty when they are as they were written."""
        return verify_run(self._path, run)

    def close(self) -> None:
        self._ledger.close()

    def _put(self, run: str, call: Sent, identity: str, kind: str, more: str) -> None:
        server, tool = self._tools[run, call.number] = call.server, call.tool
        identity = identity or self.identity(server, tool, call.arguments)
        said, body = self._body(call.arguments, server, tool)
        named = f'"server": {quoted(server)}, "tool": {quoted(tool)}, "at": {quoted(call.at)}'
        self._append(run, call.number, kind, text(f'{{{named}, "identity": "{identity}"{more}{_tail(said)}}}'), body)

    def _append(self, run: str, call: int, kind: str, said: str, body: str) -> None:
        number = self._number(run)
        n = self._ledger.append(number, call, kind, said, body)
        if number not in self._open:  # a decision on a run that waits, or a late answer
            self._ledger.db.execute("UPDATE runs SET last=? WHERE n=? AND last IS NOT NULL", (n, number))

    def _body(self, value: Json, server: str = "", tool: str = "") -> tuple[JsonObject, str]:
        """What a record says of a value, and the value as it is written: a large one is in a file of its own."""
        written, redacted = self._redactor.dump(value, server, tool)
        said: JsonObject = {"redacted": True} if redacted else {}
        if len(written) > LARGE:
            return {**said, "value": self._values.put(written)}, ""
        return said, written

    def _number(self, run: str) -> int:
        number = self._numbers.get(run)
        if number is None:
            row = self._ledger.db.execute("SELECT n FROM runs WHERE id=?", (run,)).fetchone()
            if row is None:
                raise CodegenError(f"no run {run!r}", hint="codegen runs lists them")
            number = self._numbers[run] = int(row[0])
        return number

    def _count(self, run: int) -> int:
        return int(self._ledger.db.execute(COUNT, (run, run)).fetchone()[0])


def _tail(said: JsonObject) -> str:
    """What else is said, as the end of a JSON object: mostly nothing."""
    return f", {dump(said)[1:-1]}" if said else ""
