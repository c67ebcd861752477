"""Sends the conversation of `everything` in tests/suite/provider_ollama.rs with Ollama's own client to the server at argv[1],
then asks for vectors; writes what the client made of the answers."""

import json
import sys

from ollama import Client

client = Client(host=sys.argv[1])
LOOK = {"type": "object", "properties": {"at": {"type": "string"}}}
ANSWER = {"type": "object", "properties": {}}


def chat():
    stream = client.chat(
        model="qwen3:0.6b",
        stream=True,
        options={"temperature": 0.25, "top_p": 0.5, "top_k": 40, "num_predict": 100, "stop": ["END", "\n\n"], "seed": 7},
        think=True,
        tools=[{"type": "function", "function": {"name": "look", "description": "Looks.", "parameters": LOOK}}],
        format=ANSWER,
        messages=[
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "hello", "images": [b"\x00\xff!"]},
            {
                "role": "assistant",
                "content": "",
                "thinking": "hm",
                "tool_calls": [{"function": {"name": "look", "arguments": {"at": "é"}}}],
            },
            {"role": "tool", "content": "dark", "tool_name": "look"},
            {"role": "user", "content": "and?"},
        ],
    )
    text, thought, tools, last = "", "", [], None
    for part in stream:
        text += part.message.content or ""
        thought += part.message.thinking or ""
        tools += [
            {"name": call.function.name, "input": call.function.arguments}
            for call in part.message.tool_calls or []
        ]
        last = part
    return {
        "text": text,
        "thought": thought,
        "tools": tools,
        "input": last.prompt_eval_count,
        "output": last.eval_count,
    }


def embed():
    answer = client.embed(model="all-minilm", input=["a", "b"], truncate=False)
    return {"vectors": [list(vector) for vector in answer.embeddings], "input": answer.prompt_eval_count}


json.dump([chat(), chat(), embed()], sys.stdout)
