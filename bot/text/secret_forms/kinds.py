"""Kinds of secrets that no beginning tells: known by the service, the variable, the header or the file beside them.

Data for `masking`: lower-case hints, and a pattern whose group `value` is the secret. Gathered from the published rules
of gitleaks and detect-secrets, by kind rather than service by service.
"""

from __future__ import annotations

# Random: a digit and a letter at least, and 16 characters; or a UUID.
_RANDOM = (
    r"(?=[\w+/=.~-]{0,30}\d)(?=[\w+/=.~-]{0,30}[A-Za-z])(?![a-z]{1,20}(?:[-_.][a-z0-9]{1,20}){1,8}(?![\w+/=.~-]))"
    r"[A-Za-z0-9][\w+/=~-]{14,300}(?:\.[\w+/=~-]{10,300}){0,3}"
)
KINDS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("bundle_",), r"(?P<start>\bBUNDLE_[A-Z0-9]{1,40}(?:__[A-Z0-9]{1,40}){1,4}\s{0,2}[=:]\s{0,2}[\"']?)"
                   r"(?P<value>[\w-]{6,80}:[\w.~-]{6,120}|[a-f0-9]{20,80})"),
    (("otpauth://",), r"(?P<start>otpauth://[^\s?]{1,120}\?[^\s]{0,120}?secret=)(?P<value>[A-Za-z2-7]{16,128})"),
    (("write key", "upload key", "deploy key", "server key", "client key", "seed phrase", "license key", "access key",
      "secret key", "private key", "signing key", "app key", "application key", "integration key", "global key",
      "admin key", "sdk key", "rest key", "api key", "push key", "account key", "service key", "service account",
      "agent token", "webhook secret"),
     r"(?P<start>\b(?:write|upload|deploy|server|client|license|access|secret|private|signing|app|application"
     r"|integration|global|admin|sdk|rest|api|push|account|service) (?:api )?(?:key|token|account)"
     r"[^A-Za-z0-9]{1,4}(?:[A-Za-z]{2,10}[^A-Za-z0-9]{1,3}){0,3})"
     rf"(?P<value>{_RANDOM})"),
    # A command that prints a secret, and the line that it printed.
    (("secret", "token", "password", "vault", "kv get", "op read", "pass show"),
     r"(?P<start>\b(?:get secrets?|get-secret-value|secrets? (?:get|show|read|access|reveal)|secrets versions access"
     r"|vault (?:kv )?(?:get|read)|op read|pass show|print-(?:access|identity)-token|get-login-password|token create"
     r"|create-token|auth token|password show|credentials show)\b[^\n]{0,300}\n)"
     r"(?P<value>(?=[^\s]{0,60}(?:\d|(?-i:[a-z][A-Z])))(?=[^\s]{0,60}[A-Za-z])[^\s\"'{}\[\]:=,/][^\s\"'{}\[\]:,]{7,4000})(?=\n|\Z)"),
    # Terraform's state of what makes secrets: random_password, aws_secretsmanager_secret_version, tls_private_key.
    (("resource",),
     r"(?P<start>\bresource\s{1,3}\"[\w-]{0,60}(?:password|secret|token|key|credential)[\w-]{0,30}\"[^}]{0,600}?"
     r"\b(?:result|value|secret_string|secret|plaintext|b64_std|hex)\s{0,20}=\s{0,3}\")(?P<value>[^\"\n$]{6,2000})(?=\")"),
)  # fmt: skip
# In the manifest of a Kubernetes Secret every value below `data:` is one, in base64.
SECRET_MANIFEST = r"\bkind:\s{0,3}[\"']?Secret\b"
SECRET_DATA = (
    r"(?P<start>(?:\A|\n)[ \t]{1,20}[\"']?[\w.-]{1,80}[\"']?:[ \t]{1,3}[\"']?)"
    r"(?P<value>(?=[A-Za-z0-9+/]{0,200}(?:[A-Z0-9]|=))[A-Za-z0-9+/]{8,4000}={0,2})(?=[\"']?[ \t]{0,20}(?:\n|\Z))"
)
