"""What can go wrong with the catalogue."""

from fruits.errors import FruitsError


class CatalogueError(FruitsError):
    """The catalogue's files are not as they should be."""


class UnknownSpeciesError(CatalogueError, KeyError):
    """A word names no species; ``suggestions`` holds close names, best first."""

    exit_code = 2

    def __init__(self, word: str, suggestions: tuple[str, ...] = ()) -> None:
        """Keep ``word`` as it was given and the close names."""
        self.word = word
        self.suggestions = suggestions
        hint = f" Did you mean {', '.join(suggestions)}?" if suggestions else ""
        super().__init__(f"The catalogue does not know {word!r}.{hint}")

    def __str__(self) -> str:
        """The sentence itself: ``KeyError`` would quote it."""
        return str(self.args[0])
