use super::*;

const CREDENTIALS: &str = "; a comment\n[default]\naws_access_key_id = AKIADEFAULT\naws_secret_access_key=se/cr+et== # mine\n\
     [work]\naws_access_key_id=AKIAWORK\nAWS_SECRET_ACCESS_KEY = other\n aws_session_token = indented\naws_session_token = tok\n";
const CONFIG: &str = "[default]\nregion = eu-west-1\n[profile work]\nregion=us-west-2\n[work]\nregion=wrong\n\
     [profile sso]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = Reader\nregion = us-east-1\n\
     [sso-session corp]\nsso_start_url = https://corp.awsapps.com/start\nsso_region = eu-north-1\n\
     [profile \"old sso\"]\nsso_start_url = https://old.awsapps.com/start\nsso_region=cn-north-1\nsso_account_id = 4\n\
     sso_role_name = R\n\
     [profile halfsso]\nsso_session = corp\nsso_account_id = 1\n\
     [profile process]\ncredential_process = /opt/vault --json \"a b\"\n\
     [profile role]\nrole_arn = arn:aws:iam::1:role/x\nsource_profile = work\nexternal_id = e\nduration_seconds = 900\n\
     role_session_name = me\nregion = eu-west-2\n\
     [profile twice]\nrole_arn = arn:aws:iam::1:role/y\nsource_profile = role\n\
     [profile a]\nrole_arn = arn:a\nsource_profile = b\n[profile b]\nrole_arn = arn:b\nsource_profile = a\n\
     [profile mfa]\nrole_arn = arn:m\nsource_profile = work\nmfa_serial = arn:aws:iam::1:mfa/me\n\
     [profile eks]\nrole_arn = arn:e\nweb_identity_token_file = /var/token\n\
     [profile machine]\nrole_arn = arn:i\ncredential_source = Ec2InstanceMetadata\n\
     [profile nothing]\nrole_arn = arn:n\n[profile login]\nlogin_session = arn:l\n[profile bare]\nregion = eu-west-3\n\
     [profile moved]\nservices = mine\nendpoint_url = http://profile/\n\
     [services mine]\nbedrock_runtime =\n  endpoint_url = http://service/\nsts =\n  endpoint_url = http://sts\n";

fn of(variables: &[(&str, &str)], region: Option<&str>, profile: Option<&str>, key: &ApiKey) -> Aws {
    let folder = tempfile::tempdir().unwrap();
    let aws = folder.path().join(".aws");
    std::fs::create_dir(&aws).unwrap();
    std::fs::write(aws.join("credentials"), CREDENTIALS).unwrap();
    std::fs::write(aws.join("config"), CONFIG).unwrap();
    let home = folder.path().to_str().unwrap();
    let environment = Environment::from_vars(variables.iter().copied().chain([("HOME", home)]));
    let owned = |text: Option<&str>| text.map(str::to_owned);
    let said = Said { region: owned(region), profile: owned(profile), api_key: key, chosen: true };
    Aws::of(said, &environment).unwrap()
}

fn profile(name: &str) -> AwsCredentials {
    of(&[], None, Some(name), &ApiKey::Absent).credentials
}

fn keys(id: &str, secret: &str, token: Option<&str>) -> AwsCredentials {
    AwsCredentials::Keys { id: id.into(), secret: Secret::new(secret), token: token.map(Secret::new) }
}

fn told(credentials: AwsCredentials) -> String {
    match credentials {
        AwsCredentials::Missing { why, hint } => format!("{why} {hint}"),
        other => panic!("{other:?}"),
    }
}

const ENVIRONMENT: [(&str, &str); 4] = [
    ("AWS_ACCESS_KEY_ID", "AKIAENV"),
    ("AWS_SECRET_ACCESS_KEY", "envsecret"),
    ("AWS_SESSION_TOKEN", "envtoken"),
    ("AWS_REGION", "ap-south-1"),
];

#[test]
fn a_profile_s_files_are_read_as_amazons_tools_read_them() {
    let aws = of(&[], None, None, &ApiKey::Absent);
    assert_eq!(aws.region.as_deref(), Some("eu-west-1"));
    assert_eq!(aws.credentials, keys("AKIADEFAULT", "se/cr+et==", None));
    for aws in [
        of(&[("AWS_PROFILE", "work")], None, None, &ApiKey::Absent),
        of(&[("AWS_PROFILE", "sso")], None, Some("work"), &ApiKey::Absent),
    ] {
        assert_eq!(aws.region.as_deref(), Some("us-west-2"));
        assert_eq!(aws.credentials, keys("AKIAWORK", "other", Some("tok")));
    }
}

