//! Comparisons written out: for people, for programs, and as battles for other leaderboards.

use outcrop::domain::evaluation::Outcome;
use outcrop::wire::evaluation::battles;

use super::home::{Home, Said, on_both};

fn good(said: &Said) -> &str {
    assert_eq!(said.code, Some(0), "{said:?}");
    &said.stdout
}

/// A comparison of two pages with a choice on the second; the digits of its id.
fn compared(home: &Home) -> String {
    std::fs::write(home.beside().join("cities.csv"), "city\nBern\nParis\n").unwrap();
    let models = ["-m", "scripted/echo", "-m", "scripted/stream-3 temperature=1"];
    let more = ["--category", "towns", "--vars", "cities.csv", "Where is {{city}}?"];
    good(&home.run(&[&["compare"][..], &models, &more].concat()));
    let id = good(&home.run(&["comparisons", "list"])).split(' ').next().unwrap().to_owned();
    good(&home.run(&["comparisons", "choose", &id, "B", "--page", "2"]));
    id
}

#[test]
fn a_comparison_is_written_for_people_with_every_answer_and_what_was_chosen() {
    let [here, there] = on_both(Home::new, |home| {
        let id = compared(home);
        let text = home.run(&["comparisons", "export", &id]);
        good(&home.run(&["comparisons", "export", &id, "-o", "a.md"]));
        assert_eq!(std::fs::read_to_string(home.beside().join("a.md")).unwrap(), good(&text));
        let again = home.run(&["comparisons", "export", &id, "-o", "a.md"]);
        assert!(again.code == Some(2) && again.stderr.contains("--force"), "{again:?}");
        let pieces = home.run(&["comparisons", "export", &id, "--json"]).objects();
        let joined: String = pieces.iter().map(|piece| piece["text"].as_str().unwrap()).collect();
        assert_eq!(joined, text.stdout);
        text.stdout
            .lines()
            // How long an answer took differs from run to run.
            .map(|line| if line.contains(" tokens*") { "*FIGURES*" } else { line })
            .filter(|line| !line.starts_with("created:") && !line.starts_with("id:"))
            .collect::<Vec<_>>()
            .join("\n")
    });
    assert_eq!(here, there, "as the owner, and attached to one");
    insta::assert_snapshot!("comparison_markdown", here);
}

#[test]
fn a_comparison_is_written_for_programs_as_show_prints_it() {
    on_both(Home::new, |home| {
        let id = compared(home);
        let shown = home.run(&["comparisons", "show", &id, "--json"]);
        let export = ["comparisons", "export", &id, "--form", "json"];
        assert_eq!(good(&home.run(&export)), shown.stdout);
        good(&home.run(&[&export[..], &["-o", "a.jsonl"]].concat()));
        assert_eq!(std::fs::read_to_string(home.beside().join("a.jsonl")).unwrap(), shown.stdout);
    });
}

#[test]
fn what_was_chosen_is_written_as_battles_of_one_comparison_or_of_all() {
    on_both(Home::new, |home| {
        let id = compared(home);
        good(&home.run(&["compare", "-m", "scripted/echo", "-m", "scripted/stream-9", "hello"]));
        let other = good(&home.run(&["comparisons", "list"])).split(' ').next().unwrap().to_owned();
        good(&home.run(&["comparisons", "choose", &other, "tie"]));
        let export = |more: &[&str]| {
            let said = home.run(&[&["comparisons", "export", "--form", "battles"], more].concat());
            let read = battles::read(good(&said).as_bytes());
            assert!(read.bad.is_empty(), "{:?}", read.bad);
            read.into_taken()
        };
        let one = export(&[&id]);
        assert_eq!(one.len(), 1);
        let battle = &one[0].battle;
        // By their names, whoever stood first.
        assert_eq!(
            (battle.a.as_str(), battle.b.as_str()),
            ("scripted/stream-3 temperature=1", "scripted/echo")
        );
        assert_eq!(
            (battle.outcome, battle.category.as_deref(), one[0].turn),
            (Outcome::A, Some("towns"), Some(1))
        );
        assert!(one[0].at.is_some() && battle.prompt.is_some());
        good(&home.run(&["comparisons", "remove", &other, "--yes"]));
        let all = export(&[]);
        assert_eq!(all.iter().map(|one| one.battle.outcome).collect::<Vec<_>>(), [Outcome::A, Outcome::Tie]);
        assert_eq!(all[1].turn, None, "its answers are gone");
        let none = home.run(&["comparisons", "export"]);
        assert!(none.code == Some(2) && none.stderr.contains("Name one."), "{none:?}");
    });
}
