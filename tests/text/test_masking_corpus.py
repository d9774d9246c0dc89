"""The corpus of fake secrets and innocents: how much is masked, and how little else."""

from __future__ import annotations

import pytest

from bench.secret_corpus import LEARNT, Case, innocents, later, secrets
from bench.secrets import CHANGED_AT_MOST, MASKED_AT_LEAST, shares, shares_of_strangers
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


@pytest.mark.parametrize("part", LEARNT)
def test_what_a_stranger_pasted_is_masked_by_its_kind(part: str) -> None:
    masked, changed = shares_of_strangers(part)
    assert masked >= MASKED_AT_LEAST and changed <= CHANGED_AT_MOST


# Secrets that are told: a telling word, what joins it, and what looks like no word. In other words than the corpora's.
TOLD = """the pw of the printer room tablet is {}|badge server, user svc, the new one is {}
das Kennwort vom Drucker lautet {}|la clave del almacén es {}|a senha do caixa ficou {}|le mdp du bastion, c'est {}
wachtwoord van de kassa is {}|hasło do magazynu to {}|root on the nas got reset to {}|log in as ops / {}
| db-3 # admin # {} # rack 4 #|host;user;value⏎nas2;svc@example.com;{};2024|\"smtp_password\";s:12:\"{}\"
['api_secret']=>⏎  string(14) '{}'|<Pass encoding='plain'>{}</Pass>|enable secret 5 {}|AUTH {}
sqlplus ops/{}@db.example.com|register => 4930:{}@sip.example.com|ops@example.com:{}
who knows the one for the old portal?⏎{}⏎thanks, works"""


@pytest.mark.parametrize("said", TOLD.replace("\n", "|").split("|"))
def test_a_secret_is_known_by_what_is_told_around_it(said: str) -> None:
    secret = "Dros" + "sel4Nest_61"
    assert secret not in mask(said.replace(" # ", " | ").replace("⏎", "\n").replace("{}", secret))


@pytest.mark.parametrize(
    ("said", "secret"),
    [
        ("pin for the key safe is 740913, thanks", "740913"),
        ("o PIN do caixa é 6402", "6402"),
        ("door code on 3 got changed, its 7731 now", "7731"),
        ("conference passcode 5829 047#, chair first", "5829 047#"),
        ("the passphrase of the backup key is nine herons left the quarry", "herons"),
        ('seed of the wallet: "orbit maple vessel crunch idle salmon tower fabric ginger puzzle lip lemon"', "salmon"),
        ("read to me on the phone: capital R, e, i, 7, dash, k, k, 4", "capital R, e"),
        ("bitlocker asks: " + "-".join(["417263"] * 8), "417263-417263"),
        ("scans as WIFI:S:Guest;T:WPA;P:zoute-drop;;", "zoute-drop"),
        ("https://a.example.com/login/magic?t=V2hR8kQx0TzLmN5cYdB7", "V2hR8kQx0TzLmN5cYdB7"),
        ("https://chat.example.com/hooks/118734/Zq3VkT8xWm0LpRn5cYdH1bJsGu", "Zq3VkT8xWm0LpRn5cYdH1bJsGu"),
    ],
)
def test_numbers_and_words_that_open_something_are_masked(said: str, secret: str) -> None:
    assert MASK in mask(said) and secret not in mask(said)


@pytest.mark.parametrize(
    "said",
    [
        "error code: 40001, exit code is 1370, zip code is 10115",
        "the code is 5000 lines long",
        "our pin on openssl 3.0.13 blocks it",
        "login fails for user web-4 on node ip-10-40-12-7",
        "password reset fails since build 2841, ticket SHOP-2291, request 7f3d2c1e-90ab-4e56-8d17-3b6c0f9a2e48",
        "token check in GeoFence4Partners fails, order ch_3Nk2xY9q",
        "the admin U0RESPONDER logged in from C0ANNOUNCE1",
        "passphrase is required by the new policy of the bank",
        "jump to step a, b, c, d, e and dash off",
        "MAC 00:00:5e:00:53:af flaps",
        "Enter keystore password:\nAlias upload",
        "olvidé la contraseña de la caja, ¿quién desbloquea a cajero07?",
        "Das Passwort vom Labor-PC geht nicht, wer hat es vertauscht?",
        'JAVA_OPTS="-Xmx8g -Djavax.net.ssl.keyStorePassword=$KEYSTORE_PW"',
        "PWD=/opt/orders/v2.1/worker OLDPWD=/home/ops",
        "secret = Application.fetch_env!(:orders, :SMTP_SECRET)",
        "Kennwort: liegt im Safe, Fach 12",
        "token rotation: see issues SHOP-12, shop/web#7 and shop/web!12 in the tracker",
        "PagerDuty failed, ntfy login <!date^1795176000^{date_short_pretty} {time}|2026-11-20 12:00 UTC>.",
        "GET /users/{userId}/messages, docker run -u root -p 8080:80/tcp orders",
    ],
)
def test_what_is_told_beside_such_a_word_and_is_no_secret_stays(said: str) -> None:
    assert mask(said) == said


# The same kinds in other words: where a secret stands tells it.
PLACED = """db.example.com:5432:orders:app:{}|[mail.example.com]:465 ops@example.com:{}|<Connector keystorePass="{}"/>
snmp-server user ops noc v3 auth sha {}|crypto isakmp key {} address 192.0.2.7|tacacs-server host 192.0.2.9 key {}
keytool -list -keystore prod.jks -storepass {}|ipmitool -H 192.0.2.4 -U root -P {} power status|ops:$6$ab${}
ConvertTo-SecureString '{}' -AsPlainText -Force|client.login("ops@example.com", "{}")|rabbitmqctl add_user ops {}
Passwort für den Lagerrechner: {}|contraseña del servidor de correo: {}|log in as root, then type {} when it asks
Key Content            : {}|snmpv3 user ops, auth phrase {}|bmctool -r 192.0.2.8 -u root -p {} getsel
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
        "login aB3!x ",
        "pin for a ",
        "a, dash, ",
        "passphrase of a is ",
        "https://login?a=",
        "ops@a.example:",
        "password for a b ",
        "licence A1B2-",
    ],
)
def test_what_repeats_a_name_forty_thousand_characters_long_is_masked_once_and_for_all(piece: str) -> None:
    text = piece * (40_000 // len(piece))
    assert mask(mask(text)) == mask(text)