#[test]
fn the_table_counts_more_than_the_environment_and_that_more_than_a_profile() {
    let aws = of(&ENVIRONMENT, None, None, &ApiKey::Absent);
    assert_eq!(aws.region.as_deref(), Some("ap-south-1"));
    assert_eq!(aws.credentials, keys("AKIAENV", "envsecret", Some("envtoken")));
    let aws = of(&ENVIRONMENT, Some("eu-north-1"), Some("work"), &ApiKey::Absent);
    assert_eq!(aws.region.as_deref(), Some("eu-north-1"));
    assert_eq!(aws.credentials, keys("AKIAWORK", "other", Some("tok")));
    let bearer = [("AWS_BEARER_TOKEN_BEDROCK", "bearer"), ENVIRONMENT[0], ENVIRONMENT[1]];
    let given = ApiKey::Given { key: Secret::new("given"), variable: None };
    assert_eq!(of(&bearer, None, None, &given).credentials, AwsCredentials::ApiKey);
    let aws = of(&bearer, None, None, &ApiKey::Absent);
    assert_eq!(aws.credentials, AwsCredentials::Bearer(Secret::new("bearer")));
}

#[test]
fn sso_is_found_by_its_session_or_in_the_profile_itself() {
    let AwsCredentials::Sso(sso) = profile("sso") else { panic!() };
    assert_eq!(
        (sso.account.as_str(), sso.role.as_str(), sso.login.as_str()),
        ("111122223333", "Reader", "corp")
    );
    assert_eq!(sso.url, "https://portal.sso.eu-north-1.amazonaws.com");
    assert_eq!(sso.oidc, "https://oidc.eu-north-1.amazonaws.com");
    assert!(sso.cache.ends_with(".aws/sso/cache"), "{sso:?}");
    let AwsCredentials::Sso(old) = profile("old sso") else { panic!() };
    assert_eq!(old.login, "https://old.awsapps.com/start");
    assert_eq!(old.url, "https://portal.sso.cn-north-1.amazonaws.com.cn");
    let half = told(profile("halfsso"));
    assert!(half.contains("sso_role_name") && half.contains("aws configure sso --profile halfsso"), "{half}");
}

#[test]
fn roles_are_asked_for_with_what_their_profile_says() {
    let AwsCredentials::Role(role) = profile("role") else { panic!() };
    assert_eq!(role.by, By::Credentials(Box::new(keys("AKIAWORK", "other", Some("tok")))));
    assert_eq!(
        (role.session.as_str(), role.external_id.as_deref(), role.duration),
        ("me", Some("e"), Some(900))
    );
    assert_eq!(
        (role.region.as_str(), role.url.as_str()),
        ("eu-west-2", "https://sts.eu-west-2.amazonaws.com")
    );
    let AwsCredentials::Role(twice) = profile("twice") else { panic!() };
    assert_eq!(twice.by, By::Credentials(Box::new(AwsCredentials::Role(role))));
    let AwsCredentials::Role(eks) = profile("eks") else { panic!() };
    assert_eq!(eks.by, By::TokenFile("/var/token".into()));
    let AwsCredentials::Role(machine) = profile("machine") else { panic!() };
    assert!(
        matches!(machine.by, By::Credentials(told) if matches!(*told, AwsCredentials::Told(Told::Machine { .. })))
    );
    for (name, words) in
        [("a", "circle"), ("mfa", "mfa_serial"), ("nothing", "no credentials to ask"), ("login", "aws login")]
    {
        let said = told(profile(name));
        assert!(said.contains(words), "{said}");
    }
    let said = told(profile("mfa"));
    assert!(said.contains("Take `profile` out of its table"), "{said}");
    let start = "; AWS_PROFILE=mfa outcrop`";
    assert!(said.contains("export-credentials --profile mfa --format env") && said.contains(start), "{said}");
    let unnamed = told(of(&[("AWS_PROFILE", "mfa")], None, None, &ApiKey::Absent).credentials);
    assert!(unnamed.contains(" Start as ") && unnamed.contains("asks for the code"), "{unnamed}");
    // Which leads there.
    let exported = [&ENVIRONMENT[..3], &[("AWS_PROFILE", "mfa")]].concat();
    let exported = of(&exported, None, None, &ApiKey::Absent).credentials;
    assert_eq!(exported, keys("AKIAENV", "envsecret", Some("envtoken")));
    let variables = [("AWS_ROLE_ARN", "arn:w"), ("AWS_WEB_IDENTITY_TOKEN_FILE", "/t")];
    let found = of(&variables, None, Some("bare"), &ApiKey::Absent).credentials;
    assert!(
        matches!(found, AwsCredentials::Role(role) if role.arn == "arn:w" && role.by == By::TokenFile("/t".into()))
    );
    assert_eq!(profile("process"), AwsCredentials::Process { line: "/opt/vault --json \"a b\"".into() });
}

