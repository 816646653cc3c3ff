"""Meaning beside words, where a workspace asks for it: vectors in the index, added to the scores of words.

Eight bits a number are enough to order by angle. Not imported unless the index holds vectors.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

SHARE = 0.5
"""What the nearest meaning counts against the best words."""
BATCH = 256


def packed(embed: Callable[[list[str]], Sequence[Sequence[float]]], texts: Sequence[str]) -> bytes:
    """The vectors of texts, eight bits a number, one after the other."""
    rows = [_eight_bits(embed(list(texts[at : at + BATCH]))) for at in range(0, len(texts), BATCH)]
    return b"".join(rows)


def similar(
    connection: sqlite3.Connection, name: str, asked: Sequence[Sequence[float]], place: int | None
) -> list[dict[int, float]]:
    """For each query's vector, the cosine of every document that is at all like it; `name` is whose vectors."""
    wanted = _units(np.asarray(asked, np.float32))
    found: list[dict[int, float]] = [{} for _ in asked]
    for first, rows in _groups(connection, name, place):
        if rows.shape[1] == wanted.shape[1]:
            for each, cosines in zip(found, wanted @ _units(rows).T, strict=True):
                each.update((first + int(at), float(cosines[at])) for at in np.flatnonzero(cosines > 0))
    return found


def fused(scores: dict[int, float], cosines: dict[int, float]) -> dict[int, float]:
    """Scores with the share of the nearest meaning added, on the scale of the words'; cosines alone without words."""
    nearest, top = max(cosines.values(), default=0.0), max(scores.values(), default=0.0)
    if not nearest:
        return scores
    unit = SHARE * (top or 1.0) / nearest
    return {
        document: scores.get(document, 0.0) + unit * cosines.get(document, 0.0)
        for document in scores.keys() | cosines.keys()
    }


def _groups(connection: sqlite3.Connection, name: str, place: int | None) -> Iterator[tuple[int, np.ndarray]]:
    rows: Iterable[tuple[int, int, bytes]] = connection.execute(
        """SELECT first, size, vectors FROM groups JOIN vectors ON grp=id
        WHERE embedder=:name AND size > 0 AND (:place IS NULL OR id=:place)""",
        {"name": name, "place": place},
    )
    for first, size, vectors in rows:
        if len(vectors) % size:
            raise sqlite3.DatabaseError("vectors are cut short")
        yield first, np.frombuffer(vectors, np.int8).reshape(size, -1).astype(np.float32)


def _eight_bits(vectors: Sequence[Sequence[float]]) -> bytes:
    rows = np.asarray(vectors, np.float32)
    largest = np.abs(rows).max(axis=1, keepdims=True)
    return bytes(np.round(rows / np.where(largest > 0, largest, 1) * 127).astype(np.int8).tobytes())


def _units(rows: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(lengths > 0, lengths, 1)
