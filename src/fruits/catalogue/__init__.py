"""What Fruits! knows about each fruit: names in English and French, nutrition, keeping, season, origin.

``Catalogue.load()["pear"]`` is a ``Species``; ``.find("poire")`` understands either language, plurals, accents
and close spellings. Every figure carries its source; what no source gives is absent, and ``gaps`` says so.
"""

from fruits.catalogue.claims import NUTRIENT_REFERENCE_VALUES, Claim, claims
from fruits.catalogue.errors import CatalogueError, UnknownSpeciesError
from fruits.catalogue.gaps import gaps
from fruits.catalogue.loader import Catalogue
from fruits.catalogue.models import (
    LANGUAGES,
    Amount,
    Caution,
    Ethylene,
    Evidence,
    Language,
    Life,
    Nutrition,
    Piece,
    Producers,
    Ripening,
    Season,
    Source,
    SourcedText,
    Species,
    Storage,
    Text,
    Variety,
)

__all__ = [
    "LANGUAGES",
    "NUTRIENT_REFERENCE_VALUES",
    "Amount",
    "Catalogue",
    "CatalogueError",
    "Caution",
    "Claim",
    "Ethylene",
    "Evidence",
    "Language",
    "Life",
    "Nutrition",
    "Piece",
    "Producers",
    "Ripening",
    "Season",
    "Source",
    "SourcedText",
    "Species",
    "Storage",
    "Text",
    "UnknownSpeciesError",
    "Variety",
    "claims",
    "gaps",
]
