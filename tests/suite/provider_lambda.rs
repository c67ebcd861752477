//! Functions of AWS Lambda, against a server that answers as a test says, a real one, and Amazon's own botocore.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use outcrop::config::AwsCredentials;
use outcrop::domain::secret::Secret;
use outcrop::domain::{Error, ErrorKind};
use outcrop::provider::bedrock::{Credentials, Fetched};
use outcrop::provider::lambda::{Functions, Invoked};
use outcrop::service::key_commands::KeyCommands;
use outcrop::wire::agent::event;
use serde_json::{Value, json};

use crate::loopback::{Part, Server, whole};
use crate::provider_bedrock::{JSON, bearer, client, keys};
use crate::provider_bedrock_judge::{as_asked, verdict};
use crate::soon;

const PATIENCE: Duration = Duration::from_secs(20);
const ARN: &str = "arn:aws:lambda:us-west-2:123456789012:function:orders:live";

fn functions(url: &str, credentials: Credentials) -> Functions {
    Functions::new(Ok(credentials), Some("eu-west-1".to_owned()), Some(url.to_owned()))
}

async fn invoke(functions: &Functions, function: &str, event: &Value) -> Result<Invoked, Error> {
    soon(functions.invoke(&client(), function, event.to_string().as_bytes(), PATIENCE)).await
}

#[tokio::test]
async fn a_function_is_invoked_as_botocore_would_and_its_result_is_taken_as_it_is() {
    let server = Server::start(|_, _| whole(200, &JSON, r#"{"é": 1}"#)).await;
    let functions = functions(&server.url(""), keys());
    let asked = json!({"messageVersion": "1.0", "inputText": "tea, é"});
    for (function, region) in [("orders", "eu-west-1"), ("orders:$LATEST", "eu-west-1"), (ARN, "us-west-2")] {
        let gave = invoke(&functions, function, &asked).await.unwrap();
        assert_eq!(gave, Invoked::Gave(r#"{"é": 1}"#.as_bytes().to_vec()));
        let seen = server.seen().pop().unwrap();
        assert_eq!(serde_json::from_slice::<Value>(&seen.body).unwrap(), asked);
        let keys = json!({"id": "AKIDEXAMPLE", "secret": "wJalr/canary+secret", "token": "canary/token=="});
        let evidence =
            json!({"requests": [as_asked(&seen)], "keys": keys, "region": region, "service": "lambda"});
        let Some(told) = verdict(evidence).await else { return };
        assert_eq!((&told[0]["operation"], &told[0]["problems"]), (&json!("Invoke"), &json!([])));
        assert_eq!(told[0]["authorization"], json!(seen.headers["authorization"]), "{function}");
        assert_eq!(told[0]["path"], json!(seen.line.split(' ').nth(1).unwrap()), "{function}");
    }
}

#[tokio::test]
async fn what_goes_wrong_within_a_function_is_a_result_and_what_goes_wrong_before_is_an_error() {
    let failing = |_: usize, _: &crate::loopback::Seen| {
        let head = [("content-type", "application/json"), ("x-amz-function-error", "Unhandled")];
        whole(200, &head, r#"{"errorMessage": "no tea", "errorType": "KeyError"}"#)
    };
    let server = Server::start(failing).await;
    let failed = invoke(&functions(&server.url(""), keys()), "orders", &json!({})).await.unwrap();
    assert_eq!(failed, Invoked::Failed("The function failed (KeyError): no tea".to_owned()));

    let refusal = |status, name: &'static str| {
        move |_: usize, _: &crate::loopback::Seen| -> Vec<Part> {
            let head = [("content-type", "application/json"), ("x-amzn-errortype", name)];
            whole(status, &head, r#"{"Message": "its own words", "Type": "User"}"#)
        }
    };
    for (status, name, kind, asked) in [
        (404, "ResourceNotFoundException", ErrorKind::NotFound, 1),
        (403, "AccessDeniedException", ErrorKind::Auth, 1),
        // Keys that are not taken are told anew, once; nothing else is asked for again.
        (403, "UnrecognizedClientException", ErrorKind::Auth, 2),
        (429, "TooManyRequestsException", ErrorKind::RateLimited { retry_after_ms: None }, 1),
        (500, "ServiceException", ErrorKind::Server { status: 500 }, 1),
    ] {
        let server = Server::start(refusal(status, name)).await;
        let error = invoke(&functions(&server.url(""), keys()), "orders", &json!({})).await.unwrap_err();
        assert!(error.kind == kind && error.why.contains("its own words"), "{name}: {error:?}");
        assert_eq!(server.seen().len(), asked, "{name}");
    }
}

#[tokio::test]
async fn what_cannot_be_invoked_asks_nobody() {
    let server = Server::start(|_, _| whole(200, &JSON, "{}")).await;
    let url = server.url("");
    let nowhere = Functions::new(Ok(keys()), None, Some(url.clone()));
    let missing = Error::new(ErrorKind::Auth, "signing in", "there are no credentials", "");
    let nobody = Functions::new(Err(missing), None, Some(url.clone()));
    for (functions, function, kind) in [
        (functions(&url, keys()), "../list", ErrorKind::Invalid),
        (functions(&url, bearer()), "orders", ErrorKind::Auth),
        (nowhere.clone(), "orders", ErrorKind::Config),
        (nobody, ARN, ErrorKind::Auth),
    ] {
        assert_eq!(invoke(&functions, function, &json!({})).await.unwrap_err().kind, kind, "{function}");
    }
    assert_eq!(server.seen().len(), 0);
    invoke(&nowhere, ARN, &json!({})).await.unwrap();
}

/// moto's server, which checks signatures.
struct Lambda {
    child: Child,
    told: Value,
}

impl Lambda {
    fn start() -> Option<Self> {
        let Some(python) = std::env::var_os("OUTCROP_TEST_PEERS") else {
            crate::skipped!("a server of Lambda; OUTCROP_TEST_PEERS names a python with moto and boto3");
            assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "OUTCROP_TEST_PEERS is not set");
            return None;
        };
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/lambda_server.py");
        let mut command = Command::new(python);
        let pipes = command.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = pipes.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Some(Self { child, told: serde_json::from_str(&line).expect("it did not start") })
    }

    fn text(&self, name: &str) -> &str {
        self.told[name].as_str().unwrap()
    }

    fn functions(&self, secret: &str) -> Functions {
        let (id, secret) = (self.text("id").to_owned(), Secret::new(secret));
        let source = AwsCredentials::Keys { id, secret, token: None };
        let commands = KeyCommands::new(std::env::temp_dir(), std::iter::empty().collect());
        let fetched = Fetched::new("functions", "default", source, std::sync::Arc::new(commands));
        functions(self.text("url"), Credentials::Fetched(std::sync::Arc::new(fetched)))
    }
}

impl Drop for Lambda {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_is_invoked_at_a_server_that_checks_signatures() {
    let Some(lambda) = tokio::task::block_in_place(Lambda::start) else { return };
    let wrong = invoke(&lambda.functions("wrong"), "orders", &json!({})).await.unwrap_err();
    // moto words it as a web page, whose words are not shown.
    assert!(wrong.kind == ErrorKind::Auth && wrong.why.contains("403"), "{wrong}");
    let functions = lambda.functions(lambda.text("secret"));
    let Invoked::Gave(bytes) = invoke(&functions, "orders", &json!({"tea": "é"})).await.unwrap() else {
        panic!("it failed");
    };
    assert_eq!(event::read(&bytes).unwrap().body, "ordered");
}
