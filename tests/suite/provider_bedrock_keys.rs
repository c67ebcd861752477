//! Where the `bedrock` voice gets its keys, against servers on this machine.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use outcrop::config::{AwsCredentials, By, Role, Sso, Told};
use outcrop::domain::call::Call;
use outcrop::domain::delta::Event;
use outcrop::domain::secret::Secret;
use outcrop::domain::{Error, ErrorKind};
use outcrop::net::{Client, Network, Reach};
use outcrop::provider::Provider;
use outcrop::provider::bedrock::{Bedrock, Credentials, Fetched};
use outcrop::service::key_commands::KeyCommands;
use serde_json::json;

use crate::loopback::{Part, Seen, Server, whole};
use crate::provider_bedrock_judge::{as_asked, verdict};
use crate::provider_openai::{Kept, options};
use crate::soon;

const JSON: [(&str, &str); 1] = [("content-type", "application/json")];
/// Far away.
const LATER: &str = "2099-01-01T00:00:00Z";

fn client() -> Client {
    Network::new(options(), Arc::new(Kept::default())).client(Reach::default())
}

fn voice(server: &Server, source: AwsCredentials) -> Bedrock {
    let around = [("PATH".into(), "/usr/bin:/bin".into())].into_iter().collect();
    let commands = Arc::new(KeyCommands::new(std::env::temp_dir(), around));
    let fetched = Fetched::new("aws", "work", source, commands);
    Bedrock::new("aws", "eu-west-1", Some(&server.url("")), Credentials::Fetched(Arc::new(fetched)))
}

async fn list(voice: &Bedrock) -> Result<Event, Error> {
    soon(async { voice.serve(Call::ListModels, &client()).next().await.unwrap() }).await
}

