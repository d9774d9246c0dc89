"""Files in S3: the archive of what was approved, and the status page. Putting one there twice changes nothing."""

from __future__ import annotations

from collections.abc import Callable

from bot.aws.session import Client, calling

SECURITY = "security/"  # what the names of security incidents begin with


def archiver(client: Client, bucket: str, prefix: str) -> Callable[[str, bytes, str], None]:
    """A function that keeps (name, content, media type). It raises Unavailable and Denied.

    What begins with SECURITY is encrypted by the bucket's own default key; anything else by S3's.
    """

    def keep(name: str, content: bytes, media_type: str) -> None:
        key = f"{prefix.strip('/')}/{name}" if prefix.strip("/") else name
        with calling("S3"):
            # Asked for nothing, S3 takes the key of the bucket's default encryption, with that key's own policy.
            by = {} if name.startswith(SECURITY) else {"ServerSideEncryption": "AES256"}
            client("s3").put_object(Bucket=bucket, Key=key, Body=content, ContentType=media_type, **by)

    return keep


def publisher(client: Client, bucket: str, prefix: str) -> Callable[[str, bytes, str], None]:
    """A function that publishes (name, content, media type) below `prefix`. It raises Unavailable and Denied.

    Who may read it is the bucket's own policy: an ACL is never set, as buckets refuse them by default.
    """

    def publish(name: str, content: bytes, media_type: str) -> None:
        key = f"{prefix.strip('/')}/{name}" if prefix.strip("/") else name
        with calling("S3"):
            client("s3").put_object(
                Bucket=bucket, Key=key, Body=content, ContentType=media_type, CacheControl="public, max-age=30"
            )

    return publish
