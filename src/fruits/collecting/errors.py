"""What can go wrong while photos are collected."""

from fruits.errors import FruitsError


class CollectError(FruitsError):
    """The collection cannot go on."""


class WrongCallError(CollectError):
    """The call cannot work as it is given."""

    exit_code = 2


class SourceError(CollectError):
    """A source cannot be asked any more in this run; the others go on."""


class TransferError(CollectError):
    """One address did not give what it should.

    ``reason`` is stable and short, for tables: ``gone``, ``forbidden``, ``redirected`` (in a circle, or out of the
    web), ``too-many-bytes``, ``not-http``, ``unreachable`` or ``busy``. The last two may pass; ``busy`` says that the
    server asked to be left alone.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
