"""The command line: one file a noun, all of it on the public API."""
