//! Turns through the real door: the scripted voice, a real store in a temporary folder.

use futures_util::StreamExt;
use outcrop::config::{Config, Environment, Flags};
use outcrop::domain::conversation::{Change, Conversation, Format, Target, Thread};
use outcrop::domain::delta::Event;
use outcrop::domain::id::ConversationId;
use outcrop::domain::message::{BlobId, Block, Message, Outcome, Role, StopReason};
use outcrop::domain::settings::Settings;
use outcrop::domain::{Error, ErrorKind};
use outcrop::workbench::attached::{Knock, Owning};
use outcrop::workbench::here::Here;
use outcrop::workbench::request::chat::Chat;
use outcrop::workbench::request::conversations::Conversations;
use outcrop::workbench::request::models::Models;
use outcrop::workbench::request::workspace::Workspace;
use outcrop::workbench::request::{Request, Topic};
use outcrop::workbench::{Changed, Context, Door, Face, Reply};

/// A home with the scripted voice.
pub struct Home(tempfile::TempDir);

impl Home {
    pub fn new() -> Self {
        Self::with("")
    }

    /// And with what else the configuration says.
    pub fn with(more: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        let scripted = "[providers.scripted]\nkind = \"scripted\"\n";
        std::fs::write(home.path().join("config.toml"), format!("{scripted}{more}")).unwrap();
        Self(home)
    }

    /// The folder of its store.
    pub fn workspace(&self) -> std::path::PathBuf {
        self.config().paths.workspace()
    }

    fn config(&self) -> Config {
        let variables = [("OUTCROP_HOME".to_owned(), self.0.path().to_str().unwrap().to_owned())];
        Config::load(&Environment::from_vars(variables), &Flags::default()).unwrap()
    }

    /// Opens the workspace as a process does.
    pub async fn open(&self) -> Door {
        let config = self.config();
        // A child that another test is just starting holds a copy of the last owner's lock until its program begins.
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
        loop {
            let config = config.clone();
            let open = tokio::task::spawn_blocking(move || Here::open(&config, &Knock::default()));
            match open.await.unwrap().unwrap() {
                Owning::Ours(door) => return door,
                Owning::Anothers { pid } => {
                    assert!(std::time::Instant::now() < deadline, "{pid:?} has it");
                    tokio::task::yield_now().await;
                }
            }
        }
    }
}

pub fn call(door: &Door, request: Request) -> outcrop::workbench::Replies {
    door.call(Context::of(Face::Cli), request)
}

fn change(id: ConversationId, change: Change) -> Request {
    Request::Conversations(Conversations::Change { id, change })
}

pub async fn one(door: &Door, request: Request) -> Result<Reply, Error> {
    call(door, request).next().await.expect("a reply")
}

fn text(text: &str) -> Vec<Block> {
    vec![Block::Text { text: text.to_owned() }]
}

fn say(model: &str, words: &str) -> Request {
    let to = Target::New { model: model.parse().unwrap(), system: None, settings: Settings::default() };
    Request::Chat(Chat::Send { to, blocks: text(words) })
}

/// A turn, to its end: the head, the question, the answer, and the text as it streamed.
pub async fn turn(door: &Door, request: Request) -> (Conversation, Option<Message>, Message, String) {
    let mut replies = call(door, request);
    let Some(Ok(Reply::Started { conversation, asked, answer })) = replies.next().await else {
        panic!("the turn did not start")
    };
    assert_eq!(answer.answer.as_ref().unwrap().outcome, Outcome::Streaming);
    let mut streamed = String::new();
    loop {
        match replies.next().await.expect("an end").unwrap() {
            Reply::Delta { event: Event::Text { text } } => streamed.push_str(&text),
            Reply::Delta { .. } => {}
            Reply::Finished { answer } => return (conversation, asked, answer, streamed),
            other => panic!("{other:?}"),
        }
    }
}

pub async fn open(door: &Door, id: ConversationId) -> Thread {
    match one(door, Request::Conversations(Conversations::Open { id })).await.unwrap() {
        Reply::Thread { thread } => thread,
        other => panic!("{other:?}"),
    }
}

pub fn outcome(message: &Message) -> &Outcome {
    &message.answer.as_ref().unwrap().outcome
}

