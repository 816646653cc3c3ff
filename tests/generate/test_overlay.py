"""A catalogue as codegen.toml has it: what is shown, what calls are held to, and what is left when it says nothing."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from codegen.catalogue.snapshot import definition_hash, read_snapshot, snapshot_text
from codegen.config.overlays import ServerSettings, ToolOverlay
from codegen.config.settings import load_settings
from codegen.config.undo import Taken, Undo
from codegen.generate.overlay import overlaid
from codegen.generate.package import Package, generate_package, generate_root
from codegen.generate.parameters import read_parameters
from codegen.generate.types import Types
from codegen.generate.write import write_tree
from codegen.model import Catalogue, ServerInfo, Tool

ROOT = Path(__file__).resolve().parents[2]
CORPORA = ROOT.parent / "shared" / "corpora"
Make = Callable[..., Tool]


def offer(*tools: Tool, names: dict[str, str] | None = None) -> Catalogue:
    return Catalogue(ServerInfo("srv"), tools, names=names or {})


def narrowing(**arguments: dict[str, Any]) -> ServerSettings:
    return ServerSettings(tools={"do_it": ToolOverlay(arguments=arguments)})


def renaming(**names: str) -> ServerSettings:
    return ServerSettings(tools={tool: ToolOverlay(name=name) for tool, name in names.items()})


def signature(catalogue: Catalogue) -> str:
    """The lines of the first tool's parameters, without the frame around them."""
    text = generate_package(catalogue).modules[0].text
    return text.partition("def ")[2].partition('"""')[0]


def accepts(catalogue: Catalogue, **arguments: Any) -> bool:
    schema = catalogue.tools[0].input_schema
    return jsonschema_rs.validator_for(schema, offline=True).is_valid(arguments)


def told(catalogue: Catalogue) -> list[str]:
    return [str(problem) for problem in catalogue.problems]


@pytest.mark.parametrize(
    ("settings", "marks"),
    [
        (ServerSettings(reads=("do_*",)), ["reads"]),
        (ServerSettings(writes=("do_*",), reads=("*",)), ["writes"]),
        (ServerSettings(destructive=("do_it",), writes=("*",)), ["destructive"]),
        (ServerSettings(hints="ignore", reads=("other",)), []),
        (ServerSettings(idempotent=("do_it",)), ["writes"]),
    ],
)
def test_the_file_shows_what_a_person_says_that_the_tool_does(
    tool: Make, settings: ServerSettings, marks: list[str]
) -> None:
    hints = {"title": "Doing", "readOnlyHint": False, "openWorldHint": False, "idempotentHint": True}
    catalogue = overlaid(offer(tool(description="Do it.", annotations=hints)), settings)
    (shown,) = catalogue.tools
    assert re.findall(r"\[(reads|writes|destructive)\]", generate_package(catalogue).modules[0].text) == marks
    assert shown.title == "Doing"
    assert shown.hint("idempotentHint") is (True if settings.idempotent else None), "who says one thing says both"
    assert shown.hint("openWorldHint") is (None if settings.hints == "ignore" else False)


def test_a_pattern_of_what_tools_do_that_matches_none_is_a_problem(tool: Make) -> None:
    settings = ServerSettings(reads=("get_*",), writes=("do_*",), destructive=("do_at",), idempotent=("x",))
    problems = told(overlaid(offer(tool()), settings))
    assert [re.search(r' (\w+) "(.*)" matches no tool', problem).groups() for problem in problems] == [  # type: ignore[union-attr]
        ("reads", "get_*"),
        ("destructive", "do_at"),
        ("idempotent", "x"),
    ]


def test_where_nothing_is_said_the_catalogue_is_the_same_object(tool: Make) -> None:
    catalogue = offer(tool(), tool(name="a-b"), names={"do_it": "do_it", "a-b": "a_b_0a1b2c"})
    assert overlaid(catalogue, ServerSettings()) is catalogue
    assert overlaid(catalogue, ServerSettings("For x.", learn=False)) is catalogue


