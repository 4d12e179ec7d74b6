"""The public API: one thin router a resource."""
