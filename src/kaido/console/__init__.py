"""The web console: pages over the public API, served by the API's own process."""

from kaido.console.app import install

__all__ = ["install"]