def test_only_what_is_allowed_and_not_denied_is_left(tool: Make) -> None:
    catalogue = offer(*(tool(name=name) for name in ("list_a", "list_all", "get_a", "delete_a")))
    shown = overlaid(catalogue, ServerSettings(allow=("list_*", "get_*"), deny=("*_all",)))
    assert [each.name for each in shown.tools] == ["list_a", "get_a"]
    assert shown.problems == ()
    assert len(catalogue.tools) == 4


def test_what_matches_nothing_is_a_problem_with_the_nearest_name_and_the_rest_holds(tool: Make) -> None:
    catalogue = offer(tool({"repo": {"type": "string"}}), tool(name="delete_it"))
    overlay = ToolOverlay(description="New.", arguments={"reppo": {"enum": ["a"]}})
    settings = ServerSettings(
        allow=("*", "get_*"), deny=("delet_it",), tools={"do_it": overlay, "do_its": ToolOverlay(name="x")}
    )
    shown = overlaid(catalogue, settings)
    assert told(shown) == [
        'codegen.toml [servers.srv]: allow "get_*" matches no tool of the server (known here: do_it, delete_it)',
        'codegen.toml [servers.srv]: deny "delet_it" matches no tool of the server (did you mean delete_it?)',
        "codegen.toml [servers.srv.tools.do_its]: the server offers no such tool (did you mean do_it?)",
        "codegen.toml [servers.srv.tools.do_it.arguments.reppo]: the tool has no such argument (did you mean repo?)",
    ]
    assert shown.tools[0].description == "New."
    assert shown.tools[0].input_schema == catalogue.tools[0].input_schema


def test_a_server_without_tools_is_no_fault_of_the_patterns() -> None:
    assert overlaid(offer(), ServerSettings(deny=("x",))).problems == ()


def test_description_and_return_type_take_the_place_of_the_servers(tool: Make) -> None:
    output = {"type": "object", "properties": {"result": {}}, "required": ["result"], "x-fastmcp-wrap-result": True}
    catalogue = offer(tool(description="Theirs.", output=output))
    returns = {"type": "array", "items": {"type": "integer"}}
    shown = overlaid(catalogue, ServerSettings(tools={"do_it": ToolOverlay(description="Ours.", returns=returns)}))
    (module,) = generate_package(shown).modules
    assert '"""Ours."""' in module.text
    assert "-> list[int]:" in module.text
    assert module.returns.wrapped, "how a result is unwrapped stays the server's affair"


def test_the_catalogue_that_is_kept_and_hashed_stays_the_servers(tool: Make) -> None:
    catalogue = offer(tool({"a": {"type": "string"}}))
    before, hashed = json.dumps(catalogue.tools[0].wire), definition_hash(catalogue.tools[0])
    overlay = ToolOverlay("other", "Ours.", {"type": "string"}, {"a": {"enum": ["x"]}})
    shown = overlaid(catalogue, ServerSettings(tools={"do_it": overlay}))
    assert json.dumps(catalogue.tools[0].wire) == before
    assert definition_hash(catalogue.tools[0]) == hashed != definition_hash(shown.tools[0])


TEXT = {"type": "string", "description": "Theirs"}
ITEM = {"$defs": {"Item": {"type": "string", "enum": ["a", "b", "c"], "description": "Theirs"}}}


