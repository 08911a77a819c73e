"""Collections end to end, against a server process that answers as the three sources do."""

import csv
import hashlib
import io
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image

from fruits.catalogue import Catalogue
from fruits.collecting import LICENCES, Client, CollectError, Manners, Wish, collect
from fruits.collecting.pictures import NEAR, fingerprint_of
from photo_apis import World, photo, serving

QUICK = Manners(pause=0.01, pace=0.0, timeout=20)
CATALOGUE = Catalogue.load()
COLUMNS = ["file", "species", "source", "page", "author", "licence", "licence_url", "title", "original_sha256", "phash"]


def gather(world, folder, *species, manners=QUICK, sources=None, **wish):
    endpoints = {name: url for name, url in world.endpoints().items() if sources is None or name in sources}
    wanted = [CATALOGUE[id_] for id_ in species or ("pear",)]
    client = Client("me@example.org", manners)
    return collect(wanted, CATALOGUE.values(), folder, client, Wish(sources=endpoints, **wish))


def rows(folder, name="credits.csv"):
    with (folder / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def files(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.jpg"))


def check(folder):
    """Every photo has one row, every row its photo; and the photo is what the row says."""
    credited = rows(folder)
    assert list(credited[0]) == COLUMNS
    assert sorted(row["file"] for row in credited) == files(folder)
    assert not list(folder.rglob("*.part"))
    for row in credited:
        assert row["author"] and row["page"].startswith("https://") and row["licence"] in LICENCES
        assert row["licence_url"].startswith("https://creativecommons.org/")
        assert row["file"].startswith(f"{row['species']}/{row['source']}-")
        with Image.open(folder / row["file"]) as image:
            assert image.format == "JPEG" and image.mode == "RGB" and max(image.size) <= 1024
            assert not image.getexif() and not {"exif", "icc_profile", "comment", "xmp", "photoshop"} & set(image.info)
        far = int(row["phash"], 16) ^ fingerprint_of((folder / row["file"]).read_bytes())
        assert far.bit_count() <= NEAR // 2
    return credited


def test_photos_of_all_sources_with_their_credits(world, tmp_path):
    for id_ in (1, 2, 3, 4):
        world.on_commons(id_)
        world.on_inaturalist(id_)
        world.on_openverse(f"ov-{id_}")
    with serving(world):
        harvest = gather(world, tmp_path / "out")
    (outcome,) = harvest.outcomes
    assert outcome.new == {"commons": 4, "inaturalist": 4, "openverse": 4} and outcome.there == 12
    assert harvest.complete
    credited = check(tmp_path / "out")
    row = next(row for row in credited if row["file"] == "pear/commons-2.jpg")
    assert row["author"] == "User 2" and row["title"] == "Pear 2" and row["licence"] == "cc-by-sa"
    assert row["original_sha256"] == hashlib.sha256(photo(2)).hexdigest()


def test_the_limit_is_shared_by_the_sources(world, tmp_path):
    for id_ in range(1, 9):
        world.on_commons(id_)
        world.on_inaturalist(id_)
    world.on_openverse("ov-1")
    with serving(world):
        (outcome,) = gather(world, tmp_path / "out", limit=7).outcomes
    assert outcome.new == {"commons": 3, "inaturalist": 3, "openverse": 1}
    assert len(check(tmp_path / "out")) == 7


def test_only_the_licences_asked_for_and_never_nc_or_nd(world, tmp_path):
    for number, code in enumerate(
        ["cc0", "cc-by-4.0", "cc-by-sa-2.0-fr", "cc-by-nc-4.0", "cc-by-nd-4.0", "pd", "gfdl"]
    ):
        world.on_commons(number + 1, code=code)
    for number, code in enumerate(["cc0", "by", "by-sa", "by-nc", "by-nc-nd", "pdm"]):
        world.on_openverse(f"ov-{number}", licence=code, license_url=None)
    world.on_inaturalist(1, "cc-by-nc")
    world.on_inaturalist(2, "cc-by-nc-sa", "cc-by")
    with serving(world):
        (outcome,) = gather(world, tmp_path / "all").outcomes
        (fewer,) = gather(world, tmp_path / "few", licences=frozenset({"cc0"})).outcomes
    assert outcome.there == 4 + 4 + 1 and outcome.skipped == {"licence": 5}
    check(tmp_path / "all")
    assert {row["licence"] for row in check(tmp_path / "few")} == {"cc0"} and fewer.there == 2


def test_a_photo_that_must_be_credited_but_names_nobody_is_left(world, tmp_path):
    world.on_commons(1, artist="")
    world.on_commons(2, artist="", code="cc0")
    with serving(world):
        (outcome,) = gather(world, tmp_path / "out", sources=["commons"]).outcomes
    assert outcome.skipped == {"no-author": 1}
    (row,) = check(tmp_path / "out")
    assert (row["file"], row["author"]) == ("pear/commons-2.jpg", "unknown")


def big(width, height, **options):
    return photo(77, (width, height), **options)


def test_photos_are_turned_shrunk_and_stripped(world, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn
    exif[0x8825] = {1: "N", 2: (48.0, 51.0, 0.0)}
    world.on_commons(1, big(3000, 1500, exif=exif, comment=b"at home"))
    with serving(world):
        gather(world, tmp_path / "out", sources=["commons"])
    check(tmp_path / "out")
    with Image.open(tmp_path / "out" / "pear" / "commons-1.jpg") as image:
        assert image.size == (512, 1024)


def png(seed=4):
    stream = io.BytesIO()
    Image.open(io.BytesIO(photo(seed))).save(stream, "PNG")
    return stream.getvalue()


BROKEN = {
    "cut": (photo(1)[:5000], "truncated"),
    "empty": (b"", "empty"),
    "html": (b"<!DOCTYPE html><html>Sign in</html>", "not-an-image"),
    "svg": (b"<?xml version='1.0'?><svg xmlns='x'/>", "unsupported"),
    "noise": (bytes(range(256)) * 40, "not-an-image"),
    "tiny": (photo(2, (90, 90)), "too-small"),
    "strip": (photo(3, (2000, 100)), "too-small"),
    "huge": (photo(5) + b"\0" * 200_000, "too-many-bytes"),
}


def test_a_broken_photo_leaves_a_line_with_its_reason_and_the_rest_goes_on(world, tmp_path):
    for number, (content, _) in enumerate(BROKEN.values(), start=1):
        world.on_commons(number, content)
    world.on_commons(50, png())
    world.on_commons(51, image="http://127.0.0.1:1/never.jpg")
    for number in (52, 60, 61, 62, 63, 64):
        world.on_commons(number)
    (world.folder / "photos" / "c52.jpg").unlink()
    world.moved |= {"/photos/c60.jpg": "file:///etc/passwd", "/photos/c61.jpg": "ftp://127.0.0.1/photo.jpg"}
    world.moved |= {"/photos/c62.jpg": "/photos/c62.jpg", "/photos/c63.jpg": "/photos/c50.jpg"}
    with serving(world):
        harvest = gather(world, tmp_path / "out", sources=["commons"], most_bytes=150_000)
    refused = {int(row["id"]): row["reason"] for row in rows(tmp_path / "out", "refused.csv")}
    expected = {number: reason for number, (_, reason) in enumerate(BROKEN.values(), start=1)}
    assert refused == expected | {
        **{51: "unreachable", 52: "gone", 60: "redirected", 61: "redirected", 62: "redirected", 63: "duplicate"}
    }
    assert files(tmp_path / "out") == ["pear/commons-50.jpg", "pear/commons-64.jpg"]
    assert all(row["detail"] and row["page"] for row in rows(tmp_path / "out", "refused.csv"))
    assert harvest.complete
    check(tmp_path / "out")


def test_the_same_photo_is_kept_once_across_sources_and_species(world, tmp_path):
    one, smaller = photo(9, (1600, 1200)), Image.open(io.BytesIO(photo(9, (1600, 1200)))).resize((640, 480))
    stream = io.BytesIO()
    smaller.save(stream, "JPEG", quality=60)
    world.on_commons(1, one)
    world.on_openverse("same-bytes", one)
    world.on_openverse("smaller", stream.getvalue())
    world.on_openverse("other")
    world.on_commons(2, stream.getvalue(), words="apple fruit")
    world.on_commons(3, words="apple fruit")
    with serving(world):
        gather(world, tmp_path / "out", "pear", "apple")
    assert files(tmp_path / "out") == ["apple/commons-3.jpg", "pear/commons-1.jpg", "pear/openverse-other.jpg"]
    refused = {row["id"]: (row["reason"], row["detail"]) for row in rows(tmp_path / "out", "refused.csv")}
    assert refused["same-bytes"] == ("duplicate", "the same file as pear/commons-1.jpg")
    assert refused["smaller"][0] == refused["2"][0] == "similar" and "pear/commons-1.jpg" in refused["2"][1]


def test_what_lies_in_the_folder_already_is_not_fetched_again(world, tmp_path):
    mine = tmp_path / "out" / "my photos" / "phone.jpg"
    mine.parent.mkdir(parents=True)
    mine.write_bytes(photo(9, (1600, 1200)))
    (tmp_path / "out" / "my photos" / "broken.jpg").write_bytes(b"no photo")
    world.on_commons(1, photo(9, (800, 600), quality=70))
    world.on_commons(2, mine.read_bytes())
    world.on_commons(3)
    with serving(world):
        gather(world, tmp_path / "out", sources=["commons"])
    assert [row["file"] for row in rows(tmp_path / "out")] == ["pear/commons-3.jpg"]
    assert [row["reason"] for row in rows(tmp_path / "out", "refused.csv")] == ["similar", "duplicate"]


# --- again and again -------------------------------------------------------------------------------------------------


def test_a_second_run_fetches_only_what_is_new(world, tmp_path):
    for id_ in (1, 2, 3):
        world.on_commons(id_)
    world.on_commons(4, b"<html>broken for good")
    with serving(world):
        gather(world, tmp_path / "out", sources=["commons"])
        before = (tmp_path / "out" / "credits.csv").read_bytes()
        world.forget_asked()
        (outcome,) = gather(world, tmp_path / "out", sources=["commons"]).outcomes
        assert not world.asked("/photos/") and outcome.new.total() == 0 and outcome.skipped == {"known": 4}
        assert (tmp_path / "out" / "credits.csv").read_bytes() == before
        world.forget_asked()
        gather(world, tmp_path / "out", sources=["commons"], limit=3)
        assert not world.asked()
    world.on_commons(5)
    with serving(world):
        (outcome,) = gather(world, tmp_path / "out", sources=["commons"]).outcomes
        assert [entry["path"] for entry in world.asked("/photos/")] == ["/photos/c5.jpg"] and outcome.there == 4
    check(tmp_path / "out")


def test_a_photo_that_could_not_be_reached_is_tried_again_by_the_next_run(world, tmp_path):
    world.on_commons(1)
    world.on_commons(2)
    world.trouble["/photos/c1.jpg"] = [{"status": 500}] * 5
    with serving(world):
        gather(world, tmp_path / "out", sources=["commons"])
        assert [row["reason"] for row in rows(tmp_path / "out", "refused.csv")] == ["unreachable"]
        (outcome,) = gather(world, tmp_path / "out", sources=["commons"]).outcomes
        assert outcome.there == 2
    check(tmp_path / "out")


def test_a_photo_that_was_taken_away_does_not_come_back(world, tmp_path):
    world.on_commons(1)
    world.on_commons(2)
    with serving(world):
        gather(world, tmp_path / "out", sources=["commons"])
        first = rows(tmp_path / "out")[0]
        (tmp_path / "out" / "pear" / "commons-1.jpg").rename(tmp_path / "kept.jpg")
        (outcome,) = gather(world, tmp_path / "out", sources=["commons"]).outcomes
        assert files(tmp_path / "out") == ["pear/commons-2.jpg"] and outcome.there == 1
        assert rows(tmp_path / "out", "removed.csv") == [first]
        check(tmp_path / "out")
    world.on_openverse("in-another-guise", photo(1, quality=50))
    with serving(world):
        gather(world, tmp_path / "out")
        assert "taken away" in rows(tmp_path / "out", "refused.csv")[0]["detail"]
        assert len(check(tmp_path / "out")) == 1
        (tmp_path / "kept.jpg").rename(tmp_path / "out" / "pear" / "commons-1.jpg")
        gather(world, tmp_path / "out")
    assert first in check(tmp_path / "out") and rows(tmp_path / "out", "removed.csv") == []


def test_a_photo_that_was_moved_within_the_folder_keeps_its_credits(world, tmp_path):
    for id_ in (1, 2, 3):
        world.on_commons(id_)
    with serving(world):
        gather(world, tmp_path / "out", sources=["commons"])
        (tmp_path / "out" / "held out").mkdir()
        (tmp_path / "out" / "pear" / "commons-2.jpg").rename(tmp_path / "out" / "held out" / "commons-2.jpg")
        world.forget_asked()
        (outcome,) = gather(world, tmp_path / "out", sources=["commons"]).outcomes
        assert outcome.there == 3 and not world.asked("/photos/")
    assert {row["file"] for row in rows(tmp_path / "out")} == set(files(tmp_path / "out"))
    assert not (tmp_path / "out" / "removed.csv").exists()


PROGRAM = """
import sys
from pathlib import Path
from fruits.catalogue import Catalogue
from fruits.collecting import Client, Manners, Wish, collect
catalogue = Catalogue.load()
client = Client("me@example.org", Manners(pause=0.01, pace=0.0))
wish = Wish(sources={"commons": sys.argv[1]})
collect([catalogue["pear"]], catalogue.values(), Path(sys.argv[2]), client, wish)
"""


def test_killed_at_any_moment_no_photo_is_without_its_credits(world, tmp_path):
    for id_ in range(1, 41):
        world.on_commons(id_)
    folder = tmp_path / "out"
    with serving(world):
        arguments = [sys.executable, "-c", PROGRAM, world.endpoints()["commons"], str(folder)]
        codes = []
        for wanted in (2, 9, 17, 25):
            process = subprocess.Popen(arguments)
            end = time.monotonic() + 120
            while len(files(folder)) < wanted and process.poll() is None and time.monotonic() < end:
                time.sleep(0.002)
            process.kill()
            codes.append(process.wait(60))
        assert codes == [-9] * 4
        (outcome,) = gather(world, folder, sources=["commons"]).outcomes
    assert outcome.there == 40 and outcome.before >= 25
    assert len(check(folder)) == 40


DYING = """
import os, sys
left = int(sys.argv.pop())

def count(event, arguments):
    global left
    if event == "os.rename" or (event == "open" and arguments[1] in ("w", "a")):
        left -= 1
        if left == 0:
            os.kill(os.getpid(), 9)

sys.addaudithook(count)
"""


@pytest.mark.parametrize("moment", range(1, 11))
def test_killed_before_each_write_and_each_rename(world, tmp_path, moment):
    for id_ in (1, 2, 3):
        world.on_commons(id_)
    folder = tmp_path / "out"
    with serving(world):
        arguments = [world.endpoints()["commons"], str(folder), str(moment)]
        killed = subprocess.run([sys.executable, "-c", DYING + PROGRAM, *arguments], check=False)
        (outcome,) = gather(world, folder, sources=["commons"]).outcomes
    assert killed.returncode == -9 and outcome.there == 3
    assert len(check(folder)) == 3 and not (folder / "refused.csv").exists()


def test_a_crash_between_row_and_name_is_finished_and_before_the_row_undone(world, tmp_path):
    folder = tmp_path / "out"
    world.on_commons(1)
    world.on_commons(2)
    with serving(world):
        gather(world, folder, sources=["commons"], limit=1)
        (folder / "pear" / "commons-1.jpg").rename(folder / "pear" / ".commons-1.part")
        (folder / "pear" / ".commons-2.part").write_bytes(b"half a pho")
        with (folder / "credits.csv").open("ab") as stream:
            stream.write(b"pear/commons-2.jpg,pear,comm")
        gather(world, folder, sources=["commons"])
        assert len(world.asked("/photos/c1.jpg")) == 1
    assert len(check(folder)) == 2


# --- sources that fail -----------------------------------------------------------------------------------------------


def test_a_source_that_fails_is_given_up_and_the_others_go_on(world, tmp_path):
    for id_ in (1, 2):
        world.on_commons(id_)
        world.on_commons(id_ + 10, words="apple fruit")
        world.on_openverse(f"ov-{id_}")
    busy = World(tmp_path / "busy", trouble={"/v1/images/": [{"status": 429, "retry_after": "80000"}]})
    with serving(world), serving(busy):
        endpoints = {"commons": world.endpoints()["commons"], "openverse": busy.endpoints()["openverse"]}
        two = [CATALOGUE["pear"], CATALOGUE["apple"]]
        client = Client("me@example.org", QUICK)
        harvest = collect(two, CATALOGUE.values(), tmp_path / "out", client, Wish(sources=endpoints))
        assert len(busy.asked()) == 1
    assert list(harvest.given_up) == ["openverse"] and "80,000 s" in harvest.given_up["openverse"]
    assert [outcome.there for outcome in harvest.outcomes] == [2, 2] and not harvest.complete
    assert harvest.outcomes[1].not_asked == {"openverse": "given up"}


def test_nobody_there(world, tmp_path):
    world.url = "http://127.0.0.1:1"
    harvest = gather(world, tmp_path / "out", "pear", "apple")
    assert set(harvest.given_up) == {"commons", "inaturalist", "openverse"}
    assert all("cannot be reached" in said for said in harvest.given_up.values())


def test_a_host_that_asks_to_be_left_alone_is_left_alone(world, tmp_path):
    for id_ in range(1, 6):
        world.on_commons(id_)
    world.trouble["/photos/c2.jpg"] = [{"status": 429, "retry_after": "90000"}]
    with serving(world):
        harvest = gather(world, tmp_path / "out", sources=["commons"])
        assert [entry["path"] for entry in world.asked("/photos/")] == ["/photos/c1.jpg", "/photos/c2.jpg"]
    assert "commons" in harvest.given_up


def test_photos_that_cannot_be_reached_one_after_the_other_end_the_asking(world, tmp_path):
    for id_ in range(1, 10):
        world.on_commons(id_)
        world.trouble[f"/photos/c{id_}.jpg"] = [{"status": 502}] * 5 if id_ in (1, 3, 5, 6, 7) else []
    with serving(world):
        harvest = gather(world, tmp_path / "out", sources=["commons"])
        assert "502" in harvest.given_up["commons"]
        assert {entry["path"] for entry in world.asked("/photos/")} == {f"/photos/c{id_}.jpg" for id_ in range(1, 8)}
        (outcome,) = gather(world, tmp_path / "out", sources=["commons"]).outcomes
    assert outcome.before == 2 and outcome.there == 9


def test_a_connection_that_breaks_is_tried_again(world, tmp_path):
    world.on_commons(1)
    world.trouble["/photos/c1.jpg"] = [{"cut": 1000}, {"cut": 3000}]
    with serving(world):
        gather(world, tmp_path / "out", sources=["commons"])
        assert len(world.asked("/photos/c1.jpg")) == 3
    (row,) = check(tmp_path / "out")
    assert row["original_sha256"] == hashlib.sha256(photo(1)).hexdigest()


def test_retry_after_and_the_pace_are_kept(world, tmp_path):
    for id_ in (1, 2):
        world.on_inaturalist(id_)
    world.trouble["/v1/observations"] = [{"status": 429, "retry_after": "2"}]
    with serving(world):
        gather(world, tmp_path / "out", sources=["inaturalist"], manners=Manners(pause=0.01))
        asked = world.asked()
    times = {path: [one["at"] for one in asked if one["path"].startswith(path)] for path in ("/v1/", "/photos/")}
    gaps = np.diff(times["/v1/"])
    assert gaps[0] >= 0.99 and gaps[1] >= 1.99  # once a second; then what Retry-After said
    assert len(times["/photos/"]) == 2 and np.diff(times["/photos/"])[0] >= 0.49


# --- the folder ------------------------------------------------------------------------------------------------------


def test_a_foreign_credits_file_is_not_touched(world, tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "credits.csv").write_text("name,who\nx.jpg,me\n")
    with pytest.raises(CollectError, match="not what 'fruits collect' writes"):
        gather(world, folder)
    assert (folder / "credits.csv").read_text() == "name,who\nx.jpg,me\n"


def test_a_folder_that_cannot_be(world, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CollectError, match="file"):
        gather(world, tmp_path / "file" / "out")


def test_one_at_a_time(world, tmp_path):
    import fcntl

    (tmp_path / "out").mkdir()
    with (tmp_path / "out" / ".collect.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(CollectError, match="Another 'fruits collect'"):
            gather(world, tmp_path / "out")
