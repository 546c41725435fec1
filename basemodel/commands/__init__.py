"""One file per noun: what the command line says and asks."""
