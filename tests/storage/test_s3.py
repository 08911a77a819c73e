"""What a folder and a bucket have in common, and what is S3's own, over HTTP."""

from __future__ import annotations

import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fruits.errors import FruitsError
from fruits.storage import (
    MissingError,
    Storage,
    StorageError,
    StorageOptions,
    TooLargeError,
    is_remote,
    normalise_uri,
    open_storage,
)
from servers import free_port

# No newline: the test server's own routing refuses it. Folders are tried with it in test_local.
PART = st.text(st.sampled_from("ab.-! 'é\"😀/"), min_size=1, max_size=6).map(lambda t: t.strip("/.") or "x")
KEYS = st.lists(PART, min_size=1, max_size=12, unique=True)


def usable(keys: list[str]) -> list[str]:
    """Leave out keys that no folder can hold beside the others: hidden, empty parts, or another's parent."""
    plain = [k for k in keys if all(p and not p.startswith(".") for p in k.split("/"))]
    return [k for k in plain if not any(other.startswith(k + "/") for other in plain)]


# --- the contract ----------------------------------------------------------------------------------------------------


def test_reads_what_was_written(storage: Storage) -> None:
    for content in (b"", b"one", bytes(range(256)) * 1000, b"again"):
        storage.write("a folder/ü 😀.bin", content)
        assert storage.read("a folder/ü 😀.bin") == content
        assert storage.read("a folder/ü 😀.bin", limit=len(content)) == content
    assert [entry.key for entry in storage.list()] == ["a folder/ü 😀.bin"]
    assert storage.exists("a folder/ü 😀.bin")
    assert not storage.exists("a folder/u.bin")


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(keys=KEYS)
def test_lists_in_order_of_the_keys_bytes(make_storage: Callable[[], Storage], keys: list[str]) -> None:
    storage, wanted = make_storage(), usable(keys)
    for key in wanted:
        storage.write(key, key.encode())
    if wanted:
        assert [entry.key for entry in storage.list()] == sorted(wanted, key=str.encode)
    for key in wanted:
        assert storage.read(key) == key.encode()


def test_names_that_differ_after_a_folder_s_name(storage: Storage) -> None:
    """``a.b`` stands before ``a/b`` and ``a0`` behind it: order of whole keys, not of folders."""
    keys = ["a-/x", "a.b", "a/b", "a/b.c/d", "a/b/c", "a/b0", "a0", "b"]
    keys.remove("a/b")  # cannot be a file beside a/b/c on a disk
    for key in reversed(keys):
        storage.write(key, b"x")
    assert [entry.key for entry in storage.list()] == sorted(keys)
    assert [entry.key for entry in storage.list("a")] == ["a/b.c/d", "a/b/c", "a/b0"]
    assert [entry.key for entry in storage.list("a/b/")] == ["a/b/c"]
    assert list(storage.list("no such folder")) == []


def test_entries_tell_size_time_and_version(storage: Storage) -> None:
    storage.write("k", b"12345")
    (first,) = storage.list()
    storage.write("k", b"12346")
    (second,) = storage.list()
    assert first.size == second.size == 5
    assert first.version != second.version
    assert second.modified > 1.6e9
    assert second.version == next(storage.list()).version


def test_leaves_out_hidden_names(storage: Storage) -> None:
    for key in (".hidden", ".folder/a", "b/.hidden", "b/.folder/c", "b/c"):
        storage.write(key, b"x")
    assert [entry.key for entry in storage.list()] == ["b/c"]


def test_missing_and_too_large_have_sentences(storage: Storage) -> None:
    storage.write("large.jpg", b"x" * 101)
    with pytest.raises(MissingError, match="no such.jpg does not exist"):
        storage.read("no such.jpg")
    with pytest.raises(TooLargeError, match="large.jpg is larger than 100 bytes"):
        storage.read("large.jpg", limit=100)
    assert storage.read("large.jpg", limit=101) == b"x" * 101


def test_deletes_once_and_again(storage: Storage) -> None:
    storage.write("a/b", b"x")
    storage.delete("a/b")
    storage.delete("a/b")
    assert not storage.exists("a/b")


def test_deletes_below_a_folder_alone(storage: Storage) -> None:
    for key in ("t/1", "t/2/3", "t2/1", "t.x", "u"):
        storage.write(key, b"x")
    assert storage.delete_below("t") == 2
    assert storage.delete_below("t") == 0
    assert [entry.key for entry in storage.list()] == ["t.x", "t2/1", "u"]


def test_travels_to_workers_and_serves_many_threads(storage: Storage) -> None:
    there = pickle.loads(pickle.dumps(storage))
    with ThreadPoolExecutor(16) as threads:
        list(threads.map(lambda i: there.write(f"f/{i:03d}", str(i).encode()), range(100)))
        read = list(threads.map(lambda i: storage.read(f"f/{i:03d}"), range(100)))
    assert read == [str(i).encode() for i in range(100)]


