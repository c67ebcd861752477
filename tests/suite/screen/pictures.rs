//! The pictures place: empty, being made, made, enlarged, failed; and what its keys ask for.

use outcrop::domain::call::{Blobs, Picture};
use outcrop::domain::catalog::{Availability, Capability, ModelCard};
use outcrop::domain::id::MakingId;
use outcrop::domain::left_out::LeftOut;
use outcrop::domain::message::{BlobId, Outcome, Timing, Usage};
use outcrop::domain::picture::{Made, Making};
use outcrop::domain::time::Timestamp;
use outcrop::domain::{Error, ErrorKind};
use outcrop::tui::app::{SAVE_DRAFT, Start};
use outcrop::tui::effect::{Effect, Work};
use outcrop::tui::event::{Capability as Said, Event, Made as Computed, Saved};
use outcrop::tui::widget::picture;
use outcrop::workbench::request::pictures::Pictures;
use outcrop::workbench::request::workspace::Workspace;
use outcrop::workbench::{Changed, Reply, Request};
use uuid::Uuid;

use super::shoot;
use crate::paint::{bomb, png};
use crate::stage::{COMPLETE, NOW, Stage, card};

const PAINTER: &str = "openai/gpt-image-1";

fn making(number: u128, prompt: &str, count: usize, outcome: Outcome) -> Making {
    let made = |at| Made {
        blob: BlobId(format!("{number:x}{at:x}")),
        media_type: "image/png".into(),
        bytes: 1_234_567,
        pixels: Some((1024, 768)),
    };
    let ended = outcome != Outcome::Streaming;
    Making {
        id: MakingId::from_uuid(Uuid::from_u128(0x7000 + number)),
        asked: Picture {
            model: PAINTER.parse().unwrap(),
            prompt: prompt.into(),
            negative: None,
            size: Some((1024, 768)),
            seed: (number == 3).then_some(7),
            count: count.max(1) as u32,
            from: None,
            blobs: Blobs::default(),
        },
        created: Timestamp(NOW - (10 - number as i64) * 60 * 60_000),
        outcome,
        made: (0..count).map(made).collect(),
        usage: Usage::default(),
        timing: Timing { first_token_ms: None, total_ms: ended.then_some(4_200), ..Timing::default() },
        cost: ended.then_some(0.08),
    }
}

/// The last ones of before.
fn before() -> Vec<Making> {
    vec![
        making(3, "A river at dawn, with mist over the meadows, as a woodcut in two colours", 2, COMPLETE),
        making(2, "川の曲がり角", 1, COMPLETE),
        making(1, "A map of a delta", 4, Outcome::Stopped),
    ]
}

fn listed(stage: &mut Stage, makings: Vec<Making>) {
    stage.keys("<alt+6>");
    stage.answer("\"pictures\":{\"list\"", vec![Reply::Makings { makings, more: false }]);
    paint(stage);
}

/// Does the work that was asked for: brings bytes, draws, sends to the terminal; until nothing more is asked for.
fn paint(stage: &mut Stage) {
    let mut from = 0;
    while from < stage.effects.len() {
        let effect = stage.effects[from].clone();
        from += 1;
        match effect {
            Effect::Call { task, request: Request::Pictures(Pictures::Bytes { blob }), .. } => {
                let bytes = match blob.0.as_str() {
                    "bad" => bomb(),
                    other => png(128, 96, other.bytes().map(|byte| byte % 16 * 9).sum()),
                };
                let media_type = "image/png".to_owned();
                stage.event(Event::Replies { task, replies: vec![Reply::Picture { media_type, bytes }] });
                stage.event(Event::Ended { task, error: None });
            }
            Effect::Compute(Work::Picture(want)) => {
                let drawn = picture::draw(&want);
                stage.event(Event::Computed(Computed::Picture(want.key, drawn)));
            }
            Effect::Keep { number, .. } => {
                stage.event(Event::Kept(number));
            }
            _ => {}
        }
    }
    stage.effects.retain(|effect| match effect {
        Effect::Compute(_) | Effect::Keep { .. } => false,
        Effect::Call { request, .. } => !matches!(request, Request::Pictures(Pictures::Bytes { .. })),
        _ => true,
    });
}

fn asked(effects: &[Effect]) -> Vec<Pictures> {
    let pictures = |request| match request {
        Request::Pictures(request) => Some(request),
        _ => None,
    };
    let all = Stage::requests(effects).into_iter().filter_map(pictures);
    all.filter(|request| !matches!(request, Pictures::Bytes { .. })).collect()
}

