"""What can go wrong in the cloud, by what the caller can do about it."""

from __future__ import annotations

from fruits.errors import FruitsError


class CloudError(FruitsError):
    """Something in the cloud failed."""


class UsageError(CloudError):
    """The call cannot work as it is; nothing was changed."""

    exit_code = 2


class BudgetError(CloudError):
    """The run was stopped because its budget, or its time, ran out."""

    exit_code = 4


class CredentialsError(CloudError):
    """AWS does not know the caller, or not any more."""

    exit_code = 5


class ThrottledError(CloudError):
    """AWS asked for patience, and still did after several tries."""
