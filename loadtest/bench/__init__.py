"""`make bench`: vLLM's own server, ray.serve.llm, LiteLLM in front of vLLM, and this service, on the same weights and work.

In each round each server is started alone, warmed up, measured and stopped; LiteLLM has the vLLM server of the same round behind it,
and every other round goes the other way about. They are not kept up side by side: two Ray clusters and two more engines take
a share of two cores even when nobody asks (`idle` in the JSON says how much), and to freeze a cluster breaks its leases. Ratios are
of one round, so a slow hour of the machine weighs on both sides; their median and range over the rounds are shown.
"""
