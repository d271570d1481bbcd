"""The fork server behind a warm `python`."""
