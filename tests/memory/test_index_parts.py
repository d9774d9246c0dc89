"""Stems, spelling and corpus files: the parts on which the index stands."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from pathlib import Path
from string import ascii_lowercase as LETTERS
from typing import Any

import pytest
from rapidfuzz import process

from bot.errors import InvalidKnowledge
from bot.memory.index.documents import read_corpus
from bot.memory.index.spelling import Speller
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


KNOWN = ["lambda", "lambast", "invalidate", "ab", "down", "checkout", "login", "affect", "execution", "provision"]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("lamda", "lambda"),  # a letter missed
        ("dwon", "down"),  # two swapped, in a word too short to share runs
        ("chekcuot", "checkout"),  # two slips in a long word
        ("hceckout", "checkout"),  # the first two letters swapped
        ("ogin", "login"),  # the first letter missed
        ("vlogin", "login"),  # one too many
        ("dheckout", "checkout"),  # another one
        ("unaffect", "affect"),  # a prefix
        ("exec", "execution"),  # the beginning of a long word
        ("provisionig", "provision"),
    ],
)
def test_a_misspelled_word_is_read_as_the_one_that_was_meant(typed: str, meant: str) -> None:
    assert Speller(KNOWN).guesses(typed)[0][0] == meant


def test_a_slip_anywhere_after_the_first_letter_is_read_as_the_word_that_was_meant() -> None:
    speller = Speller(KNOWN)
    for word in ("lambast", "invalidate", "checkout", "login", "affect", "execution"):
        for at in range(1, len(word)):
            missed, twice = word[:at] + word[at + 1 :], word[:at] + "z" + word[at:]
            other, swapped = word[:at] + "z" + word[at + 1 :], word[:at] + word[at:][1::-1] + word[at + 2 :]
            for typed in (missed, twice, other, swapped):
                assert typed == word or speller.guesses(typed)[0][0] == word, typed


def test_a_word_of_other_letters_is_no_guess() -> None:
    speller = Speller(["payment", "start", "walk"])
    assert speller.guesses("stork") == []  # as near as start, and another word
    assert speller.guesses("balk") == []


def test_a_guess_compares_with_few_of_many_words(monkeypatch: pytest.MonkeyPatch) -> None:
    words = [f"{first}{second}{third}port" for first in LETTERS for second in LETTERS for third in LETTERS]
    speller, compared = Speller(words), 0
    extract = process.extract

    def counting(query: str, choices: Sequence[str], **options: Any) -> Any:
        nonlocal compared
        compared += len(choices)
        return extract(query, choices, **options)

    monkeypatch.setattr(process, "extract", counting)
    assert speller.guesses("abzzport")
    assert 0 < compared < len(words) / 20
    speller.guesses("abzzport")
    assert compared < len(words) / 20, "a word that was read before is looked up again"


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
