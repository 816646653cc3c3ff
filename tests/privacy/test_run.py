"""Personal data in a whole run: the model sees tokens, the tools get values; and secrets are nowhere in the journal."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest

SETTINGS = """
[privacy]
redact = ["email"]
restore = ["ledger.post"]
[journal]
redact = ["ledger.get:key"]
"""


@pytest.fixture
def ledger(workspace, tmp_path):
    workspace.environment["LEDGER_TOKEN"] = "tok-4f9a1c"
    workspace.add("ledger", "ledger.py", "--env", f"LEDGER={tmp_path / 'ledger'}", "--env", "TOKEN=${LEDGER_TOKEN}")
    (workspace.root / "codegen.toml").write_text(SETTINGS)
    workspace("sync")
    return workspace


def run(commands, source):
    return json.loads(commands("run", "-", "--json", stdin=source).stdout)


def test_the_model_sees_tokens_and_tools_get_values(ledger, tmp_path):
    source = """
import sys
from servers.ledger import get
def main():
    print("mail ada@example.com")
    print("or ada@example.com", file=sys.stderr)
    return {"to": "ada@example.com", "all": "x" * 30_000}
"""
    first = run(ledger, source)
    assert (first["stdout"][:16], first["stderr"]) == ("mail [EMAIL_1]\n{", "or [EMAIL_1]\n")
    assert "ada@" not in json.dumps(first)
    assert "ada@" not in (ledger.root / "data" / "output" / f"{first['id']}.txt").read_text()
    ledger("broker", "stop")
    run(ledger, "from servers.ledger import get, post\npost(key='[EMAIL_1] tok-4f9a1c')\nget(key='[EMAIL_1]')")
    assert "ada@example.com" in (tmp_path / "ledger").read_text()
    shown = json.loads(ledger("runs", "show", "last", "--json").stdout)["calls"]
    assert [call["arguments"]["key"] for call in shown] == ["[EMAIL_1] [redacted]", "[redacted]"]
    shown = json.loads(ledger("runs", "show", "last", "--json", "--clear").stdout)["calls"]
    assert [call["arguments"]["key"] for call in shown] == ["ada@example.com [redacted]", "[redacted]"]
    assert "each as it was written" in ledger("runs", "verify").stdout
    for file in (ledger.root / ".codegen").glob("journal.sqlite*"):
        assert b"tok-4f9a1c" not in file.read_bytes()


def test_a_run_whose_records_were_edited_does_not_go_on(ledger):
    source = "from servers.ledger import post\npost(key='a')\nraise SystemExit(1)"
    done = json.loads(ledger("run", "-", "--json", stdin=source, code=1).stdout)
    ledger("broker", "stop")
    with closing(sqlite3.connect(ledger.root / ".codegen" / "journal.sqlite")) as db, db:
        db.execute("""UPDATE records SET said=replace(said, 'answered', 'rejected') WHERE kind='answered'""")
    refused = ledger("resume", done["id"], code=None)
    assert refused.returncode != 0
    assert "is not as it was written" in refused.stderr
