#!/usr/bin/env python3
"""The yardstick of the engine's bench: llama.cpp itself and the engine, in turn, on the same file, tokens and threads.

    python3 -m venv V && V/bin/pip install --only-binary :all: xllamacpp==2026.10.11549
    V/bin/python benches/llama_cpp.py MODEL.gguf llama-cpp cargo bench --bench engine --features llama-cpp --
    V/bin/python benches/llama_cpp.py MODEL.gguf own cargo bench --bench engine --
    V/bin/python benches/llama_cpp.py MODEL.gguf                            # llama.cpp alone

Both are asked for the same token ids, one right after the other, each first as often as the other, and the best of the
runs of each counts. Reading is from the prompt's ids to the first token's choice; writing from there to the last one's:
127 steps for 128 tokens. Keys and values are halves and flash attention is left to llama.cpp on both sides; BATCH is how many
tokens llama.cpp reads at once, 512 as it does by itself, where the engine looks up every 64. THREADS and RUNS say which and how many.
"""
import json
import os
import statistics
import subprocess
import sys
import time
import urllib.request

PORT = 18999
RUNS = int(os.environ.get("RUNS", "5"))
THREADS = [int(n) for n in os.environ.get("THREADS", "1,2").split(",")]
BATCH = os.environ.get("BATCH", "512")
SENTENCE = "Why do rivers meander across the plain? "
WRITTEN = 128
# Text, tokens to write, whether the prompt is read from what was kept.
CASES = [(SENTENCE * n, 1, False) for n in (3, 19, 53, 110)]
CASES += [("Write a story.", WRITTEN, False), (SENTENCE * 110, WRITTEN, True)]
SERVE = """
import sys, time, xllamacpp as x
p = x.CommonParams(); p.model.path = sys.argv[1]; p.n_ctx = 2048; p.n_parallel = 1; p.n_batch = p.n_ubatch = int(sys.argv[4])
p.cpuparams.n_threads = p.cpuparams_batch.n_threads = int(sys.argv[3]); p.hostnames = ['127.0.0.1']; p.port = int(sys.argv[2])
s = x.Server(p); time.sleep(3000)
"""


def post(body):
    request = urllib.request.Request(
        f"http://127.0.0.1:{PORT}/completion", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    return json.load(urllib.request.urlopen(request, timeout=100))


def llama_cpp(prompt, written, kept):
    """Tokens a second that llama.cpp reads and writes."""
    body = {"prompt": prompt, "n_predict": written, "temperature": 0, "cache_prompt": kept, "ignore_eos": True}
    timings = post(body)["timings"]
    read = timings["prompt_n"] / timings["prompt_ms"] * 1000
    return read, (timings["predicted_n"] - 1) / max(timings["predicted_ms"], 1e-3) * 1000


def ours(bench, backend, threads, text, written, kept):
    """The prompt's tokens, and those a second that the engine reads and writes."""
    wish = {"threads": threads, "backend": backend, "text": text, "written": written, "kept": kept}
    bench.stdin.write(json.dumps(wish) + "\n")
    bench.stdin.flush()
    took = json.loads(bench.stdout.readline())
    if took["written"] != written:
        sys.exit(f"the engine wrote {took['written']} tokens, not {written}")
    return took["prompt"], len(took["prompt"]) / took["read"], (written - 1) / max(took["wrote"], 1e-6)


def compare(bench, backend, threads):
    for text, written, kept in CASES:
        which, pairs, prompt = (1 if written > 1 else 0), [], text
        # The first pair warms up; what is kept is read in it.
        for run in range(RUNS + 1):
            pair = {}
            # Who is first alternates: neither always has the caches and the heat of the other before it.
            for who in ("ours", "theirs") if run % 2 == 0 else ("theirs", "ours"):
                time.sleep(0.05)
                if who == "theirs":
                    pair[who] = llama_cpp(prompt, written, kept)[which]
                elif bench:
                    prompt, *rates = ours(bench, backend, threads, text, written, kept)
                    pair[who] = rates[which]
            pairs += [pair] if run else []
        what = f"decode of {written} after" if which else "prefill of"
        count = len(prompt) if bench else f"{len(text)} characters in"
        best = max(pair["theirs"] for pair in pairs)
        line = f"{threads} threads: {what} {count} tokens: llama.cpp {best:.0f}"
        if bench:
            own = max(pair["ours"] for pair in pairs)
            middle = statistics.median(pair["ours"] / pair["theirs"] for pair in pairs)
            line += f", engine {own:.0f} tokens/s: {own / best:.2f}x (median of the pairs {middle:.2f}x)"
        print(line, flush=True)


def main():
    model, backend, command = sys.argv[1], (sys.argv[2:3] or [None])[0], sys.argv[3:]
    bench = None
    if command:
        surroundings = {**os.environ, "OUTCROP_TEST_MODEL": os.path.abspath(model)}
        bench = subprocess.Popen(
            [*command, "turns"], env=surroundings, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
    for threads in THREADS:
        server = subprocess.Popen(
            [sys.executable, "-c", SERVE, model, str(PORT), str(threads), BATCH],
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
            compare(bench, backend, threads)
        finally:
            server.kill()
            server.wait()
    if bench:
        bench.stdin.close()
        bench.wait()


main()
