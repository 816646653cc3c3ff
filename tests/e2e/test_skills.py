"""Skills from the command line: only what ran is saved; found, run, imported; stale when a tool changed."""

from __future__ import annotations

import json

SCRIPT = '''"""How many of a tool's answers are even."""
from servers.counting import tool_0


def main(upto: int = 4) -> int:
    """Count the even answers up to a number."""
    return len([n for n in range(upto) if tool_0(value=n)["value"] % 2 == 0])


if __name__ == "__main__":
    print(main())
'''


def save(workspace, name: str = "count_even") -> None:
    (workspace.root / "scripts" / "even.py").write_text(SCRIPT)
    assert workspace("run", "scripts/even.py").stdout == "2\n"
    workspace("skills", "save", "scripts/even.py", "--name", name)


def test_only_a_script_that_ran_as_it_stands_is_saved(workspace, counted):
    script = workspace.root / "scripts" / "even.py"
    script.write_text(SCRIPT)
    assert "codegen run" in workspace("skills", "save", "scripts/even.py", code=2).stderr
    workspace("run", "scripts/even.py")
    script.write_text(SCRIPT.replace("== 0", "== 1"))
    workspace("skills", "save", "scripts/even.py", code=2)
    script.write_text(SCRIPT + "\nraise SystemExit(1)\n")
    workspace("run", "scripts/even.py", code=1)
    workspace("skills", "save", "scripts/even.py", code=2)
    assert not (workspace.root / "skills" / "even.py").exists()


def test_a_saved_skill_is_listed_found_run_and_imported(workspace, counted):
    save(workspace)
    assert "skills.count_even(upto?: int) -> int  # Count the even answers" in workspace("skills", "list").stdout
    assert "skills.count_even(" in workspace("search", "count even answers", "-k", "1").stdout
    assert "def count_even(upto: int = 4) -> int:" in workspace("describe", "skills.count_even").stdout
    assert workspace("skills", "run", "count_even", "--", "upto=10").stdout == "5\n"
    wrong = workspace("skills", "run", "count_even", "--", "upto=ten", code=3).stderr
    assert "skills/count_even.py:5:1: upto=ten: count_even takes upto: int" in wrong
    assert workspace.value("from skills.count_even import count_even\ndef main(): return count_even(upto=6)") == 3
    refused = workspace.run("from skills.count_even import count_even\ncount_even(up=6)", code=3)
    assert "skills.count_even(upto?: int)" in refused.stderr


def test_a_skill_is_marked_stale_when_its_tool_changed_and_fresh_when_saved_again(workspace, counted, tmp_path):
    (workspace.root / "codegen.toml").write_text('[servers.counting]\ntrust = "follow"\n')
    save(workspace)
    assert "stale" not in workspace("skills", "list").stdout
    catalogue = workspace.root / "servers" / "counting" / ".catalogue.json"
    catalogue.write_text(catalogue.read_text().replace("Echo number 0.", "Echo number nought."))
    assert "skill count_even is stale: counting.tool_0 changed" in workspace("sync", "--offline").stdout
    listed = json.loads(workspace("skills", "list", "--json").stdout)
    assert listed["skills"][0]["stale"] == ["counting.tool_0 changed"]
    workspace("run", "scripts/even.py")
    workspace("skills", "save", "scripts/even.py", "--name", "count_even")
    assert "stale" not in workspace("skills", "list").stdout


def test_another_text_is_not_overwritten_and_old_versions_are_kept(workspace, counted):
    save(workspace)
    script = workspace.root / "scripts" / "even.py"
    script.write_text(SCRIPT.replace("== 0", "== 1"))
    workspace("run", "scripts/even.py")
    assert "--replace" in workspace("skills", "save", "scripts/even.py", "--name", "count_even", code=2).stderr
    workspace("skills", "save", "scripts/even.py", "--name", "count_even", "--replace")
    assert len(workspace("skills", "history", "count_even").stdout.splitlines()) == 2
    assert "== 0" in workspace("skills", "show", "count_even", "--version", "1").stdout
    workspace("skills", "remove", "count_even")
    assert "count_even" not in workspace("search", "count even answers").stdout
    assert "== 1" in workspace("skills", "show", "count_even", "--version", "2").stdout
