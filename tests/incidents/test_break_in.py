"""What sounds like a break-in by the shipped phrases, and what only shares a word with it."""

from __future__ import annotations

import pytest

from bot.context import Policy
from bot.incidents.rules.break_in import Signs, is_phrase, shows_signs, smells_of_break_in

SMELLS = """we got hacked i think|someone got into our aws account|leaked keys on github
our AWS access keys are on pastebin
I pushed the .env to a public repo|somebody is logged in as root and it isn't us
strange logins from Russia on the admin panel
there is a crypto miner on the bastion|customers' data is for sale on the dark web|ransom note on the file server
an unknown IAM user created instances in Mumbai|GuardDuty finding: credential exfiltration|website defaced
my laptop was stolen with prod creds on it|token leaked in slack|someone else is using our stripe key
attacker in the billing database|we've been breached|the CEO's account was hijacked|malware on a build agent
root password got changed and nobody did it|secret committed to the repo by accident|hackers are in our network
unauthorized access to the customer db|backdoor found in an npm package|looks like somebody broke into the vpn"""
INNOCENT = """checkout returns 502|hackathon demo is broken|SLA breached for ticket 4412|response target breached twice
users can't log in after the deploy|the api key expired|secrets manager throttles|token refresh fails with 401
pen test by the vendor starts today|phishing training mails are bouncing|queue broke into two partitions
memory leak in the orders service|connection leak in the pool|customers cannot change their password
access denied on S3 for the report job|we were not hacked, it was a cron job|who has access to the dashboard?
encryption key rotation failed|users are getting logged out|break in the fiber at the datacenter|someone got paged twice
they got in touch with support|logged in users from abroad see 500|the cache key is wrong|account service OOM"""


@pytest.mark.parametrize("words", SMELLS.replace("\n", "|").split("|"))
def test_what_sounds_like_a_break_in_is_asked_about(policy: Policy, words: str) -> None:
    assert policy.security.smells(words)


@pytest.mark.parametrize("words", INNOCENT.replace("\n", "|").split("|"))
def test_what_only_shares_a_word_with_it_is_not(policy: Policy, words: str) -> None:
    assert not policy.security.smells(words)


def test_a_phrase_has_gaps_choices_and_beginnings_and_ends_with_its_sentence() -> None:
    phrase = ["leak* .. key/keys"]
    assert smells_of_break_in("It leaked one of our Keys!", phrase)
    assert not smells_of_break_in("Memory is leaking. The key expired.", phrase)
    assert not smells_of_break_in("the keys leaked", phrase)
    assert not smells_of_break_in("leaked one two three four five keys", phrase)


def test_what_says_something_else_shows_no_signs() -> None:
    signs = Signs(strange=("attacker",), does=("sends",), what=("mails",))
    said = "An attacker of the phishing training sends mails."
    assert shows_signs(said, signs)
    assert not shows_signs(said, signs, unless=("attacker .. training",))


@pytest.mark.parametrize("typed", ["", "..", "key ..", "(a+)+", "a//b"])
def test_what_is_no_phrase_is_refused(typed: str) -> None:
    assert not is_phrase(typed)
