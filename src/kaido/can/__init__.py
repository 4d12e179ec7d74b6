"""CAN frames as columns, and decoding them without Python work per frame."""
