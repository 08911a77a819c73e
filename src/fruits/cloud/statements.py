"""The parts that policy documents are made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Document = dict[str, Any]


def document(*statements: Document) -> Document:
    """Return a policy."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(
    sid: str, actions: Sequence[str], resources: Sequence[str] | str, condition: Document | None = None
) -> Document:
    """Return a statement that allows."""
    statement: Document = {
        "Sid": sid,
        "Effect": "Allow",
        "Action": sorted(actions),
        "Resource": resources if isinstance(resources, str) else sorted(resources),
    }
    return statement | ({"Condition": condition} if condition else {})


def objects(s3: str, bucket: str, prefix: str) -> str:
    """Return the ARN of every object below a prefix."""
    return f"{s3}{bucket}/{prefix}/*" if prefix else f"{s3}{bucket}/*"
