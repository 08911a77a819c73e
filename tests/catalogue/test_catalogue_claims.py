"""Claims are the Regulations' arithmetic on the figures."""

import pytest

from fruits.catalogue import NUTRIENT_REFERENCE_VALUES, Amount, Nutrition, claims


def nutrition(**amounts):
    values = {
        name: value if isinstance(value, Amount) else Amount(value, "", "ciqual", "1")
        for name, value in amounts.items()
    }
    return Nutrition(values, {})


def levels(**amounts):
    return {claim.nutrient: claim.level for claim in claims(nutrition(**amounts))}


def test_reference_values_of_annex_xiii():
    assert NUTRIENT_REFERENCE_VALUES == {
        "vitamin_a": 800,
        "vitamin_c": 80,
        "vitamin_k": 75,
        "folate": 200,
        "potassium": 2000,
        "magnesium": 375,
    }


@pytest.mark.parametrize("nutrient", NUTRIENT_REFERENCE_VALUES)
def test_15_and_30_percent(nutrient):
    reference = NUTRIENT_REFERENCE_VALUES[nutrient]
    assert levels(**{nutrient: 0.1499 * reference}) == {}
    assert levels(**{nutrient: 0.15 * reference}) == {nutrient: "source"}
    assert levels(**{nutrient: 0.2999 * reference}) == {nutrient: "source"}
    assert levels(**{nutrient: 0.30 * reference}) == {nutrient: "rich"}


@pytest.mark.parametrize(
    ("fibre", "energy", "level"),
    [
        (2.99, 300, None),
        (3.0, 300, "source"),
        (5.99, 300, "rich" if 5.99 / 3 >= 3 else "source"),
        (6.0, 600, "rich"),
        (1.0, 100, None),
        (1.5, 100, "source"),
        (3.0, 100, "rich"),
        (0.75, 50, "source"),
        (3.0, 0, "source"),
    ],
)
def test_fibre_by_weight_or_by_energy(fibre, energy, level):
    assert levels(fibre=fibre, energy_kcal=float(energy)) == ({} if level is None else {"fibre": level})


def test_fibre_without_energy_counts_by_weight_alone():
    assert levels(fibre=2.9) == {}
    assert levels(fibre=3.0) == {"fibre": "source"}


@pytest.mark.parametrize("bound", ["below", "traces"])
def test_bounds_and_traces_claim_nothing(bound):
    assert levels(vitamin_c=Amount(500.0, "mg", "ciqual", "1", bound)) == {}


def test_nothing_known_nothing_claimed():
    assert claims(None) == ()
    assert levels() == {}


def test_rich_comes_first_then_by_share():
    found = claims(nutrition(vitamin_c=20.0, folate=70.0, potassium=900.0))
    assert [claim.nutrient for claim in found] == ["potassium", "folate", "vitamin_c"]


def test_known_fruits(catalogue):
    kiwi = {claim.nutrient: claim for claim in claims(catalogue["kiwi"].nutrition)}
    assert kiwi["vitamin_c"].level == "rich"
    assert kiwi["vitamin_c"].percent == pytest.approx(100 * 92.7 / 80)
    assert "vitamin_c" not in {claim.nutrient for claim in claims(catalogue["apple"].nutrition)}
    carrot = {claim.nutrient: claim.level for claim in claims(catalogue["carrot"].nutrition)}
    assert carrot["vitamin_a"] == "rich"
    assert claims(catalogue["salak"].nutrition) == ()
