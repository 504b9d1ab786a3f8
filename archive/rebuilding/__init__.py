"""The tables made anew from the whole log: read, folded by two processes, loaded, compared."""
