#!/usr/bin/env python3
"""What llama.cpp says to the same model file: the judge of the local engine.

    python3 -m venv V && V/bin/pip install --only-binary :all: xllamacpp==2026.10.11549 numpy
    V/bin/python tests/peers/llama_cpp.py MODEL.q8_0.gguf > tests/data/engine/llama_cpp.json
    V/bin/python tests/peers/llama_cpp.py MODEL.q8_0.gguf WIDE.gguf      # only writes the weights as F32

MODEL is the file that the engine's own conversion wrote. `ids` and `prompt` are llama.cpp's tokens and template on that
file. `same_file` is its greedy text on it; there it rounds every activation to seven bits, which moves log-likelihoods
by up to a third and so its text at near ties. `exact` is its greedy text on the same weights written as F32, where it
rounds nothing: the text that the engine, which rounds to fifteen bits, must give to the letter.
"""
import hashlib
import json
import os
import socket
import struct
import subprocess
import sys
import tempfile
import time
import urllib.request



def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


PORT = free_port()
TEXTS = [
    "Hello, world!", "", " ", "a  b   c\n\n\n d\t\te", "1234567 3.14 x2y", "naïve Straße 日本語 한국어 עברית العربية ไทย",
    "👩‍👩‍👧‍👦 🇫🇷 👍🏽 e\u0301 ﷽", "It's we'll I'D don't they've", "<|im_start|>user\nhi<|im_end|>\n<|endoftext|>", "<|im_start", "<|im_end|><|im_end|>x",
    "fn main() {\n    println!(\"{}\", 1 << 4);\n}\n", "\u00a0\u2003\u200b\ufeff", "٣٤٥ Ⅷ ½ ²", "\x00\x01\x1b[31m", "https://example.org/a?b=c&d=%20e",
    "ends in spaces   ", "   begins", "\r\n\r\n", "ſ K Å ﬁ", "...!!!???---", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢", "'s'S'T 're", " 1 2  3", "\U000e0041\u202e",
]
SAY = [
    [("user", "Why do rivers meander?")],
    [("user", "What is the capital of France?")],
    [("system", "You answer in one short sentence."), ("user", "What is a glacier?")],
    [("user", "My name is Ada."), ("assistant", "Hello Ada! How can I help you today?"), ("user", "What is my name?")],
    [("user", "Write a Python function that adds two numbers.")],
    [("user", "List three colours.")],
    [("user", "Translate to French: good morning")],
    [("user", "Tell me a story about a fox and a hen."), ("assistant", "Once upon a time, a fox")],
]
SERVE = """
import sys, time, xllamacpp as x
p = x.CommonParams(); p.model.path = sys.argv[1]
p.n_ctx = 2048; p.n_parallel = 1; p.cpuparams.n_threads = p.cpuparams_batch.n_threads = int(sys.argv[3])
p.hostnames = ['127.0.0.1']; p.port = int(sys.argv[2])
s = x.Server(p); time.sleep(100000)
"""


def post(path, body):
    request = urllib.request.Request(f"http://127.0.0.1:{PORT}{path}", json.dumps(body).encode(), {"Content-Type": "application/json"})
    return json.load(urllib.request.urlopen(request, timeout=600))


def serve(model, threads=1):
    child = subprocess.Popen([sys.executable, "-c", SERVE, model, str(PORT), str(threads)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(600):
        try:
            post("/tokenize", {"content": "x"})
            return child
        except OSError:
            time.sleep(0.1)
        if child.poll() is not None:
            break
    child.kill()
    raise SystemExit(f"llama.cpp's server did not come up with {model}")


def widen(source, target):
    """The same file with every Q8_0 matrix as F32."""
    import numpy
    data = open(source, "rb").read()
    at = 8
    def take(form):
        nonlocal at
        values = struct.unpack_from("<" + form, data, at)
        at += struct.calcsize("<" + form)
        return values[0] if len(values) == 1 else values
    def text():
        nonlocal at
        length = take("Q")
        at += length
    sizes = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
    def value(kind):
        nonlocal at
        if kind == 8:
            text()
        elif kind == 9:
            inner, count = take("I"), take("Q")
            if inner in sizes:
                at += sizes[inner] * count
            else:
                for _ in range(count):
                    value(inner)
        else:
            at += sizes[kind]
    tensors, entries = take("QQ")
    for _ in range(entries):
        text()
        value(take("I"))
    head, infos = data[:at], []
    for _ in range(tensors):
        start = at
        text()
        name = data[start:at]
        dims = [take("Q") for _ in range(take("I"))]
        infos.append((name, dims, *take("IQ")))
    base = (at + 31) // 32 * 32
    with open(target, "wb") as out:
        out.write(head)
        offset = 0
        for name, dims, _, _ in infos:
            out.write(name + struct.pack("<I", len(dims)) + struct.pack(f"<{len(dims)}Q", *dims) + struct.pack("<IQ", 0, offset))
            offset += (int(numpy.prod(dims)) * 4 + 31) // 32 * 32
        for _, dims, kind, place in infos:
            out.write(b"\0" * (-out.tell() % 32))
            count = int(numpy.prod(dims))
            if kind == 0:
                out.write(data[base + place:base + place + 4 * count])
            else:
                blocks = numpy.frombuffer(data, numpy.uint8, count // 32 * 34, base + place).reshape(-1, 34)
                scales = blocks[:, :2].copy().view(numpy.float16).astype(numpy.float32)
                out.write((blocks[:, 2:].copy().view(numpy.int8).astype(numpy.float32) * scales).tobytes())


def greedy(prompt, tokens):
    return post("/completion", {"prompt": prompt, "temperature": 0, "n_predict": tokens, "cache_prompt": False})["content"]


def main():
    model = sys.argv[1]
    if len(sys.argv) > 2:
        return widen(model, sys.argv[2])
    said = {"judge": "xllamacpp 2026.10.11549, 1 thread", "model_sha256": hashlib.sha256(open(model, "rb").read()).hexdigest(), "texts": [], "conversations": []}
    child = serve(model)
    try:
        for text in TEXTS:
            ids = post("/tokenize", {"content": text, "add_special": True, "parse_special": True})["tokens"]
            said["texts"].append({"text": text, "ids": ids})
        for turns in SAY:
            turns = [{"role": role, "content": content} for role, content in turns]
            prompt = post("/apply-template", {"messages": turns})["prompt"]
            said["conversations"].append({"turns": turns, "prompt": prompt, "tokens": 64, "same_file": greedy(prompt, 64)})
    finally:
        child.kill()
        child.wait()
    with tempfile.TemporaryDirectory() as folder:
        wide = os.path.join(folder, "f32.gguf")
        widen(model, wide)
        child = serve(wide)
        try:
            for conversation in said["conversations"]:
                conversation["exact"] = greedy(conversation["prompt"], 64)
        finally:
            child.kill()
            child.wait()
    json.dump(said, sys.stdout, ensure_ascii=True, indent=1)
    print()


if __name__ == "__main__":
    main()
