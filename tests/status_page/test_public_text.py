"""What may not stand on a public page, and what may."""

from __future__ import annotations

import pytest

from bot.status_page.rules.public_text import Private, private_words, sentence, without_private_words

INSIDE = Private(
    frozenset({"checkout", "orders-api", "incident-response", "team lead", "Ann Example", "123456789012"}),
    frozenset({"Checkout", "Web shop", "Web", "shop"}),
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("See INC-2026-0001 for more", ["INC-2026-0001"]),
        ("sec: SEC-2026-0003", ["SEC-2026-0003"]),
        ("ask <@U0RESPONDER>", ["<@U0RESPONDER>"]),
        ("ask @responder now", ["@responder"]),
        ("follow #inc-2026-0001-checkout", ["#inc-2026-0001-checkout"]),
        ("in #incident-response", ["#incident-response"]),
        ("the Orders-API is slow", ["Orders-API"]),
        ("Ann Example is on it", ["Ann Example"]),
        ("arn:aws:lambda:us-east-1:123456789012:function:pay", None),
        ("host i-0abc12345678 is gone", ["i-0abc12345678"]),
        ("10.2.3.4 does not answer", ["10.2.3.4"]),
        ("db-1.eu.internal is full", ["db-1.eu.internal"]),
        ("password=hunter2hunter2", ["a secret"]),
        ("https://shop.slack.com/archives/C012345678/p1", None),
    ],
)
def test_what_is_private_is_named(text: str, found: list[str] | None) -> None:
    assert (private_words(text, INSIDE) == found) if found is not None else private_words(text, INSIDE)


@pytest.mark.parametrize(
    "text",
    [
        "Checkout fails for some customers in Europe.",
        "Our web shop is slow; we found the cause and a fix is rolling out.",
        "Write to help@example.com or see https://example.com/help#top",
        "About 30 % of requests fail since 14:05 UTC. Order #12 is fine.",
        "Version 10.2.3 is affected; DNS at 8.8.8.8 is not.",
        "USERNAMES and CONNECTIONS are words, GB20260101 an offer.",
        "",
    ],
)
def test_what_the_public_knows_may_stand(text: str) -> None:
    assert private_words(text, INSIDE) == []


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("fix is being rolled out", "Fix is being rolled out."),
        ("cards declined 🇪🇺", "Cards declined 🇪🇺."),
        ("iOS and eu-1 fail!", "iOS and eu-1 fail!"),
        ("  ", ""),
    ],
)
def test_what_was_typed_into_a_field_becomes_a_sentence(typed: str, shown: str) -> None:
    assert sentence(typed) == shown


def test_a_form_begins_without_the_sentences_that_say_something_private() -> None:
    told = "Checkout is slow. orders-api is out of memory. A fix is on its way.\nSee INC-2026-0001"
    assert without_private_words(told, INSIDE) == "Checkout is slow. A fix is on its way."
