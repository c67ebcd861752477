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
    "Upstage", "Vicuna", "WizardLM", "Writer", "X.AI", "Yi", "Zephyr", "Zhipu AI", "xAI",
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
    "ai", "assistant", "bot", "chatbot", "ia", "instance", "llm", "model", "modell", "models", "modelo", "modèle", "variant", "version",
];

/// How it says who is behind it.
#[rustfmt::skip]
pub(super) const VERBS: &[&str] = &[
    "based", "built", "created", "designed", "developed", "distilled", "engineered", "made", "maintained", "offered", "powered",
    "produced", "provided", "released", "trained", "tuned",
];

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
];

/// What may stand between "I am" and the name without making it something else.
#[rustfmt::skip]
pub(super) const BARE: &[&str] = &["actually", "also", "called", "indeed", "just", "named", "not", "of", "really", "simply", "the"];
