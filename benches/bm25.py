#!/usr/bin/env python3
"""Words alone, by a BM25 of its own: what the program's search by words is held against, and what stems would give.

    python3 benches/retrieval.py cranfield FOLDER OUT
    python3 benches/bm25.py OUT

Whole documents, as `benches/retrieval.py` wrote them; k1 1.2, b 0.75; the weight of a word as Lucene and tantivy have it. Prints
the mean nDCG@10 of the words as they are, then with the stop words below left out and the plural's endings taken off (the "s-stemmer"
of Harman, "How effective is suffixing?", 1991). Nothing else is needed, and nothing was tuned.
"""
import json
import math
import re
import sys
from collections import Counter, defaultdict
from pathlib import Path

K1, B, DEPTH = 1.2, 0.75, 10

# Articles, pronouns, prepositions, conjunctions, auxiliaries, and what questions begin with.
STOP = frozenset(
    "a an the this that these those it its they them their there he she his her we our you your i "
    "of in on at by for from to with without into over under between among about as than "
    "and or not no nor but if so such both each any some all more most other "
    "is are was were be been being am has have had having do does did done can could may might must shall should will would "
    "what which who whom whose when where why how".split()
)


def words(text):
    return re.findall(r"\w+", text.lower())


def stem(word):
    """The first rule that fits by its ending is the only one that is looked at."""
    if word.endswith("ies"):
        return word if word.endswith(("eies", "aies")) else word[:-3] + "y"
    if word.endswith("es"):
        return word if word.endswith(("aes", "ees", "oes")) else word[:-1]
    if word.endswith("s"):
        return word if word.endswith(("us", "ss")) else word[:-1]
    return word


def stemmed(text):
    return [stem(word) for word in words(text) if word not in STOP]


class Index:
    def __init__(self, documents, cut):
        self.cut, self.postings, self.lengths = cut, defaultdict(list), {}
        for name, text in documents.items():
            counted = Counter(cut(text))
            self.lengths[name] = counted.total()
            for word, times in counted.items():
                self.postings[word].append((name, times))
        self.average = sum(self.lengths.values()) / len(self.lengths)

    def ranked(self, question):
        scores = defaultdict(float)
        for word in set(self.cut(question)):
            found = self.postings.get(word, ())
            rarity = math.log(1 + (len(self.lengths) - len(found) + 0.5) / (len(found) + 0.5))
            for name, times in found:
                share = self.lengths[name] / self.average
                scores[name] += rarity * times * (K1 + 1) / (times + K1 * (1 - B + B * share))
        return sorted(scores, key=lambda name: (-scores[name], name))[:DEPTH]


def ndcg(ranked, relevant):
    gain = lambda rank: 1 / math.log2(rank + 1)
    reached = sum(gain(rank) for rank, name in enumerate(ranked, 1) if name in relevant)
    return reached / sum(gain(rank) for rank in range(1, min(len(relevant), DEPTH) + 1))


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    out = Path(sys.argv[1])
    documents = {path.name: path.read_text() for path in sorted((out / "docs").glob("*.txt"))}
    questions = [json.loads(line) for line in (out / "questions.jsonl").read_text().split("\n") if line.strip()]
    for name, cut in (("as they are", words), ("without stop words, stems", stemmed)):
        index = Index(documents, cut)
        scores = [ndcg(index.ranked(one["query"]), set(one["relevant"])) for one in questions]
        print(f"{name}: nDCG@{DEPTH} {sum(scores) / len(scores):.3f} of {len(scores)} questions")


main()
