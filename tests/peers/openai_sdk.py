"""Sends the conversation of `everything` in tests/suite/provider_openai_sdk.rs with OpenAI's own SDK to the server at argv[1],
by Chat Completions and by Responses, then asks for vectors and pictures; writes what the SDK made of the answers. With `newer` as
argv[2] it asks a model that takes the newer name of the longest answer alone, and writes nothing."""

import json
import sys

from openai import OpenAI

client = OpenAI(base_url=sys.argv[1], api_key="sk-canary", max_retries=0)
BYTES = "AP8h"
LOOK = {"type": "object", "properties": {"at": {"type": "string"}}}
ANSWER = {"type": "object", "properties": {}, "additionalProperties": False}


def chat():
    stream = client.chat.completions.create(
        model="gpt-4o",
        stream=True,
        stream_options={"include_usage": True},
        temperature=0.2,
        top_p=0.9,
        max_tokens=100,
        stop=["END", "\n\n"],
        seed=7,
        reasoning_effort="low",
        tools=[{"type": "function", "function": {"name": "look", "description": "Looks.", "parameters": LOOK}}],
        tool_choice="auto",
        response_format={
            "type": "json_schema",
            "json_schema": {"name": "answer", "schema": ANSWER, "strict": True},
        },
        # No part of OpenAI's API, but of servers that copy it.
        extra_body={"top_k": 40},
        messages=[
            {"role": "system", "content": "Be brief."},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "hello"},
                    {"type": "image_url", "image_url": {"url": "data:image/png;base64," + BYTES}},
                    {
                        "type": "file",
                        "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64," + BYTES},
                    },
                ],
            },
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {"id": "c1", "type": "function", "function": {"name": "look", "arguments": '{"at":"é"}'}}
                ],
            },
            {"role": "tool", "content": "dark", "tool_call_id": "c1"},
            {"role": "user", "content": "and?"},
        ],
    )
    text, usage = "", None
    for chunk in stream:
        text += "".join(choice.delta.content or "" for choice in chunk.choices)
        usage = chunk.usage or usage
    return {"text": text, "input": usage.prompt_tokens, "output": usage.completion_tokens}


def responses():
    stream = client.responses.create(
        model="gpt-4o",
        stream=True,
        # Nothing is kept at the server: documented as ours.
        store=False,
        instructions="Be brief.",
        temperature=0.2,
        top_p=0.9,
        max_output_tokens=100,
        reasoning={"effort": "low", "summary": "auto"},
        tools=[{"type": "function", "name": "look", "description": "Looks.", "parameters": LOOK}],
        tool_choice="auto",
        text={"format": {"type": "json_schema", "name": "answer", "schema": ANSWER, "strict": True}},
        input=[
            {
                "type": "message",
                "role": "user",
                "content": [
                    {"type": "input_text", "text": "hello"},
                    {"type": "input_image", "image_url": "data:image/png;base64," + BYTES},
                    {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64," + BYTES},
                ],
            },
            {"type": "function_call", "call_id": "c1", "name": "look", "arguments": '{"at":"é"}'},
            {"type": "function_call_output", "call_id": "c1", "output": "dark"},
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "and?"}]},
        ],
    )
    text, usage = "", None
    for event in stream:
        if event.type == "response.output_text.delta":
            text += event.delta
        if event.type in ("response.completed", "response.incomplete"):
            usage = event.response.usage
    return {"text": text, "input": usage.input_tokens, "output": usage.output_tokens}


def vectors():
    made = client.embeddings.create(model="embed-3", input=["one", "zwei"], encoding_format="float")
    return [one.embedding for one in made.data]


def pictures():
    made = client.images.generate(
        model="dall-e-3", prompt="a cat", n=1, size="1024x1024", response_format="b64_json"
    )
    return [one.b64_json for one in made.data]


def newer():
    stream = client.chat.completions.create(
        model="gpt-5",
        stream=True,
        stream_options={"include_usage": True},
        max_completion_tokens=100,
        messages=[{"role": "user", "content": "hello"}],
    )
    return list(stream)


if sys.argv[2:] == ["newer"]:
    newer()
    sys.exit()

json.dump([chat(), responses(), vectors(), pictures()], sys.stdout)
