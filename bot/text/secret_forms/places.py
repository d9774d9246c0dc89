"""Kinds of secrets that are known by where they stand: an argument, a field of a file's line, a literal in a call.

Data for `masking`, like `kinds`: lower-case hints, and a pattern whose group `value` is the secret.
"""

from __future__ import annotations

# What people make passwords of: a digit beside letters, or a mark within.
_TYPED = r"(?=[^\s\"'`]{0,60}[\d!#$%^&*?+~@_-])(?=[^\s\"'`]{0,60}[A-Za-z])[^\s\"'`<>|;,()]{6,200}"
_NOT_A_NAME = r"(?![$%{<\[]|-)"
# Left alone in the host's part of a line: addresses, names with a dot, a star.
_HOST = r"(?:\*|[\w.-]{1,120}|\[[\w.:-]{1,120}\](?::\d{1,5})?)"
_ANY_LITERAL = r"[^\"'\n$]{4,200}"

PLACES: tuple[tuple[tuple[str, ...], str], ...] = (
    # ~/.pgpass, and the maps of a mail server: host:port:database:user:password, [host]:port user:password.
    ((":",), rf"(?P<start>(?:\A|\n|\s|`){_HOST}:(?:\d{{2,5}}|\*):[\w*.-]{{1,60}}:[\w*.@-]{{1,60}}:)(?P<value>"
             rf"(?![\d.:]+\s)\S{{4,200}})"),
    ((":",), rf"(?P<start>(?:\A|\n|`)\s{{0,8}}{_HOST}(?::\d{{2,5}})?[ \t]{{1,8}}[\w.+-]{{1,60}}@[\w.-]{{1,80}}:)"
             rf"(?P<value>{_TYPED})"),
    # A user and a hash or a password in a line of its own, as in htpasswd and shadow.
    ((":$",), r"(?P<start>(?:\A|[\s`\"'])[\w.@-]{1,60}:\$(?:apr1|1|2[aby]?|5|6|7|y|argon2\w{0,2})\$)"
              r"(?P<value>[^\s:\"'`]{12,300})"),
    (("chpasswd",), r"(?P<start>\becho\s{1,3}(?:-n\s)?[\"']?[\w.@-]{1,60}:)(?P<value>[^\s\"'$]{3,200})"
                    r"(?=[\"']?\s{0,3}\|[^\n]{0,40}chpasswd)"),
    # Routers and switches.
    (("snmp",), r"(?P<start>\b(?:auth(?:entication)?|priv(?:acy)?)\s{1,3}(?:md5|sha(?:-?\d{1,3})?|(?:aes|des|3des)"
                r"(?:[\s-]{1,2}\d{2,3})?)\s{1,3})"
                r"(?P<value>[^\s\"']{6,100})"),
    (("isakmp", "ikev", "tacacs", "radius", "ntp ", "ospf", "bgp", "eigrp", "key-string", "wpa", "pre-shared",
     "ipsec", "keyring", "enable ", "neighbor", "vpn"),
     r"(?P<start>\b(?:isakmp|ikev[12]|tacacs(?:-server)?|radius(?:-server)?|ntp|ospf|bgp|eigrp|wpa\d?|ipsec|enable"
     r"|neighbor|vpn|pre-shared-key|key-string)\b"
     r"(?:[ \t]{1,3}[\w.:/-]{1,40}){0,6}?[ \t]{1,3}(?:key|key-string|secret|password|pre-shared-key"
     r"|ascii)[ \t]{1,3}(?:(?:address|ascii|hex|local|remote|md5|[05-9]) ){0,2}[\"']?)"
     r"(?P<value>(?=[^\s\"']{0,60}[\d$])(?=[^\s\"']{0,60}[A-Za-z])[^\s\"']{6,120})"),
    # Attributes and variables whose names end in Pass or Pw: keystorePass="…", smtpPw: '…'.
    (("pass", "pw"), r"(?P<start>\b(?-i:[a-z][A-Za-z0-9]{0,40}(?:Pass|Pw|Pwd|PassPhrase"
                     r"|Passwd))[\"']?\s{0,3}[=:]\s{0,3}[\"']?)(?P<value>[^\s\"'<>;,&]{4,200})"),
    # What a program is given: a password, by a switch of its own.
    (("keytool", "storepass", "keypass", "passin", "passout"),
     r"(?P<start>-(?:(?:src|dest)?(?:store|key)pass|pass(?:in|out)?)\s{1,3}[\"']?(?:pass:)?)(?P<value>[^\s\"'-]"
     r"[^\s\"']{3,200})"),
    (("ipmitool", "mosquitto", "snmp", "zip", "7z", "xfreerdp", "rdesktop", "mongo", "amqp", "cypher", "psexec",
     "wmic"),
     r"(?P<start>\b(?:ipmitool|mosquitto_\w{3}|zip|unzip|mongo\w{0,8}|amqp-\w{1,12}|rdesktop|cypher-shell|psexec"
     r"|snmp\w{2,8})\b[^\n]{0,200}?\s(?:-P|-p|-A|-X)\s{1,2}[\"']?)"
     r"(?P<value>(?!\d{1,5}(?:\s|\Z)|[./~-])[^\s\"']{4,200})"),
    (("7z",), r"(?P<start>\b7za?\b[^\n]{0,200}?\s-p[\"']?)(?P<value>[^\s\"']{3,200})"),
    (("/p:", "/pass:", "/rp ", "/password:"),
     r"(?P<start>\s/(?:p|pass|rp|password)[: ][\"']?)(?P<value>[^\s\"'/][^\s\"']{3,200})"),
    (("lftp", "smbclient", "ftp "), r"(?P<start>\b(?:lftp|ncftp\w{0,4}|smbclient)\b"
                                    r"[^\n]{0,120}?\s-u\s{1,2}[\"']?[\w.@-]{1,60}[,%])(?P<value>[^\s\"']{3,200})"),
    (("add_user", "change_password", "htpasswd", "net user", "wpa_passphrase", "dsadd", "smbpasswd"),
     r"(?P<start>\b(?:add_user|change_password|htpasswd\s{1,2}-\w{0,4}b\w{0,4}\s{1,2}\S{1,100}|net user"
     r"|wpa_passphrase)\s{1,3}[\"']?[\w.@-]{1,60}[\"']?\s{1,3}[\"']?)"
     r"(?P<value>[^\s\"'/-][^\s\"']{3,200})"),
    (("identified", "password"),
     rf"(?P<start>\b(?:identified(?:\s{{1,3}}with\s{{1,3}}\S{{1,40}})?\s{{1,3}}(?:by|as)|(?:user|role|login)\b"
     rf"[^\n;]{{0,120}}?\bpassword\s{{0,2}}=?)\s{{0,3}}[\"'])(?P<value>{_ANY_LITERAL})(?=[\"'])"),
    # What a call is given: ConvertTo-SecureString "…", setPassword("…"), login("user", "…").
    (("securestring", "password(", "passwd(", "secret(", "passphrase(", "credential"),
     rf"(?P<start>(?:\bConvertTo-SecureString\s{{1,3}}(?:-String\s{{1,3}})?|\b(?:set|with|use|of)?_?(?:password"
     rf"|passwd|secret|passphrase)\(|"
     rf"\b\w{{0,30}}credentials?\([\"'][^\"'\n]{{1,80}}[\"'],\s{{0,3}})[\"'])(?P<value>{_ANY_LITERAL})(?=[\"'])"),
    (("login(", "auth(", "authenticate(", "signin(", "connect(", "client("),
     r"(?P<start>\b\w{0,20}(?:login|auth|authenticate|signin|connect|client)\(\s{0,3}[\"']"
     r"[^\"'\n]{1,80}[\"'],\s{0,3}[\"'])"
     r"(?P<value>(?=[^\"'\n]{0,60}\d)(?=[^\"'\n]{0,60}[A-Za-z])(?![\w-]{1,60}(?:\.[\w-]{1,60}){1,5}[\"'])"
     r"[^\"'\n\s/:]{8,200})(?=[\"'])"),
    # Passwords that other languages name, for something: `Wachtwoord van de sluis-pc: …`, `contraseña del servidor: …`.
    (("wachtwoord", "passwort", "kennwort", "contraseña", "mot de passe", "senha", "lösenord", "hasło", "parola"),
     r"(?P<start>\b(?:wachtwoord|passwort|kennwort|contraseña|mot de passe|senha|lösenord|hasło|parola)"
     r"(?: (?:van|voor|von|vom|zu|für|im|am|de|del|du|des|da|do|dos|das|para|pour|til|för|do|di|per|la|le|el|los"
     r"|las|der|die|den|dem|het|[\w.@/-]{1,30})){1,6}"
     rf"(?: {{0,2}}[:=]| (?:ist|is|es|est|lautet|é))\s{{1,3}}[\"'`*]{{0,2}})(?P<value>{_NOT_A_NAME}{_TYPED})"),
    # What is to be typed where a password is asked for.
    (("log in", "login", "log on", "sign in", "ssh ", "rdp", "asks", "prompt", "einloggen", "anmelden", "console",
     "password"),
     r"(?P<start>\b(?:type|enter|try|use|tippe?|eingeben) [\"'`*]{0,2})"
     r"(?P<value>(?=[^\s\"'`]{0,60}\d)(?=[^\s\"'`]{0,60}[A-Za-z])(?=[^\s\"'`]{1,60}[!#$%^&*?+~@]|(?-i:"
     r"[^\s\"'`]{0,60}[a-z][^\s\"'`]{0,60}[A-Z]|[^\s\"'`]{0,60}[A-Z][^\s\"'`]{0,60}[a-z]))"
     r"(?!https?:|[\w.-]{1,60}@|[\w-]{1,40}\()[^\s\"'`/<>(),]{8,100})"
     r"(?=[\"'`*]{0,2}(?:[\s,.]{1,3}(?:when|if|as|at|for|wenn|als|to log|to get)\b|[.!,]?\s{0,3}(?:\n|\Z)))"),
    # A Twilio account and, behind it, what opens it.
    (("ac",), r"(?P<start>\bAC[a-f0-9]{32}[\"']?[^A-Za-z0-9\n]{1,6}[\"']?)(?P<value>[a-f0-9]{32})\b"),
    # Keys of JSON Web Keys that are private.
    (('"kty"',), r"(?P<start>\"(?:d|k|p|q|dp|dq|qi)\"\s{0,3}:\s{0,3}\")(?P<value>[\w-]{20,800})(?=\")"),
    # What opens a door, a network or a telephone card.
    (("code", "pin", "puk", "combination", "wifi", "wi-fi", "wlan"),
     r"(?P<start>\b(?:(?:door|gate|alarm|safe|garage|lift|key ?box|keypad|locker|server room|entry|access) (?:code"
     r"|pin|combination)|puk|sim pin)(?: (?:for|of|to|at)(?: [\w'-]{1,30}){1,4})?"
     r"(?: is|:|=)\s{1,3}[\"'`*]{0,2})(?P<value>[\d#*][\d#* -]{2,12}[\d#*])(?![\w.])"),
    (("wifi", "wi-fi", "wlan", "hotspot"),
     r"(?P<start>\b(?:wi-?fi|wlan|hotspot)[^\n:=]{0,40}(?:key|code|pass\w{0,4}|schlüssel)(?: is|:"
     r"|=)?\s{1,3}[\"'`*]{0,2})"
                                           rf"(?P<value>{_TYPED})"),
)  # fmt: skip
# A list of codes behind one name: `recovery codes: f55c7-a7b47 ee726-2aef2`.
LISTED = (
    r"(?P<start>\b(?:backup|recovery|scratch|2fa|mfa)(?: (?:backup|recovery))? codes?\b[^\n:]{0,60}:?\s{1,3})"
    r"(?P<value>(?:(?=[a-z0-9-]{0,12}\d)[a-z0-9]{4,10}(?:-[a-z0-9]{3,10}){0,3}[\s,;]{1,4}){1,15}"
    r"(?=[a-z0-9-]{0,12}\d)[a-z0-9]{4,10}(?:-[a-z0-9]{3,10}){0,3})\b"
)