fn empty() -> Vec<Part> {
    whole(200, &JSON, r#"{"modelSummaries": [], "inferenceProfileSummaries": []}"#)
}

fn told(id: &str) -> Vec<Part> {
    let keys = json!({"Code": "Success", "AccessKeyId": id, "SecretAccessKey": "canary", "Token": "tok", "Expiration": LATER});
    whole(200, &JSON, keys.to_string())
}

/// Whose key the request was signed with.
fn signer(seen: &Seen) -> &str {
    let (_, behind) = seen.headers["authorization"].split_once("Credential=").unwrap();
    behind.split('/').next().unwrap()
}

fn paths(server: &Server) -> Vec<String> {
    server.seen().into_iter().map(|seen| seen.line.trim_end_matches(" HTTP/1.1").to_owned()).collect()
}

fn sso(server: &Server, cache: &Path, login: &str) -> AwsCredentials {
    AwsCredentials::Sso(Sso {
        account: "111122223333".into(),
        role: "Reader".into(),
        login: login.into(),
        cache: cache.into(),
        url: server.url(""),
        oidc: server.url(""),
    })
}

/// The name that `aws sso login` gives to the file of the session "corp": its SHA-1.
const CORP: &str = "ee0bfd2552fbd840c02cc48b6e823320543c450f.json";

fn login(cache: &Path, name: &str, ends: &str) {
    let token =
        json!({"startUrl": "https://corp", "region": "x", "accessToken": "sso-canary", "expiresAt": ends});
    std::fs::write(cache.join(name), token.to_string()).unwrap();
}

#[tokio::test]
async fn a_login_of_sso_is_turned_into_keys_once() {
    let cache = tempfile::tempdir().unwrap();
    login(cache.path(), CORP, LATER);
    let server = Server::start(|_, seen| {
        if seen.line.contains("/federation/credentials") {
            let keys = json!({"accessKeyId": "ASIASSO", "secretAccessKey": "canary", "sessionToken": "tok", "expiration": 4_070_908_800_000_i64});
            whole(200, &JSON, json!({ "roleCredentials": keys }).to_string())
        } else {
            empty()
        }
    })
    .await;
    let voice = voice(&server, sso(&server, cache.path(), "corp"));
    assert!(!format!("{voice:?}").contains("canary"));
    for _ in 0..2 {
        list(&voice).await.unwrap();
    }
    let seen = server.seen();
    // Each time Amazon's list, its profiles, and five lists of the account.
    assert_eq!(seen.len(), 1 + 2 * 7, "the keys are asked for once");
    assert_eq!(seen[0].line, "GET /federation/credentials?role_name=Reader&account_id=111122223333 HTTP/1.1");
    assert_eq!(seen[0].headers["x-amz-sso_bearer_token"], "sso-canary");
    assert_eq!((signer(&seen[1]), signer(&seen[4])), ("ASIASSO", "ASIASSO"));
}

/// A login that ran out, of a session that goes on.
fn renewable(cache: &Path) {
    let old = json!({"startUrl": "https://corp", "accessToken": "old", "expiresAt": "2026-01-02T03:04:05Z",
        "clientId": "c", "clientSecret": "sc", "refreshToken": "r1", "registrationExpiresAt": LATER});
    std::fs::write(cache.join(CORP), old.to_string()).unwrap();
}

/// Renews a login of SSO after a while, and gives keys for it.
async fn sso_server(renews_after: Duration, list: fn() -> Vec<Part>) -> Server {
    Server::start(move |_, seen| {
        if seen.line.starts_with("POST /token ") {
            let answer = r#"{"accessToken": "new", "expiresIn": 3600, "refreshToken": "r2"}"#;
            let mut parts = vec![Part::Pause(renews_after)];
            parts.extend(whole(200, &JSON, answer));
            return parts;
        }
        if seen.line.contains("/federation/credentials") {
            let keys = json!({"accessKeyId": "ASIASSO", "secretAccessKey": "canary", "sessionToken": "tok", "expiration": 4_070_908_800_000_i64});
            return whole(200, &JSON, json!({ "roleCredentials": keys }).to_string());
        }
        list()
    })
    .await
}

/// The keys are taken no more.
fn expired() -> Vec<Part> {
    let body = r#"{"message": "The security token included in the request is expired"}"#;
    whole(403, &[("x-amzn-errortype", "ExpiredTokenException")], body)
}

fn renewals(server: &Server) -> usize {
    server.seen().iter().filter(|seen| seen.line.starts_with("POST /token ")).count()
}

/// What stands in the login's file: the token that renews it, and whose it is.
fn kept(cache: &Path) -> (String, String) {
    let file: serde_json::Value = serde_json::from_slice(&std::fs::read(cache.join(CORP)).unwrap()).unwrap();
    let text = |name: &str| file[name].as_str().unwrap().to_owned();
    (text("refreshToken"), text("startUrl"))
}

/// An hour is as long as they last; the session behind them lasts for days.
#[tokio::test]
async fn a_login_that_ran_out_is_renewed_where_its_session_goes_on_and_kept_for_amazons_own_tools() {
    let cache = tempfile::tempdir().unwrap();
    renewable(cache.path());
    let server = sso_server(Duration::ZERO, empty).await;
    list(&voice(&server, sso(&server, cache.path(), "corp"))).await.unwrap();
    let seen = server.seen();
    let asked: serde_json::Value = serde_json::from_slice(&seen[0].body).unwrap();
    assert_eq!(asked["refreshToken"], "r1");
    assert_eq!(seen[1].headers["x-amz-sso_bearer_token"], "new");
    assert_eq!(kept(cache.path()), ("r2".to_owned(), "https://corp".to_owned()));
    assert_eq!(std::fs::read_dir(cache.path()).unwrap().count(), 1, "nothing is left beside it");
    let mode = std::fs::metadata(cache.path().join(CORP)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "it is for nobody else");
    list(&voice(&server, sso(&server, cache.path(), "corp"))).await.unwrap();
    assert_eq!(renewals(&server), 1);
}

#[tokio::test]
async fn a_login_is_renewed_and_turned_into_keys_as_botocore_does_it() {
    let cache = tempfile::tempdir().unwrap();
    renewable(cache.path());
    let server = sso_server(Duration::ZERO, empty).await;
    list(&voice(&server, sso(&server, cache.path(), "corp"))).await.unwrap();
    let seen = server.seen();
    let evidence = json!({
        "requests": [as_asked(&seen[0]), as_asked(&seen[1])],
        "keys": {"id": "none", "secret": "none", "token": null},
        "region": "eu-west-1",
    });
    let Some(told) = verdict(evidence).await else { return };
    for (told, (seen, operation)) in told.iter().zip(seen.iter().zip(["CreateToken", "GetRoleCredentials"])) {
        assert_eq!((&told["operation"], &told["problems"]), (&json!(operation), &json!([])));
        assert_eq!(told["authorization"], json!(null), "who has a login has no keys yet");
        assert_eq!(seen.headers.get("authorization"), None);
        // The order of what stands in an address is nobody's.
        let parts = |address: &str| {
            let mut parts: Vec<_> = address.split(['?', '&']).map(str::to_owned).collect();
            parts.sort();
            parts
        };
        assert_eq!(parts(told["path"].as_str().unwrap()), parts(seen.line.split(' ').nth(1).unwrap()));
        if !seen.body.is_empty() {
            let sent: serde_json::Value = serde_json::from_slice(&seen.body).unwrap();
            assert_eq!(told["body"], sent);
        }
    }
}

/// A token that renews may do so once.
#[tokio::test]
async fn of_providers_with_one_login_the_first_renews_it_for_all() {
    let cache = tempfile::tempdir().unwrap();
    renewable(cache.path());
    let server = sso_server(Duration::from_millis(200), empty).await;
    let voices = [(); 3].map(|()| voice(&server, sso(&server, cache.path(), "corp")));
    let [a, b, c] = &voices;
    let (a, b, c) = tokio::join!(list(a), list(b), list(c));
    a.and(b).and(c).unwrap();
    assert_eq!(renewals(&server), 1);
}

#[tokio::test]
async fn a_renewal_that_nobody_waits_for_any_longer_is_kept_all_the_same() {
    let cache = tempfile::tempdir().unwrap();
    renewable(cache.path());
    let server = sso_server(Duration::from_millis(200), empty).await;
    let voice = voice(&server, sso(&server, cache.path(), "corp"));
    let net = client();
    let mut asking = voice.serve(Call::ListModels, &net);
    tokio::select! {
        _ = asking.next() => panic!("the server takes its time"),
        () = until(|| renewals(&server) == 1) => {}
    }
    drop(asking);
    soon(until(|| kept(cache.path()).0 == "r2")).await;
}

/// A home that is mounted read-only, say.
#[tokio::test]
async fn a_renewed_login_that_cannot_be_written_serves_the_run() {
    let cache = tempfile::tempdir().unwrap();
    renewable(cache.path());
    // In the way of what would take the file's place; root may write to any folder.
    let beside = cache.path().join(CORP).with_extension(format!("json.{}", std::process::id()));
    std::fs::create_dir(&beside).unwrap();
    let server = sso_server(Duration::ZERO, expired).await;
    let voice = voice(&server, sso(&server, cache.path(), "corp"));
    for _ in 0..2 {
        assert_eq!(list(&voice).await.unwrap_err().kind, ErrorKind::Auth);
        assert_eq!(kept(cache.path()).0, "r1");
    }
    let seen = server.seen();
    let logins = seen.iter().filter(|seen| seen.line.contains("/federation/"));
    assert!(logins.clone().all(|seen| seen.headers["x-amz-sso_bearer_token"] == "new"));
    assert_eq!((logins.count(), renewals(&server)), (2, 1));
    let told = format!("{voice:?}");
    assert!(!told.contains("r2") && !told.contains("114, 50"), "{told}");
}

async fn until(so: impl Fn() -> bool) {
    while !so() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The answers of Bedrock to a call, by what the header `x-amzn-errortype` says.
#[tokio::test]
async fn keys_are_fetched_again_only_where_they_themselves_were_refused() {
    for (name, fetched) in
        [("AccessDeniedException", 1), ("ExpiredTokenException", 2), ("UnrecognizedClientException", 2)]
    {
        let server = Server::start(move |_, seen| match seen.line.as_str() {
            line if line.starts_with("GET /keys") => told("ASIA"),
            _ => whole(403, &[JSON[0], ("x-amzn-errortype", name)], r#"{"message": "you may not"}"#),
        })
        .await;
        let told = Told::Container { url: server.url("/keys"), token: None, token_file: None };
        let voice = voice(&server, AwsCredentials::Told(told));
        for _ in 0..2 {
            assert_eq!(list(&voice).await.unwrap_err().kind, ErrorKind::Auth);
        }
        let asked = server.seen().iter().filter(|seen| seen.line.starts_with("GET /keys")).count();
        assert_eq!(asked, fetched, "{name}");
    }
}

#[tokio::test]
async fn keys_that_hold_yet_serve_where_new_ones_cannot_be_had() {
    let soon = jiff::Timestamp::now() + jiff::SignedDuration::from_mins(2);
    let server = Server::start(move |number, seen| match seen.line.as_str() {
        line if line.starts_with("GET /keys") && number == 0 => {
            let keys = json!({"Code": "Success", "AccessKeyId": "ASIA", "SecretAccessKey": "canary", "Token": "tok", "Expiration": soon.to_string()});
            whole(200, &JSON, keys.to_string())
        }
        line if line.starts_with("GET /keys") => whole(403, &[], "not now"),
        _ => empty(),
    })
    .await;
    let told = Told::Container { url: server.url("/keys"), token: None, token_file: None };
    let voice = voice(&server, AwsCredentials::Told(told));
    for _ in 0..2 {
        list(&voice).await.unwrap();
    }
    let asked = server.seen().iter().filter(|seen| seen.line.starts_with("GET /keys")).count();
    assert_eq!(asked, 2, "new ones were asked for, in time");
}

#[tokio::test]
async fn a_login_that_ran_out_or_is_not_there_names_the_command_that_renews_it() {
    let cache = tempfile::tempdir().unwrap();
    let server = Server::start(|_, _| {
        whole(
            401,
            &JSON,
            r#"{"message": "Session token not found or invalid", "__type": "UnauthorizedException"}"#,
        )
    })
    .await;
    let voice = voice(&server, sso(&server, cache.path(), "corp"));
    let renew = "aws sso login --profile work";
    let error = list(&voice).await.unwrap_err();
    assert!(error.why.contains("nobody has signed in") && error.hint.contains(renew), "{error}");
    login(cache.path(), CORP, "2026-01-02T03:04:05Z");
    let error = list(&voice).await.unwrap_err();
    assert!(error.why.contains("2026-01-02 03:04 UTC") && error.hint.contains(renew), "{error}");
    assert!(server.seen().is_empty(), "what ran out is not sent");
    login(cache.path(), CORP, LATER);
    let error = list(&voice).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Auth);
    assert!(error.why.contains("not found or invalid") && error.hint.contains(renew), "{error}");
    assert!(!error.to_string().contains("canary"), "{error}");
    let renewable = json!({"accessToken": "sso-canary", "expiresAt": "2026-01-02T03:04:05Z", "clientId": "c",
        "clientSecret": "sc-canary", "refreshToken": "r-canary", "registrationExpiresAt": LATER});
    std::fs::write(cache.path().join(CORP), renewable.to_string()).unwrap();
    let error = list(&voice).await.unwrap_err();
    assert!(error.why.contains("2026-01-02 03:04 UTC, and it was not renewed (status 401)"), "{error}");
    assert!(error.hint.contains(renew) && !error.to_string().contains("canary"), "{error}");
    std::fs::write(cache.path().join(CORP), "{").unwrap();
    assert_eq!(list(&voice).await.unwrap_err().kind, ErrorKind::Auth);
}

#[tokio::test]
async fn keys_that_the_server_takes_no_more_are_fetched_again_and_the_login_behind_them_is_named() {
    let cache = tempfile::tempdir().unwrap();
    login(cache.path(), CORP, LATER);
    let server = Server::start(|_, seen| {
        if seen.line.contains("/federation/") {
            let keys = json!({"accessKeyId": "ASIASSO", "secretAccessKey": "canary", "sessionToken": "tok"});
            whole(200, &JSON, json!({ "roleCredentials": keys }).to_string())
        } else {
            expired()
        }
    })
    .await;
    let voice = voice(&server, sso(&server, cache.path(), "corp"));
    for _ in 0..2 {
        let error = list(&voice).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Auth);
        assert!(error.hint.contains("aws sso login --profile work"), "{error}");
    }
    assert_eq!(server.seen().iter().filter(|seen| seen.line.contains("/federation/")).count(), 2);
}

#[tokio::test]
async fn another_program_writes_keys_and_one_that_fails_says_why() {
    let server = Server::start(|_, _| empty()).await;
    let keys = r#"{"Version": 1, "AccessKeyId": "AKIAPROC", "SecretAccessKey": "canary"}"#;
    let good = voice(&server, AwsCredentials::Process { line: format!("echo '{keys}'") });
    list(&good).await.unwrap();
    assert_eq!(signer(&server.seen()[0]), "AKIAPROC");
    assert_eq!(server.seen()[0].headers.get("x-amz-security-token"), None);
    let bad = voice(&server, AwsCredentials::Process { line: "echo canary; echo locked >&2; exit 1".into() });
    let error = list(&bad).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Auth);
    assert!(error.why.contains("locked") && !error.to_string().contains("canary"), "{error}");
}