#[test]
fn the_drawer_dims_what_the_chosen_model_cannot_be_asked_for_and_says_why() {
    for (width, height) in [(80, 24), (60, 20)] {
        let mut stage = Stage::with(width, height, "dark", Start::default());
        let left = LeftOut {
            settings: vec!["negative prompt".into(), "seed".into()],
            why: "servers of this kind take none".into(),
        };
        let painter = ModelCard {
            capabilities: vec![Capability::Images],
            unpictured: vec![left],
            ..card(PAINTER, Availability::Ready)
        };
        stage.settle_with(vec![painter]);
        listed(&mut stage, before());
        stage.keys("<ctrl+o>jjj<enter>7<enter>");
        insta::assert_snapshot!(format!("pictures-lacking-{width}x{height}"), stage.text());
    }
}

#[test]
fn pictures_that_are_none_teach() {
    shoot("pictures-empty", |stage| listed(stage, Vec::new()));
}

#[test]
fn pictures_are_half_blocks_where_the_terminal_has_nothing_better() {
    shoot("pictures-made", |stage| {
        listed(stage, before());
        stage.keys("<tab>l");
        paint(stage);
    });
}

#[test]
fn a_narrow_place_tells_the_whole_prompt_and_the_model_and_cuts_no_part() {
    let mut stage = Stage::settled(60, 20, "dark");
    let mut makings = before();
    makings[0].asked.negative = Some("fog".into());
    makings[1].asked.model =
        "bedrock/us.stability.stable-image-ultra-with-a-longer-name-v1:1".parse().unwrap();
    listed(&mut stage, makings);
    let text = stage.text();
    assert!(
        text.contains("as a\n  woodcut in two colours\n  1 of 2 · openai/gpt-image-1 · seed 7 · not: fog"),
        "{text}"
    );
    assert!(text.contains("1 1024x768 png, 1.2 MB"), "below it: {text}");
    stage.keys("<tab>j");
    paint(&mut stage);
    let text = stage.text();
    assert!(text.contains("  bedrock/…") && text.contains("-longer-name-v1:1\n"), "{text}");
}

#[test]
fn a_picture_has_the_whole_place_when_it_is_enlarged() {
    shoot("pictures-enlarged", |stage| {
        listed(stage, before());
        stage.keys("<tab><enter>");
        paint(stage);
    });
}

#[test]
fn pictures_that_are_being_made_come_one_by_one() {
    shoot("pictures-making", |stage| {
        listed(stage, before());
        stage.keys("A bridge<ctrl+o>jjjj<right><right><tab><enter>");
        let mut making = making(5, "A bridge", 3, Outcome::Streaming);
        let rest = making.made.split_off(1);
        stage.reply("\"make\"", vec![Reply::Making { making }]);
        stage.pass(3_400);
        paint(stage);
        assert_eq!(rest.len(), 2);
    });
}

/// The newest making failed.
fn failed(stage: &mut Stage) {
    let doing = "making a picture with openai/gpt-image-1";
    let why = "your request was rejected by the safety system";
    let error = Error::new(ErrorKind::Invalid, doing, why, "Say it in other words.");
    let mut makings = before();
    makings.insert(0, making(4, "Something else", 0, Outcome::Failed { error }));
    listed(stage, makings);
}

#[test]
fn pictures_that_were_not_made_say_why() {
    shoot("pictures-error", failed);
}

#[test]
fn the_key_that_makes_pictures_again_is_said_as_it_is_reached() {
    let mut stage = Stage::settled(120, 40, "dark");
    failed(&mut stage);
    assert!(stage.text().contains("Tab, then r tries again."), "{}", stage.text());
    stage.keys("<tab>");
    let text = stage.text();
    assert!(text.contains("r tries again.") && !text.contains("then r tries"), "{text}");
}

#[test]
fn the_settings_of_a_picture_are_rows_with_what_they_do() {
    shoot("pictures-settings", |stage| {
        listed(stage, before());
        stage.keys("<ctrl+o>jj<right>jj");
        paint(stage);
    });
}

#[test]
fn a_picture_that_cannot_be_shown_is_one_line() {
    shoot("pictures-damaged", |stage| {
        let mut makings = before();
        makings[0].made[0].blob = BlobId("bad".into());
        listed(stage, makings);
    });
}

#[test]
fn without_colours_a_picture_is_described() {
    let mut stage = Stage::settled(80, 24, "dark");
    stage.state.options.pictures.no_color = true;
    listed(&mut stage, before());
    assert!(asked(&stage.effects).iter().all(|request| !matches!(request, Pictures::Bytes { .. })));
    let text = stage.text();
    assert!(text.contains("1024x768 png, 1.2 MB") && !text.contains('▀'), "{text}");
}

