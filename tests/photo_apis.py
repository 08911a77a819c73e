"""A server process that answers as Wikimedia Commons, iNaturalist and Openverse do; and how tests start it.

Run as a program: ``photo_apis.py FOLDER PORT``. FOLDER/world.json says what there is; photos lie in FOLDER/photos;
every request is written to FOLDER/asked.jsonl before it is answered. The answers have the shapes that the sources
document (see fruits.collecting.commons, inaturalist, openverse). ``trouble`` in the world maps a path to what happens
to its next requests, in turn: {"status": 429, "retry_after": "1"}, {"cut": 100}, {"lag": 1}, {"html": 1}, {}.
"""

import contextlib
import gzip
import json
import re
import sys
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

import numpy as np
from PIL import Image

from servers import free_port, start, wait_until

PAGE = 3  # the most that a page holds here, so that a few photos take several


# --- the process -----------------------------------------------------------------------------------------------------


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        parts = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        agent = self.headers.get("User-Agent", "")
        with (self.server.folder / "asked.jsonl").open("a") as log:
            log.write(json.dumps({"path": parts.path, "query": query, "agent": agent, "at": time.monotonic()}) + "\n")
        act = next(iter(self.server.trouble.get(parts.path, [])), None)
        if act is not None:
            self.server.trouble[parts.path].pop(0)
        if act and "status" in act:
            retry = {"Retry-After": act["retry_after"]} if "retry_after" in act else {}
            return self.give(b"no", "text/plain", act["status"], **retry)
        if act and "lag" in act:
            error = {"error": {"code": "maxlag", "info": "Waiting for db1: 6 seconds lagged", "lag": 6}}
            return self.give_json(error, **{"Retry-After": "1"})
        if act and "html" in act:
            return self.give(b"<!DOCTYPE html><html><body>Sign in to this network</body></html>", "text/html")
        answers = {
            "/w/api.php": commons,
            "/v1/taxa": taxa,
            "/v1/observations": observations,
            "/v1/images/": openverse,
        }
        if parts.path in answers:
            status, answer = answers[parts.path](self.server.world, query, agent, self.server.url)
            return self.give_json(answer, status)
        if parts.path in self.server.world["moved"]:
            return self.give(b"", "text/plain", 302, Location=self.server.world["moved"][parts.path])
        large = re.fullmatch(r"/photos/(\d+)/large\.jpg", parts.path)
        photo = self.server.folder / "photos" / (f"{large[1]}.jpg" if large else Path(parts.path).name)
        if not parts.path.startswith("/photos/") or not photo.is_file():
            return self.give(b"not here", "text/plain", 404)
        content = photo.read_bytes()
        if act and "cut" in act:
            self.close_connection = True
            return self.give(content, "image/jpeg", only=act["cut"])
        return self.give(content, "image/jpeg")

    def give_json(self, answer, status=200, **headers):
        body = json.dumps(answer).encode()
        if "gzip" in self.headers.get("Accept-Encoding", ""):
            return self.give(gzip.compress(body), "application/json", status, **{"Content-Encoding": "gzip"}, **headers)
        return self.give(body, "application/json", status, **headers)

    def give(self, body, kind, status=200, only=None, **headers):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body[:only])

    def log_message(self, *_):
        pass


def found(records, search):
    """The records that hold every word of a search, and none of its excluded ones."""
    search = re.sub(r"\b(filetype|filemime):\S+", "", search)
    terms = re.findall(r'(-?)(?:"([^"]+)"|(\S+))', search)
    wanted = [(sign, (phrase or word).lower()) for sign, phrase, word in terms]
    return [one for one in records if all((word in one["words"].lower()) == (sign != "-") for sign, word in wanted)]


