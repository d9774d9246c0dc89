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

SPELLED = (
    r"(?:(?:capital|upper ?case|lower ?case|big|small|gro(?:ß|ss)es|kleines|majuscule|minuscule|may[úu]scula"
    r"|mai[úu]scula) [A-Za-z]|dash|hyphen|hash|dot|underscore|slash|at sign|star|zero|exclamation(?: mark)?|bang|dollar"
    r"|percent|plus|equals|bindestrich|unterstrich|tiret|guion|hífen)"
)
# Read out, character by character: `capital R, e, i, 7, dash, k`.
READ_OUT = rf"(?<![\w'’-])(?:(?:[A-Za-z0-9](?!\w)|{SPELLED})[,. -]{{1,3}}){{4,40}}(?:[A-Za-z0-9]|{SPELLED})(?![\w'’])"
READ_OUT_HINTS = (
    "capital", "dash", "hash", "underscore", "hyphen", "uppercase", "upper case", "lowercase", "lower case",
    "bindestrich", "unterstrich", "großes", "majuscule", "tiret", "mayúscula", "guion", "maiúscula", "hífen",
)  # fmt: skip
# Not the codes of errors, exits and places; and not what is counted.
NUMBERS = (
    r"(?P<start>(?<![\w-])(?:(?:pin|puk|passcode|otp|geheimzahl|combination|combo|zahlenschloss|alarm off)"
    r"(?:s|-code|nummer)?"
    r"(?:[^\n.!?:=]{0,60}?(?:\s(?:is|are|es|é|est|ist|lautet|now|its|it's|to)(?: (?:now|jetzt|ahora|agora))?\s{1,3}"
    r"|[:=]\s{0,3}|->\s{0,3})|\s{1,3})"
    r"|(?<!error )(?<!exit )(?<!status )(?<!http )(?<!return )(?<!response )(?<!reason )(?<!result )(?<!zip )"
    r"(?<!postal )"
    r"(?<!post )(?<!country )(?<!area )(?<!event )(?<!stop )(?<!sql )(?<!product )(?<!source )(?<!failure )(?<!de )"
    r"(?:code|código|codice|(?:tür|tuer|zahlen|zugangs|sicherheits|alarm|tor|safe|tresor)code)(?![\w-])"
    r"(?! d'erreur| de erro| de error| d'état)"
    r"(?:[^\n.!?:=]{0,60}?\s(?:is|es|é|est|ist|lautet|its|it's|to)(?: (?:now|jetzt|ahora|agora))?\s{1,3}"
    r"|[^\n.!?:=]{4,60}?[:=]\s{0,3}))"
    r"[\"'`*«]{0,2})(?P<value>[#*]?\d(?:[ -]?\d){3,9}[#*]?(?: then [#*\d]{1,6})?)"
    r"(?![\w%]|[.,:/-]\d|\s(?:lines|rows|ms|times|bytes|char\w*|errors|users|seconds|requests|per|of|on|failed|or)\b)"
)