@pytest.mark.parametrize(
    ("server", "ours", "line", "good", "bad"),
    [
        (TEXT, {"enum": ["a"]}, 'arg: Literal["a"] = UNSET,  # Theirs', ["a"], ["b", 1]),
        (TEXT, {"enum": ["a"], "description": "Ours"}, 'arg: Literal["a"] = UNSET,  # Ours', ["a"], ["b"]),
        (TEXT, {"description": "Ours", "default": "x"}, 'arg: str = UNSET,  # default "x"; Ours', ["b"], [1]),
        (TEXT, {"maxLength": 3}, "arg: str = UNSET,  # <= 3 characters; Theirs", ["abc"], ["abcd", 1]),
        ({"type": "integer", "minimum": 1, "maximum": 99}, {"maximum": 9}, "arg: int = UNSET,  # 1..9", [9], [0, 10]),
        ({"type": ["integer", "null"]}, {"type": "integer"}, "arg: int = UNSET,", [1], [None]),
        (
            {"anyOf": [{"enum": ["a", "b"], "type": "string"}, {"type": "null"}]},
            {"type": "string"},
            'arg: Literal["a", "b"] = UNSET,',
            ["a"],
            [None, "c"],
        ),
        ({"$ref": "#/$defs/Item"}, {"enum": ["a", "z"]}, 'arg: Literal["a"] = UNSET,  # Theirs', ["a"], ["b", "z"]),
        (
            {"type": "array", "items": {"$ref": "#/$defs/Item"}},
            {"items": {"enum": ["b"]}, "maxItems": 1},
            'arg: list[Literal["b"]] = UNSET,  # <= 1 items',
            [["b"], []],
            [["a"], ["b", "b"]],
        ),
        (
            TEXT,
            {"allOf": [{"minLength": 2}, {"maxLength": 2}]},
            "arg: str = UNSET,  # 2 characters; Theirs",
            ["ab"],
            ["a"],
        ),
        ({}, {"type": "boolean"}, "arg: bool = UNSET,", [True], ["x"]),
        (True, {"type": "boolean"}, "arg: bool = UNSET,", [True], ["x"]),
    ],
)
def test_an_argument_is_shown_and_held_as_narrowed(
    tool: Make, server: Any, ours: dict[str, Any], line: str, good: list[Any], bad: list[Any]
) -> None:
    schema = {"type": "object", "properties": {"arg": server, "more": {"type": "integer"}}, **ITEM}
    shown = overlaid(offer(tool(schema=schema)), narrowing(arg=ours))
    assert told(shown) == []
    assert f"    {line}\n    more: int = UNSET,\n" in signature(shown)
    assert all(accepts(shown, arg=value) for value in good)
    assert not any(accepts(shown, arg=value) for value in bad)
    assert not accepts(shown, more="x")


_ARGS = {"type": "object", "properties": {"arg": TEXT, "n": {"type": "integer"}}, "required": ["arg"]}
_ROOTS: dict[str, dict[str, Any]] = {
    "all of": {
        "type": "object",
        "allOf": [{"$ref": "#/$defs/Args"}, {"properties": {"m": {}}}],
        "$defs": {"Args": _ARGS},
    },
    "a reference": {"$ref": "#/$defs/Args", "$defs": {"Args": _ARGS}},
    "a reference of draft 7": {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$ref": "#/definitions/Args",
        "definitions": {"Args": _ARGS},
    },
    "variants": {"type": "object", "anyOf": [_ARGS, {"properties": {"arg": TEXT, "k": {"const": 1}}}]},
    "one of": {"oneOf": [_ARGS, {"properties": {"arg": {"type": "string"}, "k": {}}, "required": ["k"]}]},
    "another argument is the same": {
        "type": "object",
        "properties": {"arg": TEXT, "same": {"$ref": "#/properties/arg"}, "n": {"type": "integer"}},
    },
    "a part that is pointed to": {
        "type": "object",
        "properties": {"arg": {"anyOf": [TEXT]}, "part": {"$ref": "#/properties/arg/anyOf/0"}},
    },
    "required but not said": {"type": "object", "required": ["arg"], "additionalProperties": True},
}


@pytest.mark.parametrize("root", _ROOTS)
def test_an_argument_is_found_wherever_the_root_says_it(tool: Make, root: str) -> None:
    catalogue = offer(tool(schema=_ROOTS[root]))
    shown = overlaid(catalogue, narrowing(arg={"enum": ["a", "b"], "default": "a"}))
    assert told(shown) == []
    assert re.search(r'    arg: Literal\["a", "b"\]( = UNSET)?,  # default "a"', signature(shown)), signature(shown)
    assert accepts(shown, arg="a")
    assert not accepts(shown, arg="c")
    assert accepts(catalogue, arg="c")

    def names(of: Catalogue) -> set[str]:
        return set(re.findall(r"^    (\*\*\w+|\w+):", signature(of), re.MULTILINE))

    assert names(shown) == names(catalogue), "nothing else is gained or lost"


