"""The root of every error that a user can meet."""


class FruitsError(Exception):
    """What went wrong, where, and what to do about it, in one sentence.

    Each room derives its own base from this one; the command line prints the message and leaves with ``exit_code``.
    """

    exit_code = 1
