"""Read the two food tables and FoodKeeper as their publishers wrote them, into plain numbers.

Nothing here knows the catalogue. Each reader returns ``{food id: Row}``; a ``Row`` holds the description and, for every
nutrient of ``NUTRIENTS``, a ``Reading`` or ``None`` where the table has no value.
"""

import csv
import json
from dataclasses import dataclass
from pathlib import Path

KJ_PER_KCAL = 4.184
MACRONUTRIENTS = ("energy_kcal", "water", "carbohydrate", "sugars", "fibre", "protein", "fat")
NUTRIENTS = (
    "energy_kj",
    *MACRONUTRIENTS,
    "vitamin_c",
    "potassium",
    "magnesium",
    "folate",
    "vitamin_a",
    "vitamin_k",
    "ash",
    "organic_acids",
)

# Columns that are read as they stand, per 100 g of edible portion.
CIQUAL_COLUMNS = {
    "energy_kcal": "Energy. Regulation EU No 1169/2011 (kcal/100g)",
    "water": "Water (g/100g)",
    "carbohydrate": "Carbohydrate (g/100g)",
    "sugars": "Sugars (g/100g)",
    "fibre": "Fibres (g/100g)",
    "protein": "Protein (g/100g)",
    "fat": "Fat (g/100g)",
    "vitamin_c": "Vitamin C (mg/100g)",
    "potassium": "Potassium (mg/100g)",
    "magnesium": "Magnesium (mg/100g)",
    "folate": "Vitamin B9 or Folate (µg/100g)",
    "vitamin_k": "Vitamin K1 (µg/100g)",
    "ash": "Ash (g/100g)",
    "organic_acids": "Organic acids (g/100g)",
}
USDA_COLUMNS = {
    "energy_kcal": "Energ_Kcal",
    "water": "Water_(g)",
    "sugars": "Sugar_Tot_(g)",
    "fibre": "Fiber_TD_(g)",
    "protein": "Protein_(g)",
    "fat": "Lipid_Tot_(g)",
    "vitamin_c": "Vit_C_(mg)",
    "potassium": "Potassium_(mg)",
    "magnesium": "Magnesium_(mg)",
    "folate": "Folate_Tot_(µg)",
    "vitamin_k": "Vit_K_(µg)",
    "ash": "Ash_(g)",
}


class TableError(Exception):
    """A table is not there, or is not the table we know."""


@dataclass(frozen=True)
class Reading:
    """One value of a table; ``bound`` is ``below`` for ``< x`` (value x) and ``traces`` for traces (value 0)."""

    value: float
    bound: str = "exact"


@dataclass(frozen=True)
class Row:
    """One food: its description, its readings, and the weights of its usual portions in grams with their words."""

    description: str
    readings: dict[str, Reading | None]
    portions: dict[int, tuple[float, str]]


def read_number(text: str) -> Reading | None:
    """Read ``12,3``, ``12.3``, ``< 0,5``, ``traces``, ``-`` or nothing."""
    text = text.strip()
    if text in ("", "-"):
        return None
    if text == "traces":
        return Reading(0.0, "traces")
    if text.startswith("<"):
        return Reading(float(text[1:].strip().replace(",", ".")), "below")
    return Reading(float(text.replace(",", ".")))


def read_ciqual(path: Path) -> dict[str, Row]:
    """Read CIQUAL: CR line ends, latin-1, semicolons. Its carbohydrate is available carbohydrate already."""
    lines = _text(path, "latin-1").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    rows = csv.reader(lines, delimiter=";")
    header = next(rows)
    at = {name: header.index(name) for name in reversed(header)}
    _require(path, at, [*CIQUAL_COLUMNS.values(), "alim_code", "alim_nom_eng"])
    table = {}
    for cells in rows:
        if len(cells) != len(header):
            continue
        readings = {nutrient: read_number(cells[at[column]]) for nutrient, column in CIQUAL_COLUMNS.items()}
        retinol, carotene = (read_number(cells[at[f"{c} (µg/100g)"]]) for c in ("Retinol", "Beta-carotene"))
        readings["vitamin_a"] = retinol_equivalents(retinol, carotene)
        readings["energy_kj"] = kilojoules(readings["energy_kcal"])
        table[cells[at["alim_code"]]] = Row(cells[at["alim_nom_eng"]], readings, {})
    return table


