"""Serve the app: photo in, fruit out, on one port, for a browser or a phone.

Nothing else is needed: SQLite, photos and mails lie in a folder (--home). A phone needs HTTPS for its camera and to
work without network: --tls makes a certificate for this machine. Settings for a real site are environment variables:
docs/deployment.md.
"""

from __future__ import annotations

import argparse
import os
import resource
import signal
import socket
import sys
import tempfile
from pathlib import Path

ANY = ("0.0.0.0", "::")  # noqa: S104  (compared with, not bound to)
LOCAL_HOSTS = ("localhost", "127.0.0.1", "[::1]")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1; 0.0.0.0 for all)")
    parser.add_argument("--port", type=int, default=8000, help="port to listen on (8000)")
    parser.add_argument("--workers", type=int, default=1, help="processes, each with its own model (1)")
    parser.add_argument("--home", type=Path, help="folder for data (FRUITS_HOME, else ~/.local/share/fruits)")
    parser.add_argument("--tls", action="store_true", help="serve HTTPS with a certificate made for this machine")
    parser.add_argument("--cert", type=Path, help="serve HTTPS with this certificate (PEM), and --key")
    parser.add_argument("--key", type=Path, help="the certificate's private key (PEM)")
    parser.add_argument(
        "--proxy", default="127.0.0.1", metavar="ADDRESSES", help="proxies whose X-Forwarded-* are believed (127.0.0.1)"
    )
    parser.add_argument("--migrate", action="store_true", help="bring the database up to date first, in production too")


def run(arguments: argparse.Namespace) -> int:
    """Serve until interrupted; return 2 when the call or the settings cannot work."""
    problem = _mistake(arguments)
    if problem:
        print(f"fruits serve: {problem}", file=sys.stderr)
        return 2
    secure = arguments.tls or arguments.cert is not None
    _prepare_environment(arguments, secure=secure)
    try:
        import django
        import uvicorn
        from django.core.exceptions import ImproperlyConfigured
    except ImportError as error:
        print(f"fruits serve: {error.name} is missing; install it with: pip install 'fruits[web]'", file=sys.stderr)
        return 2
    try:
        django.setup()
    except ImproperlyConfigured as error:
        print(f"fruits serve: {error}", file=sys.stderr)
        return 2
    problem = _check(arguments) or _bring_up_to_date(arguments)
    if problem:
        print(f"fruits serve: {problem}", file=sys.stderr)
        return 2
    certificate, key = _certificate(arguments)
    _say_where(arguments, secure=secure)
    _allow_many_connections()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # what was begun below is put away
    with tempfile.TemporaryDirectory(prefix="fruits-metrics-") as metrics:
        if arguments.workers > 1:
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = metrics
        uvicorn.run(
            "fruits.web.asgi:application",
            host=arguments.host,
            port=arguments.port,
            workers=arguments.workers,
            lifespan="on",
            log_level="warning",
            access_log=False,
            server_header=False,
            backlog=2048,
            timeout_keep_alive=20,
            timeout_graceful_shutdown=15,
            proxy_headers=True,
            forwarded_allow_ips=arguments.proxy,
            ssl_certfile=certificate,
            ssl_keyfile=key,
        )
    return 0


def _mistake(arguments: argparse.Namespace) -> str:
    files = [path for path in (arguments.cert, arguments.key) if path is not None and not path.is_file()]
    mistakes = {
        "--workers must be at least 1": arguments.workers < 1,
        "--port must be between 1 and 65535": not 0 < arguments.port < 65536,
        "--tls makes a certificate, --cert names one: give one of them": arguments.tls and arguments.cert,
        "--cert and --key belong together": bool(arguments.cert) != bool(arguments.key),
        f"{files} cannot be read": files,
    }
    found = [sentence for sentence, wrong in mistakes.items() if wrong]
    if found:
        return found[0]
    family = socket.AF_INET6 if ":" in arguments.host else socket.AF_INET
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((arguments.host, arguments.port))
        except OSError as error:
            return f"cannot listen on {arguments.host} port {arguments.port}: {error.strerror}; choose another --port"
    return ""


def _prepare_environment(arguments: argparse.Namespace, *, secure: bool) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "fruits.web.settings"
    os.environ["FRUITS_WORKERS"] = str(arguments.workers)
    if arguments.home is not None:
        os.environ["FRUITS_HOME"] = str(arguments.home.absolute())
    if secure:
        os.environ["FRUITS_HTTPS"] = "1"
    if not os.environ.get("FRUITS_HOSTS") and not os.environ.get("FRUITS_PRODUCTION"):
        os.environ["FRUITS_HOSTS"] = ",".join([*LOCAL_HOSTS, *_reachable_at(arguments.host)])


def _check(arguments: argparse.Namespace) -> str:
    from django.conf import settings
    from django.core import checks

    errors = [one for one in checks.run_checks(include_deployment_checks=True) if one.is_serious()]
    if errors:
        return "; ".join(f"{error.msg} ({error.hint or error.id})" for error in errors)
    if settings.DEBUG and arguments.host not in LOCAL_HOSTS:
        return "FRUITS_WEB_DEBUG shows the inside of the program: it is for 127.0.0.1 only"
    return ""


def _bring_up_to_date(arguments: argparse.Namespace) -> str:
    from django.conf import settings
    from django.core.management import call_command
    from django.db import DatabaseError, connection
    from django.db.migrations.executor import MigrationExecutor

    try:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if missing and settings.PRODUCTION and not arguments.migrate:
            return "the database is not up to date: start once with --migrate"
        if missing:
            settings.HOME.mkdir(parents=True, exist_ok=True, mode=0o700)
            call_command("migrate", verbosity=0, interactive=False)
    except (DatabaseError, OSError) as error:
        return f"the database cannot be used: {' '.join(str(error).split())}"
    connection.close()
    return ""


def _certificate(arguments: argparse.Namespace) -> tuple[str | None, str | None]:
    if arguments.cert is not None:
        return str(arguments.cert), str(arguments.key)
    if not arguments.tls:
        return None, None
    from django.conf import settings

    from fruits.web.certificates import certificate_for

    paths = certificate_for(settings.HOME / "tls", ["localhost", "127.0.0.1", "::1", *_reachable_at(arguments.host)])
    print(f"A phone trusts this server once it has installed {paths.authority} as an authority.")
    return str(paths.certificate), str(paths.key)


def _allow_many_connections() -> None:
    """Raise the limit on open files, 1,024 on many systems, to what the system allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 65536 if hard == resource.RLIM_INFINITY else min(hard, 65536)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _say_where(arguments: argparse.Namespace, *, secure: bool) -> None:
    scheme = "https" if secure else "http"
    hosts = ["localhost", *_reachable_at(arguments.host)] if arguments.host in ANY else [arguments.host]
    shown = [f"[{host}]" if ":" in host and not host.startswith("[") else host for host in hosts]
    print(f"Fruits! is at {' and '.join(f'{scheme}://{host}:{arguments.port}' for host in shown)}; Ctrl-C stops it.")
    sys.stdout.flush()


def _reachable_at(host: str) -> list[str]:
    """The names and addresses under which a phone in the same network finds this machine."""
    if host not in ANY:
        return [] if host in LOCAL_HOSTS else [f"[{host}]" if ":" in host else host]
    found = [socket.gethostname(), f"{socket.gethostname()}.local"]
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect(("192.0.2.1", 9))  # TEST-NET: nothing is sent, the system only picks a route
            found.append(probe.getsockname()[0])
    except OSError:
        pass
    return found
