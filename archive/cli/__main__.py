"""`python -m archive.cli` is the same as `archive`."""

from archive.cli import main

main()
