"""Makes the streams, answers and lists in this folder: framed here, by hand, and read back by Amazon's own botocore, with the
shapes of its service models. Run it with a python that has botocore; it writes beside itself."""

import base64
import binascii
import json
import pathlib
import struct

import botocore.session
from botocore.eventstream import EventStreamBuffer
from botocore.parsers import EventStreamJSONParser

HERE = pathlib.Path(__file__).parent
SESSION = botocore.session.get_session()
RUNTIME = SESSION.get_service_model("bedrock-runtime")
CONTROL = SESSION.get_service_model("bedrock")


def header(name, text):
    name, text = name.encode(), text.encode()
    return bytes([len(name)]) + name + b"\x07" + struct.pack("!H", len(text)) + text


def message(headers, payload):
    head = b"".join(header(name, text) for name, text in headers)
    lengths = struct.pack("!II", 12 + len(head) + len(payload) + 4, len(head))
    front = lengths + struct.pack("!I", binascii.crc32(lengths)) + head + payload
    return front + struct.pack("!I", binascii.crc32(front))


def event(kind, **members):
    # The padding that real answers carry, of a length that says nothing.
    body = json.dumps({**members, "p": "abcdefgh"}, ensure_ascii=False, separators=(",", ":"))
    headers = [(":event-type", kind), (":content-type", "application/json"), (":message-type", "event")]
    return message(headers, body.encode())


def exception(kind, words):
    headers = [(":exception-type", kind), (":content-type", "application/json"), (":message-type", "exception")]
    return message(headers, json.dumps({"message": words}).encode())


def error(code, words):
    return message([(":error-code", code), (":error-message", words), (":message-type", "error")], b"")


def start():
    return event("messageStart", role="assistant")


def delta(at, **what):
    return event("contentBlockDelta", contentBlockIndex=at, delta=what)


def text(at, words):
    return delta(at, text=words)


def stop(at):
    return event("contentBlockStop", contentBlockIndex=at)


def end(reason, **usage):
    counted = {"inputTokens": 9, "outputTokens": 7, "totalTokens": 16, **usage}
    return event("messageStop", stopReason=reason) + event("metadata", usage=counted, metrics={"latencyMs": 312})


def tool(at, identity, name, *pieces):
    begun = event("contentBlockStart", contentBlockIndex=at, start={"toolUse": {"toolUseId": identity, "name": name}})
    return begun + b"".join(delta(at, toolUse={"input": piece}) for piece in pieces) + stop(at)


HELLO = start() + text(0, "Hel") + text(0, "lo, é👋") + stop(0)
STREAMS = {
    "text": HELLO + end("end_turn"),
    "cached": HELLO + end("max_tokens", cacheReadInputTokens=100, cacheWriteInputTokens=20),
    "reasoning": start()
    + delta(0, reasoningContent={"text": "let me "})
    + delta(0, reasoningContent={"text": "think 🤔"})
    + delta(0, reasoningContent={"signature": "c2Vh"})
    + delta(0, reasoningContent={"signature": "bA=="})
    + stop(0)
    + delta(1, reasoningContent={"redactedContent": "eA=="})
    + stop(1)
    + text(2, "42.")
    + stop(2)
    + end("stop_sequence"),
    "tools": start()
    + text(0, "Looking.")
    + stop(0)
    + tool(1, "tooluse_a", "get_weather", '{"city": ', '"Oslo é"}')
    + tool(2, "tooluse_b", "now")
    + tool(3, "tooluse_c", "broken", "{not json")
    + end("tool_use"),
    "guarded": start()
    + text(0, "I cannot.")
    + stop(0)
    + event("messageStop", stopReason="guardrail_intervened")
    + event(
        "metadata",
        usage={"inputTokens": 9, "outputTokens": 7, "totalTokens": 16},
        metrics={"latencyMs": 312},
        trace={"guardrail": {"modelOutput": ["x"], "inputAssessment": {"g": {"wordPolicy": {"customWords": []}}}}},
    ),
    "picture": start()
    + event("contentBlockStart", contentBlockIndex=0, start={"image": {"format": "png"}})
    + delta(0, image={"source": {"bytes": "iVBO"}})
    + delta(0, image={"source": {"bytes": "RyE="}})
    + stop(0)
    + end("end_turn"),
    "cut": start() + text(0, "Hello"),
    "no_metadata": HELLO + event("messageStop", stopReason="guardrail_intervened"),
    "exception": start() + text(0, "Hello") + exception("throttlingException", "Too many requests"),
    "error": start() + text(0, "Hello") + error("InternalFailure", "it broke"),
    "strangers": start()
    + event("ofTomorrow", what=1)
    + event("contentBlockStart", contentBlockIndex=0, start={"ofTomorrow": {}})
    + delta(0, citation={"title": "a"})
    + text(0, "Hello")
    + delta(0, ofTomorrow=7)
    + message([(":message-type", "of_tomorrow"), (":event-type", "x")], b"\x00")
    + stop(0)
    + end("of_tomorrow"),
}

