#!/usr/bin/env python3
"""What llama.cpp says to tiny models, one of each architecture and vocabulary that the engine runs.

    OUTCROP_RECORD=1 OUTCROP_TEST_PEERS=V/bin/python cargo test --test suite recorded_of_it_on_tiny_models

`tests/suite/engine/zoo.rs` writes the models: weights as F32, with which llama.cpp rounds nothing, and such that the
engine's own form holds them exactly. So the greedy text of both has to be the same to the letter.
"""
import json
import os
import sys

from llama_cpp import TEXTS, post, serve

NEAR = 0.03
PROMPTS = [
    "The river runs to the sea, and the sea",
    "It's 1234567 DON'T\n\n    def add(a, b):",
    "日本語の本 naïve 👩‍👩‍👧‍👦 Straße",
    "the quick brown fox jumps over a lazy dog and runs, " * 6,
]
MORE = ["'S 'LL 'Re're'VE", "12345678901 1,234.5", "\n \n  \n   x\n\n\n", "\tx\t\ty  z", "a'b'c's d''s", "x<s>x</s> <|im_end|> y<|im_start|>z\n\nw", "ab  cd\u00a0 ef", "日本語の本日本"]


def sure(prompt):
    """Its greedy text, up to where two tokens are nearly as likely: there the rounding of a processor would decide."""
    asked = {"prompt": prompt, "temperature": 0, "n_predict": 24, "cache_prompt": False, "n_probs": 2}
    tokens = []
    for token in post("/completion", asked)["completion_probabilities"]:
        first, second = token["top_logprobs"]
        if first["logprob"] - second["logprob"] < NEAR:
            break
        tokens.append(token["token"])
    return {"prompt": prompt, "tokens": len(tokens), "text": "".join(tokens)}


def main():
    said = {}
    for model in sys.argv[1:]:
        child = serve(model)
        try:
            ids = lambda text: post("/tokenize", {"content": text, "add_special": True, "parse_special": True})["tokens"]
            said[os.path.basename(model)] = {
                "texts": [{"text": text, "ids": ids(text)} for text in TEXTS + MORE],
                "answers": [answer for answer in map(sure, PROMPTS) if answer["tokens"]],
            }
        finally:
            child.kill()
            child.wait()
    json.dump(said, sys.stdout, ensure_ascii=True, indent=1, sort_keys=True)
    print()


if __name__ == "__main__":
    main()
