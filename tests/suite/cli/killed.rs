//! Raters whose program is killed, whether or not it is the one that keeps the store.

use serde_json::Value;

use super::evaluation::{Rater, brought, choosing, good};
use super::home::{Home, on_both};

/// The question that lies before a rater.
fn question(seat: &Value) -> &Value {
    &seat["sheet"]["turns"][0]["text"]
}

#[test]
fn a_rater_whose_program_is_killed_has_lost_no_vote_and_sits_before_the_same_item_again() {
    let [(), ()] = on_both(Home::new, |home| {
        brought(home, 5);
        good(&home.run(&["eval", "create", "which", "--dataset", "pairs"]));
        for done in [0, 2, 4] {
            let mut ada = Rater::at(home, "which", "ada");
            let seat = ada.seat();
            assert_eq!(seat["pace"]["done"], done, "{seat}");
            // A vote that was answered is on the disk.
            let one = ada.say(&choosing(0));
            let last = if done < 4 { ada.say(&choosing(1)) } else { one };
            ada.kill();
            let mut again = Rater::at(home, "which", "ada");
            let seat = again.seat();
            assert_eq!(
                (&seat["pace"]["done"], question(&seat), &seat["sheet"]["answers"]),
                (&last["pace"]["done"], question(&last), &last["sheet"]["answers"])
            );
            again.kill();
        }
        let report = home.run(&["eval", "report", "which", "--json"]).objects().remove(0);
        assert_eq!(report["coverage"]["votes"], 5, "{report}");
    });
}
