"""What the archive says of itself: reference pages, Datasette's metadata, the research questions and their answers."""
