"""What boto3 sees of an archive. Arguments: endpoint, bucket; on standard input a JSON list of what should be there."""
import base64
import datetime
import hashlib
import io
import json
import sys

import boto3
from botocore.client import Config
from botocore.exceptions import ClientError

try:
    import pyarrow.parquet as parquet
except ImportError:
    parquet = None

endpoint, bucket = sys.argv[1:3]
s3 = boto3.client("s3", endpoint_url=endpoint, config=Config(signature_version="s3v4", s3={"addressing_style": "path"}))


def equal(found, wanted, what):
    assert found == wanted, f"{what}: {found!r}, wanted {wanted!r}"


def refused(call, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        equal(error.response["Error"]["Code"], "AccessDenied", call.__name__)
        return
    raise AssertionError(f"{call.__name__} should have been refused")


for wanted in json.load(sys.stdin):
    key = wanted["key"]
    at = {"Bucket": bucket, "Key": key, "VersionId": wanted["versionId"]}
    until = datetime.datetime.fromisoformat(wanted["retainUntil"].replace("Z", "+00:00"))

    head = s3.head_object(ChecksumMode="ENABLED", **at)
    equal(head["ContentLength"], wanted["sizeBytes"], f"{key}, size")
    equal(head["ObjectLockMode"], wanted["lockMode"], f"{key}, lock")
    equal(head["ObjectLockRetainUntilDate"], until, f"{key}, retain until")
    equal(head.get("ObjectLockLegalHoldStatus", "OFF") == "ON", wanted["legalHold"], f"{key}, legal hold")
    equal(head["ServerSideEncryption"], "AES256", f"{key}, encryption")
    equal(head["Metadata"]["sha256"], wanted["sha256"], f"{key}, metadata")
    equal(base64.b64decode(head["ChecksumSHA256"]).hex(), wanted["sha256"], f"{key}, checksum")
    for name, value in wanted["metadata"].items():
        equal(head["Metadata"][name], value, f"{key}, metadata {name}")

    retention = s3.get_object_retention(**at)["Retention"]
    equal(retention, {"Mode": wanted["lockMode"], "RetainUntilDate": until}, f"{key}, retention")
    refused(s3.delete_object, BypassGovernanceRetention=True, **at)
    shorter = {"Mode": wanted["lockMode"], "RetainUntilDate": until - datetime.timedelta(days=1)}
    refused(s3.put_object_retention, Retention=shorter, BypassGovernanceRetention=True, **at)

    body = s3.get_object(**at)["Body"].read()
    equal(hashlib.sha256(body).hexdigest(), wanted["sha256"], f"{key}, bytes")
    if wanted["rows"] is None:
        assert json.loads(body)["files"], f"{key} names no part"
    elif parquet is None:
        equal((body[:4], body[-4:]), (b"PAR1", b"PAR1"), f"{key}, magic")
    else:
        equal(parquet.read_table(io.BytesIO(body)).num_rows, wanted["rows"], f"{key}, rows")

print(f"as archived, {'read by pyarrow' if parquet else 'its bytes'}")
