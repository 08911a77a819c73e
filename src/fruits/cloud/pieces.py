"""A piece of the setup: what is there, what is wanted, and the calls that turn one into the other."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from fruits.cloud.aws import Aws, aws_errors, code_of
from fruits.cloud.errors import CloudError

_ABSENT = {
    "404",
    "EntityNotFoundException",
    "InvalidGroup.NotFound",
    "InvalidRequestException",
    "InvalidSubnetID.NotFound",
    "InvalidVpcID.NotFound",
    "NoSuchBucket",
    "NoSuchBucketPolicy",
    "NoSuchEntity",
    "NoSuchKey",
    "NoSuchLifecycleConfiguration",
    "NoSuchPublicAccessBlockConfiguration",
    "NoSuchTagSet",
    "NotFoundException",
    "OwnershipControlsNotFoundError",
    "ServerSideEncryptionConfigurationNotFoundError",
}


@dataclass(frozen=True)
class Call:
    """One request that changes something."""

    service: str
    operation: str
    parameters: dict[str, Any]

    def line(self) -> str:
        """Return the call as one line; binary content by its length."""
        shown = {k: f"<{len(v)} bytes>" if isinstance(v, bytes) else v for k, v in self.parameters.items()}
        return f"{self.service}.{self.operation} {json.dumps(shown, sort_keys=True)}"


@dataclass
class Session:
    """Reads always, changes only when not ``dry``; remembers every change and tells it.

    Attributes:
        aws: clients.
        dry: whether changes are only told.
        tell: hears each change as a line.
        calls: the changes so far.
    """

    aws: Aws
    dry: bool = False
    tell: Callable[[str], None] = lambda line: None
    calls: list[Call] = field(default_factory=list)

    def read(self, service: str, operation: str, **parameters: Any) -> Any:  # noqa: ANN401 - boto3's own
        """Return AWS's answer, or None where the thing does not exist."""
        from botocore.exceptions import ClientError  # noqa: PLC0415

        try:
            with aws_errors(f"{service}.{operation}"):
                return getattr(self.aws.client(service), operation)(**parameters)
        except CloudError as error:
            if isinstance(error.__cause__, ClientError) and code_of(error.__cause__) in _ABSENT:
                return None
            raise

    def change(self, service: str, operation: str, **parameters: Any) -> Any:  # noqa: ANN401 - boto3's own
        """Send a request that changes something; an empty answer when ``dry``."""
        call = Call(service, operation, parameters)
        self.calls.append(call)
        self.tell(call.line())
        if self.dry:
            return {}
        with aws_errors(f"{service}.{operation}"):
            return getattr(self.aws.client(service), operation)(**parameters)


@dataclass(frozen=True)
class Piece:
    """One property of one resource.

    Attributes:
        name: what it is, for people.
        wanted: the value it shall have.
        read: returns the value it has, or None.
        write: makes it so; gets the value it has.
    """

    name: str
    wanted: Any
    read: Callable[[], Any]
    write: Callable[[Any], None]

    def is_fine(self) -> bool:
        """Whether it is as wanted."""
        return bool(self.read() == self.wanted)

    def apply(self) -> bool:
        """Make it as wanted; returns whether anything had to be done."""
        present = self.read()
        if present == self.wanted:
            return False
        self.write(present)
        return True


def same_document(policy: Any) -> Any:  # noqa: ANN401 - any JSON
    """Return a policy in one spelling: AWS answers text or values, and lists in any order."""
    if isinstance(policy, str) and policy.startswith("{"):
        policy = json.loads(policy)
    if isinstance(policy, dict):
        return {key: same_document(value) for key, value in policy.items()}
    if isinstance(policy, list):
        plain = [same_document(value) for value in policy]
        ordered = sorted(plain, key=lambda value: json.dumps(value, sort_keys=True))
        return ordered[0] if len(ordered) == 1 and isinstance(ordered[0], str) else ordered
    return policy
