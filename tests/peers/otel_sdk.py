"""OpenTelemetry's own SDK sends spans to the URL that it is given; the second argument says how often.

It ends with 1 where an export failed. Standard output: the ids of the traces, one a line.
"""

import sys

from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import SpanKind, Status, StatusCode


class Told(SpanExporter):
    """The exporter, and whether it ever failed."""

    def __init__(self, exporter):
        self.exporter, self.failed = exporter, False

    def export(self, spans):
        result = self.exporter.export(spans)
        self.failed |= result is not SpanExportResult.SUCCESS
        return result

    def shutdown(self):
        self.exporter.shutdown()


url, times = sys.argv[1], int(sys.argv[2])
headers = {"Authorization": "Bearer " + sys.argv[3]}
failed = False
for compression in (Compression.NoCompression, Compression.Gzip):
    told = Told(OTLPSpanExporter(endpoint=url, headers=headers, compression=compression))
    provider = TracerProvider(resource=Resource.create({"service.name": "peer"}))
    provider.add_span_processor(SimpleSpanProcessor(told))
    tracer = provider.get_tracer("peer", "1.0")
    for number in range(times):
        with tracer.start_as_current_span("invoke_agent Weather", kind=SpanKind.INTERNAL) as agent:
            agent.set_attribute("gen_ai.operation.name", "invoke_agent")
            agent.set_attribute("gen_ai.agent.name", "Weather")
            with tracer.start_as_current_span("chat m1", kind=SpanKind.CLIENT) as chat:
                chat.set_attribute("gen_ai.operation.name", "chat")
                chat.set_attribute("gen_ai.provider.name", "openai")
                chat.set_attribute("gen_ai.request.model", "m1")
                chat.set_attribute("gen_ai.usage.input_tokens", 100)
                chat.set_attribute("gen_ai.usage.output_tokens", 20)
                chat.set_attribute("words", ["Ünïcode", "漢字"])
            with tracer.start_as_current_span("execute_tool get_weather") as tool:
                tool.set_attribute("gen_ai.operation.name", "execute_tool")
                tool.set_attribute("gen_ai.tool.name", "get_weather")
                tool.record_exception(ValueError("no such place"))
                tool.set_status(Status(StatusCode.ERROR, "no such place"))
            print(f"{agent.get_span_context().trace_id:032x}")
    provider.shutdown()
    failed |= told.failed
sys.exit(1 if failed else 0)
