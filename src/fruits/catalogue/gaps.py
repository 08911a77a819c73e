"""What the catalogue does not know of a species, said plainly."""

from fruits.catalogue.models import Species, Text
from fruits.catalogue.nutrients import SHOWN

# Facts that a card can have, in the order of the card.
FACTS = {
    "nutrition": Text("nutrition", "nutrition"),
    "piece": Text("weight of a piece", "poids d'une pièce"),
    "shelf": Text("days at home", "durée à la maison"),
    "home": Text("where at home", "où le mettre"),
    "storage": Text("best temperature", "température idéale"),
    "ripening": Text("ripening after picking", "maturation après cueillette"),
    "ethylene": Text("ethylene", "éthylène"),
    "ripe_when": Text("signs of ripeness", "signes de maturité"),
    "season": Text("season", "saison"),
    "origin": Text("region of origin", "région d'origine"),
    "producers": Text("producing countries", "pays producteurs"),
}


def gaps(species: Species) -> tuple[str, ...]:
    """The facts that are absent: keys of ``FACTS``, and ``nutrition.<nutrient>`` for a single amount."""
    missing = [name for name in FACTS if name != "piece" and getattr(species, name) is None]
    nutrition = species.nutrition
    if nutrition is not None:
        missing += [f"nutrition.{name}" for name in SHOWN if name not in nutrition.amounts]
        if nutrition.piece is None:
            missing.append("piece")
    else:
        missing.append("piece")
    return tuple(missing)