#[test]
fn a_screen_that_is_too_small_does_not_break() {
    for (width, height) in [(30, 8), (60, 20), (61, 21), (100, 20), (99, 60)] {
        let mut stage = Stage::settled(width, height, "dark");
        listed(&mut stage, before());
        stage.keys("a long prompt that goes on<alt+enter>and on<tab><enter>");
        paint(&mut stage);
        stage.text();
        stage.keys("<esc><ctrl+o>");
        stage.text();
    }
}

#[test]
fn what_is_written_is_asked_for_with_the_model_of_the_last_one_and_every_setting() {
    let mut stage = Stage::settled(120, 40, "dark");
    listed(&mut stage, before());
    stage.keys("a bridge<ctrl+o>j<enter>fog<enter>j<right>j<enter>9<enter>j<right><esc>");
    let [Pictures::Make { asked, file: None }] = &asked(&stage.keys("<enter>"))[..] else { panic!() };
    assert_eq!(asked.model.as_str(), PAINTER);
    assert_eq!((asked.prompt.as_str(), asked.negative.as_deref()), ("a bridge", Some("fog")));
    assert_eq!((asked.size, asked.seed, asked.count), (Some((1024, 1024)), Some(9), 2));
    let text = stage.text();
    assert!(text.contains("what is to be seen"), "the box is free again: {text}");
    // What never began is given back.
    let task = stage.task("\"make\"");
    let error = Error::new(ErrorKind::Full, "storing", "no space left on device", "");
    stage.event(Event::Ended { task, error: Some(error) });
    let text = stage.text();
    assert!(text.contains("a bridge") && text.contains("no space left"), "{text}");
}

#[test]
fn a_making_is_stopped_and_what_came_of_it_is_told_by_the_door() {
    let mut stage = Stage::settled(120, 40, "dark");
    listed(&mut stage, before());
    stage.keys("a bridge<enter>");
    let task = stage.task("\"make\"");
    let begun = making(5, "a bridge", 0, Outcome::Streaming);
    stage.reply("\"make\"", vec![Reply::Making { making: begun.clone() }]);
    assert!(stage.text().contains("Esc stop"), "{}", stage.text());
    assert!(stage.keys("<esc>").contains(&Effect::Cancel(task)));
    let change = Changed::Making { making: Making { outcome: Outcome::Stopped, ..begun } };
    stage.reply("\"watch\":{\"topic\":{\"topic\":\"pictures\"}", vec![Reply::Changed { number: 1, change }]);
    assert!(stage.text().contains("stopped"), "{}", stage.text());
}

#[test]
fn only_models_that_make_pictures_can_be_chosen() {
    let mut stage = Stage::settled(120, 40, "dark");
    listed(&mut stage, Vec::new());
    stage.keys("a bridge<enter>");
    let cards = vec![
        card("local/smollm2-135m", Availability::Ready),
        ModelCard { capabilities: vec![Capability::Images], ..ModelCard::unknown(PAINTER.parse().unwrap()) },
    ];
    stage.answer("\"probe\":true", vec![Reply::Models { cards }]);
    assert!(stage.text().contains("makes no pictures"), "{}", stage.text());
    assert_eq!(asked(&stage.keys("<enter>")), []);
    let [Pictures::Make { asked, .. }] = &asked(&stage.keys("<enter>"))[..] else { panic!() };
    assert_eq!(asked.model.as_str(), PAINTER);
}

#[test]
fn what_was_written_stays_in_sight_where_no_model_makes_pictures_and_that_is_said() {
    for (width, height) in [(60, 20), (80, 24), (120, 40)] {
        let mut stage = Stage::settled(width, height, "dark");
        listed(&mut stage, Vec::new());
        stage.keys("a bridge in the fog<enter>");
        let cards = (0..28).map(|n| card(&format!("local/m-{n}"), Availability::Ready)).collect();
        stage.answer("\"probe\":true", vec![Reply::Models { cards }]);
        let text = stage.text();
        assert!(text.contains("╭─ Models") && text.contains("a bridge in the fog"), "{text}");
        assert!(text.contains("makes pictures") || text.contains("None makes"), "{text}");
        assert!(text.contains("`outcrop keys set openai`") && !text.contains("context"), "{text}");
        assert!(text.lines().next().is_some_and(|line| line.contains("6 Pic")), "the places stay: {text}");
    }
}

