//! The one list of configuration keys: checking, `config default`, `config schema` and the environment are made from it.

use super::KeyHeader;
use crate::domain::knowledge::vectors::VectorSearch;

/// What a key's value must be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    Text,
    /// Shown as `"…"`.
    Secret,
    /// A URL whose password is not shown.
    Proxy,
    Url,
    /// `provider/model`.
    Model,
    Flag,
    /// A whole number in this range, both ends included.
    Whole(i64, i64),
    /// A number that is not negative.
    Amount,
    /// A number of `domain::settings`, checked by its own rules.
    Setting,
    /// A word of `domain::settings`, checked by its own rules.
    SettingWord,
    /// What `domain::settings` takes as JSON: a text of that, or the same in TOML.
    SettingJson,
    OneOf(&'static [&'static str]),
    /// A text, or a list of texts.
    Keys,
    /// A list of texts.
    Texts,
}

impl Kind {
    /// In words, after "it must be".
    pub fn expected(self) -> String {
        match self {
            Self::Text | Self::Secret => "a text in quotes".to_owned(),
            Self::Proxy => "a proxy's URL in quotes, like \"http://proxy:3128\"".to_owned(),
            Self::Url => "a URL in quotes that starts with http:// or https://".to_owned(),
            Self::Model => "a model id in quotes, like \"local/smollm2-135m\"".to_owned(),
            Self::Flag => "true or false".to_owned(),
            Self::Whole(from, to) => format!("a whole number from {from} to {to}"),
            Self::Amount => "a number, 0 or more".to_owned(),
            Self::Setting => "a number in the setting's range".to_owned(),
            Self::SettingWord => "one of the setting's words, in quotes".to_owned(),
            Self::SettingJson => "JSON in quotes, or the same as TOML".to_owned(),
            Self::OneOf(names) => format!("one of \"{}\"", names.join("\", \"")),
            Self::Keys => "a key in quotes, a list of them, or \"none\"".to_owned(),
            Self::Texts => "a list of texts in quotes".to_owned(),
        }
    }

    /// The same of what stands in a variable or a flag, where a text has no quotes.
    pub fn expected_bare(self) -> String {
        match self {
            Self::SettingJson => "JSON".to_owned(),
            Self::Keys => "a key, or none".to_owned(),
            Self::Texts => "texts with commas between them".to_owned(),
            other => other.expected().replace(", in quotes", "").replace(" in quotes", "").replace('"', ""),
        }
    }
}

/// One key.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Key {
    /// Its path; `*` stands for a name that the person chooses.
    pub path: &'static str,
    pub kind: Kind,
    /// As TOML; empty where nothing is the default.
    pub default: &'static str,
    /// One sentence.
    pub about: &'static str,
    /// Variables besides `OUTCROP_…` that set it; a later one in the list wins over an earlier one.
    pub variables: &'static [&'static str],
}

impl Key {
    /// `OUTCROP_` and the path in capitals; `None` under names that the person chooses.
    pub fn variable(&self) -> Option<String> {
        (!self.path.contains('*')).then(|| format!("OUTCROP_{}", self.path.replace('.', "_").to_uppercase()))
    }
}

const fn key(path: &'static str, kind: Kind, default: &'static str, about: &'static str) -> Key {
    Key { path, kind, default, about, variables: &[] }
}

const fn with(key: Key, variables: &'static [&'static str]) -> Key {
    Key { variables, ..key }
}