METRICS = {
    "amazon-bedrock-invocationMetrics": {
        "inputTokenCount": 9,
        "outputTokenCount": 7,
        "invocationLatency": 551,
        "firstByteLatency": 312,
    }
}


def chunks(*pieces):
    """InvokeModel's stream: the model's own JSON, in base64; the last piece carries what Bedrock counted."""
    pieces = [*pieces[:-1], {**pieces[-1], **METRICS}]
    encoded = [base64.b64encode(json.dumps(piece, ensure_ascii=False).encode()).decode() for piece in pieces]
    return b"".join(event("chunk", bytes=piece) for piece in encoded)


def claude(kind, **members):
    return {"type": kind, **members}


NATIVE = {
    "native_claude": chunks(
        claude("message_start", message={"id": "m", "role": "assistant", "usage": {"input_tokens": 9, "output_tokens": 1}}),
        claude("content_block_start", index=0, content_block={"type": "text", "text": ""}),
        claude("content_block_delta", index=0, delta={"type": "text_delta", "text": "Hel"}),
        claude("content_block_delta", index=0, delta={"type": "text_delta", "text": "lo, é👋"}),
        claude("content_block_stop", index=0),
        claude("content_block_start", index=1, content_block={"type": "tool_use", "id": "t", "name": "now", "input": {}}),
        claude("content_block_stop", index=1),
        claude("message_delta", delta={"stop_reason": "tool_use", "stop_sequence": None}, usage={"output_tokens": 7}),
        claude("message_stop"),
    ),
    "native_titan": chunks(
        {"outputText": "Hel", "index": 0, "totalOutputTextTokenCount": None, "completionReason": None, "inputTextTokenCount": 9},
        {
            "outputText": "lo, é👋",
            "index": 0,
            "totalOutputTextTokenCount": 7,
            "completionReason": "FINISH",
            "inputTextTokenCount": None,
        },
    ),
    "native_llama": chunks(
        {"generation": "Hel", "prompt_token_count": 9, "generation_token_count": 1, "stop_reason": None},
        {"generation": "lo, é👋", "prompt_token_count": None, "generation_token_count": 6, "stop_reason": None},
        {"generation": "", "prompt_token_count": None, "generation_token_count": 7, "stop_reason": "length"},
    ),
    "native_command": chunks(
        {"text": "Hel", "is_finished": False, "index": 0},
        {"text": "lo, é👋", "is_finished": False, "index": 0},
        {"is_finished": True, "finish_reason": "COMPLETE", "index": 0},
    ),
    "native_command_r": chunks(
        {"is_finished": False, "event_type": "stream-start", "generation_id": "g"},
        {"is_finished": False, "event_type": "text-generation", "text": "Hel"},
        {"is_finished": False, "event_type": "text-generation", "text": "lo, é👋"},
        {"is_finished": True, "event_type": "stream-end", "finish_reason": "MAX_TOKENS", "response": {"text": "Hello, é👋"}},
    ),
}

