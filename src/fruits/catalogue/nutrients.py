"""The nutrients of the catalogue: their units, per 100 g, and their names in both languages."""

from fruits.catalogue.models import Text

UNITS = {
    "energy_kj": "kJ",
    "energy_kcal": "kcal",
    "water": "g",
    "carbohydrate": "g",
    "sugars": "g",
    "fibre": "g",
    "protein": "g",
    "fat": "g",
    "vitamin_c": "mg",
    "potassium": "mg",
    "magnesium": "mg",
    "folate": "µg",
    "vitamin_a": "µg",
    "vitamin_k": "µg",
    # Read to check that a food adds up to 100 g; not shown.
    "ash": "g",
    "organic_acids": "g",
}
SHOWN = tuple(name for name in UNITS if name not in ("ash", "organic_acids"))
NAMES = {
    "energy_kj": Text("energy", "énergie"),
    "energy_kcal": Text("energy", "énergie"),
    "water": Text("water", "eau"),
    "carbohydrate": Text("carbohydrate", "glucides"),
    "sugars": Text("of which sugars", "dont sucres"),
    "fibre": Text("fibre", "fibres"),
    "protein": Text("protein", "protéines"),
    "fat": Text("fat", "matières grasses"),
    "vitamin_c": Text("vitamin C", "vitamine C"),
    "potassium": Text("potassium", "potassium"),
    "magnesium": Text("magnesium", "magnésium"),
    "folate": Text("folate", "folates"),
    "vitamin_a": Text("vitamin A", "vitamine A"),
    "vitamin_k": Text("vitamin K", "vitamine K"),
}
