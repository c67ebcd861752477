//! What raters do not see of each other, and items that are larger or stranger than most.

use serde_json::json;

use super::evaluation::{Rater, brought, choosing, good, keep, shown};
use super::home::{Home, on_both};

#[test]
fn nobody_sees_what_others_said_before_they_have_said_something_themselves_nor_after() {
    let [(), ()] = on_both(Home::new, |home| {
        brought(home, 3);
        good(&home.run(&["eval", "create", "which", "--dataset", "pairs", "--raters", "2"]));
        let mut zora = Rater::at(home, "which", "zora");
        let mut seat = zora.seat();
        let mut skips = true;
        while !seat["sheet"].is_null() {
            let said = if std::mem::take(&mut skips) {
                json!({ "skip": "offensive", "comment": "canary of zora" })
            } else {
                json!({ "values": { "Preference": "both_bad" }, "comment": "canary of zora" })
            };
            seat = zora.say(&said);
        }
        zora.end();
        let mut bob = Rater::at(home, "which", "bob");
        let mut seat = bob.seat();
        let mut rated = 0;
        while !seat["sheet"].is_null() {
            assert!(seat["sheet"]["before"].is_null(), "{seat}");
            seat = bob.say(&choosing(0));
            rated += 1;
        }
        assert_eq!(rated, 3);
        let (_, seen) = bob.end();
        // What is taken elsewhere tells no more than what is rated here.
        let away = home.run(&["eval", "hand-out", "which", "--rater", "cleo", "--all"]);
        for text in [good(&away), &seen] {
            for told in ["canary", "zora", "both_bad", "offensive"] {
                assert!(!text.contains(told), "{told}: {text}");
            }
        }
    });
}

#[test]
fn an_item_of_a_megabyte_with_escape_codes_is_rated_like_any_other() {
    let [(), ()] = on_both(Home::new, |home| {
        let large = format!("\u{1b}]0;title\u{7}{}", "é".repeat(1 << 19));
        let answer = |text: &str, model: &str| json!({ "response": text, "modelIdentifier": model });
        let responses = [answer(&large, "alpha/one"), answer("\u{1b}[31mno\u{202e}", "beta/two")];
        keep(home, "large", &[json!({ "prompt": large, "modelResponses": responses })]);
        good(&home.run(&["eval", "create", "which", "--dataset", "large"]));
        let mut ada = Rater::at(home, "which", "ada");
        let seat = ada.seat();
        let answers = seat["sheet"]["answers"].as_array().unwrap();
        assert!(answers.iter().any(|answer| answer["text"] == large.as_str()), "nothing of it is lost");
        assert!(ada.say(&choosing(0))["sheet"].is_null());
        let (complaints, seen) = ada.end();
        assert!(complaints.is_empty() && !seen.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{complaints}");
        assert_eq!(shown(home, "which")["items"], 1);
        let report = good(&home.run(&["eval", "report", "which"])).to_owned();
        assert!(
            !report.contains(['\u{1b}', '\u{7}', '\u{202e}']) && report.len() < 100_000,
            "{}",
            report.len()
        );
    });
}
