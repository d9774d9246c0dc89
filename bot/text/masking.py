"""Secrets in what people wrote, replaced before anything is stored or repeated. Pure.

Two steps, so that an ordinary message costs next to nothing: plain substrings first, then only the patterns behind
those that were found. Every pattern is bounded, so that 40,000 characters of any kind take milliseconds.
Why no library does this: docs/decisions/006-masking-secrets.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from bot.text.secret_forms.kinds import KINDS, SECRET_DATA, SECRET_MANIFEST
from bot.text.secret_forms.places import LISTED, PLACES, READ_OUT, READ_OUT_HINTS, SPELLED
from bot.text.secret_forms.prose import secret_spans
from bot.text.secret_forms.tokens import TOKENS

MASK = "[secret masked]"


@dataclass(frozen=True)
class _Pattern:
    """A regular expression, compiled when a text first needs it: all of them at once take every command 0.15 s."""

    words: str
    flags: int = 0

    @cached_property
    def compiled(self) -> re.Pattern[str]:
        return re.compile(self.words, self.flags)


@dataclass(frozen=True, slots=True)
class _Form:
    """One form of secret: lower-case substrings without which it cannot occur, its pattern, and what is left of it."""

    hints: tuple[str, ...]
    pattern: _Pattern
    left: Callable[[re.Match[str]], str] = lambda _match: MASK
    only_with: _Pattern | None = None  # what must stand anywhere in the text


_KEY_BLOCK = (
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z0-9 ]{0,40}KEY(?: BLOCK)?-----|\Z)"
)
_AWS_ID = r"(?<![A-Za-z0-9])(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Za-z0-9])"
_AWS_HINTS = ("akia", "asia", "abia", "acca")
# The other half of a pair has no form of its own, so it is looked for only where an access key id stands in the text.
_AWS_SECRET = (
    r"(?<![A-Za-z0-9/+=])(?=[A-Za-z0-9/+]{0,39}[A-Z])(?=[A-Za-z0-9/+]{0,39}[g-z])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])"
)

_PASSWORDS = (
    "password",
    "passwd",
    "passphrase",
    "passwort",
    "pwd",
    "_pass",
    "-pass",
    "pw",
    "mot de passe",
    "contraseña",
    "senha",
    "passcode",
    "psk",
    "kennwort",
    "clave",
    "wachtwoord",
    "hasło",
    "lösenord",
    "parola",
    "пароль",
    "パスワード",
    "密码",
    "密碼",
    "비밀번호",
)
_KEYS = ("secret", "token", "key", "credential", "salt", "-auth:", "_auth=")
_NAME = (
    r"(?:pass(?:word|wd|phrase|wort|code)|pwd|mot de passe|contraseña|senha|kennwort|(?<![a-z])clave|wachtwoord|hasło"
    r"|lösenord|(?<![a-z])parola|пароль|パスワード|密码|密碼|비밀번호|secret(?:[_-]?(?:access[_-]?)?key)?|token"
    r"|api[ _-]?key|app[ -]key|access[_-]?key|(?:shared)?(?:account|access)key|(?<![a-z])psk|(?<![a-z])salt"
    r"|(?:private|signing|auth|encryption|master|license|shared|hmac|jwt|webhook|routing|integration|service|app)"
    r"[_-]key|(?:private|pre-?shared|integration|routing|signing|encryption)key|credentials?"
    r"|x-[a-z-]{0,30}(?:key|auth)|(?<=[a-z0-9][_-])pass(?![a-z])"
    r"|(?<![a-z0-9])pw(?=\s{0,3}(?:is|:|=))|(?<![a-z0-9])_auth(?==))"
    # DB_PASSWORD_PROD, secret_key_base, API_KEY_2: which of several it is.
    r"(?:[_-](?:base|value|text|plain|raw|prod|production|staging|live|main|primary|secondary|old|new|v?\d{1,2})){0,2}"
)
_VALUE = r"(?P<value>(?<=\")[^\"\\\n]{3,300}(?=\\?\")|(?<=')[^'\n]{3,300}(?=')|[^\s\"'`<>|;&]{3,500})"
_ASSIGNED = _Pattern(
    rf"(?P<name>{_NAME})"
    r"(?P<between>(?:\\?[\"'\]]){0,2}\s{0,3}(?:=>|:=|=|:|\bis\b|\bist\b|\bes\b|\best\b)"
    rf"\s{{0,3}}(?:\\?[\"'`*]){{0,2}}){_VALUE}",
    re.IGNORECASE,
)
# Kubernetes' and CloudFormation's pairs: `name: DB_PASSWORD` on one line, `value: …` on the next.
_NAMED_PAIR = _Pattern(
    r"(?P<start>[\"']?name[\"']?\s{0,3}[:=]\s{0,3}[\"']?[\w.-]{0,60}(?:password|passwd|pwd|secret|token|key|credential)"
    r"[\w.-]{0,30}[\"']?,?\s{1,40}[\"']?value[\"']?\s{0,3}[:=]\s{0,3}[\"']?)(?P<value>[^\s\"',}]{3,500})",
    re.IGNORECASE,
)
# Terraform's variables, and "the password for the orders db: …".
_NAMED_APART = (
    (("default",), r"(?P<start>\bvariable\s{1,3}\"[\w-]{0,60}(?:password|passwd|secret|token|key|credential)"
                   r"[\w-]{0,30}\""
                   r"[^}]{0,400}?\bdefault\s{0,20}=\s{0,3}\")(?P<value>[^\"\n]{3,500})"),
)  # fmt: skip
_RANDOM = r"[A-Za-z0-9+/_!@#$%^&*.~-]"
# Letters of both cases and digits, with at most three words between them and a telling name: whatever joins the two.
_BESIDE = _Pattern(
    r"(?P<start>(?<!\d{12}:)(?<!\d)(?P<name>(?i:password|passwd|passwort|kennwort|(?<![A-Za-z])pass|(?<![A-Za-z])pw|pwd"
    r"|secret|token|api[ _-]?key"
    r"|access[ _-]?key|credentials?|creds|(?<![A-Za-z])pat(?=[\s=:])|identified by|(?:docker|vault|az|npm|gh) login))"
    r"(?:[_-][A-Za-z_-]{1,20}|[A-Z][A-Za-z]{0,12}|s)?(?![A-Za-z])"
    r"[^A-Za-z0-9]{1,6}(?:(?:[A-Za-z]{1,12}[^A-Za-z0-9]{1,4}){0,3}"
    r"|(?:[A-Za-z]{1,12} ){2,7}(?:is|was|=|→|:)[^A-Za-z0-9]{1,4}))"
    rf"(?P<value>(?<![A-Za-z0-9])(?={_RANDOM}{{0,60}}?[a-z])(?={_RANDOM}{{0,60}}?[A-Z])(?={_RANDOM}{{0,60}}?\d)"
    rf"{_RANDOM}{{10,300}})"
)
_BESIDE_HINTS = (*_PASSWORDS, "pass", "pat", "secret", "token", "api", "access", "cred", "identified by", " login")
_PIECE = re.compile(r"[A-Z]*[a-z]+|[A-Z]+|\d+")
# Programs that take a password as an argument.
_ARGUMENTS = (
    (("curl", "wget", "http"), r"(?P<start>\b(?:curl|wget|https?)\b[^\n]{0,300}?\s(?:-u|--user|-a|--auth)[ =]?[\"']?"
                               r"[^\s:\"']{1,100}:)(?P<value>[^\s\"'@]{2,200})"),
    (("mysql", "mariadb"), r"(?P<start>\b(?:mysql|mysqldump|mysqladmin|mariadb)\b[^\n]{0,300}?\s-p[\"']?)"
                           r"(?P<value>[^\s\"']{3,200})"),
    (("docker login",), r"(?P<start>\becho\s{1,3}[\"']?)(?P<value>[^\s\"'$]{6,300})"
                        r"(?=[\"']?\s{0,3}\|\s{0,3}\S{1,20} login\b)"),
    (("ldap",), r"(?P<start>\bldap\w{1,10}\b[^\n]{0,300}?\s-w\s{1,3}[\"']?)(?P<value>[^\s\"']{3,200})"),
    (("sshpass",), r"(?P<start>\bsshpass\s{1,3}-p\s?[\"']?)(?P<value>[^\s\"']{3,200})"),
    (("redis-cli",), r"(?P<start>\bredis-cli\b[^\n]{0,200}?\s-a\s{1,3}[\"']?)(?P<value>[^\s\"']{3,200})"),
    (("--pass", "--token", "--secret", "--api-key", "--auth"),
     r"(?P<start>--(?:[a-z-]{0,20}pass(?:word|wd|phrase)?|[a-z-]{0,20}token|[a-z-]{0,20}secret|api-key|auth-key)\s{1,3}"
     r"[\"']?)(?P<value>[^\s\"'-][^\s\"']{2,300})"),
    (("machine ", "login "), r"(?P<start>\blogin\s{1,3}\S{1,100}\s{1,20}password\s{1,3})(?P<value>\S{3,200})"),
    (("openssl",), r"(?P<start>\bopenssl\b[^\n]{0,200}?\s-(?:k|pass(?:in|out)? pass:)\s{0,3}[\"']?)"
                   r"(?P<value>[^\s\"'-][^\s\"']{3,200})"),
    (("sudo -s",),
     r"(?P<start>\becho\s{1,3}(?:-n\s)?[\"']?)(?P<value>[^\s\"'$]{4,300})(?=[\"']?\s{0,3}\|\s{0,3}sudo -S\b)"),
    (("net use",),
     r"(?P<start>\bnet use\b[^\n]{0,200}?/user:\S{1,80}\s{1,3}[\"']?)(?P<value>[^\s\"'/][^\s\"']{3,200})"),
    (("sqlcmd", "snowsql", "bcp "),
     r"(?P<start>\b(?:sqlcmd|snowsql|bcp)\b[^\n]{0,200}?\s-p\s{1,3}[\"']?)(?P<value>[^\s\"'-][^\s\"']{3,200})"),
    # Behind who logs in, whatever the program: `-u root -p …`; numbers are ports.
    (("-p ",), r"(?P<start>\s-(?:u|U|l|-user(?:name)?)[ =]\S{1,80}\s{1,3}-[pP]\s{1,3}[\"']?)"
               r"(?P<value>(?!\d[\d:.-]*(?:/\w{1,10})?(?:\s|\Z))[^\s\"'-][^\s\"']{3,200})"),
    (("sqlplus", "impdp", "expdp", "rman"),
     r"(?P<start>\b(?:sqlplus|impdp|expdp|sqlldr|rman)\b[^\n]{0,60}?\s[\w.-]{1,40}/)(?P<value>[^\s/@\"']{3,100})(?=@)"),
    (("smbclient",), r"(?P<start>\bsmbclient\b[^\n]{0,200}?\s-U\s{1,3}[^\s%]{1,60}%)(?P<value>[^\s\"']{3,100})"),
    (("sid", "session"), r"(?P<start>\b(?:jsessionid|phpsessid|asp\.net_sessionid|connect\.sid|laravel_session"
                         r"|_?session_?id|sid)=)(?P<value>(?=[\w%.-]{0,80}\d)[\w%.-]{16,400})"),
    (("response=",), r"(?P<start>\bdigest\b[^\n]{0,600}?\bresponse=\"?)(?P<value>[a-f0-9]{32,64})"),
    # A telling name, and right behind it what no word is: 24 digits of hexadecimal and more, or a UUID.
    (("secret", "token", "key", "oauth"),
     r"(?P<start>\b(?:secret|(?:auth[ _-]?|access[ _-]?)?token|oauth|(?:api|app|auth|access)[ _-]?key)s?\s{1,3}[\"'`]?)"
     r"(?P<value>(?=[a-f-]{0,40}\d)(?:[a-f0-9]{8}(?:-[a-f0-9]{4}){3}-[a-f0-9]{12}|[a-f0-9]{24,128}))\b"),
    (("password", "passwd", "secret", "token", "apikey"),
     r"(?P<start><[\w.:-]{0,40}(?:password|passwd|secret|token|apikey)>)(?P<value>[^<>\s]{6,300})(?=</)"),
    (("seed", "secret", "key"), r"(?P<start>\b(?:mfa|2fa|totp|otp) (?:seed|secret|key)(?: is)?[\s:=]{1,3})"
                                r"(?P<value>[A-Z2-7]{4}(?: ?[A-Z2-7]{4}){3,15})\b"),
    (("signature=",), r"(?P<start>\bsignature=[\"']?)(?P<value>(?=[a-f]{0,40}\d)[a-f0-9]{40,128})\b"),
    (("geniekey",), r"(?P<start>\bGenieKey[\s:=]{1,3})(?P<value>[A-Fa-f0-9-]{20,60})"),
    (("code",), r"(?P<start>\b(?:2fa|mfa|otp|totp|one[- ]time|backup|recovery|verification)(?: (?:backup|recovery))?"
                r" codes?(?: (?:for|of|to)(?: [\w'-]{1,30}){1,4})?(?: is| are)?[\s:=]{1,3})"
                r"(?P<value>\d{3,8}(?:[- ]?\d{3,8})?|(?=[a-z-]{0,40}\d)[a-z0-9]{4,8}(?:-[a-z0-9]{4,8}){1,7})\b"),
    (("passphrase",), r"(?P<start>\bpassphrase\s{1,3}(?:is\s{1,3})?[\"'`])(?P<value>[^\"'`\n]{6,200})(?=[\"'`])"),
    (('"auth"',), r"(?P<start>\"auth\"\s{0,3}:\s{0,3}\")(?P<value>[A-Za-z0-9+/=]{8,500})(?=\")"),
)  # fmt: skip
# Signatures of addresses that open something for whoever has them.
_SIGNED = _Pattern(
    r"(?P<start>(?:X-(?:Amz|Goog)-(?:Signature|Security-Token)|[?&;](?:sig|signature|hmac|code|access_token|auth))=)"
    r"(?P<value>[A-Za-z0-9%+/_~.-]{16,4000}=?)",
    re.IGNORECASE,
)
_COOKIES = _Pattern(
    r"(?P<start>\b(?:set-)?cookie[\"']?\s{0,3}:\s{0,3}[\"']?)(?P<value>[^\r\n\"']{3,4000})", re.IGNORECASE
)
_COOKIE = re.compile(r"(?P<start>[\w.!#$%&*+^`|~-]{1,80}=)(?P<value>[^;\s]{6,4000})")
_ESCAPED = re.compile("%[0-9A-Fa-f]{2}")
_COOKIE_ATTRIBUTES = ("path=", "domain=", "expires=", "max-age=", "samesite=")
# What stands after "password:" without being one.
_ORDINARY = (
    "none null nil true false empty missing required invalid wrong incorrect expired changed reset rotated unknown "
    "unset redacted hidden masked removed revoked disabled enabled correct fine valid same different leaked exposed "
    "here there not the a an in on at to from no yes ok okay still now and or for too being gone working broken stored "
    "string str text varchar char bytes byte object any optional default undefined authentication authorization login "
    "rotation policy prompt manager field "
    "request response refresh bearer basic error errors mismatch never sent set used shared with by via per this that "
    "what where when how why it its my your our their is was will should must can cannot only just also already see "
    "steht liegt siehe fehlt falsch ist im geändert abgelaufen voir dans est faux oublié está ver en esta no falta"
)
_WORDS = frozenset(_ORDINARY.split())
_PLACEHOLDER = re.compile(
    r"%(?:3C|7B)|[\[{$%<(]|@@|[*x•.…_-]+$|process\.env|os\.environ|env\.|vars?\.|secrets?\.|vault:|ssm:|file:|arn:|"
    r"(?:your|my|some|the|example)[_-]",
    re.IGNORECASE,
)
# Code that reads a value from elsewhere: `load_secret("orders")`, `r.Header.Get(`, `answer["token"]`, `SALT).dumps(`,
# `config.db.password`.
_CODE = re.compile(
    r"(?:[A-Za-z_]\w{0,60}(?:\.|::|->)){0,8}[A-Za-z_]\w{0,60}!?[(\[]|[A-Za-z_]{2,40}\)[.,\])]"
    r"|(?:[A-Za-z_]+(?:\.|::|->)){1,8}[A-Za-z_]+$|(?:Read|Get|New|Import|ConvertTo|ConvertFrom)-[A-Z][A-Za-z]+$"
)
_PATH = re.compile(r"~?\.{0,2}/[\w.@/-]*$|[A-Za-z]:\\")
# Names of things, as in `secret=orders-db` and `token: refresh_token`: words of lower or upper case, joined.
_NAME_LIKE = re.compile(
    r"(?:[a-z]{2,}|[A-Z]{2,}|[A-Z][a-z]+)(?:[-_./:](?:[a-z]{2,}|[A-Z]{2,}|[A-Z][a-z]+|v?\d{1,3}))*$"
)


_IN_ARN = re.compile(r":\d{12}:$")  # arn:aws:secretsmanager:eu-west-1:123456789012:secret:db


def _assigned(match: re.Match[str]) -> str:
    """`password=…` keeps its name; what is plainly no secret stays."""
    value = match["value"].rstrip(",.)]}!?:")
    before = match.string[max(0, match.start() - 14) : match.start()]
    if not _IN_ARN.search(before) and _is_secret(match["name"].lower(), match["between"], value):
        return match["name"] + match["between"] + MASK + match["value"][len(value) :]
    return match[0]


def _is_secret(name: str, between: str, value: str) -> bool:
    if len(value) < 3 or value.lower() in _WORDS or _PLACEHOLDER.match(value) or _PATH.match(value):
        return False
    mixed = any(character.isdigit() for character in value) and not value.isdigit()
    odd = any(not character.isalnum() for character in value.strip("-_./:"))
    quoted = between.endswith(("'", '"', "`"))
    if "\n" in between and value.isalpha():  # what follows a prompt that was answered with nothing
        return False
    if not quoted and _CODE.match(value):
        return False
    if name.startswith(_PASSWORDS):
        # "The password is wrong": as a sentence only what cannot be a word counts.
        return mixed or odd or value.isdigit() or _scrambled(value) if between.strip().isalpha() else True
    if value.isdigit() or _NAME_LIKE.match(value) or (mixed and between.strip() == ":" and _reads_like_a_name(value)):
        return False
    if "=" in between or quoted:
        return len(value) >= 6
    return mixed and len(value) >= 8


def _scrambled(value: str) -> bool:
    """True for `kJrWmQ`: letters that go from lower to upper case more than once, and are no words."""
    return len(re.findall("[a-z][A-Z]", value)) > 1 and not _reads_like_a_name(value)


def _beside(match: re.Match[str]) -> str:
    value = match["value"].rstrip(".,")
    typed = match["name"].lower().startswith(("pass", "pw", "kennwort", "identified"))  # people make those of words
    quoted = match["start"].endswith("%") and value.startswith(("3C", "7B"))  # a placeholder in an address
    if value.startswith("0x") or value.count("/") > 3 or (not typed and _reads_like_a_name(value)):
        return match[0]
    if quoted or _PLACEHOLDER.match(value):
        return match[0]
    return match["start"] + MASK + match["value"][len(value) :]


def _reads_like_a_name(value: str) -> bool:
    """True for `OAuth2TokenHandler`: words of four letters on average, and hardly a digit."""
    pieces = _PIECE.findall(value)
    words = [piece for piece in pieces if not piece.isdigit()]
    letters = sum(map(len, words))
    return letters >= 4 * len(words) and sum(map(len, pieces)) - letters <= 3


def _bearer(match: re.Match[str]) -> str:
    value = match["value"]
    return match["start"] + MASK if any(character.isdigit() for character in value) else match[0]


def _kept_start(match: re.Match[str]) -> str:
    """What stood before the value, and the mask; names of variables and words in sentences stay."""
    value = match["value"]
    path = _PATH.match(value) and (len(value) < 32 or value.count("/") > 3)  # base64 may begin with a slash, too
    ordinary = value.lower().rstrip(".,") in _WORDS or _PLACEHOLDER.match(value) or path
    return match[0] if ordinary else match["start"] + MASK


def _named(match: re.Match[str]) -> str:
    """What stands beside the name of a service or of a variable; words, and names of things, stay."""
    return match[0] if MASK in match[0] or _reads_like_a_name(match["value"]) else _kept_start(match)


def _read_out(match: re.Match[str]) -> str:
    """A row of single letters is a secret where the name of a sign, or of their size, is among them."""
    return MASK if re.search(SPELLED, match[0], re.IGNORECASE) else match[0]


def _cookies(match: re.Match[str]) -> str:
    def each(cookie: re.Match[str]) -> str:
        plain = cookie["start"].lower() in _COOKIE_ATTRIBUTES or not re.search(r"\d", _ESCAPED.sub("", cookie[0]))
        return cookie[0] if plain else cookie["start"] + MASK

    return match["start"] + _COOKIE.sub(each, match["value"])


_FORMS: tuple[_Form, ...] = (
    _Form(("private key",), _Pattern(_KEY_BLOCK, re.DOTALL)),
    _Form(_AWS_HINTS, _Pattern(_AWS_SECRET)),
    _Form(_AWS_HINTS, _Pattern(_AWS_ID)),
    *(_Form((hint,), _Pattern(pattern)) for hint, pattern in TOKENS),
    _Form(
        ("://",),
        _Pattern(
            r"(?P<start>://[^\s:/?#\[\]@<>|]{0,200}:)(?!(?:password|passwd|pass|pwd|pw|secret)@)"
            r"(?!\$\{|\{\{|%\(|\$[A-Z_]{1,40}@)(?P<value>[^\s/?#@<>|]{1,300})(?=@)"
        ),  # user:password@host stands in manuals
        lambda match: match["start"] + MASK,
    ),
    # A key in place of a name and a password, as in the addresses of error trackers.
    _Form(
        ("://",),
        _Pattern(r"(?P<start>://)(?P<value>(?=[\w-]{0,60}\d)[\w-]{24,300})(?=@)"),
        lambda match: match["start"] + MASK,
    ),
    _Form(
        ("bearer", "authorization"),
        _Pattern(
            r"(?P<start>(?:\bbearer\s{1,3}|authorization[\"']?\s{0,3}[:=]\s{0,3}[\"']?"
            r"(?:(?:basic|token|splunk|apikey|digest|negotiate|key)\s{1,3})?))"
            r"(?P<value>(?![a-z_]{2,20}=[^\s=])[A-Za-z0-9._~+/=-]{12,4000})",
            re.IGNORECASE,
        ),
        _bearer,
    ),
    _Form(("cookie",), _COOKIES, _cookies),
    _Form(("sig=", "signature=", "security-token=", "hmac=", "code=", "access_token=", "auth="), _SIGNED, _bearer),
    _Form((" code",), _Pattern(LISTED, re.IGNORECASE), _kept_start),
    *(_Form(hints, _Pattern(pattern, re.IGNORECASE), _kept_start) for hints, pattern in (*_NAMED_APART, *_ARGUMENTS)),
    *(_Form(hints, _Pattern(pattern, re.IGNORECASE), _named) for hints, pattern in KINDS),
    *(_Form(hints, _Pattern(pattern, re.IGNORECASE), _kept_start) for hints, pattern in PLACES),
    _Form(READ_OUT_HINTS, _Pattern(READ_OUT, re.IGNORECASE), _read_out),
    _Form(("secret",), _Pattern(SECRET_DATA), _kept_start, _Pattern(SECRET_MANIFEST)),
    _Form(("value",), _NAMED_PAIR, _kept_start),
    _Form((*_PASSWORDS, *_KEYS), _ASSIGNED, _assigned),
    _Form(_BESIDE_HINTS, _BESIDE, _beside),
)


def mask(text: str) -> str:
    """`text` with its secrets replaced by `[secret masked]`.

    The same text where there is none; harmless when repeated.
    """
    lowered = text.lower()
    for form in _FORMS:
        if any(hint in lowered for hint in form.hints) and (
            form.only_with is None or form.only_with.compiled.search(text)
        ):
            text = form.pattern.compiled.sub(form.left, text)
    return _mask_in_prose(text)


def _mask_in_prose(text: str) -> str:
    """Secrets that are known by the words around them; again while any is found, as masks bring words together."""
    for _ in range(3):
        found = secret_spans(text)
        if not found:
            break
        pieces: list[str] = []
        last = 0
        for start, end in found:
            pieces += (text[last:start], MASK)
            last = end
        text = "".join((*pieces, text[last:]))
    return text
