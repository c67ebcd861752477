//! What assistants and those who make them are called, and the words that phrases of self-naming are made of.

/// Products and makers, beside the sources' own names.
#[rustfmt::skip]
pub(super) const KNOWN: &[&str] = &[
    "01.AI", "AI21", "AI21 Labs", "Alibaba", "Alibaba Cloud", "Allen Institute for AI", "Alpaca", "Amazon", "Amazon Bedrock",
    "Amazon Web Services", "Anthropic", "Apple", "Arcee", "Aya", "BERT", "BLOOM", "Baichuan", "Baidu", "Bard", "BigScience", "Bing",
    "ByteDance", "ChatGLM", "ChatGPT", "Claude", "Codestral", "Cohere", "Command", "Copilot", "DBRX", "Databricks", "DeepMind",
    "DeepSeek", "Doubao", "ERNIE", "EXAONE", "EleutherAI", "Falcon", "GLM", "GPT", "Gemini", "Gemma", "Google", "Google AI",
    "Google DeepMind", "Granite", "Grok", "Groq", "Hugging Face", "HuggingFace", "Hunyuan", "IBM", "Inflection AI", "InternLM",
    "Jamba", "Kimi", "LG AI Research", "LLaMA", "LaMDA", "Le Chat", "Liquid AI", "LMSYS", "Magistral", "Meta", "Meta AI",
    "Microsoft", "MiniMax", "Ministral", "Mistral", "Mistral AI", "Mixtral", "Moonshot AI", "NVIDIA", "Nemotron", "Nova", "OLMo",
    "OpenAI", "Orca", "PaLM", "Palmyra", "Perplexity", "Phi", "Pixtral", "Pythia", "QwQ", "Qwen", "Reka", "SmolLM", "SmolVLM",
    "Stability AI", "StableLM", "Technology Innovation Institute", "Tencent", "TinyLlama", "Titan", "Tongyi", "Tongyi Qianwen",
    "Upstage", "Vicuna", "WizardLM", "Writer", "X.AI", "Yi", "Zephyr", "Zhipu AI", "xAI", "通义千问", "通义", "千问", "文心一言", "豆包",
    "混元", "智谱清言", "智谱", "阿里巴巴", "阿里云", "百度", "字节跳动", "腾讯", "月之暗面", "讯飞星火", "深度求索", "谷歌", "微软",
];

/// Of these the makers: answers are about them as often as by them.
#[rustfmt::skip]
pub(super) const MAKERS: &[&str] = &[
    "01.AI", "AI21", "AI21 Labs", "Alibaba", "Alibaba Cloud", "Allen Institute for AI", "Amazon", "Amazon Web Services", "Anthropic",
    "Apple", "Arcee", "Baidu", "BigScience", "ByteDance", "Cohere", "Databricks", "DeepMind", "EleutherAI", "Google", "Google AI",
    "Google DeepMind", "Groq", "Hugging Face", "HuggingFace", "IBM", "Inflection AI", "LG AI Research", "LMSYS", "Liquid AI", "Meta",
    "Meta AI", "Microsoft", "MiniMax", "Mistral AI", "Moonshot AI", "NVIDIA", "OpenAI", "Perplexity", "Stability AI",
    "Technology Innovation Institute", "Tencent", "Upstage", "Writer", "X.AI", "Zhipu AI", "xAI",
];

/// Names that are words as well: they are names where they begin with a capital letter.
#[rustfmt::skip]
pub(super) const WORDS: &[&str] = &[
    "Alpaca", "Amazon", "Apple", "Arcee", "Bard", "Bloom", "Command", "Copilot", "Falcon", "Gemini", "Google", "Granite", "Meta",
    "Nova", "Orca", "Perplexity", "Phi", "Titan", "Upstage", "Writer", "Zephyr",
];

/// What may stand behind a name as a part of it.
#[rustfmt::skip]
pub(super) const VARIANTS: &[&str] = &[
    "Chat", "Flash", "Haiku", "Instant", "Instruct", "Large", "Lite", "Max", "Medium", "Micro", "Mini", "Nano", "Next", "Opus", "Plus",
    "Premier", "Pro", "R", "Small", "Sonnet", "Turbo", "Ultra",
];

/// What a model calls itself when it does not say its name.
#[rustfmt::skip]
pub(super) const KINDS: &[&str] = &[
    "ai", "asistente", "assistant", "assistent", "assistente", "bot", "chatbot", "ia", "instance", "ki", "llm", "model", "modell", "modello", "models",
    "modelo", "modèle", "sprachmodell", "variant", "version",
];