def test_what_refers_to_a_narrowed_argument_is_not_narrowed_with_it(tool: Make) -> None:
    same = overlaid(offer(tool(schema=_ROOTS["another argument is the same"])), narrowing(arg={"enum": ["a"]}))
    assert accepts(same, arg="a", same="anything")
    assert not accepts(same, arg="b")
    part = overlaid(offer(tool(schema=_ROOTS["a part that is pointed to"])), narrowing(arg={"enum": ["a"]}))
    assert accepts(part, arg="a", part="anything")
    assert not accepts(part, part=1)


@pytest.mark.parametrize(
    ("server", "ours"),
    [
        ({"enum": ["open", "closed"]}, {"enum": ["opened"]}),
        ({"type": "integer"}, {"enum": ["1", True, 1.5]}),
        ({"type": "string", "maxLength": 3}, {"const": "long"}),
        ({"type": "integer", "maximum": 9}, {"minimum": 10}),
        ({"type": "array"}, {"type": "string"}),
        ({"type": "array", "maxItems": 2}, {"minItems": 3}),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, {"type": "string"}),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, {"enum": ["x"]}),
        ({"oneOf": [{"const": 1}, {"const": 2}]}, {"enum": [3]}),
        ({"$ref": "#/$defs/Item"}, {"enum": ["z"]}),
    ],
)
def test_a_narrowing_that_leaves_no_value_is_a_problem_and_the_servers_word_stays(
    tool: Make, server: dict[str, Any], ours: dict[str, Any]
) -> None:
    catalogue = offer(tool(schema={"type": "object", "properties": {"arg": server}, **ITEM}))
    shown = overlaid(catalogue, narrowing(arg={**ours, "description": "Ours"}))
    assert told(shown) == [
        "codegen.toml [servers.srv.tools.do_it.arguments.arg]: "
        "no value fits both this and the server's schema (left as the server has it)"
    ]
    assert shown.tools[0].input_schema == catalogue.tools[0].input_schema


def test_a_narrowing_that_one_variant_can_hold_holds(tool: Make) -> None:
    schema = {"anyOf": [{"properties": {"a": {"type": "integer"}}}, {"properties": {"a": {"enum": ["x", "y"]}}}]}
    shown = overlaid(offer(tool(schema=schema)), narrowing(a={"enum": ["x"]}))
    assert told(shown) == []
    assert 'a: Literal["x"] = UNSET' in signature(shown)


def names(catalogue: Catalogue) -> dict[str, str]:
    return dict(generate_package(catalogue).names)


def synced(catalogue: Catalogue, settings: ServerSettings, folder: Path) -> Catalogue:
    """The catalogue as the next sync finds it, with the names that this one gave."""
    (folder / ".catalogue.json").write_text(snapshot_text(catalogue, names(overlaid(catalogue, settings))))
    return read_snapshot(folder)


def test_a_new_name_is_the_functions_and_the_files_and_the_call_keeps_the_servers(tool: Make) -> None:
    package = generate_package(overlaid(offer(tool(), tool(name="other")), renaming(do_it="open")))
    assert {"open.py", "other.py"} <= package.files.keys()
    assert "do_it.py" not in package.files
    assert "def open(" in package.files["open.py"]
    assert 'call("srv", "do_it"' in package.files["open.py"]


def test_a_new_name_stays_while_it_is_said_and_goes_when_it_is_not(tool: Make, tmp_path: Path) -> None:
    clashing = (tool(name="get-user"), tool(name="get_user"), tool())
    before = names(offer(*clashing))
    assert before["get-user"] != "get_user", "the suffix that must survive"
    first = synced(offer(*clashing), renaming(do_it="open"), tmp_path)
    assert first.names == {**before, "do_it": "open"}
    again = synced(first, renaming(do_it="open"), tmp_path)
    assert again.names == first.names
    other = synced(first, renaming(do_it="start"), tmp_path)
    assert other.names == {**before, "do_it": "start"}
    assert synced(other, ServerSettings(), tmp_path).names == before


def test_a_name_that_another_tool_has_is_a_problem_and_nobody_gets_a_third_name(tool: Make) -> None:
    catalogue = offer(tool(), tool(name="Open"))
    shown = overlaid(catalogue, renaming(do_it="open"))
    assert told(shown) == [
        'codegen.toml [servers.srv.tools.do_it]: "open" is the name of its tool Open, so this one keeps its own '
        "(choose another name, or rename or deny that tool)"
    ]
    assert names(shown) == {"do_it": "do_it", "Open": "Open"}


