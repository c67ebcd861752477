//! TLS and the way to it: whose certificates are believed, what a proxy of `https://` gets to see, and who is reached past it.

use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use outcrop::domain::ErrorKind;
use outcrop::net::{NetOptions, Network, Reach, Request};
use secrecy::SecretString;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::cli::home::Home;
use crate::loopback::{AUTHORITY, Server, whole};
use crate::provider_openai::{Kept, options};

fn trusting() -> NetOptions {
    NetOptions { ca_file: Some(AUTHORITY.into()), ..options() }
}

async fn read(options: NetOptions, url: &str) -> Result<Vec<u8>, outcrop::domain::Error> {
    let client = Network::new(options, Arc::new(Kept::default())).client(Reach::default());
    let request = Request::get("reading", url).header("authorization", "Bearer canary");
    client.send(request).await?.bytes(1000).await
}

#[tokio::test]
async fn a_server_is_believed_for_whose_certificate_the_person_s_own_file_vouches() {
    let server = Server::secure(|_, _| whole(200, &[], "over TLS")).await;
    let url = format!("https://localhost:{}/x", server.port);
    assert_eq!(read(trusting(), &url).await.unwrap(), b"over TLS");

    let error = read(options(), &url).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Network);
    assert!(error.why.contains("certificate") && error.hint.contains("net.ca_file"), "{error}");
    assert_eq!(server.seen().len(), 1, "who is not believed is told nothing");
}

#[tokio::test]
async fn a_certificate_for_another_name_is_not_believed() {
    let server = Server::secure(|_, _| whole(200, &[], "no")).await;
    let error = read(trusting(), &format!("https://127.0.0.1:{}/x", server.port)).await.unwrap_err();
    assert!(error.why.contains("certificate"), "{error}");
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn a_server_without_tls_is_not_talked_to_as_if_it_had_some() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 1000]).await;
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n").await;
        }
    });
    let error = read(trusting(), &format!("https://localhost:{port}/x")).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Network);
    assert!(!error.hint.is_empty() && !format!("{error:?}").contains("canary"), "{error:?}");
}

#[tokio::test]
async fn a_file_of_certificates_that_is_none_is_named_before_anything_is_sent() {
    let server = Server::secure(|_, _| whole(200, &[], "no")).await;
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [("none.pem", None), ("text.pem", Some("no certificate at all"))] {
        let path = folder.path().join(name);
        if let Some(text) = text {
            std::fs::write(&path, text).unwrap();
        }
        let options = NetOptions { ca_file: Some(path), ..options() };
        let error = read(options, &format!("https://localhost:{}/x", server.port)).await.unwrap_err();
        assert!(error.to_string().contains(name), "{error}");
    }
    assert!(server.seen().is_empty());
}

