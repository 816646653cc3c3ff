"""What an entry says in words, field by field, and what each word of it weighs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from codegen.model import Effect
from codegen.search.ranking import K1
from codegen.search.words import fold, storable, telling_terms, terms

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

Found: TypeAlias = tuple[dict[str, list[int]], dict[str, list[int]]]
"""Of each term: document and weight (0-65535) in turn; document and words in its name, where it is one of them."""


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


def add_entries(found: Found, first: int, entries: Sequence[Entry]) -> None:
    """Adds what entries say; they become the documents `first`, `first + 1`, …, higher than all before them."""
    weights, named = found
    shared: dict[tuple[str, str], dict[str, float]] = {}  # a server's name and summary are the same a hundred times
    for document, entry in enumerate(entries, first):
        for term, weight in _weights(entry, shared).items():
            row = (document, 1 + int(65534 * weight / (weight + K1)))
            if term in weights:
                weights[term] += row
            else:
                weights[term] = [*row]
        names = set(terms(entry.name[:LONGEST_NAME]))
        for term in names:
            named.setdefault(term, []).extend((document, len(names)))
        for key in exact_keys(entry):
            weights.setdefault(key, []).extend((document, 0))


def _weights(entry: Entry, shared: dict[tuple[str, str], dict[str, float]]) -> dict[str, float]:
    """BM25F's combined frequency of each term, before saturation. Stop words count in names alone (`who_am_i`)."""
    whose = (entry.server, entry.server_summary)
    if whose not in shared:
        shared[whose] = weighted("server", telling_terms(entry.server[:LONGEST_TEXT]), {})
        weighted("server summary", telling_terms(entry.server_summary[:LONGEST_TEXT]), shared[whose])
    combined = shared[whose].copy()
    weighted("name", terms(entry.name[:LONGEST_TEXT]), combined)
    texts = {
        "description": f"{entry.title}\n{entry.description}",
        "parameter names": "\n".join([name for name, _ in entry.parameters]),
        "parameter texts": "\n".join([text for _, text in entry.parameters]),
    }
    for field, text in texts.items():
        weighted(field, telling_terms(text[:LONGEST_TEXT]), combined)
    return combined


def weighted(field: str, found: Sequence[str], combined: dict[str, float]) -> dict[str, float]:
    """Adds to `combined` what each occurrence of a term in a field counts, less in a longer text; and gives it."""
    weight, b, average = FIELDS[field]
    share = weight / (1 - b + b * len(found) / average)
    for term in found:
        combined[term] = combined.get(term, 0.0) + share
    return combined


def exact_keys(entry: Entry) -> set[str]:
    """The terms under which an entry is found by its whole name; `=` can't be in a word."""
    names = (entry.path, entry.path.rpartition(".")[2], entry.name, f"{entry.server}.{entry.name}")
    return {f"={fold(storable(name[:LONGEST_NAME]))}".replace("\n", " ") for name in names}
