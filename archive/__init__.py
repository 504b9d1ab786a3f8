"""The archive: from events to tables, and the tools of the archivists."""
