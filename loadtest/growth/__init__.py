"""How cost grows: `python -m loadtest.growth`, the gateway alone on scripted engines, so that no model hides what it costs."""
