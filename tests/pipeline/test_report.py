"""The report, drawn from runs that are laid down by hand."""

from __future__ import annotations

import base64
import io
import json
import re
import shutil
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from fruits.pipeline.errors import PipelineError, UsageError
from fruits.pipeline.metrics import measure
from fruits.pipeline.report import draw_report, write_thumbnails
from fruits.pipeline.report.data import MOST_POINTS, MOST_SLICES, evenly, gather
from fruits.pipeline.report.figures import PALETTE, scatter_legend
from fruits.pipeline.report.page import worst_confusions
from fruits.pipeline.report.timeline import throughput
from fruits.pipeline.report.words import duration, percent, visible
from fruits.pipeline.tables import SCHEMAS, from_parquet, to_parquet, vector_column
from fruits.records import ERRORS, FEATURES, METADATA, MODEL, PCA, RUN, SLICES, RunRecord, SliceMarker, to_json
from fruits.storage import Storage, open_storage

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=http://evil.example/x.png onerror=alert(1)>',
    "two\nlines\tand \x07 bell",
    "mele 🍎 pommes «é»",
    "x" * 200,
    "$\\frac{1}{0}$ {{ 7*7 }} {% raw %}",
    "\u202egnp.live",
    "",
    "javascript:alert(1)",
    "]]></style></svg><b>",
]
NOTE = "Frames of one specimen lie in both: this accuracy is optimistic."
STARTED = 1_757_000_000.0


