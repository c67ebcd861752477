//! The library of prompts through the real door: versions, drafts, runs.

use futures_util::StreamExt;
use outcrop::domain::conversation::Conversation;
use outcrop::domain::id::PromptId;
use outcrop::domain::message::{Outcome, StopReason};
use outcrop::domain::prompt::{Book, Prompt, Run, Sketch, Template, Values};
use outcrop::domain::{Error, ErrorKind};
use outcrop::workbench::request::conversations::Conversations;
use outcrop::workbench::request::prompts::Prompts;
use outcrop::workbench::request::{Request, Topic};
use outcrop::workbench::{Changed, Door, Reply};

use crate::chat::{Home, call, one, open, outcome, turn};

fn template(text: &str) -> Template {
    Template { text: text.to_owned(), model: "scripted/echo".parse().ok(), ..Template::default() }
}

fn values(pairs: &[(&str, &str)]) -> Values {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

async fn ask(door: &Door, request: Prompts) -> Result<Reply, Error> {
    one(door, Request::Prompts(request)).await
}

async fn book(door: &Door, request: Prompts) -> Book {
    match ask(door, request).await.unwrap() {
        Reply::Prompt { book } => book,
        other => panic!("{other:?}"),
    }
}

async fn create(door: &Door, name: &str, text: &str) -> Book {
    let (name, note) = (name.to_owned(), String::new());
    book(door, Prompts::Create { name, template: template(text), note, values: Values::new(), runs: false })
        .await
}

async fn library(door: &Door) -> Vec<Prompt> {
    match ask(door, Prompts::List).await.unwrap() {
        Reply::Prompts { prompts } => prompts,
        other => panic!("{other:?}"),
    }
}

async fn runs(door: &Door, of: Option<PromptId>) -> Vec<Conversation> {
    match ask(door, Prompts::Runs { of, limit: 10 }).await.unwrap() {
        Reply::Conversations { heads, .. } => heads,
        other => panic!("{other:?}"),
    }
}

async fn conversations(door: &Door) -> Vec<Conversation> {
    match one(door, Request::Conversations(Conversations::List { limit: 10, before: None })).await.unwrap() {
        Reply::Conversations { heads, .. } => heads,
        other => panic!("{other:?}"),
    }
}

fn run(of: &Book, given: &[(&str, &str)]) -> Request {
    let latest = of.latest().unwrap();
    Request::Prompts(Prompts::Run {
        of: Some(of.prompt.id),
        version: Some(latest.number),
        template: latest.template.clone(),
        values: values(given),
    })
}

#[tokio::test]
async fn versions_are_numbered_and_stay_and_the_same_again_is_refused() {
    let home = Home::new();
    let door = home.open().await;
    let first = create(&door, " Sum \n up ", "Sum up {{text}}").await;
    assert_eq!((first.prompt.name.as_str(), first.prompt.latest), ("Sum up", 1));
    let id = first.prompt.id;
    let save = |text: &str, note: &str| Prompts::Save { id, template: template(text), note: note.to_owned() };
    let error = ask(&door, save("Sum up {{text}}", "")).await.unwrap_err();
    assert_eq!((error.kind, error.why.as_str()), (ErrorKind::Invalid, "it is the same as version 1"));
    let second = book(&door, save("Sum up {{text}} in {{n}} words", "shorter")).await;
    assert_eq!(second.prompt.latest, 2);
    // An older one again is a version of its own.
    let third = book(&door, save("Sum up {{text}}", "back")).await;
    door.close().await;
    drop(door);

    let door = home.open().await;
    let kept = book(&door, Prompts::Open { id }).await;
    assert_eq!(kept, third);
    let notes: Vec<_> = kept.versions.iter().map(|v| (v.number, v.note.as_str())).collect();
    assert_eq!(notes, [(1, ""), (2, "shorter"), (3, "back")]);
    assert_eq!(kept.versions[0], first.versions[0]);
    // A draft in which nothing else was written is the newest version.
    assert_eq!(kept.draft.template, kept.versions[2].template);
    assert!(ask(&door, save(" ", "")).await.unwrap_err().why.contains("empty"));
}

#[tokio::test]
async fn a_name_belongs_to_one_prompt_and_finds_it() {
    let home = Home::new();
    let door = home.open().await;
    let one = create(&door, "Reply", "a").await.prompt;
    let other = create(&door, "Greeting", "b").await.prompt;
    let taken = |name: &str| Prompts::Create {
        name: name.to_owned(),
        template: template("c"),
        note: String::new(),
        values: Values::new(),
        runs: false,
    };
    assert!(ask(&door, taken("reply")).await.unwrap_err().why.contains("already"));
    assert!(ask(&door, taken(" ")).await.unwrap_err().why.contains("no name"));
    let rename = |name: &str| Prompts::Rename { id: other.id, name: name.to_owned() };
    assert!(ask(&door, rename("REPLY")).await.unwrap_err().why.contains("already"));
    assert_eq!(book(&door, rename("greeting")).await.prompt.name, "greeting");
    assert_eq!(book(&door, Prompts::Find { name: "REPLY".to_owned() }).await.prompt.id, one.id);
    let error = ask(&door, Prompts::Find { name: "gone".to_owned() }).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotFound);
    let names: Vec<_> = library(&door).await.into_iter().map(|prompt| prompt.name).collect();
    assert_eq!(names, ["greeting", "Reply"], "the last changed first");
}

