"""Text to index terms: identifiers split, cases and accents folded, words lightly stemmed, CJK in bigrams.

Without `re`: importing it costs half as much as starting the interpreter, and a search starts one every time.
"""

from __future__ import annotations

import unicodedata

from codegen.search.stems import stem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_WORD = 64
"""Longer words are base64 and the like: cut, so that no text can make a term that bloats the index."""
MOST_STEMS = 100_000
"""Chunks whose stems are kept: more are in hostile catalogues only."""

STOP_WORDS = frozenset(
    """a about above after again all also am an and any are as asap at be because been before being below between both
    but by can cannot cant could did do does doing done dont down during each either else etc every few for from
    further had has have having he help her here hers him his how however i id if ill im in into is isnt it its
    itself ive just kindly know let lets like looking lot may maybe me might mine more most much must my myself need
    needed needs neither no nor not now of off ok on once one only onto or other our ours out over own per please
    possible quite rather really same shall she should since so some something somehow someone still such sure tell
    than thank thanks that thats the their theirs them then there these they theyre thing things this those through
    thus to too under until up upon us very via want wanted wants was we well were what whats when where whether
    which while who whose why will wish with within without would yes yet you your youre yours many
    der die das den dem des ein eine einen einem einer und oder fur mit von zum zur im ist wie alle aller
    и в на с по для из к от о у за не как все всех мои это что""".split()  # noqa: SIM905, RUF001  # readable; Cyrillic
)
"""What a request says around its words. Not in here: `get`, `list`, `new`, the words of tool names."""


class _Separators(dict[int, str]):
    """For `str.translate`: letters, digits and their marks stay, all else parts words. Filled as characters come."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        kept = char if unicodedata.category(char)[0] in "LNM" else " "
        self[code] = kept
        return kept


_SEPARATORS = _Separators({ord("'"): "", ord("\N{RIGHT SINGLE QUOTATION MARK}"): ""})
_GENERIC = frozenset({"mcp", "server", "servers", "api", "tool", "tools", "official"})


class _Stems(dict[str, tuple[str, ...]]):
    """The stems of each chunk of letters met, so that a catalogue's common words are split and stemmed once."""

    def __init__(self, skipped: frozenset[str]) -> None:
        self._skipped = skipped

    def __missing__(self, chunk: str) -> tuple[str, ...]:
        stems = tuple([stem(word) for word in _words(chunk) if word not in self._skipped])
        if len(self) > MOST_STEMS:
            self.clear()
        if len(chunk) <= LONGEST_WORD:
            self[chunk] = stems
        return stems


_ALL, _TELLING = _Stems(frozenset()), _Stems(STOP_WORDS)


def terms(text: str) -> list[str]:
    """The stems of a text in its order, repeats and all."""
    return [term for chunk in _chunks(text) for term in _ALL[chunk]]


def telling_terms(text: str) -> list[str]:
    """The same without those of stop words."""
    return [term for chunk in _chunks(text) for term in _TELLING[chunk]]


def words(text: str) -> Iterator[str]:
    """The words of a text, casefolded: `createIssue_v2` is create, issue, v2."""
    for chunk in _chunks(text):
        yield from _words(chunk)


def _chunks(text: str) -> list[str]:
    return (text if text.isascii() else _fold(text)).translate(_SEPARATORS).split()


def _words(chunk: str) -> Iterator[str]:
    if not chunk.isascii():
        yield from _mixed_script(chunk)
    elif chunk[1:].islower() or len(chunk) == 1:
        yield chunk.lower()[:LONGEST_WORD]
    else:
        yield from _cased(chunk)


def fold(text: str) -> str:
    """A text as names are compared: NFKC, no accents, casefolded."""
    return (text if text.isascii() else _fold(text)).casefold()


def alias(server: str) -> str:
    """How a server is called in a request: `brave-search-mcp` and "Brave Search" are both `bravesearch`."""
    parts = list(words(server))
    return "".join([part for part in parts if part not in _GENERIC] or parts)


def _fold(text: str) -> str:
    """NFKC, and Latin accents dropped: an agent asks for `resume` where a server writes `résumé`."""
    parts = unicodedata.normalize("NFKD", text)
    return unicodedata.normalize("NFC", "".join([c for c in parts if not "\u0300" <= c <= "\u036f"]))


def _cased(chunk: str) -> Iterator[str]:
    """`HTTPServer` is http, server; `GitHub` also github, since that is how it is asked for."""
    if chunk.isupper() or chunk.isdigit() or (chunk[-1] == "s" and chunk[:-1].isupper()):
        yield chunk.casefold()[:LONGEST_WORD]
        return
    parts = _camel_parts(chunk)
    for part in parts:
        yield part.casefold()[:LONGEST_WORD]
    if len(parts) == 2 and chunk[0].isupper():
        yield chunk.casefold()[:LONGEST_WORD]


def _camel_parts(chunk: str) -> list[str]:
    parts, start, last = [], 0, len(chunk) - 1
    for at in range(1, len(chunk)):
        if not chunk[at].isupper():
            continue
        after_lower = not chunk[at - 1].isupper()
        before_lower = at < last and chunk[at + 1].islower() and not (at + 1 == last and chunk[last] == "s")
        if (after_lower or before_lower) and at - start > 1:  # never a single letter: iOS, eBay
            parts.append(chunk[start:at])
            start = at
    parts.append(chunk[start:])
    return parts


def _mixed_script(chunk: str) -> Iterator[str]:
    """Scripts that write no spaces become overlapping pairs, the rest words."""
    start = 0
    while start < len(chunk):
        end, dense = start + 1, _is_dense(chunk[start])
        while end < len(chunk) and _is_dense(chunk[end]) == dense:
            end += 1
        run = chunk[start:end].casefold()
        if not dense:
            yield run[:LONGEST_WORD]
        elif len(run) == 1:
            yield run
        else:
            yield from (run[at : at + 2] for at in range(len(run) - 1))
        start = end


def _is_dense(char: str) -> bool:
    """Han, kana, Hangul, Thai, Lao, Myanmar, Khmer."""
    return (
        "\u3040" <= char <= "\u9fff"
        or "\uac00" <= char <= "\ud7af"
        or "\u0e00" <= char <= "\u0eff"
        or "\u1000" <= char <= "\u109f"
        or "\u1780" <= char <= "\u17ff"
        or "\uf900" <= char <= "\ufaff"
        or "\U00020000" <= char <= "\U0003ffff"
    )


def storable(text: str) -> str:
    """A text SQLite takes: JSON can carry half a surrogate pair, UTF-8 can't."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
