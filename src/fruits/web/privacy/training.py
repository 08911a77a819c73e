"""Photos whose owners let them improve the engine, as a folder of labelled images that the training reads."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from django.utils import timezone

from fruits.web.privacy import consents
from fruits.web.recognition import photos
from fruits.web.recognition.models import Photo

MANIFEST = "manifest.jsonl"


def export_training(folder: Path) -> int:
    """Write every photo that may be learnt from below ``folder``; return how many.

    One folder for each label (``species`` or ``species/variety``), files named by their content, and a manifest of one
    JSON object a line. What an owner corrected is labelled so; the rest by what the engine was sure of; photos of
    neither kind lie in ``unlabelled``. Nothing leads to a person. Raises ``FileExistsError`` when the folder is not
    empty: an older export may hold photos that must no longer be used.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty: export into a new folder, and delete the older exports")
    count = 0
    rows = Photo.objects.filter(improve=True, expires_at__gt=timezone.now()).select_related(
        "scan", "scan__correction", "user"
    )
    with (folder / MANIFEST).open("w", encoding="utf-8") as manifest:
        for photo in rows.order_by("pk").iterator(chunk_size=200):
            if not consents.granted(photo.user)["improve"]:
                continue
            data = photos.read(photo)
            label, origin = _label(photo)
            path = folder / label / f"{hashlib.sha256(data).hexdigest()[:32]}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            line = {"path": str(path.relative_to(folder)), "label": label, "labelled_by": origin}
            manifest.write(json.dumps(line | {"model": photo.scan.recognition["model"]}) + "\n")
            count += 1
    return count


def _label(photo: Photo) -> tuple[str, str]:
    correction = getattr(photo.scan, "correction", None)
    if correction is not None:
        return _join(correction.species, correction.variety), "owner"
    said = photo.scan.recognition
    if said["sure"] and said["species"]:
        return _join(said["species"], said["variety"]), "engine"
    return "unlabelled", "nobody"


def _join(species: str, variety: str | None) -> str:
    return f"{species}/{variety}" if variety else species
