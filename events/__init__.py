"""The log: what was recorded, for ever."""