/// Every key, in the order in which they are shown.
pub const KEYS: &[Key] = &[
    key("model", Kind::Model, "\"local/smollm2-135m\"", "The model of a new conversation."),
    key(
        "log",
        Kind::OneOf(&["error", "warn", "info", "debug", "trace"]),
        "\"info\"",
        "How much the log keeps.",
    ),
    key(
        "record",
        Kind::Text,
        "",
        "A file, sealed, on which every call of a model and its answer are recorded, for a provider of the kind replay.",
    ),
    key(
        "ui.theme",
        Kind::OneOf(&["auto", "dark", "light", "high-contrast", "terminal"]),
        "\"auto\"",
        "Colours; auto chooses by the terminal's background.",
    ),
    key("ui.mouse", Kind::Flag, "true", "Take the mouse; false leaves selecting to the terminal."),
    key(
        "ui.osc52",
        Kind::OneOf(&["auto", "raw", "tmux", "off"]),
        "\"auto\"",
        "Copy through the terminal: where needed, always, wrapped for tmux, never.",
    ),
    key(
        "ui.pictures",
        Kind::OneOf(&["auto", "kitty", "iterm2", "sixel", "blocks", "off"]),
        "\"auto\"",
        "How pictures are shown: auto asks the terminal; blocks are half blocks, off is a description.",
    ),
    key("ui.title", Kind::Flag, "true", "Set the terminal's title."),
    with(
        key("ui.reduced_motion", Kind::Flag, "false", "Show elapsed time in place of spinners."),
        &["ACCESSIBLE"],
    ),
    key(
        "keys.*",
        Kind::Keys,
        "",
        "An action's keys, wherever it has some; \"none\" unbinds it. `outcrop config keys` lists every action.",
    ),
    key("net.offline", Kind::Flag, "false", "Connect to nothing but this machine."),
    with(
        key("net.http_proxy", Kind::Proxy, "", "The proxy for http:// addresses."),
        &["http_proxy", "HTTP_PROXY"],
    ),
    with(
        key("net.https_proxy", Kind::Proxy, "", "The proxy for https:// addresses."),
        &["https_proxy", "HTTPS_PROXY"],
    ),
    with(
        key("net.all_proxy", Kind::Proxy, "", "The proxy where no other is named."),
        &["all_proxy", "ALL_PROXY"],
    ),
    with(
        key("net.no_proxy", Kind::Text, "", "Hosts that need no proxy, comma-separated."),
        &["no_proxy", "NO_PROXY"],
    ),
    with(
        key(
            "net.ca_file",
            Kind::Text,
            "",
            "A PEM file of certificate authorities to trust besides the system's.",
        ),
        &["SSL_CERT_FILE"],
    ),
    key("net.connect_timeout", Kind::Whole(1, 600), "10", "Seconds to wait for a connection."),
    key(
        "net.answer_timeout",
        Kind::Whole(1, 3600),
        "300",
        "Seconds to wait for the first words of an answer.",
    ),
    key(
        "net.idle_timeout",
        Kind::Whole(1, 3600),
        "60",
        "Seconds a stream may be silent after its first words; ten times as long while pings alone come.",
    ),
    key(
        "net.find_servers",
        Kind::Flag,
        "true",
        "Look for servers at the usual ports of this machine when models are listed.",
    ),
    key(
        "engine.threads",
        Kind::Whole(0, 1024),
        "0",
        "Threads of the local engine; 0 chooses by the machine.",
    ),
    key(
        "engine.backend",
        Kind::OneOf(&["auto", "own", "llama-cpp"]),
        "\"auto\"",
        "What runs local models; auto is the own engine where it can, else llama.cpp (a build with that feature).",
    ),
    key(
        "trace.keep_days",
        Kind::Whole(1, 36_500),
        "365",
        "Days for which the record of calls and of what left this machine is kept, and traces from elsewhere.",
    ),
    key(
        "trace.keep_mb",
        Kind::Whole(1, 1_000_000),
        "256",
        "Megabytes that each of these may take: the record of calls, what was said in them, what left this machine.",
    ),
    key(
        "trace.foreign_mb",
        Kind::Whole(1, 1_000_000),
        "2048",
        "Megabytes that traces from elsewhere may take; the oldest go first.",
    ),
    key(
        "documents.file_mb",
        Kind::Whole(1, 4096),
        "50",
        "Megabytes of a file that is read into a knowledge base.",
    ),
    key("documents.text_mb", Kind::Whole(1, 4096), "64", "Megabytes of the text that is made of one."),
    key(
        "documents.unpacked_mb",
        Kind::Whole(1, 65_536),
        "128",
        "Megabytes that a packed file (docx, xlsx) may have when unpacked.",
    ),
    key("documents.cells", Kind::Whole(1, 100_000_000), "500000", "Cells that a workbook may have."),
    key(
        "documents.depth",
        Kind::Whole(1, 100_000),
        "1000",
        "Elements of HTML and XML that may lie within each other.",
    ),
    key(
        "documents.pages",
        Kind::Whole(1, 1_000_000),
        "20000",
        "Pages of a PDF that are read; those behind are left out.",
    ),
    key(
        "documents.forms",
        Kind::Whole(1, 64),
        "16",
        "Forms of a PDF that may lie within each other; deeper ones are left out.",
    ),
    key(
        "documents.operations",
        Kind::Whole(1000, 100_000_000_000),
        "100000000",
        "Steps of drawing and letters that are read of a PDF; what comes after them is left out.",
    ),
    key(
        "documents.elements",
        Kind::Whole(1000, 100_000_000),
        "1500000",
        "Elements and texts that a page of HTML may have.",
    ),
    key(
        "documents.parts",
        Kind::Whole(10, 1_000_000),
        "20000",
        "Parts that a packed file (docx, xlsx) may have.",
    ),
    key(
        "documents.places",
        Kind::Whole(1, 100_000_000),
        "4000000",
        "Pages, headings, sheets, tables and rows of a file that may be kept as places to cite.",
    ),
    key(
        "documents.memory_mb",
        Kind::Whole(64, 65_536),
        "512",
        "Megabytes of memory that the process which reads a file may take.",
    ),
    key(
        "documents.seconds",
        Kind::Whole(1, 3600),
        "30",
        "Seconds after which a file that is not read yet is given up.",
    ),
    with(
        key(
            "stores.postgres_url",
            Kind::Secret,
            "",
            "A PostgreSQL database with pgvector that holds knowledge bases: postgres://user:password@host:5432/database, or \
             \"$NAME\" to take that from an environment variable.",
        ),
        &["OUTCROP_POSTGRES_URL"],
    ),
    with(
        key("stores.qdrant_url", Kind::Url, "", "A Qdrant server that holds knowledge bases."),
        &["QDRANT_URL"],
    ),
    with(
        key(
            "stores.qdrant_api_key",
            Kind::Secret,
            "",
            "Its key, or \"$NAME\" to take it from an environment variable.",
        ),
        &["QDRANT_API_KEY"],
    ),
    key(
        "knowledge.cache_mb",
        Kind::Whole(0, 1_000_000),
        "256",
        "Megabytes of vectors that are kept by what was embedded, so that no text is embedded twice; 0 keeps none.",
    ),
    key(
        "knowledge.fetch_seconds",
        Kind::Whole(1, 3600),
        "60",
        "Seconds after which a document of a bucket or the web that is not here yet is given up.",
    ),
    key(
        "knowledge.vector_search",
        Kind::OneOf(VectorSearch::NAMES),
        "\"by_size\"",
        "How vectors are looked for in bases of this workspace: all are compared (exact), those of the lists that are nearest \
         (approximate), or the one or the other by how many there are.",
    ),
    key(
        "budget.day_warn",
        Kind::Amount,
        "",
        "US dollars that all models may cost in a day before that is said, once.",
    ),
    key(
        "budget.day_stop",
        Kind::Amount,
        "",
        "US dollars for a day beyond which nothing is sent; only calls whose price is known count.",
    ),
    key(
        "budget.day_warn_tokens",
        Kind::Whole(0, i64::MAX),
        "",
        "Tokens read and written in a day before that is said, once.",
    ),
    key(
        "budget.day_stop_tokens",
        Kind::Whole(0, i64::MAX),
        "",
        "Tokens for a day beyond which nothing is sent.",
    ),
    key(
        "budget.month_warn",
        Kind::Amount,
        "",
        "US dollars that all models may cost in a month before that is said, once.",
    ),
    key(
        "budget.month_stop",
        Kind::Amount,
        "",
        "US dollars for a month beyond which nothing is sent; only calls whose price is known count.",
    ),
    key(
        "budget.month_warn_tokens",
        Kind::Whole(0, i64::MAX),
        "",
        "Tokens read and written in a month before that is said, once.",
    ),
    key(
        "budget.month_stop_tokens",
        Kind::Whole(0, i64::MAX),
        "",
        "Tokens for a month beyond which nothing is sent.",
    ),
    key("budgets.*.day_warn", Kind::Amount, "", "The same for one provider or model, NAME."),
    key("budgets.*.day_stop", Kind::Amount, "", "Its own budget.day_stop."),
    key("budgets.*.day_warn_tokens", Kind::Whole(0, i64::MAX), "", "Its own budget.day_warn_tokens."),
    key("budgets.*.day_stop_tokens", Kind::Whole(0, i64::MAX), "", "Its own budget.day_stop_tokens."),
    key("budgets.*.month_warn", Kind::Amount, "", "Its own budget.month_warn."),
    key("budgets.*.month_stop", Kind::Amount, "", "Its own budget.month_stop."),
    key("budgets.*.month_warn_tokens", Kind::Whole(0, i64::MAX), "", "Its own budget.month_warn_tokens."),
    key("budgets.*.month_stop_tokens", Kind::Whole(0, i64::MAX), "", "Its own budget.month_stop_tokens."),
    key(
        "providers.*.kind",
        Kind::OneOf(&["openai", "anthropic", "ollama", "bedrock", "replay", "scripted"]),
        "",
        "What it is: any OpenAI-compatible server, Anthropic's API, Ollama, Amazon Bedrock, a cassette that was recorded, or \
         answers that this program plays, for tests. NAME stands in front of its model ids.",
    ),
    key("providers.*.base_url", Kind::Url, "", "Where its API starts, like \"http://127.0.0.1:8080/v1\"."),
    key(
        "providers.*.api_key",
        Kind::Secret,
        "",
        "Its key, or \"$NAME\" to take it from an environment variable.",
    ),
    key(
        "providers.*.api_key_cmd",
        Kind::Text,
        "",
        "A shell command whose first line is its key. It runs when the key is first needed and again when a server has not \
         taken it, sees the environment without what is outcrop's, and does not run offline.",
    ),
    key(
        "providers.*.file",
        Kind::Text,
        "",
        "The cassette that a replay plays; its passphrase is its api_key.",
    ),
    key(
        "providers.*.pace",
        Kind::OneOf(&["recorded", "instant"]),
        "",
        "How fast a replay answers: as it was recorded, or at once.",
    ),
    key(
        "providers.*.key_header",
        Kind::OneOf(KeyHeader::NAMES),
        "",
        "The header that the key of an openai or anthropic server is sent in; where none is named, authorization, as a Bearer, and \
         x-api-key for anthropic. Azure takes api-key.",
    ),
    key(
        "providers.*.api",
        Kind::OneOf(&["chat", "responses"]),
        "",
        "How an openai server is talked to; chat, which every server has, changes by itself for models that insist.",
    ),
    key(
        "providers.*.stream",
        Kind::Flag,
        "",
        "false where an openai, anthropic or ollama server, or what lies before it, breaks streams: an answer is shown when \
         it has come whole, within answer_timeout.",
    ),
    key(
        "providers.*.at_once",
        Kind::Whole(1, 10_000),
        "",
        "Calls that it serves at once; others wait in a line.",
    ),
    key("providers.*.per_minute", Kind::Whole(1, 100_000), "", "Calls that may begin within a minute."),
    key("providers.*.connect_timeout", Kind::Whole(1, 600), "", "Its own net.connect_timeout."),
    key("providers.*.answer_timeout", Kind::Whole(1, 3600), "", "Its own net.answer_timeout."),
    key("providers.*.idle_timeout", Kind::Whole(1, 3600), "", "Its own net.idle_timeout."),
    key(
        "providers.*.optional",
        Kind::Flag,
        "",
        "It may be there or not: where nobody listens, it has no models, which is no error.",
    ),
    key(
        "providers.*.region",
        Kind::Text,
        "",
        "Of bedrock: the Region; else AWS_REGION, AWS_DEFAULT_REGION or the profile's.",
    ),
    key(
        "providers.*.profile",
        Kind::Text,
        "",
        "Of bedrock: whose keys in ~/.aws are used; else those of the environment or of AWS_PROFILE.",
    ),
    key(
        "models.*.context",
        Kind::Whole(1, 100_000_000),
        "",
        "Its context length, in tokens; a model of Ollama is asked to run with it (num_ctx).",
    ),
    key(
        "models.*.max_output",
        Kind::Whole(1, 100_000_000),
        "",
        "Its longest answer, in tokens; a larger max_tokens is refused.",
    ),
    key(
        "models.*.can",
        Kind::Texts,
        "",
        "What it can do: chat, embed, vision, documents, tools, reasoning, schema, images, rerank.",
    ),
    key("models.*.lacks", Kind::Texts, "", "What it cannot do, and is not asked for."),
    key("models.*.input_price", Kind::Amount, "", "US dollars for a million tokens that it reads."),
    key("models.*.output_price", Kind::Amount, "", "US dollars for a million tokens that it writes."),
    key(
        "models.*.cached_price",
        Kind::Amount,
        "",
        "US dollars for a million tokens that it reads from its cache.",
    ),
    key(
        "models.*.cache_write_price",
        Kind::Amount,
        "",
        "US dollars for a million tokens that it writes into its cache.",
    ),
    key("models.*.picture_price", Kind::Amount, "", "US dollars for one picture that it makes."),
    key(
        "models.*.search_price",
        Kind::Amount,
        "",
        "US dollars for one search: a query and up to 100 texts that it puts in order.",
    ),
    key(
        "models.*.regions",
        Kind::Texts,
        "",
        "Of bedrock: the Regions from which it can be called; [] is none.",
    ),
    key(
        "models.*.base",
        Kind::Text,
        "",
        "The model that it is made of: at Bedrock the id behind an ARN that does not say it, elsewhere one of the catalogue whose \
         facts it has, like \"openai/gpt-4o\".",
    ),
    key("defaults.temperature", Kind::Setting, "", "Of new conversations: randomness, 0 to 2."),
    key("defaults.top_p", Kind::Setting, "", "Keep the likeliest tokens up to this mass."),
    key("defaults.top_k", Kind::Setting, "", "Keep the k likeliest tokens; 0 keeps all."),
    key(
        "defaults.repeat_penalty",
        Kind::Setting,
        "",
        "What was written lately loses by this factor; 1 is none.",
    ),
    key("defaults.max_tokens", Kind::Setting, "", "Longest answer, in tokens."),
    key("defaults.stop", Kind::Texts, "", "Texts that end the answer."),
    key("defaults.seed", Kind::Setting, "", "The same seed repeats the same answer."),
    key(
        "defaults.reasoning",
        Kind::SettingWord,
        "",
        "How much the model thinks first: off, low, medium, high.",
    ),
    key(
        "defaults.tools",
        Kind::SettingJson,
        "",
        "What the model may call: a list of name, description, schema.",
    ),
    key(
        "defaults.tool_choice",
        Kind::SettingWord,
        "",
        "Which tool is called: auto, none, any, or a tool's name.",
    ),
    key("defaults.response_schema", Kind::SettingJson, "", "The JSON schema that an answer must keep."),
    key(
        "defaults.cache",
        Kind::SettingWord,
        "",
        "Keep what every turn repeats at the provider, where it must be told: on, off.",
    ),
    key(
        "defaults.knowledge",
        Kind::SettingWord,
        "",
        "The knowledge base that answers are from, by its name.",
    ),
    key("defaults.system", Kind::Text, "", "The system prompt."),
    key("presets.*.temperature", Kind::Setting, "", "Randomness, 0 to 2."),
    key("presets.*.top_p", Kind::Setting, "", "Keep the likeliest tokens up to this mass."),
    key("presets.*.top_k", Kind::Setting, "", "Keep the k likeliest tokens; 0 keeps all."),
    key(
        "presets.*.repeat_penalty",
        Kind::Setting,
        "",
        "What was written lately loses by this factor; 1 is none.",
    ),
    key("presets.*.max_tokens", Kind::Setting, "", "Longest answer, in tokens."),
    key("presets.*.stop", Kind::Texts, "", "Texts that end the answer."),
    key("presets.*.seed", Kind::Setting, "", "The same seed repeats the same answer."),
    key(
        "presets.*.reasoning",
        Kind::SettingWord,
        "",
        "How much the model thinks first: off, low, medium, high.",
    ),
    key(
        "presets.*.tools",
        Kind::SettingJson,
        "",
        "What the model may call: a list of name, description, schema.",
    ),
    key(
        "presets.*.tool_choice",
        Kind::SettingWord,
        "",
        "Which tool is called: auto, none, any, or a tool's name.",
    ),
    key("presets.*.response_schema", Kind::SettingJson, "", "The JSON schema that an answer must keep."),
    key(
        "presets.*.cache",
        Kind::SettingWord,
        "",
        "Keep what every turn repeats at the provider, where it must be told: on, off.",
    ),
    key(
        "presets.*.knowledge",
        Kind::SettingWord,
        "",
        "The knowledge base that answers are from, by its name.",
    ),
    key("presets.*.system", Kind::Text, "", "The system prompt."),
    key("presets.*.model", Kind::Model, "", "The model that it is for."),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::settings::FIELDS;

    #[test]
    fn every_setting_has_a_key_in_the_defaults_and_in_presets() {
        for (field, scope) in FIELDS.iter().flat_map(|field| [(field, "defaults"), (field, "presets.*")]) {
            let path = format!("{scope}.{}", field.name);
            assert!(KEYS.iter().any(|key| key.path == path), "{path}");
        }
    }
}
