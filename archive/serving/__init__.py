"""The processes of `archive serve` and what they run."""
