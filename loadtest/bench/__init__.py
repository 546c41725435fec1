"""`make bench`: vLLM's own server, ray.serve.llm, LiteLLM in front of vLLM, and this service, on the same weights and work.

In each round all servers are up, and each work is done by one after the other, seconds apart, so that a slow hour of the machine
weighs on all; every other round goes the other way about. Whoever's turn it is not stands still (SIGSTOP): two Ray clusters and two
more engines take a share of two cores even when nobody asks (`idle` in the JSON says how much). LiteLLM has the vLLM server of the
same round behind it. Ratios are of one round; their median and range over the rounds are shown.
"""
