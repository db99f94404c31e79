"""Repairing what checks found: plan, apply, take back. Whatever moment it is ended at, every file is old or new."""
