"""Judges with Amazon's own botocore. Reads the evidence from standard input and writes a verdict on each piece of it:

requests: the operation is found by its address; the body, turned into parameters, must be taken by botocore's validation;
what botocore would send for these parameters, and its signature at that time with those keys, is told.
streams, answers and natives: what botocore reads in them, in the words of `as_read` in tests/suite/provider_bedrock.rs.
"""

import base64
import datetime
import json
import re
import sys
import urllib.parse

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import botocore.eventstream
import botocore.parsers
import botocore.serialize
import botocore.session
import botocore.validate

SESSION = botocore.session.get_session()
MODELS = [SESSION.get_service_model(name) for name in ("bedrock-runtime", "bedrock")]
# Who turns a login into keys, and who renews it.
LOGINS = [SESSION.get_service_model(name) for name in ("sso", "sso-oidc")]
# Whose functions agents act with.
FUNCTIONS = [SESSION.get_service_model("lambda")]


def operation_of(method, path):
    for model in MODELS + LOGINS + FUNCTIONS:
        for name in model.operation_names:
            operation = model.operation_model(name)
            uri = operation.http["requestUri"].partition("?")[0]
            pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(uri))
            found = re.fullmatch(pattern, path)
            if found and operation.http["method"] == method:
                return operation, {k: urllib.parse.unquote(v) for k, v in found.groupdict().items()}
    raise SystemExit(f"no operation of botocore's is {method} {path}")


def parameters(shape, value):
    """What a program would pass to botocore; what is not known to the shape stays, for the validation to refuse."""
    if getattr(shape, "is_document_type", False):
        return value
    if shape.type_name == "structure":
        return {k: parameters(shape.members[k], v) if k in shape.members else v for k, v in value.items()}
    if shape.type_name == "list":
        return [parameters(shape.member, v) for v in value]
    if shape.type_name == "map":
        return {k: parameters(shape.value, v) for k, v in value.items()}
    if shape.type_name == "blob":
        return base64.b64decode(value, validate=True)
    return value


def request(asked, keys, region, service="bedrock"):
    method, address, _ = asked["line"].split(" ")
    path, _, query = address.partition("?")
    operation, given = operation_of(method, path)
    shape = operation.input_shape
    queried = dict(urllib.parse.parse_qsl(query))
    for name, member in shape.members.items():
        place = member.serialization.get("location")
        if place == "querystring" and (value := queried.pop(member.serialization["name"], None)) is not None:
            given[name] = int(value) if member.type_name == "integer" else value
        if place == "header" and (value := asked["headers"].get(member.serialization["name"].lower())) is not None:
            given[name] = value
    if queried:
        raise SystemExit(f"{operation.name} has no {sorted(queried)} in its address")
    body = base64.b64decode(asked["body"])
    payload = shape.serialization.get("payload")
    if payload:
        given[payload] = body
    elif body:
        given.update(parameters(shape, json.loads(body)))
    problems = botocore.validate.ParamValidator().validate(given, shape)
    serializer = botocore.serialize.create_serializer("rest-json")
    would = serializer.serialize_to_request(given, operation)
    would_query = sorted(would["query_string"].items())
    queried = urllib.parse.urlencode(would_query, quote_via=urllib.parse.quote, safe="-._~")
    return {
        "operation": operation.name,
        "problems": problems.generate_report().splitlines() if problems.has_errors() else [],
        "path": would["url_path"] + (f"?{queried}" if queried else ""),
        "body": json.loads(would["body"]) if would["body"] else None,
        "authorization": signature(asked, keys, region, body, service) if "authorization" in asked["headers"] else None,
    }


def form(asked, keys, region):
    """A request to STS: what is sent, and what botocore would send for it."""
    model = SESSION.get_service_model("sts")
    body = base64.b64decode(asked["body"])
    sent = dict(urllib.parse.parse_qsl(body.decode()))
    operation = model.operation_model(sent["Action"])
    members = operation.input_shape.members
    given = {k: v for k, v in sent.items() if k not in ("Action", "Version")}
    given = {k: int(v) if k in members and members[k].type_name == "integer" else v for k, v in given.items()}
    problems = botocore.validate.ParamValidator().validate(given, operation.input_shape)
    would = botocore.serialize.create_serializer("query").serialize_to_request(given, operation)
    return {
        "problems": problems.generate_report().splitlines() if problems.has_errors() else [],
        "sent": sent,
        "body": {k: str(v) for k, v in would["body"].items()},
        "authorization": signature(asked, keys, region, body, "sts"),
    }


