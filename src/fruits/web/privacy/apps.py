"""The `privacy` application; it also brings the checks of the whole site."""

from django.apps import AppConfig


class PrivacyConfig(AppConfig):
    """Its place and its label."""

    name = "fruits.web.privacy"
    label = "privacy"

    def ready(self) -> None:
        """Register the system checks."""
        from fruits.web import checks  # noqa: F401, PLC0415  (Django's registry must be ready)
