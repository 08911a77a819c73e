"""Fruits!: one engine for fruit images, from a phone to a Spark cluster."""

__version__ = "0.1.0"
