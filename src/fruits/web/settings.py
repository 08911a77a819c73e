"""Django's settings, from the environment; ``docs/deployment.md`` lists every variable.

Two modes: local (the default: one machine, SQLite, HTTP or a certificate of our own) and production
(``FRUITS_PRODUCTION=1``), which demands a secret, hosts and HTTPS, and does not start without them.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from fruits.web.environment import Environment, database, home_folder, local_secret, mail, photo_storage
from fruits.web.errors import ConfigurationError
from fruits.web.rates import Rate

# ONNX Runtime's wheels report to their maker from Linux too unless this is set before they are imported; nothing of
# this server's use may leave it.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

_environment = Environment()
_here = Path(__file__).parent

PRODUCTION = _environment.flag("FRUITS_PRODUCTION")
DEBUG = _environment.flag("FRUITS_WEB_DEBUG")
HOME = home_folder(_environment)
HTTPS = PRODUCTION or _environment.flag("FRUITS_HTTPS")

SECRET_KEY = _environment.text("FRUITS_SECRET_KEY") or ("" if PRODUCTION else local_secret(HOME))
SECRET_KEY_FALLBACKS = _environment.words("FRUITS_SECRET_KEY_FALLBACKS")
ALLOWED_HOSTS = _environment.words("FRUITS_HOSTS") or ([] if PRODUCTION else ["localhost", "127.0.0.1", "[::1]"])
ORIGIN = _environment.text("FRUITS_ORIGIN").rstrip("/")
CONTROLLER = _environment.text("FRUITS_CONTROLLER")
if PRODUCTION:
    if DEBUG:
        raise ConfigurationError("FRUITS_WEB_DEBUG is set: production does not start with it; unset it")
    if len(SECRET_KEY) < 50 or len(set(SECRET_KEY)) < 5 or SECRET_KEY.startswith("django-insecure"):
        raise ConfigurationError(
            "FRUITS_SECRET_KEY must be 50 random characters or more in production; make one with: "
            "python -c 'import secrets; print(secrets.token_urlsafe(64))'"
        )
    if not ALLOWED_HOSTS or "*" in ALLOWED_HOSTS:
        raise ConfigurationError("FRUITS_HOSTS must name the hosts of the site in production, as fruits.example")
    if not ORIGIN.startswith("https://"):
        raise ConfigurationError("FRUITS_ORIGIN must be the site's address in production, as https://fruits.example")
    if not CONTROLLER:
        raise ConfigurationError(
            "FRUITS_CONTROLLER must say in production who runs the site, for its privacy notice (GDPR, article 13), "
            "as: Fruits SAS, 1 rue des Halles, 75001 Paris, privacy@fruits.example"
        )

# --- the application -------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.staticfiles",
    "ninja",
    "fruits.web.accounts",
    "fruits.web.recognition",
    "fruits.web.privacy",
]
MIDDLEWARE = [
    "fruits.web.middleware.Observed",
    "fruits.web.middleware.SecurityHeaders",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "fruits.web.middleware.ApiErrors",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "fruits.web.middleware.CsrfEverywhere",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "fruits.web.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
    }
]
APPEND_SLASH = False
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("fr", "Français")]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEST_RUNNER = "django.test.runner.DiscoverRunner"

# --- what it keeps, and where ----------------------------------------------------------------------------------------

DATABASES = {"default": database(_environment.text("DATABASE_URL"), HOME)}

DEFAULT_REGION = "eu"
"""The storage region of new accounts; others are added by ``FRUITS_PHOTOS_<REGION>``."""

REGIONS = {DEFAULT_REGION: _environment.text("FRUITS_PHOTOS")} | {
    name.lower(): address for name, address in _environment.beginning("FRUITS_PHOTOS_").items()
}
STORAGES = {
    "default": photo_storage(REGIONS[DEFAULT_REGION], HOME),
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
} | {f"photos-{region}": photo_storage(address, HOME) for region, address in REGIONS.items()}
RETENTION_DAYS = _environment.number("FRUITS_RETENTION_DAYS", 365)
EVENT_DAYS = _environment.number("FRUITS_EVENT_DAYS", 90)
AUDIT_DAYS = _environment.number("FRUITS_AUDIT_DAYS", 365)

vars().update(mail(_environment.text("FRUITS_MAIL")))
DEFAULT_FROM_EMAIL = _environment.text("FRUITS_MAIL_FROM", "Fruits! <no-reply@localhost>")

# --- accounts --------------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
_validation = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"{_validation}.UserAttributeSimilarityValidator", "OPTIONS": {"user_attributes": ["email"]}},
    {"NAME": f"{_validation}.MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
    {"NAME": "fruits.web.accounts.passwords.MaximumLength"},
    {"NAME": f"{_validation}.CommonPasswordValidator"},
    {"NAME": f"{_validation}.NumericPasswordValidator"},
]
MINIMUM_AGE = 15
"""Article 45 of the French law of 1978, on article 8 of the GDPR."""

VERIFY_SECONDS = 3 * 24 * 3600
RESET_SECONDS = 3600
CORRECTION_DAYS = 7
SESSION_ENGINE = "fruits.web.accounts.sessions"
SESSION_COOKIE_AGE = 30 * 24 * 3600

# --- limits ----------------------------------------------------------------------------------------------------------

MAX_UPLOAD_BYTES = _environment.number("FRUITS_MAX_UPLOAD_BYTES", 20 * 2**20)
MAX_PIXELS = _environment.number("FRUITS_MAX_PIXELS", 50_000_000)
MAX_JPEG_PIXELS = _environment.number("FRUITS_MAX_JPEG_PIXELS", 120_000_000)
KEPT_LONGEST_SIDE = 1600
MAX_PHOTOS = _environment.number("FRUITS_MAX_PHOTOS", 2000)
"""Photos that one account may have stored; further ones are recognised and forgotten."""

UPLOAD_SECONDS = _environment.number("FRUITS_UPLOAD_SECONDS", 60)
# All of an upload stays in memory, and is bounded before Django sees it (`gate.py`).
FILE_UPLOAD_MAX_MEMORY_SIZE = MAX_UPLOAD_BYTES + 2**20
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 2**18
DATA_UPLOAD_MAX_NUMBER_FILES = 2
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20
RECOGNITION_RATE = Rate.parse("FRUITS_RECOGNITION_RATE", _environment.text("FRUITS_RECOGNITION_RATE", "60/m"))
WORKERS = _environment.number("FRUITS_WORKERS", 1)
MODEL = _environment.text("FRUITS_MODEL")
METRICS_TOKEN = _environment.text("FRUITS_METRICS_TOKEN")

# --- browsers --------------------------------------------------------------------------------------------------------

APP_FOLDER = Path(_environment.text("FRUITS_APP_FOLDER") or _here / "static" / "app")
STATIC_URL = "/static/"
WHITENOISE_ROOT = str(APP_FOLDER) if APP_FOLDER.is_dir() else None
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 0
WHITENOISE_ALLOW_ALL_ORIGINS = False
WHITENOISE_MIMETYPES = {
    ".wasm": "application/wasm",
    ".mjs": "text/javascript",
    ".webmanifest": "application/manifest+json",
    ".onnx": "application/octet-stream",
}


def WHITENOISE_IMMUTABLE_FILE_TEST(path: str, url: str) -> bool:  # noqa: N802  (whitenoise names it)
    """Whether the name of a file carries a hash of its content, as Vite writes it."""
    return re.search(r"^/assets/.+[-.][A-Za-z0-9_-]{8,}\.\w+$", url) is not None


_cookie = "__Host-" if HTTPS else ""
SESSION_COOKIE_NAME = f"{_cookie}session"
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = f"{_cookie}csrf"
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "fruits.web.pages.csrf_failure"
SECURE_SSL_REDIRECT = PRODUCTION
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = 2 * 365 * 24 * 3600 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = PRODUCTION
SECURE_HSTS_PRELOAD = PRODUCTION
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# --- logs: one JSON object a line in production, words on a terminal -------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {"()": "fruits.web.logs.JsonFormatter"},
        "words": {"format": "%(levelname)s %(name)s: %(message)s"},
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "json" if PRODUCTION else "words"},
        "audit": {"class": "logging.StreamHandler", "formatter": "json"},
    },
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "django": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        "django.request": {"level": "ERROR"},
        "fruits.web": {"handlers": ["console"], "level": "INFO" if PRODUCTION else "WARNING", "propagate": False},
        "fruits.audit": {"handlers": ["audit"], "level": "INFO" if PRODUCTION else "WARNING", "propagate": False},
    },
}
