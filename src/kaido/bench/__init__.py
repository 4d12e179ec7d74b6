"""What Kaido reaches on this machine, beside its peers: measured, never asserted."""
