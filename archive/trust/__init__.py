"""What outsiders can check without trusting us: signatures, timestamps, second persons, verification."""
