from __future__ import annotations

from collections.abc import Callable

from codegen.generate.module import generate_module
from codegen.model import Tool

Make = Callable[..., Tool]
TEXT = {"type": "string"}


def test_a_signature_is_one_line_that_can_be_called(tool: Make) -> None:
    issue = {"type": "object", "properties": {"number": {"type": "integer"}, "url": TEXT}}
    said = {"owner": TEXT, "labels": {"type": "array", "items": TEXT}, "state": {"enum": ["open", "closed"]}}
    hints = {"readOnlyHint": False}
    made = tool(said, required=("owner",), output=issue, description="Open an issue. More.", annotations=hints)
    signature = generate_module(made, "create_issue", "github").signature
    assert signature.path == "github.create_issue"
    call = 'github.create_issue(owner: str, labels?: list[str], state?: "open"|"closed")'
    assert signature.line == f"{call} -> {{number, url}}  # Open an issue [w]"
    assert signature.brief == "create_issue(owner, labels?, state?) -> {number, url}  Open an issue. [w]"


def test_effects_have_short_marks(tool: Make) -> None:
    def mark(**hints: bool) -> str:
        return generate_module(tool(description="Do.", annotations=hints), "do_it").signature.line.partition("# ")[2]

    assert mark(destructiveHint=True) == "Do [d]"
    assert mark(readOnlyHint=True) == "Do"
    assert mark() == "Do"


def test_small_objects_are_shown_and_large_ones_are_dict(tool: Make) -> None:
    small = {"type": "object", "properties": {"a": {"type": "integer"}, "b": TEXT}, "required": ["a"]}
    large = {"type": "object", "properties": {f"p{n}": TEXT for n in range(9)}}
    made = tool({"small": small, "large": large, "many": {"type": "array", "items": small}})
    call = generate_module(made, "f", "s").signature.call
    assert call == "s.f(small?: {a: int, b?: str}, large?: dict, many?: list[{a: int, b?: str}])"


def test_more_than_ten_parameters_are_counted(tool: Make) -> None:
    signature = generate_module(tool({f"p{n}": TEXT for n in range(17)}), "f", "s").signature
    assert signature.call.endswith("p9?: str, …+7)")
    assert signature.brief.startswith("f(p0?, p1?")


def test_results_are_shown_by_their_keys(tool: Make) -> None:
    issue = {"type": "object", "properties": {f"k{n}": TEXT for n in range(10)}}
    listed = {"type": "object", "properties": {"result": {"type": "array", "items": issue}}}
    made = tool(output={**listed, "x-fastmcp-wrap-result": True})
    assert generate_module(made, "f").signature.returns == "list[{k0, k1, k2, k3, k4, k5, k6, k7, …+2}]"
    assert generate_module(tool(), "f").signature.returns == "Any"


def test_hostile_text_stays_on_the_line_and_short(tool: Make) -> None:
    made = tool({"x" * 5_000: TEXT}, description="a\nb\u202e" * 500, output={"properties": {"y\n" * 900: TEXT}})
    line = generate_module(made, "f").signature.line
    assert line.isprintable()
    assert len(line) < 400
