//! Configuration: layers, origins, errors that help.

use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use outcrop::config::{
    ActionKeys, ApiKey, Config, Environment, Flags, Osc52, PresetChange, ProviderConfig, ProviderKind,
    default_file, schema,
};
use outcrop::domain::catalog::{Backend, Capability};
use outcrop::domain::known::Correction;
use outcrop::domain::{Error, ErrorKind};

struct Home {
    folder: tempfile::TempDir,
    variables: Vec<(String, String)>,
    flags: Flags,
}

impl Home {
    fn with(file: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("config.toml"), file).unwrap();
        let variables = vec![("OUTCROP_HOME".to_owned(), folder.path().display().to_string())];
        Self { folder, variables, flags: Flags::default() }
    }

    fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    fn flag(mut self, key: &str, text: &str) -> Self {
        self.flags.set(key, text, "-c");
        self
    }

    fn load(&self) -> Result<Config, Error> {
        Config::load(&Environment::from_vars(self.variables.clone()), &self.flags)
    }

    fn file(&self) -> String {
        self.folder.path().join("config.toml").display().to_string()
    }

    fn refused(&self) -> Error {
        let error = self.load().unwrap_err();
        assert_eq!(error.kind, ErrorKind::Config, "{error}");
        error
    }
}

fn origin(config: &Config, key: &str) -> (String, String) {
    let shown = config.values.iter().find(|v| v.key == key).unwrap_or_else(|| panic!("no {key}"));
    (shown.value.clone(), shown.origin.clone())
}

#[test]
fn flags_win_over_the_environment_which_wins_over_the_file_and_each_value_knows_its_origin() {
    let home = Home::with("model = 'a/file'\nlog = 'warn'\n[ui]\ntheme = 'light'\nosc52 = 'off'\n")
        .variable("OUTCROP_MODEL", "a/variable")
        .variable("OUTCROP_UI_THEME", "dark")
        .flag("model", "a/flag");
    let config = home.load().unwrap();
    assert_eq!(config.model.as_str(), "a/flag");
    assert_eq!(origin(&config, "model"), ("\"a/flag\"".into(), "flag -c".into()));
    assert_eq!(
        origin(&config, "ui.theme"),
        ("\"dark\"".into(), "environment variable OUTCROP_UI_THEME".into())
    );
    assert_eq!(origin(&config, "log"), ("\"warn\"".into(), home.file()));
    assert_eq!(origin(&config, "ui.mouse"), ("true".into(), "default".into()));
    assert_eq!(config.ui.osc52, Osc52::Off);
}

#[test]
fn without_a_file_everything_has_its_default() {
    let folder = tempfile::tempdir().unwrap();
    let environment = Environment::from_vars([("OUTCROP_HOME", folder.path())]);
    let config = Config::load(&environment, &Flags::default()).unwrap();
    assert_eq!(config.model.as_str(), "local/smollm2-135m");
    assert_eq!(config.engine.threads, None);
    assert!(
        config.providers.values().all(|provider| provider.optional)
            && config.keys.is_empty()
            && config.passphrase.is_none()
    );
    assert!(config.values.iter().all(|value| value.origin == "default"));
}

#[test]
fn the_engine_that_is_not_built_in_is_an_error_that_says_how_to_build_it() {
    let home = Home::with("[engine]\nbackend = 'own'\n");
    assert_eq!(home.load().unwrap().engine.backend, Some(Backend::Own));
    let home = Home::with("[engine]\nbackend = 'llama-cpp'\n");
    if cfg!(feature = "llama-cpp") {
        assert_eq!(home.load().unwrap().engine.backend, Some(Backend::LlamaCpp));
    } else {
        let error = home.refused();
        assert!(error.doing.contains(&home.file()), "{error}");
        assert!(error.hint.contains("--features llama-cpp"), "{error}");
    }
}