#[tokio::test]
async fn the_runs_of_what_had_no_name_go_with_it_once_it_is_saved() {
    let home = Home::new();
    let door = home.open().await;
    let nameless =
        Prompts::Run { of: None, version: None, template: template("Say it"), values: Values::new() };
    let (head, ..) = turn(&door, Request::Prompts(nameless)).await;
    let other = create(&door, "other", "Say that").await.prompt;
    assert_eq!(runs(&door, Some(other.id)).await, [], "what is written elsewhere has no part in them");
    let (name, note) = ("say".to_owned(), String::new());
    let save =
        Prompts::Create { name, template: template("Say it"), note, values: Values::new(), runs: true };
    let made = book(&door, save).await.prompt;
    assert_eq!(runs(&door, None).await, []);
    let found = runs(&door, Some(made.id)).await;
    assert_eq!(found.iter().map(|run| run.id).collect::<Vec<_>>(), [head.id]);
    assert_eq!(found[0].run.as_ref().unwrap().prompt, Some(made.id));
    assert_eq!(conversations(&door).await, [], "they are no conversations yet");
}

#[tokio::test]
async fn a_run_is_a_turn_of_its_own_that_no_list_of_conversations_has() {
    let home = Home::new();
    let door = home.open().await;
    let mut watch = call(&door, Request::Watch { topic: Topic::Conversations });
    let made = create(&door, "Greet", "Hello {{name}}, from {{place}}!").await;
    let given = [("name", "{{place}}"), ("place", "Basel")];
    let (head, asked, answer, streamed) = turn(&door, run(&made, &given)).await;
    assert_eq!(asked.unwrap().text(), "Hello {{place}}, from Basel!");
    assert_eq!(streamed, "Hello {{place}}, from Basel!");
    assert_eq!(*outcome(&answer), Outcome::Complete { reason: StopReason::EndTurn });
    let of =
        Run { prompt: Some(made.prompt.id), name: "Greet".into(), version: Some(1), values: values(&given) };
    assert_eq!(head.run, Some(of));
    let (second, ..) = turn(&door, run(&made, &given)).await;
    let ids = |heads: Vec<Conversation>| heads.into_iter().map(|head| head.id).collect::<Vec<_>>();
    assert_eq!(ids(runs(&door, Some(made.prompt.id)).await), [second.id, head.id], "the newest first");
    assert_eq!(ids(runs(&door, None).await), []);
    assert_eq!(ids(conversations(&door).await), []);
    let found = one_search(&door, "Basel").await;
    assert_eq!(found, 0, "nor does the search");
    door.close().await;
    drop(door);

    let door = home.open().await;
    assert_eq!(open(&door, head.id).await.messages.len(), 2);
    // Until the person goes on with it.
    let went_on = match ask(&door, Prompts::GoOn { run: head.id }).await.unwrap() {
        Reply::Conversation { head } => head,
        other => panic!("{other:?}"),
    };
    assert_eq!((went_on.run.as_ref(), went_on.title.as_str()), (None, "Hello {{place}}, from Basel!"));
    assert_eq!(conversations(&door).await, [went_on]);
    assert_eq!(ids(runs(&door, Some(made.prompt.id)).await), [second.id]);
    assert_eq!(one_search(&door, "Basel").await, 1);
    drop(door);
    // The first watcher was told of no run.
    assert!(!matches!(watch.next().await, Some(Ok(Reply::Changed { .. }))));
}

async fn one_search(door: &Door, words: &str) -> usize {
    let query = words.to_owned();
    let hits = call(door, Request::Conversations(Conversations::Search { query, limit: 10 }));
    hits.map(|reply| matches!(reply, Ok(Reply::Hits { hits }) if !hits.is_empty()))
        .filter(|hit| std::future::ready(*hit))
        .count()
        .await
}

