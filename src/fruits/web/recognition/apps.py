"""The `recognition` application."""

from django.apps import AppConfig


class RecognitionConfig(AppConfig):
    """Its place and its label."""

    name = "fruits.web.recognition"
    label = "recognition"
