"""The platform under load and under the knife: processes killed at random, then a count of what is there."""