#[tokio::test]
async fn values_that_are_missing_are_named_and_nothing_is_sent() {
    let home = Home::new();
    let door = home.open().await;
    let made = create(&door, "Greet", "{{b}} {{a}} {{c}}").await;
    let error = call(&door, run(&made, &[("a", "")])).next().await.unwrap().unwrap_err();
    assert_eq!((error.kind, error.why.as_str()), (ErrorKind::Invalid, "b, c have no value"));
    assert_eq!(runs(&door, Some(made.prompt.id)).await, []);
    // What has no name yet runs as well; a model is needed.
    let mut nameless = template("Hi");
    let request = |template| {
        Request::Prompts(Prompts::Run { of: None, version: None, template, values: Values::new() })
    };
    let (head, ..) = turn(&door, request(nameless.clone())).await;
    assert_eq!(runs(&door, None).await, [head]);
    nameless.model = None;
    let error = call(&door, request(nameless)).next().await.unwrap().unwrap_err();
    assert!(error.why.contains("no model"), "{error}");
}

#[tokio::test]
async fn drafts_are_kept_beside_the_versions_and_an_empty_one_goes() {
    let home = Home::new();
    let door = home.open().await;
    let made = create(&door, "Greet", "one {{a}}").await;
    let id = made.prompt.id;
    let written = Sketch { template: template("two {{a}}"), values: values(&[("a", "b")]) };
    for of in [Some(id), None] {
        let reply = ask(&door, Prompts::SaveDraft { of, draft: written.clone() }).await.unwrap();
        assert_eq!(reply, Reply::Done);
    }
    drop(door);
    let door = home.open().await;
    assert_eq!(book(&door, Prompts::Open { id }).await.draft, written);
    assert_eq!(ask(&door, Prompts::LoadDraft).await.unwrap(), Reply::Sketch { draft: written.clone() });
    // A version that comes from elsewhere leaves what is being written as it is.
    let save = Prompts::Save { id, template: template("three"), note: String::new() };
    assert_eq!(book(&door, save).await.draft, written);
    ask(&door, Prompts::SaveDraft { of: None, draft: Sketch::default() }).await.unwrap();
    assert_eq!(ask(&door, Prompts::LoadDraft).await.unwrap(), Reply::Sketch { draft: Sketch::default() });
}

#[tokio::test]
async fn a_prompt_goes_with_all_that_is_its_own_and_its_watchers_learn_it() {
    let home = Home::new();
    let door = home.open().await;
    let made = create(&door, "Greet", "Hello").await;
    let kept = create(&door, "Other", "Hello").await;
    let id = made.prompt.id;
    let (other, ..) = turn(&door, run(&kept, &[])).await;
    let mut watch = call(&door, Request::Watch { topic: Topic::Prompts });
    let mut slow = made.versions[0].template.clone();
    slow.model = "scripted/stream-100000@500".parse().ok();
    let request = Prompts::Run { of: Some(id), version: None, template: slow, values: Values::new() };
    let mut replies = call(&door, Request::Prompts(request));
    assert!(matches!(replies.next().await, Some(Ok(Reply::Started { .. }))));
    assert_eq!(ask(&door, Prompts::Remove { id }).await.unwrap(), Reply::Done);
    // It was stopped first.
    let last = replies.filter_map(|reply| std::future::ready(reply.ok())).collect::<Vec<_>>().await.pop();
    assert!(last.is_none_or(|last| !matches!(last, Reply::Started { .. })));
    assert_eq!(ask(&door, Prompts::Open { id }).await.unwrap_err().kind, ErrorKind::NotFound);
    assert_eq!(runs(&door, Some(id)).await, []);
    assert_eq!(runs(&door, Some(kept.prompt.id)).await, [other]);
    assert_eq!(ask(&door, Prompts::Remove { id }).await.unwrap_err().kind, ErrorKind::NotFound);
    let draft = Sketch::default();
    let error = ask(&door, Prompts::SaveDraft { of: Some(id), draft }).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotFound);
    let told: Vec<_> =
        watch.by_ref().take(2).filter_map(|told| std::future::ready(told.ok())).collect().await;
    assert!(
        matches!(
            &told[..],
            [
                Reply::Changed { change: Changed::Conversation { .. }, .. },
                Reply::Changed { change: Changed::Prompts, .. }
            ]
        ),
        "{told:?}"
    );
}
