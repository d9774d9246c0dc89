"""The vocabulary as data: phrases, gaps, forms of words, and refusals."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import InvalidKnowledge
from bot.memory.index.documents import Document
from bot.memory.index.index import build_index
from bot.memory.index.stems import tokenize
from bot.memory.index.vocabulary import Vocabulary, make_vocabulary, read_vocabulary

SHIPPED = Path(__file__).parents[2] / "knowledge" / "vocabulary.yaml"


def concepts(vocabulary: Vocabulary, text: str) -> list[str]:
    tokens = list(tokenize(text))
    walk = [token.term for token in tokens if not token.whole and token.term not in vocabulary.skip]
    return vocabulary.concepts_alone(tokens) + [concept for concept, _ in vocabulary.phrases_in(walk)]


@pytest.mark.parametrize(
    ("phrase", "text", "found"),
    [
        ("log in", "nobody can log in today", True),
        ("log in", "logging in fails", True),
        ("log in", "the log is in S3", False),
        ("log in", "in log", False),
        ("public access", "the public access block", True),
        ("pull … plug", "we pulled the mains plug", True),
        ("pull … plug", "pulled one two three four five plug", False),
        ("volatile-lru", "policy volatile-lru", True),
        ("maxmemory", "MaxMemory reached", True),
        ("5xx", "5XXError rises", True),
    ],
)
def test_a_phrase_is_found_in_its_forms(phrase: str, text: str, found: bool) -> None:
    vocabulary = make_vocabulary(skip=["the", "a"], concepts={"wanted": [phrase]})
    assert bool(concepts(vocabulary, text)) is found


def test_one_word_may_mean_two_things() -> None:
    vocabulary = make_vocabulary(concepts={"disk": ["full"], "memory": ["full", "oom"]})
    assert sorted(concepts(vocabulary, "it is full")) == ["disk", "memory"]


def test_the_words_of_a_match_are_as_written() -> None:
    vocabulary = make_vocabulary(skip=["the"], concepts={"c": ["shopping bag", "cart"]})
    index = build_index([Document("D", "incident", "", (("text", "cart"),))], vocabulary)
    (match,) = index.search("Shopping the Bags", below_threshold=True)
    assert [term.text for term in match.terms] == ["Shopping Bags"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("ddb", "DynamoDB"),
        ("apigw", "API Gateway"),
        ("r53", "Route 53"),
        ("sg", "security group"),
        ("basket", "trolley"),
        ("k8s", "EKS"),
        ("pg", "postgres"),
        ("alb", "load balancer"),
        ("single sign-on", "SSO"),
        ("oom", "out of memory"),
    ],
)
def test_the_shipped_vocabulary_knows_short_names(first: str, second: str) -> None:
    vocabulary = read_vocabulary(SHIPPED)
    assert set(concepts(vocabulary, first)) & set(concepts(vocabulary, second))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("concepts: [", ":2: this is not valid YAML"),
        ("stop: a\nstop: b\n", ':2: "stop" is already set in line 1'),
        ("a: &a [x]\nb: [*a, *a]\n", ":2: aliases"),
        ("- a", ":1: vocabulary: expected keys"),
        ("weak: a\ncolours: red", ':2: vocabulary: unknown key "colours"'),
        ("stop: {a: b}", ":1: vocabulary.stop: expected a list"),
        ("concepts: [a]", ":1: vocabulary.concepts: expected keys"),
        ("concepts:\n  cart: [[a]]", ":2: vocabulary.concepts.cart[1]: expected a text"),
    ],
)
def test_a_broken_vocabulary_is_refused_with_the_reason(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "vocabulary.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidKnowledge) as refusal:
        read_vocabulary(path)
    assert str(path) in str(refusal.value)
    assert reason in str(refusal.value)


def test_words_are_texts_even_where_yaml_knows_them_as_true_or_as_numbers(tmp_path: Path) -> None:
    path = tmp_path / "vocabulary.yaml"
    path.write_text("stop: [on, no, 404]\nconcepts: {error: [off, 500]}\n", encoding="utf-8")
    assert read_vocabulary(path) == make_vocabulary(stop=["on", "no", "404"], concepts={"error": ["off", "500"]})


def test_a_missing_vocabulary_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidKnowledge, match="does not exist"):
        read_vocabulary(tmp_path / "none.yaml")


def test_the_fingerprint_follows_the_content() -> None:
    one = make_vocabulary(concepts={"a": ["x"]})
    assert one.fingerprint == make_vocabulary(concepts={"a": ["x"]}).fingerprint
    assert one.fingerprint != make_vocabulary(concepts={"a": ["y"]}).fingerprint