#[tokio::test]
async fn a_turn_is_answered_stored_and_still_there_in_the_next_process() {
    let home = Home::new();
    let door = home.open().await;
    let (head, asked, answer, streamed) = turn(&door, say("scripted/echo", "why do rivers meander?")).await;
    assert_eq!(head.title, "why do rivers meander?");
    assert_eq!(answer.text(), streamed);
    assert_eq!(answer.text(), "why do rivers meander?");
    assert_eq!(*outcome(&answer), Outcome::Complete { reason: StopReason::EndTurn });
    assert!(answer.answer.as_ref().unwrap().usage.output.is_some());
    door.close().await;
    drop(door);

    let door = home.open().await;
    let thread = open(&door, head.id).await;
    assert_eq!(thread.messages, [asked.unwrap(), answer]);
    assert_eq!(thread.conversation.leaf, Some(thread.messages[1].id));
}

#[tokio::test]
async fn going_away_in_the_middle_keeps_what_came_and_marks_it_stopped() {
    let home = Home::new();
    let door = home.open().await;
    let mut watch = call(&door, Request::Watch { topic: Topic::Conversations });
    let mut replies = call(&door, say("scripted/stream-100000@2000", "go"));
    let mut words = 0;
    let mut id = None;
    while words < 20 {
        match replies.next().await.unwrap().unwrap() {
            Reply::Started { conversation, .. } => id = Some(conversation.id),
            Reply::Delta { event: Event::Text { text } } => words += text.split_whitespace().count(),
            _ => {}
        }
    }
    drop(replies);
    let id = id.unwrap();
    assert!(matches!(
        watch.next().await,
        Some(Ok(Reply::Changed { number: 1, change: Changed::Conversation { .. } }))
    ));
    drop(watch);
    // The end of the turn is told to those who watch the conversation; closing waits for it in any case.
    door.close().await;
    drop(door);
    let thread = open(&home.open().await, id).await;
    assert_eq!(*outcome(&thread.messages[1]), Outcome::Stopped);
    assert!(thread.messages[1].text().split_whitespace().count() >= 20);
}

#[tokio::test]
async fn going_away_before_a_word_came_ends_the_turn() {
    let home = Home::new();
    let door = home.open().await;
    let mut replies = call(&door, say("scripted/hang", "go"));
    let Some(Ok(Reply::Started { conversation, .. })) = replies.next().await else {
        panic!("it did not start")
    };
    let mut watch = call(&door, Request::Watch { topic: Topic::Conversation(conversation.id) });
    drop(replies);
    let stopped = async {
        while let Some(reply) = watch.next().await {
            if let Ok(Reply::Changed { change: Changed::Message { message }, .. }) = reply
                && message.answer.is_some()
            {
                return outcome(&message).clone();
            }
        }
        panic!("nothing more is told")
    };
    assert_eq!(crate::soon(stopped).await, Outcome::Stopped);
}

#[tokio::test]
async fn a_failing_model_keeps_the_question_and_its_own_words() {
    let door = Home::new();
    let door = door.open().await;
    let (head, asked, answer, _) = turn(&door, say("scripted/fail-429", "hello")).await;
    let Outcome::Failed { error } = outcome(&answer) else { panic!("{answer:?}") };
    assert!(matches!(error.kind, ErrorKind::RateLimited { .. }));
    assert_eq!(open(&door, head.id).await.messages[0], asked.unwrap());
}

#[tokio::test]
async fn a_cut_stream_keeps_what_came() {
    let home = Home::new();
    let door = home.open().await;
    let (_, _, answer, streamed) = turn(&door, say("scripted/cut", "hello")).await;
    assert_eq!(answer.text(), streamed);
    assert_eq!(answer.text().split_whitespace().count(), 3);
    let usage = answer.answer.as_ref().unwrap().usage;
    assert_eq!(usage.output, Some(3), "what came is counted though the voice never got to say it");
    assert!(matches!(outcome(&answer), Outcome::Failed { error } if error.kind == ErrorKind::Network));
}

#[tokio::test]
async fn retry_and_edit_make_branches_that_both_stay() {
    let home = Home::new();
    let door = home.open().await;
    let (head, asked, first, _) = turn(&door, say("scripted/echo", "one")).await;
    let asked = asked.unwrap();
    let retry = Request::Chat(Chat::Retry { conversation: head.id, message: first.id });
    let (_, none, second, _) = turn(&door, retry).await;
    assert!(none.is_none());
    assert_eq!(second.parent, first.parent);
    assert_ne!(second.id, first.id);

    let to = Target::After { conversation: head.id, parent: asked.parent };
    let (_, edited, _, _) = turn(&door, Request::Chat(Chat::Send { to, blocks: text("two") })).await;
    assert_eq!(edited.unwrap().parent, None);
    let thread = open(&door, head.id).await;
    assert_eq!(thread.messages.len(), 5);

    let change = Change { leaf: Some(first.id), ..Change::default() };
    let back =
        one(&door, Request::Conversations(Conversations::Change { id: head.id, change })).await.unwrap();
    assert!(matches!(back, Reply::Conversation { head } if head.leaf == Some(first.id)));
}

