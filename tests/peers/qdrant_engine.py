"""Qdrant's own engine behind as much of its REST API as a knowledge base asks for: says its port, serves until its standard input ends.

    qdrant_engine.py FOLDER

What is asked is translated into the engine's objects word by word; filters, scores, orders and deletions are the engine's. The API in
front of them is this file's, not Qdrant's server. Collections that lie in FOLDER are opened again.
"""
import json
import os
import shutil
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import qdrant_edge as q

FOLDER = sys.argv[1]
KINDS = {"keyword": "Keyword", "float": "Float"}
opened, lock = {}, threading.Lock()


def condition(c):
    if "has_id" in c:
        return q.HasIdCondition(set(c["has_id"]))
    if "key" not in c:
        return filter_of(c)
    if "range" in c:
        return q.FieldCondition(c["key"], range=q.RangeFloat(**c["range"]))
    ((how, what),) = c["match"].items()
    match = {"value": q.MatchValue, "text": q.MatchText, "any": q.MatchAny}[how]
    return q.FieldCondition(c["key"], match=match(what))


def filter_of(f):
    if f is None:
        return None
    return q.Filter(**{word: [condition(c) for c in some] for word, some in f.items()})


def vector_of(v):
    return q.SparseVector(v["indices"], v["values"]) if isinstance(v, dict) else v


def point_of(p):
    return q.Point(p["id"], {name: vector_of(v) for name, v in p["vector"].items()}, p["payload"])


def record(r):
    told = {"id": str(r.id), "payload": r.payload}
    if r.vector is not None:
        told["vector"] = {name: list(v) for name, v in r.vector.items() if isinstance(v, list)}
    return told


def selected(wanted):
    return q.PayloadSelector.Include(wanted) if isinstance(wanted, list) else wanted


class Collection:
    def __init__(self, path, body=None):
        self.path, self.fields = path, {}
        said = os.path.join(path, "..", os.path.basename(path) + ".json")
        if body is None:
            with open(said) as kept:
                self.body, self.fields = json.load(kept)
            self.shard = q.EdgeShard.load(path)
        else:
            self.body = body
            os.makedirs(path)
            dense = {
                name: q.EdgeVectorParams(size=v["size"], distance=getattr(q.Distance, v["distance"]))
                for name, v in body["vectors"].items()
            }
            sparse = {name: q.EdgeSparseVectorParams(modifier=q.Modifier.Idf) for name in body["sparse_vectors"]}
            self.shard = q.EdgeShard.create(path, q.EdgeConfig(vectors=dense, sparse_vectors=sparse))
        self.said = said
        self.keep()

    def keep(self):
        with open(self.said, "w") as kept:
            json.dump([self.body, self.fields], kept)

    def asked(self, method, path, body):
        if method == "GET" and path == "":
            schema = {field: {"data_type": kind, "points": 0} for field, kind in self.fields.items()}
            return {"config": {"params": self.body}, "payload_schema": schema}
        if method == "PUT" and path == "/index":
            kind = getattr(q.PayloadSchemaType, KINDS[body["field_schema"]])
            self.shard.update(q.UpdateOperation.create_field_index(body["field_name"], kind))
            self.fields[body["field_name"]] = body["field_schema"]
            self.keep()
            return {"operation_id": 0, "status": "completed"}
        if path == "/points/batch":
            for operation in body["operations"]:
                if "delete" in operation:
                    gone = filter_of(operation["delete"]["filter"])
                    self.shard.update(q.UpdateOperation.delete_points_by_filter(gone))
                else:
                    points = [point_of(p) for p in operation["upsert"]["points"]]
                    self.shard.update(q.UpdateOperation.upsert_points(points))
            self.shard.flush()
            return [{"operation_id": 0, "status": "completed"} for _ in body["operations"]]
        if path == "/points/count":
            return {"count": self.shard.count(q.CountRequest(body["exact"], filter_of(body.get("filter"))))}
        if path == "/facet":
            hits = self.shard.facet(q.FacetRequest(body["key"], body["limit"], body["exact"])).hits
            return {"hits": [{"value": hit.value, "count": hit.count} for hit in hits]}
        if path == "/points/query":
            request = q.QueryRequest(
                limit=body["limit"],
                query=q.Query.Nearest(vector_of(body["query"]), body["using"]),
                filter=filter_of(body.get("filter")),
                params=q.SearchParams(exact=body["params"]["exact"]),
                with_payload=body["with_payload"],
                with_vector=body["with_vector"],
            )
            points = self.shard.query(request)
            return {"points": [{"id": str(p.id), "version": p.version, "score": p.score} for p in points]}
        if path == "/points":
            return [record(r) for r in self.shard.retrieve(body["ids"], body["with_payload"], body["with_vector"])]
        if path == "/points/scroll":
            request = q.ScrollRequest(
                offset=body.get("offset"),
                limit=body["limit"],
                filter=filter_of(body.get("filter")),
                with_payload=selected(body["with_payload"]),
                with_vector=body["with_vector"],
            )
            points, following = self.shard.scroll(request)
            following = None if following is None else str(following)
            return {"points": [record(p) for p in points], "next_page_offset": following}
        raise ValueError(f"{method} {path} is not served here")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body in one piece: two would wait for each other.
    wbufsize = -1

    def log_message(self, *_):
        pass

    def serve(self):
        long = int(self.headers.get("content-length") or 0)
        body = json.loads(self.rfile.read(long) or b"null")
        _, _, name, rest = (self.path.split("?")[0] + "/").split("/", 3)
        rest = ("/" + rest).rstrip("/")
        try:
            with lock:
                status, result = self.answer(name, rest, body)
        except Exception as why:
            status, result = 400, str(why)
        told = {"result": result, "status": "ok"} if status == 200 else {"status": {"error": result}}
        said = json.dumps({**told, "time": 0.0}).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def answer(self, name, rest, body):
        path = os.path.join(FOLDER, name)
        if name not in opened and os.path.isdir(path):
            opened[name] = Collection(path)
        if self.command == "PUT" and rest == "":
            opened[name] = Collection(path, body)
            return 200, True
        if name not in opened:
            return 404, f"Not found: Collection `{name}` doesn't exist!"
        if self.command == "DELETE":
            opened.pop(name).shard.close()
            shutil.rmtree(path)
            return 200, True
        return 200, opened[name].asked(self.command, rest, body)

    do_GET = do_PUT = do_POST = do_DELETE = serve


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(f"serving at {server.server_address[1]}", flush=True)
sys.stdin.read()
