"""Output formats: pure functions from a report to text."""
