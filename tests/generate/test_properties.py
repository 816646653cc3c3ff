"""Whatever strangers write, generated code says what it should and nothing else."""

from __future__ import annotations

import ast
import copy
import io
import subprocess
import sys
import tokenize
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema_rs
from generate.suite import accepts, adapter
from generate.written import FAR, UNSEEN, names, plain_values, schemas, standard_schemas, texts, tools, values
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codegen import stub
from codegen.generate.alias import generate_alias
from codegen.generate.check import check_module
from codegen.generate.literals import clean, comment, docstring, literal, markdown
from codegen.generate.module import generate_module
from codegen.generate.package import generate_package
from codegen.model import Catalogue, ServerInfo, Tool
from codegen.naming import identifier

many = settings(max_examples=200, suppress_health_check=list(HealthCheck))


def same(first: object, second: object) -> bool:
    """Equal to the last bit and type: `1`, `1.0` and `True` differ, and NaN is itself."""
    return repr(first) == repr(second)


@given(values)
def test_a_literal_evaluates_to_exactly_its_value_and_shows_all_of_it(value: object) -> None:
    text = literal(value)
    assert same(eval(text, {"__builtins__": {"float": float}}), value)
    assert text.isprintable()
    assert not set(UNSEEN + FAR) & set(text)


@given(st.lists(texts, min_size=1, max_size=5))
def test_nothing_leaves_a_docstring(lines: list[str]) -> None:
    source = f"def f():\n{docstring(lines, '    ')}\n    return 1\n"
    function = ast.parse(source).body[0]
    assert isinstance(function, ast.FunctionDef)
    assert [type(each) for each in function.body] == [ast.Expr, ast.Return]
    text = ast.get_docstring(function, clean=False)
    assert text is not None
    kept = [clean(line).replace("\n", " ").rstrip() for line in lines]
    assert [each.strip() for each in text.split("\n")][: len(kept)] == [each.strip() for each in kept]
    assert not set(UNSEEN + FAR) & set(source)


@given(texts)
def test_nothing_leaves_a_comment(text: str) -> None:
    line = comment(text)
    tokens = [token.type for token in tokenize.generate_tokens(io.StringIO(f"x = 1  {line}\n").readline)]
    assert tokens.count(tokenize.COMMENT) == 1
    assert tokens.count(tokenize.NAME) == 1
    assert tokenize.detect_encoding(io.BytesIO(f"{line}\n{line}\n".encode()).readline)[0] == "utf-8"
    assert len(line) <= 200


@given(texts)
def test_nothing_in_a_readme_line_is_a_link_html_or_code(text: str) -> None:
    line = markdown(text)
    assert not {"\n", "`", "<"} & set(line)
    assert line.count("[") == line.count("\\[")


@given(st.lists(names, min_size=1, max_size=12))
def test_tools_with_any_names_become_one_package_of_files(raws: list[str]) -> None:
    package = generate_package(Catalogue(ServerInfo("s"), tuple(Tool("s", raw, {"name": raw}) for raw in raws)))
    assert set(package.names) == {raw for raw in raws if raw}
    folded = [name.casefold() for name in package.files]
    assert len(folded) == len(set(folded)) == len(package.names) + 2


@many
@given(tools())
def test_every_tool_becomes_a_module_that_is_nothing_but_its_tool(tool: Tool) -> None:
    module = generate_module(tool, identifier(tool.name))
    assert check_module(module) == ""
    again = generate_module(copy.deepcopy(tool), identifier(tool.name))
    assert (again.text, again.signature) == (module.text, module.signature)
    assert not set(UNSEEN + FAR) & set(module.text)


def test_every_call_sends_exactly_what_was_given(client_scope: Callable[[str], dict[str, Any]]) -> None:
    @many
    @given(tools(), st.data())
    def holds(tool: Tool, data: st.DataObject) -> None:
        module = generate_module(tool, "do_it")
        parameters = module.parameters
        given_ones = [each for each in parameters.each if each.required or data.draw(st.booleans())]
        arguments = {each.name: data.draw(values) for each in given_ones}
        sent = {each.wire: arguments[each.name] for each in given_ones}
        if parameters.extra is not None:
            own = {each.name for each in parameters.each} | {each.wire for each in parameters.each}
            more = {
                key: value
                for key, value in data.draw(st.dictionaries(names, values, max_size=2)).items()
                if key not in own
            }
            arguments, sent = {**arguments, **more}, {**sent, **more}
        message = client_scope(module.text)["do_it"](**arguments)
        assert same(dict(sorted(message["arguments"].items())), dict(sorted(sent.items())))
        assert (message["server"], message["tool"]) == (tool.server, tool.name)

    holds()


@many
@given(schemas, st.booleans())
def test_every_schema_has_a_type(schema: object, faithful: bool) -> None:
    scope: dict[str, Any] = {}
    exec(generate_alias(schema, faithful=faithful), scope)
    assert "RootT" in scope


@many
@given(standard_schemas, st.lists(plain_values, min_size=6, max_size=6))
def test_by_the_letter_a_type_takes_all_that_a_validator_takes(schema: dict[str, Any], instances: list[Any]) -> None:
    try:
        validator = jsonschema_rs.Draft202012Validator(schema)
    except (ValueError, jsonschema_rs.ReferencingError):  # a reference that leads nowhere
        return
    types = adapter(schema, faithful=True)
    assert all(accepts(types, each) for each in instances if validator.is_valid(each))


def test_what_is_generated_from_any_schema_is_clean_under_ty(tmp_path: Path) -> None:
    texts_by_name: dict[str, str] = {}

    @settings(max_examples=120, suppress_health_check=list(HealthCheck), database=None)
    @given(tools())
    def collect(tool: Tool) -> None:
        texts_by_name[f"tool{len(texts_by_name)}"] = generate_module(tool, f"tool{len(texts_by_name)}").text

    collect()
    package = tmp_path / "tree" / "package"
    package.mkdir(parents=True)
    for folder in (package, package.parent):
        (folder / "__init__.py").touch()
    (package.parent / "_client.py").write_bytes(Path(stub.__file__).read_bytes())
    for name, text in texts_by_name.items():
        (package / f"{name}.py").write_text(text, encoding="utf-8")
    done = subprocess.run(
        [Path(sys.executable).with_name("ty"), "check", "--error-on-warning", "--output-format", "concise", "."],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3_000:]
