"""Agent processes: launched, looked at and ended; where launch, executor and journal come together."""
