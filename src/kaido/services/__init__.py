"""Facts derived from what vehicles send, and what follows from them."""