def commons(world, query, agent, url):
    if not re.search(r"\([^)]*(@|https?:)[^)]*\)", agent):
        return 403, {"error": "Please set a user-agent and respect our robot policy https://w.wiki/4wJS."}
    assert query["action"] == "query" and query["gsrnamespace"] == "6" and query["formatversion"] == "2"
    assert query["iiurlwidth"] in {"20", "40", "60", "120", "250", "330", "500", "960", "1280", "1920", "3840"}
    hits = found(world["commons"], query["gsrsearch"])
    start = int(query.get("gsroffset", 0))
    end = start + min(PAGE, int(query["gsrlimit"]))
    pages = [
        {
            "pageid": one["id"],
            "ns": 6,
            "title": f"File:{one['title']}.jpg",
            "index": start + place + 1,
            "imagerepository": "local",
            "imageinfo": [
                {
                    "thumburl": one.get("image") or f"{url}/photos/{one['photo']}",
                    "thumbwidth": 1280,
                    "thumbheight": 960,
                    "url": f"{url}/photos/original-of-{one['photo']}",
                    "descriptionurl": f"https://commons.wikimedia.org/wiki/File:{one['id']}.jpg",
                    "mime": one.get("mime", "image/jpeg"),
                    "extmetadata": {
                        key: {"value": value, "source": "commons-desc-page"} for key, value in one["meta"].items()
                    },
                }
            ],
        }
        for place, one in enumerate(hits[start:end])
    ]
    answer = {"batchcomplete": True, "query": {"pages": pages[::-1]}} if pages else {"batchcomplete": True}
    if end < len(hits):
        answer["continue"] = {"gsroffset": end, "continue": "gsroffset||"}
    return 200, answer


def taxa(world, query, agent, url):
    words = query["q"].lower().split()
    hits = [
        {"id": one["id"], "name": one["name"], "rank": one["rank"], "matched_term": one["name"], "is_active": True}
        | {"iconic_taxon_name": one.get("kingdom", "Plantae")}
        for one in world["taxa"]
        if all(word in one["name"].lower() for word in words) and query.get("rank", one["rank"]) == one["rank"]
    ]
    return 200, {"total_results": len(hits), "page": 1, "per_page": 30, "results": hits}


def observations(world, query, agent, url):
    assert int(query["per_page"]) <= 200 and (query["order_by"], query["order"]) == ("id", "asc")
    licences = set(query["photo_license"].split(","))
    without = set(query.get("without_taxon_id", "").split(","))
    hits = [
        one
        for one in sorted(world["observations"], key=lambda one: one["id"])
        if query["taxon_id"] in one["taxa"]
        and not without & set(one["taxa"])
        and one["id"] > int(query["id_above"])
        and ("term_value_id" not in query or one.get("fruiting", True))
        and any(photo["license_code"] in licences for photo in one["photos"])
    ]
    results = [
        {
            "id": one["id"],
            "quality_grade": "casual",
            "license_code": None,
            "species_guess": "Poire",
            "taxon": {"id": int(one["taxa"][0]), "name": one["name"], "iconic_taxon_name": "Plantae"},
            "user": {"id": 7, "login": "kueda", "name": "Ken-ichi"},
            "photos": [
                {
                    "id": photo["id"],
                    "license_code": photo["license_code"],
                    "url": f"{url}/photos/{photo['id']}/square.jpg?1623739627",
                    "attribution": photo["attribution"],
                    "original_dimensions": {"width": 1365, "height": 2048},
                    "flags": [],
                }
                for photo in one["photos"]
            ],
        }
        for one in hits[:PAGE]
    ]
    return 200, {"total_results": len(hits), "page": 1, "per_page": PAGE, "results": results}


