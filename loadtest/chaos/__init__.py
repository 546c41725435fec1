"""Gateways and Redis killed under load, over and over; what clients received is held against what they were charged.

`make chaos` is `python -m loadtest.chaos`. A run is of scenarios, a scenario of rounds, and a round of a new account whose
clients see one fault: `rounds.py`. Each round leaves a history, which `judge.py` judges.
"""
