"""Copies that last: backups, exports, bags, packages, the bundled collection, and whether all is still what it was."""
