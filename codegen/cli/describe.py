"""`codegen describe`: a tool's types, signature and text; with --detail full all that the server said."""

from __future__ import annotations

from codegen.cli import output
from codegen.cli.indexed import indexed
from codegen.cli.words import Line, Option
from codegen.config.paths import find_workspace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from codegen.config.paths import Workspace
    from codegen.search.answer import Hit


_LINE = Line(
    "describe",
    "Show tools (server.tool), skills (skills.name) or a whole server's list.",
    (
        "codegen describe shop.list_orders shop.get_customer",
        "codegen describe shop",
        "codegen describe shop.list_orders --detail full      (the server's own text and schemas)",
    ),
    Option("name", nargs="+"),
    Option("--detail", choices=["path", "brief", "sig", "types", "full"], default="types"),
    Option("--json", action="store_true", help="print JSON"),
)


def main(words: list[str]) -> int:
    arguments = _LINE.read(words)
    place = find_workspace(arguments.workspace)
    from codegen.errors import UnknownToolError

    texts: dict[str, str] = {}
    unknown: list[UnknownToolError] = []
    for name in dict.fromkeys(arguments.name):
        try:
            texts[name] = _text(place, name, arguments.detail)
        except UnknownToolError as error:  # the others are told all the same
            unknown.append(error)
    if arguments.json:
        output.document({"version": 1, "texts": dict(texts), "unknown": [each.what for each in unknown]})
    elif texts:
        output.line("\n\n".join(texts.values()))
    for each in unknown:
        output.error(str(each))
    return unknown[0].exit_code if unknown else 0


def _text(place: Workspace, name: str, detail: str) -> str:
    from codegen.search.describe import named, server_text, text_of

    if listed := server_text(place.root, name):
        return listed
    hit = indexed(place, lambda: named(place.index, name))
    if detail in {"path", "brief", "sig"}:
        return {"path": hit.path, "brief": hit.brief, "sig": hit.signature}[detail]
    text = text_of(place.root, hit)
    return f"{text}\n{_wire(place, hit)}".rstrip() if detail == "full" else text


def _wire(place: Workspace, hit: Hit) -> str:
    """The server's own definition, as it came: untrusted text, shown as a comment-free JSON object."""
    from codegen.catalogue.snapshot import read_snapshot

    folder, _, module = hit.path.partition(".")
    if folder == "skills":
        return ""
    catalogue = read_snapshot(place.servers / folder)
    for tool in catalogue.tools:
        if catalogue.names.get(tool.name, tool.name) == module:
            import json

            return "\n# As the server defines it:\n" + json.dumps(tool.wire, ensure_ascii=False, indent=1)
    return ""
