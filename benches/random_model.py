#!/usr/bin/env python3
"""A Q8_0 file of the architecture `llama` with 0.49 billion random weights, for measuring speed where no such model can be had.

    V/bin/python benches/random_model.py FROM.gguf OUT.gguf      # V has numpy

Words and chat template are those of FROM, a file of the same architecture; what it says means nothing.
"""
import struct
import sys

import numpy

LAYERS, WIDTH, FORWARD, HEADS, KEYS = 29, 1024, 4096, 16, 4
NUMBERS = {
    "general.file_type": 7,  # mostly Q8_0
    "llama.block_count": LAYERS,
    "llama.embedding_length": WIDTH,
    "llama.feed_forward_length": FORWARD,
    "llama.attention.head_count": HEADS,
    "llama.attention.head_count_kv": KEYS,
    "llama.rope.dimension_count": WIDTH // HEADS,
}
# What FROM says of itself and is not true of the new file.
UNTRUE = (
    "general.organization",
    "general.finetune",
    "general.basename",
    "general.alignment",
    "llama.attention.key_length",
    "llama.attention.value_length",
)
# GGUF's kinds of values: their sizes, and which of them is a text, a list, an unsigned number of four bytes.
SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
TEXT, LIST, UNSIGNED = 8, 9, 4
F32, Q8_0, ALIGNED, BLOCK = 0, 8, 32, 32


def number(data, at, form="<Q"):
    return struct.unpack_from(form, data, at)[0], at + struct.calcsize(form)


def behind(data, at, kind):
    """Where the value that begins at `at` ends."""
    if kind == TEXT:
        length, at = number(data, at)
        return at + length
    if kind == LIST:
        inner, at = number(data, at, "<I")
        length, at = number(data, at)
        if inner in SIZES:
            return at + length * SIZES[inner]
        for _ in range(length):
            at = behind(data, at, inner)
        return at
    return at + SIZES[kind]


def said(data):
    """What the file says of its model: each name with its kind and the bytes of its value."""
    if data[:4] != b"GGUF":
        sys.exit("this is no GGUF file")
    count, at = number(data, 16)
    values = {}
    for _ in range(count):
        length, at = number(data, at)
        name, at = data[at : at + length].decode(), at + length
        kind, at = number(data, at, "<I")
        end = behind(data, at, kind)
        values[name], at = (kind, data[at:end]), end
    return values


def text(value):
    return struct.pack("<Q", len(value)) + value


def tensors(words):
    yield "token_embd.weight", (WIDTH, words), Q8_0
    yield "output_norm.weight", (WIDTH,), F32
    heads = WIDTH // HEADS * KEYS
    for n in range(LAYERS):
        yield f"blk.{n}.attn_norm.weight", (WIDTH,), F32
        yield f"blk.{n}.ffn_norm.weight", (WIDTH,), F32
        for name, shape in {
            "attn_q": (WIDTH, WIDTH),
            "attn_k": (WIDTH, heads),
            "attn_v": (WIDTH, heads),
            "attn_output": (WIDTH, WIDTH),
            "ffn_gate": (WIDTH, FORWARD),
            "ffn_up": (WIDTH, FORWARD),
            "ffn_down": (FORWARD, WIDTH),
        }.items():
            yield f"blk.{n}.{name}.weight", shape, Q8_0


def weights(shape, kind, noise):
    if kind == F32:
        return numpy.ones(shape, "<f4").tobytes()
    blocks = numpy.zeros(numpy.prod(shape) // BLOCK, [("scale", "<f2"), ("steps", "i1", BLOCK)])
    blocks["scale"] = 0.05 / 127
    blocks["steps"] = noise.integers(-127, 128, blocks["steps"].shape, "i1")
    return blocks.tobytes()


def main():
    source, to = sys.argv[1:]
    with open(source, "rb") as file:
        values = said(file.read())
    if values.get("general.architecture") != (TEXT, text(b"llama")):
        sys.exit(f"{source} is of another architecture than llama")
    for name in UNTRUE:
        values.pop(name, None)
    values["general.name"] = (TEXT, text(b"Random weights"))
    values["general.size_label"] = (TEXT, text(b"0.5B"))
    for name, value in NUMBERS.items():
        values[name] = (UNSIGNED, struct.pack("<I", value))
    _, words = values["tokenizer.ggml.tokens"]
    listed = list(tensors(struct.unpack_from("<Q", words, 4)[0]))
    head = b"GGUF" + struct.pack("<IQQ", 3, len(listed), len(values))
    for name, (kind, value) in values.items():
        head += text(name.encode()) + struct.pack("<I", kind) + value
    at = 0
    for name, shape, kind in listed:
        head += text(name.encode()) + struct.pack("<I", len(shape)) + struct.pack(f"<{len(shape)}Q", *shape)
        head += struct.pack("<IQ", kind, at)
        size = int(numpy.prod(shape))
        at += -(-(size * 4 if kind == F32 else size // BLOCK * 34) // ALIGNED) * ALIGNED
    noise = numpy.random.default_rng(1)
    with open(to, "wb") as file:
        file.write(head + b"\0" * (-len(head) % ALIGNED))
        for _, shape, kind in listed:
            bytes_ = weights(shape, kind, noise)
            file.write(bytes_ + b"\0" * (-len(bytes_) % ALIGNED))


main()