#[test]
fn a_container_and_a_machine_come_last() {
    let of = |variables: &[(&str, &str)]| of(variables, None, Some("bare"), &ApiKey::Absent).credentials;
    let AwsCredentials::Told(Told::Container { url, token, .. }) = of(&[
        ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/x"),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "canary"),
    ]) else {
        panic!()
    };
    assert_eq!((url.as_str(), token), ("http://169.254.170.2/v2/x", Some(Secret::new("canary"))));
    let AwsCredentials::Told(Told::Machine { url, missing }) = of(&[]) else { panic!() };
    assert_eq!(url, "http://169.254.169.254");
    assert!(missing.contains("AWS_BEARER_TOKEN_BEDROCK") && missing.contains("profile bare"), "{missing}");
    let said = told(of(&[("AWS_EC2_METADATA_DISABLED", "TRUE")]));
    assert!(said.contains("no AWS_ACCESS_KEY_ID"), "{said}");
    let nobody = told(profile("nobody"));
    assert!(nobody.contains("no profile nobody") && nobody.contains("list-profiles"), "{nobody}");
}

#[test]
fn a_file_that_cannot_be_read_is_named_and_stops_nobody_who_needs_it_not() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config");
    std::fs::write(&file, b"[default]\nregion=\xff\n").unwrap();
    let path = file.to_str().unwrap();
    let said = told(of(&[("AWS_CONFIG_FILE", path)], Some("x"), None, &ApiKey::Absent).credentials);
    assert!(said.contains(path) && said.contains("UTF-8"), "{said}");
    let both = [("AWS_CONFIG_FILE", path), ENVIRONMENT[0], ENVIRONMENT[1]];
    assert!(matches!(of(&both, None, None, &ApiKey::Absent).credentials, AwsCredentials::Keys { .. }));
}

#[test]
fn nobody_asks_a_machine_for_a_provider_that_was_not_chosen() {
    let said = Said { region: None, profile: None, api_key: &ApiKey::Absent, chosen: false };
    let environment = Environment::from_vars([("HOME", "/nowhere/at/all")]);
    let said = told(Aws::of(said, &environment).unwrap().credentials);
    assert!(said.contains("there are no credentials") && said.contains("[providers.bedrock]"), "{said}");
}

