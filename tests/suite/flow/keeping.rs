//! Agents are made, edited, compared, gone back with and removed on the screen, and what they remember is changed.

use outcrop::domain::agent::{Agent, Book, Definition, Remembered, Step, UsedBase, Version};
use outcrop::domain::catalog::Availability;
use outcrop::domain::conversation::Answers;
use outcrop::domain::id::{AgentId, RunId};
use outcrop::domain::message::Role;
use outcrop::domain::time::Timestamp;
use outcrop::domain::{Error, ErrorKind};
use outcrop::tui::effect::Effect;
use outcrop::tui::event::Event;
use outcrop::workbench::request::agents::Agents;
use outcrop::workbench::request::conversations::Conversations;
use outcrop::workbench::{Reply, Request};
use uuid::Uuid;

use super::agents::{book, offered, shop};
use crate::stage::{COMPLETE, MODEL, NOW, Stage, answer, card, message};

const FILE: &str = "name = \"tea shop\"\ninstruction = \"You take orders.\"\n";

fn agents(effects: &[Effect]) -> Vec<Agents> {
    let agents = |request| if let Request::Agents(agents) = request { Some(agents) } else { None };
    Stage::requests(effects).into_iter().filter_map(agents).collect()
}

/// What is asked of agents after a reply to the last call of that kind.
fn answered(stage: &mut Stage, what: &str, reply: Reply) -> Vec<Agents> {
    let from = stage.effects.len();
    stage.answer(what, vec![reply]);
    agents(&stage.effects[from..])
}

fn refused(stage: &mut Stage, what: &str, doing: &str, why: &str) {
    let task = stage.task(what);
    let error = Some(Error::new(ErrorKind::Invalid, doing, why, "Mend it."));
    stage.event(Event::Ended { task, error });
}

/// What there is of the shop: three versions, of which the second has a prompt of its own, and so has the third.
pub fn shelf() -> Book {
    let newest = book();
    let version = |number: u32, instruction: &str, minutes: i64| {
        let mut definition = newest.versions[0].definition.clone();
        instruction.clone_into(&mut definition.instruction);
        let own = (number > 1).then(|| "Be brief. $question$".to_owned());
        definition.steps.of_mut(Step::Orchestration).template = own;
        let note = if number == 3 { "no coffee" } else { "" }.to_owned();
        Version { number, definition, note, created: Timestamp(NOW - minutes * 60_000) }
    };
    let versions = vec![
        version(1, "You sell tea and coffee.", 60),
        version(2, "You sell tea.", 19),
        version(3, "You sell tea.\n\nNever sell coffee.", 3),
    ];
    Book { versions, ..newest }
}

/// Takes an action of the palette that is done with an agent; there is one, which is meant.
pub fn begun(stage: &mut Stage, action: &str) {
    stage.keys(&format!("<ctrl+p>{action}<enter>"));
    let asked = answered(stage, "\"list\"", Reply::Agents { agents: vec![book().agent] });
    assert_eq!(asked, [Agents::Open { id: shop().id }]);
    opened(stage);
}

/// The agent is there.
pub fn opened(stage: &mut Stage) -> Vec<Agents> {
    answered(stage, "\"open\"", Reply::Agent { book: shelf() })
}

/// The file of the newest version lies in front of the person.
pub fn edited(stage: &mut Stage) {
    begun(stage, "edit an agent");
    stage.answer("\"export\"", vec![Reply::Text { text: FILE.to_owned() }]);
}

pub fn sessions() -> Vec<Remembered> {
    let session = |n: u8, user: &str, summary: &str| Remembered {
        user: user.to_owned(),
        session: RunId::from_bytes([n; 16]),
        at: Timestamp(NOW - i64::from(n) * 3_600_000),
        summary: summary.to_owned(),
        edited: n == 2,
    };
    vec![
        session(1, "ada", "Ada wants two Assam, every Monday.\nShe pays in cash."),
        session(2, "掃除", "Nothing was ordered."),
    ]
}

/// What it remembers is listed.
pub fn remembered(stage: &mut Stage) {
    begun(stage, "what an agent remembers");
    stage.answer("\"memories\"", vec![Reply::AgentMemories { sessions: sessions() }]);
}