#[test]
fn a_picture_is_varied_made_again_copied_used_and_removed() {
    let mut stage = Stage::settled(120, 40, "dark");
    listed(&mut stage, before());
    stage.keys("<tab>l");
    let [Pictures::Make { asked: again, .. }] = &asked(&stage.keys("r"))[..] else { panic!() };
    assert_eq!((again.seed, again.count), (None, 1), "what the drawer says, not what was said then");
    assert!(matches!(&stage.keys("y")[..], [Effect::Copy(text)] if text.starts_with("A river at dawn")));
    stage.keys("v");
    assert!(stage.text().contains("varies a-river-at-dawn"), "{}", stage.text());
    let [Pictures::Make { asked: varied, .. }] = &asked(&stage.keys("<enter>"))[..] else { panic!() };
    assert_eq!(varied.from, Some(BlobId("31".into())));
    stage.keys("<tab>x");
    assert!(stage.text().contains("2 pictures?"), "{}", stage.text());
    assert_eq!(asked(&stage.keys("<enter>")), [], "Enter deletes nothing");
    let id = making(3, "", 0, COMPLETE).id;
    assert_eq!(asked(&stage.keys("d")), [Pictures::Remove { id }]);
    let change = Changed::MakingRemoved { id };
    stage.reply("\"watch\":{\"topic\":{\"topic\":\"pictures\"}", vec![Reply::Changed { number: 1, change }]);
    stage.keys("<tab><tab>c");
    let text = stage.text();
    assert!(text.contains("png · 1.2 MB") && text.contains("New conversation"), "{text}");
    stage.keys("what is it?<enter>");
    let requests = Stage::requests(&stage.effects);
    let sent = format!("{:?}", requests.iter().rev().find(|request| matches!(request, Request::Chat(_))));
    let picture = r#"Image { media_type: "image/png", blob: BlobId("20"), file: Some(FileFacts { name: "川"#;
    assert!(sent.contains(picture), "{sent}");
}

#[test]
fn pictures_are_made_again_with_what_the_drawer_says_and_the_gallery_keeps_the_keys() {
    let mut stage = Stage::settled(120, 40, "dark");
    listed(&mut stage, before());
    stage.keys("<ctrl+o>jj<enter>640x480<enter>j<enter>9<enter>j<right><esc><tab>l");
    let [Pictures::Make { asked: again, .. }] = &asked(&stage.keys("r"))[..] else { panic!() };
    assert_eq!((again.size, again.seed, again.count), (Some((640, 480)), Some(9), 2));
    assert!(again.prompt.starts_with("A river at dawn"), "{}", again.prompt);
    let begun = Making { asked: again.clone(), ..making(6, "", 0, Outcome::Streaming) };
    stage.reply("\"make\"", vec![Reply::Making { making: begun.clone() }]);
    let [Pictures::Make { asked: more, .. }] = &asked(&stage.keys("r"))[..] else {
        panic!("the gallery has the keys: {}", stage.text())
    };
    assert_eq!(*more, *again);
}

#[test]
fn a_picture_is_written_to_a_file_and_over_another_one_only_when_that_is_said() {
    let mut stage = Stage::settled(80, 24, "dark");
    listed(&mut stage, before());
    stage.keys("<tab>s");
    assert!(stage.text().contains("a-river-at-dawn-with-mist-over-the-meado"), "{}", stage.text());
    let effects = stage.keys("<ctrl+u>~/river.png<enter>");
    let [Effect::SavePicture { blob, path, bytes, replace: false }] = &effects[..] else {
        panic!("{effects:?}")
    };
    assert_eq!((blob.0.as_str(), path.as_str(), bytes.0.len() > 100), ("30", "~/river.png", true));
    let saved = Event::PictureSaved { blob: blob.clone(), path: path.clone(), saved: Ok(Saved::Exists) };
    stage.event(saved);
    assert!(stage.text().contains("Replace the file ~/river.png"), "{}", stage.text());
    stage.pass(600);
    let effects = stage.keys("r");
    assert!(matches!(&effects[..], [Effect::SavePicture { replace: true, .. }]), "{effects:?}");
}

