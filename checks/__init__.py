"""The built-in checks, one family per module; each uses only what `doctor` exports."""