PLACES: tuple[tuple[tuple[str, ...], str], ...] = (
    # ~/.pgpass, and the maps of a mail server: host:port:database:user:password, [host]:port user:password.
    ((":",), rf"(?P<start>(?:\A|\n|\s|`)(?!(?:[0-9a-f]{{2}}:){{4}}){_HOST}"
             rf":(?:\d{{2,5}}|\*):[\w*.-]{{1,60}}:[\w*.@-]{{1,60}}:)(?P<value>"
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
    # Passwords that other languages name, for something: `Wachtwoord van de sluis-pc: …`, `contraseña del servidor: …`.
    (("wachtwoord", "passwort", "kennwort", "contraseña", "mot de passe", "senha", "lösenord", "hasło", "parola"),
     r"(?P<start>\b(?:wachtwoord|passwort|kennwort|contraseña|mot de passe|senha|lösenord|hasło|parola)"
     r"(?: (?:van|voor|von|vom|zu|für|im|am|de|del|du|des|da|do|dos|das|para|pour|til|för|do|di|per|la|le|el|los"
     r"|las|der|die|den|dem|het|[\w.@/-]{1,30})){1,6}"
     rf"(?: {{0,2}}[:=]| (?:ist|is|es|est|lautet|é))\s{{1,3}}[\"'`*]{{0,2}})(?P<value>{_NOT_A_NAME}{_TYPED})"),
    # A Twilio account and, behind it, what opens it.
    (("ac",), r"(?P<start>\bAC[a-f0-9]{32}[\"']?[^A-Za-z0-9\n]{1,6}[\"']?)(?P<value>[a-f0-9]{32})\b"),
    # Keys of JSON Web Keys that are private.
    (('"kty"',), r"(?P<start>\"(?:d|k|p|q|dp|dq|qi)\"\s{0,3}:\s{0,3}\")(?P<value>[\w-]{20,800})(?=\")"),
    # Oracle's user/password@service, and anybody's user:password@host without a scheme.
    (("jdbc:oracle", "sqlplus", "conn"),
     r"(?P<start>(?:jdbc:oracle:\w{3,4}:|\bconn(?:ect)?\s{1,3}|\bsqlplus\s[^\n]{0,40}?)\"?[\w$#.-]{1,40}\"?/\"?)"
     r"(?P<value>[^\s/@\"]{3,100})(?=\"?@)"),
    (("@",), r"(?P<start>(?<![\w/.@:-])[\w.+-]{1,60}(?:@[\w.-]{1,60})?:)(?P<value>(?-i:(?=[^\s@:]{0,60}[a-z])"
             r"(?=[^\s@:]{0,60}[A-Z]))(?=[^\s@:]{0,60}\d)[^\s:/@\"'<>]{6,100})(?=@(?!sha\d)\w)"),
    (("@",), r"(?P<start>(?<![\w.+-])[\w.+-]{1,60}@[\w-]{1,60}(?:\.[\w-]{1,30}){1,4}:)(?P<value>(?=[^\s:]{0,60}\d)"
             r"(?=[^\s:]{0,60}[A-Za-z])(?!\S{0,90}\.git\b)[^\s:/~\"'`,;]{6,100})"),
    # An address that lets in whoever has it.
    (("://",), r"(?P<start>https?://(?=[^\s]{0,200}?(?:login|magic|reset|invit|join|verif|confirm|activat|sso|share|signup"
               r"|password|recover))[^\s?#]{1,200}[?#](?:[^\s]{0,200}&)?(?!(?:state|redirect|nonce|code_challenge|client_id"
               r"|next|return|session_state|utm)\w{0,20}=)[\w-]{1,20}=)"
               r"(?P<value>(?=[\w~.%-]{0,60}\d)(?-i:(?=[\w~.%-]{0,60}[a-z])(?=[\w~.%-]{0,60}[A-Z]))[\w~.%-]{16,500})"),
    # Numbers that open something: a word for them, whatever says of what, and "is".
    (("pin", "puk", "code", "código", "codice", "otp", "combination", "combo", "geheimzahl", "zahlenschloss",
      "alarm off"), NUMBERS),
    # A word alone, behind what it is for.
    (("password", "passwort", "kennwort", "contraseña", "mot de passe", "senha", "passphrase", "pw", "passwd"),
     r"(?P<start>\b(?:password|passwd|pwd?|passphrase|passwort|kennwort|contraseña|mot de passe|senha)"
     r" (?:for|of|to|on|für|vom|von|de|del|du|do|da|pour|para) [^\n.:=\"]{1,60}?(?::|=| is| ist| est| es| é)\s{1,3}"
     r"[\"'`*]{0,2})(?P<value>(?!(?:see|ask|check|same|the|wrong|expired|lost|not|in|on|at|broken|gone|known|unknown|too"
     r"|never|still|required|missing|invalid|incorrect|changed|reset|rotated|stored|pending|being|getting|about|kept)\b"
     r"|\w{1,20}(?:ed|ing)\b)[^\s\"'`*,.;:]{5,59}[^\s\"'`*,.;:?])(?=[\"'`*.,]{0,2}\s{0,3}(?:\n|\Z|\())"),
    # What is hashed or encoded by a scheme that it names: {SSHA}…
    (("}",), r"(?P<start>\{[A-Za-z][A-Za-z0-9-]{2,11}\})"
             r"(?P<value>(?=[A-Za-z+/=]{0,60}\d)[A-Za-z0-9][A-Za-z0-9+/=]{19,400})(?![\w/-])"),
    # Beside whose key it is, as the command lines of many services keep them.
    (('"key"',), r"(?P<start>\"user(?:_?name)?\"\s{0,3}:\s{0,3}\"[^\"\n]{1,80}\",\s{0,40}\"key\"\s{0,3}:\s{0,3}\")"
                 r"(?P<value>[^\"\s]{8,200})"),
    # Keys as devices, telephones and their networks show and take them.
    (("key content", "key material", "auth", "priv"),
     r"(?P<start>\b(?:key (?:content|material)|(?:auth|priv)(?:entication|acy)?[ -](?:phrase|pass(?:word|phrase)?))"
     rf"\s{{0,20}}[:=]?\s{{1,3}}[\"']?)(?P<value>{_NOT_A_NAME}{_TYPED})"),
    (("ki=", "op=", "opc="), r"(?P<start>\b(?:ki|opc?)=)(?P<value>[0-9A-Fa-f]{32})\b"),
    (("inline:",), r"(?P<start>\binline:)(?P<value>[A-Za-z0-9+/]{30,64}={0,2})(?![\w+/])"),
    (("-serial",), r"(?P<start>\s-serial\s{1,3}[\"']?)"
     r"(?P<value>(?=[A-Z0-9-]{0,40}\d)[A-Z0-9]{2,6}(?:-[A-Z0-9]{3,6}){3,7})"),
    # Groups of a product's key.
    (("licen", "product key", "activation", "serial key"),
     r"(?P<start>\b(?:licen[cs]e|product key|activation|serial key)\b[^\n]{0,60}?[\s:=\"'])"
     r"(?P<value>(?=[A-Z0-9-]{0,40}\d)[A-Z0-9]{4,6}(?:-[A-Z0-9]{4,6}){3,7})(?![\w-])"),
    # Words that open something.
    (("phrase", "frase", "wachtzin"),
     r"(?P<start>\b(?:pass[ -]?phrase|phrase (?:de passe|secrète)|frase (?:de paso|de seguridad|secreta)|frase-passe"
     r"|wachtzin)\b[^\n:\"]{0,60}?(?:\s(?:is|ist|est|es|é|lautet)\s{1,3}|[:=]\s{0,3})[\"'`“„*]{0,2})"
     r"(?P<value>(?!(?:\w{1,20}(?:ed|ing|ert|iert)|in|on|at|not|stored|wrong|too|kept|known|never|only|still|no|also|a|an"
     r"|what|where|ask|see|same|use|check|get|the (?:same|one|old|wrong)|nicht|falsch|im|bei|for|with|to|from|and|or|so"
     r"|set|lost|gone)\b)(?:[^\W\d_]{1,20} ){3,11}[^\W\d_]{1,20})"),
    (("seed", "mnemonic", "wallet", "recovery"),
     r"(?P<start>\b(?:seed|mnemonic|recovery (?:phrase|words)|wallet)\b[^\n:\"]{0,60}[:=\n\"]\s{0,3}[\"'`“„*]{0,2})"
     r"(?P<value>(?:[a-z]{3,8}[ ,]{1,2}){11,23}[a-z]{3,8})\b"),
    (("security question", "security answer", "sicherheitsfrage", "question secrète", "pregunta de seguridad"),
     r"(?P<start>\b(?:security (?:question|answer)|sicherheitsfrage|question secrète|pregunta de seguridad)"
     r"[^\n:=]{0,80}[:=]\s{0,2}[\"'`]?)(?P<value>(?!\w{1,20}\?)[^\s\"'`,.]{3,60})"),
    # An app-specific password: four groups of four letters.
    (("app",), r"(?P<start>\bapp(?:lication)?[ -](?:specific|password)[^\n]{0,120}?[\s:\"'`])"
               r"(?P<value>[a-z]{4}(?:-[a-z]{4}){3})(?![\w-])"),
)  # fmt: skip
# A list of codes behind one name: `recovery codes: f55c7-a7b47 ee726-2aef2`.
LISTED = (
    r"(?P<start>\b(?:backup|recovery|scratch|2fa|mfa)(?: (?:backup|recovery))? codes?\b[^\n:]{0,60}:?\s{1,3})"
    r"(?P<value>(?:(?=[a-z0-9-]{0,12}\d)[a-z0-9]{4,10}(?:-[a-z0-9]{3,10}){0,3}[\s,;]{1,4}){1,15}"
    r"(?=[a-z0-9-]{0,12}\d)[a-z0-9]{4,10}(?:-[a-z0-9]{3,10}){0,3})\b"
)