#[test]
fn a_terminal_that_keeps_pictures_gets_each_once_and_forgets_the_old_ones() {
    let mut stage = Stage::settled(120, 40, "dark");
    for said in [Said::KittyGraphics, Said::Cell(10, 20), Said::Answered { sixel: false }] {
        stage.event(Event::Terminal(said));
    }
    let many: Vec<_> = (1..=70).rev().map(|n| making(n, "a river", 1, COMPLETE)).collect();
    stage.keys("<alt+6>");
    stage.answer("\"pictures\":{\"list\"", vec![Reply::Makings { makings: many, more: false }]);
    let sent = |effects: &[Effect]| effects.iter().filter(|e| matches!(e, Effect::Keep { .. })).count();
    stage.keys("<tab>");
    let (mut kept, mut forgotten) = (0, 0);
    for _ in 0..70 {
        // Bytes, then cells, then what the terminal is sent.
        let from = stage.effects.len();
        let task = stage.task("\"bytes\"");
        let reply = Reply::Picture { media_type: "image/png".into(), bytes: png(8, 8, 1) };
        stage.event(Event::Replies { task, replies: vec![reply] });
        let wants: Vec<_> = stage.effects[from..]
            .iter()
            .filter_map(
                |e| if let Effect::Compute(Work::Picture(want)) = e { Some(want.clone()) } else { None },
            )
            .collect();
        for want in wants {
            let drawn = picture::draw(&want);
            stage.event(Event::Computed(Computed::Picture(want.key, drawn)));
        }
        let number = stage.effects[from..].iter().find_map(|e| match e {
            Effect::Keep { number, .. } => Some(*number),
            _ => None,
        });
        assert!(!stage.text().contains('\u{10EEEE}'), "nothing stands for it before the terminal has it");
        stage.event(Event::Kept(number.unwrap()));
        assert!(stage.text().contains('\u{10EEEE}'));
        kept += sent(&stage.effects[from..]);
        stage.keys("j");
        forgotten += stage.effects[from..].iter().filter(|e| matches!(e, Effect::Forget(_))).count();
    }
    assert_eq!(kept, 70);
    assert!(forgotten >= 70 - 48 - 1, "{forgotten}");
    // Another program had the terminal: everything is sent anew.
    let from = stage.effects.len();
    stage.event(Event::Resumed);
    let draws = |e: &Effect| matches!(e, Effect::Compute(Work::Picture(_)));
    assert!(stage.effects[from..].iter().any(draws));
}

#[test]
fn nothing_of_a_picture_is_left_under_another_place_and_an_overlay_hides_what_it_would_tear() {
    let mut stage = Stage::settled(120, 40, "dark");
    for said in [Said::Cell(10, 20), Said::Answered { sixel: true }] {
        stage.event(Event::Terminal(said));
    }
    listed(&mut stage, before());
    let torn = |stage: &mut Stage| stage.picture().content.iter().any(|cell| cell.symbol().contains("\x1bP"));
    assert!(torn(&mut stage), "it is shown");
    stage.keys("<ctrl+p>");
    assert!(!torn(&mut stage), "not under the palette");
    stage.keys("<esc>");
    assert!(torn(&mut stage));
    stage.keys("<alt+1>");
    assert!(!torn(&mut stage));
}

#[test]
fn what_was_written_and_never_sent_is_there_at_the_next_start() {
    let kept = |stage: &mut Stage, act: &dyn Fn(&mut Stage)| -> Option<serde_json::Value> {
        let from = stage.effects.len();
        act(stage);
        Stage::requests(&stage.effects[from..]).into_iter().find_map(|request| match request {
            Request::Workspace(Workspace::Remember { name, value }) if name == "tui.pictures" => Some(value),
            _ => None,
        })
    };
    let recalled = |stage: &mut Stage, value: Option<serde_json::Value>| {
        stage.keys("<alt+6>");
        stage.answer("tui.pictures", vec![Reply::Remembered { value }]);
    };
    let mut stage = Stage::settled(100, 30, "dark");
    recalled(&mut stage, None);
    stage.keys("a river at dawn");
    let value = kept(&mut stage, &|stage| {
        stage.event(Event::Timer(SAVE_DRAFT));
    });
    assert!(value.is_some(), "it is kept after a moment of quiet");
    assert_eq!(kept(&mut stage, &|stage| drop(stage.keys("<ctrl+q>"))), None, "nothing is kept twice");

    let mut next = Stage::settled(100, 30, "dark");
    recalled(&mut next, value.clone());
    assert!(next.text().contains("a river at dawn"), "{}", next.text());
    let changed = kept(&mut next, &|stage| {
        stage.keys(" in rain<ctrl+q>");
    });
    assert_eq!(
        changed,
        Some(serde_json::json!({ "prompt": "a river at dawn in rain" })),
        "and on the way out"
    );

    let mut typed = Stage::settled(100, 30, "dark");
    typed.keys("<alt+6>something else");
    typed.answer("tui.pictures", vec![Reply::Remembered { value }]);
    assert!(typed.text().contains("something else") && !typed.text().contains("at dawn"), "{}", typed.text());
}