#[tokio::test]
async fn continuing_appends_to_the_same_answer() {
    let home = Home::new();
    let door = home.open().await;
    let (head, _, answer, _) = turn(&door, say("scripted/cut", "hello there my friend")).await;
    let change = Change { model: Some("scripted/stream-5".parse().unwrap()), ..Change::default() };
    one(&door, Request::Conversations(Conversations::Change { id: head.id, change })).await.unwrap();
    let request = Request::Chat(Chat::Continue { conversation: head.id, message: answer.id });
    let (_, _, longer, streamed) = turn(&door, request).await;
    assert_eq!(longer.id, answer.id);
    assert_eq!(longer.text(), answer.text() + &streamed);
    assert_eq!(open(&door, head.id).await.messages.len(), 2);
}

#[tokio::test]
async fn an_empty_message_and_an_unknown_model_are_refused_before_anything_is_written() {
    let home = Home::new();
    let door = home.open().await;
    for (request, kind) in
        [(say("scripted/echo", "  \n"), ErrorKind::Invalid), (say("nobody/x", "hi"), ErrorKind::NotFound)]
    {
        assert_eq!(one(&door, request).await.unwrap_err().kind, kind);
    }
    let list =
        one(&door, Request::Conversations(Conversations::List { limit: 9, before: None })).await.unwrap();
    assert_eq!(list, Reply::Conversations { heads: vec![], more: false });
}

#[tokio::test]
async fn search_finds_titles_and_every_message_and_says_where() {
    let home = Home::new();
    let door = home.open().await;
    turn(&door, say("scripted/echo", "the Mäander of rivers")).await;
    turn(&door, say("scripted/echo", "something else")).await;
    let query = Request::Conversations(Conversations::Search { query: "mÄANDER".into(), limit: 10 });
    let mut hits = Vec::new();
    let mut replies = call(&door, query);
    while let Some(reply) = replies.next().await {
        let Reply::Hits { hits: batch } = reply.unwrap() else { panic!() };
        hits.extend(batch);
    }
    assert_eq!(hits.len(), 3, "the title, the question, the answer");
    for hit in hits {
        assert_eq!(&hit.snippet[hit.matched.0..hit.matched.1], "Mäander");
    }
}

#[tokio::test]
async fn a_fork_is_a_conversation_of_its_own_and_removal_takes_everything() {
    let home = Home::new();
    let door = home.open().await;
    let (head, _, _, _) = turn(&door, say("scripted/echo", "one")).await;
    let fork = Request::Conversations(Conversations::Fork { id: head.id, at: None });
    let Reply::Conversation { head: copy } = one(&door, fork).await.unwrap() else { panic!() };
    assert_ne!(copy.id, head.id);
    assert_eq!(
        (head.forked_from, copy.forked_from),
        (None, Some(head.id)),
        "it knows what it was copied from"
    );
    one(&door, Request::Conversations(Conversations::Remove { id: head.id })).await.unwrap();
    let gone = one(&door, Request::Conversations(Conversations::Open { id: head.id })).await.unwrap_err();
    assert_eq!(gone.kind, ErrorKind::NotFound);
    let thread = open(&door, copy.id).await;
    assert_eq!(thread.messages.iter().map(|m| m.role).collect::<Vec<_>>(), [Role::User, Role::Assistant]);
    let end = copy.id.to_string();
    let find = |text: &str| Request::Conversations(Conversations::Find { text: text.to_owned() });
    assert!(
        matches!(one(&door, find(&end[20..])).await.unwrap(), Reply::Thread { thread } if thread.conversation.id == copy.id)
    );
    assert_eq!(one(&door, find("ffffffffff")).await.unwrap_err().kind, ErrorKind::NotFound);
}

