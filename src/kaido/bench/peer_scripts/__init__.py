"""What runs in the venvs of peers; never imported."""
