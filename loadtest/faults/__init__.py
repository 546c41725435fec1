"""Nodes, the GCS, the controller, gateways and the proxy of a Ray cluster killed under streams; what each client saw.

`python -m loadtest.faults` starts a cluster of three nodes on this machine, whose models are scripted, and goes through the scenarios
of `scenarios.py`. All else is the product.
"""
