"""How the chain fails, with the exit codes of the command line."""

from fruits.errors import FruitsError


class PipelineError(FruitsError):
    """A stage of the chain failed; what was committed stays."""


class UsageError(PipelineError):
    """The call cannot work; nothing was started."""

    exit_code = 2


class TooManyErrors(PipelineError):  # noqa: N818 - reads as what happened
    """More images were refused than ``max_errors`` allows; what was committed stays."""

    exit_code = 3
