"""How running processes of this tool are reached: each listens on a socket of its own and answers one line with one."""
