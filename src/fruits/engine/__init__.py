"""The engine: one versioned model file, pixels in, species and variety out, and "not sure" as part of the answer."""

from fruits.engine.bundle import Bundle, BundleError, Card, load_bundle, released
from fruits.engine.errors import EngineError
from fruits.engine.recogniser import Outcome, Recogniser
from fruits.engine.recognition import Candidate, Recognition

__all__ = [
    "Bundle",
    "BundleError",
    "Candidate",
    "Card",
    "EngineError",
    "Outcome",
    "Recogniser",
    "Recognition",
    "load_bundle",
    "released",
]
