"""Campaigns and commands under the knife: real agents, changes every few seconds, and a count of what came of it."""
