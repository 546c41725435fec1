"""`python -m loadtest.soak --hours 2 --detach`: all kinds of Locust users for hours, with a fault every five minutes.

On the cluster of `loadtest.faults`, three nodes whose model hosts are scripted and all else is the product's. First it finds the load:
users until no more tokens come, and then as many as make 70 % of that. Each five minutes are a part with an account of its own, a
fault in its middle, and a judgement once nothing is held any more; what is judged is kept, and the next call goes on behind it.
"""
