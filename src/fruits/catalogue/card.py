"""A species as a card: short labelled lines in one language, for a terminal, a page or the app."""

from collections.abc import Iterator
from dataclasses import dataclass

from fruits.catalogue.claims import claims
from fruits.catalogue.loader import Catalogue
from fruits.catalogue.models import Amount, Ethylene, Language, Life, Species, Storage, Text
from fruits.catalogue.nutrients import NAMES, SHOWN

MONTHS = (
    Text("January", "janvier"),
    Text("February", "février"),
    Text("March", "mars"),
    Text("April", "avril"),
    Text("May", "mai"),
    Text("June", "juin"),
    Text("July", "juillet"),
    Text("August", "août"),
    Text("September", "septembre"),
    Text("October", "octobre"),
    Text("November", "novembre"),
    Text("December", "décembre"),
)
KINDS = {
    "fruit": Text("fruit", "fruit"),
    "vegetable": Text("vegetable", "légume"),
    "root": Text("root", "racine"),
    "bulb": Text("bulb", "bulbe"),
    "nut": Text("nut", "fruit à coque"),
    "mushroom": Text("mushroom", "champignon"),
}
HOMES = {
    "refrigerator": Text("in the refrigerator", "au réfrigérateur"),
    "ripen first": Text("ripen on the counter, then refrigerate", "laisser mûrir à l'air, puis au réfrigérateur"),
    "room": Text("at room temperature", "à température ambiante"),
    "room, then refrigerator": Text(
        "at room temperature, in the refrigerator beyond a week",
        "à température ambiante, au réfrigérateur au-delà d'une semaine",
    ),
}
RIPENS = {
    "ripens": Text("it ripens after picking", "mûrit après la cueillette"),
    "softens": Text(
        "it softens and colours after picking, without sweetening",
        "s'attendrit et se colore après la cueillette, sans sucrer",
    ),
    "no": Text("it does not improve after picking", "ne s'améliore plus après la cueillette"),
}
CLIMACTERIC = {True: Text("climacteric", "climactérique"), False: Text("not climacteric", "non climactérique")}
LEVELS = {
    "very low": Text("very little", "très peu"),
    "low": Text("little", "peu"),
    "moderate": Text("moderately", "moyennement"),
    "high": Text("much", "beaucoup"),
    "very high": Text("very much", "énormément"),
    "yes": Text("yes", "oui"),
}
POLLENS = {
    "birch": Text("birch", "de bouleau"),
    "grass": Text("grass", "de graminées"),
    "ragweed": Text("ragweed", "d'ambroisie"),
}
CAUTIONS = {
    "oral": Text(
        "Oral allergy syndrome: raw, it may make the mouth itch in people allergic to {} pollen.",
        "Syndrome oral croisé : cru, cet aliment peut faire démanger la bouche en cas d'allergie au pollen {}.",
    ),
    "latex": Text(
        "Latex-fruit syndrome: it may make people allergic to latex react.",
        "Syndrome latex-fruits : cet aliment peut faire réagir en cas d'allergie au latex.",
    ),
    "nuts": Text(
        "Nut: one of the allergens that European law has labelled.",
        "Fruit à coque : l'un des allergènes dont le droit européen impose l'étiquetage.",
    ),
}
TABLES = {"ciqual": "CIQUAL", "usda-sr28": "USDA SR28"}
HEADINGS = {
    "names": Text("Names", "Noms"),
    "varieties": Text("Varieties", "Variétés"),
    "nutrition": Text("Per 100 g, raw", "Pour 100 g, cru"),
    "claims": Text("What that makes it", "Ce que cela en fait"),
    "keeping": Text("Keeping", "Conservation"),
    "season": Text("Season and origin", "Saison et origine"),
    "biodiversity": Text("Biodiversity", "Biodiversité"),
    "cautions": Text("Cautions", "Précautions"),
}


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and its lines: (label, words); an empty label is a line of its own."""

    key: str
    heading: str
    lines: tuple[tuple[str, str], ...]


def card(catalogue: Catalogue, species: Species, language: Language) -> tuple[Section, ...]:
    """The sections of the card of ``species``, in the order they are read; empty ones are left out."""
    writers = {
        "names": _names(catalogue, species, language),
        "nutrition": _nutrition(species, language),
        "claims": _claims(species, language),
        "keeping": _keeping(catalogue, species, language),
        "season": _season(catalogue, species, language),
        "biodiversity": iter([("", species.biodiversity.text[language])]),
        "cautions": _cautions(species, language),
    }
    sections = (Section(key, HEADINGS[key][language], tuple(lines)) for key, lines in writers.items())
    return tuple(section for section in sections if section.lines)


def show(amount: Amount, language: Language) -> str:
    """An amount with its unit: ``4.3 mg``, ``4,3 mg``, ``< 0.5 g``, ``traces``."""
    if amount.bound == "traces":
        return "traces"
    sign = "< " if amount.bound == "below" else ""
    return f"{sign}{number(amount.value, language)} {amount.unit}"


def number(value: float, language: Language) -> str:
    """A figure without needless zeros, with the decimal mark of ``language``."""
    digits = f"{value:g}" if value < 1000 else f"{value:.0f}"
    return digits.replace(".", ",") if language == "fr" else digits


def sources(species: Species) -> tuple[str, ...]:
    """The ids of every source that the card of ``species`` rests on, each once, in the order of the card."""
    nutrition, shelf = species.nutrition, species.shelf
    ids = [amount.source for amount in nutrition.amounts.values()] if nutrition else []
    ids += ["usda-foodkeeper"] if shelf else []
    facts = [
        *(species.storage, species.home, species.ripening, species.ethylene, species.ripe_when),
        *(species.season, species.origin, species.producers, species.biodiversity, *species.cautions),
    ]
    ids += [fact.evidence.source for fact in facts if fact is not None]
    return tuple(dict.fromkeys(ids))


def _names(catalogue: Catalogue, species: Species, language: Language) -> Iterator[tuple[str, str]]:
    other: Language = "fr" if language == "en" else "en"
    yield Text("in French", "en anglais")[language], f"{species.name[other]}, {species.plural[other]}"
    yield Text("botany", "botanique")[language], f"{species.latin}, {species.family}"
    yield Text("kind", "sorte")[language], KINDS[species.kind][language]
    if species.look_alikes:
        names = [catalogue[id_].name[language] for id_ in species.look_alikes]
        yield Text("looks like", "ressemble à")[language], ", ".join(names)
    if species.varieties:
        names = [variety.name[language] for variety in species.varieties]
        yield Text("varieties", "variétés")[language], ", ".join(names)
    if species.note:
        yield Text("note", "remarque")[language], species.note[language]


def _nutrition(species: Species, language: Language) -> Iterator[tuple[str, str]]:
    nutrition = species.nutrition
    if nutrition is None:
        if species.nutrition_absent:
            yield "", species.nutrition_absent[language]
        return
    energies = [nutrition.amounts[key] for key in ("energy_kj", "energy_kcal") if key in nutrition.amounts]
    if energies:
        yield NAMES["energy_kcal"][language], " / ".join(show(energy, language) for energy in energies)
    for nutrient in SHOWN:
        if nutrient in nutrition.amounts and not nutrient.startswith("energy"):
            yield NAMES[nutrient][language], show(nutrition.amounts[nutrient], language)
    if nutrition.piece:
        weight = f"{number(nutrition.piece.grams, language)} g"
        yield Text("a piece", "une pièce")[language], f"{weight} ({nutrition.piece.name[language]})"
    used = {(amount.source, amount.food_id) for amount in nutrition.amounts.values()}
    foods = [f"{TABLES[source]} {id_}" for source, (id_, _) in nutrition.foods.items() if (source, id_) in used]
    yield Text("tables", "tables")[language], ", ".join(foods)
    if nutrition.remark:
        yield Text("remark", "remarque")[language], nutrition.remark[language]


def _claims(species: Species, language: Language) -> Iterator[tuple[str, str]]:
    levels = {"rich": Text("rich in", "riche en"), "source": Text("source of", "source de")}
    found = claims(species.nutrition)
    for level, words in levels.items():
        names = [NAMES[claim.nutrient][language] for claim in found if claim.level == level]
        if names:
            yield words[language], ", ".join(names)


def _keeping(catalogue: Catalogue, species: Species, language: Language) -> Iterator[tuple[str, str]]:
    if species.home:
        yield Text("at home", "à la maison")[language], HOMES[species.home.place][language]
    if species.shelf:
        places = {
            Text("room", "ambiante"): species.shelf.room,
            Text("refrigerator", "réfrigérateur"): species.shelf.refrigerator,
            Text("freezer", "congélateur"): species.shelf.freezer,
        }
        for place, life in places.items():
            if life:
                yield place[language], _life(life, language)
    if species.storage:
        yield Text("best", "idéal")[language], _storage(species.storage, language)
    if species.ripening:
        facts = [RIPENS[species.ripening.after_picking]] if species.ripening.after_picking else []
        if species.ripening.climacteric is not None:
            facts.append(CLIMACTERIC[species.ripening.climacteric])
        yield Text("ripening", "maturation")[language], ", ".join(fact[language] for fact in facts)
    if species.ripe_when:
        yield Text("ripe when", "mûr quand")[language], species.ripe_when.text[language]
    if species.ethylene:
        yield Text("ethylene", "éthylène")[language], _ethylene(species.ethylene, language)
    apart = [catalogue[id_].name[language] for id_ in catalogue.keep_apart(species)]
    if apart:
        yield Text("keep away from", "éloigner de")[language], ", ".join(apart)


def _life(life: Life, language: Language) -> str:
    if not life.advised:
        words = Text("not advised", "déconseillé")[language]
    elif life.until_ripe:
        words = Text("until ripe", "jusqu'à maturité")[language]
    else:
        words = life.words[language] if life.words else ""
    return f"{words} ({life.tip[language]})" if life.tip else words


def _storage(storage: Storage, language: Language) -> str:
    words = f"{_range(storage.temperature, language)} °C"
    if storage.humidity:
        humidity = _range(storage.humidity, language)
        words += Text(f", {humidity} % relative humidity", f", {humidity} % d'humidité relative")[language]
    return words


def _range(span: tuple[float, float], language: Language) -> str:
    low, high = (number(value, language) for value in span)
    return low if low == high else f"{low} {Text('to', 'à')[language]} {high}"


def _ethylene(ethylene: Ethylene, language: Language) -> str:
    parts = []
    if ethylene.gives_off:
        parts.append(Text("gives off: ", "en dégage : ")[language] + LEVELS[ethylene.gives_off][language])
    if ethylene.suffers:
        parts.append(Text("suffers from it: ", "en souffre : ")[language] + LEVELS[ethylene.suffers][language])
    return ", ".join(parts)


def _season(catalogue: Catalogue, species: Species, language: Language) -> Iterator[tuple[str, str]]:
    if species.season:
        grown = Text(" (imported)", " (importé)") if species.season.imported else Text("", "")
        yield Text("in France", "en France")[language], _months(species.season.months, language) + grown[language]
    if species.origin:
        yield Text("comes from", "vient de")[language], species.origin.text[language]
    if species.producers:
        names = ", ".join(catalogue.countries[code][language] for code in species.producers.countries)
        year = f" ({species.producers.year})" if species.producers.year else ""
        yield Text("grown in", "cultivé en")[language], names + year


def _months(months: tuple[int, ...], language: Language) -> str:
    """Runs of months, the turn of the year included: ``August to March``."""
    if len(months) == len(MONTHS):
        return Text("all year", "toute l'année")[language]
    starts = [month for month in months if (month - 2) % 12 + 1 not in months]
    runs = []
    for start in starts:
        end = start
        while end % 12 + 1 in months:
            end = end % 12 + 1
        first, last = MONTHS[start - 1][language], MONTHS[end - 1][language]
        runs.append(first if start == end else f"{first} {Text('to', 'à')[language]} {last}")
    return ", ".join(runs)


def _cautions(species: Species, language: Language) -> Iterator[tuple[str, str]]:
    for caution in species.cautions:
        words = CAUTIONS[caution.kind][language]
        yield "", words.format(POLLENS[caution.pollen][language]) if caution.pollen else words
