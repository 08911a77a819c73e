"""Write the catalogue's generated files from the published tables, and its page from the catalogue.

    python scripts/build_catalogue.py tables DATA   # DATA/nutrition/*  -> nutrition.json, foodkeeper.json
    python scripts/build_catalogue.py page          # the catalogue     -> docs/catalogue.md

DATA may be left out when FRUITS_DATA is set; its labels.csv is checked against the catalogue. Figures pass from
table to file by this script alone. What a person decides (which row is which species) is in ``foods.json``;
running twice writes the same bytes.
"""

import argparse
import csv
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from catalogue_page import page
from catalogue_tables import (
    MACRONUTRIENTS,
    NUTRIENTS,
    Reading,
    Row,
    TableError,
    read_ciqual,
    read_foodkeeper,
    read_usda,
)

ROOT = Path(__file__).resolve().parents[1]
FACTS = ROOT / "src" / "fruits" / "catalogue" / "data"
PAGE = ROOT / "docs" / "catalogue.md"

# FoodKeeper's remarks that a reader needs, in both languages; None is said already by the figures.
TIPS: dict[str, tuple[str, str] | None] = {
    "Freezing guidance applies to cooked product.": ("cooked", "cuit"),
    "Ripe is when this item is tender, fully developed and ready to eat.": None,
    "Ripe is when this item is tender, fully developed and ready to eat. Note, these spoil quickly.": (
        "spoils quickly",
        "s'abîme vite",
    ),
    "Until Ripe, then 7 days. Ripe is when this item is tender, fully developed and ready to eat.": (
        "then 7 days",
        "puis 7 jours",
    ),
    "Until Ripe, then 1-2 days. Ripe is when this item is tender, fully developed and ready to eat.": (
        "then 1 to 2 days",
        "puis 1 à 2 jours",
    ),
    "Until Ripe, then 7 days. Ripe is when this item is tender, fully developed and ready to eat. "
    "Refrigeration may affect flavor; USDA recommends pantry storage.": (
        "then 7 days; cold harms the flavour",
        "puis 7 jours ; le froid nuit au goût",
    ),
    "Or until ripe. Ripe is when this item is tender, fully developed and ready to eat.": (
        "or until ripe",
        "ou jusqu'à maturité",
    ),
    "Or until ripe.": ("or until ripe", "ou jusqu'à maturité"),
    "Timeline for refrigerator applies to ripe fruit.": ("once ripe", "une fois mûr"),
    "Timeline for refrigerator applies to ripe fruit; skin will blacken.": (
        "once ripe; the skin will blacken",
        "une fois mûr ; la peau noircit",
    ),
    "Freezing guidance applies to whole grapes.": ("whole", "entier"),
    "Freezing guidance applies to balled melon.": ("in balls", "en billes"),
    "Freezing guidance applies to product when sliced, with lemon juice and sugar.": (
        "sliced, with lemon juice and sugar",
        "en tranches, avec jus de citron et sucre",
    ),
    "Store unbroken bulbs in pantry.": ("whole heads", "têtes entières"),
    "Store individual cloves in refrigerator.": ("loose cloves", "gousses séparées"),
    "This is the recommended storage method for whole potatoes.": ("recommended", "conseillé"),
    "The United States Potato Board notes refrigeration can cause potatoes to darken during cooking and to "
    "develop an unpleasantly sweet taste.": (
        "cold darkens and sweetens them",
        "le froid les brunit et les rend sucrées",
    ),
    "Freezer timeline applies to cooked and mashed potatoes.": ("cooked and mashed", "cuit, en purée"),
    "Fresh whole peppers will last longer if kept dry.": ("keep dry", "garder au sec"),
    "Peppers lose their crispness when frozen and thawed.": ("loses its crunch", "perd son croquant"),
}
DAYS = {"Days": 1, "Weeks": 7, "Months": 30, "Years": 365}
UNITS = {
    "Days": (("day", "days"), ("jour", "jours")),
    "Weeks": (("week", "weeks"), ("semaine", "semaines")),
    "Months": (("month", "months"), ("mois", "mois")),
    "Years": (("year", "years"), ("an", "ans")),
}
PLACES = {
    "room": ("DOP_Pantry", "Pantry"),
    "refrigerator": ("DOP_Refrigerate", "Refrigerate"),
    "freezer": ("DOP_Freeze", "Freeze"),
}


