"""The type that an answer shall have, checked by pydantic."""

from __future__ import annotations

import inspect
import json
import re
from typing import Any

from codegen.config.documents import kind_of
from codegen.errors import CodegenError
from codegen.model import Json
from codegen.privacy.veil import Veil

_FENCED = re.compile(r"\A\s*```\w*\n(.*?)\n?```\s*\Z", re.DOTALL)
_MOST = 2_000
"""Characters of a schema that a model is shown."""
_SHOWN = 200
"""Characters of an answer of another type."""


class WrongResultError(CodegenError):
    """An answer isn't of the type that was asked for; its text is for the model."""


class Wanted:
    """`result_type` is anything pydantic understands; None takes every answer as it comes."""

    def __init__(self, result_type: Any = None) -> None:
        self._adapter = None
        self._name = result_type.__name__ if isinstance(result_type, type) else inspect.formatannotation(result_type)
        if result_type is not None:
            from pydantic import TypeAdapter

            self._adapter = TypeAdapter(result_type)

    @property
    def said(self) -> str:
        """What the model is told of it beside the task; empty where every answer is fine."""
        return f"The answer must fit this JSON Schema: {self._schema}" if self._adapter else ""

    def of_value(self, value: Json) -> object:
        """The answer, from what a script returned. Raises WrongResultError."""
        if self._adapter is None:
            if value is None:
                raise WrongResultError("main() returned nothing: return the answer from it, or say it in words")
            return value
        return self._validated(json.dumps(value), as_json=True)

    def of_text(self, text: str, value: Json, veil: Veil) -> object:
        """The answer, from a model's last words; else from `value`, what its last script returned.

        `veil` shows what the tokens in these words stand for. Raises WrongResultError.
        """
        if self._adapter is None:
            return veil.reveal(text)
        fenced = _FENCED.match(text)
        document = veil.reveal(fenced[1] if fenced else text, as_json=True)
        tries = ((document, True), (veil.reveal(text), False), (json.dumps(value), True))
        wrong: WrongResultError | None = None
        for each, as_json in tries:
            try:
                return self._validated(each, as_json=as_json)
            except WrongResultError as error:
                wrong = wrong or error
        assert wrong is not None
        raise wrong

    def _validated(self, text: str, *, as_json: bool) -> object:
        from pydantic import ValidationError

        assert self._adapter is not None
        try:
            return self._adapter.validate_json(text) if as_json else self._adapter.validate_python(text)
        except ValidationError as error:
            lines = [f"{'.'.join(map(str, each['loc'])) or 'it'}: {each['msg']}" for each in error.errors()[:10]]
            what = f"the answer is not of the type that was asked for, {self._name}; what came is {_shown(text)}"
            raise WrongResultError("\n".join([what, *lines, f"expected: {self._schema}"])) from None

    @property
    def _schema(self) -> str:
        assert self._adapter is not None
        return json.dumps(self._adapter.json_schema(), ensure_ascii=False)[:_MOST]


def _shown(text: str) -> str:
    """An answer, which may be JSON: its kind, and its beginning."""
    try:
        kind = kind_of(json.loads(text))
    except (ValueError, RecursionError):
        kind = "a text"
    return f"{kind}: {text if len(text) <= _SHOWN else f'{text[: _SHOWN - 1]}…'}" if kind != "null" else "nothing"
