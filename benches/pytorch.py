#!/usr/bin/env python3
"""The yardstick of the encoder's bench: sentence-transformers (PyTorch) with the same model, texts and threads.

    python3 -m venv V && V/bin/pip install --only-binary :all: sentence-transformers==6.2.0
    OUTCROP_TEST_ENCODER=model.safetensors OUTCROP_BENCH_TORCH=V/bin/python cargo bench --bench knowledge -- embed

The bench starts it with the model's file and the threads, and tells it the texts as one line of JSON. It chooses the batch with which it
is fastest, then embeds all of them for every further line and says how many seconds that took.
"""
import json
import sys
import time
from pathlib import Path

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer

BATCHES = (1, 4, 8, 16, 32)


def main():
    weights, threads = Path(sys.argv[1]), int(sys.argv[2])
    torch.set_num_threads(threads)
    # The mean of the last layer, of length one: what the model's own modules.json says, which needs not lie beside its weights.
    words = Transformer(str(weights.parent), max_seq_length=256)
    model = SentenceTransformer(modules=[words, Pooling(words.get_embedding_dimension()), Normalize()], device="cpu")
    texts = json.loads(sys.stdin.readline())

    def seconds(batch, texts):
        begun = time.perf_counter()
        vectors = model.encode(texts, batch_size=batch)
        return time.perf_counter() - begun, vectors

    some = texts[:32]
    seconds(32, some)
    best = min(BATCHES, key=lambda batch: min(seconds(batch, some)[0] for _ in range(2)))
    _, vectors = seconds(best, texts)
    first = [round(float(x), 6) for x in vectors[0]]
    print(json.dumps({"torch": torch.__version__, "batch": best, "first": first}), flush=True)
    for _ in sys.stdin:
        print(json.dumps(seconds(best, texts)[0]), flush=True)


main()
