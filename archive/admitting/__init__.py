"""What may be recorded, and what an archivist should look at again."""
