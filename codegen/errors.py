"""One error tree. What a person can mend is a `CodegenError`, and says what, where and what to do next."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


class CodegenError(Exception):
    """Base of every error this project raises on purpose; its text is what the command line prints.

    `exit_code` is what a command that ends by it exits with (DESIGN: 2 is usage or configuration).
    """

    exit_code = 2

    def __init__(self, what: str, *, hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.what}\n  {self.hint}" if self.hint else self.what


class UsageError(CodegenError):
    """The command was called in a way that can't work."""


class ConfigError(CodegenError):
    """mcp.json or codegen.toml says something that can't be used: names the file, the key, and what is expected."""


class UnsetVariableError(ConfigError):
    """A `${VAR}` without a default is not set. Costs its server alone."""


class WorkspaceError(CodegenError):
    """There is no workspace here, or it can't be written."""


class ServerError(CodegenError):
    """A server could not be started, connected or listed. Costs its server alone."""

    exit_code = 1


class ToolFailedError(CodegenError):
    """A tool answered with an error, or its server died during the call; reaches a script as `ToolError`."""

    exit_code = 1


class UnreachableError(ToolFailedError):
    """A call's server could not be opened: nothing was sent."""


class LostError(ToolFailedError):
    """A call was sent and no answer came: whether it was applied is unknown."""


class ChangedError(ToolFailedError):
    """A tool is no longer what was synced: nothing was sent."""


class LimitError(CodegenError):
    """A run has taken all that codegen.toml lets it: nothing was sent; reaches a script as `ToolError`."""

    exit_code = 1


class RejectedError(CodegenError):
    """A rule or a person said no to a call: nothing was sent; reaches a script as `ToolRejected`."""

    exit_code = 1


class ApprovalError(CodegenError):
    """There is nothing to approve, or no more."""


class ResumeError(CodegenError):
    """A run can't be resumed."""


class UndoError(CodegenError):
    """A call can't be taken back: nothing says how, or what it needs isn't there."""

    exit_code = 1


class DivergedError(CodegenError):
    """A resumed script made another call than it had made before."""

    exit_code = 1


class ArgumentsError(CodegenError):
    """A call's arguments don't fit their tool's schema: nothing was sent; reaches a script as `ToolError`."""

    exit_code = 1


class UnknownToolError(CodegenError):
    """No tool, skill or server has that name."""


class BrokerError(CodegenError):
    """The broker could not be started or reached."""


class SandboxUnavailableError(CodegenError):
    """No sandbox works here: nothing was run."""

    exit_code = 5


class ModelError(CodegenError):
    """A model, or the program that drives one, could not be reached or gave no usable answer."""

    exit_code = 1


class ScriptError(CodegenError):
    """A script isn't Python: nothing was run."""

    exit_code = 3


class SkillError(CodegenError):
    """A skill can't be saved, found or changed."""


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name most like `name`, as `did you mean X?`, or nothing."""
    import difflib

    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"did you mean {close[0]}?" if close else ""