#[test]
fn providers_presets_and_keys_have_names_of_the_persons_own() {
    let home = Home::with(
        "[providers.box]\nkind = 'openai'\nbase_url = 'http://127.0.0.1:1/v1/'\napi_key = '$BOX_KEY'\n\
         [providers.other]\nkind = 'openai'\nbase_url = 'https://x.test'\napi_key = 'sk-canary'\n\
         [providers.s]\nkind = 'scripted'\n\
         [providers.claude]\nkind = 'anthropic'\napi_key = 'sk-canary'\n\
         [presets.'very exact']\ntemperature = 0\nstop = ['END']\nsystem = 'Be brief.'\n\
         [defaults]\ntop_k = 5\nsystem = 'Be kind.'\n\
         [keys]\ncopy_message = ['y', 'ctrl+y']\nquit = 'none'\n",
    )
    .variable("BOX_KEY", "sk-from-variable");
    let config = home.load().unwrap();
    let provider = &config.providers["box"];
    assert_eq!(provider.kind, ProviderKind::OpenAi);
    assert_eq!(provider.base_url.as_deref(), Some("http://127.0.0.1:1/v1"));
    assert!(matches!(&provider.api_key, ApiKey::Given { key, .. } if key.expose() == "sk-from-variable"));
    let claude = &config.providers["claude"];
    assert_eq!(claude.kind, ProviderKind::Anthropic);
    assert_eq!(claude.base_url.as_deref(), Some("https://api.anthropic.com/v1"));
    assert_eq!(config.presets["very exact"].settings.temperature, Some(0.0));
    assert_eq!(config.presets["very exact"].settings.stop, ["END"]);
    assert_eq!((config.defaults.settings.top_k, config.defaults.model.as_ref()), (Some(5), None));
    assert_eq!(config.defaults.system.as_deref(), Some("Be kind."));
    assert_eq!(config.keys["copy_message"], ["y", "ctrl+y"]);
    assert!(config.keys["quit"].is_empty());
    assert_eq!(origin(&config, "presets.\"very exact\".system").0, "\"Be brief.\"");
}

#[test]
fn ollama_needs_no_address_where_it_is_at_its_own() {
    let home = Home::with(
        "[providers.mine]\nkind = 'ollama'\n[providers.far]\nkind = 'ollama'\nbase_url = 'http://10.0.0.1:1/'\n",
    );
    let providers = home.load().unwrap().providers;
    assert_eq!(providers["mine"].kind, ProviderKind::Ollama);
    assert_eq!(providers["mine"].base_url.as_deref(), Some("http://127.0.0.1:11434"));
    assert_eq!(providers["far"].base_url.as_deref(), Some("http://10.0.0.1:1"));
}

#[test]
fn a_key_whose_variable_is_unset_says_so_instead_of_being_the_variables_name() {
    let home = Home::with("[providers.b]\nkind='openai'\nbase_url='http://h'\napi_key='${NOT_SET}'\n")
        .load()
        .unwrap();
    assert_eq!(home.providers["b"].api_key, ApiKey::Unset { variable: "NOT_SET".into() });
}

#[test]
fn a_provider_is_there_without_a_file_when_a_variable_says_that_somebody_uses_it() {
    let config = Home::with("").variable("OPENAI_BASE_URL", "http://127.0.0.1:1/v1/").load().unwrap();
    let openai = &config.providers["openai"];
    assert_eq!((openai.kind, openai.optional), (ProviderKind::OpenAi, false));
    assert_eq!(openai.base_url.as_deref(), Some("http://127.0.0.1:1/v1"));
    assert_eq!(openai.api_key, ApiKey::Absent);
    assert!(!config.providers.contains_key("groq"));
    assert_eq!(origin(&config, "providers.openai.base_url").1, "environment variable OPENAI_BASE_URL");

    let config = Home::with("").variable("GROQ_API_KEY", "gsk-canary").load().unwrap();
    let groq = &config.providers["groq"];
    assert_eq!(groq.base_url.as_deref(), Some("https://api.groq.com/openai/v1"));
    assert!(matches!(&groq.api_key, ApiKey::Given { key, .. } if key.expose() == "gsk-canary"));
    assert!(!format!("{:?}", config.values).contains("gsk-canary"));

    let error = Home::with("").variable("OPENAI_BASE_URL", "localhost:80").refused();
    assert!(error.to_string().contains("http://"), "{error}");
    assert_eq!(error.doing, "reading providers.openai.base_url from environment variable OPENAI_BASE_URL");
    assert_eq!(error.hint, "It must be a URL that starts with http:// or https://.");
    let error = Home::with("").variable("OUTCROP_MODEL", "x y").refused();
    assert_eq!(error.hint, "It must be a model id, like local/smollm2-135m.");
    assert!(Home::with("model = 'x y'").refused().hint.contains("in quotes"), "where there are some");
}

