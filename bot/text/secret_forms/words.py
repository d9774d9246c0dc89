"""Words that tell of secrets, for `prose`: lower case, of sixteen languages."""

from __future__ import annotations

# What is named as secret.
_TELLING = """
password passwords passwd passwort pass passw pw pwd psw pswd pword passphrase passphrases passcode pin puk secret
secrets token tokens creds cred credential credentials apikey authorization psk preshared community otp totp mfa 2fa
seed mnemonic unseal bitlocker combination combo kennwort kennworts passwörter zugangsdaten zugangscode zugang
geheimzahl schlüssel losung passe mdp identifiants jeton contraseña contrasena clave credenciales acceso senha
credenciais palavra wachtwoord sleutel inloggegevens toegangscode codice parola hasło lösenord code codes código kód
unattended sticker login logins adgangskode kodeord passord kode lösenordet heslo jelszó salasana şifre parolă
wachtwoorden kennwörter mots пароль ключ
"""
# What speaks of getting in, or of a secret without naming one.
_ACCESS = """
key keys log logon signin ssh rdp vnc ftp sftp smtp imap ldap jmx snmp ilo idrac ipmi bmc admin administrator root
sudo su console user username usr u login account acct vault keystore truststore keychain keytab wifi wi fi wlan
ssid vpn unlock unlocks unlocked opens decrypt decrypted encrypted unzip zip envelope type typing enter try tried
reset changed rotated rotation set setting reads says takes worked works capital caps colon dash keyboard glass
cpanel anydesk teamviewer gpg ansible principal role service literally access portal dashboard router einloggen
anmelden anmeldung anmeldename benutzer konto zugriff dahinter usuario cuenta entra entrar entre utilisateur compte
identifiant connecter connexion usuário conta acessar conectar gebruiker inloggen inlog clé chave chiave basic auth
authenticate authentication db database schema conn connect sysdba p guest hotspot netz network word alarm safe
tresor door lock gate owner registrar laptop backup recovery share
"""
# Services whose keys look like any random string, so that the name beside one must tell.
_SERVICES = """
adafruit adobe adyen airbrake airtable akamai algolia amplitude apify argocd artifactory asana atlassian auth0 azure
beamer bigcommerce bintray bitbucket bittrex bluesnap braintree branch browserstack bugsnag buildkite bunny
chargebee circleci clerk clickhouse cloudant cloudflare cloudinary cloudsmith codacy codeclimate codecov cohere
coinbase confluence confluent contentful coralogix coveralls crowdstrike cypress datadog dbt discord docusign
doppler drone droneci dropbox dynatrace easypost elastic elevenlabs etsy facebook fastly fastspring figma finicity
finnhub firebase fivetran flickr flutterwave freshbooks freshdesk fullstory gemini gitter gocardless grafana
greenhouse harness heroku hetzner honeybadger honeycomb hubspot ibm incident infracost intercom ionos ipinfo jenkins
jfrog jira kafka kraken kucoin lacework launchdarkly linear linkedin linode lob logdna logglie loggly logzio
lokalise mailchimp mailgun mailjet mapbox mattermost maxmind meraki messagebird mistral mixpanel mongodb neon
netlify newrelic nexmo nexus ngrok notion nytimes okta onelogin onesignal opsgenie optimizely pagerduty paypal plaid
planetscale plivo posthog postmark privateai pusher quay rabbitmq rapidapi razorpay recurly redis render rollbar
salesforce sauce scaleway segment sendbird sendgrid sentry shippo shopify shortcut signalfx snowflake snyk softlayer
sonar sonarcloud sonarqube sourcegraph sparkpost splunk split square squarespace statsig statuspage strava stripe
sumo sumologic supabase tailscale teamcity telegram terraform todoist travis trello twilio twitch twitter typeform
unsplash upstash vault vercel vonage vultr workday xray yandex zendesk zeplin zoho zoom relic digitalocean ocean
nomad consul wandb rails
"""
TELLING = frozenset(_TELLING.split())
ACCESS = frozenset((*_ACCESS.split(), *_SERVICES.split()))
