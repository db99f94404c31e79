"""What a change of policy means, what is to be done about it, and what was agreed on."""
