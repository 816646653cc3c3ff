"""One synced tool, with all that a call of it needs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Container
from dataclasses import dataclass, field

from codegen.config.limits import Limits
from codegen.errors import ArgumentsError
from codegen.generate.literals import one_line
from codegen.generate.returns import ReturnRule
from codegen.model import Json, JsonObject, Tool
from codegen.policy.policy import ToolPolicy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from codegen.validation.validator import Validator


@dataclass(slots=True)
class Definition:
    """`folder` and `name` are the tool's in the tree; `signature` gives the call-ready line of `folder.name`.

    `policy` decides its calls. `learn`: whether its results may be learned from; `learns`: whether its type comes from
    them.
    """

    tool: Tool
    folder: str
    name: str
    rule: ReturnRule
    signature: Callable[[str], str]
    policy: ToolPolicy
    learn: bool = True
    pinned: Tool | None = None
    limits: Limits | None = None
    retries: int = 0
    learns: bool = field(init=False)
    _validator: Validator | None = field(default=None, init=False)
    _compiled: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        self.learns = self.learn and self.rule.is_open

    @property
    def path(self) -> str:
        """`github.create_issue`."""
        return f"{self.folder}.{self.name}"

    def placeholder(self) -> Json:
        """What a dry run gives in the place of a result: the least value of its type, None where that is unknown."""
        from codegen.policy.placeholder import placeholder_of

        return placeholder_of(self.tool)

    def check(self, arguments: JsonObject, told: Container[str] = ()) -> None:
        """Raises ArgumentsError when the tool's own schema refuses the arguments.

        It ends with the signature, unless that is among the lines that the script's author was `told` already.
        """
        if not self._compiled:
            self._compile()
        errors = self._validator.errors(arguments) if self._validator is not None else ()
        if errors and self._validator is not None:
            from codegen.validation.refusal import refusal

            text = refusal(errors, self._validator.schema, self._parameter_names())
            signature = self.signature(self.path)
            raise ArgumentsError(text, hint="" if signature in told else signature)

    def _compile(self) -> None:
        from codegen.validation.validator import validator_for  # 10 ms that the broker's first call pays

        self._validator, left_out = validator_for(self.tool.input_schema)
        self._compiled = True
        if left_out:
            checked = "not checked" if self._validator is None else "checked but for a part"
            sys.stderr.write(f"arguments of {one_line(self.path)} are {checked}: {one_line(left_out, 300)}\n")

    def _parameter_names(self) -> dict[str, str]:
        """What the arguments of the wire are called in Python."""
        from codegen.generate.parameters import read_parameters
        from codegen.generate.types import Types

        return {each.wire: each.name for each in read_parameters(self.tool.input_schema, Types()).each}
