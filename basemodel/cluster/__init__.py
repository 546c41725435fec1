"""The embedded parts of one machine: a Redis, a Ray head and Serve, found again and stopped whatever happened."""
