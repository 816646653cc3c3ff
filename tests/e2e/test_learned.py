"""Results that nobody declared: the second script's types describe what the first one found."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

HISTORY = "from servers.shop import customer_history\ndef main(): return customer_history(customer_id=1)\n"


def module(commands, path: str) -> str:
    return (commands.root / "servers" / f"{path}.py").read_text()


def test_what_a_run_saw_is_in_the_module_the_lists_and_the_index(shop):
    assert "-> Any:" in module(shop, "shop/customer_history") or "-> dict[str, Any]:" in module(
        shop, "shop/customer_history"
    )
    shop.run(HISTORY)
    text = module(shop, "shop/customer_history")
    assert "class CustomerHistoryResult(TypedDict):" in text
    assert "# learned" in text
    assert "undeclared" not in text
    signature = shop("learn").stdout.strip()
    assert signature.startswith("shop.customer_history(")
    assert "-> {" in signature
    assert signature in shop("describe", "shop.customer_history", "--detail", "sig").stdout
    assert "customer_history(customer_id) -> {" in (shop.root / "servers/shop/README.md").read_text()
    ty = [str(Path(sys.executable).with_name("ty")), "check", "--error-on-warning", "servers"]
    subprocess.run(ty, cwd=shop.root, check=True, capture_output=True)
    # It is part of the tree: a sync finds nothing to do, also without the server.
    assert "nothing to write" in shop("sync").stdout
    assert "up to date" in shop("sync", "--check", "--offline").stdout


def test_a_key_that_no_result_had_is_found_before_the_next_run(shop):
    shop.run(HISTORY)
    wrong = shop.run(HISTORY.replace("customer_id=1)", "customer_id=1)['no_such_key']"), code=1)
    assert "no_such_key" in wrong.stderr.split("Traceback")[0]


def test_a_failed_script_is_told_what_it_was_given(shop):
    failed = shop.run(HISTORY.replace("customer_id=1)", "customer_id=1)['no_such_key']"), code=1)
    assert "learned: shop.customer_history(" in failed.stderr


def test_a_later_result_widens_and_breaks_nothing(workspace):
    workspace.add("answers", "shapes.py")
    workspace("sync")
    ask = "from servers.answers import answer\ndef main(): return answer(value={})\n"
    workspace.run(ask.format('{"id": 1, "owner": None}'))
    assert "owner: Any" in module(workspace, "answers/answer")
    workspace.run(ask.format('{"id": 2, "owner": {"name": "x"}, "late": True}'))
    text = module(workspace, "answers/answer")
    assert "owner: Owner | None" in text
    assert "late: NotRequired[bool]" in text
    workspace.run(ask.format('{"id": 1, "owner": None}'))
    assert module(workspace, "answers/answer") == text
    workspace.run(ask.format('"none found"'))
    assert ") -> AnswerResult | str:  # learned" in module(workspace, "answers/answer")
    for value in ('{"id": 1, "owner": None}', '"none found"'):
        assert workspace.value(ask.format(value)) == eval(value)


def test_a_type_that_turns_out_too_narrow_bars_no_script(workspace):
    workspace.add("answers", "shapes.py")
    workspace("sync")
    ask = "from servers.answers import answer\nresult = answer(value={})\nprint({})\n"
    workspace.run(ask.format("[1]", "result"))
    taken = workspace.run(ask.format('{"name": "Ada"}', "result.pop('name', None)"))
    assert taken.stdout == "Ada\n"
    assert "list[int]" in module(workspace, "answers/answer")
    assert "name: str" in module(workspace, "answers/answer")


def test_learning_can_be_turned_off_forgotten_and_made_anew(shop):
    settings = shop.root / "codegen.toml"
    kept = settings.read_text() if settings.exists() else ""
    settings.write_text(f"learn = false\n{kept}")
    before = module(shop, "shop/customer_history")
    shop.run(HISTORY)
    assert module(shop, "shop/customer_history") == before
    assert "nothing learned yet" in shop("learn").stdout
    assert "no server or tool" in shop("learn", "shopp", code=2).stderr
    settings.write_text(f"{kept}\n[servers.shop]\nlearn = false\n")
    shop.run(HISTORY)
    assert module(shop, "shop/customer_history") == before
    settings.write_text(kept)
    shop("learn", "--from-runs")
    learned = module(shop, "shop/customer_history")
    assert learned != before
    assert shop("learn", "shop").stdout.startswith("shop.customer_history(")
    assert "nothing learned" in shop("learn", "shop.shop_policy").stdout
    settings.write_text(f"{kept}\n[servers.shop]\nlearn = false\n")
    assert "nothing learned" in shop("learn").stdout
    settings.write_text(kept)
    forgotten = json.loads(shop("learn", "--forget", "shop.customer_history", "--json").stdout)
    assert [each["path"] for each in forgotten["tools"]] == ["shop.customer_history"]
    assert module(shop, "shop/customer_history") == before
    assert not (shop.root / "servers/shop/.learned.json").exists()
    shop("learn", "--from-runs", "shop.customer_history")
    assert module(shop, "shop/customer_history") == learned
    assert "did you mean" in shop("learn", "--forget", "shop.customer_histroy", code=2).stderr


def test_a_broken_file_of_learned_shapes_costs_only_itself(shop):
    shop.run(HISTORY)
    (shop.root / "servers/shop/.learned.json").write_text('{"customer_history": {"type": 5}, "x": ')
    shop("sync", "--offline")
    assert "# learned" not in module(shop, "shop/customer_history")
    shop.run(HISTORY)
    assert "# learned" in module(shop, "shop/customer_history")


@pytest.mark.servers
def test_tools_of_real_servers_without_output_schemas(workspace, real: Callable[[str], str], repository, tmp_path):
    workspace("add", "git", "--", real("mcp-server-git"), "--repository", str(repository))
    workspace("add", "memory", "--env", f"MEMORY_FILE_PATH={tmp_path}/memory.jsonl", "--", real("mcp-server-memory"))
    workspace("sync")
    (workspace.root / "codegen.toml").write_text('[[policy]]\ndecision = "allow"\n')
    workspace.run(
        "from servers.git import git_status\nfrom servers.memory import create_entities, delete_entities\n"
        f"print(git_status(repo_path={str(repository)!r}))\n"
        "create_entities(entities=[{'name': 'Ada', 'entityType': 'person', 'observations': []}])\n"
        "print(delete_entities(entityNames=['Ada']))\n"
    )
    assert ") -> str:  # learned" in module(workspace, "git/git_status")
    assert "-> Any" not in module(workspace, "memory/delete_entities")
