"""Messages in German, French, Spanish and Portuguese are read for their facts like those in English."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.severity.judge.signals import Signals
from bot.severity.judge.vocabulary.glossary import in_english, language_of
from bot.severity.policy import load_severity

POLICY = Path(__file__).parents[2] / "knowledge" / "policy" / "severity.yaml"


@pytest.fixture(scope="module")
def signals() -> Signals:
    return Signals(load_severity(POLICY).things)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("the shop is down for all customers", "en"),
        ("der shop ist für alle kunden ausgefallen", "de"),
        ("la boutique est en panne pour tous les clients", "fr"),
        ("la tienda está caída para todos los clientes", "es"),
        ("a loja está fora do ar para todos os clientes", "pt"),
        ("checkout down", "en"),
        ("", "en"),
    ],
)
def test_a_language_is_known_by_its_small_words(text: str, language: str) -> None:
    assert language_of(text.split()) == language


def test_words_stay_at_their_places_and_english_ones_as_they_are() -> None:
    text = "niemand kann sich seit acht uhr am postfach anmelden und die hotline ist auch tot"
    words = text.split()
    english = in_english(words)
    assert len(english) == len(words)
    assert english[:2] == ["nobody", "can"] and english[6] == "am"
    assert in_english(["the", "die", "is", "broken"]) == ["the", "die", "is", "broken"]


@pytest.mark.parametrize(
    ("text", "signal", "words"),
    [
        ("Die Kasse ist seit heute früh ausgefallen, alle Filialen betroffen", "how.down", "ausgefallen"),
        ("Le paiement ne fonctionne plus pour tous les clients", "what.money", "paiement"),
        ("Los pagos están parados y no hay nadie en la red", "how.down", "parados"),
        ("O login não funciona, ninguém consegue entrar no sistema", "reach.everyone", "ninguém"),
    ],
)
def test_a_fact_shows_the_words_as_they_were_written(text: str, signal: str, words: str, signals: Signals) -> None:
    shown = {(name, evidence.text) for name, evidence in signals.read(text).evidence}
    assert signal in {name for name, _ in shown}
    assert any(words in text for name, text in shown if name == signal), shown
