"""A world of photos, empty at first."""

import pytest

from photo_apis import World


@pytest.fixture
def world(tmp_path):
    world = World(tmp_path / "server")
    world.taxa += [
        {"id": 54, "name": "Pyrus", "rank": "genus"},
        {"id": 55, "name": "Pyrus communis", "rank": "species"},
        {"id": 56, "name": "Pyrus communis", "rank": "species", "kingdom": "Insecta"},
        {"id": 60, "name": "Prunus persica", "rank": "species"},
        {"id": 61, "name": "Prunus persica nucipersica", "rank": "variety"},
    ]
    return world
