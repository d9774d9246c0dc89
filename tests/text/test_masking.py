"""Secrets are found in every form that people paste; ordinary words are left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text.masking import MASK, mask

# Put together here, so that no scanner takes this file for a leak.
ACCESS_KEY = "AKIA" + "IOSFODNN7EXAMPLE"
SECRET_KEY = "wJalrXUtnFEMI/K7MDENG" + "/bPxRfiCYEXAMPLEKEY"
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (f"the key is {ACCESS_KEY}, rotated it", ACCESS_KEY),
        (f"{ACCESS_KEY} {SECRET_KEY}", SECRET_KEY),
        (f'{{"SecretAccessKey": "{SECRET_KEY}"}}', SECRET_KEY),
        (f"export AWS_SECRET_ACCESS_KEY={SECRET_KEY}", SECRET_KEY),
        ("IQoJb3JpZ2lu" + LETTERS * 3, LETTERS * 3),
        ("xox" + "b-1234-5678-" + LETTERS, LETTERS),
        ("xapp-1-A01-" + LETTERS, LETTERS),
        ("<https://hooks.slack.com/services/T0AB/B0CD/" + LETTERS + ">", LETTERS),
        ("gh" + "p_" + LETTERS, LETTERS),
        ("github_pat_" + LETTERS, LETTERS),
        ("glpat-" + LETTERS, LETTERS),
        ("sk_live_" + LETTERS, LETTERS),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "c2lnbmF0dXJl"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nIBAAK\n-----END RSA PRIVATE KEY-----", "MIIEow"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNz cut off here", "b3BlbnNz"),
        ("<https://admin:s3cr3t@db.example.com|https://admin:s3cr3t@db.example.com>", "s3cr3t"),
        ("postgresql://tocsin:pa%21ss@10.0.0.1/db", "pa%21ss"),
        ("curl -H 'Authorization: Bearer abc123def456ghi789'", "abc123def456ghi789"),
        ("Authorization: Basic dXNlcjpwYXNzd29yZDE=", "dXNlcjpwYXNzd29yZDE="),
        ("password=hunter2", "hunter2"),
        ("PGPASSWORD=hunter psql", "hunter"),
        ("Server=db;Password=horse;Database=shop", "horse"),
        ('"password": "correct horse"', "correct"),
        ("the password is hunter2, change it", "hunter2"),
        ("api_key: 9f8e7d6c5b4a", "9f8e7d6c5b4a"),
        ("?a=1&amp;token=abcdef123456&amp;b=2", "abcdef123456"),
    ],
)
def test_what_is_secret_is_masked(text: str, secret: str) -> None:
    masked = mask(text)
    assert MASK in masked
    assert secret not in masked


@pytest.mark.parametrize(
    "text",
    [
        "checkout returns 502 since build 212",
        "the password is wrong",
        "password: reset by the user",
        "token expired: 401",
        "NextToken: none",
        "max_tokens=400",
        "token: $TOKEN",
        "password=${DB_PASSWORD}",
        "password=<redacted>",
        "secretsmanager: throttled",
        "the secret is in the vault",
        "commit 3f786850e387550fdab836ed7e6dc881de23001b broke it",
        "arn:aws:sts::123456789012:assumed-role/lambda-execution-role is not authorized",
        "https://shop.example.com:8080/search?q=a@b",
        "bearer authentication fails",
        "AccessDenied for AROAIOSFODNN7EXAMPLEX",
        "",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert mask(text) == text


def test_what_surrounds_a_secret_stays() -> None:
    assert (
        mask("rotate https://admin:s3cr3t@db.example.com/x now") == f"rotate https://admin:{MASK}@db.example.com/x now"
    )
    assert mask("(password=hunter2).") == f"(password={MASK})."
    assert mask("Server=db;Password=horse;Database=shop") == f"Server=db;Password={MASK};Database=shop"


@given(
    st.text(st.sampled_from('aA1=:/ -_@."\n<>|&[]{}xob'))
    | st.sampled_from(["password=", "xoxb-", "token: ", ACCESS_KEY])
)
def test_masking_twice_changes_nothing_more(text: str) -> None:
    assert mask(mask(text)) == mask(text)