def openverse(world, query, agent, url):
    if int(query["page_size"]) > 20:
        return 401, {"detail": "Ensure this value is less than or equal to 20."}
    assert set(query["license"].split(",")) <= {"by", "by-sa", "cc0", "pdm"} and len(query["q"]) <= 200
    hits = found(world["openverse"], query["q"])
    page = int(query["page"])
    results = [
        {
            "id": one["id"],
            "title": one["title"],
            "indexed_on": "2020-05-03T05:48:27.285165Z",
            "foreign_landing_url": f"https://www.flickr.com/photos/someone/{one['id']}",
            "url": f"{url}/photos/{one['photo']}",
            "creator": one["creator"],
            "creator_url": "https://www.flickr.com/photos/someone",
            "license": one["license"],
            "license_version": one.get("version", "2.0"),
            "license_url": one.get("license_url", f"https://creativecommons.org/licenses/{one['license']}/2.0/"),
            "provider": "flickr",
            "source": "flickr",
            "filetype": None,
            "mature": one.get("mature", False),
            "width": 1024,
            "height": 768,
        }
        for one in hits[(page - 1) * PAGE : page * PAGE]
    ]
    pages = -(-len(hits) // PAGE)
    return 200, {"result_count": len(hits), "page_count": pages, "page_size": PAGE, "page": page, "results": results}


def serve(folder, port):
    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.folder, server.url = folder, f"http://127.0.0.1:{port}"
    server.world = json.loads((folder / "world.json").read_text())
    server.trouble = server.world["trouble"]
    server.serve_forever(0.02)


# --- what tests use --------------------------------------------------------------------------------------------------


def photo(seed, size=(400, 300), quality=90, **options):
    """A JPEG that resembles no photo of another seed."""
    rng = np.random.default_rng(seed)
    image = Image.fromarray(rng.integers(0, 255, (9, 12, 3), dtype=np.uint8)).resize(size, Image.Resampling.BICUBIC)
    stream = BytesIO()
    image.save(stream, "JPEG", quality=quality, **options)
    return stream.getvalue()


@dataclass
class World:
    """What the sources have; started as a process by :func:`serving`."""

    folder: Path
    commons: list = field(default_factory=list)
    taxa: list = field(default_factory=list)
    observations: list = field(default_factory=list)
    openverse: list = field(default_factory=list)
    trouble: dict = field(default_factory=dict)
    moved: dict = field(default_factory=dict)
    url: str = ""

    def put(self, name, content):
        (self.folder / "photos").mkdir(parents=True, exist_ok=True)
        (self.folder / "photos" / name).write_bytes(content)
        return name

    def on_commons(self, id_, content=None, words="pear fruit", code="cc-by-sa-4.0", artist=None, **more):
        """Add a file of Commons; ``code`` None leaves the licence out."""
        meta = {"Artist": f'<a href="//c/User:U{id_}" title="User">User {id_}</a>' if artist is None else artist}
        meta |= more.pop("meta", {}) | ({"License": code} if code else {})
        name = self.put(f"c{id_}.jpg", photo(id_) if content is None else content)
        self.commons.append({"id": id_, "title": f"Pear {id_}", "words": words, "photo": name, "meta": meta} | more)

    def on_inaturalist(self, id_, *codes, content=None, taxa=("55",), name="Pyrus communis", **more):
        """Add an observation with a photo per licence code; the photos' ids are ten times its own, counted on."""
        photos = []
        for number, code in enumerate(codes or ("cc-by",)):
            photo_id = 10 * id_ + number
            said = "no rights reserved (CC0)" if code == "cc0" else f"some rights reserved ({code})"
            photos.append({"id": photo_id, "license_code": code, "attribution": f"(c) Obs {id_}, {said}"})
            folder = self.folder / "photos"
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{photo_id}.jpg").write_bytes(photo(photo_id) if content is None else content)
        self.observations.append({"id": id_, "taxa": list(taxa), "name": name, "photos": photos} | more)

    def on_openverse(self, id_, content=None, words="pear fruit", licence="by", creator="Flick R.", **more):
        name = self.put(f"o-{id_}.jpg", photo(sum(id_.encode()) + 5000) if content is None else content)
        entry = {"id": id_, "title": f"A pear {id_}", "words": words, "photo": name, "license": licence}
        self.openverse.append(entry | {"creator": creator} | more)

    def endpoints(self):
        return {"commons": f"{self.url}/w/api.php", "inaturalist": f"{self.url}/v1", "openverse": f"{self.url}/v1"}

    def asked(self, path=""):
        lines = (self.folder / "asked.jsonl").read_text().splitlines() if (self.folder / "asked.jsonl").exists() else []
        return [entry for entry in map(json.loads, lines) if entry["path"].startswith(path)]

    def forget_asked(self):
        (self.folder / "asked.jsonl").unlink(missing_ok=True)


@contextlib.contextmanager
def serving(world):
    """Start the process with what the world holds now; its changes later are not seen."""
    names = ("commons", "taxa", "observations", "openverse", "trouble", "moved")
    world.folder.mkdir(parents=True, exist_ok=True)
    (world.folder / "world.json").write_text(json.dumps({name: getattr(world, name) for name in names}))
    port = free_port()
    server = start([sys.executable, __file__, str(world.folder), str(port)], world.folder / "server.log")
    world.url = f"http://127.0.0.1:{port}"

    def answers():
        with contextlib.suppress(OSError), urlopen(f"{world.url}/v1/taxa?q=nothing", timeout=5) as answer:
            return answer.status == 200
        return False

    try:
        wait_until(answers, f"an answer of the server: {server.said()}")
        world.forget_asked()
        yield world
    finally:
        server.kill_group()


if __name__ == "__main__":
    serve(Path(sys.argv[1]), int(sys.argv[2]))
