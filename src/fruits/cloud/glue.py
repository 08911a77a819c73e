"""The tables of a run in the Glue catalogue, so that Athena can ask them."""

from __future__ import annotations

import re
from typing import Any

from fruits.cloud.aws import Aws, aws_errors, code_of
from fruits.cloud.site import Site
from fruits.records import ERRORS, FEATURES, METADATA, PCA, PREDICTIONS

_ROW = (("path", "string"), ("label", "string"), ("split", "string"))
# The same columns as pipeline/tables.py writes, in Hive's words; a test compares.
COLUMNS: dict[str, tuple[tuple[str, str], ...]] = {
    FEATURES: (*_ROW, ("embedding", "array<float>")),
    PCA: (*_ROW, ("components", "array<float>")),
    METADATA: (
        *_ROW,
        ("bytes", "bigint"),
        ("width", "int"),
        ("height", "int"),
        ("format", "string"),
        ("modified", "timestamp"),
        ("sha256", "string"),
    ),
    ERRORS: (*_ROW, ("stage", "string"), ("reason", "string"), ("detail", "string")),
    PREDICTIONS: (*_ROW, ("predicted", "string"), ("score", "float")),
}
_PARQUET = "org.apache.hadoop.hive.ql.io.parquet"


def register_tables(site: Site, aws: Aws, out: str, run: str) -> list[str]:
    """Register the tables of OUT, or refresh them; returns their names, ``database.table``."""
    client = aws.client("glue")
    with aws_errors("registering the tables"):
        _once(lambda: client.create_database(DatabaseInput={"Name": site.database, "Description": "Fruits! results"}))
        names = []
        for table in COLUMNS:
            wanted = table_input(table, out, run)
            if not _once(lambda wanted=wanted: client.create_table(DatabaseName=site.database, TableInput=wanted)):
                client.update_table(DatabaseName=site.database, TableInput=wanted)
            names.append(f"{site.database}.{wanted['Name']}")
    return names


def table_input(table: str, out: str, run: str) -> dict[str, Any]:
    """Return Glue's description of one table of OUT."""
    return {
        "Name": f"{_word(out)}_{table}",
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {"classification": "parquet", "fruits.run": run},
        "StorageDescriptor": {
            "Columns": [{"Name": name, "Type": kind} for name, kind in COLUMNS[table]],
            "Location": f"{out}/{table}/",
            "InputFormat": f"{_PARQUET}.MapredParquetInputFormat",
            "OutputFormat": f"{_PARQUET}.MapredParquetOutputFormat",
            "SerdeInfo": {"SerializationLibrary": f"{_PARQUET}.serde.ParquetHiveSerDe"},
        },
    }


def _word(out: str) -> str:
    """Return a name for OUT that Athena takes without quotes: its path in the bucket."""
    path = out.removeprefix("s3://").partition("/")[2] or out
    return re.sub(r"[^a-z0-9]+", "_", path.lower()).strip("_")


def _once(create: Any) -> bool:  # noqa: ANN401 - a callable
    """Whether it was made now; False where it was there."""
    from botocore.exceptions import ClientError  # noqa: PLC0415

    try:
        create()
    except ClientError as error:
        if code_of(error) == "AlreadyExistsException":
            return False
        raise
    return True
