"""Openly licensed photos of every species, from Wikimedia Commons, iNaturalist and Openverse, each with its credits.

``collect(species, catalogue, folder, Client(contact))`` fills ``folder/<species>/`` and ``folder/credits.csv``.
"""

from fruits.collecting.client import Client, Manners
from fruits.collecting.collection import SOURCES, Harvest, Outcome, Wish, collect
from fruits.collecting.errors import CollectError, SourceError, TransferError, WrongCallError
from fruits.collecting.ledger import CREDITS, REFUSED, Credit, Refusal
from fruits.collecting.licences import LICENCES, Licence, chosen

__all__ = [
    "CREDITS",
    "LICENCES",
    "REFUSED",
    "SOURCES",
    "Client",
    "CollectError",
    "Credit",
    "Harvest",
    "Licence",
    "Manners",
    "Outcome",
    "Refusal",
    "SourceError",
    "TransferError",
    "Wish",
    "WrongCallError",
    "chosen",
    "collect",
]
