"""The fold and its rules: from the events of a record to the record as it stands. Pure."""