def test_a_name_is_free_when_its_owner_is_renamed_or_denied(tool: Make) -> None:
    catalogue = offer(tool(name="a"), tool(name="b"))
    swapped = overlaid(catalogue, renaming(a="b", b="a"))
    assert (names(swapped), told(swapped)) == ({"a": "b", "b": "a"}, [])
    denied = overlaid(catalogue, ServerSettings(deny=("b",), tools={"a": ToolOverlay(name="b")}))
    assert (names(denied), told(denied)) == ({"a": "b"}, [])


def test_a_name_that_is_refused_is_held_by_its_tool_against_others(tool: Make) -> None:
    catalogue = offer(tool(name="a"), tool(name="b"), tool(name="c"))
    shown = overlaid(catalogue, renaming(a="b", b="c"))
    assert names(shown) == {"a": "a", "b": "b", "c": "c"}
    assert len(told(shown)) == 2


def test_a_tool_that_comes_later_does_not_take_a_given_name_away(tool: Make, tmp_path: Path) -> None:
    settings = renaming(do_it="open")
    known = synced(offer(tool()), settings, tmp_path)
    grown = offer(tool(name="open"), tool(), names=dict(known.names))
    shown = overlaid(grown, settings)
    assert told(shown) == []
    given = names(shown)
    assert given["do_it"] == "open"
    assert re.fullmatch(r"open_[0-9a-f]{6}", given["open"])


def test_the_whole_is_generated_without_findings_and_a_wrong_value_is_one(tool: Make, tmp_path: Path) -> None:
    catalogue = offer(tool({"repo": TEXT, "title": TEXT}, required=("repo", "title")))
    returns = {"type": "object", "properties": {"number": {"type": "integer"}}, "required": ["number"]}
    overlay = ToolOverlay("open_issue", "Open an issue.", returns, {"repo": {"enum": ["site", "api"]}})
    package = generate_package(overlaid(catalogue, ServerSettings(tools={"do_it": overlay})))
    assert package.problems == ()
    files = {f"srv/{name}": text for name, text in package.files.items()}
    write_tree(tmp_path / "servers", {**generate_root([package]), **files}, set())
    use = "from servers.srv import open_issue\nn: int = open_issue(repo={!r}, title='x')['number']\n"
    assert check(tmp_path, use.format("site")) == ""
    assert "invalid-argument-type" in check(tmp_path, use.format("blog"))


def check(folder: Path, source: str) -> str:
    (folder / "use.py").write_text(source)
    ty = Path(sys.executable).with_name("ty")
    words = [ty, "check", "--output-format", "concise", "--python", sys.prefix, "."]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout if done.returncode else ""


