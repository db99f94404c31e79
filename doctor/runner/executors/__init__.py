"""The executors that come with this tool: each does one run, told on standard input, and reports to a coordinator."""
