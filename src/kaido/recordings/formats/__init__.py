"""One file a kind of recording."""
