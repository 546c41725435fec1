"""Load, faults and their measurements. Nothing of the service imports from here."""
