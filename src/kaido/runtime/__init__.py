"""Settings, logging, status, clock, folders. No domain words."""
