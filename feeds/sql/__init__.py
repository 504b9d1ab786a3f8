"""The SQL of the pages that gather and list, by subject; that of records and entries is in `feeds.queries`.

Each function reads through a connection of `Library.open`, so all that a page shows is of one state.
"""
