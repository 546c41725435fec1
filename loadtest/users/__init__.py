"""Users of the service for Locust, one module for each kind of work."""
