//! Files that go with a message, on the command line.

use super::home::{Home, files};
use crate::loopback::{Part, Server, events};
use crate::wire::openai::data;

/// The smallest PNG: one pixel.
const PIXEL: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89";

async fn home() -> (Server, Home) {
    let server = Server::start(|_, _| events([Part::Bytes(data("no_done.sse"))])).await;
    let configuration = format!(
        "[providers.box]\nkind = 'openai'\nbase_url = '{}'\n[models.'box/blind']\nlacks = ['vision']\n",
        server.url("/v1")
    );
    (server, Home::with(&configuration))
}

fn bodies(server: &Server) -> Vec<String> {
    server.seen().iter().map(|seen| String::from_utf8(seen.body.clone()).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_goes_with_the_prompt_and_with_every_later_turn() {
    let (server, home) = home().await;
    std::fs::write(home.beside().join("a.png"), PIXEL).unwrap();
    std::fs::write(home.beside().join("notes.md"), "# Notes\n").unwrap();
    tokio::task::block_in_place(|| {
        let said = home.run(&["chat", "-m", "box/m", "-f", "a.png", "-f", "notes.md", "what is it?"]);
        assert_eq!(said.stdout, "Hello\n", "{}", said.stderr);
        let listed = home.run(&["conversations", "list"]).stdout;
        assert!(listed.contains("what is it?") && !listed.contains("notes.md"), "{listed}");
        let id = listed.split(' ').next().unwrap();
        let shown = home.run(&["conversations", "show", id]).stdout;
        assert!(shown.contains("[image a.png, image/png]"), "{shown}");
        let said = home.run(&["chat", "-C", "and why?"]);
        assert_eq!(said.stdout, "Hello\n", "{}", said.stderr);
    });
    let bodies = bodies(&server);
    assert_eq!(bodies.len(), 2);
    for body in &bodies {
        assert!(body.contains("data:image/png;base64,iVBORw0KGgo"), "{body}");
        assert!(body.contains("notes.md:") && body.contains("what is it?"), "{body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_carries_its_attachments_to_another_home_and_markdown_has_them_beside_it() {
    let (_server, home) = home().await;
    std::fs::write(home.beside().join("a.png"), PIXEL).unwrap();
    std::fs::write(home.beside().join("é.pdf"), "%PDF-1.7").unwrap();
    tokio::task::block_in_place(|| {
        home.run(&["chat", "-m", "box/m", "-f", "a.png", "-f", "é.pdf", "what is it?"]);
        for form in ["json", "jsonl"] {
            let file = home.beside().join(format!("all.{form}"));
            // The file's name says which form it is.
            let said = home.run(&["conversations", "export", "--json", "-o", file.to_str().unwrap()]);
            assert_eq!(said.code, Some(0), "{}", said.stderr);
            assert_eq!(said.objects().last().unwrap()["reply"], "done");
            let other = Home::new();
            let said = other.run(&["conversations", "import", file.to_str().unwrap()]);
            assert_eq!((said.code, said.stderr.as_str()), (Some(0), "note: 1 conversation imported\n"));
            other.run(&["conversations", "export", "-o", "out/"]);
            let written: Vec<_> =
                files(&other.beside().join("out")).into_iter().map(|(path, _)| path).collect();
            assert!(
                written.iter().any(|path| path.to_string_lossy().contains("attachments/a-")),
                "{written:?}"
            );
            let of = |end: &str| written.iter().find(|path| path.to_string_lossy().ends_with(end)).unwrap();
            assert_eq!(std::fs::read(of(".png")).unwrap(), PIXEL);
            assert_eq!(std::fs::read(of(".pdf")).unwrap(), b"%PDF-1.7");
            let text = std::fs::read_to_string(of(".md")).unwrap();
            for path in [of(".png"), of(".pdf")] {
                assert_eq!(path.parent().unwrap().file_name().unwrap(), "attachments");
                let name = path.file_name().unwrap().to_string_lossy().replace('é', "%C3%A9");
                assert!(text.contains(&format!("](attachments/{name})")), "{name}: {text}");
            }
            // The same again is no overwriting, and what is another file is not touched.
            let beside = ["conversations", "export", "--attachments", "out/attachments"];
            assert_eq!(other.run(&beside).code, Some(0));
            std::fs::write(of(".png"), "mine").unwrap();
            let said = other.run(&beside);
            assert!(said.code == Some(2) && said.stderr.contains("--force"), "{}", said.stderr);
            assert_eq!(std::fs::read(of(".png")).unwrap(), b"mine");
        }
        let said = home.run(&["conversations", "export", "-f", "json", "--attachments", "x"]);
        assert!(said.code == Some(2) && said.stderr.contains("hold them themselves"), "{}", said.stderr);
        // What an older export left out is named.
        let text = std::fs::read_to_string(home.beside().join("all.json")).unwrap();
        let mut whole: serde_json::Value = serde_json::from_str(&text).unwrap();
        whole[0].as_object_mut().unwrap().remove("attachments");
        let said = Home::new().fed(&whole.to_string(), &["conversations", "import", "-"]);
        assert!(said.stderr.contains("2 × attachment: its bytes are not in the file"), "{}", said.stderr);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn the_request_of_an_answer_is_printed_as_a_program_that_asks_the_same() {
    let (server, home) = home().await;
    std::fs::write(home.beside().join("a.png"), PIXEL).unwrap();
    tokio::task::block_in_place(|| {
        home.run(&["chat", "-m", "box/m", "-f", "a.png", "--system", "It's \u{1b}[31mred.", "it's what?"]);
        let id = home.run(&["conversations", "list"]).stdout.split(' ').next().unwrap().to_owned();
        let curl = home.run(&["conversations", "request", &id]);
        assert_eq!((curl.code, curl.stderr.as_str()), (Some(0), ""));
        let url = server.url("/v1/chat/completions");
        assert!(curl.stdout.starts_with(&format!("curl -sSN --globoff '{url}' \\\n")), "{}", curl.stdout);
        assert!(
            curl.stdout.contains("It's \\u001b[31mred.") && curl.stdout.contains("iVBORw0KGgo"),
            "{}",
            curl.stdout
        );
        let python = home.run(&["conversations", "request", &id, "--as", "openai-python"]);
        assert!(python.stdout.contains("client.chat.completions.create("), "{}", python.stdout);
        let refused = home.run(&["conversations", "request", &id, "--as", "boto3"]);
        assert!(
            refused.code == Some(2) && refused.stderr.contains("not on Amazon Bedrock"),
            "{}",
            refused.stderr
        );
        let json = home.run(&["conversations", "request", &id, "--json"]).objects().remove(0);
        assert_eq!(json["text"], serde_json::json!(curl.stdout));
        // Of what the person said: what it would ask for now, which is the same here.
        let shown = home.run(&["conversations", "show", "--json", &id]).objects();
        let said = shown[0]["thread"]["messages"][0]["id"].as_str().unwrap().to_owned();
        let of_said = home.run(&["conversations", "request", &id, "--at", &said]);
        assert_eq!((of_said.stdout, of_said.code), (curl.stdout, Some(0)), "{}", of_said.stderr);
    });
    assert_eq!(server.seen().len(), 1, "nothing is sent for it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_for_a_model_that_cannot_see_is_refused_before_anything_is_sent() {
    let (server, home) = home().await;
    std::fs::write(home.beside().join("a.png"), PIXEL).unwrap();
    tokio::task::block_in_place(|| {
        let said = home.run(&["chat", "-m", "box/blind", "-f", "a.png", "what is it?"]);
        assert!(said.code == Some(2) && said.stderr.contains("vision"), "{}", said.stderr);
    });
    assert!(bodies(&server).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_model_takes_is_said_with_its_name() {
    let (_server, home) = home().await;
    std::fs::write(home.beside().join("a.bin"), b"\0\x01\x02").unwrap();
    tokio::task::block_in_place(|| {
        let said = home.run(&["chat", "-m", "box/m", "-f", "a.bin", "what is it?"]);
        assert!(said.code == Some(2) && said.stderr.contains("a.bin"), "{}", said.stderr);
        let said = home.run(&["chat", "-m", "box/m", "-f", "gone.png", "what is it?"]);
        assert!(said.code == Some(2) && said.stderr.contains("gone.png"), "{}", said.stderr);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn files_go_to_an_agent_with_the_question_and_to_every_later_one_of_its_run() {
    let (server, home) = home().await;
    std::fs::write(home.beside().join("a.png"), PIXEL).unwrap();
    std::fs::write(home.beside().join("notes.md"), "# Notes\n").unwrap();
    let agent = "name = 'a'\ninstruction = 'You help.'\nmodel = 'box/m'\n";
    std::fs::write(home.beside().join("a.toml"), agent).unwrap();
    tokio::task::block_in_place(|| {
        let made = home.run(&["agent", "create", "a.toml"]);
        assert_eq!(made.code, Some(0), "{made:?}");
        let said = home.run(&["agent", "run", "a", "-f", "a.png", "-f", "notes.md", "what is it?"]);
        assert_eq!(said.stdout, "Hello\n", "{}", said.stderr);
        let shown = home.run(&["agent", "show", "a", "--json"]).objects();
        let run = shown.iter().find(|one| one["reply"] == "agent_run").unwrap();
        let run = run["run"]["id"].as_str().unwrap().to_owned();
        let said = home.run(&["agent", "run", "a", "--run", &run, "and why?"]);
        assert_eq!(said.stdout, "Hello\n", "{}", said.stderr);
        // What cannot be done with a file is said as in a chat.
        let alone = home.run(&["agent", "run", "a", "-f", "a.png"]);
        assert!(alone.code == Some(2) && alone.stderr.contains("Write beside the file"), "{alone:?}");
        let waits = home.run(&["agent", "run", "a", "-f", "a.png", "--answer", "call=this"]);
        assert!(waits.code == Some(2) && waits.stderr.contains("in words"), "{waits:?}");
        let blind = home.run(&["agent", "run", "a", "-m", "box/blind", "-f", "a.png", "what is it?"]);
        assert!(blind.code == Some(2) && blind.stderr.contains("vision"), "{blind:?}");
        for file in ["none.png", "a.toml/none", "."] {
            let chat = home.run(&["chat", "-m", "box/m", "-f", file, "hm"]);
            let agent = home.run(&["agent", "run", "a", "-f", file, "hm"]);
            assert_eq!((agent.code, agent.stderr), (Some(2), chat.stderr));
        }
    });
    let bodies = bodies(&server);
    assert_eq!(bodies.len(), 2);
    for body in &bodies {
        assert!(body.contains("data:image/png;base64,iVBORw0KGgo"), "{body}");
        assert!(body.contains("notes.md:") && body.contains("what is it?"), "{body}");
    }
}
