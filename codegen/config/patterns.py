"""Patterns over texts that models and servers choose: a glob, or `/regex/`, both in time linear in the text."""

from __future__ import annotations

import re
from collections.abc import Callable
from fnmatch import translate

from codegen.config.tables import WrongError

PATTERN_BYTES = 100_000
"""Of one compiled regex."""


def matcher(pattern: str) -> Callable[[str], bool | None]:
    """Whether a text fits the pattern; None where that can't be told (half a surrogate pair).

    A glob is held against the whole text. A regex is searched for, by Rust's engine, which never steps back and so
    has neither lookaround nor back-references. Raises WrongError.
    """
    if not (len(pattern) > 2 and pattern[0] == pattern[-1] == "/"):
        whole = re.compile(translate(pattern)).match  # of atomic groups: each `*` is a single scan
        return lambda text: whole(text) is not None
    import jsonschema_rs

    options = jsonschema_rs.RegexOptions(size_limit=PATTERN_BYTES)
    try:
        found = jsonschema_rs.Draft202012Validator({"pattern": pattern[1:-1]}, pattern_options=options).is_valid
    except (jsonschema_rs.ValidationError, ValueError):
        expected = "a glob, or a regex between slashes without lookaround and back-references"
        raise WrongError(expected) from None

    def search(text: str) -> bool | None:
        try:
            return found(text)
        except UnicodeEncodeError:
            return None

    return search
