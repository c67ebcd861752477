//! Sources of knowledge bases beside folders: buckets of a real server with the API of S3, and pages of the web.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use super::home::{Home, Said, on_both};
use super::knowledge::{count, embedding, good, home, last, write};
use crate::loopback::{Part, Seen, Server, whole};

fn documents(home: &Home) -> Vec<String> {
    let said = home.run(&["kb", "documents", "docs", "--json"]);
    good(&said);
    said.objects().iter().map(|one| one["document"]["uri"].as_str().unwrap().to_owned()).collect()
}

fn create_from(home: &Home, more: &[&str]) -> Said {
    home.run(&[&["kb", "create", "docs", "--embedder", "emb/letters", "--from"], more].concat())
}

/// moto's server, which checks signatures.
struct S3 {
    child: Child,
    orders: ChildStdin,
    done: BufReader<ChildStdout>,
    told: Value,
}

impl S3 {
    fn start() -> Option<Self> {
        let Some(python) = std::env::var_os("OUTCROP_TEST_PEERS") else {
            crate::skipped!("a server of S3; OUTCROP_TEST_PEERS names a python with moto and boto3");
            assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "OUTCROP_TEST_PEERS is not set");
            return None;
        };
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/s3_server.py");
        let mut command = Command::new(python);
        let mut child = command
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (orders, done) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let mut done = BufReader::new(done);
        let mut line = String::new();
        done.read_line(&mut line).unwrap();
        let told = serde_json::from_str(&line).expect("it did not start");
        Some(Self { child, orders, done, told })
    }

    fn does(&mut self, order: &Value) {
        writeln!(self.orders, "{order}").unwrap();
        let mut line = String::new();
        self.done.read_line(&mut line).unwrap();
        assert_eq!(line, "done\n", "{order}");
    }

    fn put(&mut self, key: &str, text: &str) {
        self.does(&json!({"put": key, "text": text}));
    }

    fn home(&self, server: &Server) -> Home {
        home(server)
            .variable("AWS_ENDPOINT_URL_S3", self.told["url"].as_str().unwrap())
            .variable("AWS_ACCESS_KEY_ID", self.told["id"].as_str().unwrap())
            .variable("AWS_SECRET_ACCESS_KEY", self.told["secret"].as_str().unwrap())
            .variable("AWS_REGION", "eu-west-1")
    }
}

