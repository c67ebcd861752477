// Arize's own map from OpenTelemetry's GenAI names to OpenInference's. The argument is the folder where npm has put it; standard
// input is an array of attributes, a span an object; standard output the same as it maps them.
const fs = require("node:fs");

const place = require.resolve("@arizeai/openinference-genai", { paths: [process.argv[2]] });
const { convertGenAISpanAttributesToOpenInferenceSpanAttributes: convert } = require(place);
process.stdout.write(JSON.stringify(JSON.parse(fs.readFileSync(0, "utf8")).map(convert)));
