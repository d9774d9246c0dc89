"""Fake secrets as people paste them, and what only looks like one, for measuring the masking.

Nothing here is or was a secret: values are drawn from a hash, and prefixes are put together from parts, so that no
scanner takes this file for a leak. Both halves were written before the patterns were looked at. On the second half
the patterns scored 86.0 % and 2.0 % before anybody had seen what they missed; docs/decisions/006-masking-secrets.md
has all figures.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

_HEX = "0123456789abcdef"
_UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_WORD = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_BASE64 = _WORD + "+/"
_URL = _WORD + "-_"


@dataclass(frozen=True, slots=True)
class Case:
    """`text` as pasted. `secret`, and `more` where there are several, must not be left in it; none in an innocent."""

    form: str
    text: str
    secret: str = ""
    more: tuple[str, ...] = ()

    def is_left_in(self, masked: str) -> bool:
        """Whether any of the secrets still stands in the text."""
        return any(secret in masked for secret in (self.secret, *self.more))


def draw(seed: str, length: int, alphabet: str = _WORD) -> str:
    """`length` characters of `alphabet`, the same for the same seed, never without a digit and a letter."""
    drawn, round_ = "", 0
    while len(drawn) < length:
        digest = hashlib.sha256(f"{seed}:{round_}".encode()).digest()
        drawn += "".join(alphabet[byte % len(alphabet)] for byte in digest)
        round_ += 1
    return drawn[:length]


# By form: the pieces of its fixed beginning, and the lengths and alphabets of what follows.
Token = Callable[[str], str]


def _token(*pieces: str, length: int, alphabet: str = _WORD, end: str = "") -> Token:
    return lambda seed: "".join(pieces) + draw(seed, length, alphabet) + end


def _parts(*pieces: str | tuple[int, str]) -> Token:
    def make(seed: str) -> str:
        made = ""
        for number, piece in enumerate(pieces):
            made += piece if isinstance(piece, str) else draw(f"{seed}.{number}", *piece)
        return made

    return make


def _jwt(seed: str) -> str:
    return ".".join(
        ["ey" + "J" + draw(f"{seed}h", 33, _URL), "ey" + "J" + draw(f"{seed}p", 60, _URL), draw(seed, 43, _URL)]
    )


TOKENS: tuple[dict[str, Token], dict[str, Token]] = (
    {
        "aws access key": _token("AK", "IA", length=16, alphabet=_UPPER),
        "github token": _token("gh", "p_", length=36),
        "github fine-grained": _parts("github", "_pat_", (22, _WORD), "_", (59, _WORD)),
        "gitlab token": _token("gl", "pat-", length=20, alphabet=_URL),
        "slack bot token": _parts("xo", "xb-", (12, "0123456789"), "-", (13, "0123456789"), "-", (24, _WORD)),
        "slack webhook": _parts(
            "https://hooks.sl", "ack.com/services/T", (9, _UPPER), "/B", (10, _UPPER), "/", (24, _WORD)
        ),
        "stripe live": _token("sk_", "live_", length=24),
        "stripe test": _token("sk_", "test_", length=24),
        "google api key": _token("AI", "za", length=35, alphabet=_URL),
        "jwt": _jwt,
        "npm token": _token("np", "m_", length=36),
        "pypi token": _token("py", "pi-AgEIcHlwaS5vcmc", length=120, alphabet=_URL),
        "sendgrid": _parts("S", "G.", (22, _URL), ".", (43, _URL)),
        "mailgun": _token("ke", "y-", length=32, alphabet=_HEX),
        "twilio key": _token("S", "K", length=32, alphabet=_HEX),
        "digitalocean": _token("do", "p_v1_", length=64, alphabet=_HEX),
        "hugging face": _token("h", "f_", length=34),
        "openai": _token("sk-", "proj-", length=48),
        "anthropic": _token("sk-", "ant-api03-", length=93, alphabet=_URL, end="AA"),
        "databricks": _token("da", "pi", length=32, alphabet=_HEX),
        "vault token": _token("hv", "s.", length=90, alphabet=_URL),
        "grafana": _parts("gl", "sa_", (32, _WORD), "_", (8, _HEX)),
        "azure devops sas": _parts("Account", "Key=", (86, _BASE64), "=="),
        "telegram bot": _parts((9, "123456789"), ":AA", (33, _URL)),
        "linear": _token("lin", "_api_", length=40),
        "docker hub": _token("dckr", "_pat_", length=27, alphabet=_URL),
    },
    {
        "google oauth secret": _token("GOC", "SPX-", length=28, alphabet=_URL),
        "google access token": _token("ya", "29.", length=120, alphabet=_URL),
        "shopify": _token("shp", "at_", length=32, alphabet=_HEX),
        "new relic": _token("NR", "AK-", length=27, alphabet=_UPPER),
        "discord webhook": _parts("https://disc", "ord.com/api/webhooks/", (18, "123456789"), "/", (68, _URL)),
        "github app token": _token("gh", "s_", length=36),
        "github refresh": _token("gh", "r_", length=76),
        "stripe restricted": _token("rk_", "live_", length=24),
        "aws temporary key": _token("AS", "IA", length=16, alphabet=_UPPER),
        "slack app token": _parts("xa", "pp-1-A", (10, _UPPER), "-", (13, "0123456789"), "-", (64, _HEX)),
        "terraform cloud": _parts((14, _WORD), ".atlas", "v1.", (67, _WORD)),
        "sentry": _parts("snt", "rys_", (70, _WORD), "_", (43, _WORD)),
        "notion": _token("nt", "n_", length=46),
        "postman": _parts("PM", "AK-", (24, _HEX), "-", (34, _HEX)),
        "square": _token("sq0", "atp-", length=22, alphabet=_URL),
        "doppler": _token("dp.", "pt.", length=43),
        "age key": _token("AGE-SEC", "RET-KEY-1", length=58, alphabet="QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L"),
        "airtable": _parts("pat", (14, _WORD), ".", (64, _HEX)),
        "planetscale": _token("psc", "ale_tkn_", length=43, alphabet=_URL),
        "supabase": _token("sb", "p_", length=40, alphabet=_HEX),
        "rubygems": _token("rubyg", "ems_", length=48, alphabet=_HEX),
        "artifactory": _token("AK", "Cp", length=69),
        "heroku": _token("HR", "KU-AA", length=58, alphabet=_URL),
        "mapbox": _parts("sk.", "eyJ", (60, _URL), ".", (22, _URL)),
        "facebook": _token("EA", "ACEdEose0cBA", length=120),
        "okta": _token("SS", "WS 00", length=40, alphabet=_URL),
        "cloudflare origin": _parts("v1.0-", (24, _HEX), "-", (146, _HEX)),
        "dropbox": _token("sl", ".", length=136, alphabet=_URL),
    },
)
_AROUND: tuple[tuple[str, ...], tuple[str, ...]] = (
    (
        "that's the one from the pod: {}",
        'curl -s -H "Authorization: Bearer {}" https://api.example.com/v1/orders',
        "2026-11-20T12:00:03Z ERROR client rejected key {} (401)",
        'env:\n  - name: UPSTREAM\n    value: "{}"',
        '{{"level": "error", "msg": "auth failed", "credential": "{}"}}',
    ),
    (
        "i think {} leaked, can somebody rotate it",
        "export UPSTREAM_TOKEN={}",
        "Nov 20 12:00:03 web-1 app[311]: using {}, retrying",
        "upstream:\n  token: {}\n  timeout: 30s",
        'client = Client("{}", timeout=3)',
    ),
)

# Secrets that are known by what stands around them: (form, text with {} for the secret, length, alphabet).
Named = tuple[str, str, int, str]
NAMED: tuple[tuple[Named, ...], tuple[Named, ...]] = (
    (
        ("env SECRET_KEY", "DEBUG=1\nSECRET_KEY={}\nPORT=80", 50, _WORD),
        ("env ENCRYPTION_KEY", "ENCRYPTION_KEY={}", 44, _BASE64),
        ("env quoted", 'export DB_PASSWORD="{}"', 16, _WORD),
        ("env single quotes", "REDIS_PASS='{}'", 14, _WORD),
        ("aws secret", "aws_secret_access_key = {}", 40, _BASE64),
        ("aws session", "AWS_SESSION_TOKEN={}", 300, _BASE64),
        ("curl -u", "curl -u deploy:{} https://repo.example.com/x.tar.gz", 18, _WORD),
        ("curl --user", "curl --user 'svc-ci:{}' https://ci.example.com/api", 20, _WORD),
        ("basic header", "Authorization: Basic {}", 32, _BASE64),
        ("bearer header", "> Authorization: Bearer {}", 40, _WORD),
        ("cookie", "Cookie: theme=dark; session={}; lang=en", 48, _WORD),
        ("set-cookie", "Set-Cookie: sessionid={}; HttpOnly; Path=/", 32, _WORD),
        ("mysql -p", "mysql -h db.example.com -u root -p{} orders", 14, _WORD),
        ("netrc", "machine git.example.com login ci password {}", 20, _WORD),
        ("docker auth", '{{"auths": {{"registry.example.com": {{"auth": "{}"}}}}}}', 40, _BASE64),
        ("yaml pair", "- name: DB_PASSWORD\n  value: {}", 18, _WORD),
        ("json pair", '{{"name": "API_TOKEN", "value": "{}"}}', 32, _WORD),
        ("presigned", "https://b.s3.amazonaws.com/k?X-Amz-Expires=900&X-Amz-Signature={}", 64, _HEX),
        ("sas", "https://a.blob.core.windows.net/c/f?sv=2022-11-02&sr=b&sig={}%3D", 43, _WORD),
        ("postgres url", "postgresql://orders:{}@db.example.com:5432/orders", 16, _WORD),
        ("redis url", "redis://:{}@cache.example.com:6379/0", 24, _WORD),
        ("json password", '{{"user": "admin", "password": "{}"}}', 12, _WORD),
        ("yaml password", "db:\n  user: orders\n  password: {}", 15, _WORD),
        ("prose password", "the password is {} for now", 12, _WORD),
        ("prose login", "log in with admin / password: {}", 12, _WORD),
        ("x-api-key", "curl -H 'X-Api-Key: {}' https://api.example.com", 32, _WORD),
        ("query token", "GET /export?format=csv&access_token={} HTTP/1.1", 40, _WORD),
        ("python keyword", 'connect(host="db", password="{}", timeout=3)', 16, _WORD),
        ("java property", "spring.datasource.password={}", 16, _WORD),
        ("client secret", "client_secret={}&grant_type=client_credentials", 40, _WORD),
        ("twilio auth token", "TWILIO_AUTH_TOKEN={}", 32, _HEX),
        ("datadog key", "DD_API_KEY={}", 32, _HEX),
        ("webhook secret", "GITHUB_WEBHOOK_SECRET={}", 40, _HEX),
        ("log of env", "2026-11-20 env: HOME=/root JWT_SECRET={} LANG=C", 36, _WORD),
        ("connection string", "Server=db;Database=o;User Id=sa;Password={};Encrypt=true", 16, _WORD),
        ("private key", "-----BEGIN RSA PRI" + "VATE KEY-----\n{}\n-----END RSA PRI" + "VATE KEY-----", 300, _BASE64),
    ),
    (
        ("PGPASSWORD", "PGPASSWORD={} psql -h db.example.com -U orders -c 'select 1'", 16, _WORD),
        ("--password", "kinit-tool --user svc --password {} --realm EXAMPLE", 16, _WORD),
        ("--token=", "helmctl login --token={} --server https://k.example.com", 40, _WORD),
        ("npmrc", "//registry.example.com/:_authToken={}", 36, _WORD),
        ("npmrc _auth", "_auth={}", 40, _BASE64),
        ("pypirc", "[pypi]\nusername = ci\npassword = {}", 24, _WORD),
        ("jdbc", "jdbc:mysql://db.example.com/o?user=root&password={}&ssl=true", 16, _WORD),
        ("mongodb", "mongodb+srv://app:{}@cluster0.example.com/orders", 20, _WORD),
        ("amqp", "amqps://worker:{}@mq.example.com:5671/%2F", 20, _WORD),
        ("smtp url", "smtp://mailer:{}@mail.example.com:587", 18, _WORD),
        ("git remote", "https://ci:{}@git.example.com/team/app.git", 32, _WORD),
        ("gitlab header", 'curl --header "PRIVATE-TOKEN: {}" https://git.example.com/api/v4', 26, _WORD),
        ("vault header", "X-Vault-Token: {}", 30, _WORD),
        ("proxy header", "Proxy-Authorization: Basic {}", 28, _BASE64),
        ("auth token header", "X-Auth-Token: {}", 36, _WORD),
        ("k8s secret", "apiVersion: v1\nkind: Secret\ndata:\n  password: {}", 24, _BASE64),
        ("helm set", "helm upgrade app ./chart --set db.password={}", 16, _WORD),
        ("docker env", "docker run -e API_KEY={} app:latest", 32, _WORD),
        ("compose", "environment:\n  - MYSQL_ROOT_PASSWORD={}\n  - TZ=UTC", 18, _WORD),
        ("terraform var", 'variable "db_password" {{\n  default = "{}"\n}}', 18, _WORD),
        ("tfvars", 'db_master_password = "{}"', 20, _WORD),
        ("javascript", "const apiKey = '{}';", 32, _WORD),
        ("camel case json", '{{"clientSecret": "{}", "clientId": "orders"}}', 40, _WORD),
        ("escaped json", '"{{\\"password\\": \\"{}\\"}}"', 16, _WORD),
        ("prose pw", "pw is {} (same as staging)", 12, _WORD),
        ("prose for the db", "password for the orders db: {}", 14, _WORD),
        ("prose token", "use this token: {}", 40, _WORD),
        ("prose secret", "the client secret is `{}`", 32, _WORD),
        ("signing key", "signing_key: {}", 44, _BASE64),
        ("session secret", "SESSION_SECRET = '{}'", 40, _WORD),
        ("csrf", "csrftoken={}; Path=/", 64, _WORD),
        ("jsessionid", "Cookie: JSESSIONID={}", 32, _UPPER),
        ("url hash token", "https://app.example.com/reset?token={}", 40, _WORD),
        ("sumo", "ACCESS_KEY={}", 64, _WORD),
        ("passphrase", "ssh key passphrase: {}", 16, _WORD),
        ("redis-cli", "redis-cli -h cache.example.com -a {} ping", 20, _WORD),
        ("sshpass", "sshpass -p {} ssh root@10.0.0.4", 14, _WORD),
        (
            "open ssh key",
            "-----BEGIN OPENSSH PRI" + "VATE KEY-----\n{}\n-----END OPENSSH PRI" + "VATE KEY-----",
            400,
            _BASE64,
        ),
        ("cloudfront", "https://d1.cloudfront.net/x?Expires=1795176000&Signature={}&Key-Pair-Id=K2", 120, _URL),
        ("gcs signed", "https://storage.googleapis.com/b/o?X-Goog-Signature={}", 128, _HEX),
    ),
)


def secrets(half: int) -> Iterator[Case]:
    """The secrets of one half, 0 or 1: each token form in three contexts, each named one in two values."""
    for form, make in TOKENS[half].items():
        for number in range(3):
            around = _AROUND[half][(number * 2 + len(form)) % len(_AROUND[half])]
            secret = make(f"{half}:{form}:{number}")
            yield Case(form, around.format(secret), secret)
    for form, text, length, alphabet in NAMED[half]:
        for number in range(2):
            secret = draw(f"{half}:{form}:{number}", length, alphabet)
            yield Case(form, text.format(secret), secret)


def _hex(seed: str, length: int) -> str:
    return draw(seed, length, _HEX)


def _uuid(seed: str) -> str:
    return "-".join(_hex(f"{seed}{n}", length) for n, length in enumerate((8, 4, 4, 4, 12)))


def _drawn_innocents(seed: str) -> Iterator[tuple[str, str]]:
    """What is long and random and yet no secret, another one for each seed."""
    yield "git sha", f"rolled back to {_hex(seed, 40)}"
    yield "short sha", f"deploy of {_hex(seed, 7)} is out"
    yield "image digest", f"registry.example.com/orders@sha256:{_hex(seed, 64)}"
    yield "uuid", f"order {_uuid(seed)} is stuck"
    yield "request id", f"RequestId: {_uuid(seed)} Task timed out after 3.00 seconds"
    yield "arn", f"arn:aws:lambda:eu-west-1:123456789012:function:orders-{draw(seed, 8)}"
    yield "secret arn", f"arn:aws:secretsmanager:eu-west-1:123456789012:secret:orders/db-{draw(seed, 6)}"
    yield "kms key", f"arn:aws:kms:eu-west-1:123456789012:key/{_uuid(seed)}"
    yield "trace id", f"X-Amzn-Trace-Id: Root=1-{_hex(seed, 8)}-{_hex(seed + 'b', 24)};Sampled=1"
    yield "traceparent", f"traceparent: 00-{_hex(seed, 32)}-{_hex(seed + 'b', 16)}-01"
    yield "span", f'{{"trace_id": "{_hex(seed, 32)}", "span_id": "{_hex(seed, 16)}"}}'
    yield "etag", f'ETag: "{_hex(seed, 32)}-12"'
    yield "task", f"task {_hex(seed, 32)} stopped (OutOfMemory)"
    yield "pod", f"orders-api-{_hex(seed, 10)}-{draw(seed, 5, 'bcdfghjklmnpqrstvwxz')} CrashLoopBackOff"
    yield "instance", f"i-0{_hex(seed, 16)} is impaired"
    yield "base64 image", f"data:image/png;base64,iVBORw0KGgo{draw(seed, 120, _BASE64)}="
    yield "order number", f"order ORD-2026-{draw(seed, 8, '0123456789')} was charged twice"
    yield "public key", f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{draw(seed, 43, _BASE64)} ci@example.com"
    yield "fingerprint", f"SHA256:{draw(seed, 43, _BASE64)} (ED25519)"
    yield "certificate", f"-----BEGIN CERTIFICATE-----\nMIID{draw(seed, 200, _BASE64)}\n-----END CERTIFICATE-----"
    yield "s3 object", f"s3://example-exports/2026/11/{_uuid(seed)}/part-00000.parquet"
    yield "slack link", f"https://example.slack.com/archives/C0{draw(seed, 8, _UPPER)}/p{draw(seed, 16, '0123456789')}"
    yield "integrity", f'"integrity": "sha512-{draw(seed, 86, _BASE64)}=="'
    yield "index line", f"index {_hex(seed, 7)}..{_hex(seed + 'c', 7)} 100644"
    yield "customer", f"cus_{draw(seed, 14)} and pi_{draw(seed, 24)} failed"
    yield "access key id only", f"log stream 2026/11/20/[$LATEST]{_hex(seed, 32)}"


# One after the other, with a bar between; ⏎ is a line's end.
INNOCENT = (
    """
    secret=orders-db | pwd: /var/log | the token expired at 12:03 | password reset mails are late
    SECRET_KEY=${SECRET_KEY} | password: {{ vault_db_password }} | api key is missing | AWS_ACCESS_KEY_ID is not set
    token: null | password: "" | secretName: orders-db-credentials | primary_key=order_id | token_type=bearer
    mysql -u root -p orders | key: orders/2026/11/20.csv | curl -u deploy https://repo.example.com | auth: basic
    cookie consent banner is broken | session=expired | Authorization header is missing | password=<redacted>
    DB_PASSWORD=******** | secret rotation failed for orders-db | the private key is in the vault | max_tokens=4096
    tokens: 18231 | keyspace=orders | partition key: customer_id | sort_key=created_at | access_key_age=91 days
    token bucket is empty | https://user@git.example.com/team/app.git | postgresql://db.example.com:5432/orders
    password policy: 12 characters | Bearer token is invalid | secretsmanager:GetSecretValue is denied
    kubectl get secret orders-db -o yaml | passwordless login is down | ssh -i ~/.ssh/id_rsa root@10.0.0.4
    author: jane | api_key_enabled=true | secret version AWSCURRENT is missing | the key is stuck in the lock
    sig=ok | hash: unchanged | PASSWORD_MIN_LENGTH=12 | TOKEN_TTL=3600 | signature mismatch
    credential helper: osxkeychain
    """,
    """
    token=$TOKEN ./deploy.sh | password = os.environ['DB_PASSWORD'] | secret: orders-db-credentials
    pass: 12, fail: 3 | passed=311 failed=2 | auth=none | api_key: ENV | the password is wrong
    password is required | my password doesn't work | please don't paste a password here | token refresh returns 401
    secret/orders-db not found | key not found: order_42 | X-Api-Key header is required
    apiKey: process.env.API_KEY | secretKeyRef:⏎  name: orders-db⏎  key: password | valueFrom: secretKeyRef
    cookie: none | session timeout=30m | encryption_key_rotation=enabled | ssh-keygen -t ed25519
    idempotency_key=order-42 | cache_key=orders:list:1 | foreign key orders_customer_id_fkey
    routing_key=orders.created | consumer token lag is 3 min | redis-cli -a | --password-file /run/secrets/db
    PGPASSFILE=/etc/app/pgpass | secret_arn=arn:aws:secretsmanager:eu-west-1:123456789012:secret:db
    token endpoint is slow | password: changed yesterday | passphrase prompt hangs | key=value
    private_key_path=/etc/ssl/private/app.pem | auth_method=iam | login: jane | signing key rotated on 2026-11-20
    access_token is null | token count: 4821 | bearer=false | secret_name = orders-db | Set-Cookie is missing Secure
    csrf token mismatch | https://app.example.com/reset?token= | API key: see 1Password | credentials: include
    db password is in Vault
    """,
)


def innocents(half: int) -> Iterator[Case]:
    """The innocents of one half, 0 or 1."""
    for text in re.split(r"\s*[|\n]\s*", INNOCENT[half].strip()):
        yield Case(text.split()[0][:20], text.replace("⏎", "\n"))
    for number in range(2):
        for form, text in _drawn_innocents(f"{half}:innocent:{number}"):
            yield Case(form, text)


_DRAWN = re.compile(r"⟨([whuldcb])(\d+)⟩")
_ALPHABETS = {
    "w": _WORD,
    "h": _HEX,
    "u": _UPPER + "0189",
    "l": "abcdefghijklmnopqrstuvwxyz0123456789",
    "d": "0123456789",
}
_ALPHABETS |= {"c": _UPPER[:26], "b": _UPPER}


def later() -> tuple[list[Case], list[Case]]:
    """Secrets and innocents written after the halves, round by round: what each missed was mended before the next."""
    return _pasted("pasted")


def held() -> tuple[list[Case], list[Case]]:
    """A round that nothing was or may be mended by: only its shares are looked at, never what it missed."""
    return _pasted("held")


LEARNT = ("seen", "bank", "shop")  # until nearly all was masked
READ = (*LEARNT, "hospital", "studio")
UNREAD = ("unseen", "hospital_unread", "studio_unread")


def strangers(part: str) -> tuple[list[Case], list[Case]]:
    """What somebody wrote who knew none of the patterns: kinds were added by what was missed of `READ`.

    A line holds one: `⟦⟧` around each secret, `\\n` for a line's end; `⟨⟩` only keeps scanners from crying leak.
    Nothing may be mended by what is missed of `UNREAD`.
    """
    found = []
    for line in _lines(f"strangers_{part}_secrets.txt"):
        marked = _plain(line)
        first, *more = re.findall("⟦(.*?)⟧", marked, re.DOTALL)
        found.append(Case(line[:20], re.sub("[⟦⟧]", "", marked), first, tuple(more)))
    return found, [Case(line[:20], _plain(line)) for line in _lines(f"strangers_{part}_innocents.txt")]


def _plain(line: str) -> str:
    return line.replace("⟨⟩", "").replace("\\n", "\n")


def _pasted(name: str) -> tuple[list[Case], list[Case]]:
    """The cases of one pair of files.

    A line holds one: `«»` around the secret, `⟨h32⟩` for 32 drawn characters of hexadecimal, ⏎ for a line's end.
    """
    found = []
    for number, line in enumerate(_lines(f"{name}_secrets.txt")):
        drawn = _DRAWN.sub(partial(_draw_part, number), line)
        before, secret, after = re.split("[«»]", drawn.replace("⏎", "\n"))
        found.append(Case(line[:20], before + secret + after, secret))
    return found, [Case(line[:20], line.replace("⏎", "\n")) for line in _lines(f"{name}_innocents.txt")]


def _draw_part(number: int, part: re.Match[str]) -> str:
    return draw(f"{number}:{part.start()}", int(part[2]), _ALPHABETS[part[1]])


def _lines(name: str) -> list[str]:
    return (Path(__file__).parent / name).read_text(encoding="utf-8").strip().split("\n")
