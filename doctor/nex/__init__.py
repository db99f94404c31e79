"""nex: a small agent for any OpenAI-compatible endpoint, run as ``python -m doctor.nex``.

It stands alone: it imports ``doctor.errors`` and the version, and no other room imports it.
"""
