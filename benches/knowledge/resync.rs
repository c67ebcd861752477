//! A folder that is looked through again.

use std::time::Instant;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::{number, percentiles};

/// Answers every request for vectors, so that filling a base takes no model.
async fn embedder(listener: TcpListener) {
    loop {
        let Ok((mut stream, _)) = listener.accept().await else { return };
        tokio::spawn(async move {
            let (mut bytes, mut buffer) = (Vec::new(), vec![0; 64 * 1024]);
            loop {
                let head = bytes.windows(4).position(|four| four == b"\r\n\r\n");
                let length = head.and_then(|head| {
                    let head = String::from_utf8_lossy(&bytes[..head]).to_lowercase();
                    head.split("content-length: ").nth(1)?.lines().next()?.trim().parse::<usize>().ok()
                });
                if let (Some(head), Some(length)) = (head, length)
                    && bytes.len() >= head + 4 + length
                {
                    let asked: serde_json::Value =
                        serde_json::from_slice(&bytes[head + 4..head + 4 + length]).unwrap();
                    let many = asked["input"].as_array().map_or(0, Vec::len);
                    let one =
                        |index| serde_json::json!({"index": index, "embedding": [1.0, 0.5, 0.25, 0.125]});
                    let data: Vec<_> = (0..many).map(one).collect();
                    let body =
                        serde_json::json!({"data": data, "usage": {"prompt_tokens": many}}).to_string();
                    // In one piece: of two the second would wait for the other side to say that it has the first.
                    let answer = format!(
                        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
                        body.len()
                    );
                    if stream.write_all(answer.as_bytes()).await.is_err() {
                        return;
                    }
                    bytes.drain(..head + 4 + length);
                    continue;
                }
                match stream.read(&mut buffer).await {
                    Ok(count) if count > 0 => bytes.extend_from_slice(&buffer[..count]),
                    _ => return,
                }
            }
        });
    }
}

/// A folder of many files, looked through again when nothing changed: by the whole program, its start included.
pub async fn resync() {
    let files = number("OUTCROP_BENCH_FILES").unwrap_or(10_000);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(embedder(listener));
    let folder = tempfile::tempdir().unwrap();
    let (home, docs) = (folder.path().join("home"), folder.path().join("docs"));
    std::fs::create_dir_all(&home).unwrap();
    let config = format!("[providers.emb]\nkind = 'openai'\nbase_url = 'http://127.0.0.1:{port}/v1'\n");
    std::fs::write(home.join("config.toml"), config).unwrap();
    for n in 0..files {
        let under = docs.join(format!("{:02}", n % 100));
        std::fs::create_dir_all(&under).unwrap();
        std::fs::write(
            under.join(format!("{n}.md")),
            format!("# File {n}\n\nIt says {n} and nothing else.\n"),
        )
        .unwrap();
    }
    let run = async |arguments: &[&str]| {
        let now = Instant::now();
        let said = tokio::process::Command::new(env!("CARGO_BIN_EXE_outcrop"))
            .args(arguments)
            .env_clear()
            .env("OUTCROP_HOME", &home)
            .current_dir(folder.path())
            .output()
            .await
            .unwrap();
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
        (now.elapsed(), String::from_utf8_lossy(&said.stdout).into_owned())
    };
    let (filled, _) = run(&["kb", "create", "docs", "--from", "docs", "--embedder", "emb/four"]).await;
    let mut times = Vec::new();
    for _ in 0..5 {
        let (took, said) = run(&["kb", "sync", "docs"]).await;
        assert!(said.contains("as before"), "{said}");
        times.push(took);
    }
    println!(
        "{files} files filled in {:.1} s, vectors from a server that thinks nothing",
        filled.as_secs_f64()
    );
    percentiles(&format!("resync of {files} unchanged files, the program's start included"), times);
}
