"""The one registry of harnesses, one adapter per file, and the probes that find them on this machine."""
