"""The `accounts` application."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Its place and its label."""

    name = "fruits.web.accounts"
    label = "accounts"
