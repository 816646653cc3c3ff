from __future__ import annotations

import json
import re
import shlex
import sqlite3
from contextlib import closing

import pytest
from conftest import ROOT

from codegen.cli.runs import main
from codegen.config.paths import Workspace
from codegen.config.settings import Settings, load_settings
from codegen.errors import UsageError
from codegen.journal.record import Ended, Sent
from codegen.journal.write import Journal


def test_show_takes_the_beginning_of_an_id_and_shortens_unless_told_not_to(shelf):
    script = "from servers.counting import tool_1\ntool_1(value=1, note='n' * 1000)"
    run = json.loads(shelf("run", "-", "--json", stdin=script).stdout)["id"]
    short = shelf("runs", "show", run[:7]).stdout
    assert short.startswith(run)
    assert "counting.tool_1(value=1, note=" in short
    assert "n" * 1000 not in short
    full = shelf("runs", "show", run, "--full").stdout
    assert "n" * 1000 in full
    assert script in full


def test_the_list_is_newest_first_and_no_longer_than_asked(shelf):
    ids = [json.loads(shelf("run", "-c", f"print({n})", "--json").stdout)["id"] for n in range(3)]
    rows = shelf("runs", "-n", "2").stdout.splitlines()
    assert [row.split()[0] for row in rows] == [ids[2], ids[1]]


def test_a_new_workspace_has_no_runs(workspace):
    assert workspace("runs").stdout == "no runs yet\n"
    assert json.loads(workspace("runs", "--json").stdout) == {"version": 1, "runs": []}


@pytest.fixture
def place(tmp_path):
    """A workspace with three runs: one that succeeded, one that failed, one that waits."""
    place = Workspace(tmp_path / "workspace")
    place.root.mkdir()
    place.mcp_json.write_text('{"mcpServers": {}}')
    journal = Journal(place.journal)
    for server, state in (("bank", "succeeded"), ("shop", "failed"), ("bank", "waiting")):
        run = journal.begin("scripts/a.py", "print(1)", (), "native", {})
        call = Sent(1, server, "pay", {"amount": 5}, "scripts/a.py:7")
        if state == "waiting":
            journal.call_held(run, call, "", "waiting", "amounts above 4 ask")
        else:
            journal.call_sent(run, call)
            journal.call_ended(run, 1, "answered", "paid", 0.5)
        expires = 9e9 if state == "waiting" else None
        journal.end(run, Ended(state, 0, 0.1, None, "", ""), expires)
    journal.close()
    return place


@pytest.fixture
def runs(place, capsys):
    def command(*words, code=0):
        assert main([*words, "--workspace", str(place.root)]) == code
        return capsys.readouterr().out

    return command


def states(text):
    return [run["state"] for run in json.loads(text)["runs"]]


def test_the_list_is_narrowed_by_state_tool_and_time(runs):
    assert states(runs("--json")) == ["waiting", "failed", "succeeded"]
    assert states(runs("--failed", "--json")) == ["failed"]
    assert states(runs("--pending", "--json")) == ["waiting"]
    assert states(runs("--tool", "bank", "--json")) == ["waiting", "succeeded"]
    assert states(runs("--tool", "*.pay", "--failed", "--json")) == ["failed"]
    assert states(runs("--since", "2h", "-n", "2", "--json")) == ["waiting", "failed"]
    assert runs("--since", "2999-01-01") == "no such runs\n"
    with pytest.raises(UsageError, match="is no time"):
        main(["--since", "yesterday-ish"])


def test_show_says_where_a_call_stands_and_why(runs):
    assert "bank.pay(amount=5) [waiting]  at scripts/a.py:7  (amounts above 4 ask)" in runs("show", "last")
    assert "until 2255" in runs("show", "last")


def test_verify_names_the_first_record_that_was_edited(runs, place):
    assert runs("verify") == "11 records, each as it was written\n"
    with closing(sqlite3.connect(place.journal)) as db, db:
        db.execute("""UPDATE records SET body='"not paid"' WHERE n=3""")
    assert runs("verify", code=1).startswith("record 3 (answered of run ")
    document = json.loads(runs("verify", "--json", code=1))
    assert (document["version"], document["intact"], document["record"]) == (1, False, 3)
    assert json.loads(runs("verify", "last", "--json")) == {
        "version": 1, "intact": True, "records": 3, "record": None, "problem": "",
    }  # fmt: skip


def test_export_writes_lines_or_traces_oldest_first(runs, tmp_path):
    lines = [json.loads(line) for line in runs("export").splitlines()]
    assert [line["state"] for line in lines if line["kind"] == "run"] == ["succeeded", "failed", "waiting"]
    file = tmp_path / "traces.jsonl"
    assert runs("export", "--format", "otel", "--run", "last", "-o", str(file)) == ""
    (request,) = map(json.loads, file.read_text().splitlines())
    assert request["resourceSpans"]
    with pytest.raises(UsageError, match="can't be written"):
        runs("export", "-o", str(tmp_path))


def test_prune_says_which_would_go_and_takes_them_out(runs):
    assert runs("prune", "--keep", "1", "--dry-run").startswith("2 runs would go: ")
    assert runs("prune", "--keep", "1").startswith("2 runs are gone")
    assert states(runs("--json")) == ["waiting"]
    assert "each as it was written" in runs("verify")
    with pytest.raises(UsageError, match="which runs"):
        main(["prune"])


@pytest.mark.parametrize("document", ["journal", "privacy"])
def test_what_the_document_shows_works(document, runs, place, tmp_path, monkeypatch):
    text = (ROOT / "docs" / f"{document}.md").read_text()
    for number, example in enumerate(re.findall(r"```toml\n(.*?)```", text, re.DOTALL)):
        file = tmp_path / f"{number}.toml"
        file.write_text(example)
        assert load_settings(file) != Settings()
    monkeypatch.chdir(tmp_path)
    commands = re.findall(r"^\$ codegen runs ?(.*)$", text, re.MULTILINE)
    assert (len(commands) > 8) is (document == "journal")
    for words in commands:
        assert runs(*shlex.split(words)) or "-o" in words