fn container(url: String, token_file: Option<std::path::PathBuf>) -> AwsCredentials {
    AwsCredentials::Told(Told::Container { url, token: Some(Secret::new("given-canary")), token_file })
}

#[tokio::test]
async fn a_container_is_told_its_keys_for_its_token() {
    let server =
        Server::start(|_, seen| if seen.line.contains("/v1/keys") { told("ASIATASK") } else { empty() })
            .await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "file-canary\n").unwrap();
    for (token_file, sent) in [(None, "given-canary"), (Some(file), "file-canary")] {
        list(&voice(&server, container(server.url("/v1/keys"), token_file))).await.unwrap();
        let seen = server.seen();
        let asked = seen.iter().rfind(|seen| seen.line.contains("/v1/keys")).unwrap();
        assert_eq!(asked.headers["authorization"], sent);
        assert_eq!(signer(seen.last().unwrap()), "ASIATASK");
    }
    let count = server.seen().len();
    let far = voice(&server, container("http://keys.example/".into(), None));
    assert!(list(&far).await.unwrap_err().why.contains("without encryption"));
    assert_eq!(server.seen().len(), count);
}

fn machine(url: String) -> AwsCredentials {
    AwsCredentials::Told(Told::Machine { url, missing: "there are no credentials".into() })
}

