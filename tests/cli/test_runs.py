from __future__ import annotations

import json


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
