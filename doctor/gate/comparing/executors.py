"""Profiles of the coordinator's runner: what each runs, and how freely."""
