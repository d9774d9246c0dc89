"""What SNS sends over HTTPS: whether it is SNS that sent it, by the signature and a certificate from a host of AWS.

Versions 1 (SHA1) and 2 (SHA256). No library of PyPI that does this is kept up; the cryptography is `cryptography`'s.
"""

from __future__ import annotations

import base64
import binascii
import re
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import SplitResult, urlsplit

from bot.errors import TocsinError

LONGEST_WAY = timedelta(hours=1)  # AWS advises to refuse what is older
NOTIFICATION, CONFIRM, UNSUBSCRIBED = "Notification", "SubscriptionConfirmation", "UnsubscribeConfirmation"
_SIGNED = {
    NOTIFICATION: ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    CONFIRM: ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    UNSUBSCRIBED: ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
_OPTIONAL = ("Subject",)
TOPIC = re.compile(r"arn:aws[\w-]*:sns:([a-z0-9-]+):\d{12}:[\w-]{1,256}(?:\.fifo)?")
_CERTIFICATE = re.compile(r"/SimpleNotificationService-[0-9A-Za-z]{1,128}\.pem")
_LARGEST = 20_000  # bytes of a certificate
_MOST = 20  # certificates that are kept: one or two a region
_LEAST_BITS = 2048


class Forged(TocsinError):
    """It is not from SNS, or not of now; the sentence says what speaks against it."""


class NotFetched(TocsinError):
    """The certificate could not be had now; the same message may be checked later."""


class Certificates:
    """The certificates by which SNS signs, each fetched once. Threads may share it."""

    def __init__(self, fetch: Callable[[str], bytes]) -> None:
        """`fetch` gives what stands at an https address. It raises NotFetched."""
        self._fetch = fetch
        self._kept: dict[str, Any] = {}
        self._lock = threading.Lock()

    def at(self, address: str) -> Any:
        """The certificate at this address, which was checked to be SNS's. Raises NotFetched and Forged."""
        with self._lock:
            known = self._kept.get(address)
        if known is not None:
            return known
        from cryptography import x509  # comes with the extra

        try:
            certificate = x509.load_pem_x509_certificate(self._fetch(address))
        except ValueError:
            raise Forged("what stands at SigningCertURL is no certificate") from None
        with self._lock:
            while len(self._kept) >= _MOST:
                self._kept.pop(next(iter(self._kept)))
            self._kept[address] = certificate
        return certificate


def fetch_certificate(address: str) -> bytes:
    """A certificate by https, whose own certificate is checked. Raises NotFetched."""
    return get(address)[:_LARGEST]


def get(address: str) -> bytes:
    """What AWS answers at an address of SNS, within seconds and without following elsewhere. Raises NotFetched."""
    import httpx2  # only whoever takes alarms of SNS in pays for loading it

    try:
        answer = httpx2.get(address, timeout=5.0, follow_redirects=False)
    except httpx2.HTTPError as error:
        raise NotFetched(f"SNS did not answer ({type(error).__name__})") from error
    if answer.status_code != 200:
        raise NotFetched(f"SNS answered {answer.status_code}")
    return answer.content


def check(message: Mapping[str, Any], certificates: Certificates, now: datetime) -> None:
    """Return where SNS sent this within the last hour. Raises Forged and NotFetched."""
    signed = string_to_sign(message)
    _check_time(message["Timestamp"], now)
    address = str(message.get("SigningCertURL") or message.get("SigningCertUrl") or "")
    place = _of_sns(address, message["TopicArn"])
    if place is None or not _CERTIFICATE.fullmatch(place.path) or place.query:
        raise Forged("SigningCertURL is no address of SNS in the region of the topic")
    _check_signature(message, signed, certificates.at(address), now)


def string_to_sign(message: Mapping[str, Any]) -> bytes:
    """What SNS signs: names and values line by line. Raises Forged where something of it is missing."""
    names = _SIGNED.get(str(message.get("Type")))
    if names is None:
        raise Forged("it has no Type of SNS; raw message delivery carries no signature and has to be off")
    lines = []
    for name in names:
        value = message.get(name)
        if value is None and name in _OPTIONAL:
            continue
        if not isinstance(value, str):
            raise Forged(f"{name} is missing")
        lines += [name, value]
    if not TOPIC.fullmatch(message["TopicArn"]):
        raise Forged("TopicArn is none")
    return ("\n".join(lines) + "\n").encode("utf-8", "surrogatepass")


def confirmation_address(message: Mapping[str, Any]) -> str:
    """Where a subscription is confirmed. Raises Forged where that is not SNS of the topic's region."""
    address = str(message.get("SubscribeURL", ""))
    if _of_sns(address, message["TopicArn"]) is None:
        raise Forged("SubscribeURL is no address of SNS in the region of the topic")
    return address


def _of_sns(address: str, topic: str) -> SplitResult | None:
    """The parts of an https address of SNS in the region of the topic; None for any other."""
    try:
        place = urlsplit(address)
        port = place.port
    except ValueError:
        return None
    region = topic.split(":")[3]
    host = f"sns.{region}.amazonaws.com{'.cn' if region.startswith('cn-') else ''}"
    ours = place.scheme == "https" and place.hostname == host and port in (None, 443)
    return place if ours and place.username is None and place.password is None else None


def _check_time(written: str, now: datetime) -> None:
    try:
        at = datetime.fromisoformat(written).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Forged("Timestamp is no instant") from None
    if abs(now - at) > LONGEST_WAY:
        raise Forged("Timestamp is more than an hour away")


def _check_signature(message: Mapping[str, Any], signed: bytes, certificate: Any, now: datetime) -> None:
    from cryptography.exceptions import InvalidSignature  # comes with the extra
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    # Version 1 is signed with SHA1, which SNS still does unless the topic says otherwise.
    digests = {"1": hashes.SHA1, "2": hashes.SHA256}
    digest = digests.get(str(message.get("SignatureVersion")))
    if digest is None:
        raise Forged("SignatureVersion is neither 1 nor 2")
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        raise Forged("the certificate is not valid now")
    key = certificate.public_key()
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size < _LEAST_BITS:
        raise Forged(f"the certificate has no RSA key of {_LEAST_BITS} bits")
    try:
        signature = base64.b64decode(str(message.get("Signature", "")), validate=True)
        key.verify(signature, signed, padding.PKCS1v15(), digest())
    except (InvalidSignature, binascii.Error, ValueError):
        raise Forged("the signature does not fit") from None
