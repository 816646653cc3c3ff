"""How a run's end is told to a model: what it needs for the next step, and no more."""

from __future__ import annotations

from codegen.model import JsonObject
from codegen.runtime.wire import objects_field, text_field
from codegen.runtime.wording import asked_lines


def run_text(envelope: JsonObject) -> str:
    """The output, the findings of the check, and how to go on where it didn't succeed."""
    state = envelope["state"]
    parts = [str(each["text"]) for each in objects_field(envelope, "findings")]
    parts += [text_field(envelope, "stdout").rstrip(), text_field(envelope, "stderr").rstrip()]
    if state == "refused":
        parts.append("refused by the check, nothing was run" if envelope["findings"] else "nothing was run")
    elif state == "waiting":
        parts.append("The run stopped before these calls: a person has to approve them, and none can be asked here.")
        parts += [asked_lines(call) for call in objects_field(envelope, "waiting")]
        parts.append("Don't try another way to the same end. Say in your answer what waits for an approval.")
    elif state not in {"succeeded", "planned"}:
        parts.append(f"the run {state} after {envelope['calls']} calls")
    return "\n".join(filter(None, parts)) or "(no output: print something, or return it from main())"
