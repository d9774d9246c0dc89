"""The archive of approved reviews, against moto's S3."""

from __future__ import annotations

import boto3
import pytest
from moto import mock_aws

from bot.aws.archive import archiver, publisher
from bot.aws.operations import ARCHIVE, STATUS_PAGE
from bot.aws.session import Denied, clients


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")


def test_what_is_kept_lies_encrypted_under_its_name_and_twice_changes_nothing() -> None:
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket="archive")
        keep = archiver(clients("us-east-1", ARCHIVE), "archive", "/incidents/")
        for _ in range(2):
            keep("2026/INC-2026-0001/review.md", "# Überblick".encode(), "text/markdown")
        (found,) = s3.list_objects_v2(Bucket="archive")["Contents"]
        assert found["Key"] == "incidents/2026/INC-2026-0001/review.md"
        kept = s3.get_object(Bucket="archive", Key=found["Key"])
        assert kept["Body"].read().decode() == "# Überblick"
        assert (kept["ContentType"], kept["ServerSideEncryption"]) == ("text/markdown", "AES256")


def test_a_bucket_that_is_not_there_is_refused_with_a_sentence() -> None:
    with mock_aws(), pytest.raises(Denied, match="S3: NoSuchBucket"):
        archiver(clients("us-east-1", ARCHIVE), "nowhere", "")("a", b"b", "text/plain")


def test_what_is_of_a_security_incident_is_encrypted_by_the_buckets_own_key() -> None:
    with mock_aws():
        key = boto3.client("kms", region_name="us-east-1").create_key()["KeyMetadata"]["Arn"]
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket="archive")
        by = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}
        s3.put_bucket_encryption(Bucket="archive", ServerSideEncryptionConfiguration={"Rules": [by]})
        keep = archiver(clients("us-east-1", ARCHIVE), "archive", "incidents")
        keep("security/2026/SEC-2026-0001/review.md", b"x", "text/markdown")
        kept = s3.get_object(Bucket="archive", Key="incidents/security/2026/SEC-2026-0001/review.md")
        assert (kept["ServerSideEncryption"], kept["SSEKMSKeyId"]) == ("aws:kms", key)


def test_a_file_of_the_status_page_is_put_with_its_type_and_may_be_kept_for_half_a_minute() -> None:
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket="site")
        publish = publisher(clients("us-east-1", STATUS_PAGE), "site", "/status/")
        for content in (b"before", b"now"):
            publish("index.html", content, "text/html; charset=utf-8")
        kept = s3.get_object(Bucket="site", Key="status/index.html")
        assert (kept["Body"].read(), kept["ContentType"]) == (b"now", "text/html; charset=utf-8")
        assert kept["CacheControl"] == "public, max-age=30"
        with pytest.raises(Denied, match="S3: NoSuchBucket"):
            publisher(clients("us-east-1", STATUS_PAGE), "nowhere", "")("index.html", b"", "text/html")
