"""Kinds of secrets that no beginning tells: known by the service, the variable, the header or the file beside them.

Data for `masking`: lower-case hints, and a pattern whose group `value` is the secret. Gathered from the published rules
of gitleaks and detect-secrets, by kind rather than service by service.
"""

from __future__ import annotations

# Services whose keys look like any random string, so that the name beside one must tell.
_SERVICES = (
    "adafruit adobe adyen airbrake airtable akamai algolia amplitude apify argocd artifactory asana atlassian auth0 "
    "azure beamer bigcommerce bintray bitbucket bittrex bluesnap braintree branch browserstack bugsnag buildkite "
    "bunny chargebee circleci clerk clickhouse cloudant cloudflare cloudinary cloudsmith codacy codeclimate codecov "
    "cohere coinbase confluence confluent contentful coralogix coveralls crowdstrike cypress datadog dbt discord "
    "docusign doppler drone droneci dropbox dynatrace easypost elastic elevenlabs etsy facebook fastly fastspring "
    "figma finicity finnhub firebase fivetran flickr flutterwave freshbooks freshdesk fullstory gemini gitter "
    "gocardless grafana greenhouse harness heroku hetzner honeybadger honeycomb hubspot ibm incident infracost "
    "intercom ionos ipinfo jenkins jfrog jira kafka kraken kucoin lacework launchdarkly linear linkedin linode lob "
    "logdna logglie loggly logzio lokalise mailchimp mailgun mailjet mapbox mattermost maxmind meraki messagebird "
    "mistral mixpanel mongodb neon netlify newrelic nexmo nexus ngrok notion nytimes okta onelogin onesignal opsgenie "
    "optimizely pagerduty paypal plaid planetscale plivo posthog postmark privateai pusher quay rabbitmq rapidapi "
    "razorpay recurly redis render rollbar salesforce sauce scaleway segment sendbird sendgrid sentry shippo shopify "
    "shortcut signalfx snowflake snyk softlayer sonar sonarcloud sonarqube sourcegraph sparkpost splunk split square "
    "squarespace statsig statuspage strava stripe sumo sumologic supabase tailscale teamcity telegram terraform "
    "todoist travis trello twilio twitch twitter typeform unsplash upstash vault vercel vonage vultr workday xray "
    "yandex zendesk zeplin zoho zoom"
)
_SERVICE = (
    rf"(?:{'|'.join(_SERVICES.split())}|new[ _-]relic|message[_-]?bird|linked[_-]?in|digital[ _-]?ocean|victor[_-]?ops"
    r"|rails|nomad|consul|wandb|\bdd|\bcf|\bpd|\bnr|\bld|\bgh|\bgl)"
)
_SERVICE_HINTS = (
    *_SERVICES.split(),
    *("relic", "messagebird", "message_bird", "message-bird", "linked", "digital", "victor", "rails", "nomad"),
    *("consul", "wandb", "dd", "cf", "pd", "nr", "ld", "gh", "gl"),
)
_TELLING = r"(?:token|secret|key|pat|credentials?|password|passwd|psk|api|auth|access|dsn|license|licence)"
# Random: a digit and a letter at least, and 16 characters; or a UUID.
_RANDOM = (
    r"(?=[\w+/=.~-]{0,30}\d)(?=[\w+/=.~-]{0,30}[A-Za-z])(?![a-z]{1,20}(?:[-_.][a-z0-9]{1,20}){1,8}(?![\w+/=.~-]))"
    r"[A-Za-z0-9][\w+/=~-]{14,300}(?:\.[\w+/=~-]{10,300}){0,3}"
)
# What names of variables say about a value that is none: AWS_SECRET_ARN, TOKEN_TTL, KEY_FILE.
_NO_VALUE = (
    r"(?![\w-]{0,60}(?:arn|name|names|file|path|dir|url|uri|id|ids|ttl|length|len|size|count|type|version|endpoint|host"
    r"|region|alias|expiry|expires|expiration|age|enabled|policy|limit|format|algorithm|header|prefix|ref|mode)s?[\"']?\s{0,3}[:=])"
)

