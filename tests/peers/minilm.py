"""What sentence-transformers makes of 200 texts with all-MiniLM-L6-v2 in the folder argv[1]. Writes, into the folder argv[2],
`minilm.json` (the texts, the pieces of each) and `minilm.i16` (a vector of each, each part times 32767, little-endian)."""

import json
import sys
from pathlib import Path

import numpy as np
from sentence_transformers import SentenceTransformer

model, out = SentenceTransformer(sys.argv[1]), Path(sys.argv[2])
assert model.max_seq_length == 256, model.max_seq_length

SUBJECTS = ["The river", "A tired clerk", "Our oldest lemon tree", "Nobody in Lisbon", "This function"]
VERBS = ["crosses", "forgets", "measures", "paints", "returns"]
OBJECTS = ["the winter harbour", "seven blue doors", "an unsigned letter", "the sum of its parts"]
texts = [f"{s} {v} {o}." for s in SUBJECTS for v in VERBS for o in OBJECTS]
texts += [
    "", " ", "\n\t", ".", "a", "I", "?!", "...", "—", "\u200b", "\u0000", "x" * 99, "x" * 101, "x" * 300,
    "猫が窓のそばで眠っている。", "北京的冬天很冷。", "서울의 밤은 밝다.", "これはペンです", "漢", "ภาษาไทยไม่มีช่องว่าง",
    "Привет, как дела?", "Η γρήγορη αλεπού", "مرحبا بالعالم", "שלום עולם", "नमस्ते दुनिया", "Tiếng Việt có dấu",
    "Ça va très bien à l'École.", "STRASSE Straße", "ﬁne ligature", "Ångström Å", "e\u0301 é", "İstanbul ıI",
    "👩‍👩‍👧 family", "🎉🎉🎉", "flag 🇫🇮", "n\u0303andu\u0301", "2 + 2 = 4", "3.14159", "1,000,000", "2026-11-29T10:00:00Z",
    "https://example.org/a?b=c#d", "user@example.org", "C:\\Windows\\System32", "/usr/local/bin", "#hashtag @name",
    "fn main() { println!(\"hi\"); }", "SELECT * FROM t WHERE a IS NULL;", "{\"a\": [1, 2, {\"b\": null}]}",
    "<p>Some <b>bold</b> text</p>", "[CLS] marks [SEP] in [MASK] the [UNK] text [PAD]", "don't can't won't it's",
    "state-of-the-art", "hyphen\u00adated", "non\u00a0breaking", "tab\tseparated\tvalues", "line one\nline two\r\nline three",
    "ALL CAPITALS SHOUTING", "mIxEd CaSe", "antidisestablishmentarianism", "Donaudampfschifffahrtsgesellschaft",
    "to be or not to be that is the question", "The quick brown fox jumps over the lazy dog.",
    "What is the capital of France?", "Paris is the capital of France.", "Berlin is the capital of Germany.",
    "How do I reset my password?", "I forgot my password and cannot log in.", "The stock market fell sharply today.",
]
WORDS = "time person year way day thing man world life hand part child eye woman place work week case point".split()
for pieces in (10, 30, 63, 64, 65, 100, 127, 128, 129, 200, 240, 250, 252, 253, 254):
    texts.append(" ".join(WORDS[(i * 7 + pieces) % len(WORDS)] for i in range(pieces)))
for pieces in (64, 128, 254):
    texts.append("漢字" * (pieces // 2))
texts += [f"Question {i}: why did {name} leave {place} in {1900 + i}?" for i, (name, place) in enumerate(
    (name, place) for name in ("Ada", "Émile", "Zoë") for place in ("Rome", "São Paulo", "Kyōto", "Łódź", "Reykjavík"))]
texts = texts[:200]
assert len(texts) == 200, len(texts)

counts = [len(model.tokenizer(text)["input_ids"]) for text in texts]
assert max(counts) == 256, max(counts)
vectors = model.encode(texts, normalize_embeddings=True, batch_size=1)
(out / "minilm.json").write_text(json.dumps([{"text": t, "pieces": c} for t, c in zip(texts, counts)], ensure_ascii=False, indent=0) + "\n")
(out / "minilm.i16").write_bytes(np.rint(vectors * 32767).astype("<i2").tobytes())