#[tokio::test]
async fn a_machine_is_told_its_keys_by_the_second_version_of_its_service() {
    let server = Server::start(|_, seen| match seen.line.as_str() {
        line if line.starts_with("PUT /latest/api/token ") => whole(200, &[], "imds-canary"),
        line if line.contains("/security-credentials/my-role ") => told("ASIAROLE"),
        line if line.contains("/security-credentials/ ") => whole(200, &[], "my-role\n"),
        _ => empty(),
    })
    .await;
    list(&voice(&server, machine(server.url("")))).await.unwrap();
    let seen = server.seen();
    assert_eq!(
        paths(&server)[..3],
        [
            "PUT /latest/api/token",
            "GET /latest/meta-data/iam/security-credentials/",
            "GET /latest/meta-data/iam/security-credentials/my-role"
        ]
    );
    assert_eq!(seen[0].headers["x-aws-ec2-metadata-token-ttl-seconds"], "21600");
    assert!(seen[1..3].iter().all(|seen| seen.headers["x-aws-ec2-metadata-token"] == "imds-canary"));
    assert_eq!(signer(&seen[3]), "ASIAROLE");
}

#[tokio::test]
async fn where_there_is_no_such_machine_everything_that_is_missing_is_said() {
    let server = Server::start(|_, seen| match seen.line.as_str() {
        line if line.starts_with("PUT ") => whole(200, &[], "t"),
        _ => whole(404, &[], ""),
    })
    .await;
    let error = list(&voice(&server, machine(server.url("")))).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Auth);
    assert!(error.why.contains("there are no credentials; and this machine has no role"), "{error}");
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let error = list(&voice(&server, machine(format!("http://{nobody}")))).await.unwrap_err();
    assert!(error.why.contains("nor is this a machine in Amazon's cloud"), "{error}");
    let offline = Network::new(options(), Arc::new(Kept::default()))
        .client(Reach { offline: true, ..Reach::default() });
    let far = voice(&server, machine("http://169.254.169.254".into()));
    let error = soon(far.serve(Call::ListModels, &offline).next()).await.unwrap().unwrap_err();
    assert_eq!(error.kind, ErrorKind::Offline, "offline, nobody is asked");
    let folder = tempfile::tempdir().unwrap();
    let line = format!("touch {}", folder.path().join("ran").display());
    let process = voice(&server, AwsCredentials::Process { line });
    let error = soon(process.serve(Call::ListModels, &offline).next()).await;
    assert_eq!(error.unwrap().unwrap_err().kind, ErrorKind::Offline);
    assert!(!folder.path().join("ran").exists(), "offline, no command runs");
}