def signature(asked, keys, region, body, service="bedrock"):
    method, address, _ = asked["line"].split(" ")
    headers, ours = asked["headers"], asked["headers"]["authorization"]
    signed = re.search("SignedHeaders=([^,]+)", ours).group(1).split(";")
    at = datetime.datetime.strptime(headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
    for name in ("get_current_datetime", "get_current_time"):
        if hasattr(botocore.auth, name):
            setattr(botocore.auth, name, lambda *_, **__: at.replace(tzinfo=None))
    kept = {name: headers[name] for name in signed if name not in ("x-amz-date", "x-amz-security-token")}
    plain = botocore.awsrequest.AWSRequest(method, f"http://{headers['host']}{address}", kept, body)
    credentials = botocore.credentials.Credentials(keys["id"], keys["secret"], keys["token"])
    botocore.auth.SigV4Auth(credentials, service, region).add_auth(plain)
    return plain.headers["Authorization"]


STOPS = {
    "end_turn": "EndTurn",
    "tool_use": "ToolUse",
    "max_tokens": "MaxTokens",
    "stop_sequence": "StopSequence",
    "guardrail_intervened": "Filtered",
}


def told(content, usage, stop, error=None):
    parts = [usage.get(name) for name in ("inputTokens", "cacheReadInputTokens", "cacheWriteInputTokens")]
    return {
        "content": content,
        "input": sum(part or 0 for part in parts) if usage else None,
        "output": usage.get("outputTokens"),
        "cache_read": parts[1],
        "cache_write": parts[2],
        "stop": STOPS.get(stop, "Other") if stop else None,
        "error": error,
    }


def encoded(data):
    return base64.b64encode(data).decode()


def stream(bytes_):
    shape = MODELS[0].operation_model("ConverseStream").output_shape.members["stream"]
    parser = botocore.parsers.EventStreamJSONParser()
    buffer = botocore.eventstream.EventStreamBuffer()
    buffer.add_data(bytes_)
    blocks, usage, stop = {}, {}, None
    for message in buffer:
        response = message.to_response_dict()
        parsed = parser.parse(response, shape)
        if response["status_code"] != 200:
            return told(list(blocks.values()), usage, stop, parsed["Error"]["Message"])
        # What it has no shape for, it leaves out.
        kind, event = next(iter(parsed.items()), (None, None))
        if kind == "contentBlockStart":
            begin(blocks, event["contentBlockIndex"], event["start"])
        elif kind == "contentBlockDelta":
            grow(blocks, event["contentBlockIndex"], event["delta"])
        elif kind == "messageStop":
            stop = event["stopReason"]
        elif kind == "metadata":
            usage = event["usage"]
    return told([closed(block) for block in blocks.values()], usage, stop)


def begin(blocks, at, start):
    if "toolUse" in start:
        blocks[at] = {"tool": start["toolUse"]["toolUseId"], "name": start["toolUse"]["name"], "input": ""}
    if "image" in start:
        blocks[at] = {"image": "image/" + start["image"]["format"], "bytes": b""}


def grow(blocks, at, delta):
    if "text" in delta:
        blocks.setdefault(at, {"text": ""})["text"] += delta["text"]
    if "toolUse" in delta:
        blocks[at]["input"] += delta["toolUse"]["input"]
    if "image" in delta:
        blocks[at]["bytes"] += delta["image"]["source"]["bytes"]
    thought = delta.get("reasoningContent", {})
    if "redactedContent" in thought:
        blocks[at] = {"redacted": encoded(thought["redactedContent"])}
    if "text" in thought:
        blocks.setdefault(at, {"reasoning": "", "signature": ""})["reasoning"] += thought["text"]
    if "signature" in thought:
        blocks[at]["signature"] += thought["signature"]


def closed(block):
    if "tool" in block:
        try:
            input_ = json.loads(block["input"] or "{}")
        except ValueError:
            input_ = block["input"]
        return {**block, "input": input_}
    if "image" in block:
        return {**block, "bytes": encoded(block["bytes"])}
    return block


def answer(text):
    shape = MODELS[0].operation_model("Converse").output_shape
    response = {"status_code": 200, "headers": {}, "body": text.encode()}
    parsed = botocore.parsers.create_parser("rest-json").parse(response, shape)
    content = []

    def said(text):
        if content and "text" in content[-1]:
            content[-1]["text"] += text
        else:
            content.append({"text": text})

    for block in parsed["output"]["message"]["content"]:
        if "text" in block:
            said(block["text"])
        for piece in block.get("citationsContent", {}).get("content", []):
            said(piece["text"])
        if "reasoningContent" in block:
            thought = block["reasoningContent"]["reasoningText"]
            content.append({"reasoning": thought["text"], "signature": thought["signature"]})
        if "toolUse" in block:
            tool = block["toolUse"]
            content.append({"tool": tool["toolUseId"], "name": tool["name"], "input": tool["input"]})
    return told(content, parsed["usage"], parsed["stopReason"])


LISTS = {
    "ListFoundationModels": ("modelSummaries", "modelId", "modelName"),
    "ListInferenceProfiles": ("inferenceProfileSummaries", "inferenceProfileId", "inferenceProfileName"),
    "ListProvisionedModelThroughputs": ("provisionedModelSummaries", "provisionedModelArn", "provisionedModelName"),
    "ListCustomModels": ("modelSummaries", "modelArn", "modelName"),
    "ListCustomModelDeployments": (
        "modelDeploymentSummaries",
        "customModelDeploymentArn",
        "customModelDeploymentName",
    ),
    "ListImportedModels": ("modelSummaries", "modelArn", "modelName"),
}


def listed(operation, text):
    shape = MODELS[1].operation_model(operation).output_shape
    response = {"status_code": 200, "headers": {}, "body": text.encode()}
    parsed = botocore.parsers.create_parser("rest-json").parse(response, shape)
    name, id_, title = LISTS[operation]
    # The profiles of the account are asked by their ARNs.
    by = lambda one: "inferenceProfileArn" if one.get("type") == "APPLICATION" else id_
    return [{"id": one[by(one)], "title": one.get(title) or one[by(one)]} for one in parsed[name]]


OWN_STOPS = {
    "FINISH": "end_turn",
    "COMPLETE": "end_turn",
    "MAX_TOKENS": "max_tokens",
    "length": "max_tokens",
    "tool_use": "tool_use",
}


def native(bytes_):
    """A stream of InvokeModelWithResponseStream: botocore takes the frames apart, whose chunks are the maker's own JSON."""
    shape = MODELS[0].operation_model("InvokeModelWithResponseStream").output_shape.members["body"]
    parser = botocore.parsers.EventStreamJSONParser()
    buffer = botocore.eventstream.EventStreamBuffer()
    buffer.add_data(bytes_)
    text, tools, counted, stop = "", [], {}, None
    for message in buffer:
        parsed = parser.parse(message.to_response_dict(), shape)
        piece = json.loads(parsed["chunk"]["bytes"])
        block = piece.get("content_block", {})
        if block.get("type") == "tool_use":
            tools.append({"tool": block["id"], "name": block["name"], "input": block["input"]})
        delta = piece.get("delta", {})
        for said in (piece.get("outputText"), piece.get("generation"), piece.get("text"), delta.get("text")):
            text += said or ""
        for reason in (piece.get("completionReason"), piece.get("finish_reason"), piece.get("stop_reason"), delta.get("stop_reason")):
            stop = OWN_STOPS[reason] if reason else stop
        counted = piece.get("amazon-bedrock-invocationMetrics", counted)
    usage = {"inputTokens": counted["inputTokenCount"], "outputTokens": counted["outputTokenCount"]}
    return told([{"text": text}, *tools], usage, stop)


evidence = json.load(sys.stdin)
service = evidence.get("service", "bedrock")
judge = form if service == "sts" else lambda *asked: request(*asked, service)
verdicts = [judge(asked, evidence["keys"], evidence["region"]) for asked in evidence.get("requests", [])]
verdicts += [stream(base64.b64decode(one["stream"])) for one in evidence.get("streams", [])]
verdicts += [answer(text) for text in evidence.get("answers", [])]
verdicts += [listed(one["operation"], one["body"]) for one in evidence.get("lists", [])]
verdicts += [native(base64.b64decode(one["stream"])) for one in evidence.get("natives", [])]
json.dump(verdicts, sys.stdout)
