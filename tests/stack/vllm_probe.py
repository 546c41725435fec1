"""Jobs on stdin, what vLLM would be asked for on stdout; a process of its own, because vLLM takes seconds to import.

`python -m tests.stack.vllm_probe`: reads a JSON list of Jobs, prints one of `{field: repr}` of their SamplingParams.
"""

import json
import sys

import msgspec
from vllm.logprobs import FlatLogprobs

from deployments import vllm_patches
from deployments.vllm_engine import sampling_params
from router.engine import Job


def merged() -> str:
    """Two outputs that waited for us, the token of the second twice among its own entries."""
    vllm_patches.install(exact=True)
    parts = FlatLogprobs(), FlatLogprobs()
    for part, token in zip(parts, (5, 6), strict=True):
        part.append_fast([token, 9, token], [-1.0, -2.0, -1.0], iter((40, 1, 2)), [None] * 3)
    parts[0].extend(parts[1])
    return repr([getattr(parts[0], name) for name in ("start_indices", "end_indices", "token_ids", "logprobs", "ranks")])


def main() -> None:
    jobs = msgspec.json.decode(sys.stdin.buffer.read(), type=list[Job])
    asked = [sampling_params(job, len(job.seeds) - 1) for job in jobs]
    shown = [{name: repr(getattr(one, name)) for name in one.__struct_fields__} for one in asked]
    print(json.dumps({"merged": merged(), "asked": shown}))


if __name__ == "__main__":
    main()
