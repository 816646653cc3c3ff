"""What an entry says in words, field by field, and what each word of it weighs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from codegen.model import Effect
from codegen.search.ranking import K1
from codegen.search.stems import stem
from codegen.search.words import STOP_WORDS, fold, storable, terms, words

FIELDS = {
    # weight, b, average length in words: typical of real servers, and frozen so that a posting never changes
    "server": (1.0, 0.3, 1.5),
    "name": (3.0, 0.3, 2.5),
    "description": (1.0, 0.6, 20.0),
    "parameter names": (0.6, 0.6, 6.0),
    "parameter texts": (0.3, 0.6, 40.0),
    "server summary": (0.2, 0.6, 20.0),
    "learned queries": (1.0, 0.6, 12.0),  # kept by remember.py
}
LONGEST_TEXT = 20_000
"""Characters of a field that are indexed: a description of a megabyte must not cost its neighbours."""
LONGEST_NAME = 1_000
LONGEST_MEANING = 1_000

Found: TypeAlias = dict[str, dict[int, tuple[int, int]]]


@dataclass(frozen=True, slots=True)
class Entry:
    """One tool or skill as it is found and shown.

    `parameters` are (name, text), enum values in the text; `signature`, `brief` and `summary` are ready to print.
    """

    path: str
    server: str
    name: str
    title: str
    description: str
    parameters: tuple[tuple[str, str], ...]
    server_summary: str
    signature: str
    brief: str
    summary: str
    effect: Effect

    @property
    def text(self) -> str:
        """What it means, in one text, for those who compare meanings."""
        names = " ".join(name for name, _ in self.parameters)
        said = f"{self.server} {self.name}. {self.title} {self.description} {names}"
        return said.replace("_", " ").replace("-", " ")[:LONGEST_MEANING]


def postings_of(entries: Sequence[Entry]) -> Found:
    """term -> {place of the entry: (weight 0-65535, words in the name when the term is one of them, else 0)}."""
    found: Found = {}
    shared: dict[str, dict[str, float]] = {}  # the server's summary is the same text a hundred times
    for at, entry in enumerate(entries):
        names = set(terms(entry.name[:LONGEST_NAME]))
        for term, weight in _weights(entry, shared).items():
            saturated = round(weight / (weight + K1) * 65535)
            found.setdefault(term, {})[at] = (max(1, saturated), len(names) if term in names else 0)
        for key in exact_keys(entry):
            found.setdefault(key, {})[at] = (0, 0)
    return found


def _weights(entry: Entry, shared: dict[str, dict[str, float]]) -> dict[str, float]:
    """BM25F's combined frequency of each term, before saturation."""
    texts = {
        "server": entry.server,
        "name": entry.name,
        "description": f"{entry.title}\n{entry.description}",
        "parameter names": " ".join(name for name, _ in entry.parameters),
        "parameter texts": " ".join(text for _, text in entry.parameters),
    }
    if entry.server_summary not in shared:
        shared[entry.server_summary] = _field("server summary", entry.server_summary)
    combined = dict(shared[entry.server_summary])
    for field, text in texts.items():
        for term, weight in _field(field, text).items():
            combined[term] = combined.get(term, 0.0) + weight
    return combined


def _field(field: str, text: str) -> dict[str, float]:
    """A field's words, weighted and normalised by length. Stop words count in names alone: `who_am_i` must be found."""
    skipped = frozenset() if field == "name" else STOP_WORDS
    return weighted(field, [stem(word) for word in words(text[:LONGEST_TEXT]) if word not in skipped])


def weighted(field: str, found: Sequence[str]) -> dict[str, float]:
    """The terms of a field with what each occurrence counts, less in a longer text."""
    weight, b, average = FIELDS[field]
    share = weight / (1 - b + b * len(found) / average)
    counts: dict[str, float] = {}
    for term in found:
        counts[term] = counts.get(term, 0.0) + share
    return counts


def exact_keys(entry: Entry) -> set[str]:
    """The terms under which an entry is found by its whole name; `=` can't be in a word."""
    names = (entry.path, entry.path.rpartition(".")[2], entry.name, f"{entry.server}.{entry.name}")
    return {f"={fold(storable(name[:LONGEST_NAME]))}".replace("\n", " ") for name in names}