def _deep(levels: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(levels):
        schema = {"anyOf": [{"items": schema}]}
    return schema


_HOSTILE: list[Any] = [
    {},
    {"properties": []},
    {"properties": {"arg": "text"}, "required": [1, None]},
    {"properties": {"arg": False}},
    {"$ref": "#"},
    {"$ref": "#/properties/arg", "properties": {"arg": {"$ref": "#"}}},
    {"allOf": 5, "anyOf": [1], "oneOf": {}, "properties": {"arg": {"allOf": ["x"], "enum": "y", "type": [1]}}},
    {"properties": {"arg": {"enum": [1e999, 10**400, -(10**400)], "type": "integer", "minimum": 1e999}}},
    {"properties": {"arg": {"minimum": "1", "maximum": [], "minLength": None}}},
    {"anyOf": [{"anyOf": [{"anyOf": [{"properties": {"arg": {}}}] * 64}] * 64}] * 64},
    _deep(400),
    {"properties": {"arg": _deep(400)}},
    {"properties": {"arg": {"$ref": "#/$defs/a"}}, "$defs": {"a": {"$ref": "#/$defs/a"}}},
]


@pytest.mark.parametrize("ours", [{"enum": [1]}, {"minimum": 5}, {"type": "integer"}, {"description": "x"}], ids=str)
@pytest.mark.parametrize("number", range(len(_HOSTILE)))
def test_no_schema_of_a_server_raises(tool: Make, number: int, ours: dict[str, Any]) -> None:
    shown = overlaid(offer(tool(schema=_HOSTILE[number])), narrowing(arg=ours))
    assert len(generate_package(shown).modules) == 1


@pytest.mark.skipif(not CORPORA.is_dir(), reason=f"no corpora at {CORPORA}")
def test_arguments_of_real_tools_are_held_to_one_value_and_nothing_else_changes() -> None:
    count = 0
    with gzip.open(CORPORA / "tools.jsonl.gz", "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    for row in [each for each in rows if each["instances"]][::5]:
        given = max(row["instances"], key=len)
        only = {name: {"enum": [value]} for name, value in given.items() if isinstance(value, (str, int, float))}
        catalogue = offer(Tool("srv", "do_it", {"name": "do_it", "inputSchema": row["inputSchema"]}))
        shown = overlaid(catalogue, narrowing(**only))
        assert told(shown) == []
        assert accepts(shown, **given)
        assert not any(accepts(shown, **{**given, name: "something else"}) for name in only)
        before, after = (read_parameters(each.tools[0].input_schema, Types()).each for each in (catalogue, shown))
        assert [(each.wire, each.required) for each in after] == [(each.wire, each.required) for each in before]
        count += len(only)
    assert count > 1000


def test_texts_of_a_server_reach_a_problem_on_one_line_and_cleaned(tool: Make) -> None:
    shown = overlaid(offer(tool({"re\npo\x1b": {}})), narrowing(repo={}))
    assert "did you mean re po\ufffd?" in told(shown)[0]
    assert told(shown)[0].isprintable()


def test_an_undo_that_the_servers_tools_do_not_fit_is_a_problem(tool: Make) -> None:
    def problems(undo: Undo) -> list[str]:
        settings = ServerSettings(tools={"do_it": ToolOverlay(undo=undo)})
        inverse = tool({"id": {}}, required=("id",), name="drop_it")
        return told(overlaid(offer(tool({"repo": {}}), inverse), settings))

    assert problems(Undo("drop_it", {"id": Taken("arguments", ("repo",))})) == []
    (said,) = problems(Undo("drop_itt"))
    assert said.startswith("codegen.toml [servers.srv.tools.do_it.undo]: the server offers no tool drop_itt")
    assert "did you mean drop_it?" in said
    said = " ".join(problems(Undo("drop_it", {"ident": [Taken("arguments", ("repos",))]})))
    assert "drop_it has no argument ident" in said
    assert "do_it has no argument repos (did you mean repo?)" in said
    assert "drop_it needs id" in said


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[tuple[Catalogue, Package, str]]:
    """The sample server with the settings that docs/overlays.md shows laid over it, and the document."""
    document = (ROOT / "docs" / "overlays.md").read_text()
    (tmp_path / "codegen.toml").write_text(re.findall(r"```toml\n(.*?)```", document, re.DOTALL)[0])
    settings = load_settings(tmp_path / "codegen.toml")
    catalogue = overlaid(read_snapshot(ROOT / "servers" / "shop"), settings.server("shop"))
    yield catalogue, generate_package(catalogue), document


def test_what_the_document_shows_is_what_its_settings_give(shop: tuple[Catalogue, Package, str]) -> None:
    catalogue, package, document = shop
    assert catalogue.problems == package.problems == ()
    (shown,) = re.findall(r"```python\n(.*?)```", document, re.DOTALL)
    assert shown in package.files["recount.py"]
    assert "delete_order" not in package.names
    assert "get_stock" in package.names
    assert "groups: list[Group]" in package.files["sales_summary.py"]


def test_the_document_names_every_key() -> None:
    document = (ROOT / "docs" / "overlays.md").read_text()
    cells = " ".join(re.findall(r"^\| (`[^|]*) \|", document, re.MULTILINE))
    keys = set(re.findall(r"`(?:tools\.TOOL\.)?(\w+)", cells))
    assert keys == {*ServerSettings.__dataclass_fields__, *ToolOverlay.__dataclass_fields__} - {"tools"}