/// A server that answers, and a home that has it.
async fn answering() -> (Server, Home) {
    let said = r#"{"choices": [{"message": {"content": "over TLS"}, "finish_reason": "stop"}]}"#;
    let json = [("content-type", "application/json")];
    let server = Server::secure(move |_, _| whole(200, &json, said)).await;
    let home = Home::with(&format!(
        "[providers.near]\nkind = \"openai\"\nbase_url = \"https://localhost:{}/v1\"\napi_key = \"none\"\nstream = false\n",
        server.port
    ));
    (server, home)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_of_the_variable_vouches_for_a_server() {
    let (_server, home) = answering().await;
    let home = home.variable("SSL_CERT_FILE", AUTHORITY);
    let said = tokio::task::block_in_place(|| home.run(&["chat", "-m", "near/x", "hello"]));
    assert_eq!((said.stdout.as_str(), said.code), ("over TLS\n", Some(0)), "{}", said.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_machine_s_own_trust_store_is_believed() {
    let (_server, home) = answering().await;
    let asked = home.command(&["chat", "-m", "near/x", "hello"]);
    let stranger = home.run(&["chat", "-m", "near/x", "hello"]);
    assert!(stranger.code == Some(2) && stranger.stderr.contains("certificate"), "{stranger:?}");
    // A store of the test's own in the place of the machine's, where a user may mount one.
    let store = "mount -t tmpfs tmpfs /etc/ssl/certs && cp \"$0\" /etc/ssl/certs/ca-certificates.crt";
    let here = |then: &str| {
        let mut command = Command::new("unshare");
        command.args(["-rm", "sh", "-c", &format!("{store} && {then}"), AUTHORITY]);
        command.arg(asked.get_program()).args(asked.get_args()).current_dir(home.beside()).env_clear();
        command.envs(asked.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.stdin(Stdio::null()).output()
    };
    if !here("true").is_ok_and(|done| done.status.success()) {
        crate::skipped!("the machine's trust store; `unshare -rm` cannot put another one in its place here");
        return;
    }
    let said = tokio::task::block_in_place(|| here("exec \"$@\"")).unwrap();
    assert_eq!(
        String::from_utf8_lossy(&said.stdout),
        "over TLS\n",
        "{}",
        String::from_utf8_lossy(&said.stderr)
    );
}

/// A proxy that leads every tunnel to `port`, and keeps each head that it was sent and all bytes that went out through it.
async fn proxy(port: u16, said: Arc<Mutex<Vec<String>>>, tasks: &mut JoinSet<()>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    tasks.spawn(async move {
        while let Ok((mut near, _)) = listener.accept().await {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(near.read_u8().await.unwrap());
            }
            said.lock().unwrap().push(String::from_utf8(head).unwrap());
            near.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.unwrap();
            let mut far = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
            let _ = copy_bidirectional(&mut near, &mut far).await;
        }
    });
    format!("http://me:secret@{at}")
}

#[tokio::test]
async fn a_proxy_of_https_sees_the_name_of_the_server_and_no_key() {
    let server = Server::secure(|_, _| whole(200, &[], "through a tunnel")).await;
    let (said, mut tasks) = (Arc::default(), JoinSet::new());
    let mut options = trusting();
    let way = proxy(server.port, Arc::clone(&said), &mut tasks).await;
    options.proxies.https = Some(SecretString::from(way));
    let answer = read(options.clone(), "https://models.example/x").await.unwrap();
    assert_eq!(answer, b"through a tunnel");
    assert_eq!(server.seen()[0].headers["authorization"], "Bearer canary");
    {
        let said = said.lock().unwrap();
        let [head] = &said[..] else { panic!("{said:?}") };
        assert!(head.starts_with("CONNECT models.example:443 HTTP/1.1\r\n"), "{head}");
        assert!(head.contains("Basic bWU6c2VjcmV0") && !head.contains("canary"), "{head}");
    }

    // Whom it is not for is reached without it, or not at all.
    for none_for in ["models.example", ".example", "other.test,models.example"] {
        options.proxies.none_for = Some(none_for.to_owned());
        assert!(read(options.clone(), "https://models.example/x").await.is_err(), "{none_for}");
    }
    options.proxies.none_for = Some("other.example".to_owned());
    assert!(read(options, "https://models.example/x").await.is_ok());
    assert_eq!(said.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn no_proxy_names_hosts_by_number_too_and_with_a_star_all_of_them() {
    let by_proxy = Server::start(|_, _| whole(200, &[], "by proxy")).await;
    let server = Server::start(|_, _| whole(200, &[], "direct")).await;
    // It leads to this machine, and is none of the addresses that never have a proxy.
    let url = format!("http://0.0.0.0:{}/", server.port);
    for (none_for, way) in [
        (None, "by proxy"),
        (Some("far.example,10.0.0.0/8"), "by proxy"),
        (Some("far.example, 0.0.0.0"), "direct"),
        (Some("far.example, *"), "direct"),
    ] {
        let mut options = options();
        options.proxies.http = Some(SecretString::from(by_proxy.url("")));
        options.proxies.none_for = none_for.map(str::to_owned);
        assert_eq!(read(options, &url).await.unwrap(), way.as_bytes(), "{none_for:?}");
    }
}
