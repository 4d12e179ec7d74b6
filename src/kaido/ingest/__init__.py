"""Ingest: from the journal to the lake and the twin, each sample exactly once."""
