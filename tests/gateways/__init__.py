"""Two gateway processes over one Redis: what one alone cannot show."""
