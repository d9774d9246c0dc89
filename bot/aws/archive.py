"""The archive in S3: what was approved, under a name that says what it is. Putting it there twice changes nothing."""

from __future__ import annotations

from collections.abc import Callable

from bot.aws.session import Client, calling


def archiver(client: Client, bucket: str, prefix: str) -> Callable[[str, bytes, str], None]:
    """A function that keeps (name, content, media type). It raises Unavailable and Denied."""

    def keep(name: str, content: bytes, media_type: str) -> None:
        key = f"{prefix.strip('/')}/{name}" if prefix.strip("/") else name
        with calling("S3"):
            client("s3").put_object(
                Bucket=bucket, Key=key, Body=content, ContentType=media_type, ServerSideEncryption="AES256"
            )

    return keep
