#!/usr/bin/env python3
"""The yardstick of the engine's bench: llama.cpp on the same file, the same numbers of tokens and threads.

    python3 -m venv V && V/bin/pip install --only-binary :all: xllamacpp==2026.10.11549
    V/bin/python benches/llama_cpp.py MODEL.gguf
"""
import json
import statistics
import subprocess
import sys
import time
import urllib.request

PORT = 18999
WORDS = "the quick brown fox jumps over a lazy dog and runs "
GREEDY = {"temperature": 0, "cache_prompt": False, "ignore_eos": True}
SERVE = """
import sys, time, xllamacpp as x
p = x.CommonParams(); p.model.path = sys.argv[1]; p.n_ctx = 2048; p.n_parallel = 1
p.cpuparams.n_threads = p.cpuparams_batch.n_threads = int(sys.argv[3]); p.hostnames = ['127.0.0.1']; p.port = int(sys.argv[2])
s = x.Server(p); time.sleep(300)
"""


def post(body):
    request = urllib.request.Request(
        f"http://127.0.0.1:{PORT}/completion", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    return json.load(urllib.request.urlopen(request, timeout=100))


def main():
    for threads in (1, 2):
        server = subprocess.Popen(
            [sys.executable, "-c", SERVE, sys.argv[1], str(PORT), str(threads)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            for _ in range(300):
                try:
                    post({"prompt": "x", "n_predict": 1})
                    break
                except OSError:
                    time.sleep(0.1)
            for words in (4, 18, 46, 93):
                read = []
                for run in range(5):
                    timings = post({"prompt": f"river {run} " + WORDS * words, "n_predict": 1, **GREEDY})["timings"]
                    read.append(timings["prompt_per_second"])
                print(f"{threads} threads: prefill of {timings['prompt_n']} tokens {statistics.median(read):.0f} tokens/s")
            for words in (1, 93):
                written = []
                for run in range(5):
                    timings = post({"prompt": f"river {run} " + WORDS * words, "n_predict": 128, **GREEDY})["timings"]
                    written.append(timings["predicted_per_second"])
                print(
                    f"{threads} threads: decode of 128 after {timings['prompt_n']} tokens "
                    f"{statistics.median(written):.0f} tokens/s"
                )
        finally:
            server.kill()
            server.wait()


main()
