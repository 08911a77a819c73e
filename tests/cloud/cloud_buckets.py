"""Buckets that were there before a site, and how to see that nothing was changed."""

from __future__ import annotations

import re

import boto3

CHANGING = re.compile(r":(Create|Put|Update|Delete|Add|Attach|Enable)|:(PUT|DELETE|POST) ")


def make_bucket(name: str, region: str) -> None:
    place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    boto3.client("s3", region_name=region).create_bucket(Bucket=name, **place)
