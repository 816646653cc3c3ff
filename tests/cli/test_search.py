"""Searching as a person or an agent does it, and what runs teach."""

from __future__ import annotations

import json


def test_an_index_that_is_gone_or_damaged_is_made_anew(shelf):
    index = shelf.root / ".codegen" / "index.sqlite"
    wanted = shelf("search", "echo a number", "--json").stdout
    for damage in (index.unlink, lambda: index.write_bytes(b"nonsense" * 1000)):
        damage()
        done = shelf("search", "echo a number", "--json")
        assert done.stdout == wanted
        assert "written anew" in done.stderr
    index.unlink()
    assert "def tool_1(" in shelf("describe", "counting.tool_1").stdout
    assert shelf("search", "echo a number").stderr == ""


def test_a_run_teaches_what_its_searches_meant_and_can_be_made_to_forget(shelf):
    def best() -> list[str]:
        answer = json.loads(shelf("search", "whistle merrily", "-k", "1", "--json").stdout)["answers"][0]
        return [hit["path"] for hit in answer["hits"]]

    shelf("search", "--forget")
    assert best() == []
    shelf.run("from servers.counting import tool_2\ntool_2(value=1)\nraise SystemExit(1)", code=1)
    assert best() == []
    shelf.run("from servers.counting import tool_2\ntool_2(value=1)")
    assert best() == ["counting.tool_2"]
    assert shelf("search", "--forget").stdout == "forgot 1 use\n"
    assert best() == []
    assert "takes no query" in shelf("search", "--forget", "everything", code=2).stderr


def test_describe_tells_of_the_names_it_knows_beside_one_it_does_not(shelf):
    done = shelf("describe", "counting.tol_1", "counting.tool_2", "counting.tool_2", code=2)
    assert done.stdout.count("def tool_2(") == 1
    assert "did you mean counting.tool_1?" in done.stderr
    told = json.loads(shelf("describe", "counting.tol_1", "counting.tool_2", "--json", code=2).stdout)
    assert list(told["texts"]) == ["counting.tool_2"]
    assert told["unknown"] == ["nothing is called 'counting.tol_1'"]