#[test]
fn where_there_is_no_agent_the_list_leads_to_making_one() {
    let mut stage = Stage::settled(120, 40, "dark");
    stage.keys("<alt+e>");
    stage.answer("\"agents\"", vec![Reply::Agents { agents: Vec::new() }]);
    let text = stage.text();
    assert!(text.contains("make a new agent") && !text.contains("edit an agent"), "{text}");
    stage.keys("<enter>");
    let text = stage.text();
    assert!(text.contains("A new agent") && text.contains("instruction = \"\""), "{text}");
    stage.keys("<esc><ctrl+p>delete an agent<enter>");
    stage.answer("\"agents\"", vec![Reply::Agents { agents: Vec::new() }]);
    let text = stage.text();
    assert!(text.contains("There is no agent yet: “Make a new agent” makes one."), "{text}");
}

#[test]
fn a_new_agent_is_written_and_comes_back_for_mending_until_it_is_kept() {
    let mut stage = Stage::settled(120, 40, "dark");
    stage.keys("<ctrl+p>make a new agent<enter>");
    // The caret stands where the name is to be; without one nothing is kept.
    let read = |name: &str| Reply::AgentRead {
        name: name.to_owned(),
        definition: Definition::default(),
        remarks: vec!["nothing is put into $x$".to_owned()],
    };
    stage.keys("<enter>");
    assert!(answered(&mut stage, "\"read\"", read("")).is_empty());
    assert!(stage.text().contains("it has no name"), "{}", stage.text());
    let asked = agents(&stage.keys("tea shop<enter>"));
    let [Agents::Read { text }] = &asked[..] else { panic!("{asked:?}") };
    assert!(text.starts_with("name = \"tea shop\"\n") && text.contains("calculator"), "{text}");
    assert!(stage.state.overlays.is_empty());
    refused(&mut stage, "\"read\"", "reading an agent", "TOML parse error at line 3\n  |\nexpected a value");
    let text = stage.text();
    assert!(text.contains("error at line 3 | expected a value. Mend it."), "{text}");
    assert!(text.contains("name = \"tea shop\""), "{text}");
    assert_eq!(agents(&stage.keys("<enter>")), asked);
    let create = answered(&mut stage, "\"read\"", read("tea shop"));
    let made = Agents::Create {
        name: "tea shop".to_owned(),
        definition: Box::default(),
        note: String::new(),
        folder: Some("/home/ada/rivers".into()),
    };
    assert_eq!(create, [made]);
    refused(&mut stage, "\"create\"", "reading the instruction of an agent", "it is empty");
    let text = stage.text();
    assert!(text.contains("the instruction of an agent: it is empty"), "{text}");
    stage.keys("<enter>");
    answered(&mut stage, "\"read\"", read("tea shop"));
    let Book { agent, versions } = book();
    let book = Book { agent: Agent { latest: 1, ..agent }, versions };
    answered(&mut stage, "\"create\"", Reply::Agent { book });
    let text = stage.text();
    assert!(text.contains("tea shop is made; Alt+E has it answer."), "{text}");
    assert!(text.contains("nothing is put into $x$."), "{text}");
}

