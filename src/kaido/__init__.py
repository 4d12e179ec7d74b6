"""Kaido: the open software between a carmaker's vehicles and its own cloud services."""

__version__ = "0.1.0"
