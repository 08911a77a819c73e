"""The server does not start wrongly: secrets, debugging, hosts; and what `check --deploy` says of a right one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fruits.web.environment import Environment, database, local_secret, mail, photo_storage
from fruits.web.errors import ConfigurationError
from fruits.web.rates import Limiter, Rate, network
from servers import free_port
from web_site import CLEAN, serving

SECRET = "k7Vq-3xT9zP_wB2nL8sD4fG6hJ1mC5rY0uIoAeXbKtQvNyWpZgRdFjHlSaMcUiOe"
PRODUCTION = {
    "FRUITS_PRODUCTION": "1",
    "FRUITS_SECRET_KEY": SECRET,
    "FRUITS_HOSTS": "fruits.example",
    "FRUITS_ORIGIN": "https://fruits.example",
    "FRUITS_CONTROLLER": "Fruits SAS, 1 rue des Halles, 75001 Paris",
    "FRUITS_MAIL": "smtp://user:pass@mail.example:587",
}


def run(home: Path, app: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    variables = os.environ | dict.fromkeys(CLEAN, "") | {"FRUITS_HOME": str(home), "FRUITS_APP_FOLDER": str(app)}
    return subprocess.run(
        [sys.executable, *arguments],
        env=variables | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_deployment_check_is_clean_in_production(tmp_path: Path, app_folder: Path) -> None:
    arguments = ("-m", "fruits.web", "check", "--deploy", "--fail-level", "WARNING")
    done = run(tmp_path, app_folder, *arguments, **PRODUCTION)
    assert done.returncode == 0, done.stderr
    assert "no issues (0 silenced)" in done.stdout
    done = run(tmp_path, tmp_path, *arguments, **PRODUCTION)
    assert done.returncode == 1 and "The application is not built" in done.stderr


def test_the_migrations_say_all_of_the_tables(tmp_path: Path, app_folder: Path) -> None:
    done = run(tmp_path, app_folder, "-m", "fruits.web", "makemigrations", "--check", "--dry-run")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"FRUITS_SECRET_KEY": ""}, "FRUITS_SECRET_KEY"),
        ({"FRUITS_SECRET_KEY": "django-insecure-" + SECRET}, "FRUITS_SECRET_KEY"),
        ({"FRUITS_SECRET_KEY": "a" * 60}, "FRUITS_SECRET_KEY"),
        ({"FRUITS_SECRET_KEY": "short"}, "FRUITS_SECRET_KEY"),
        ({"FRUITS_WEB_DEBUG": "1"}, "FRUITS_WEB_DEBUG"),
        ({"FRUITS_HOSTS": ""}, "FRUITS_HOSTS"),
        ({"FRUITS_HOSTS": "*"}, "FRUITS_HOSTS"),
        ({"FRUITS_ORIGIN": "http://fruits.example"}, "FRUITS_ORIGIN"),
        ({"FRUITS_CONTROLLER": ""}, "FRUITS_CONTROLLER"),
        ({"DATABASE_URL": "mysql://x"}, "DATABASE_URL"),
        ({"FRUITS_MAX_PIXELS": "many"}, "FRUITS_MAX_PIXELS"),
        ({"FRUITS_RECOGNITION_RATE": "often"}, "FRUITS_RECOGNITION_RATE"),
    ],
)
def test_production_refuses_to_start(tmp_path: Path, app_folder: Path, changes: dict[str, str], word: str) -> None:
    port = str(free_port())
    done = run(tmp_path, app_folder, "-m", "fruits.cli", "serve", "--port", port, **(PRODUCTION | changes))
    assert done.returncode == 2, done.stderr
    assert word in done.stderr and "Traceback" not in done.stderr and done.stderr.count("\n") == 1


def test_production_does_not_migrate_by_itself(tmp_path: Path, app_folder: Path) -> None:
    done = run(tmp_path, app_folder, "-m", "fruits.cli", "serve", "--port", str(free_port()), **PRODUCTION)
    assert done.returncode == 2 and "--migrate" in done.stderr


def test_production_cookies_and_headers(tmp_path: Path, app_folder: Path) -> None:
    import requests

    variables = PRODUCTION | {"FRUITS_HOSTS": "localhost", "FRUITS_APP_FOLDER": str(app_folder)}
    with serving(tmp_path / "home", "--migrate", **variables) as site:
        plain = requests.get(site.address + "/api/session", allow_redirects=False, timeout=60)
        assert plain.status_code == 301 and plain.headers["Location"].startswith("https://")
        behind = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"}
        answer = requests.get(site.address + "/api/session", headers=behind, timeout=60)
        assert answer.status_code == 200
        cookie = answer.headers["Set-Cookie"]
        assert cookie.startswith("__Host-csrf=") and "Secure" in cookie and "HttpOnly" in cookie
        assert "max-age=63072000" in answer.headers["Strict-Transport-Security"]
        assert "fruits.sqlite3" in {path.name for path in site.home.iterdir()}
        assert not (site.home / "secret").exists()


@pytest.mark.parametrize(
    "arguments", [["--workers", "0"], ["--port", "70000"], ["--cert", "x"], ["--tls", "--cert", "x"]]
)
def test_calls_that_cannot_work(tmp_path: Path, arguments: list[str]) -> None:
    done = run(tmp_path, tmp_path, "-m", "fruits.cli", "serve", *arguments)
    assert done.returncode == 2 and "Traceback" not in done.stderr


def test_a_port_in_use(tmp_path: Path, site) -> None:
    done = run(tmp_path, tmp_path, "-m", "fruits.cli", "serve", "--port", site.address.rpartition(":")[2])
    assert done.returncode == 2 and "choose another --port" in done.stderr


# --- reading the environment ---


def test_database_addresses(tmp_path: Path) -> None:
    assert database("", tmp_path)["NAME"] == str(tmp_path / "fruits.sqlite3")
    assert database("sqlite:////data/x.db", tmp_path)["NAME"] == "/data/x.db"
    found = database("postgres://us%40er:p%2Fw@db.example:6432/fruits?sslmode=require", tmp_path)
    assert (found["USER"], found["PASSWORD"], found["HOST"]) == ("us@er", "p/w", "db.example")
    assert (found["PORT"], found["NAME"], found["OPTIONS"]) == ("6432", "fruits", {"sslmode": "require"})


def test_photo_storages(tmp_path: Path) -> None:
    assert photo_storage("", tmp_path)["OPTIONS"]["location"] == str(tmp_path / "photos")
    found = photo_storage("s3://bucket/some/prefix/", tmp_path)["OPTIONS"]
    assert (found["bucket_name"], found["location"]) == ("bucket", "some/prefix")
    with pytest.raises(ConfigurationError, match="bucket"):
        photo_storage("s3://", tmp_path)


def test_mail_addresses() -> None:
    assert mail("")["EMAIL_BACKEND"].endswith("FolderBackend")
    assert mail("smtp://u:p@mail.example")["EMAIL_PORT"] == 587 and mail("smtp://m")["EMAIL_USE_TLS"]
    assert mail("smtps://u:p@mail.example")["EMAIL_USE_SSL"] and mail("smtps://m")["EMAIL_PORT"] == 465
    with pytest.raises(ConfigurationError, match="FRUITS_MAIL"):
        mail("mail.example")


def test_the_local_secret_is_made_once_and_kept_private(tmp_path: Path) -> None:
    first = local_secret(tmp_path / "new")
    assert len(first) > 60 and local_secret(tmp_path / "new") == first
    assert (tmp_path / "new" / "secret").stat().st_mode & 0o777 == 0o600


def test_types_of_variables() -> None:
    environment = Environment({"A": "12", "B": "yes", "C": "x, y,,z", "D": "-1", "P_EU": "1", "P_US": ""})
    assert (environment.number("A", 0), environment.number("Z", 7)) == (12, 7)
    assert environment.flag("B") and not environment.flag("Z")
    assert environment.words("C") == ["x", "y", "z"] and environment.beginning("P_") == {"EU": "1"}
    with pytest.raises(ConfigurationError, match="D must be a whole number"):
        environment.number("D", 0)


# --- rates ---


def test_a_token_bucket() -> None:
    now = [0.0]
    limiter = Limiter(Rate.parse("X", "3/m"), lambda: now[0])
    assert [limiter.take("a") > 0 for _ in range(4)] == [False, False, False, True]
    assert limiter.take("b") == 0
    now[0] = 20
    assert limiter.take("a") == 0 and limiter.take("a") == pytest.approx(20)
    now[0] = 2000
    assert [limiter.take("a") > 0 for _ in range(4)] == [False, False, False, True]
    assert Limiter(Rate.parse("X", "0")).take("a") == 0


def test_one_customer_is_one_address() -> None:
    assert network("203.0.113.9") == "203.0.113.9"
    assert network("2001:db8:1:2:3:4:5:6") == network("2001:db8:1:2::1") != network("2001:db8:1:3::1")
    assert network("::ffff:203.0.113.9") == "203.0.113.9" and network("testclient") == "unknown"