#[tokio::test]
async fn an_exported_conversation_can_be_read_again_twice_without_touching_the_first() {
    let home = Home::new();
    let door = home.open().await;
    let (head, _, _, _) = turn(&door, say("scripted/markdown", "show me")).await;
    let before = open(&door, head.id).await;
    let export =
        Request::Conversations(Conversations::Export { ids: vec![], format: Format::Jsonl, folder: None });
    let Reply::Export { text, .. } = one(&door, export).await.unwrap() else { panic!() };
    for _ in 0..2 {
        let import = Request::Conversations(Conversations::Import { text: text.clone(), skip_known: false });
        let Reply::Imported { heads, skipped, known } = one(&door, import).await.unwrap() else { panic!() };
        assert_eq!((heads.len(), skipped.len(), known), (1, 0, 1), "that it is a copy is said");
        let copy = open(&door, heads[0].id).await;
        assert_ne!(copy.conversation.id, head.id);
        let texts = |thread: &Thread| thread.messages.iter().map(Message::text).collect::<Vec<_>>();
        assert_eq!(texts(&copy), texts(&before));
    }
    assert_eq!(open(&door, head.id).await, before);
    let import = Request::Conversations(Conversations::Import { text, skip_known: true });
    let Reply::Imported { heads, known, .. } = one(&door, import).await.unwrap() else { panic!() };
    assert_eq!((heads.len(), known), (0, 1), "it is left out where that is wished");
}