def nutrition_of(food: Mapping[str, Any], ciqual: Mapping[str, Row], usda: Mapping[str, Row]) -> dict[str, Any]:
    """The amounts of one species, each with its table and food id.

    Energy, water and macronutrients come from one table, so that they belong to one sample: the first of CIQUAL and
    USDA that has them all, else the one that has more. What else that table lacks is taken from the other. Vitamin A is
    USDA's where it has it: CIQUAL gives beta-carotene alone, not the other provitamins.
    """
    rows = [
        (source, food[key], _row(table, food[key], key))
        for source, key, table in (("ciqual", "ciqual", ciqual), ("usda-sr28", "usda", usda))
        if key in food
    ]
    rows.sort(key=lambda entry: -_completeness(entry[2]))
    amounts = {}
    for nutrient in NUTRIENTS:
        whole_block = nutrient in (*MACRONUTRIENTS, "energy_kj", "ash", "organic_acids")
        order = sorted(rows, key=lambda entry: entry[0] != "usda-sr28") if nutrient == "vitamin_a" else rows
        for source, food_id, row in order[:1] if whole_block else order:
            reading = row.readings[nutrient]
            if reading is not None:
                amounts[nutrient] = _amount(reading, source, food_id)
                break
    result: dict[str, Any] = {"foods": {source: [food_id, row.description] for source, food_id, row in rows}}
    result.update(amounts)
    if "piece" in food:
        result["piece"] = _piece(food["piece"], usda)
    other = {source: row for source, _, row in rows}
    if len(other) == 2:
        result["doubts"] = _doubts(other["ciqual"], other["usda-sr28"])
    return result


def keeping_of(product: Mapping[str, Any]) -> dict[str, Any]:
    """How long FoodKeeper keeps a product at room temperature, in the refrigerator and in the freezer."""
    result: dict[str, Any] = {"id": int(product["ID"]), "product": _product_name(product)}
    for place, prefixes in PLACES.items():
        for prefix in prefixes:
            life = _life(product, prefix)
            if life is not None:
                result[place] = life
                break
    return result


def check_labels(path: Path, species: Mapping[str, Any]) -> None:
    """Raise ``TableError`` when a species or a variety of ``labels.csv`` is not in the catalogue."""
    with path.open(encoding="utf-8", newline="") as file:
        labels = {(row["species"], row["variety"]) for row in csv.DictReader(file) if row["species"]}
    known = {(name, "") for name in species}
    known |= {(name, variety["id"]) for name, facts in species.items() for variety in facts["varieties"]}
    missing = sorted(labels - known)
    if missing:
        raise TableError(f"{path} names {missing}, unknown to species.json: add them there")