KINDS: tuple[tuple[tuple[str, ...], str], ...] = (
    # "the Datadog app key for eu is …", `fastly-key: …`, `PAGERDUTY_API_TOKEN=…`: a service, a telling word, the value.
    (
        ("token", "secret", "key", "pat", "credential", "pass", "psk", "api", "auth", "access", "dsn", "licen"),
        rf"(?P<start>(?<![a-z0-9@/.]){_SERVICE}(?:[ \t_.'/-]{{1,3}}[\w-]{{1,20}}){{0,3}}?[ \t_.'-]{{0,3}}{_TELLING}s?"
        rf"(?:[ _-]{{1,2}}(?:for|of|in|from|on|is|was|the)(?: [\w-]{{1,20}}){{0,3}})?"
        rf"[^A-Za-z0-9]{{1,6}}(?:(?:is|was|still|now|currently|value|=|:)[^A-Za-z0-9]{{1,4}}){{0,2}})(?P<value>{_RANDOM})",
    ),
    # `datadog: …`, `CODECOV=…`: no telling word, so what may be an id of a trace or an event does not count.
    (
        _SERVICE_HINTS,
        rf"(?P<start>(?<![a-z0-9@/.]){_SERVICE}[\"']?\s{{0,2}}(?:=>|:=|=|:)\s{{0,2}}[\"'`]?)"
        rf"(?P<value>(?!https?:)(?![a-f0-9]{{8}}-)(?![a-f0-9]{{16,36}}(?![\w-])){_RANDOM})",
    ),
    # TF_TOKEN_app_terraform_io=…, BUNDLE_GEMS__EXAMPLE__COM=…: the telling word in the middle of a variable.
    (
        ("token", "secret", "passw", "credential", "apikey", "api_key", "private_key"),
        rf"(?P<start>(?<![\w-]){_NO_VALUE}(?-i:[A-Z][A-Z0-9]{{0,20}}_){{0,4}}(?:token|secret|passw(?:or)?d|credentials?|apikey|api_key"
        rf"|private_key)_[\w]{{1,50}}[\"']?\s{{0,2}}=\s{{0,2}}[\"'`]?)(?P<value>{_RANDOM})",
    ),
    (("bundle_",), r"(?P<start>\bBUNDLE_[A-Z0-9]{1,40}(?:__[A-Z0-9]{1,40}){1,4}\s{0,2}[=:]\s{0,2}[\"']?)"
                   r"(?P<value>[\w-]{6,80}:[\w.~-]{6,120}|[a-f0-9]{20,80})"),
    # A header that carries a key: Fastly-Key, Circle-Token, DD-APPLICATION-KEY.
    (
        ("-key:", "-key\":", "-token:", "-secret:", "-api:"),
        rf"(?P<start>(?<![\w-])(?!(?:cache|sort|partition|primary|foreign|object|row|idempotency|surrogate|public|host)-)"
        rf"[a-z][a-z0-9]{{0,20}}(?:-[a-z0-9]{{1,20}}){{0,4}}-(?:key|token|secret|api)[\"']?:\s{{0,2}}[\"']?)"
        rf"(?P<value>(?!sha256:){_RANDOM})",
    ),
    # Keys that unseal, root tokens and recovery keys, as tools print them.
    (("unseal key", "recovery key", "root token", "admin password", "enrollment token", "join token", "enroll token"),
     r"(?P<start>\b(?:unseal key|recovery key|(?:initial )?root token|enroll(?:ment)? token|join token)(?: \d{1,2})?"
     r"(?: is)?[\s:=]{1,3}[\"'`]?)(?P<value>(?=[\w+/=.-]{0,40}\d)[\w+/.-]{16,300}={0,2})"),
    (("kubeadm",), r"(?P<start>\bkubeadm\b[^\n]{0,200}?\s--token[ =])(?P<value>[a-z0-9]{6}\.[a-z0-9]{16})"),
    # Words that mean a secret without saying so.
    (("community",), r"(?P<start>\b(?:snmp[\w -]{0,12} )?community(?: string)?(?: is|:|=)?\s{1,3}[\"'`]?)"
                     r"(?P<value>(?=[\w-]{0,30}\d)(?=[\w-]{0,30}[A-Za-z])(?!v?\d[a-z]?\b)[A-Za-z0-9_-]{8,60})\b"),
    (("psk",), r"(?P<start>\b(?:psk|pre-shared key)(?: is|:|=)?\s{1,3}[\"'`]?)"
               r"(?P<value>(?=[\w-]{0,40}\d)(?=[\w-]{0,40}[A-Za-z])[\w-]{8,100})\b"),
    (("otpauth://",), r"(?P<start>otpauth://[^\s?]{1,120}\?[^\s]{0,120}?secret=)(?P<value>[A-Za-z2-7]{16,128})"),
    (("write key", "upload key", "deploy key", "server key", "client key", "seed phrase", "license key", "access key",
      "secret key", "private key", "signing key", "app key", "application key", "integration key", "global key",
      "admin key", "sdk key", "rest key", "api key", "push key", "account key", "service key", "service account",
      "agent token", "webhook secret"),
     r"(?P<start>\b(?:write|upload|deploy|server|client|license|access|secret|private|signing|app|application"
     r"|integration|global|admin|sdk|rest|api|push|account|service) (?:api )?(?:key|token|account)"
     r"[^A-Za-z0-9]{1,4}(?:[A-Za-z]{2,10}[^A-Za-z0-9]{1,3}){0,3})"
     rf"(?P<value>{_RANDOM})"),
    # `--account-key …`, `--sas-token …`: an argument whose name ends in a telling word, and no word behind it.
    (("key ", "key=", "token ", "token=", "secret ", "secret=", "credential", "password"),
     rf"(?P<start>\s-{{1,2}}[a-z][a-z0-9-]{{0,30}}(?:key|token|secret|credentials?|password)(?: {{1,2}}|=)[\"']?)"
     rf"(?P<value>{_RANDOM}={{0,2}})"),
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
