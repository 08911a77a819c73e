"""Commands of the privacy application."""
