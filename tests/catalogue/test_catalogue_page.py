"""docs/catalogue.md says what the data say."""


def test_the_page_is_up_to_date(scripts):
    from catalogue_page import page

    written = (scripts.parent / "docs" / "catalogue.md").read_text(encoding="utf-8")
    assert written == page(), "run: python scripts/build_catalogue.py page"


def test_the_page_shows_every_species_and_what_is_missing(scripts, catalogue):
    from catalogue_page import page

    text = page()
    for id_ in catalogue:
        assert text.count(f"\n| {id_} |") >= 3
    assert "| nutrition | cherry-plum, dragon-fruit, mangosteen, olive, pepino, rambutan, salak" in text