def test_a_reader_never_sees_a_part(storage: Storage) -> None:
    contents = [bytes([i]) * 300_000 for i in range(8)]
    storage.write("k", contents[0])
    seen: list[bytes] = []
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            seen.append(storage.read("k"))

    reader = threading.Thread(target=read)
    reader.start()
    for content in contents * 3:
        storage.write("k", content)
    stop.set()
    reader.join()
    assert seen
    assert all(content in contents for content in seen)


# --- S3's own --------------------------------------------------------------------------------------------------------


def test_a_prefix_ends_at_a_slash(s3_client, bucket: str, options: StorageOptions) -> None:
    for key in ("img/a.jpg", "img2/b.jpg", "img", "img.jpg", "other/img/c.jpg"):
        s3_client.put_object(Bucket=bucket, Key=key, Body=b"x")
    for spelling in (f"s3://{bucket}/img", f"s3://{bucket}/img/"):
        assert [entry.key for entry in open_storage(spelling, options).list()] == ["a.jpg"]


def test_lists_page_after_page_and_only_as_far_as_asked(s3_client, bucket: str, options: StorageOptions) -> None:
    keys = [f"p/{i:04d}" for i in range(250)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda key: s3_client.put_object(Bucket=bucket, Key=key, Body=b""), keys))
    storage = open_storage(f"s3://{bucket}", options)
    assert [entry.key for entry in storage.list()] == keys
    listing = storage.list()
    assert next(listing).key == "p/0000"
    s3_client.put_object(Bucket=bucket, Key="p/0199x", Body=b"")  # on a page not asked for yet
    assert "p/0199x" in [entry.key for entry in listing]
    assert storage.delete_below("p") == 251
    assert list(storage.list()) == []


def test_version_is_the_etag(s3_client, bucket: str, options: StorageOptions) -> None:
    answer = s3_client.put_object(Bucket=bucket, Key="k", Body=b"content")
    (entry,) = open_storage(f"s3://{bucket}", options).list()
    assert entry.version == answer["ETag"].strip('"')


def test_leaves_out_keys_that_stand_for_folders(s3_client, bucket: str, options: StorageOptions) -> None:
    for key in ("a/", "a/1", "a//2"):
        s3_client.put_object(Bucket=bucket, Key=key, Body=b"")
    assert [entry.key for entry in open_storage(f"s3://{bucket}", options).list()] == ["a//2", "a/1"]


def test_a_bucket_that_is_not_there(s3_client, options: StorageOptions) -> None:
    storage = open_storage("s3://no-such-bucket/x", options)
    for act in (lambda: list(storage.list()), lambda: storage.read("k"), lambda: storage.write("k", b"")):
        with pytest.raises(MissingError, match="the bucket no-such-bucket does not exist; check"):
            act()


def test_no_credentials(monkeypatch: pytest.MonkeyPatch, s3_address: str, tmp_path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    storage = open_storage("s3://bucket/x", StorageOptions("eu-central-1", s3_address))
    with pytest.raises(StorageError, match="no AWS credentials found; run `aws configure`"):
        list(storage.list())


def test_a_profile_that_is_not_there(monkeypatch: pytest.MonkeyPatch, s3_address: str) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody-has-this")
    storage = open_storage("s3://bucket/x", StorageOptions("eu-north-1", s3_address))
    with pytest.raises(StorageError, match="nobody-has-this"):
        list(storage.list())


def test_no_server_is_a_sentence(credentials: None) -> None:
    storage = open_storage("s3://bucket/x", StorageOptions("eu-west-1", f"http://127.0.0.1:{free_port()}"))
    with pytest.raises(StorageError, match="cannot read s3://bucket/x/k: .*127.0.0.1"):
        storage.read("k")


def test_without_boto3_says_what_to_install() -> None:
    program = """
import sys
sys.modules["boto3"] = sys.modules["botocore"] = None
from fruits.storage import StorageError, open_storage
for act in (lambda s: next(s.list()), lambda s: s.read("k"), lambda s: s.write("k", b"")):
    try:
        act(open_storage("s3://bucket/x"))
    except StorageError as error:
        assert "pip install 'fruits[aws]'" in str(error), error
"""
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr


def test_local_runs_never_import_boto3() -> None:
    program = (
        "import sys; from fruits.storage import open_storage; open_storage('/tmp'); assert 'boto3' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize("uri", ["s3://", "s3:///key", "gs://bucket/x", "https://example.org/x", "hdfs://host/x"])
def test_uris_that_cannot_be_opened(uri: str) -> None:
    with pytest.raises(FruitsError, match="bucket|not supported"):
        open_storage(uri)


def test_one_spelling_of_a_uri(credentials: None) -> None:
    assert normalise_uri("s3://b/p/q/") == "s3://b/p/q"
    assert normalise_uri("s3://b/") == "s3://b"
    assert normalise_uri("/a/./b/../c/") == normalise_uri("file:///a/c") == "/a/c"
    assert normalise_uri("file:///a%20b") == "/a b"
    assert is_remote("s3://b")
    assert not is_remote("file:///b")