#[test]
fn a_token_is_taken_where_there_is_no_key_and_goes_as_a_bearer() {
    let home = || Home::with("").variable("ANTHROPIC_AUTH_TOKEN", "canary-token");
    let config = home().load().unwrap();
    let anthropic = &config.providers["anthropic"];
    assert_eq!(anthropic.key_header.as_str(), "authorization");
    assert!(matches!(&anthropic.api_key, ApiKey::Given { key, .. } if key.expose() == "canary-token"));
    let config = home().variable("ANTHROPIC_API_KEY", "canary-key").load().unwrap();
    let anthropic = &config.providers["anthropic"];
    assert_eq!(anthropic.key_header.as_str(), "x-api-key");
    assert!(matches!(&anthropic.api_key, ApiKey::Given { key, .. } if key.expose() == "canary-key"));
}

#[test]
fn openai_s_own_account_is_read_from_the_variables_of_its_clients() {
    let home = Home::with("").variable("OPENAI_ORG_ID", "org-1").variable("OPENAI_PROJECT_ID", "proj-1");
    let account = home.load().unwrap().openai_account;
    assert_eq!(
        account,
        [("openai-organization", "org-1".to_owned()), ("openai-project", "proj-1".to_owned())]
    );
}

#[test]
fn amazon_s_keys_are_a_provider_of_the_person_s_own_where_they_can_be_used() {
    let had = |home: &Home| home.load().unwrap().providers.get("bedrock").is_some_and(ProviderConfig::is_had);
    let keys = || {
        Home::with("")
            .variable("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
            .variable("AWS_SECRET_ACCESS_KEY", "secret")
    };
    assert!(!had(&Home::with("")));
    assert!(had(&keys().variable("AWS_REGION", "eu-west-1")));
    assert!(!had(&keys()), "no Region is named anywhere");

    let profile = |name: &str| {
        let home = Home::with("");
        let aws = home.folder.path().join(".aws");
        std::fs::create_dir(&aws).unwrap();
        std::fs::write(aws.join("config"), "[profile work]\nregion = eu-west-1\n").unwrap();
        std::fs::write(
            aws.join("credentials"),
            "[work]\naws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = secret\n",
        )
        .unwrap();
        let folder = home.folder.path().display().to_string();
        home.variable("HOME", &folder).variable("AWS_PROFILE", name)
    };
    assert!(had(&profile("work")));
    assert!(!had(&profile("nobody")));
}

#[test]
fn the_file_wins_over_what_was_found_and_need_not_repeat_it() {
    let home =
        Home::with("[providers.groq]\napi_key = 'gsk-file'\n").variable("GROQ_API_KEY", "gsk-variable");
    let groq = &home.load().unwrap().providers["groq"];
    assert_eq!(groq.base_url.as_deref(), Some("https://api.groq.com/openai/v1"));
    assert!(matches!(&groq.api_key, ApiKey::Given { key, .. } if key.expose() == "gsk-file"));

    // One that is described whole is the person's own: no key of another server goes there.
    let home = Home::with("[providers.openai]\nkind = 'openai'\nbase_url = 'http://127.0.0.1:1/v1'\n")
        .variable("OPENAI_API_KEY", "sk-variable");
    assert_eq!(home.load().unwrap().providers["openai"].api_key, ApiKey::Absent);
}

#[test]
fn servers_of_this_machine_may_be_there_or_not_unless_nobody_is_to_look() {
    let config = Home::with("").load().unwrap();
    for name in ["ollama", "llamacpp", "lmstudio", "vllm"] {
        assert!(config.providers[name].optional, "{name}");
    }
    assert!(Home::with("[net]\nfind_servers = false\n").load().unwrap().providers.is_empty());
    let config = Home::with("[providers.vllm]\nbase_url = 'http://10.0.0.1:8000/v1'\n").load().unwrap();
    assert!(!config.providers["vllm"].optional, "the person says that it is there");
}

#[test]
fn a_server_of_this_machine_that_wants_a_key_has_it_in_the_variable_that_errors_name() {
    let config = Home::with("").variable("LLAMACPP_API_KEY", "canary").load().unwrap();
    let server = &config.providers["llamacpp"];
    assert!(matches!(&server.api_key, ApiKey::Given { key, .. } if key.expose() == "canary"));
    assert_eq!(server.base_url.as_deref(), Some("http://127.0.0.1:8080/v1"));
    assert!(!server.optional && config.providers["vllm"].optional, "the person says that the one is there");
}

#[test]
fn a_server_of_this_machine_that_has_a_name_already_is_not_found_under_another_one() {
    let found = |home: Home| home.load().unwrap().providers.into_keys().collect::<Vec<_>>();
    let there = Home::with("").variable("OPENAI_BASE_URL", "http://localhost:8080/v1");
    assert_eq!(found(there), ["lmstudio", "ollama", "openai", "vllm"]);
    let mine = |more: &str| Home::with(&format!("[providers.mine]\nkind = {more}\n"));
    let there = mine("'openai'\nbase_url = 'http://127.0.0.1:1234/v1'");
    assert_eq!(found(there), ["llamacpp", "mine", "ollama", "vllm"]);
    assert_eq!(found(mine("'ollama'")), ["llamacpp", "lmstudio", "mine", "vllm"]);
    let elsewhere = mine("'openai'\nbase_url = 'http://10.0.0.1:8000/v1'");
    assert_eq!(found(elsewhere), ["llamacpp", "lmstudio", "mine", "ollama", "vllm"]);
}

#[test]
fn offline_may_stand_above_all_tables_as_the_flag_is_called() {
    let home = Home::with("offline = true\n[net]\nfind_servers = false");
    let config = home.load().unwrap();
    assert!(config.net.offline);
    assert_eq!(origin(&config, "net.find_servers"), ("false".into(), home.file()));
    assert_eq!(origin(&config, "net.offline"), ("true".into(), home.file()));
    assert!(!Home::with("offline = true").flag("offline", "false").load().unwrap().net.offline);
    let refused = Home::with("offline = 'yes'").refused();
    assert!(refused.doing.contains("offline"), "{refused}");
}

#[test]
fn an_unknown_key_names_the_file_and_the_nearest_key() {
    for (text, key, near) in [
        ("modle = 'a/b'", "modle", "model"),
        ("[ui]\nthemes = 'dark'", "ui.themes", "ui.theme"),
        ("[provider.x]\nkind = 'openai'", "provider", "providers"),
        (
            "[providers.x]\nkind = 'openai'\nbase_ulr = 'http://h'",
            "providers.x.base_ulr",
            "providers.x.base_url",
        ),
    ] {
        let home = Home::with(text);
        let error = home.refused();
        assert_eq!(error.doing, format!("reading {key} from {}", home.file()));
        assert!(error.hint.contains(&format!("Did you mean {near}?")), "{error}");
    }
}

#[test]
fn a_wrong_type_says_what_was_expected() {
    for (text, expected) in [
        ("[ui]\nmouse = 'yes'", "true or false"),
        ("[ui]\ntheme = 'drak'", "did you mean \"dark\"?"),
        ("ui = 3", "it must be a table"),
        ("[net]\nidle_timeout = 0", "from 1 to 3600"),
        ("model = 'smollm2'", "not of the form provider/model"),
        ("[presets.x]\ntemperature = 3", "0 – 2"),
        ("[providers.x]\nkind = 'openai'\nbase_url = 'localhost:80'", "http://"),
        ("[providers.x]\nkind = 'openai'", "base_url"),
        ("[providers.local]\nkind = 'scripted'", "another name"),
        ("[keys]\nquit = [3]", "a list of them"),
    ] {
        let error = Home::with(text).refused();
        assert!(error.to_string().contains(expected), "{error}");
    }
    let error = Home::with("").variable("OUTCROP_UI_MOUSE", "maybe").refused();
    assert!(error.to_string().contains("OUTCROP_UI_MOUSE"), "{error}");
    let error = Home::with("").flag("ui.them", "dark").refused();
    assert!(error.hint.contains("ui.theme"), "{error}");
}

#[test]
fn a_file_that_is_no_toml_names_the_line_and_quotes_nothing_of_it() {
    let error = Home::with("model = 'a/b'\napi_key = sk-canary-1\n").refused();
    assert!(error.why.contains("line 2"), "{error}");
    assert!(!format!("{error:?}").contains("canary"), "{error:?}");
}

#[test]
fn no_secret_is_in_debug_shown_values_or_errors() {
    let home =
        Home::with("[providers.x]\nkind = 'openai'\nbase_url = 'https://h/v1'\napi_key = 'canary-1'\n")
            .variable("HF_TOKEN", "canary-2")
            .variable("OUTCROP_PASSPHRASE", "canary-3")
            .variable("HTTPS_PROXY", "http://me:canary-4@proxy:3128");
    let config = home.load().unwrap();
    let shown = format!("{:?}", config.values);
    assert!(!shown.contains("canary"), "{shown}");
    assert!(shown.contains("http://…@proxy:3128"), "{shown}");
    assert!(!format!("{config:?}").contains("canary"), "{config:?}");
    let url = Home::with("[providers.x]\nkind = 'openai'\nbase_url = 'http://u:canary@h'\n").refused();
    assert!(!format!("{url:?}").contains("canary"), "{url:?}");
    let error = Home::with("[providers.x]\napi_key = ['canary']\n").refused();
    assert!(!format!("{error:?}").contains("canary"), "{error:?}");
}

#[test]
fn an_empty_passphrase_is_none_and_a_passphrase_file_wins() {
    assert!(Home::with("").variable("OUTCROP_PASSPHRASE", "").load().unwrap().passphrase.is_none());
    let mut home = Home::with("").variable("OUTCROP_PASSPHRASE", "one");
    let file = home.folder.path().join("pass");
    std::fs::write(&file, "two words\nrest").unwrap();
    home.flags.passphrase_file(file);
    assert_eq!(home.load().unwrap().passphrase.unwrap().expose(), "two words");
    home.flags.passphrase_file(PathBuf::from("/nowhere/pass"));
    assert!(home.load().unwrap_err().to_string().contains("/nowhere/pass"));
}

#[test]
fn upper_case_proxies_win_over_lower_case_ones_and_our_own_over_both() {
    let home = Home::with("").variable("https_proxy", "http://low").variable("HTTPS_PROXY", "http://up");
    assert_eq!(home.load().unwrap().net.https_proxy.unwrap().expose(), "http://up");
    let home = home.variable("OUTCROP_NET_HTTPS_PROXY", "http://own");
    assert_eq!(home.load().unwrap().net.https_proxy.unwrap().expose(), "http://own");
}

#[test]
fn who_wants_no_motion_anywhere_has_none_here_unless_said_otherwise() {
    let calm = |home: &Home| home.load().unwrap().ui.reduced_motion;
    assert!(!calm(&Home::with("")));
    assert!(calm(&Home::with("[ui]\nreduced_motion = true\n")));
    let home = Home::with("").variable("ACCESSIBLE", "1");
    assert!(calm(&home));
    assert!(!calm(&home.variable("OUTCROP_UI_REDUCED_MOTION", "false")), "our own variable wins");
}

#[test]
fn certificates_and_hosts_without_a_proxy_are_named_by_the_variables_that_everybody_has_for_them() {
    let named = Home::with("").variable("SSL_CERT_FILE", "/etc/mine.pem").variable("no_proxy", "a.test");
    let net = named.load().unwrap().net;
    assert_eq!((net.ca_file, net.no_proxy), (Some("/etc/mine.pem".into()), Some("a.test".into())));
    let net = named.variable("NO_PROXY", "b.test,.c.test").load().unwrap().net;
    assert_eq!(net.no_proxy.as_deref(), Some("b.test,.c.test"));

    let written = Home::with("[net]\nca_file = 'mine.pem'\n");
    let beside = written.folder.path().join("mine.pem");
    assert_eq!(written.load().unwrap().net.ca_file, Some(beside), "what the file names lies beside it");
    let here = std::env::current_dir().unwrap().join("other.pem");
    assert_eq!(written.flag("net.ca_file", "other.pem").load().unwrap().net.ca_file, Some(here));
}

#[test]
fn the_default_file_is_read_back_without_a_fault_with_and_without_its_comments() {
    Home::with(&default_file()).load().unwrap();
    let uncommented = default_file()
        .lines()
        .filter_map(|line| match line.strip_prefix("# ") {
            Some(rest) if rest.split_once(" = ").is_some_and(|(key, _)| !key.contains(' ')) => Some(rest),
            Some(rest) if rest.starts_with('[') => Some(rest),
            Some(_) => None,
            None => Some(line),
        })
        // Keys with no default stand there as empty examples, which are refused, as they should be.
        .filter(|line| !line.ends_with("\"\"") && !line.ends_with("= 0"))
        .collect::<Vec<_>>()
        .join("\n")
        .replace("\"openai\"", "\"scripted\"");
    Home::with(&uncommented).load().unwrap();
}

#[test]
fn a_variable_of_ours_that_is_misspelt_or_no_text_is_an_error() {
    let error = Home::with("").variable("OUTCROP_UI_THME", "dark").refused();
    assert!(error.hint.contains("OUTCROP_UI_THEME") && error.doing.contains("OUTCROP_UI_THME"), "{error}");
    Home::with("").variable("OUTCROP_TEST_MODEL", "x").load().unwrap();
    let folder = tempfile::tempdir().unwrap();
    for name in ["OUTCROP_PASSPHRASE", "OUTCROP_MODEL", "HF_TOKEN", "HTTPS_PROXY"] {
        let bytes = std::ffi::OsStr::from_bytes(b"\xff\xfe").to_owned();
        let variables = [("OUTCROP_HOME", folder.path().as_os_str().to_owned()), (name, bytes)];
        let error = Config::load(&Environment::from_vars(variables), &Flags::default()).unwrap_err();
        assert!(error.doing.contains(name) && error.why.contains("UTF-8"), "{error}");
    }
}

#[test]
fn the_schema_names_every_key() {
    let send = ActionKeys { name: "send", meaning: "Send it", place: "Writing", keys: Vec::new() };
    let schema = schema(&[send]);
    let keys = &schema["properties"]["keys"];
    assert_eq!(keys["properties"]["send"]["description"], "Send it");
    assert_eq!(keys["additionalProperties"], false);
    assert_eq!(schema["properties"]["ui"]["properties"]["mouse"]["default"], true);
    assert_eq!(
        schema["properties"]["providers"]["additionalProperties"]["properties"]["kind"]["enum"][0],
        "openai"
    );
}

#[test]
fn what_a_person_says_of_a_model_is_read_under_its_whole_id() {
    let config = Home::with(
        "[models.\"home/qwen3.5:9b\"]\ncontext = 32768\nmax_output = 4096\ncan = ['tools', 'vision']\nlacks = ['documents']\n\
         input_price = 1\noutput_price = 2.5\ncached_price = 0\ncache_write_price = 1.25\n\
         picture_price = 0.04\nsearch_price = 0.002\nregions = ['eu-west-1']\nbase = 'b'\n[models.\"home/a/b\"]\nlacks = []\n\
         [models.\"home/nowhere\"]\nregions = []\n",
    )
    .load()
    .unwrap();
    let said = Correction {
        context: Some(32768),
        max_output: Some(4096),
        can: vec![Capability::Tools, Capability::Vision],
        lacks: vec![Capability::Documents],
        input_price: Some(1.0),
        output_price: Some(2.5),
        cached_price: Some(0.0),
        cache_write_price: Some(1.25),
        picture_price: Some(0.04),
        search_price: Some(0.002),
        base: Some("b".into()),
        regions: Some(vec!["eu-west-1".into()]),
    };
    let none = Correction { regions: Some(Vec::new()), ..Correction::default() };
    let models = [("home/qwen3.5:9b", said), ("home/a/b", Correction::default()), ("home/nowhere", none)];
    assert_eq!(config.models, models.map(|(id, said)| (id.parse().unwrap(), said)).into());
    let shown = config.values.iter().find(|value| value.key.ends_with(".output_price")).unwrap();
    assert_eq!(
        (shown.key.as_str(), shown.value.as_str()),
        ("models.\"home/qwen3.5:9b\".output_price", "2.5")
    );
}

#[test]
fn what_is_said_wrongly_of_a_model_is_an_error_that_names_the_key() {
    for (line, why, hint) in [
        ("context = 0", "it is 0", "a whole number from 1"),
        ("input_price = -1", "it is -1", "0 or more"),
        ("output_price = nan", "it is NaN", "0 or more"),
        ("cached_price = '1'", "it is \"1\"", "0 or more"),
        ("cache_write_price = -1", "it is -1", "0 or more"),
        ("picture_price = -0.5", "it is -0.5", "0 or more"),
        ("search_price = -1", "it is -1", "0 or more"),
        ("regions = 'eu-west-1'", "it is \"eu-west-1\"", "a list of texts"),
        ("can = ['vison']", "did you mean \"vision\"?", "embed"),
        ("can = 'vision'", "it is \"vision\"", "a list of texts"),
        ("can = ['chat']\nlacks = ['chat']", "\"chat\" stands in both", "Take it out"),
        ("contxt = 1", "there is no such key", "context"),
    ] {
        let error = Home::with(&format!("[models.\"home/x\"]\n{line}\n")).refused();
        assert!(error.doing.contains("models.\"home/x\""), "{line}: {error}");
        assert!(error.why.contains(why) && error.hint.contains(hint), "{line}: {error}");
    }
    let error = Home::with("[models.qwen3]\ncontext = 1\n").refused();
    assert!(error.doing.contains("models.qwen3") && error.hint.contains("in quotes"), "{error}");
}

#[test]
fn tools_and_a_schema_stand_in_defaults_and_presets_as_json_or_as_toml() {
    let tool =
        r#"[{"name":"look","description":"Looks.","schema":{"additionalProperties":false,"type":"object"}}]"#;
    let file = format!(
        "[defaults]\ntools = '{tool}'\nreasoning = 'low'\n\n[presets.list]\ntool_choice = 'look'\n\
         [[presets.list.tools]]\nname = 'look'\ndescription = 'Looks.'\n\
         schema = {{ type = 'object', additionalProperties = false }}\n\
         [presets.list.response_schema]\ntype = 'object'\nminProperties = 1\n"
    );
    let config = Home::with(&file).load().unwrap();
    let (defaults, preset) = (&config.defaults.settings, &config.presets["list"].settings);
    assert_eq!(defaults.get("tools").as_deref(), Some(tool));
    assert_eq!(defaults.get("reasoning").as_deref(), Some("low"));
    assert_eq!(preset.tools, defaults.tools);
    assert_eq!(preset.get("tool_choice").as_deref(), Some("look"));
    let in_its_order = r#"{"type":"object","minProperties":1}"#;
    assert_eq!(preset.get("response_schema").as_deref(), Some(in_its_order));
    assert!(origin(&config, "presets.list.response_schema").0.contains("minProperties"));

    for (line, why) in [
        ("tools = '[{}]'", "missing field `name`"),
        ("tools = 7", "it is 7"),
        ("response_schema = { type = 'objct' }", "objct"),
        ("reasoning = 'much'", "no such effort"),
    ] {
        let error = Home::with(&format!("[presets.x]\n{line}\n")).refused();
        assert!(error.to_string().contains(why), "{line}: {error}");
    }
}

#[test]
fn a_preset_is_changed_in_the_file_and_read_again() {
    let home =
        Home::with("# mine\n[presets.exact]\ntemperature = 0.1 # low\n").flag("presets.said.seed", "7");
    let config = home.load().unwrap();
    let mut preset = config.presets["exact"].clone();
    preset.settings.set("temperature", "0.3").unwrap();
    preset.settings.set("response_schema", "{\"type\":\"object\"}").unwrap();
    preset.system = Some("Be \"exact\".\nAlways.".into());
    let set = PresetChange::Set { name: "exact".into(), preset: preset.clone() };
    let config = config.change_preset(&set).unwrap();
    assert_eq!(config.presets["exact"], preset);
    assert!(std::fs::read_to_string(home.file()).unwrap().contains("temperature = 0.3 # low\n"));

    let error = config.change_preset(&PresetChange::Remove { name: "said".into() }).unwrap_err();
    assert!(error.to_string().contains("said elsewhere"), "{error}");
    let rename = PresetChange::Rename { from: "exact".into(), to: "very exact".into() };
    let config = config.change_preset(&rename).unwrap();
    assert_eq!(config.presets["very exact"], preset);
    let config = config.change_preset(&PresetChange::Remove { name: "very exact".into() }).unwrap();
    assert!(!config.presets.contains_key("very exact"));
    assert!(std::fs::read_to_string(home.file()).unwrap().starts_with("# mine\n"));
}

#[test]
fn a_file_that_is_linked_from_elsewhere_is_changed_where_it_lies() {
    let elsewhere = tempfile::tempdir().unwrap();
    let real = elsewhere.path().join("dotfile");
    std::fs::write(&real, "[presets.a]\nseed = 1\n").unwrap();
    let home = Home::with("");
    std::fs::remove_file(home.file()).unwrap();
    std::os::unix::fs::symlink(&real, home.file()).unwrap();
    let config = home.load().unwrap();
    config.change_preset(&PresetChange::Remove { name: "a".into() }).unwrap();
    assert!(std::fs::symlink_metadata(home.file()).unwrap().is_symlink());
    assert!(!std::fs::read_to_string(&real).unwrap().contains("seed"));
    assert_eq!(std::fs::read_dir(elsewhere.path()).unwrap().count(), 1, "nothing is left beside it");
}

#[test]
fn a_cassette_that_the_file_names_lies_beside_the_file() {
    let replay = |file: &str| format!("[providers.demo]\nkind = 'replay'\nfile = '{file}'\n");
    let home = Home::with(&replay("demo.cassette"));
    let file = |home: &Home| home.load().unwrap().providers["demo"].file.clone().unwrap();
    assert_eq!(file(&home), home.folder.path().join("demo.cassette"));
    assert_eq!(
        file(&Home::with(&replay("/elsewhere/demo.cassette"))),
        PathBuf::from("/elsewhere/demo.cassette")
    );
    let here = std::env::current_dir().unwrap();
    let said = Home::with(&replay("x")).flag("providers.demo.file", "demo.cassette");
    assert_eq!(file(&said), here.join("demo.cassette"), "a flag is said where the program runs");
    assert_eq!(Home::with("record = 'r'\n").flag("record", "r").load().unwrap().record, Some(here.join("r")));
}

#[test]
fn no_key_and_no_password_is_taken_from_the_command_line() {
    let provider = "[providers.home]\nkind = 'openai'\nbase_url = 'http://127.0.0.1:1/v1'\n";
    for (key, text) in [
        ("providers.home.api_key", "sk-canary"),
        ("net.https_proxy", "http://me:canary@127.0.0.1:3128"),
        ("net.https_proxy", "me:canary@127.0.0.1:3128/"),
        ("providers.home.base_url", "http://me:canary@127.0.0.1:1/v1"),
        ("stores.qdrant_url", "http://me:canary@127.0.0.1:6333"),
    ] {
        let error = Home::with(provider).flag(key, text).refused();
        assert!(error.doing.contains(key) && error.hint.contains("keys set"), "{error}");
        assert!(!error.to_string().contains("canary"), "{error}");
    }
    let named =
        Home::with(provider).variable("HOME_KEY", "canary").flag("providers.home.api_key", "$HOME_KEY");
    assert!(named.load().unwrap().providers["home"].is_had());
    for text in ["http://127.0.0.1:3128", "http://me@127.0.0.1:3128/a:b"] {
        Home::with(provider).flag("net.https_proxy", text).load().unwrap();
    }
    Home::with(provider).flag("providers.home.base_url", "http://127.0.0.1:2/v1").load().unwrap();
}