class LaidDown:
    """A run in a folder, written by hand: rows of random clusters, one per label."""

    def __init__(
        self,
        out: Storage,
        labels: list[str],
        per_label: int = 8,
        slice_size: int = 64,
        refused: dict[str, int] | None = None,
        k: int = 6,
        seed: int = 0,
    ) -> None:
        self.out, self.k = out, k
        self.random = np.random.default_rng(seed)
        self.rows = [
            (f"{split}/{label}/{i}.jpg", label, split)
            for label in labels
            for i in range(per_label)
            for split in ["Test" if i % 4 == 0 else "Training"]
        ]
        self.refused = [
            (f"Training/bad/{reason} {i}.jpg", reason) for reason, n in (refused or {}).items() for i in range(n)
        ]
        self.labels = labels
        self.record = RunRecord(
            run="20250904T150000-ab12",
            status="done",
            images="/data/fruits-360",
            out=out.uri,
            arguments={"components": k, "classifier": "logistic", "batch_size": slice_size},
            command=f"fruits run /data/fruits-360 {out.uri}",
            versions={"fruits": "0.1.0", "python": "3.11.9"},
            backbone={"name": "efficientnet-lite0", "digest": "ab" * 32, "dimensions": 1280},
            seen=len(self.rows) + len(self.refused),
            features=len(self.rows),
            errors=len(self.refused),
            embedded=len(self.rows) + len(self.refused),
            labels=dict(Counter(row[1] for row in self.rows)),
            splits=dict(Counter(row[2] for row in self.rows)),
            reasons=dict(refused or {}),
            seconds={"manifest": 0.4, "embed": 31.0},
            images_per_second=123.4,
            peak_memory={"driver": 310_000_000},
            started=STARTED,
            finished=STARTED + 75,
            cores=2,
        )
        self._slices(slice_size)

    def _slices(self, size: int) -> None:
        clock = STARTED + 5
        everything = [(*row, "") for row in self.rows] + [(path, "bad", "", why) for path, why in self.refused]
        for number, start in enumerate(range(0, len(everything), size)):
            some = everything[start : start + size]
            good, bad = [r for r in some if not r[3]], [r for r in some if r[3]]
            name = f"{self.record.run}-{number:06d}"
            columns = {key: [r[i] for r in good] for i, key in enumerate(("path", "label", "split"))}
            metadata = pa.table(columns | {"bytes": [1] * len(good)})
            self.out.write(f"{METADATA}/{name}.parquet", to_parquet(metadata))
            self.out.write(f"{FEATURES}/{name}.parquet", b"never read by the report")
            if bad:
                why = [{"path": r[0], "label": r[1], "split": "", "stage": "decode"} for r in bad]
                why = [w | {"reason": r[3], "detail": f"because {r[3]}"} for w, r in zip(why, bad, strict=True)]
                table = pa.Table.from_pylist(why, SCHEMAS[ERRORS])
                self.out.write(f"{ERRORS}/{name}.parquet", to_parquet(table))
            seconds = float(self.random.uniform(1.5, 2.5))
            self.marker(name, some, clock, clock + seconds)
            clock += seconds / 2  # two workers

    def marker(self, name: str, rows: list[Any], started: float, finished: float) -> None:
        good = [r for r in rows if not r[3]]
        marker = SliceMarker(
            slice=name, backbone="ab", first="a", last="b", images=len(rows), features=len(good),
            errors=len(rows) - len(good), reasons=dict(Counter(r[3] for r in rows if r[3])),
            labels=dict(Counter(r[1] for r in good)), splits=dict(Counter(r[2] for r in good)),
            started=started, finished=finished,
        )  # fmt: skip
        self.out.write(f"{SLICES}/{name}.json", marker.to_json())

    def components(self) -> LaidDown:
        centres = self.random.normal(size=(len(self.labels), self.k)) * 4
        index = {label: i for i, label in enumerate(self.labels)}
        for entry in list(self.out.list(METADATA)):
            table = from_parquet(self.out.read(entry.key)).select(["path", "label", "split"])
            where = [index[label] for label in table["label"].to_pylist()]
            places = centres[where] + self.random.normal(size=(len(where), self.k))
            places = vector_column(places * np.linspace(3, 1, self.k))
            name = entry.key.split("/")[1]
            self.out.write(f"{PCA}/{name}", to_parquet(pa.table([*table.columns, places], schema=SCHEMAS[PCA])))
        share = 16 * 0.85 ** np.arange(self.k)
        total = np.cumsum(share)
        lines = [f"{i + 1},{s:.9g},{s:.6f},{t:.6f}" for i, (s, t) in enumerate(zip(share, total, strict=True))]
        head = "component,variance,variance_percent,cumulative_percent"
        self.out.write(f"{MODEL}/explained_variance.csv", "\n".join([head, *lines, ""]).encode())
        self.record.components = {"components": self.k}
        return self

    def classifier(self, right: float = 0.9, applied: bool = False) -> LaidDown:
        index = {label: i for i, label in enumerate(self.labels)}
        confusion = np.zeros((len(index), len(index)), dtype=np.int64)
        for _, label, split in self.rows:
            if split == "Test":
                wrong = (index[label] + int(self.random.integers(1, 4))) % len(index)
                confusion[index[label], index[label] if self.random.random() < right else wrong] += 1
        steps = [k for k in (2, 5, 10, 20, 50) if k < self.k] + [self.k]
        curve = [{"components": k, "accuracy": 0.95 - 0.5 / k} for k in steps]
        metrics = {
            "kind": "logistic", "split": "folders", "train_images": 10, "test_images": int(confusion.sum()),
            "labels": self.labels, "confusion": confusion.tolist(), "curve": [] if applied else curve,
            "curve_kind": "" if applied else "logistic", "applied": applied, "note": NOTE,
            **measure(confusion, self.labels),
        }  # fmt: skip
        self.out.write(f"{MODEL}/metrics.json", to_json(metrics))
        self.record.classifier = {"accuracy": metrics["accuracy"]}
        return self

    def save(self, **changes: Any) -> LaidDown:
        self.record = replace(self.record, **changes)
        self.out.write(RUN, self.record.to_json())
        return self


