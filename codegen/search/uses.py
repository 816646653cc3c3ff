"""Earlier uses: the words of searches that led to a tool count as words of that tool.

A search leaves a line in `.codegen/searches.txt`; the end of a successful run hands it to remember.py. What is kept are
stems, never what was asked for: no literal, no quoted word, no word with a digit. All of it is in one workspace.
"""

from __future__ import annotations

import os
import sqlite3
import time
from array import array

from codegen.search.database import uri
from codegen.search.literals import without_literals
from codegen.search.ranking import K1, numbers
from codegen.search.stems import stem
from codegen.search.words import STOP_WORDS, words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from codegen.search.answer import Answer
    from codegen.search.rows import Columns

MOST_WORDS = 12
"""Of a query that are kept; a longer one tells a story, not what a tool is for."""
LONGEST_WORD = 24
"""Longer ones are keys and names of files more often than words."""
MOST_PENDING = 65_536
"""Bytes of searches that wait for a run; then they start anew."""
MOST_TOOLS = 200
"""That a word can lead to."""
QUOTES = {'"': '"', "'": "'", "`": "`", "“": "”", "„": "“”", "«": "»", "‘": "’", "「": "」", "『": "』"}  # noqa: RUF001
"""Each with what closes it, as people type them."""


def note(file: str, answers: Iterable[Answer]) -> None:
    """Leaves a line for each query, time and stems and the paths shown, for the run that may follow.

    A workspace that can't be written is one that doesn't learn.
    """
    lines = []
    for answer in answers:
        kept = kept_words(answer.query)
        if kept:
            shown = " ".join(hit.path for hit in answer.hits[:10])
            lines.append(f"{int(time.time())}\t{' '.join(kept)}\t{shown}\n")
    if not lines:
        return
    try:
        target = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            if os.fstat(target).st_size > MOST_PENDING:
                os.ftruncate(target, 0)
            os.write(target, "".join(lines).encode("utf-8", "replace"))
        finally:
            os.close(target)
    except OSError:
        pass


def kept_words(query: str) -> list[str]:
    """The stems of a request that say what a tool is for: without literals, quoted words, numbers and stop words."""
    plain = without_literals(_unquoted(query[:1000]))
    found = (
        stem(word)
        for word in words(plain)
        if word not in STOP_WORDS and len(word) <= LONGEST_WORD and not any(map(str.isdigit, word))
    )
    return list(dict.fromkeys(found))[:MOST_WORDS]


def learned(file: str, asked: Sequence[str]) -> dict[str, dict[str, float]]:
    """For each term, the tools it led to, with its weight; a file that is missing or damaged knows nothing."""
    if not asked or not os.path.isfile(file):
        return {}
    found: dict[str, dict[str, float]] = {}
    try:
        connection = sqlite3.connect(uri(file, "mode=ro"), uri=True, timeout=1, isolation_level=None)
        try:
            marks = ",".join("?" * len(asked))
            query = f"SELECT term, path, weight FROM words WHERE term IN ({marks}) ORDER BY weight DESC LIMIT ?"  # noqa: S608
            for term, path, weight in connection.execute(query, [*asked, MOST_TOOLS]):
                found.setdefault(term, {})[path] = weight
        finally:
            connection.close()
    except (sqlite3.Error, UnicodeDecodeError):
        return {}
    return found


def joined(columns: Columns, used: Mapping[int, float]) -> Columns:
    """A term's postings with the weight that earlier uses add, as if it had been one more field of the index."""
    weights = dict(zip(numbers(columns[0]), numbers(columns[1], "H"), strict=True))
    for document, added in used.items():
        share = weights.get(document, 0) / 65536
        weight = K1 * share / (1 - share) + added
        weights[document] = round(weight / (weight + K1) * 65535)
    rest = max(columns[3], *(weights[document] for document in used), 0)
    return array("I", weights).tobytes(), array("H", weights.values()).tobytes(), columns[2], rest


def _unquoted(query: str) -> str:
    """What stands between quotation marks is a value: a title, a name."""
    kept, closing = [], ""
    for at, char in enumerate(query):
        if closing:
            if char in closing:
                closing = ""
        elif char in QUOTES and not (char == "'" and query[at - 1 : at].isalnum()):  # don't
            closing = QUOTES[char]
            kept.append(" ")
        else:
            kept.append(char)
    return "".join(kept)
