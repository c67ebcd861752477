//! Raters and agents whose program is killed, whether or not it is the one that keeps the store.

use std::io::{BufRead, BufReader};

use serde_json::Value;

use super::agents;
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

/// An agent at work: it has computed, and is calling a program that takes its time. Whoever keeps the store then is killed.
fn killed(home: &Home, attached: bool) {
    let group = agents::program(home, "sleep 5", "");
    agents::made(home, &format!("{}{group}", agents::SUMS));
    let owner = attached.then(|| {
        let mut owner = home.start(&["traces", "listen", "--port", "0", "--json"]);
        let mut said = BufReader::new(owner.stdout.take().unwrap()).lines();
        assert!(said.next().unwrap().unwrap().contains("traces_listening"));
        owner
    });
    let script = "acts\ncall calculator {\"expression\": \"6 * 7\"}\n---\ncall one {}\n---\nDone.";
    let mut agent = home.start(&["agent", "run", "a", script]);
    let mut said = BufReader::new(agent.stderr.take().unwrap()).lines().map_while(Result::ok);
    assert!(said.any(|line| line.contains("calls one")), "it came not so far");
    if let Some(mut owner) = owner {
        owner.kill().unwrap();
        owner.wait().unwrap();
        assert!(said.any(|line| line.contains("it ended before it answered")));
        assert_eq!(agent.wait().unwrap().code(), Some(2));
    } else {
        agent.kill().unwrap();
        agent.wait().unwrap();
    }
    let shown = home.run(&["agent", "show", "a"]);
    let runs = good(&shown).rsplit("\n\n").next().unwrap();
    assert!(runs.contains("stopped") && runs.trim().lines().count() == 1, "{shown:?}");
    let kept = home.run(&["agent", "show", "a", "--json"]).stdout;
    assert!(kept.contains("\"content\":\"42\""), "what it did is kept: {kept}");
    assert_eq!(agents::run(home, "Hello again.", &[]).stdout, "Hello again.\n");
}

#[test]
fn an_agent_whose_program_is_killed_stands_as_stopped_with_what_it_did_and_is_asked_again() {
    for attached in [false, true] {
        killed(&agents::home(), attached);
    }
}