#[test]
fn what_is_written_of_an_agent_comes_back_from_every_call_that_it_goes_through() {
    let definition = Definition { instruction: "You sell cups.".to_owned(), ..Definition::default() };
    let read = Reply::AgentRead { name: "tea room".to_owned(), definition, remarks: Vec::new() };
    let calls = ["\"read\"", "\"open\"", "\"rename\"", "\"save\""];
    let replies = [read, Reply::Agent { book: shelf() }, Reply::Agent { book: shelf() }];
    let sealed = Error::new(ErrorKind::Passphrase, "opening the store", "none was given", "Type it.");
    for (at, last) in calls.into_iter().enumerate() {
        let written = || {
            let mut stage = Stage::settled(120, 40, "dark");
            stage.stored();
            edited(&mut stage);
            stage.keys("# Mine.<alt+enter><enter>");
            for (call, reply) in calls.iter().zip(&replies).take(at) {
                answered(&mut stage, call, reply.clone());
            }
            assert!(stage.state.chat.is_writing(), "{at}");
            assert!(!stage.text().contains("# Mine."), "{at}");
            let task = stage.task(last);
            (stage, task)
        };
        // The call ends with an error, without a word, or because the workspace is sealed by now.
        let (mut stage, _) = written();
        refused(&mut stage, last, "keeping an agent", "the disk is full");
        let text = stage.text();
        assert!(text.contains("# Mine.") && text.contains("the disk is full"), "{at}: {text}");
        assert!(!stage.state.chat.is_writing(), "{at}");
        let (mut stage, task) = written();
        stage.event(Event::Ended { task, error: None });
        assert!(stage.text().contains("# Mine."), "{at}: {}", stage.text());
        let (mut stage, task) = written();
        stage.event(Event::Ended { task, error: Some(sealed.clone()) });
        assert!(stage.text().contains("Passphrase"), "{at}: {}", stage.text());
        stage.keys("secret<enter>");
        let task = stage.task("unlock");
        stage.event(Event::Ended { task, error: None });
        assert!(stage.text().contains("# Mine."), "{at}: {}", stage.text());
    }
}

#[test]
fn what_is_written_of_an_agent_is_dropped_only_when_it_is_left_twice() {
    let mut stage = Stage::settled(120, 40, "dark");
    stage.keys("<ctrl+p>make a new agent<enter>tea<esc>");
    assert!(stage.text().contains("Esc once more drops the new agent."), "{}", stage.text());
    stage.keys("<esc>");
    assert!(stage.state.overlays.is_empty());
    stage.keys("<ctrl+p>make a new agent<enter><esc>");
    assert!(stage.state.overlays.is_empty(), "nothing was written");
    // Who quits leaves it as well.
    let quits = |stage: &mut Stage| {
        let effects = stage.keys("<ctrl+q>");
        effects.iter().any(|effect| matches!(effect, Effect::Quit | Effect::After { .. }))
    };
    stage.keys("<ctrl+p>make a new agent<enter>tea");
    assert!(!quits(&mut stage));
    assert!(stage.text().contains("Ctrl+Q once more drops the new agent."), "{}", stage.text());
    assert!(quits(&mut stage));
}

#[test]
fn an_agent_is_edited_as_a_file_and_saved_as_the_next_version() {
    let mut stage = Stage::settled(120, 40, "dark");
    edited(&mut stage);
    assert!(stage.text().contains("The agent tea shop, from version 3"), "{}", stage.text());
    assert!(agents(&stage.keys("<enter>")).is_empty());
    assert!(stage.text().contains("nothing was changed"), "{}", stage.text());
    stage.keys("# Mine.<alt+enter><enter>");
    let definition = Definition { instruction: "You sell cups.".to_owned(), ..Definition::default() };
    let read =
        Reply::AgentRead { name: "tea shop".to_owned(), definition: definition.clone(), remarks: Vec::new() };
    assert_eq!(answered(&mut stage, "\"read\"", read), [Agents::Open { id: shop().id }]);
    let save = Agents::Save {
        id: shop().id,
        definition: Box::new(definition),
        note: String::new(),
        folder: Some("/home/ada/rivers".into()),
    };
    assert_eq!(opened(&mut stage), [save]);
    let mut saved = shelf();
    saved.agent.latest = 4;
    answered(&mut stage, "\"save\"", Reply::Agent { book: saved });
    assert!(stage.text().contains("Saved as version 4 of tea shop."), "{}", stage.text());
}

#[test]
fn a_version_that_came_while_another_one_was_written_is_told_of() {
    let mut stage = Stage::settled(120, 40, "dark");
    edited(&mut stage);
    stage.keys("# Mine.<alt+enter><enter>");
    let definition = Definition { instruction: "You sell cups.".to_owned(), ..Definition::default() };
    let read = Reply::AgentRead { name: "tea shop".to_owned(), definition, remarks: Vec::new() };
    answered(&mut stage, "\"read\"", read);
    let mut book = shelf();
    book.agent.latest = 4;
    let asked = answered(&mut stage, "\"open\"", Reply::Agent { book: book.clone() });
    assert!(matches!(&asked[..], [Agents::Save { .. }]), "{asked:?}");
    book.agent.latest = 5;
    answered(&mut stage, "\"save\"", Reply::Agent { book });
    let text = stage.text();
    assert!(text.contains("Saved as version 5") && text.contains("nothing of version 4"), "{text}");
}

