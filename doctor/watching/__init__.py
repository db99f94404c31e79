"""Diagnosing again whenever something changes that a diagnosis depends on."""
