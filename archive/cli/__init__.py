"""The command `archive`: parse, call, print. What it does is decided elsewhere."""

from archive.cli.main import main

__all__ = ["main"]
