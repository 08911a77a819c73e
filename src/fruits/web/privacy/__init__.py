"""The promises kept: consents, export, erasure, retention, the audit log and the outbox of events."""