/// How it says who is behind it.
#[rustfmt::skip]
pub(super) const VERBS: &[&str] = &[
    "based", "built", "created", "designed", "developed", "distilled", "engineered", "made", "maintained", "offered", "powered",
    "produced", "programmed", "provided", "released", "trained", "tuned",
    "addestrato", "conçu", "creado", "creato", "criado", "créé", "desarrollado", "desenvolvido", "développé", "entraîné", "entrenado",
    "entwickelt", "erstellt", "geschaffen", "programmiert", "sviluppato", "trainiert", "treinado",
];

/// Those that come behind the maker's name: "von Google entwickelt".
pub(super) const LAST: &[&str] = &["entwickelt", "erstellt", "geschaffen", "programmiert", "trainiert"];

/// How makers are said to have made the speaker: "trained me".
#[rustfmt::skip]
pub(super) const ACTIVE: &[&str] = &[
    "built", "created", "designed", "developed", "engineered", "programmed", "trained", "tuned", "made",
];

/// What may stand between a maker and that.
#[rustfmt::skip]
pub(super) const AROUND: &[&str] = &[
    "developers", "engineers", "first", "had", "has", "have", "originally", "researchers", "scientists", "team", "which",
];

/// The same in other languages, the words behind the maker.
#[rustfmt::skip]
pub(super) const FOREIGN_ACTIVE: &[&[&str]] = &[
    &["hat", "mich", "entwickelt"], &["hat", "mich", "erstellt"], &["hat", "mich", "trainiert"], &["m'a", "créé"], &["m'a", "développé"],
    &["m'a", "entraîné"], &["me", "creó"], &["me", "desarrolló"], &["me", "entrenó"], &["mi", "ha", "creato"], &["me", "criou"],
];

/// What closes a letter.
#[rustfmt::skip]
pub(super) const SIGNED: &[&str] = &[
    "best", "cheers", "faithfully", "love", "regards", "signed", "sincerely", "truly", "warmly", "wishes", "yours",
];

/// What somebody is who has just come: "Claude here", "This is Claude speaking".
pub(super) const SPEAKING: &[&str] = &["here", "speaking", "talking", "writing"];

/// What stands between the speaker's own name and whose it is.
pub(super) const FROM: &[&str] = &["at", "by", "da", "de", "di", "from", "of", "par", "por", "vom", "von"];

/// What an answer calls itself, and how it says that it came about: "This answer was written by".
pub(super) const TEXTS: &[&str] = &["answer", "message", "output", "reply", "response", "text"];
pub(super) const WRITTEN: &[&str] = &["created", "generated", "produced", "written"];

/// What is a model's own: "My training data (`OpenAI`)".
#[rustfmt::skip]
pub(super) const OWN: &[&str] = &[
    "architecture", "creator", "creators", "cutoff", "developer", "developers", "knowledge", "maker", "makers", "model", "provider",
    "training", "weights",
];

/// What may stand beside that.
pub(super) const BESIDE: &[&str] = &["base", "cut", "data", "language", "off", "underlying"];

/// Verbs behind which somebody is spoken to: "Tell me, Claude, why".
pub(super) const SPOKEN_TO: &[&str] =
    &["and", "believe", "excuse", "forgive", "give", "help", "let", "show", "tell", "trust"];

/// What else stands in such a phrase.
#[rustfmt::skip]
pub(super) const BETWEEN: &[&str] = &[
    "a", "advanced", "an", "and", "architecture", "artificial", "as", "at", "been", "big", "by", "called", "chat", "company",
    "conversational", "cutting", "de", "deep", "developers", "digital", "ein", "edge", "engineers", "experimental", "family", "fine",
    "free", "friendly", "from", "generative", "harmless", "helpful", "honest", "instruction", "intelligence", "is", "known",
    "language", "large", "learning", "machine", "member", "multilingual", "multimodal", "named", "network", "neural", "new", "of",
    "on", "open", "or", "part", "personal", "powerful", "pre", "pretrained", "researchers", "scientists", "series", "small", "source",
    "specifically", "startup", "state", "team", "teams", "text", "that", "the", "tiny", "transformer", "un", "une", "using", "virtual",
    "was", "weight", "weights", "which", "your",
    "artificielle", "da", "dem", "der", "des", "di", "du", "eine", "einem", "einer", "el", "entrenamiento", "grand", "grande",
    "großes", "il", "intelligenz", "künstliche", "la", "langage", "le", "lenguaje", "linguagem", "linguaggio", "par", "por", "um", "una", "uno", "vom", "von",
];

/// What may stand between "I am" and the name without making it something else.
#[rustfmt::skip]
pub(super) const BARE: &[&str] = &["actually", "also", "as", "called", "indeed", "just", "known", "named", "not", "of", "really", "simply", "the"];
