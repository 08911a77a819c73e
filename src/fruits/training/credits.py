"""Whose photos a bundle was trained on: what its card must say."""

from __future__ import annotations

CREDITS: dict[str, dict[str, str]] = {
    "fruits-360": {"title": "Fruits-360, 2024.08.04.0", "author": "Mihai Oltean, Horea Muresan", "licence": "MIT"},
    "grocery-store": {
        "title": "Grocery Store Dataset (WACV 2019)",
        "author": "Marcus Klasson, Cheng Zhang, Hedvig Kjellström",
        "licence": "MIT",
    },
    "web-produce-a": {
        "title": "Fruits by YOLO (Roboflow)",
        "author": "fruitsdetection",
        "licence": "CC BY 4.0",
    },
    "web-produce-b": {"title": "FruitnVegetableVer2 (Roboflow)", "author": "not named", "licence": "Public Domain"},
    "plates": {
        "title": "ECUSTFD",
        "author": "East China University of Science and Technology",
        "licence": "none stated; 'a free public food image dataset'",
    },
    "dates": {"title": "Dates Classification (Roboflow)", "author": "a user of Roboflow", "licence": "CC BY 4.0"},
    "clothing": {"title": "clothing-dataset-small", "author": "Alexey Grigorev", "licence": "CC0 1.0"},
    "ripeness": {
        "title": "RawRipe: Fruit Maturity Recognition from Agricultural, Market and Automation Perspectives",
        "author": "Koteswar Rao Jerripothula, Sanchit Kumar Shukla, Sambhav Jain, Sudhanshu Singh",
        "licence": "none stated; 'please cite'",
    },
    "orchard-pear": {"title": "Pear640", "author": "its contributors", "licence": "CC BY 4.0"},
    "orchard-apple": {"title": "AppleBBCH81", "author": "its contributors", "licence": "CC BY 4.0"},
    "several-fruits": {
        "title": "Fruits-360, test-multiple_fruits",
        "author": "Mihai Oltean, Horea Muresan",
        "licence": "MIT",
    },
}
