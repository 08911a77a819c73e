"""The door to AWS: clients with patience, and its errors as sentences."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fruits.cloud.errors import CloudError, CredentialsError, ThrottledError, UsageError
from fruits.storage import StorageError

ATTEMPTS = 7  # botocore's standard mode waits a random time up to 1, 2, 4 ... 20 s between them
_EXPIRED = {
    "ExpiredToken",
    "ExpiredTokenException",
    "RequestExpired",
    "InvalidClientTokenId",
    "InvalidAccessKeyId",
    "UnrecognizedClientException",
    "AuthFailure",
    "SignatureDoesNotMatch",
}
_DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403"}
_THROTTLED = {"ThrottlingException", "Throttling", "TooManyRequestsException", "RequestLimitExceeded", "SlowDown"}


@dataclass(frozen=True)
class Identity:
    """Who calls: account number, ARN, and the partition (``aws``)."""

    account: str
    arn: str
    partition: str

    @property
    def name(self) -> str:
        """Last part of the ARN: a user's or a session's name."""
        return self.arn.rpartition("/")[2]


class Aws:
    """Clients of one profile and region."""

    def __init__(self, region: str, profile: str | None = None) -> None:
        self.region = region
        self._profile = profile
        self._clients: dict[tuple[str, str, bool], Any] = {}

    def client(self, service: str, region: str | None = None, *, once: bool = False) -> Any:  # noqa: ANN401 - boto3's own
        """Return a client.

        Args:
            service: boto3's name of it.
            region: another than the session's.
            once: send each request a single time, for calls that must not be repeated blindly.
        """
        key = (service, region or self.region, once)
        if key not in self._clients:
            from botocore.config import Config  # noqa: PLC0415 - a fifth of a second

            retries: Any = {"mode": "standard", "total_max_attempts": 1 if once else ATTEMPTS}
            config = Config(retries=retries, connect_timeout=10, read_timeout=60, user_agent_extra="fruits-cloud")
            with aws_errors(f"setting up {service}"):
                self._clients[key] = self._session.client(service, region_name=key[1], config=config)
        return self._clients[key]

    @functools.cached_property
    def identity(self) -> Identity:
        """Who calls, asked of STS once."""
        with aws_errors("asking who you are"):
            answer = self.client("sts").get_caller_identity()
        return Identity(answer["Account"], answer["Arn"], answer["Arn"].split(":")[1])

    @functools.cached_property
    def _session(self) -> Any:  # noqa: ANN401 - boto3's own
        return session(self._profile)


@functools.cache
def session(profile: str | None) -> Any:  # noqa: ANN401 - boto3's own
    """Return boto3's session of a profile; made once, for it reads AWS's models anew each time.

    Raises:
        UsageError: boto3 is missing, or there is no such profile.
    """
    try:
        import boto3  # noqa: PLC0415 - a third of a second
    except ImportError as error:
        raise UsageError("fruits cloud needs boto3; install it with: pip install 'fruits[aws]'") from error
    from botocore.exceptions import ProfileNotFound  # noqa: PLC0415

    try:
        return boto3.session.Session(profile_name=profile)
    except ProfileNotFound as error:
        raise UsageError(f"there is no AWS profile {profile}; `aws configure list-profiles` names yours") from error


def code_of(error: BaseException | None) -> str:
    """Return AWS's code of an error, or the empty string."""
    response = getattr(error, "response", None) or {}
    return str(response.get("Error", {}).get("Code", ""))


def is_unanswered(error: CloudError) -> bool:
    """Whether nobody knows what became of a call: the connection broke, or AWS failed (5xx)."""
    from botocore.exceptions import ClientError, ConnectionError, HTTPClientError  # noqa: A004, PLC0415 - its own name; slow to load

    cause = error.__cause__
    if isinstance(error, CredentialsError | ThrottledError):
        return False
    if isinstance(cause, ClientError):
        return int(cause.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)) >= 500
    return isinstance(cause, ConnectionError | HTTPClientError)


@contextlib.contextmanager
def aws_errors(doing: str) -> Iterator[None]:
    """Turn what botocore raises into one sentence that begins with what was being done."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    try:
        yield
    except ClientError as error:
        raise _sentence(doing, error) from error
    except BotoCoreError as error:
        if _are_missing(error):
            raise CredentialsError(
                f"{doing}: no valid AWS credentials; run `aws configure` or `aws sso login`, or set AWS_PROFILE"
            ) from error
        raise CloudError(f"{doing}: {error}") from error


@contextlib.contextmanager
def storage_errors() -> Iterator[None]:
    """Turn a storage's error into :class:`CredentialsError` where credentials are the reason; others pass."""
    try:
        yield
    except StorageError as error:
        cause = error.__cause__
        if cause is not None and (code_of(cause) in _EXPIRED or _are_missing(cause)):
            with aws_errors(str(error).partition(": ")[0]):
                raise cause from None
        raise


def _are_missing(error: BaseException) -> bool:
    name = type(error).__name__
    return name in ("NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError") or "Token" in name


def _sentence(doing: str, error: Any) -> CloudError:  # noqa: ANN401 - botocore has no types
    code, message = code_of(error), error.response.get("Error", {}).get("Message", "")
    if code in _EXPIRED:
        return CredentialsError(f"{doing}: AWS refused the credentials ({code}); renew them, e.g. `aws sso login`")
    if code in _DENIED:
        return CloudError(
            f"{doing}: access denied for {error.operation_name}; `fruits cloud setup` prints the policies a user needs."
            f" AWS says: {message}"
        )
    if code in _THROTTLED:
        return ThrottledError(f"{doing}: AWS still asks for patience after {ATTEMPTS} tries ({code}); try again later")
    return CloudError(f"{doing}: {code}: {message}")
