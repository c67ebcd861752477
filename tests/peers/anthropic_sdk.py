"""Sends the conversation of `everything` in tests/suite/provider_anthropic.rs with Anthropic's own SDK, three times, to the
server at argv[1], and writes what the SDK made of the answers. From 2.0 on the SDK speaks a later version of the API. With
`newer` as argv[2] it sends that of `the_sdk_lets_a_model_think_as_we_do`, and writes nothing."""

import json
import sys

import anthropic

client = anthropic.Anthropic(base_url=sys.argv[1], api_key="sk-canary", max_retries=0)
BYTES = "AP8h"


def ask():
    return client.messages.stream(
        model="claude-sonnet-4-5",
        max_tokens=1024 + 100,
        system=[{"type": "text", "text": "Be brief."}],
        stop_sequences=["END"],
        thinking={"type": "enabled", "budget_tokens": 1024},
        tools=[
            {
                "name": "look",
                "description": "Looks.",
                "input_schema": {"type": "object", "properties": {"at": {"type": "string"}}},
            }
        ],
        tool_choice={"type": "auto"},
        output_config={"format": {"type": "json_schema", "schema": {"type": "object"}}},
        messages=[
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "hello"},
                    {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": BYTES}},
                    {
                        "type": "document",
                        "title": "a.pdf",
                        "source": {"type": "base64", "media_type": "application/pdf", "data": BYTES},
                    },
                    {
                        "type": "document",
                        "title": "b.md",
                        "source": {"type": "text", "media_type": "text/plain", "data": "# é"},
                        "cache_control": {"type": "ephemeral"},
                    },
                ],
            },
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "hm", "signature": "c2VhbA=="},
                    {"type": "redacted_thinking", "data": "eA=="},
                    {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {"at": "é"}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "toolu_1", "content": "dark", "is_error": True},
                    {"type": "text", "text": "and?"},
                ],
            },
        ],
    )


KEPT = ("type", "text", "thinking", "signature", "data", "id", "name", "input")


def told(message):
    usage = message.usage
    prompt = [usage.input_tokens, usage.cache_read_input_tokens, usage.cache_creation_input_tokens]
    blocks = [block.model_dump(exclude_none=True) for block in message.content]
    return {
        "content": [{name: block[name] for name in KEPT if name in block} for block in blocks],
        "input": sum(tokens or 0 for tokens in prompt),
        "output": usage.output_tokens,
    }


def newer():
    hello = [{"role": "user", "content": [{"type": "text", "text": "hello"}]}]
    yield client.messages.stream(
        model="claude-sonnet-5",
        max_tokens=1024 + 100,
        thinking={"type": "adaptive", "display": "summarized"},
        output_config={"effort": "low"},
        messages=hello,
    )
    yield client.messages.stream(
        model="claude-sonnet-4-5",
        max_tokens=100,
        # The SDK has no names for these any more; the API has.
        extra_body={"temperature": 0.2, "top_p": 0.9, "top_k": 40},
        messages=hello,
    )


if sys.argv[2:] == ["newer"]:
    for asked in newer():
        with asked as stream:
            stream.get_final_message()
    sys.exit()

answers = []
for _ in range(3):
    with ask() as stream:
        answers.append(told(stream.get_final_message()))
json.dump(answers, sys.stdout)
