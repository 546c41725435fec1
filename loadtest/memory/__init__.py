"""What a gateway's memory does: `python -m loadtest.memory`, on the scripted engine, one process of its own for each scene.

    requests   many, one after the other: does it stay as it was after the first of them?
    idle       connections that are open and say nothing
    waiting    requests in line for the places of one key
    readers    streams whose readers take nothing: the buffer is bounded, and the engine stops

MiB are of the gateway's resident memory; `ratio` is the most over what it was when the scene began.
"""
