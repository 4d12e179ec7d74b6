"""A package, so that its platform and browser end with its last test, and not with the last of all."""