#[test]
fn what_an_agent_needs_that_is_not_there_yet_is_said_when_it_is_kept() {
    let mut stage = Stage::new(120, 40);
    let other = "local/other";
    stage.settle_with(vec![card(MODEL, Availability::Ready), card(other, Availability::NotPulled)]);
    stage.keys("<ctrl+p>make a new agent<enter>tea shop<enter>");
    let base = |name: &str| UsedBase { name: name.to_owned(), description: String::new() };
    let definition = Definition {
        model: Some(other.parse().unwrap()),
        bases: vec![base("teas"), base("cups")],
        ..Definition::default()
    };
    let read =
        Reply::AgentRead { name: "tea shop".to_owned(), definition: definition.clone(), remarks: Vec::new() };
    answered(&mut stage, "\"read\"", read);
    let Book { agent, .. } = book();
    let version = Version { number: 1, definition, note: String::new(), created: Timestamp(NOW) };
    let made = Book { agent: Agent { latest: 1, ..agent }, versions: vec![version] };
    answered(&mut stage, "\"create\"", Reply::Agent { book: made });
    for name in ["cups", "teas"] {
        let task = stage.task(&format!("\"text\":\"{name}\""));
        let error = Some(Error::new(ErrorKind::NotFound, "finding a base", "there is none", ""));
        stage.event(Event::Ended { task, error });
    }
    let text = stage.text();
    for part in ["tea shop is made", "local/other is not on this machine", "\"cups\""] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn what_says_the_same_makes_no_version_and_another_name_is_given() {
    let mut stage = Stage::settled(120, 40, "dark");
    edited(&mut stage);
    let newest = shelf().version(None).unwrap().definition.clone();
    let read = |name: &str| Reply::AgentRead {
        name: name.to_owned(),
        definition: newest.clone(),
        remarks: Vec::new(),
    };
    stage.keys("# Mine.<alt+enter><enter>");
    answered(&mut stage, "\"read\"", read("tea shop"));
    assert!(opened(&mut stage).is_empty());
    let text = stage.text();
    assert!(text.contains("it is the same as version 3") && text.contains("# Mine."), "{text}");
    stage.keys("<enter>");
    answered(&mut stage, "\"read\"", read("tea room"));
    let rename = Agents::Rename { id: shop().id, name: "tea room".to_owned() };
    assert_eq!(opened(&mut stage), [rename]);
    let mut renamed = shelf();
    renamed.agent.name = "tea room".to_owned();
    assert!(answered(&mut stage, "\"rename\"", Reply::Agent { book: renamed }).is_empty());
    assert!(stage.text().contains("It is called tea room from now on."), "{}", stage.text());
}

#[test]
fn what_toml_cannot_say_is_edited_as_json() {
    let mut stage = Stage::settled(120, 40, "dark");
    begun(&mut stage, "edit an agent");
    let from = stage.effects.len();
    refused(&mut stage, "\"export\"", "writing an agent as TOML", "unsupported unit type");
    let json = Agents::Export { id: shop().id, version: Some(3), json: true };
    assert_eq!(agents(&stage.effects[from..]), [json]);
}

#[test]
fn the_text_of_an_agent_goes_through_the_person_s_editor_and_back() {
    let mut stage = Stage::settled(120, 40, "dark");
    edited(&mut stage);
    let effects = stage.keys("<ctrl+g>");
    assert_eq!(effects, [Effect::Edit(FILE.trim_end().to_owned())]);
    let text = FILE.replace("orders", "parcels");
    stage.event(Event::Edited(Ok(text.clone())));
    assert!(stage.text().contains("You take parcels."), "{}", stage.text());
    assert!(stage.state.chat.composer.is_empty());
    let read = Agents::Read { text: text.trim_end().to_owned() };
    assert_eq!(agents(&stage.keys("<enter>")), [read]);
}

#[test]
fn what_the_editor_left_goes_into_the_text_that_it_had() {
    let mut stage = Stage::settled(120, 40, "dark");
    edited(&mut stage);
    stage.keys("# Mine. <enter>");
    // While it is asked what that says, something else is in the editor.
    stage.keys("<ctrl+g>");
    refused(&mut stage, "\"read\"", "reading an agent", "expected a value");
    stage.event(Event::Edited(Ok("Why do rivers meander?".to_owned())));
    assert!(stage.text().contains("# Mine. name"), "{}", stage.text());
    assert_eq!(stage.state.chat.composer.text(), "Why do rivers meander?");
    // One that failed has nothing any more.
    stage.keys("<ctrl+g>");
    stage.event(Event::Edited(Err(Error::internal("editing the text", "it ended with 1"))));
    stage.event(Event::Edited(Ok("Why do they flood?".to_owned())));
    assert_eq!(stage.state.chat.composer.text(), "Why do they flood?");
    assert!(stage.text().contains("# Mine. name"), "{}", stage.text());
}

/// The versions are listed.
pub fn versions(stage: &mut Stage) {
    begun(stage, "versions of an agent");
}

/// Two of them are compared.
pub fn compared(stage: &mut Stage) {
    versions(stage);
    stage.keys("<down><enter>");
    opened(stage);
    stage.keys("compare with version 1<enter>");
    let export = |version| Agents::Export { id: shop().id, version: Some(version), json: false };
    assert_eq!(opened(stage), [export(1)]);
    let file = |instruction: &str| Reply::Text {
        text: format!(
            "name = \"tea shop\"\ninstruction = \"\"\"\n{instruction}\nBe polite.\"\"\"\n\n[limits]\nsteps = 8\n"
        ),
    };
    assert_eq!(answered(stage, "\"export\"", file("You sell tea and coffee.")), [export(2)]);
    stage.answer("\"export\"", vec![file("You sell tea.")]);
}

#[test]
fn versions_are_compared_as_json_where_toml_cannot_say_one_of_them() {
    let mut stage = Stage::settled(120, 40, "dark");
    versions(&mut stage);
    stage.keys("<down><enter>");
    opened(&mut stage);
    stage.keys("compare with version 1<enter>");
    opened(&mut stage);
    let text = |text: &str| Reply::Text { text: text.to_owned() };
    answered(&mut stage, "\"export\"", text("instruction = \"You sell tea.\"\n"));
    let from = stage.effects.len();
    refused(&mut stage, "\"export\"", "writing an agent as TOML", "unsupported unit type");
    let export = |version| Agents::Export { id: shop().id, version: Some(version), json: true };
    assert_eq!(agents(&stage.effects[from..]), [export(1)]);
    let older = text("{\n  \"instruction\": \"You sell tea.\"\n}\n");
    assert_eq!(answered(&mut stage, "\"export\"", older), [export(2)]);
    stage.answer("\"export\"", vec![text("{\n  \"instruction\": \"You sell coffee.\"\n}\n")]);
    assert!(
        stage.text().contains("version 1 → version 2") && stage.text().contains("coffee"),
        "{}",
        stage.text()
    );
}

#[test]
fn versions_are_listed_with_their_times_and_any_two_are_compared() {
    let mut stage = Stage::settled(120, 40, "dark");
    versions(&mut stage);
    let text = stage.text();
    for part in ["Versions of tea shop", "version 3  no coffee", "3 m ago", "version 1", "1 h ago"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    stage.keys("<esc>");
    compared(&mut stage);
    let text = stage.text();
    assert!(text.contains("version 1 → version 2") && text.contains("coffee"), "{text}");
}

#[test]
fn an_old_version_is_read_and_gone_back_to_as_a_new_one() {
    let mut stage = Stage::settled(120, 40, "dark");
    versions(&mut stage);
    stage.keys("<down><down><enter>");
    opened(&mut stage);
    let text = stage.text();
    assert!(
        text.contains("Version 1 of tea shop") && text.contains("saved once more, as version 4"),
        "{text}"
    );
    stage.keys("<enter>");
    opened(&mut stage);
    assert!(stage.text().contains("You sell tea and coffee."), "{}", stage.text());
    stage.keys("<esc>");
    assert!(stage.text().contains("saved once more, as version 4"), "one step back: {}", stage.text());
    stage.keys("<down><enter>");
    let save = Agents::Save {
        id: shop().id,
        definition: Box::new(shelf().versions[0].definition.clone()),
        note: "as version 1 was".to_owned(),
        folder: None,
    };
    assert_eq!(opened(&mut stage), [save]);
    let mut saved = shelf();
    saved.agent.latest = 4;
    answered(&mut stage, "\"save\"", Reply::Agent { book: saved });
    assert!(stage.text().contains("Saved as version 4 of tea shop: as version 1 was."), "{}", stage.text());
}

#[test]
fn a_prompt_of_its_own_is_compared_with_the_default_and_set_back_to_it() {
    let mut stage = Stage::settled(120, 40, "dark");
    begun(&mut stage, "own prompts");
    let text = stage.text();
    assert!(text.contains("the prompt of orchestration  its own"), "{text}");
    assert!(text.contains("the prompt of memory_summary  the default"), "{text}");
    stage.keys("<enter>");
    opened(&mut stage);
    stage.keys("<enter>");
    opened(&mut stage);
    let text = stage.text();
    assert!(text.contains("the default → its own"), "{text}");
    stage.keys("<esc><esc><down><enter>");
    opened(&mut stage);
    assert!(stage.text().contains("The default prompt of"), "{}", stage.text());
    stage.keys("<esc><up><enter>");
    opened(&mut stage);
    stage.keys("<down><enter>");
    let asked = opened(&mut stage);
    let [Agents::Save { definition, note, .. }] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!(definition.steps.of(Step::Orchestration).template, None);
    assert_eq!(note, "the prompt of orchestration is the default");
}

#[test]
fn the_default_prompts_of_an_agent_without_its_own_are_read() {
    let mut stage = Stage::settled(120, 40, "dark");
    stage.keys("<ctrl+p>own prompts<enter>");
    answered(&mut stage, "\"list\"", Reply::Agents { agents: vec![book().agent] });
    answered(&mut stage, "\"open\"", Reply::Agent { book: book() });
    let text = stage.text();
    assert!(!text.contains("its own"), "{text}");
    assert!(text.contains("the prompt of orchestration  the default"), "{text}");
    stage.keys("<down><enter>");
    answered(&mut stage, "\"open\"", Reply::Agent { book: book() });
    assert!(stage.text().contains("The default prompt of orchestration"), "{}", stage.text());
}

#[test]
fn of_several_agents_one_is_chosen_first() {
    let mut stage = Stage::settled(120, 40, "dark");
    stage.keys("<ctrl+p>edit an agent<enter>");
    let other = AgentId::from_uuid(Uuid::from_u128(78));
    let second = Agent { id: other, name: "掃除".to_owned(), ..book().agent };
    assert!(
        answered(&mut stage, "\"list\"", Reply::Agents { agents: vec![book().agent, second] }).is_empty()
    );
    assert!(stage.text().contains("Edit the agent"), "{}", stage.text());
    assert_eq!(agents(&stage.keys("<down><enter>")), [Agents::Open { id: other }]);
}

/// It is asked whether the agent that answers is to be deleted.
pub fn removing(stage: &mut Stage) {
    stage.open(vec![message(1, None, Role::User, "q"), answer(2, Some(1), "a", COMPLETE)]);
    offered(stage);
    stage.keys("<enter>");
    begun(stage, "delete an agent");
}

#[test]
fn an_agent_is_deleted_by_its_letter_and_the_model_alone_answers_where_it_did() {
    let mut stage = Stage::settled(120, 40, "dark");
    removing(&mut stage);
    let text = stage.text();
    assert!(text.contains("Delete the agent tea shop, 3 versions"), "{text}");
    assert!(text.contains("Conversations"), "{text}");
    stage.pass(600);
    assert!(agents(&stage.keys("<enter>")).is_empty(), "Enter is no word");
    assert_eq!(agents(&stage.keys("d")), [Agents::Open { id: shop().id }]);
    assert_eq!(opened(&mut stage), [Agents::Remove { id: shop().id }]);
    let from = stage.effects.len();
    stage.answer("\"remove\"", vec![Reply::Done]);
    let asked = Stage::requests(&stage.effects[from..]);
    let changed = asked.iter().find_map(|request| match request {
        Request::Conversations(Conversations::Change { change, .. }) => change.answers.clone(),
        _ => None,
    });
    assert_eq!(changed, Some(Answers::Model));
    assert!(stage.text().contains("the model alone answers from here on"), "{}", stage.text());
    assert!(!stage.text().contains("agent tea shop"), "{}", stage.text());
}

#[test]
fn an_agent_that_is_answering_is_not_deleted_and_the_conversation_is_named() {
    let mut stage = Stage::settled(120, 40, "dark");
    super::agents::asked(&mut stage, "two Assam");
    begun(&mut stage, "delete an agent");
    let text = stage.text();
    assert!(text.contains("tea shop is answering in"), "{text}");
    assert!(!text.contains("Delete the agent tea shop"), "{text}");
}

#[test]
fn what_is_remembered_is_listed_read_and_written_anew() {
    let mut stage = Stage::settled(120, 40, "dark");
    remembered(&mut stage);
    let text = stage.text();
    for part in ["What tea shop remembers", "ada  Ada wants two Assam", "掃除, edited", "1 h ago"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let listed = |stage: &mut Stage| {
        opened(stage);
        answered(stage, "\"memories\"", Reply::AgentMemories { sessions: sessions() })
    };
    stage.keys("<enter>");
    listed(&mut stage);
    assert!(stage.text().contains("She pays in cash."), "{}", stage.text());
    stage.keys("e");
    listed(&mut stage);
    stage.keys(" Or not.<enter>");
    let session = sessions()[0].session;
    let summary = format!("{} Or not.", sessions()[0].summary);
    let edit = Agents::EditMemory { id: shop().id, session, summary };
    assert_eq!(opened(&mut stage), std::slice::from_ref(&edit));
    refused(&mut stage, "\"edit_memory\"", "editing what an agent remembers", "the disk is full");
    let text = stage.text();
    assert!(text.contains("the disk is full") && text.contains("Or not."), "{text}");
    stage.keys("<enter>");
    assert_eq!(opened(&mut stage), [edit]);
    answered(&mut stage, "\"edit_memory\"", Reply::AgentMemories { sessions: sessions() });
    assert!(stage.text().contains("It remembers that now."), "{}", stage.text());
}

#[test]
fn a_session_is_forgotten_alone_or_with_what_was_said_in_it() {
    for (key, runs) in [("x", false), ("X", true)] {
        let mut stage = Stage::settled(120, 40, "dark");
        remembered(&mut stage);
        let listed = |stage: &mut Stage| {
            opened(stage);
            stage.answer("\"memories\"", vec![Reply::AgentMemories { sessions: sessions() }]);
        };
        stage.keys("<enter>");
        listed(&mut stage);
        stage.keys(key);
        listed(&mut stage);
        let text = stage.text();
        assert_eq!(text.contains("stays in its runs"), !runs, "{text}");
        stage.pass(600);
        assert!(text.contains("that tea shop remembers"), "{text}");
        stage.keys(if runs { "d" } else { "f" });
        let forget = Agents::Forget { id: shop().id, sessions: vec![sessions()[0].session], runs };
        assert_eq!(opened(&mut stage), [forget]);
        stage.answer("\"forget\"", vec![Reply::Done]);
        assert!(stage.text().contains("It is forgotten."), "{}", stage.text());
    }
}

#[test]
fn an_agent_that_remembers_nothing_says_why() {
    let mut stage = Stage::settled(120, 40, "dark");
    begun(&mut stage, "what an agent remembers");
    stage.answer("\"memories\"", vec![Reply::AgentMemories { sessions: Vec::new() }]);
    assert!(stage.text().contains("keeps it for no day"), "{}", stage.text());
}
