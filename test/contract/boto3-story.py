"""What boto3 sees of the S3 + STS stand-in. Arguments: endpoint, ARN of a role that wants an external ID."""
import datetime
import sys
import urllib.request

import boto3
from botocore.client import Config
from botocore.exceptions import ClientError

endpoint, role_arn = sys.argv[1:3]
s3 = boto3.client("s3", endpoint_url=endpoint, config=Config(signature_version="s3v4", s3={"addressing_style": "path"}))
sts = boto3.client("sts", endpoint_url=endpoint)


def refused(code, call, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        assert error.response["Error"]["Code"] == code, error
        return
    raise AssertionError(f"should have been refused with {code}")


# Roles
assume = {"RoleArn": role_arn, "RoleSessionName": "boto3"}
refused("AccessDenied", sts.assume_role, **assume)
refused("AccessDenied", sts.assume_role, ExternalId="wrong", **assume)
session = sts.assume_role(ExternalId="the-external-id", **assume)["Credentials"]
as_role = boto3.client(
    "sts",
    endpoint_url=endpoint,
    aws_access_key_id=session["AccessKeyId"],
    aws_secret_access_key=session["SecretAccessKey"],
    aws_session_token=session["SessionToken"],
)
assert as_role.get_caller_identity()["Arn"].endswith("assumed-role/reader/boto3")

# Odd keys
s3.create_bucket(Bucket="boto-bucket")
keys = ["plain", "with space", "a+b", "100%", "ünïcode-日本", "a//b", "/leading", "2025-12-28T13:14:37.728Z-8c5a", "q?x=1&y", "~*'()"]
for key in keys:
    s3.put_object(Bucket="boto-bucket", Key=key, Body=key.encode())
for key in keys:
    assert s3.get_object(Bucket="boto-bucket", Key=key)["Body"].read() == key.encode(), key
listed = [entry["Key"] for entry in s3.list_objects_v2(Bucket="boto-bucket")["Contents"]]
assert listed == sorted(keys, key=str.encode), listed
assert [entry["Key"] for entry in s3.list_objects(Bucket="boto-bucket")["Contents"]] == listed

# Presigned
url = s3.generate_presigned_url("get_object", Params={"Bucket": "boto-bucket", "Key": "with space"})
assert urllib.request.urlopen(url).read() == b"with space"

# More than a page
for index in range(1005):
    s3.put_object(Bucket="boto-bucket", Key=f"many/{index:05}", Body=b"")
assert len(s3.list_objects_v2(Bucket="boto-bucket", Prefix="many/")["Contents"]) == 1000
pages = s3.get_paginator("list_objects_v2").paginate(Bucket="boto-bucket", Prefix="many/")
assert sum(len(page["Contents"]) for page in pages) == 1005
pages = s3.get_paginator("list_objects").paginate(Bucket="boto-bucket", Prefix="many/")
assert sum(len(page["Contents"]) for page in pages) == 1005

# Object Lock
s3.create_bucket(Bucket="boto-locked", ObjectLockEnabledForBucket=True)
until = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=1)
version = s3.put_object(
    Bucket="boto-locked", Key="k", Body=b"v", ObjectLockMode="COMPLIANCE", ObjectLockRetainUntilDate=until,
    ChecksumAlgorithm="SHA256",
)["VersionId"]
refused("AccessDenied", s3.delete_object, Bucket="boto-locked", Key="k", VersionId=version)
s3.delete_object(Bucket="boto-locked", Key="k")
assert s3.list_object_versions(Bucket="boto-locked")["DeleteMarkers"][0]["IsLatest"]

# Another region: boto3 follows by itself
far = boto3.client("s3", endpoint_url=endpoint, region_name="eu-west-1", config=Config(signature_version="s3v4", s3={"addressing_style": "path"}))
far.create_bucket(Bucket="boto-far", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
far.put_object(Bucket="boto-far", Key="k", Body=b"far")
assert s3.get_object(Bucket="boto-far", Key="k")["Body"].read() == b"far"
print("the story ends well")