#[test]
fn bedrock_is_where_amazons_tools_look_for_it() {
    let at = |variables: &[(&str, &str)], profile: Option<&str>| {
        let aws = of(variables, None, profile, &ApiKey::Absent);
        (aws.runtime_url, aws.control_url)
    };
    let both = |runtime: &str, control: &str| (Some(runtime.to_owned()), Some(control.to_owned()));
    let all = ("AWS_ENDPOINT_URL", "http://all/");
    assert_eq!(at(&[], None), (None, None));
    assert_eq!(at(&[all], None), both("http://all", "http://all"));
    let (runtime, control) =
        (("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "http://r"), ("AWS_ENDPOINT_URL_BEDROCK", "http://c"));
    assert_eq!(at(&[all, runtime], None), both("http://r", "http://all"));
    assert_eq!(at(&[control, runtime], None), both("http://r", "http://c"));
    assert_eq!(at(&[], Some("moved")), both("http://service", "http://profile"), "the profile's own words");
    assert_eq!(at(&[all], Some("moved")), both("http://all", "http://all"), "the environment wins");
    for word in ["true", "TRUE"] {
        assert_eq!(at(&[all, ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", word)], Some("moved")), (None, None));
    }
}

#[test]
fn a_profile_is_named_by_the_older_variable_too() {
    let of = |variables: &[(&str, &str)]| of(variables, None, None, &ApiKey::Absent).profile;
    assert_eq!(of(&[("AWS_DEFAULT_PROFILE", "bare")]), "bare");
    assert_eq!(of(&[("AWS_DEFAULT_PROFILE", "bare"), ("AWS_PROFILE", "login")]), "login");
}

#[test]
fn buckets_are_opened_with_keys_and_never_with_an_api_key() {
    let of_service = |service: &str, variables: &[(&str, &str)]| {
        let variables = variables.iter().copied().chain([("HOME", "/nowhere")]);
        AwsService::of(service, false, &Environment::from_vars(variables)).unwrap()
    };
    let of = |variables: &[(&str, &str)]| of_service("s3", variables);
    let bearer = ("AWS_BEARER_TOKEN_BEDROCK", "canary");
    let own =
        [bearer, ("AWS_ACCESS_KEY_ID", "A"), ("AWS_SECRET_ACCESS_KEY", "b"), ("AWS_REGION", "eu-west-1")];
    let found = of(&own);
    assert_eq!((found.credentials, found.region.as_deref()), (keys("A", "b", None), Some("eu-west-1")));
    assert_eq!(found.endpoint, None);
    assert_eq!(found.elsewhere, keys("A", "b", None));
    let none = of(&[bearer]).credentials;
    assert!(matches!(none, AwsCredentials::Told(Told::Machine { .. })), "{none:?}");
    // At a server of somebody else nobody has chosen Amazon, unless they speak of what tells a machine its role.
    let elsewhere = told(of(&[bearer]).elsewhere);
    assert!(elsewhere.contains("there are no credentials"), "{elsewhere}");
    let spoken_of = [("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1/")];
    let elsewhere = of(&spoken_of).elsewhere;
    assert!(matches!(elsewhere, AwsCredentials::Told(Told::Machine { .. })), "{elsewhere:?}");
    let disabled = of(&[bearer, ("AWS_EC2_METADATA_DISABLED", "true")]).credentials;
    let AwsCredentials::Missing { why, .. } = disabled else { panic!("{disabled:?}") };
    assert!(why.starts_with("there are no credentials: no AWS_ACCESS_KEY_ID"), "{why}");
    let moved = [("AWS_ENDPOINT_URL", "http://all/"), ("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9000/")];
    assert_eq!(of(&moved).endpoint.as_deref(), Some("http://127.0.0.1:9000"));
    assert_eq!(of(&moved[..1]).endpoint.as_deref(), Some("http://all"));
    assert_eq!(of_service("lambda", &moved).endpoint.as_deref(), Some("http://all"));
    let moved = [("AWS_ENDPOINT_URL_LAMBDA", "http://127.0.0.1:9001")];
    assert_eq!(of_service("lambda", &moved).endpoint.as_deref(), Some("http://127.0.0.1:9001"));
}

#[test]
fn a_machine_is_asked_for_buckets_and_for_functions_only_where_bedrock_is_chosen_or_the_profile_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config");
    std::fs::write(&file, CONFIG).unwrap();
    let of = |bedrock: bool, more: &[(&str, &str)]| {
        let files = [("AWS_CONFIG_FILE", file.to_str().unwrap()), ("HOME", "/nowhere")];
        let environment = Environment::from_vars(files.iter().chain(more).copied());
        ["s3", "lambda"].map(|service| AwsService::of(service, bedrock, &environment).unwrap().credentials)
    };
    let [bucket, function] = of(false, &[]);
    assert!(matches!(bucket, AwsCredentials::Told(Told::Machine { .. })), "{bucket:?}");
    let said = told(function);
    assert!(said.contains("there are no credentials") && said.contains("[providers.bedrock]"), "{said}");
    assert!(said.contains("Ec2InstanceMetadata"), "{said}");
    for found in of(false, &[("AWS_EC2_METADATA_DISABLED", "true")]) {
        assert!(told(found).contains("there are no credentials"));
    }
    for found in of(true, &[]) {
        assert!(matches!(found, AwsCredentials::Told(Told::Machine { .. })), "{found:?}");
    }
    for found in of(false, &[("AWS_PROFILE", "machine")]) {
        let AwsCredentials::Role(Role { by: By::Credentials(by), .. }) = found else { panic!("{found:?}") };
        assert!(matches!(*by, AwsCredentials::Told(Told::Machine { .. })), "{by:?}");
    }
    for found in of(false, &[("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/x")]) {
        assert!(matches!(found, AwsCredentials::Told(Told::Container { .. })), "{found:?}");
    }
}