impl Drop for S3 {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_is_synced_from_a_server_that_checks_signatures() {
    let server = embedding(Duration::ZERO).await;
    tokio::task::block_in_place(|| {
        let Some(mut s3) = S3::start() else { return };
        s3.put("guides/a b+é.md", "Alpha says one thing.\n");
        s3.put("guides/deep/c.txt", "Gamma is deep.\n");
        s3.put("guides/drop/d.md", "Delta is left out.\n");
        s3.put("guides/e.bin", "\0");
        s3.put("other.md", "Another prefix.\n");
        s3.put("guides/deep/c.txt.metadata.json", r#"{"metadataAttributes": {"year": 2022}}"#);
        let home = s3.home(&server);
        let made = create_from(&home, &["s3://docs/guides/", "--exclude", "drop"]);
        good(&made);
        assert_eq!(
            (count(&home, "new"), count(&home, "skipped"), count(&home, "metadata_scanned")),
            (2, 1, 1)
        );
        let listed = documents(&home);
        assert!(listed.contains(&"s3://docs/guides/a b+é.md".to_owned()), "{listed:?}");
        let filter = r#"{"equals": {"key": "year", "value": 2022}}"#;
        let found = home.run(&["kb", "search", "docs", "gamma", "--filter", filter, "--json"]);
        assert_eq!(found.objects()[0]["hits"][0]["uri"], "s3://docs/guides/deep/c.txt", "{found:?}");

        // Nothing is fetched of what is as it was.
        good(&home.run(&["kb", "sync", "docs"]));
        assert_eq!((count(&home, "unchanged"), last(&home)["due"]["files"].clone()), (2, 0.into()));
        let before = server.seen().len();
        s3.put("guides/moved.md", "Alpha says one thing.\n");
        s3.does(&json!({"delete": "guides/a b+é.md"}));
        s3.put("guides/deep/c.txt", "Gamma is another.\n");
        good(&home.run(&["kb", "sync", "docs"]));
        assert_eq!((count(&home, "moved"), count(&home, "modified"), count(&home, "deleted")), (1, 1, 0));
        assert_eq!(server.seen().len() - before, 1, "only the other text was embedded");
        s3.does(&json!({"delete": "guides/moved.md"}));
        good(&home.run(&["kb", "sync", "docs"]));
        assert_eq!(count(&home, "deleted"), 1);

        // Many objects come in pages.
        for n in 0..1005 {
            s3.put(&format!("many/{n:04}.bin"), "x");
        }
        good(&home.run(&["kb", "add-source", "docs", "s3://docs/many/"]));
        let shown = home.run(&["kb", "status", "docs", "--json"]).objects()[0]["base"]["sources"][1].clone();
        assert_eq!(shown["last"]["statistics"]["skipped"], 1005);

        let wrong = s3.home(&server).variable("AWS_SECRET_ACCESS_KEY", "wrong");
        let refused = create_from(&wrong, &["s3://docs/guides/"]);
        assert!(refused.code == Some(2) && refused.stderr.contains("SignatureDoesNotMatch"), "{refused:?}");
        let missing = home.run(&["kb", "add-source", "docs", "s3://nowhere-at-all/"]);
        assert!(missing.code == Some(2) && missing.stderr.contains("NoSuchBucket"), "{missing:?}");
    });
}

/// Answers as servers of S3 do, in path style.
async fn bucket(status: u16) -> Server {
    Server::start(move |_, seen: &Seen| {
        let xml = |status, text: &str| whole(status, &[("content-type", "application/xml")], text);
        if status != 200 {
            return xml(status, "<Error><Code>AccessDenied</Code><Message>not you</Message></Error>");
        }
        if seen.line.starts_with("GET /docs/?") {
            return xml(
                200,
                "<ListBucketResult><IsTruncated>false</IsTruncated><EncodingType>url</EncodingType>\
                 <Contents><Key>one+file.md</Key><Size>7</Size><ETag>&quot;1&quot;</ETag>\
                 <LastModified>2026-11-22T00:00:00Z</LastModified></Contents>\
                 <Contents><Key>large.md</Key><Size>99999999999</Size><ETag>&quot;2&quot;</ETag></Contents>\
                 </ListBucketResult>",
            );
        }
        whole(200, &[], "Alpha.\n")
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_of_a_bucket_is_signed_in_path_style_and_a_large_object_is_not_fetched() {
    let (server, bucket, closed) = (embedding(Duration::ZERO).await, bucket(200).await, bucket(403).await);
    tokio::task::block_in_place(|| {
        let home = home(&server)
            .variable("AWS_ACCESS_KEY_ID", "AKIACANARY")
            .variable("AWS_SECRET_ACCESS_KEY", "canary")
            .variable("AWS_REGION", "eu-west-1");
        let made = create_from(&home, &["s3://docs", "--endpoint", &bucket.url("/")]);
        assert_eq!(made.code, Some(1), "{made:?}");
        assert_eq!((count(&home, "new"), count(&home, "failed")), (1, 1));
        assert!(made.stdout.contains("large.md") && made.stdout.contains("documents.file_mb"), "{made:?}");
        let seen = bucket.seen();
        let lines: Vec<&str> = seen.iter().map(|seen| seen.line.as_str()).collect();
        let expected =
            ["GET /docs/?encoding-type=url&list-type=2&prefix= HTTP/1.1", "GET /docs/one%20file.md HTTP/1.1"];
        assert_eq!(lines, expected);
        for seen in &seen {
            let signed = &seen.headers["authorization"];
            assert!(
                signed.contains("AKIACANARY/") && signed.contains("/eu-west-1/s3/aws4_request"),
                "{signed}"
            );
            assert!(seen.headers.contains_key("x-amz-content-sha256"), "{seen:?}");
        }
        // Both are remembered, wherever it is synced from.
        let shown = home.run(&["kb", "show", "docs", "--json"]).objects()[0]["base"]["sources"][0].clone();
        let left = home.run(&["usage", "egress", "-n", "0", "--json"]).objects();
        let place = format!("127.0.0.1:{}", bucket.port);
        let mut asked = left.iter().filter(|one| one["egress"]["host"] == place.as_str()).peekable();
        assert!(asked.peek().is_some(), "{left:?}");
        // No model is asked there, so each says what it was for.
        assert!(
            asked.all(|one| one["egress"]["doing"].as_str().is_some_and(|doing| doing.contains("s3://docs")))
        );
        assert_eq!(shown["origin"]["endpoint"], bucket.url("/"));
        assert_eq!(shown["origin"]["region"], "eu-west-1");
        let refused = home.run(&["kb", "add-source", "docs", "s3://docs/", "--endpoint", &closed.url("")]);
        assert!(refused.code == Some(2) && refused.stderr.contains("AccessDenied: not you"), "{refused:?}");
        let none =
            create_from(&self::home(&server).variable("AWS_EC2_METADATA_DISABLED", "true"), &["s3://docs"]);
        assert!(none.code == Some(2) && none.stderr.contains("no AWS_ACCESS_KEY_ID"), "{none:?}");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_is_opened_with_the_role_of_the_machine_where_nothing_else_signs_in_and_nothing_else_is() {
    let (server, bucket) = (embedding(Duration::ZERO).await, bucket(200).await);
    let metadata = Server::start(|_, seen| match seen.line.as_str() {
        line if line.starts_with("PUT /latest/api/token ") => whole(200, &[], "canary"),
        line if line.contains("/security-credentials/reader ") => {
            let keys = json!({
                "Code": "Success", "AccessKeyId": "ASIAMACHINE", "SecretAccessKey": "s", "Token": "t",
                "Expiration": "2099-01-01T00:00:00Z",
            });
            whole(200, &[], keys.to_string())
        }
        line if line.contains("/security-credentials/ ") => whole(200, &[], "reader\n"),
        _ => whole(404, &[], ""),
    })
    .await;
    tokio::task::block_in_place(|| {
        let home = home(&server).variable("AWS_EC2_METADATA_SERVICE_ENDPOINT", &metadata.url(""));
        write(&home, "a.md", "Alpha.");
        good(&create_from(&home, &["docs"]));
        home.run(&["models", "list", "--probe"]);
        assert!(metadata.seen().is_empty(), "nobody has chosen a bucket yet");
        let added = home.run(&["kb", "add-source", "docs", "s3://docs", "--endpoint", &bucket.url("")]);
        let seen = bucket.seen();
        assert!(!seen.is_empty(), "{added:?}");
        let signed = |seen: &Seen| seen.headers["authorization"].contains("Credential=ASIAMACHINE/");
        assert!(seen.iter().all(signed), "{seen:?}");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn for_a_bucket_of_another_server_than_amazon_s_no_machine_is_asked_for_its_role() {
    let (server, bucket) = (embedding(Duration::ZERO).await, bucket(200).await);
    tokio::task::block_in_place(|| {
        let home = home(&server);
        write(&home, "a.md", "Alpha.");
        good(&create_from(&home, &["docs"]));
        let refused = home.run(&["kb", "add-source", "docs", "s3://docs", "--endpoint", &bucket.url("")]);
        assert_ne!(refused.code, Some(0), "{refused:?}");
        assert!(refused.stderr.contains("no AWS_ACCESS_KEY_ID"), "{refused:?}");
        // Asked in vain, it would be named there, and in the record of what left the machine.
        assert!(!refused.stderr.contains("Amazon's cloud"), "{refused:?}");
        let left = home.run(&["usage", "egress", "--json"]);
        assert!(left.code == Some(0) && !left.stdout.contains("169.254"), "{left:?}");
        assert!(bucket.seen().is_empty());
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_nobody_signs_in_to_is_one_failure_and_the_other_sources_are_synced() {
    let server = embedding(Duration::ZERO).await;
    tokio::task::block_in_place(|| {
        let [(), ()] = on_both(
            || home(&server).variable("AWS_EC2_METADATA_DISABLED", "true"),
            |home| {
                write(home, "a.md", "Alpha.");
                let made = create_from(home, &["s3://docs", "--from", "docs"]);
                assert_eq!(made.code, Some(1), "{made:?}");
                assert!(made.stdout.contains("no AWS_ACCESS_KEY_ID"), "{made:?}");
                assert!(made.stderr.contains("a source could not be looked through"), "{made:?}");
                let shown = home.run(&["kb", "status", "docs", "--json"]).objects().remove(0);
                let syncs = [0, 1].map(|at| shown["base"]["sources"][at]["last"].clone());
                assert_eq!(syncs[0]["state"], "FAILED", "{shown}");
                assert_eq!(
                    (&syncs[1]["state"], &syncs[1]["statistics"]["new"]),
                    (&json!("COMPLETE"), &json!(1))
                );
                assert_eq!(documents(home).len(), 1);
                let again = home.run(&["kb", "sync", "docs", "--json"]);
                assert_eq!((again.code, again.stderr.as_str()), (Some(1), ""), "{again:?}");
            },
        );
    });
}

const PAGE: &str =
    "<html><body><h1>Rivers</h1><p>Rivers bend because the outer bank is cut.</p></body></html>";

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_read_by_its_type_and_costs_nothing_while_it_is_as_it_was() {
    let server = embedding(Duration::ZERO).await;
    let full = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&full);
    let web = Server::start(move |_, seen: &Seen| {
        if seen.line.starts_with("GET /moved") {
            return whole(302, &[("location", "/rivers")], "");
        }
        if seen.line.starts_with("GET /gone") {
            return whole(404, &[], "no");
        }
        if seen.line.starts_with("GET /slow") {
            return vec![
                Part::Bytes(b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n<p>".to_vec()),
                Part::Stall,
            ];
        }
        let headers = [("content-type", "text/html; charset=utf-8"), ("etag", "\"v1\"")];
        if seen.headers.get("if-none-match").is_some_and(|tag| tag == "\"v1\"") {
            return whole(304, &headers[1..], "");
        }
        counted.fetch_add(1, Ordering::SeqCst);
        whole(200, &headers, PAGE)
    })
    .await;
    tokio::task::block_in_place(|| {
        let [(), ()] = on_both(
            || home(&server),
            |home| {
                full.store(0, Ordering::SeqCst);
                let url = web.url("/rivers#bends");
                let refused = create_from(home, &[&url]);
                assert!(refused.code == Some(2) && refused.stderr.contains("--allow-private"), "{refused:?}");
                assert!(web.seen().iter().all(|seen| !seen.line.contains('#')));
                good(&create_from(home, &[&url, "--allow-private"]));
                assert_eq!(documents(home), [web.url("/rivers")]);
                let shown = home.run(&["kb", "chunks", "docs", "rivers", "--json"]);
                let text = shown.objects()[0]["passage"]["text"].as_str().unwrap().to_owned();
                assert!(text.contains("outer bank") && !text.contains('<'), "{text}");
                let before = server.seen().len();
                good(&home.run(&["kb", "sync", "docs"]));
                assert_eq!((count(home, "unchanged"), full.load(Ordering::SeqCst)), (1, 1));
                assert_eq!(server.seen().len(), before);
                // A redirect within the server is followed; what is not there costs a line.
                good(&home.run(&["kb", "add-source", "docs", &web.url("/moved"), "--allow-private"]));
                let gone = home.run(&["kb", "add-source", "docs", &web.url("/gone"), "--allow-private"]);
                assert!(gone.code == Some(1) && gone.stdout.contains("status 404"), "{gone:?}");
            },
        );
        let home = Home::with(&format!(
            "{}[providers.emb]\nkind = 'openai'\nbase_url = '{}'\n[knowledge]\nfetch_seconds = 1\n",
            super::home::SCRIPTED,
            server.url("/v1")
        ));
        let slow = create_from(&home, &[&web.url("/slow"), "--allow-private"]);
        assert!(slow.code == Some(1) && slow.stdout.contains("not here after 1 s"), "{slow:?}");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn no_way_to_write_an_address_leads_a_page_into_this_network() {
    let server = embedding(Duration::ZERO).await;
    let trap = Server::start(|_, _| whole(200, &[("content-type", "text/plain")], "canary")).await;
    tokio::task::block_in_place(|| {
        let home = home(&server);
        let port = trap.port;
        for host in [
            "127.0.0.1",
            "127.1",
            "0x7f000001",
            "2130706433",
            "localhost",
            "x.localhost",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "0.0.0.0",
            "169.254.169.254",
            "10.0.0.1",
            "router",
            "a.internal",
        ] {
            let said = create_from(&home, &[&format!("http://{host}:{port}/")]);
            assert!(said.code == Some(2) && said.stderr.contains("of its network"), "{host}: {said:?}");
        }
        for bad in ["https://me:canary@example.com/", "http://"] {
            let said = create_from(&home, &[bad]);
            assert!(said.code == Some(2) && !said.stderr.contains("canary@"), "{bad}: {said:?}");
        }
        assert_eq!(trap.seen().len(), 0);
        // Offline nothing is asked, whatever is allowed.
        let offline = [
            "--offline",
            "kb",
            "create",
            "docs",
            "--embedder",
            "emb/letters",
            "--from",
            "https://example.com/",
        ];
        let said = home.run(&offline);
        assert!(said.code == Some(1) && said.stdout.contains("--offline forbids"), "{said:?}");
    });
}

/// A server stands in for the world, as a proxy: every name that is not this machine's is asked for there.
#[tokio::test(flavor = "multi_thread")]
async fn no_page_of_the_world_redirects_into_this_network() {
    let server = embedding(Duration::ZERO).await;
    let trap = Server::start(|_, _| whole(200, &[("content-type", "text/plain")], "canary")).await;
    let port = trap.port;
    let world = Server::start(move |_, seen: &Seen| {
        let url = seen.line.split(' ').nth(1).unwrap();
        let path = url.trim_start_matches("http://").split_once('/').map_or("", |(_, path)| path);
        match path {
            // One hop within the world before the last.
            "twice" => whole(302, &[("location", "http://other.example/127.0.0.1")], ""),
            "page" => whole(200, &[("content-type", "text/html")], PAGE),
            host => whole(302, &[("location", &format!("http://{host}:{port}/"))], ""),
        }
    })
    .await;
    tokio::task::block_in_place(|| {
        let home = home(&server).variable("ALL_PROXY", &world.url(""));
        good(&create_from(&home, &["http://page.example/page"]));
        for host in ["127.0.0.1", "0x7f000001", "localhost", "[::ffff:127.0.0.1]", "169.254.169.254", "twice"]
        {
            // What a person allows of an address of their own network is none of what the world leads to.
            for more in [&[][..], &["--allow-private"]] {
                let url = format!("http://page.example/{host}");
                let said = home.run(&[&["kb", "add-source", "docs", &url][..], more].concat());
                assert!(
                    said.code == Some(1) && said.stdout.contains("into this network"),
                    "{host}: {said:?}"
                );
                good(&home.run(&["kb", "remove-source", "docs", &url, "--yes"]));
            }
        }
        assert_eq!(trap.seen().len(), 0);
        assert!(world.seen().iter().any(|seen| seen.line.starts_with("GET http://other.example/")));
    });
}
