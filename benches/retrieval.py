#!/usr/bin/env python3
"""Public sets of questions whose right documents are known, as `outcrop kb evaluate` takes them.

    python3 benches/retrieval.py cranfield FOLDER OUT      the folder has cran.all.1400.xml, cran.qry.xml, cranqrel.trec.txt
    python3 benches/retrieval.py cisi FOLDER OUT           CISI.ALL, CISI.QRY, CISI.REL
    python3 benches/retrieval.py npl FOLDER OUT            doc-text, query-text, rlv-ass
    outcrop kb create cranfield --from OUT/docs
    outcrop kb evaluate cranfield OUT/questions.jsonl --json > OUT/quality.jsonl
    python3 benches/retrieval.py differences OUT/quality.jsonl

Every document becomes a file of plain text, its title first. The sets were given to everybody by Glasgow's group for information
retrieval; none is a part of this repository. Where they can be cloned from, and what came of them, says `benches/README.md`.
"""
import json
import random
import re
import sys
from pathlib import Path


def cranfield(folder):
    """1,400 abstracts of aerodynamics, 225 questions. Those are numbered as their judgements are by their order, not as they say."""
    tag = lambda name, text: re.search(f"<{name}>(.*?)</{name}>", text, re.S)[1].strip()
    documents = {}
    for document in re.findall(r"<doc>(.*?)</doc>", (folder / "cran.all.1400.xml").read_text(), re.S):
        # The text begins with the title.
        documents[int(tag("docno", document))] = tag("text", document)
    topics = re.findall(r"<top>(.*?)</top>", (folder / "cran.qry.xml").read_text(), re.S)
    questions = {at: tag("title", topic) for at, topic in enumerate(topics, 1)}
    relevant = {}
    for line in (folder / "cranqrel.trec.txt").read_text().split("\n"):
        if line.strip():
            question, _, document, grade = map(int, line.split())
            if grade > 0:
                relevant.setdefault(question, set()).add(document)
    return documents, questions, relevant


def smart(path):
    """Records of fields, as the SMART system had them."""
    for record in re.split(r"^\.I\s+", path.read_text(errors="replace"), flags=re.M)[1:]:
        parts = re.split(r"^\.([A-Z])\s*\n", record, flags=re.M)
        fields = {}
        for name, text in zip(parts[1::2], parts[2::2]):
            fields.setdefault(name, text.strip())
        yield int(parts[0]), fields


def cisi(folder):
    """1,460 abstracts of library science, 76 of 112 questions judged: some a sentence, others an abstract themselves."""
    text = lambda fields: "\n\n".join(fields[name] for name in "TW" if fields.get(name))
    documents = {number: text(fields) for number, fields in smart(folder / "CISI.ALL")}
    questions = {number: text(fields) for number, fields in smart(folder / "CISI.QRY")}
    relevant = {}
    for line in (folder / "CISI.REL").read_text().split("\n"):
        if line.strip():
            question, document = map(int, line.split()[:2])
            relevant.setdefault(question, set()).add(document)
    return documents, questions, relevant


def npl(folder):
    """11,426 short abstracts of electronics, 93 questions (Vaswani and Cameron, National Physical Laboratory)."""

    def records(name):
        for record in (folder / name).read_text().split("\n   /" if name != "query-text" else "\n/"):
            if record.strip():
                number, text = record.strip().split("\n", 1)
                yield int(number), text.strip()

    documents = dict(records("doc-text"))
    questions = {number: text.lower() for number, text in records("query-text")}
    relevant = {number: set(map(int, text.split())) for number, text in records("rlv-ass")}
    return documents, questions, relevant


def write(made, out):
    documents, questions, relevant = made
    (out / "docs").mkdir(parents=True)
    for number, text in documents.items():
        (out / "docs" / f"{number}.txt").write_text(text + "\n")
    judged = 0
    with (out / "questions.jsonl").open("w") as file:
        for number, query in questions.items():
            right = sorted(document for document in relevant.get(number, ()) if documents.get(document))
            if right:
                judged += 1
                line = {"query": " ".join(query.split()), "relevant": [f"{document}.txt" for document in right]}
                file.write(json.dumps(line) + "\n")
    print(f"{len(documents)} documents, {judged} questions with something relevant")


def differences(path):
    """By how much one way of looking is better than another, question by question, with the bootstrap's interval of 95 %."""
    replies = [json.loads(line) for line in path.read_text().split("\n") if line.strip()]
    quality = next(reply["quality"] for reply in replies if "quality" in reply)
    scores = {one["setting"]["mode"]: [scored["ndcg"] for scored in one["questions"]] for one in quality["settings"]}
    for setting in quality["settings"]:
        ndcg = setting["ndcg"]
        print(f"{setting['setting']['mode']}: nDCG@{quality['k']} {ndcg['mean']:.3f} ({ndcg['low']:.3f}-{ndcg['high']:.3f})")
    chance = random.Random(1)
    for one, other in (("hybrid", "keyword"), ("hybrid", "semantic"), ("semantic", "keyword")):
        gaps = [a - b for a, b in zip(scores[one], scores[other])]
        means = sorted(sum(chance.choices(gaps, k=len(gaps))) / len(gaps) for _ in range(10_000))
        better, worse = sum(gap > 0 for gap in gaps), sum(gap < 0 for gap in gaps)
        print(
            f"{one} less {other}: {sum(gaps) / len(gaps):+.3f} ({means[249]:+.3f} to {means[9749]:+.3f}), "
            f"better on {better}, worse on {worse} of {len(gaps)}"
        )


def main():
    match sys.argv[1:]:
        case [("cranfield" | "cisi" | "npl") as name, folder, out]:
            write({"cranfield": cranfield, "cisi": cisi, "npl": npl}[name](Path(folder)), Path(out))
        case ["differences", quality]:
            differences(Path(quality))
        case _:
            sys.exit(__doc__)


main()
