"""What a search found, and the few lines that say it: every token of an answer is paid for by an agent.

Nothing here is a dataclass: `import dataclasses` costs more than the interpreter's start and the search together.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Literal, NamedTuple, TypeAlias

    from codegen.model import Effect, JsonObject

    Detail: TypeAlias = Literal["path", "brief", "sig", "full"]

    class _Hit(NamedTuple):
        path: str
        signature: str
        summary: str
        brief: str
        score: float
        effect: Effect

    class _Server(NamedTuple):
        name: str
        folder: str
        summary: str
        size: int

    class _Answer(NamedTuple):
        query: str
        hits: tuple[Hit, ...]
        weak: bool = False
        servers: tuple[Server, ...] = ()

else:
    from collections import namedtuple

    _Hit = namedtuple("_Hit", "path signature summary brief score effect")
    _Server = namedtuple("_Server", "name folder summary size")
    _Answer = namedtuple("_Answer", "query hits weak servers", defaults=(False, ()))

VERSION = 1
"""Of the envelope of `as_json`."""
QUERY_TOKENS = 220
"""By `tokens`, a guess: so 99 of 100 answers to one query cost a model 250 at most, and to many 1,500."""
ANSWER_TOKENS = 1400
MARKS = '_|".:/-'
"""What is mostly a token of its own."""
LEAST_TOKENS = 60
"""Of a query among many: less has no room for a hit worth having."""
NEAREST = 2
"""Hits shown above the servers of a weak answer: one of them is right often enough to be worth a line."""


class Hit(_Hit):
    """One tool or skill found: `signature` and `brief` are lines, `score` compares within its answer only."""

    __slots__ = ()

    @property
    def writes(self) -> bool:
        """Whether the tool says that it changes something; one that says nothing is not known to."""
        return self.effect in ("writes", "destructive")

    @property
    def is_skill(self) -> bool:
        return self.path.startswith("skills.")


class Server(_Server):
    """A server (or the skills) as a place to look: `name` on the wire, `folder` on disk, `size` in tools."""

    __slots__ = ()


class Answer(_Answer):
    """The hits of one query, best first. `weak`: they hardly match, and `servers` says where else to look."""

    __slots__ = ()


def render(
    answers: Sequence[Answer],
    *,
    detail: Detail = "sig",
    budget: int = ANSWER_TOKENS,
    full: Callable[[Hit], str] | None = None,
) -> list[str]:
    """The answer in lines, without control characters: about 220 tokens a query and `budget` in all.

    A hit that doesn't fit as `detail` is shown shorter, down to its path. `full` gives a hit's text for detail "full"
    (a module file, which search doesn't read); such texts are not cut, since they were asked for by name.
    """
    share = min(QUERY_TOKENS, max(LEAST_TOKENS, budget // max(1, len(answers))))
    shown: set[str] = set()
    lines: list[str] = []
    left = budget
    for at, answer in enumerate(answers):
        head = [f"# {_clipped(answer.query, 80)}"] if len(answers) > 1 else []
        block = head + _block(answer, detail, share - sum(map(tokens, head)), shown, full)
        cost = sum(map(tokens, block))
        if detail != "full" and cost > left:
            lines.append(f"# {len(answers) - at} more queries: ask fewer at once")
            break
        left -= cost
        lines += block
    return lines


def as_json(answers: Iterable[Answer]) -> JsonObject:
    """The answers as a versioned envelope."""
    return {
        "version": VERSION,
        "answers": [
            {
                "query": answer.query,
                "weak": answer.weak,
                "hits": [
                    {
                        "path": hit.path,
                        "signature": hit.signature,
                        "summary": hit.summary,
                        "effect": hit.effect,
                        "writes": hit.writes,
                        "score": hit.score,
                    }
                    for hit in answer.hits
                ],
                "servers": [
                    {"name": server.name, "folder": server.folder, "summary": server.summary, "tools": server.size}
                    for server in answer.servers
                ],
            }
            for answer in answers
        ],
    }


def tokens(text: str) -> int:
    """About how many tokens a line costs: more for what stands between words, most for what isn't ASCII.

    The three numbers fit lines of 500 real tools in o200k, two of three within 12 %.
    """
    plain = len(text) if text.isascii() else sum(char.isascii() for char in text)
    return (plain * 4 + (len(text) - plain) * 17 + sum(map(text.count, MARKS)) * 11) // 20 + 1


def _block(answer: Answer, detail: Detail, share: int, shown: set[str], full: Callable[[Hit], str] | None) -> list[str]:
    if detail == "full" and full is not None and not answer.weak:
        new = [hit for hit in answer.hits if hit.path not in shown]
        shown.update(hit.path for hit in new)
        return [line for hit in new for line in full(hit).splitlines()]
    hits = answer.hits[:NEAREST] if answer.weak else answer.hits
    lines = _hit_lines(hits, detail, share // 2 if answer.weak else share, shown)
    if answer.weak:
        lines += _server_lines(answer.servers, share - sum(map(tokens, lines)), nearest=bool(lines))
    return lines


def _hit_lines(hits: Sequence[Hit], detail: Detail, share: int, shown: set[str]) -> list[str]:
    """One line a hit, each as long as `detail` and the room for those after it allow."""
    lines: list[str] = []
    left = share - sum(tokens(hit.path) for hit in hits)
    for hit in hits:
        shortest = one_line(hit.path)
        left += tokens(hit.path)
        if left < tokens(shortest):
            break
        if hit.path in shown:
            line = f"{shortest}  # above"
        else:
            forms = {"sig": (hit.signature, hit.brief), "full": (hit.signature, hit.brief), "brief": (hit.brief,)}
            wanted = [one_line(form) for form in forms.get(detail, ()) if form]
            line = next((form for form in wanted if tokens(form) <= left), shortest)
            shown.add(hit.path)
        left -= tokens(line)
        lines.append(line)
    return lines


def _server_lines(servers: Sequence[Server], share: int, *, nearest: bool) -> list[str]:
    if not servers:
        return ["nothing is indexed yet: `codegen sync`"]
    lines = ["nothing else comes near; the servers:" if nearest else "nothing matches; the servers:"]
    left = share - tokens(lines[0]) - 10  # room for the last line
    for at, server in enumerate(servers):
        summary = _clipped(server.summary, 100)
        line = f"{one_line(server.folder)}  # {summary}" if summary else one_line(server.folder)
        line += f" ({server.size})"
        if tokens(line) > left:
            lines.append(f"and {len(servers) - at} more: `ls servers`")
            break
        left -= tokens(line)
        lines.append(line)
    return lines


def _clipped(text: str, size: int) -> str:
    """The text in one line of at most `size` characters, at a word's end."""
    line = one_line(text[: size * 8])
    return line if len(line) <= size else (line[: size - 1].rpartition(" ")[0] or line[: size - 1]) + "…"


def one_line(text: str) -> str:
    """Text of a server or a query as it may reach a terminal: no line breaks, no escape sequences."""
    if text.isprintable():
        return text
    return " ".join("".join([char if char.isprintable() else " " for char in text]).split())
