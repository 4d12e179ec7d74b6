"""Battery health: capacities with their intervals, how they age, and cars that leave their cohort."""
