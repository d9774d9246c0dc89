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
        ("SECRET_KEY=django-insecure-4f9a", "django-insecure-4f9a"),
        ("ENCRYPTION_KEY: 9f8e7d6c5b4a3f2e", "9f8e7d6c5b4a3f2e"),
        ("curl -sS -u deploy:Tr0ub4dor https://ci.example.com", "Tr0ub4dor"),
        ("mysql -h db.example.com -uroot -pS3cretPw shop", "S3cretPw"),
        ("Cookie: session=9f8e7d6c5b4a; theme=dark-blue", "9f8e7d6c5b4a"),
        ("machine git.example.com login deploy password hunter2", "hunter2"),
        ('{"auths": {"r.example.com": {"auth": "ZGVwbG95Omh1bnRlcjI="}}}', "ZGVwbG95Omh1bnRlcjI="),
        ("- name: DB_PASSWORD\n  value: horse-battery", "horse-battery"),
        ("https://b.s3.example.com/x?X-Amz-Signature=" + "0a1b2c3d" * 8, "0a1b2c3d0a1b"),
        ("https://a.example.com/c?sv=2024&sig=Zm9v%2Bbar1" + "9" * 20 + "%3D", "Zm9v%2Bbar1"),
        ("sk_" + "test_" + LETTERS[:24], LETTERS[:24]),
        ("GOC" + "SPX-" + LETTERS[:28], LETTERS[:28]),
        ("ya" + "29." + LETTERS, LETTERS),
        ("hf" + "_" + LETTERS, LETTERS),
        ("da" + "pi" + "0a1b2c3d" * 4, "0a1b2c3d0a1b"),
        ("shp" + "at_" + "0a1b2c3d" * 4, "0a1b2c3d0a1b"),
        ("NR" + "AK-" + LETTERS[:27].upper(), LETTERS[:27].upper()),
        ("https://discord.com/api/webhooks/123456789/" + LETTERS, LETTERS),
        ("SK" + "0a1b2c3d" * 4, "0a1b2c3d0a1b"),
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
        "secret=orders-db",
        "pwd: /var/log",
        "secretName: orders-db-credentials",
        "mysql -p prompts for it",
        "--password is deprecated",
        "curl -u is basic auth",
        "token: refresh_token",
        "set-cookie: Path=/",
        "api key rotation is on Friday",
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
