"""Secrets in what people wrote, replaced before anything is stored or repeated. Pure.

Two steps, so that an ordinary message costs next to nothing: plain substrings first, then only the patterns behind
those that were found. Every pattern is bounded, so that 40,000 characters of any kind take milliseconds.
Why no library does this: docs/decisions/006-masking-secrets.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

MASK = "[secret masked]"


@dataclass(frozen=True, slots=True)
class _Form:
    """One form of secret: lower-case substrings without which it cannot occur, its pattern, and what is left of it."""

    hints: tuple[str, ...]
    pattern: re.Pattern[str]
    left: Callable[[re.Match[str]], str] = lambda _match: MASK


_KEY_BLOCK = (
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z0-9 ]{0,40}KEY(?: BLOCK)?-----|\Z)"
)
# Each starts so distinctly that no ordinary word is taken for it: (a part of it in lower case, its pattern).
_TOKENS: tuple[tuple[str, str], ...] = (
    ("xox", r"xox[a-z][.-][A-Za-z0-9.-]{8,400}"),
    ("xapp-", r"xapp-\d-[A-Za-z0-9-]{8,250}"),
    ("hooks.slack.com/", r"hooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9_/]{10,160}"),
    ("/api/webhooks/", r"discord(?:app)?\.com/api/webhooks/\d{5,25}/[A-Za-z0-9_-]{20,120}"),
    ("webhook.office.com/", r"webhook\.office\.com/webhookb2/[A-Za-z0-9@/_-]{20,300}"),
    ("hooks.zapier.com/", r"hooks\.zapier\.com/hooks/catch/[A-Za-z0-9/]{6,80}"),
    ("gh", r"\bgh[pousr]_[A-Za-z0-9]{20,255}"),
    ("github_pat_", r"github_pat_[A-Za-z0-9_]{20,255}"),
    ("gl", r"\bgl(?:pat|dt|rt|ptt|oas|cbt|soat|sa|ffct|imt|agent|ft)[-_][A-Za-z0-9_.-]{20,255}"),
    ("glc_", r"\bglc_[A-Za-z0-9+/=]{32,400}"),
    ("k_live_", r"\b[sr]k_live_[A-Za-z0-9]{16,255}"),
    ("k_test_", r"\b[sr]k_test_[A-Za-z0-9]{10,255}"),
    ("whsec_", r"\bwhsec_[A-Za-z0-9+/=]{16,255}"),
    ("sk-", r"\bsk-[A-Za-z0-9_-]{20,255}"),
    ("gsk_", r"\bgsk_[A-Za-z0-9]{40,80}"),
    ("r8_", r"\br8_[A-Za-z0-9]{30,60}"),
    ("hf_", r"\bhf_[A-Za-z0-9]{20,60}"),
    ("npm_", r"\bnpm_[A-Za-z0-9]{30,255}"),
    ("pypi-age", r"\bpypi-AgE[A-Za-z0-9_-]{40,255}"),
    ("rubygems_", r"\brubygems_[a-f0-9]{40,60}"),
    ("dckr_", r"\bdckr_(?:pat|oat)_[A-Za-z0-9_-]{20,60}"),
    ("sg.", r"\bSG\.[A-Za-z0-9_-]{16,64}\.[A-Za-z0-9_-]{16,128}"),
    ("key-", r"\bkey-[a-f0-9]{32}\b"),
    ("-us", r"\b[a-f0-9]{32}-us\d{1,2}\b"),
    ("aiza", r"\bAIza[A-Za-z0-9_-]{30,40}"),
    ("gocspx-", r"\bGOCSPX-[A-Za-z0-9_-]{20,40}"),
    ("ya29.", r"\bya29\.[A-Za-z0-9_-]{20,400}"),
    ("1//0", r"(?<![\w/])1//0[A-Za-z0-9_-]{30,120}"),
    ("hv", r"\bhv[sbr]\.[A-Za-z0-9_-]{20,400}"),
    (".atlasv1.", r"\b[A-Za-z0-9]{10,20}\.atlasv1\.[A-Za-z0-9]{40,90}"),
    ("dapi", r"\bdapi[a-f0-9]{30,40}(?:-\d)?\b"),
    ("_v1_", r"\bdo[opr]_v1_[a-f0-9]{40,80}\b"),
    ("shp", r"\bshp(?:at|ss|ca|pa)_[A-Fa-f0-9]{24,64}\b"),
    ("nr", r"\bNR(?:AK|JS|II|RA)-[A-Za-z0-9_-]{20,60}"),
    ("sq0", r"\bsq0(?:atp|csp|idp)-[A-Za-z0-9_-]{20,60}"),
    ("lin_", r"\blin_(?:api|oauth)_[A-Za-z0-9]{30,80}"),
    ("ntn_", r"\bntn_[A-Za-z0-9]{30,60}"),
    ("fig", r"\bfig[duo]_[A-Za-z0-9_-]{30,60}"),
    ("atat", r"\bATATT3x[A-Za-z0-9_=-]{30,400}"),
    ("atbb", r"\bATBB[A-Za-z0-9]{24,60}"),
    ("hrku-", r"\bHRKU-[A-Za-z0-9_-]{30,80}"),
    ("sntry", r"\bsntry[su]_[A-Za-z0-9+/=_-]{30,400}"),
    ("pmak-", r"\bPMAK-[a-f0-9]{20,30}-[a-f0-9]{30,40}"),
    ("pul-", r"\bpul-[a-f0-9]{40}\b"),
    ("ccipat_", r"\bCCIPAT_[A-Za-z0-9_]{20,90}"),
    ("bku", r"\bbkua_[a-z0-9]{30,60}"),
    ("nfp_", r"\bnfp_[A-Za-z0-9]{30,60}"),
    ("dp.", r"\bdp\.(?:pt|st|ct|sa|scim|audit)\.[A-Za-z0-9_.-]{30,120}"),
    ("sbp_", r"\bsbp_[a-f0-9]{30,60}"),
    ("pscale_", r"\bpscale_(?:tkn|pw|oauth)_[A-Za-z0-9_.=-]{30,90}"),
    ("tskey-", r"\btskey-[a-z]{2,12}-[A-Za-z0-9]{8,40}-[A-Za-z0-9]{16,60}"),
    ("age-secret-key-", r"\bAGE-SECRET-KEY-1[A-Za-z0-9]{50,70}"),
    ("8q~", r"(?<![\w~.-])[A-Za-z0-9_~.-]{3}8Q~[A-Za-z0-9_~.-]{30,40}"),
    ("ltai", r"\bLTAI[A-Za-z0-9]{12,26}\b"),
    ("sk", r"\bSK[a-f0-9]{32}\b"),
    (":aa", r"\b\d{8,10}:AA[A-Za-z0-9_-]{32,36}\b"),
    ("akcp", r"\bAKCp[A-Za-z0-9]{50,90}\b"),
    ("pat", r"\bpat[A-Za-z0-9]{14}\.[a-f0-9]{64}\b"),
    ("sk.eyj", r"\bsk\.eyJ[A-Za-z0-9_-]{20,200}\.[A-Za-z0-9_-]{10,60}"),
    ("eaa", r"\bEAA[A-Za-z0-9]{60,400}\b"),
    ("ssws", r"\bSSWS\s{1,3}00[A-Za-z0-9_-]{30,60}"),
    ("v1.0-", r"\bv1\.0-[a-f0-9]{24}-[a-f0-9]{100,200}\b"),
    ("sl.", r"\bsl\.[A-Za-z0-9_-]{60,400}"),
    ("fm", r"\bfm[12]_[A-Za-z0-9+/=]{40,1000}"),
    ("fo1_", r"\bfo1_[A-Za-z0-9_-]{40,60}"),
    ("xai-", r"\bxai-[A-Za-z0-9]{60,100}"),
    ("pplx-", r"\bpplx-[A-Za-z0-9]{40,60}"),
    ("nvapi-", r"\bnvapi-[A-Za-z0-9_-]{50,80}"),
    ("sgp_", r"\bsgp_(?:[a-f0-9]{16}_|local_)?[a-f0-9]{40}\b"),
    ("lsv2_", r"\blsv2_(?:pt|sk)_[a-f0-9]{32}_[a-f0-9]{10}\b"),
    ("pat-", r"\bpat-(?:na|eu)\d-[a-f0-9]{8}(?:-[a-f0-9]{4}){3}-[a-f0-9]{12}\b"),
    ("clojars_", r"\bCLOJARS_[a-z0-9]{50,70}\b"),
    ("secret_", r"\bsecret_[A-Za-z0-9]{43}\b"),
    (".", r"\b[MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,40}"),
    ("eyj", r"\beyJ[A-Za-z0-9_-]{8,4000}\.eyJ[A-Za-z0-9_-]{4,8000}\.[A-Za-z0-9_-]{0,2000}"),
    ("eyj", r"\beyJ[A-Za-z0-9_-]{8,2000}(?:\.[A-Za-z0-9_-]{0,4000}){4}"),
    ("iqojb3jpz2lu", r"IQoJb3JpZ2lu[A-Za-z0-9+/=%]{40,4000}"),
    ("fwogzxivyxdz", r"FwoGZXIvYXdz[A-Za-z0-9+/=%]{40,4000}"),
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
)
_KEYS = ("secret", "token", "apikey", "api_key", "api-key", "api key", "access_key", "access-key", "accesskey",
         "accountkey", "private_key", "signing_key", "auth_key", "credential", "encryption_key", "encryption-key",
         "master_key", "master-key", "license_key", "shared_key", "sharedaccesskey", "hmac_key", "jwt_key",
         "webhook_key", "routing_key", "integration_key", "service_key", "app_key", "-key:", "-auth:",
         "_auth=")  # fmt: skip
_NAME = (
    r"pass(?:word|wd|phrase|wort|code)|pwd|mot de passe|contraseña|senha|secret(?:[_-]?(?:access[_-]?)?key)?|token"
    r"|api[ _-]?key|access[_-]?key|(?:shared)?(?:account|access)key"
    r"|(?:private|signing|auth|encryption|master|license|shared|hmac|jwt|webhook|routing|integration|service|app)"
    r"[_-]key|credentials?|x-[a-z-]{0,30}(?:key|auth)|(?<=[a-z0-9][_-])pass(?![a-z])"
    r"|(?<![a-z0-9])pw(?=\s{0,3}(?:is|:|=))|(?<![a-z0-9])_auth(?==)"
)
_VALUE = r"(?P<value>(?<=\")[^\"\\\n]{3,300}(?=\\?\")|(?<=')[^'\n]{3,300}(?=')|[^\s\"'`<>|;&]{3,500})"
_ASSIGNED = re.compile(
    rf"(?<!:\d{{12}}:)(?P<name>{_NAME})"
    r"(?P<between>(?:\\?[\"'\]]){0,2}\s{0,3}(?:=>|:=|=|:|\bis\b|\bist\b|\bes\b|\best\b)"
    rf"\s{{0,3}}(?:\\?[\"'`*]){{0,2}}){_VALUE}",
    re.IGNORECASE,
)
# Kubernetes' and CloudFormation's pairs: `name: DB_PASSWORD` on one line, `value: …` on the next.
_NAMED_PAIR = re.compile(
    r"(?P<start>[\"']?name[\"']?\s{0,3}[:=]\s{0,3}[\"']?[\w.-]{0,60}(?:password|passwd|pwd|secret|token|key|credential)"
    r"[\w.-]{0,30}[\"']?,?\s{1,40}[\"']?value[\"']?\s{0,3}[:=]\s{0,3}[\"']?)(?P<value>[^\s\"',}]{3,500})",
    re.IGNORECASE,
)
# Terraform's variables, and "the password for the orders db: …".
_NAMED_APART = (
    (("default",), r"(?P<start>\bvariable\s{1,3}\"[\w-]{0,60}(?:password|passwd|secret|token|key|credential)"
                   r"[\w-]{0,30}\""
                   r"[^}]{0,400}?\bdefault\s{0,20}=\s{0,3}\")(?P<value>[^\"\n]{3,500})"),
    (("password", "passwd", "passphrase"), r"(?P<start>\b(?:password|passwd|passphrase) (?:for|of|to|on)"
                                           r"(?: [\w.@/-]{1,60}){1,5}(?::| is| =) {0,3}[\"'`*]{0,2})"
                                           r"(?P<value>(?=[^\s\"'`]{0,60}[\d!@#$%^&*])[^\s\"'`,]{6,200})"),
)  # fmt: skip
_RANDOM = r"[A-Za-z0-9+/_!@#$%^&*.~-]"
# Letters of both cases and digits, with at most three words between them and a telling name: whatever joins the two.
_BESIDE = re.compile(
    r"(?P<start>(?<!\d{12}:)(?<!\d)(?P<name>(?i:password|passwd|passwort|kennwort|(?<![A-Za-z])pass|(?<![A-Za-z])pw|pwd"
    r"|secret|token|api[ _-]?key"
    r"|access[ _-]?key|credentials?|creds|identified by|(?:docker|vault|az|npm|gh) login))"
    r"(?:[_-][A-Za-z_-]{1,20}|[A-Z][A-Za-z]{0,12}|s)?(?![A-Za-z])"
    r"[^A-Za-z0-9]{1,6}(?:[A-Za-z]{1,12}[^A-Za-z0-9]{1,4}){0,3})"
    rf"(?P<value>(?<![A-Za-z0-9])(?={_RANDOM}{{0,60}}?[a-z])(?={_RANDOM}{{0,60}}?[A-Z])(?={_RANDOM}{{0,60}}?\d)"
    rf"{_RANDOM}{{10,300}})"
)
_BESIDE_HINTS = (*_PASSWORDS, "pass", "kennwort", "secret", "token", "api", "access", "cred", "identified by", " login")
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
    (('"auth"',), r"(?P<start>\"auth\"\s{0,3}:\s{0,3}\")(?P<value>[A-Za-z0-9+/=]{8,500})(?=\")"),
)  # fmt: skip
# Signatures of addresses that open something for whoever has them.
_SIGNED = re.compile(
    r"(?P<start>(?:X-(?:Amz|Goog)-(?:Signature|Security-Token)|[?&;](?:sig|signature|hmac|code|access_token|auth))=)"
    r"(?P<value>[A-Za-z0-9%+/_~.-]{16,4000}=?)",
    re.IGNORECASE,
)
_COOKIES = re.compile(
    r"(?P<start>\b(?:set-)?cookie[\"']?\s{0,3}:\s{0,3}[\"']?)(?P<value>[^\r\n\"']{3,4000})", re.IGNORECASE
)
_COOKIE = re.compile(r"(?P<start>[\w.!#$%&*+^`|~-]{1,80}=)(?P<value>[^;\s]{6,4000})")
_COOKIE_ATTRIBUTES = ("path=", "domain=", "expires=", "max-age=", "samesite=")
# What stands after "password:" without being one.
_ORDINARY = (
    "none null nil true false empty missing required invalid wrong incorrect expired changed reset rotated unknown "
    "unset redacted hidden masked removed revoked disabled enabled correct fine valid same different leaked exposed "
    "here there not the a an in on at to from no yes ok okay still now and or for too being gone working broken stored "
    "string bytes optional default undefined authentication authorization login rotation policy prompt manager field "
    "request response refresh bearer basic error errors mismatch never sent set used shared with by via per this that "
    "what where when how why it its my your our their is was will should must can cannot only just also already"
)
_WORDS = frozenset(_ORDINARY.split())
_PLACEHOLDER = re.compile(
    r"[\[{$%<(]|[*x•.…_-]+$|process\.env|os\.environ|env\.|vars?\.|secrets?\.|vault:|ssm:|file:|arn:|"
    r"(?:your|my|some|the|example)[_-]",
    re.IGNORECASE,
)
_PATH = re.compile(r"~?\.{0,2}/[\w.@/-]*$|[A-Za-z]:\\")
# Names of things, as in `secret=orders-db` and `token: refresh_token`: words of lower or upper case, joined.
_NAME_LIKE = re.compile(
    r"(?:[a-z]{2,}|[A-Z]{2,}|[A-Z][a-z]+)(?:[-_./:](?:[a-z]{2,}|[A-Z]{2,}|[A-Z][a-z]+|v?\d{1,3}))*$"
)


def _assigned(match: re.Match[str]) -> str:
    """`password=…` keeps its name; what is plainly no secret stays."""
    value = match["value"].rstrip(",.)]}!?:")
    if _is_secret(match["name"].lower(), match["between"], value):
        return match["name"] + match["between"] + MASK + match["value"][len(value) :]
    return match[0]


def _is_secret(name: str, between: str, value: str) -> bool:
    if len(value) < 3 or value.lower() in _WORDS or _PLACEHOLDER.match(value) or _PATH.match(value):
        return False
    mixed = any(character.isdigit() for character in value) and not value.isdigit()
    odd = any(not character.isalnum() for character in value.strip("-_./:"))
    quoted = between.endswith(("'", '"', "`"))
    if name.startswith(("pass", "pw", "mot", "contra", "senha")):
        # "The password is wrong": as a sentence only what cannot be a word counts.
        return mixed or odd or value.isdigit() if between.strip().isalpha() else True
    if value.isdigit() or _NAME_LIKE.match(value) or (mixed and between.strip() == ":" and _reads_like_a_name(value)):
        return False
    if "=" in between or quoted:
        return len(value) >= 6
    return mixed and len(value) >= 8


def _beside(match: re.Match[str]) -> str:
    value = match["value"].rstrip(".,")
    typed = match["name"].lower().startswith(("pass", "pw", "kennwort", "identified"))  # people make those of words
    if _PLACEHOLDER.match(value) or value.count("/") > 3 or (not typed and _reads_like_a_name(value)):
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


def _cookies(match: re.Match[str]) -> str:
    def each(cookie: re.Match[str]) -> str:
        return cookie[0] if cookie["start"].lower() in _COOKIE_ATTRIBUTES else cookie["start"] + MASK

    return match["start"] + _COOKIE.sub(each, match["value"])


_FORMS: tuple[_Form, ...] = (
    _Form(("private key",), re.compile(_KEY_BLOCK, re.DOTALL)),
    _Form(_AWS_HINTS, re.compile(_AWS_SECRET)),
    _Form(_AWS_HINTS, re.compile(_AWS_ID)),
    *(_Form((hint,), re.compile(pattern)) for hint, pattern in _TOKENS),
    _Form(
        ("://",),
        re.compile(r"(?P<start>://[^\s:/?#\[\]@<>|]{0,200}:)(?P<value>[^\s/?#@<>|]{1,300})(?=@)"),
        lambda match: match["start"] + MASK,
    ),
    _Form(
        ("bearer", "authorization"),
        re.compile(
            r"(?P<start>(?:\bbearer\s{1,3}|authorization[\"']?\s{0,3}[:=]\s{0,3}[\"']?"
            r"(?:(?:basic|token|splunk|apikey|digest|negotiate|key)\s{1,3})?))"
            r"(?P<value>[A-Za-z0-9._~+/=-]{12,4000})",
            re.IGNORECASE,
        ),
        _bearer,
    ),
    _Form(("cookie",), _COOKIES, _cookies),
    _Form(("sig=", "signature=", "security-token=", "hmac=", "code=", "access_token=", "auth="), _SIGNED, _bearer),
    *(_Form(hints, re.compile(pattern, re.IGNORECASE), _kept_start) for hints, pattern in (*_NAMED_APART, *_ARGUMENTS)),
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
        if any(hint in lowered for hint in form.hints):
            text = form.pattern.sub(form.left, text)
    return text
