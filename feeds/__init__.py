"""What citizens see: feeds and pages of what is new, read from the published tables."""