#[tokio::test]
async fn a_backup_brings_back_what_was_deleted() {
    let home = Home::new();
    let door = home.open().await;
    let (head, _, _, _) = turn(&door, say("scripted/echo", "keep me")).await;
    let file = home.0.path().join("backup");
    one(&door, Request::Workspace(Workspace::Backup { to: file.clone() })).await.unwrap();
    one(&door, Request::Conversations(Conversations::Remove { id: head.id })).await.unwrap();
    one(&door, Request::Workspace(Workspace::Restore { from: file })).await.unwrap();
    assert_eq!(open(&door, head.id).await.messages.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_that_come_at_once_are_all_kept() {
    let home = Home::new();
    let door = home.open().await;
    let (head, _, _, _) = turn(&door, say("scripted/echo", "go")).await;
    for round in 0..20_u64 {
        let model = if round % 2 == 0 { "scripted/markdown" } else { "scripted/wide" };
        let system = format!("round {round}");
        let settings = Settings { seed: Some(round), ..Settings::default() };
        let changes = [
            Change { model: Some(model.parse().unwrap()), ..Change::default() },
            Change { system: Some(system.clone()), ..Change::default() },
            Change { settings: Some(settings.clone()), ..Change::default() },
            Change { title: Some(system.clone()), ..Change::default() },
        ];
        let all = changes.map(|one_of| {
            let mut replies = call(&door, change(head.id, one_of));
            tokio::spawn(async move { replies.next().await.unwrap().unwrap() })
        });
        for one in all {
            one.await.unwrap();
        }
        let kept = open(&door, head.id).await.conversation;
        assert_eq!(kept.model.unwrap().as_str(), model);
        assert_eq!(kept.system.as_deref(), Some(system.as_str()));
        assert_eq!(kept.title, system);
        assert_eq!(kept.settings, settings);
    }
}

#[tokio::test]
async fn a_conversation_that_is_removed_while_it_streams_is_gone_for_good() {
    let home = Home::new();
    let door = home.open().await;
    let mut replies = call(&door, say("scripted/stream-100000@2000", "go"));
    let Some(Ok(Reply::Started { conversation, .. })) = replies.next().await else { panic!() };
    one(&door, Request::Conversations(Conversations::Remove { id: conversation.id })).await.unwrap();
    // Its own end finds no conversation to be written into.
    let last = loop {
        if let Reply::Finished { answer } = replies.next().await.unwrap().unwrap() {
            break answer;
        }
    };
    assert_eq!(*outcome(&last), Outcome::Stopped);
    let Reply::Workspace { info } = one(&door, Request::Workspace(Workspace::Info)).await.unwrap() else {
        panic!()
    };
    assert_eq!((info.conversations, info.messages), (0, 0));
}

#[tokio::test]
async fn an_answer_that_is_being_written_cannot_be_continued_by_another() {
    let home = Home::new();
    let door = home.open().await;
    let mut replies = call(&door, say("scripted/stream-100000@2000", "go"));
    let Some(Ok(Reply::Started { conversation, answer, .. })) = replies.next().await else { panic!() };
    let again = || Request::Chat(Chat::Continue { conversation: conversation.id, message: answer.id });
    // Some of it is stored, so that there is something to continue.
    let refused = loop {
        let _ = replies.next().await;
        let error = one(&door, again()).await.unwrap_err();
        if error.kind != ErrorKind::Invalid {
            break error;
        }
    };
    assert_eq!(refused.kind, ErrorKind::Busy, "{refused}");
    drop(replies);
    door.close().await;
}

#[tokio::test]
async fn what_is_taken_back_of_a_continuation_leaves_the_text_before_it_alone() {
    let home = Home::new();
    let door = home.open().await;
    let (head, _, before, _) = turn(&door, say("scripted/cut", "hello there my friend")).await;
    let model = Some("scripted/replace".parse().unwrap());
    one(&door, change(head.id, Change { model, ..Change::default() })).await.unwrap();
    let request = Request::Chat(Chat::Continue { conversation: head.id, message: before.id });
    let (_, _, after, _) = turn(&door, request).await;
    assert!(after.text().starts_with(&before.text()), "{:?} then {:?}", before.text(), after.text());
    assert!(after.text().ends_with("The code is [masked]"), "{:?}", after.text());
}

#[tokio::test]
async fn what_a_model_s_card_lacks_is_refused_by_name_before_it_is_asked() {
    let home = Home::new();
    let door = home.open().await;
    one(&door, Request::Models(Models::List { probe: false })).await.unwrap();
    let model = "scripted/echo".parse().unwrap();
    let to = Target::New { model, system: None, settings: Settings::default() };
    let mut blocks = text("what is this?");
    blocks.push(Block::Image { media_type: "image/png".into(), blob: BlobId("00".into()), file: None });
    let mut replies = call(&door, Request::Chat(Chat::Send { to, blocks }));
    let mut last = None;
    while let Some(reply) = replies.next().await {
        last = Some(reply);
    }
    let Some(Ok(Reply::Finished { answer })) = last else { panic!("{last:?}") };
    let Outcome::Failed { error } = outcome(&answer) else { panic!("{answer:?}") };
    assert_eq!(error.kind, ErrorKind::Refused { capability: "vision".into() });
    assert!(error.to_string().contains("scripted/echo has no vision"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_on_trial_is_answered_with_its_figures_and_kept_nowhere() {
    let home = Home::new();
    let door = home.open().await;
    let id = "scripted/echo".parse().unwrap();
    let ask = Request::Models(Models::Try { id, text: "hello there".into() });
    let replies: Vec<_> = call(&door, ask).map(Result::unwrap).collect().await;
    let text: String = replies
        .iter()
        .filter_map(|reply| match reply {
            Reply::Delta { event: Event::Text { text } } => Some(text.as_str()),
            _ => None,
        })
        .collect();
    assert!(text.contains("hello there"), "{text}");
    let Some(Reply::Tried { tried }) = replies.last() else { panic!("{replies:?}") };
    assert!(tried.timing.total_ms.is_some() && tried.timing.first_token_ms <= tried.timing.total_ms);
    let list = Request::Conversations(Conversations::List { limit: 9, before: None });
    assert!(matches!(one(&door, list).await, Ok(Reply::Conversations { heads, .. }) if heads.is_empty()));
    let unknown = Request::Models(Models::Try { id: "nobody/x".parse().unwrap(), text: "hi".into() });
    assert_eq!(one(&door, unknown).await.unwrap_err().kind, ErrorKind::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_health_of_one_provider_is_what_the_doctor_says_of_it() {
    let home = Home::new();
    let door = home.open().await;
    let health = Request::Models(Models::Health { provider: "scripted".into() });
    let Ok(Reply::Checks { checks }) = one(&door, health).await else { panic!("no checks") };
    assert!(checks.len() == 1 && checks[0].what == "provider scripted", "{checks:?}");
}

#[tokio::test]
async fn a_picture_in_an_answer_is_kept_in_its_place_with_its_bytes() {
    let home = Home::new();
    let door = home.open().await;
    let (head, _, answer, _) = turn(&door, say("scripted/picture", "draw")).await;
    let [Block::Text { .. }, Block::Image { media_type, blob, .. }, Block::Text { .. }] = &answer.blocks[..]
    else {
        panic!("{:?}", answer.blocks)
    };
    assert_eq!(media_type, "image/png");
    assert!(!blob.0.is_empty());
    assert_eq!(open(&door, head.id).await.messages[1], answer);
}