def read_usda(path: Path) -> dict[str, Row]:
    """Read USDA SR28: decimal commas, food ids that may have lost their leading zero."""
    rows = csv.DictReader(_text(path, "utf-8-sig").splitlines())
    _require(path, rows.fieldnames or (), [*USDA_COLUMNS.values(), "NDB_No", "Shrt_Desc", "Carbohydrt_(g)"])
    table = {}
    for cells in rows:
        readings = {nutrient: read_number(cells[column]) for nutrient, column in USDA_COLUMNS.items()}
        readings["carbohydrate"] = available_carbohydrate(read_number(cells["Carbohydrt_(g)"]), readings["fibre"])
        readings["vitamin_a"] = retinol_equivalents(
            *(read_number(cells[f"{c}_(µg)"]) for c in ("Retinol", "Beta_Carot", "Alpha_Carot", "Beta_Crypt"))
        )
        readings["energy_kj"] = kilojoules(readings["energy_kcal"])
        readings["organic_acids"] = None  # counted in its carbohydrate, which is total by difference
        portions = {}
        for column in (1, 2):
            grams = read_number(cells[f"GmWt_{column}"])
            if grams is not None:
                portions[column] = (grams.value, cells[f"GmWt_Desc{column}"])
        table[cells["NDB_No"].zfill(5)] = Row(cells["Shrt_Desc"], readings, portions)
    return table


def read_foodkeeper(path: Path) -> dict[int, dict[str, object]]:
    """Read FoodKeeper's products as ``{id: {column: value}}``, empty cells left out."""
    sheets = json.loads(_text(path, "utf-8"))["sheets"]
    rows = next(sheet["data"] for sheet in sheets if sheet["name"] == "Product")
    products = {}
    for row in rows:
        cells = {name: value for cell in row for name, value in cell.items() if value is not None}
        products[int(cells["ID"])] = cells
    return products


def available_carbohydrate(total: Reading | None, fibre: Reading | None) -> Reading | None:
    """Carbohydrate without fibre, as Regulation (EU) 1169/2011 counts it; USDA's is total, by difference."""
    if total is None or fibre is None:
        return None
    return Reading(round(max(total.value - fibre.value, 0.0), 2))


def retinol_equivalents(
    retinol: Reading | None,
    beta_carotene: Reading | None,
    alpha_carotene: Reading | None = None,
    beta_cryptoxanthin: Reading | None = None,
) -> Reading | None:
    """Vitamin A in µg retinol equivalents: retinol + beta-carotene / 6 + other provitamins / 12 (FAO/WHO 1967).

    Bounds count as nothing beside an exact part, and as a bound when there is no exact part.
    """
    if retinol is None or beta_carotene is None:
        return None
    parts = [(retinol, 1), (beta_carotene, 6), (alpha_carotene, 12), (beta_cryptoxanthin, 12)]
    known = [(reading, divisor) for reading, divisor in parts if reading is not None]
    exact = sum(reading.value / divisor for reading, divisor in known if reading.bound == "exact")
    bounded = sum(reading.value / divisor for reading, divisor in known if reading.bound == "below")
    if exact == 0 and bounded > 0:
        return Reading(round(bounded, 1), "below")
    return Reading(round(exact, 1))


def kilojoules(kilocalories: Reading | None) -> Reading | None:
    """The same energy in kJ (1 kcal = 4.184 kJ)."""
    if kilocalories is None:
        return None
    return Reading(float(round(kilocalories.value * KJ_PER_KCAL)), kilocalories.bound)


def _text(path: Path, encoding: str) -> str:
    try:
        with path.open(encoding=encoding, newline="") as file:
            return file.read()
    except OSError as error:
        raise TableError(f"{path} cannot be read ({error.strerror}): give the folder that holds it") from error


def _require(path: Path, columns: object, wanted: list[str]) -> None:
    missing = [name for name in wanted if name not in columns]  # type: ignore[operator]
    if missing:
        raise TableError(f"{path} has no column {', '.join(missing)}: it is not the release this script knows")
