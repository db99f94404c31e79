"""What happened, append-only: the only room with SQL."""
