"""The corpus of fake secrets and innocents: how much is masked, and how little else."""

from __future__ import annotations

import pytest

from bench.secret_corpus import Case, innocents, later, secrets, strangers
from bench.secrets import CHANGED_AT_MOST, MASKED_AT_LEAST, shares
from bot.text.masking import MASK, mask

# What joins a telling name and its secret in ways that the corpus does not have.
JOINED = """ALTER USER orders WITH PASSWORD '{}';|CREATE USER 'a'@'%' IDENTIFIED BY '{}';|openssl enc -pass pass:{}
vault login {}|ldapsearch -D cn=admin -w {} -b dc=example|docker login -u ci -p {} registry.example.com|Kennwort: {}
<password>{}</password>|echo {} # docker login --password-stdin
define('DB_PASSWORD', '{}');
new password -> {}|creds are ops:{}|PASSWORD⏎{}|<add key="ApiSecret" value="{}"/>
aws configure set aws_secret_access_key {}|*password:* {}"""


@pytest.mark.parametrize("case", later()[0], ids=lambda case: case.form)
def test_a_secret_is_masked_in_each_later_form(case: Case) -> None:
    assert case.secret not in mask(case.text)


def test_no_later_innocent_is_changed() -> None:
    assert [case.text for case in later()[1] if mask(case.text) != case.text] == []


def test_what_a_stranger_pasted_is_masked_by_its_kind() -> None:
    found, plain = strangers("seen")
    assert [case.text for case in found if case.is_left_in(mask(case.text))] == []
    assert [case.text for case in plain if mask(case.text) != case.text] == []


# The same kinds in other words: where a secret stands tells it.
PLACED = """db.example.com:5432:orders:app:{}|[mail.example.com]:465 ops@example.com:{}|<Connector keystorePass="{}"/>
snmp-server user ops noc v3 auth sha {}|crypto isakmp key {} address 192.0.2.7|tacacs-server host 192.0.2.9 key {}
keytool -list -keystore prod.jks -storepass {}|ipmitool -H 192.0.2.4 -U root -P {} power status|ops:$6$ab${}
ConvertTo-SecureString '{}' -AsPlainText -Force|client.login("ops@example.com", "{}")|rabbitmqctl add_user ops {}
Passwort für den Lagerrechner: {}|contraseña del servidor de correo: {}|log in as root, then type {} when it asks
echo ops:{} # chpasswd|lftp -u ops,{} sftp.example.com|schtasks /create /tn x /ru ops /rp {}"""


@pytest.mark.parametrize("pasted", PLACED.replace("\n", "|").split("|"))
def test_a_secret_is_known_by_the_place_in_which_it_stands(pasted: str) -> None:
    pasted, secret = pasted.replace(" # ", " | "), "Kran-" + "fuehrer7!x"
    assert secret not in mask(pasted.replace("{}", secret))


@pytest.mark.parametrize(
    "said",
    [
        "https://user:password@db.example.com/orders",
        "https://app.example.com/reset?token=%3Ctoken%3E",
        '<property name="password" value="@@DB_PW@@"/>',
        "10.0.0.4:5432:up:ready:12:30:01 ",
        "enable the new key rotation on web-4",
        "try orders-api-7f9c when it starts",
    ],
)
def test_what_stands_in_such_a_place_and_is_no_secret_stays(said: str) -> None:
    assert mask(said) == said


@pytest.mark.parametrize("half", [0, 1])
def test_nearly_all_secrets_are_masked_and_hardly_an_innocent_is_changed(half: int) -> None:
    masked, changed = shares(half)
    assert masked >= MASKED_AT_LEAST and changed <= CHANGED_AT_MOST


def test_the_corpus_is_large_and_of_many_forms() -> None:
    found = [case for half in (0, 1) for case in secrets(half)]
    plain = [case for half in (0, 1) for case in innocents(half)]
    assert len(found) >= 200 and len({case.form for case in found}) >= 60 and len(plain) >= 200
    assert all(case.secret in case.text for case in found)


@pytest.mark.parametrize("pasted", JOINED.replace("\n", "|").split("|"))
def test_letters_of_both_cases_and_digits_beside_a_telling_name_are_masked(pasted: str) -> None:
    pasted, secret = pasted.replace(" # ", " | ").replace("⏎", "\n"), "Xk3vQ9tR" + "z7LmB2wY"
    said = mask(pasted.format(secret))
    assert secret not in said and MASK in said


@pytest.mark.parametrize(
    "said",
    [
        "the tokenizer of pyduck-embeddings Apache-2.0 is loaded",
        "secret rotation by SecretsManagerRotation2Function failed",
        "token: OAuth2TokenHandler",
        "<#C0SECRET>, <!subteam^S0ONCALL> knows",
        "credentials are read by CredentialsProviderChainV2",
    ],
)
def test_names_of_programs_beside_such_a_word_stay(said: str) -> None:
    assert mask(said) == said


@pytest.mark.parametrize(
    "piece",
    [
        "password for the orders db ",
        "name: x_token\n",
        "pat",
        "sl.",
        "pw is ",
        "secret a b ",
        "datadog key ",
        "AB_TOKEN_",
        "a-key: ",
        "pwd a1 ",
        "get secret a\n",
        'resource "x_password" ',
        "recovery code for a ",
        "login a:",
        " --a-key ",
        "pat a b c ",
        "a.b",
        "user a password ",
        "password van de ",
        "enable a b key ",
        "recovery codes a1b2 ",
        "1.2.3.4:5432:a:b:",
    ],
)
def test_what_repeats_a_name_forty_thousand_characters_long_is_masked_once_and_for_all(piece: str) -> None:
    text = piece * (40_000 // len(piece))
    assert mask(mask(text)) == mask(text)
