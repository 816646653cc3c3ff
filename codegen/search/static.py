"""Static word vectors: a text is the mean of its word pieces' vectors (extra `semantic`, no network, no model to run).

Read straight from the files that the wheel of `wordllama` carries: its own loader looks for the tokenizer where the
wheel doesn't put it (0.4.0), and would download it.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

WEIGHTS = "weights/l2_supercat_256.safetensors"
TOKENIZER = "tokenizers/l2_supercat_tokenizer_config.json"


def embed(texts: list[str]) -> np.ndarray:
    """A row of 256 numbers for each text; zeros for one without a word. Raises ImportError."""
    return _embedder()(texts)


@cache
def _embedder() -> Callable[[list[str]], np.ndarray]:
    import numpy as np
    from tokenizers import Tokenizer

    spec = find_spec("wordllama")
    if spec is None or not spec.submodule_search_locations:
        raise ImportError("wordllama is not installed", name="wordllama")
    folder = Path(spec.submodule_search_locations[0])
    tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
    tokenizer.no_padding()
    vectors = _tensor(folder / WEIGHTS)

    def embedded(texts: list[str]) -> np.ndarray:
        rows = np.zeros((len(texts), vectors.shape[1]), np.float32)
        for row, encoded in zip(rows, tokenizer.encode_batch(texts, add_special_tokens=False), strict=True):
            if encoded.ids:
                row[:] = vectors[encoded.ids].mean(axis=0, dtype=np.float32)
        return rows

    return embedded


def _tensor(file: Path) -> np.ndarray:
    """The one tensor of a safetensors file, mapped: the length of a JSON header, the header, the numbers."""
    import numpy as np

    with file.open("rb") as content:
        size = int.from_bytes(content.read(8), "little")
        (info,) = (each for name, each in json.loads(content.read(size)).items() if name != "__metadata__")
    return np.memmap(file, {"F16": "<f2", "F32": "<f4"}[info["dtype"]], "r", 8 + size, tuple(info["shape"]))
