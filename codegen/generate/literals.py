"""The only doors through which a server's text enters generated code: `literal`, `docstring`, `comment`, `markdown`."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

_BREAKS = re.compile("\r\n|[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
# What a reader can't see: control, bidi, zero-width, tag and variation characters, fillers, private use, surrogates.
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5"
    "\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ud800-\udfff\ue000-\uf8ff\ufe00-\ufe0e\ufeff\uffa0"
    "\ufff0-\ufffb\ufffe\uffff\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff\U000f0000-\U0010ffff]"
)
_ALL_UNSEEN = re.compile(f"{_UNSEEN.pattern}+")
# Words that tools read out of comments: a description may not switch off a check or choose the file's encoding.
_PRAGMA = re.compile(
    r"(?i)(^\s*|#\s*)((?:type|(?:based)?pyright|pyrefly|pytype|pyre(?:-\w+)*|ty|mypy|ruff|flake8|fmt|isort|pylint|yapf|pragma)"
    r"(?=\s*[:=\[])|no(?:qa|sec|sonar)\b)"
)
_ENCODING = re.compile(r"(?i)[:=](?<=coding.)")


def clean(text: str) -> str:
    """`text` with line ends as `\\n`, tabs as spaces, and what can't be seen as `\\ufffd`."""
    text = text.replace("\t", " ")
    if text.isascii() and text.replace("\n", "").isprintable():  # as most is
        return text
    text = text if text.isprintable() else _BREAKS.sub("\n", text)
    return _ALL_UNSEEN.sub("\ufffd", text) if _UNSEEN.search(text) else text


def one_line(text: str, limit: int = 160) -> str:
    """Cleaned text on one line of at most `limit` characters, cut at a word where there is one."""
    if len(text) <= limit:
        text = text.replace("\t", " ")
        if text.isascii() and text.isprintable() and "  " not in text:
            return text.strip()
    # A bound before the work: a description of a megabyte must not cost a megabyte of it.
    return cut(" ".join(clean(text[: 8 * limit]).split()), limit)


def cut(text: str, limit: int) -> str:
    """At most `limit` characters, the last of them `…` when some were left off."""
    if len(text) <= limit:
        return text
    head = text[: limit - 1]
    space = head.rfind(" ")
    return (head[:space] if space > limit // 2 else head).rstrip(" ,;:") + "…"


def literal(value: object) -> str:
    """A JSON value as a Python expression that evaluates to exactly it, printable and on one line."""
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, list):
        return "[" + ", ".join(literal(each) for each in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{literal(key)}: {literal(each)}" for key, each in value.items()) + "}"
    return _scalar(value)


def docstring(lines: Sequence[str], indent: str = "") -> str:
    """Lines of cleaned text as a docstring with its indentation; no content can end it."""
    body = [clean(line).replace("\n", " ").rstrip() for line in lines]
    if len(body) == 1:
        text = body[0]
        return (
            f'{indent}"""{_undelimited(text[:-1])}\\""""' if text[-1:] == '"' else f'{indent}"""{_undelimited(text)}"""'
        )
    text = "\n".join(f"{indent}{_undelimited(line)}" if line else "" for line in body).lstrip(" ")
    return f'{indent}"""{text}\n{indent}"""'


def comment(text: str, limit: int = 160) -> str:
    """`# text` on one line, readable by people and by no tool."""
    text = one_line(text, limit)
    if ":" in text or "=" in text or "#" in text or text[:2] in {"no", "NO", "No", "py"}:
        # Functions, not templates: re reads a template anew for every text.
        if "#" in text or _PRAGMA.match(text):
            text = _PRAGMA.sub(lambda found: f"- {found[2]}", text)
        text = _ENCODING.sub(lambda found: f" {found[0]}", text)
    return f"# {text}"


def markdown(text: str, limit: int = 160) -> str:
    """Text for a README line that is shown as it is: no link, image, HTML or code of the server's making."""
    text = one_line(text, limit).replace("`", "'").replace("<", "&lt;")
    return text.replace("[", "\\[").replace("|", "\\|")


def _undelimited(line: str) -> str:
    return line.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')


def _scalar(value: object) -> str:
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else f'float("{value}")'
    if isinstance(value, int) and not isinstance(value, bool):
        return repr(value) if value.bit_length() < 1024 else hex(value)  # int to text has a limit of digits
    return repr(value) if value is None or isinstance(value, bool) else _string(str(value))


def _string(text: str) -> str:
    if text.isprintable() and '"' not in text and "\\" not in text and (text.isascii() or not _UNSEEN.search(text)):
        return f'"{text}"'
    return '"' + "".join(_escaped(each) for each in text) + '"'


_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t", '"': '\\"', "\\": "\\\\"}


def _escaped(character: str) -> str:
    if character in _SHORT:
        return _SHORT[character]
    if character.isprintable() and not _UNSEEN.match(character):
        return character
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
