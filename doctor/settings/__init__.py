"""What this machine is set to: named profiles, which one is active, endpoints; changed as a whole, or not at all."""
