"""Profile files that ship with the tool."""
