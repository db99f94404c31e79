"""Starts, looks at and ends processes from launch specs. Knows no policy and no SQL."""
