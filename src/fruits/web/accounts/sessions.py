"""Django's database sessions, with the user in a column so that all of a user's sessions can be listed and ended."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore

from fruits.web.accounts.models import Session

DEVICE = "device"
_BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


class SessionStore(DatabaseStore):
    """The engine named by ``SESSION_ENGINE``."""

    @classmethod
    def get_model_class(cls) -> Any:
        """The model of the rows."""
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        """The row for ``data``; the id and the start of a session that is saved again stay."""
        row: Session = super().create_model_instance(data)  # type: ignore[assignment]  # of get_model_class
        row.user_id = data.get(SESSION_KEY)
        row.device = data.get(DEVICE, "")
        known = Session.objects.filter(session_key=row.session_key).values_list("id", "created_at").first()
        if known:
            row.id, row.created_at = known
        return row


def describe_device(agent: str) -> str:
    """A browser and a system from a user agent, such as ``Firefox, Android``; nothing finer is kept."""
    found = [next((name for mark, name in marks if mark in agent), "") for marks in (_BROWSERS, _SYSTEMS)]
    return ", ".join(name for name in found if name)
