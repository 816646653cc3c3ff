"""`codegen reject`: calls that wait raise `ToolRejected` in their script, which goes on."""

from __future__ import annotations

from codegen.cli.approve import decide
from codegen.cli.options import parser


def main(words: list[str]) -> int:
    options = parser(
        "reject",
        "Reject the calls of a run that wait: they raise ToolRejected in the script, which is resumed.",
        "codegen reject 1a2b3c4d --reason 'not this customer'",
    )
    return decide(options, words, allow=False)
