"""The web application: Django behind, a React application in front, one port.

``recognition`` takes photos and keeps the history, ``accounts`` knows who is there, ``privacy`` keeps the promises:
consents, export, erasure, retention, the audit log and the outbox of events. Start it with ``fruits serve``; Django's
own commands are ``python -m fruits.web COMMAND``.
"""
