"""Who may use the service: accounts and keys, in Redis. Knows no model, no HTTP and no Ray."""
