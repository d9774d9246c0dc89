"""Stems, spelling and corpus files: the parts on which the index stands."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from bot.errors import InvalidKnowledge
from bot.memory.index.documents import read_corpus
from bot.memory.index.spelling import Speller, edits
from bot.memory.index.stems import stem, tokenize


@pytest.mark.parametrize(
    "forms",
    [
        ["retry", "retries", "retried", "retrying"],
        ["throttle", "throttled", "throttles", "throttling"],
        ["invalidate", "invalidation", "invalidated"],
        ["instance", "instances"],
        ["stop", "stopped", "stopping", "stops"],
        ["analyse", "analysed"],
        ["deploy", "deployment", "deployed", "deploys"],
        ["process", "processes", "processing"],
    ],
)
def test_forms_of_one_word_share_a_stem(forms: list[str]) -> None:
    assert len({stem(form) for form in forms}) == 1


def test_different_words_keep_different_stems() -> None:
    assert len({stem(word) for word in ("status", "state", "lambda", "lambs", "cache", "catch", "pass", "past")}) == 8


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("ProvisionedThroughputExceededException", "provision throughput exceed except"),
        ("arn:aws:s3:::bucket/key", "arn aws s3 bucket key"),
        ("5XXError", "5xx error"),
        ("maxmemory-policy", "maxmemori polici"),
        ("it's Bob’s 502s", "it bob 502s"),
        ("at 09:41 on 2024-01-02", "at on"),
    ],
)
def test_identifiers_are_split(text: str, terms: str) -> None:
    assert [token.term for token in tokenize(text) if not token.whole] == terms.split()


def test_identifiers_are_kept_whole_beside_their_parts() -> None:
    wholes = [token.term for token in tokenize("MaxMemory max-memory") if token.whole]
    assert len(wholes) == 2
    assert len(set(wholes)) == 1


@pytest.mark.parametrize(
    ("one", "other", "count"), [("lambda", "lamda", 1), ("their", "thier", 1), ("abc", "abc", 0), ("abcdef", "uvw", 3)]
)
def test_slips_are_counted(one: str, other: str, count: int) -> None:
    assert edits(one, other, 2) == count


def test_the_nearest_known_word_is_guessed() -> None:
    speller = Speller(["lambda", "lambast", "invalidate", "ab"])
    assert speller.guesses("lamda")[0][0] == "lambda"
    assert speller.guesses("qqqqqq") == []
    assert speller.guesses("ab") == []
    assert Speller([]).guesses("lambda") == []


LINE = '{"ref":"D-1","title":"Disk","text":"The disk is full"}\n'


def test_a_corpus_is_read_plain_and_gzipped(tmp_path: Path) -> None:
    plain, packed = tmp_path / "c.jsonl", tmp_path / "c.jsonl.gz"
    plain.write_text(LINE + "\n")
    packed.write_bytes(gzip.compress(LINE.encode()))
    assert read_corpus(plain) == read_corpus(packed)
    assert read_corpus(plain)[0].fields == (("title", "Disk"), ("text", "The disk is full"))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"{", ":1: not a JSON object"),
        (b"[1]", ":1: expected an object"),
        (b'{"ref":""}', ":1: expected an object"),
        (b'{"ref":"a","text":3}', ":1: title and text must be strings"),
        (LINE.encode() * 2, ":2: ref D-1 is used twice"),
        (b"\xff\xfe", "cannot be read"),
    ],
)
def test_a_corpus_that_is_not_right_is_refused_by_line(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "c.jsonl"
    path.write_bytes(content)
    with pytest.raises(InvalidKnowledge) as refusal:
        read_corpus(path)
    assert str(refusal.value).startswith(f"{path}")
    assert reason in str(refusal.value)


def test_a_gz_file_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl.gz"
    path.write_text(LINE)
    with pytest.raises(InvalidKnowledge, match="cannot be read"):
        read_corpus(path)