class Page(HTMLParser):
    """What a browser would see: tags with attributes, and the words."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html, self.tags, self.words, self.open = html, [], [], []
        self.feed(html)
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag in {"style", "script", "svg"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.open:
            self.open.remove(tag)

    def handle_data(self, data: str) -> None:
        if not self.open:
            self.words.append(data)

    def has(self, tag: str, **attributes: str) -> bool:
        return any(t == tag and attributes.items() <= a.items() for t, a in self.tags)


@pytest.fixture
def out(tmp_path: Path) -> Storage:
    return open_storage(str(tmp_path / "out"))


def draw(out: Storage) -> Page:
    assert draw_report(out) == f"{out.uri}/report.html"
    return Page(out.read("report.html").decode())


def whole_run(out: Storage) -> LaidDown:
    labels = [f"{kind} {i}" for kind in ("Apple", "Pear", "Plum") for i in range(1, 7)]
    return LaidDown(out, labels, refused={"truncated": 5, "empty": 1}).components().classifier().save()


@pytest.fixture
def whole(out: Storage) -> LaidDown:
    return whole_run(out)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> tuple[LaidDown, Page]:
    """A whole run and its page, for tests that only look."""
    run = whole_run(open_storage(str(tmp_path_factory.mktemp("drawn"))))
    return run, draw(run.out)


def photos(folder: Path, run: LaidDown) -> Storage:
    for path, _, _ in run.rows:
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (90, 60), (200, 30, 30)).save(target)
    return open_storage(str(folder))


# --- what the page says ----------------------------------------------------------------------------------------------


def test_a_whole_run_says_what_its_tables_say(drawn: tuple[LaidDown, Page]) -> None:
    whole, page = drawn
    out = whole.out
    metrics = json.loads(out.read(f"{MODEL}/metrics.json"))
    assert "150 images seen" in page.text
    assert "144 embedded 108 Training, 36 Test" in page.text
    assert "6 refused 4.0 %" in page.text
    assert "18 labels" in page.text
    assert "123 images a second on 2 cores" in page.text
    assert "1 min 15 s wall-clock time" in page.text
    assert f"{100 * metrics['accuracy']:.1f} % test accuracy 36 test images" in page.text
    assert f"macro-F1 of {metrics['macro_f1']:.3f}" in page.text
    kept = out.read(f"{MODEL}/explained_variance.csv").decode().split(",")[-1]
    assert f"{float(kept):.1f} % of the variance kept in 6 components" in page.text
    assert "truncated 5 Training/bad/truncated 0.jpg because truncated" in page.text
    assert "empty 1 Training/bad/empty 0.jpg" in page.text
    assert page.text.count("because truncated") == 3
    for setting in ("efficientnet-lite0", "batch_size 64", "3.11.9", "310 MB", "logistic", whole.record.run):
        assert setting in page.text


def test_every_label_has_its_bar_and_its_scores(drawn: tuple[LaidDown, Page]) -> None:
    whole, page = drawn
    for label, number in whole.record.labels.items():
        assert f"{label} {number}" in page.text
    for row in json.loads(whole.out.read(f"{MODEL}/metrics.json"))["per_class"]:
        scores = f"{row['precision']:.3f} {row['recall']:.3f} {row['f1']:.3f} {row['support']}"
        assert f"{row['label']} {scores}" in page.text


def test_the_accuracy_never_stands_without_its_warning(out: Storage, whole: LaidDown) -> None:
    page = draw(out)
    assert NOTE in page.text
    assert "17 to 31 %" in page.text
    out.delete(f"{MODEL}/metrics.json")
    page = draw(out)
    assert "17 to 31 %" not in page.text
    assert "test accuracy" not in page.text


def test_the_worst_confusions_are_the_largest_counts_off_the_diagonal(out: Storage) -> None:
    run = LaidDown(out, list("abcdefghijklmnopqr")).components().classifier(right=0.4).save()
    metrics = gather(out).metrics
    assert metrics is not None
    pairs = worst_confusions(metrics)
    wrong = {
        (metrics.labels[i], metrics.labels[j]): int(n) for (i, j), n in np.ndenumerate(metrics.confusion) if i != j
    }
    assert [pair.count for pair in pairs] == sorted(wrong.values(), reverse=True)[: len(pairs)]
    assert all(wrong[pair.true, pair.predicted] == pair.count for pair in pairs)
    assert pairs[0].share == pairs[0].count / (len(run.rows) / len(run.labels) / 4)


def test_every_figure_is_named_for_who_cannot_see_it(drawn: tuple[LaidDown, Page]) -> None:
    _, page = drawn
    named = [a for t, a in page.tags if t == "figure"]
    assert len(named) == 5
    assert all(a["role"] == "img" and len(a["aria-label"]) > 20 for a in named)
    assert all("alt" in a for t, a in page.tags if t == "img")
    assert page.html.count("<svg ") == 5


def test_ids_occur_once_and_every_reference_finds_its_own(drawn: tuple[LaidDown, Page]) -> None:
    _, page = drawn
    ids = [a["id"] for _, a in page.tags if "id" in a]
    assert len(ids) == len(set(ids))
    links = [a["href"][1:] for _, a in page.tags if a.get("href", "").startswith("#")]
    assert set(links) | set(re.findall(r"url\(#([^)]*)\)", page.html)) <= set(ids)


def test_the_page_follows_light_and_dark(drawn: tuple[LaidDown, Page]) -> None:
    _, page = drawn
    assert "prefers-color-scheme: dark" in page.html
    assert "var(--accent)" in page.html[page.html.index("<svg ") :]
    assert "#0a0b0" not in page.html


# --- self-contained and escaped --------------------------------------------------------------------------------------


def test_nothing_is_loaded_from_anywhere(out: Storage, tmp_path: Path) -> None:
    run = LaidDown(out, ["Apple 1", "Pear 1"]).components().classifier().save()
    write_thumbnails(photos(tmp_path / "images", run), out)
    page = draw(out)
    loads = ("src", "href", "xlink:href", "data", "action", "srcset", "poster", "background")
    links = [a[name] for _, a in page.tags for name in loads if name in a]
    assert links
    assert all(link.startswith(("data:image/", "#")) for link in links)
    assert all(found.startswith("#") for found in re.findall(r"url\(([^)]*)\)", page.html))
    assert "@import" not in page.html
    assert not [t for t, _ in page.tags if t in {"script", "link", "iframe", "object"}]
    assert "default-src 'none'" in page.html


def test_hostile_names_are_words_and_nothing_else(out: Storage) -> None:
    run = LaidDown(out, HOSTILE, refused={"<i>reason</i>": 2}).components().classifier(0.5)
    run.save(
        images="/data/<b>bold</b>\udc80",
        command="fruits run '<script>' \udc80",
        message="<script>alert(2)</script>",
        status="failed",
        warnings=["{{ 7*7 }} <script>"],
        arguments={"label": HOSTILE, "<u>": "</style>"},
    )
    page = draw(out)
    assert not [t for t, _ in page.tags if t in {"script", "i>", "b>", "u"}]
    assert not [a for _, a in page.tags if any(name.startswith("on") for name in a)]
    assert not any("evil" in (a.get("src") or "") for _, a in page.tags)
    assert "<script>alert(1)</script>" in page.text
    assert "two\\nlines\\tand \\x07 bell" in page.text
    assert "mele 🍎 pommes «é»" in page.text
    assert "\u202e" not in page.html
    assert "\x07" not in page.html
    assert "(no name)" in page.text
    assert "49" not in re.findall(r"\d+", page.text.split("Warnings")[1].split("Arguments")[0])
    assert "\\udc80" in page.html


def test_many_hostile_labels_draw_every_figure(out: Storage) -> None:
    labels = [name + str(i) for i in range(20) for name in HOSTILE]
    LaidDown(out, labels, per_label=4).components().classifier(0.5).save()
    page = draw(out)
    assert page.html.count("<svg ") == 5
    assert "200 labels" in page.text
    assert len(page.html) < 1_500_000


def test_visible_keeps_what_people_write() -> None:
    assert visible("Pêche «plate» 🍑👩‍🌾 桃") == "Pêche «plate» 🍑👩‍🌾 桃"
    assert visible("a\nb\u2028c\ufeff") == "a\\nb\\u2028c\\ufeff"


# --- runs that are not whole -----------------------------------------------------------------------------------------


def test_no_run_is_a_wrong_call(out: Storage, tmp_path: Path) -> None:
    for place in (out, open_storage(str(tmp_path))):
        with pytest.raises(UsageError, match="holds no run") as raised:
            draw_report(place)
        assert raised.value.exit_code == 2
    assert not out.exists("report.html") if Path(out.uri).exists() else True


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b'"run"'])
def test_a_damaged_record_is_a_wrong_call(out: Storage, content: bytes) -> None:
    out.write(RUN, content)
    with pytest.raises(PipelineError, match="damaged"):
        draw_report(out)


def test_a_run_that_has_only_begun(out: Storage) -> None:
    out.write(RUN, RunRecord(run="r", status="running", images="/data/x", out=out.uri, command="again").to_json())
    page = draw(out)
    assert "still going" in page.text
    assert "No image is embedded yet" in page.text
    assert "<svg" not in page.html
    assert "again" in page.text


def test_a_half_done_run_counts_what_is_committed(out: Storage) -> None:
    run = LaidDown(out, ["Apple 1", "Pear 1", "Plum 1"], per_label=40, slice_size=20)
    run.save(status="failed", message="the disk is full", seen=1000, labels={}, splits={}, features=0, finished=0.0)
    last = sorted(entry.key for entry in out.list(SLICES))[-1]
    out.delete(last)  # its tables are there; without a marker they do not count
    page = draw(out)
    assert "1,000 images seen 100 embedded" in page.text
    assert "Plum 1 20" in page.text
    assert "failed. the disk is full" in page.text
    assert "100 of 1,000 images are committed" in page.text
    assert run.record.command in page.text
    assert page.text.count("did not come to this stage") == 2
    assert "None: every image committed so far" in page.text


def test_a_damaged_table_leaves_its_part_out(out: Storage, whole: LaidDown) -> None:
    for key in (f"{MODEL}/metrics.json", f"{MODEL}/explained_variance.csv", f"{MODEL}/thumbnails.parquet"):
        out.write(key, b"\xff\x00 damaged")
    for table in (PCA, ERRORS):
        for entry in list(out.list(table)):
            out.write(entry.key, b"damaged")
    page = draw(out)
    assert page.html.count("<svg ") == 1
    assert "truncated 5" in page.text


def test_one_label_without_classifier(out: Storage) -> None:
    LaidDown(out, ["Apple 1"]).components().save()
    page = draw(out)
    assert "one label only" in page.text
    assert "1 label" in page.text


def test_no_classifier_was_asked_for(out: Storage) -> None:
    LaidDown(out, ["Apple 1", "Pear 1"]).components().save(arguments={"classifier": "none"})
    assert "No classifier was asked for" in draw(out).text


def test_an_applied_classifier_says_so(out: Storage) -> None:
    LaidDown(out, ["Apple 1", "Pear 1"]).components().classifier(applied=True).save()
    page = draw(out)
    assert "of an earlier run was applied" in page.text
    assert "Accuracy against" not in page.text


def test_few_labels_get_a_matrix_with_names(out: Storage) -> None:
    run = LaidDown(out, ["Apple 1", "Pear 1"]).components().classifier(1.0).save()
    page = draw(out)
    assert f"Apple 1 {run.record.labels['Apple 1'] // 4} " in page.text.split("true \\ predicted")[1]
    assert "Not one test image was taken for another label" in page.text


def test_a_single_component_is_drawn(out: Storage) -> None:
    LaidDown(out, ["Apple 1", "Pear 1"], k=1).components().save()
    page = draw(out)
    assert "in 1 component" in page.text
    assert page.html.count("<svg ") == 3


def test_everything_refused(out: Storage) -> None:
    LaidDown(out, [], refused={"truncated": 70, "empty": 2}).save(status="failed", message="none could be embedded")
    page = draw(out)
    assert "72 refused 100 %" in page.text
    assert page.text.count("because truncated") == 3


# --- the same again, and bounded -------------------------------------------------------------------------------------


def test_the_same_run_gives_the_same_bytes_whatever_matplotlib_is_set_to(drawn: tuple[LaidDown, Page]) -> None:
    run, page = drawn
    with mpl.rc_context({"font.size": 30, "axes.labelcolor": "green", "xtick.labelsize": 30}):
        again = draw(run.out)
        assert mpl.rcParams["font.size"] == 30
    assert again.html == page.html


def test_a_large_run_is_sampled(out: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    LaidDown(out, [f"Label {i}" for i in range(20)], per_label=400, slice_size=160).components().save()
    read: list[str] = []
    keep = type(out).read

    def counted(self: Storage, key: str, limit: int | None = None) -> bytes:
        read.append(key)
        return keep(self, key, limit)

    monkeypatch.setattr(type(out), "read", counted)
    points = gather(out).points
    assert points is not None
    assert 0.9 * MOST_POINTS <= len(points.labels) <= MOST_POINTS
    assert len(points.places) == len(points.labels)
    assert len(set(points.labels)) == 20
    assert sum(key.startswith(PCA) for key in read) == MOST_SLICES
    assert not any(key.startswith(FEATURES) for key in read)


def test_a_point_keeps_its_label(out: Storage) -> None:
    run = LaidDown(out, ["Apple 1", "Pear 1"], per_label=30, slice_size=17).components().save()
    points = gather(out).points
    assert points is not None
    expected = set()
    for entry in out.list(PCA):
        table = from_parquet(out.read(entry.key))
        rows = zip(table["label"].to_pylist(), table["components"].to_pylist(), strict=True)
        expected |= {(label, *row[:2]) for label, row in rows}
    found = {(label, *map(float, place)) for label, place in zip(points.labels, points.places, strict=True)}
    assert found == expected
    assert len(found) == len(run.rows)


def test_evenly_takes_the_ends() -> None:
    assert evenly(range(5), 9) == [0, 1, 2, 3, 4]
    assert evenly(range(101), 3) == [0, 50, 100]


# --- parts -----------------------------------------------------------------------------------------------------------


def slice_at(run: str, number: int, started: float, finished: float, images: int, carried: int = 0) -> SliceMarker:
    times = {"started": started, "finished": finished}
    return SliceMarker(f"{run}-{number:06d}", "ab", "a", "b", images, images, 0, carried, **times)  # type: ignore[arg-type]


def test_speed_is_the_sum_over_slices_at_work() -> None:
    work = throughput([slice_at("r", 0, 100, 110, 100), slice_at("r", 1, 105, 115, 200)])
    assert work is not None
    middles = (work.edges[1:] + work.edges[:-1]) / 2
    assert work.rate[middles < 4] == pytest.approx(10)
    assert work.rate[(middles > 6) & (middles < 9)] == pytest.approx(30)
    assert work.rate[middles > 11] == pytest.approx(20)
    assert work.mean == pytest.approx(20)
    assert np.diff(work.edges) @ work.rate == pytest.approx(300)


def test_time_between_runs_is_cut_out() -> None:
    work = throughput(
        [slice_at("r1", 0, 0, 10, 100), slice_at("r2", 0, 5000, 5010, 300), slice_at("r2", 1, 5012, 5020, 8)]
    )
    assert work is not None
    assert work.cuts == (10.0,)
    assert work.edges[-1] == 30.0
    assert np.diff(work.edges) @ work.rate == pytest.approx(408)


def test_images_taken_over_are_not_speed() -> None:
    assert throughput([slice_at("r", 0, 0, 10, 100, carried=100)]) is None
    work = throughput([slice_at("r", 0, 0, 10, 100, carried=50)])
    assert work is not None
    assert work.mean == pytest.approx(5)


def test_many_labels_share_colours_by_their_first_word(out: Storage) -> None:
    labels = [f"{kind} {i}" for kind in ("Apple", "Pear") for i in range(8)] + [f"One{i}" for i in range(12)]
    LaidDown(out, labels).components().save()
    points = gather(out).points
    assert points is not None
    legend, group = scatter_legend(points)
    assert [entry.name for entry in legend[:2]] == ["Apple", "Pear"]
    assert legend[0].labels == 8
    assert legend[-1].name is None
    assert len(legend) == len(PALETTE) + 1
    assert sum(entry.points for entry in legend) == len(points.labels)
    assert sum(entry.labels for entry in legend) == len(labels)
    assert group["Apple 3"] == "Apple"
    assert [group[f"One{i}"] for i in range(12)].count(None) == 4


def test_thumbnails_are_spread_over_labels_and_skip_what_is_gone(out: Storage, tmp_path: Path) -> None:
    run = LaidDown(out, [f"Label {i:02d}" for i in range(60)], per_label=4).save()
    images = photos(tmp_path / "images", run)
    write_thumbnails(images, out)
    table = from_parquet(out.read(f"{MODEL}/thumbnails.parquet"))
    assert len(table) == len(set(table["label"].to_pylist())) == 36
    gone = table["label"][0].as_py()
    for split in ("Training", "Test"):
        shutil.rmtree(tmp_path / "images" / split / gone, ignore_errors=True)
    (tmp_path / "images" / table["path"][1].as_py()).write_bytes(b"no image any more")
    write_thumbnails(images, out)
    again = from_parquet(out.read(f"{MODEL}/thumbnails.parquet"))
    assert again["label"].to_pylist() == table["label"].to_pylist()[2:]
    picture = Image.open(io.BytesIO(again["jpeg"][0].as_py()))
    assert picture.format == "JPEG"
    assert picture.size == (168, 112)
    page = draw(out)
    sources = [a["src"] for t, a in page.tags if t == "img"]
    assert len(sources) == 34
    assert base64.b64decode(sources[0].split(",")[1]) == again["jpeg"][0].as_py()


def test_few_labels_share_the_thumbnails(out: Storage, tmp_path: Path) -> None:
    run = LaidDown(out, ["a", "b", "c"], per_label=40).save()
    write_thumbnails(photos(tmp_path / "images", run), out, count=10)
    table = from_parquet(out.read(f"{MODEL}/thumbnails.parquet"))
    assert sorted(Counter(table["label"].to_pylist()).values()) == [3, 3, 4]
    assert len(set(table["path"].to_pylist())) == 10


def test_no_images_no_thumbnails(out: Storage, tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    LaidDown(out, [], refused={"empty": 1}).save()
    write_thumbnails(open_storage(str(tmp_path / "images")), out)
    assert "Samples" not in draw(out).text


def test_numbers_are_written_for_people() -> None:
    assert [percent(x).replace("\u00a0", " ") for x in (0, 1, 0.9999, 0.12345, 0.00012, float("nan"))] == [
        "0 %", "100 %", "99.9 %", "12.3 %", "0.012 %", "\u2013",
    ]  # fmt: skip
    assert [duration(x) for x in (0.01, 4.21, 363, 11520)] == ["< 0.1 s", "4.2 s", "6 min 3 s", "3 h 12 min"]