def build(data: Path) -> dict[str, str]:
    """The generated files as ``{name: text}``, from the tables under ``data``."""
    foods = _load("foods.json")
    check_labels(data / "labels.csv", _load("species.json"))
    ciqual = read_ciqual(data / "nutrition" / "ciqual.csv")
    usda = read_usda(data / "nutrition" / "usda-sr28-abbrev.csv")
    foodkeeper = read_foodkeeper(data / "nutrition" / "usda-foodkeeper.json")
    nutrition = {
        name: nutrition_of(food, ciqual, usda) for name, food in foods.items() if "ciqual" in food or "usda" in food
    }
    keeping = {name: keeping_of(foodkeeper[food["foodkeeper"]]) for name, food in foods.items() if "foodkeeper" in food}
    return {"nutrition.json": _text(nutrition), "foodkeeper.json": _text(keeping)}


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; 0 when written, 1 with a sentence when a table is not as expected."""
    parser = argparse.ArgumentParser(description="Build the catalogue's generated files and its page.")
    commands = parser.add_subparsers(dest="command", required=True)
    tables = commands.add_parser("tables", help="read the published tables, write nutrition.json and foodkeeper.json")
    tables.add_argument("data", nargs="?", type=Path, help="the folder with nutrition/ and labels.csv (FRUITS_DATA)")
    commands.add_parser("page", help="write docs/catalogue.md from the catalogue")
    options = parser.parse_args(arguments)
    if options.command == "page":
        PAGE.write_text(page(), encoding="utf-8")
        return 0
    data = options.data or os.environ.get("FRUITS_DATA")
    if not data:
        parser.error("give the folder of the tables, or set FRUITS_DATA")
    try:
        files = build(Path(data))
    except TableError as error:
        print(error, file=sys.stderr)
        return 1
    for name, text in files.items():
        (FACTS / name).write_text(text, encoding="utf-8")
    return 0


def _row(table: Mapping[str, Row], food_id: str, key: str) -> Row:
    if food_id not in table:
        raise TableError(f"no food {food_id} in the {key} table: correct foods.json")
    return table[food_id]


def _completeness(row: Row) -> int:
    """How many macronutrients the row has; one without energy comes after any with it."""
    has = [row.readings[name] is not None for name in MACRONUTRIENTS]
    return sum(has) + len(has) * (row.readings["energy_kcal"] is not None)


def _amount(reading: Reading, source: str, food_id: str) -> list[Any]:
    cells: list[Any] = [reading.value, source, food_id]
    return cells if reading.bound == "exact" else [*cells, reading.bound]


def _piece(piece: Mapping[str, Any], usda: Mapping[str, Row]) -> dict[str, Any]:
    portions = _row(usda, piece["usda"], "usda").portions
    if piece["column"] not in portions:
        raise TableError(f"food {piece['usda']} has no portion {piece['column']}: correct foods.json")
    grams, words = portions[piece["column"]]
    return {"grams": grams, "source": "usda-sr28", "food": piece["usda"], "words": words}


def _doubts(ciqual: Row, usda: Row) -> list[list[Any]]:
    """Where the two tables differ by more than a factor of two and by more than a trifle."""
    trifles = {"vitamin_c": 5, "potassium": 50, "magnesium": 5, "folate": 10, "vitamin_a": 20, "vitamin_k": 5}
    trifles |= {"fibre": 1, "fat": 1, "sugars": 2, "protein": 1}
    found = []
    for nutrient, trifle in trifles.items():
        a, b = ciqual.readings[nutrient], usda.readings[nutrient]
        if a is None or b is None or "below" in (a.bound, b.bound):
            continue
        low, high = sorted((a.value, b.value))
        if high - low > trifle and high > 2 * low:
            found.append([nutrient, a.value, b.value])
    return found


def _product_name(product: Mapping[str, Any]) -> str:
    subtitle = product.get("Name_subtitle")
    return f"{product['Name']}".strip() + (f" ({subtitle})" if subtitle else "")


def _life(product: Mapping[str, Any], prefix: str) -> dict[str, Any] | None:
    metric = product.get(f"{prefix}_Metric")
    if metric is None:
        return None
    life: dict[str, Any] = {}
    if metric == "Not Recommended":
        life["advised"] = False
    elif metric == "When Ripe":
        life["until_ripe"] = True
    else:
        low, high = int(product[f"{prefix}_Min"]), int(product[f"{prefix}_Max"])
        life["days"] = [low * DAYS[metric], high * DAYS[metric]]
        life["words"] = _words(low, high, metric)
    tip = str(product.get(f"{prefix}_tips", product.get(f"{prefix}_Tips", ""))).strip()
    if tip:
        if tip not in TIPS:
            raise TableError(f"FoodKeeper says {tip!r}: add it to TIPS in both languages")
        if TIPS[tip] is not None:
            life["tip"] = dict(zip(("en", "fr"), TIPS[tip], strict=True))  # type: ignore[arg-type]
    return life


def _words(low: int, high: int, metric: str) -> dict[str, str]:
    english, french = UNITS[metric]
    span = f"{low}" if low == high else f"{low}-{high}"
    return {"en": f"{span} {english[high > 1]}", "fr": f"{span} {french[high > 1]}"}


def _load(name: str) -> dict[str, Any]:
    return json.loads((FACTS / name).read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def _text(facts: Mapping[str, Mapping[str, Any]]) -> str:
    """JSON with one fact a line, so that a difference between two builds can be read."""
    blocks = []
    for name, entry in facts.items():
        lines = [f"  {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in entry.items()]
        blocks.append(f" {json.dumps(name)}: {{\n" + ",\n".join(lines) + "\n }")
    return "{\n" + ",\n".join(blocks) + "\n}\n"


if __name__ == "__main__":
    sys.exit(main())
