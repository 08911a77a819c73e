import hashlib
from functools import partial

import numpy as np
import pytest
from file_server import serving

from fruits.vision.fetch import FetchError, NotThereError, Pin, fetch

CONTENT = np.random.default_rng(0).bytes(1_000_000)
PIN = Pin(len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
hasty = partial(fetch, pin=PIN, pause=0.001, timeout=0.3)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setenv("no_proxy", "*")


@pytest.fixture
def target(tmp_path):
    return tmp_path / "cache" / "model.onnx"


def part_of(target):
    return target.with_name(target.name + ".part")


def test_whole_file_arrives_with_progress_and_leaves_no_part(target):
    seen = []
    with serving({"/m": CONTENT}) as server:
        hasty(server.url + "/m", target, progress=lambda done, total: seen.append((done, total)))
    assert target.read_bytes() == CONTENT
    assert list(target.parent.iterdir()) == [target]
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})


def test_a_break_in_mid_transfer_is_resumed_where_it_was(target):
    with serving({"/m": CONTENT}, ("cut", 300_000), ("cut", 700_000)) as server:
        hasty(server.url + "/m", target)
    assert target.read_bytes() == CONTENT
    assert [asked for _, asked in server.asked] == [None, "bytes=300000-", "bytes=700000-"]


def test_a_line_that_breaks_often_but_brings_something_is_not_given_up(target):
    cuts = [("cut", end) for end in range(100_000, 1_000_000, 100_000)]
    with serving({"/m": CONTENT}, *cuts) as server:
        hasty(server.url + "/m", target, attempts=1)
    assert len(server.asked) == 10
    assert target.read_bytes() == CONTENT


def test_a_part_left_by_an_earlier_run_is_continued(target):
    with serving({"/m": CONTENT}, *[("cut", 400_000)] * 9) as server, pytest.raises(FetchError, match="is kept"):
        hasty(server.url + "/m", target, attempts=2)
    assert not target.exists()
    assert part_of(target).stat().st_size == 400_000
    with serving({"/m": CONTENT}) as server:
        hasty(server.url + "/m", target)
    assert server.asked == [("/m", "bytes=400000-")]
    assert target.read_bytes() == CONTENT


def test_a_complete_part_needs_no_request(target):
    target.parent.mkdir()
    part_of(target).write_bytes(CONTENT)
    with serving({"/m": CONTENT}) as server:
        hasty(server.url + "/m", target)
    assert server.asked == []
    assert target.read_bytes() == CONTENT


def test_a_server_that_ignores_range_sends_all_of_it_again(target):
    target.parent.mkdir()
    part_of(target).write_bytes(b"x" * 5000)
    with serving({"/m": CONTENT}, "whole") as server:
        hasty(server.url + "/m", target)
    assert server.asked == [("/m", "bytes=5000-")]
    assert target.read_bytes() == CONTENT


def test_range_not_satisfiable_starts_over(target):
    target.parent.mkdir()
    part_of(target).write_bytes(b"x" * 5000)
    with serving({"/m": CONTENT}, 416) as server:
        hasty(server.url + "/m", target)
    assert [asked for _, asked in server.asked] == ["bytes=5000-", None]
    assert target.read_bytes() == CONTENT


def test_a_part_that_is_too_long_starts_over(target):
    target.parent.mkdir()
    part_of(target).write_bytes(b"x" * (len(CONTENT) + 1))
    with serving({"/m": CONTENT}) as server:
        hasty(server.url + "/m", target)
    assert server.asked == [("/m", None)]
    assert target.read_bytes() == CONTENT


def test_wrong_content_is_deleted_and_said(target):
    with serving({"/m": CONTENT[::-1]}) as server, pytest.raises(FetchError, match=r"sha256 differs.*deleted"):
        hasty(server.url + "/m", target)
    assert not any(target.parent.iterdir())


@pytest.mark.parametrize("wrong", [CONTENT[:-1], CONTENT + b"x", b"version https://git-lfs"])
def test_another_length_is_refused_at_once(target, wrong):
    with serving({"/m": wrong}) as server, pytest.raises(FetchError, match="another file"):
        hasty(server.url + "/m", target)
    assert len(server.asked) == 1
    assert not target.exists()


def test_a_file_without_announced_length_is_read_no_further_than_it_should_be(target):
    with serving({"/m": CONTENT}, "no length") as server:
        hasty(server.url + "/m", target)
    assert target.read_bytes() == CONTENT
    target.unlink()
    endless = CONTENT * 3
    with serving({"/m": endless}, "no length") as server, pytest.raises(FetchError, match="more than the 1,000,000"):
        hasty(server.url + "/m", target)
    assert part_of(target).stat().st_size <= len(CONTENT)


def test_passing_failures_are_tried_again(target):
    with serving({"/m": CONTENT}, 503, "hang up", 429, "silence") as server:
        hasty(server.url + "/m", target)
    assert target.read_bytes() == CONTENT
    assert len(server.asked) == 5


def test_lasting_failures_end_in_one_sentence(target):
    with serving({"/m": CONTENT}, *[503] * 9) as server, pytest.raises(FetchError, match="HTTP 503"):
        hasty(server.url + "/m", target, attempts=3)
    assert len(server.asked) == 3
    with serving({"/m": CONTENT}, *["silence"] * 2) as server, pytest.raises(FetchError, match="timed out"):
        hasty(server.url + "/m", target, attempts=1)
    with serving({"/m": CONTENT}, 403) as server, pytest.raises(FetchError, match=r"refused by the server \(HTTP 403"):
        hasty(server.url + "/m", target)
    assert len(server.asked) == 1
    with serving({}) as server, pytest.raises(NotThereError, match="HTTP 404"):
        hasty(server.url + "/m", target)


def test_connection_refused_says_so(target):
    with serving({}) as server:
        url = server.url
    with pytest.raises(FetchError, match="Connection refused"):
        hasty(url + "/m", target, attempts=2)


def test_other_schemes_are_not_opened(target):
    with pytest.raises(FetchError, match="http and https"):
        hasty("file:///etc/passwd", target)


def test_a_full_disk_says_so(target):
    target.parent.mkdir()
    part_of(target).symlink_to("/dev/full")
    with serving({"/m": CONTENT}) as server, pytest.raises(FetchError, match=r"disk of .* is full: 1 MB"):
        hasty(server.url + "/m", target)


def test_a_target_that_cannot_be_written_says_so(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with serving({"/m": CONTENT}) as server, pytest.raises(FetchError, match="cannot be written"):
        hasty(server.url + "/m", tmp_path / "file" / "model.onnx")