fn role(server: &Server, by: By) -> AwsCredentials {
    AwsCredentials::Role(Role {
        arn: "arn:aws:iam::123456789012:role/reader".into(),
        session: "outcrop".into(),
        external_id: Some("e/1".into()),
        duration: Some(900),
        region: "eu-central-1".into(),
        url: server.url(""),
        by,
    })
}

fn assumed() -> Vec<Part> {
    let xml = format!(
        "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIASTS</AccessKeyId><SecretAccessKey>canary\
         </SecretAccessKey><SessionToken>tok</SessionToken><Expiration>{LATER}</Expiration></Credentials>\
         </AssumeRoleResult></AssumeRoleResponse>"
    );
    whole(200, &[("content-type", "text/xml")], xml)
}

#[tokio::test]
async fn a_role_is_asked_for_with_other_keys_as_botocore_would_ask_for_it() {
    let server =
        Server::start(|_, seen| if seen.line.starts_with("POST / ") { assumed() } else { empty() }).await;
    let own = AwsCredentials::Keys { id: "AKIDEXAMPLE".into(), secret: Secret::new("wJalr"), token: None };
    list(&voice(&server, role(&server, By::Credentials(Box::new(own))))).await.unwrap();
    let seen = server.seen();
    assert_eq!((signer(&seen[0]), signer(&seen[1])), ("AKIDEXAMPLE", "ASIASTS"));
    let evidence = json!({
        "requests": [as_asked(&seen[0])],
        "keys": {"id": "AKIDEXAMPLE", "secret": "wJalr", "token": null},
        "region": "eu-central-1",
        "service": "sts",
    });
    let Some(told) = verdict(evidence).await else { return };
    assert_eq!(told[0]["problems"], json!([]));
    assert_eq!(told[0]["authorization"], json!(seen[0].headers["authorization"]));
    let asked = json!({
        "Action": "AssumeRole", "Version": "2011-06-15", "RoleArn": "arn:aws:iam::123456789012:role/reader",
        "RoleSessionName": "outcrop", "ExternalId": "e/1", "DurationSeconds": "900",
    });
    assert_eq!(told[0]["body"], asked, "what botocore sends for the same role");
    assert_eq!(told[0]["sent"], asked, "what was sent");
}

#[tokio::test]
async fn a_role_is_asked_for_with_a_token_and_a_refusal_keeps_its_words() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "web-canary").unwrap();
    let server =
        Server::start(|_, seen| if seen.line.starts_with("POST / ") { assumed() } else { empty() }).await;
    list(&voice(&server, role(&server, By::TokenFile(file.clone())))).await.unwrap();
    let seen = server.seen();
    let form = String::from_utf8(seen[0].body.clone()).unwrap();
    assert!(form.starts_with("Action=AssumeRoleWithWebIdentity") && form.contains("web-canary"), "{form}");
    assert_eq!(seen[0].headers.get("authorization"), None);
    let refusing = Server::start(|_, _| {
        let xml = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>not authorized to assume it</Message></Error></ErrorResponse>";
        whole(403, &[("content-type", "text/xml")], xml)
    })
    .await;
    let error = list(&voice(&refusing, role(&refusing, By::TokenFile(file)))).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Auth);
    assert!(
        error.why.contains("not authorized to assume it") && error.hint.contains("role/reader"),
        "{error}"
    );
    let gone = voice(&refusing, role(&refusing, By::TokenFile("/nowhere/token".into())));
    assert!(list(&gone).await.unwrap_err().to_string().contains("/nowhere/token"));
}