ANSWER = {
    "metrics": {"latencyMs": 551},
    "output": {
        "message": {
            "role": "assistant",
            "content": [
                {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "c2VhbA=="}}},
                {"text": "Looking é."},
                {"citationsContent": {"content": [{"text": " Cited."}], "citations": []}},
                {"toolUse": {"toolUseId": "tooluse_a", "name": "look", "input": {"at": "é"}}},
            ],
        }
    },
    "stopReason": "tool_use",
    "usage": {"inputTokens": 9, "outputTokens": 7, "totalTokens": 16, "cacheReadInputTokens": 3},
}

ARN = "arn:aws:bedrock:{}::foundation-model/{}"


def listed(name, maker, takes, makes, streams, types, status="ACTIVE", title=None):
    return {
        "modelArn": ARN.format("us-east-1", name),
        "modelId": name,
        "modelName": title or name,
        "providerName": maker,
        "inputModalities": takes,
        "outputModalities": makes,
        "responseStreamingSupported": streams,
        "customizationsSupported": [],
        "inferenceTypesSupported": types,
        "modelLifecycle": {"status": status},
    }


SONNET = "anthropic.claude-sonnet-4-5-20250929-v1:0"
MODELS = {
    "modelSummaries": [
        listed(SONNET, "Anthropic", ["TEXT", "IMAGE"], ["TEXT"], True, ["INFERENCE_PROFILE"], title="Claude Sonnet 4.5"),
        listed("amazon.titan-embed-text-v2:0", "Amazon", ["TEXT"], ["EMBEDDING"], None, ["ON_DEMAND"]),
        listed("amazon.titan-image-generator-v2:0", "Amazon", ["TEXT", "IMAGE"], ["IMAGE"], None, ["ON_DEMAND"]),
        listed("ai21.jamba-instruct-v1:0", "AI21 Labs", ["TEXT"], ["TEXT"], False, ["ON_DEMAND"], status="LEGACY"),
        {"modelArn": ARN.format("us-east-1", "x.bare"), "modelId": "x.bare"},
    ]
}
PROFILES = {
    "inferenceProfileSummaries": [
        {
            "inferenceProfileName": "US Claude Sonnet 4.5",
            "inferenceProfileArn": f"arn:aws:bedrock:us-east-1:1:inference-profile/us.{SONNET}",
            "inferenceProfileId": f"us.{SONNET}",
            "models": [{"modelArn": ARN.format(region, SONNET)} for region in ("us-west-2", "us-east-1")],
            "status": "ACTIVE",
            "type": "SYSTEM_DEFINED",
        },
    ]
}


def read_back(bytes_, operation="ConverseStream", member="stream"):
    """What botocore makes of a stream: it must take it whole."""
    shape = RUNTIME.operation_model(operation).output_shape.members[member]
    parser = EventStreamJSONParser()
    buffer = EventStreamBuffer()
    buffer.add_data(bytes_)
    read = [(m.to_response_dict(), m) for m in buffer]
    assert not buffer._data, "bytes are left over"
    return [parser.parse(response, shape) for response, _ in read]


def whole(model, operation, value):
    import botocore.parsers

    shape = model.operation_model(operation).output_shape
    response = {"status_code": 200, "headers": {}, "body": json.dumps(value).encode()}
    parsed = botocore.parsers.create_parser("rest-json").parse(response, shape)
    for name in value:
        assert parsed[name], name


def write():
    for name, bytes_ in STREAMS.items():
        assert read_back(bytes_), name
        (HERE / f"{name}.events").write_bytes(bytes_)
    for name, bytes_ in NATIVE.items():
        read = read_back(bytes_, "InvokeModelWithResponseStream", "body")
        assert all(json.loads(event["chunk"]["bytes"]) for event in read), name
        (HERE / f"{name}.events").write_bytes(bytes_)
    for name, model, operation, value in [
        ("answer", RUNTIME, "Converse", ANSWER),
        ("models", CONTROL, "ListFoundationModels", MODELS),
        ("profiles", CONTROL, "ListInferenceProfiles", PROFILES),
    ]:
        whole(model, operation, value)
        (HERE / f"{name}.json").write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


if __name__ == "__main__":
    write()
