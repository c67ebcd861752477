//! What calls came to, on the command line; and budgets.

use super::agents;
use super::home::{Home, SCRIPTED, on_both};
use crate::loopback::{Part, Server, events};
use crate::wire::openai::data;

/// The scripted voice has no price of its own.
const PRICED: &str = "[models.'scripted/echo']\ninput_price = 1000\noutput_price = 2000\n";

fn priced(more: &str) -> Home {
    Home::with(&format!("{SCRIPTED}{PRICED}{more}"))
}

#[test]
fn usage_counts_what_was_asked_by_model_day_and_provider() {
    on_both(|| priced(""), counts);
}

fn counts(home: &Home) {
    // What is no model leaves no row.
    for model in ["local/smolm2-135m", "nobody/echo"] {
        assert_eq!(home.run(&["chat", "-m", model, "hello"]).code, Some(2), "{model}");
    }
    let empty = home.run(&["usage"]);
    assert_eq!((empty.code, empty.stdout.as_str()), (Some(0), ""), "{empty:?}");
    assert!(empty.stderr.contains("no model was called yet"), "{}", empty.stderr);
    for question in ["one two three", "four"] {
        assert_eq!(home.run(&["chat", question]).code, Some(0));
    }
    home.run(&["chat", "-m", "scripted/fail-500", "five"]);
    let said = home.run(&["usage"]);
    let head: Vec<_> = said.stdout.lines().next().unwrap().split_whitespace().take(5).collect();
    assert_eq!(
        head,
        ["model", "calls", "failed", "server", "stopped"],
        "no column of what there was none of"
    );
    assert!(said.stderr.contains("whose fault the failure was"), "{}", said.stderr);
    let echo = said.stdout.lines().find(|line| line.starts_with("scripted/echo")).unwrap();
    assert_eq!(echo.split_whitespace().nth(1), Some("2"), "{echo}");
    assert!(echo.contains('$'), "{echo}");
    assert!(said.stderr.contains("costs are estimates"), "{}", said.stderr);
    let days = home.run(&["usage", "--by", "day", "--json"]).objects();
    assert_eq!(days.len(), 2, "a day and the sum: {days:?}");
    assert_eq!((&days[0]["reply"], &days[0]["by"]), (&"usage".into(), &"day".into()));
    assert_eq!(days[1]["name"], serde_json::Value::Null);
    assert_eq!(days[1]["Invocations"], 2);
    assert!(days[1]["InvocationLatency"]["p50"].is_u64(), "{days:?}");
    let providers = home.run(&["usage", "--by", "provider", "--json", "--since", "24h"]).objects();
    assert_eq!(providers[0]["name"], "scripted");
    let over_time = home.run(&["usage", "--series", "--json", "--since", "24h"]).objects();
    let failed = over_time.iter().find(|row| row["name"] == "scripted/fail-500").unwrap();
    let points = failed["series"].as_array().unwrap();
    let sum = |name: &str| points.iter().filter_map(|point| point[name].as_u64()).sum::<u64>();
    assert_eq!((sum("InvocationServerErrors"), sum("InvocationThrottles"), sum("Invocations")), (1, 0, 0));
    assert_eq!(
        (&failed["step"], &points[0]["TimeToFirstToken"]["p50"]),
        (&"hour".into(), &serde_json::Value::Null)
    );
    assert!(days[0].get("series").is_none(), "{days:?}");
    let people = home.run(&["usage", "--series"]).stdout;
    let courses: Vec<_> = people.split("\n\n").collect();
    assert_eq!(courses.len(), 3, "{people}");
    assert!(courses[1..].iter().all(|course| course.lines().nth(1).unwrap().starts_with("day")), "{people}");
    let none = home.run(&["usage", "--until", "2020-01-01"]);
    assert!(none.stderr.contains("in that time"), "{none:?}");
    let wrong = home.run(&["usage", "--since", "soon"]);
    assert!(wrong.code == Some(2) && wrong.stderr.contains("7d"), "{wrong:?}");
}

#[test]
fn usage_is_written_out_for_prometheus_for_tables_and_call_by_call() {
    on_both(|| priced(""), written);
}

fn written(home: &Home) {
    home.run(&["chat", "why do rivers meander?"]);
    let metrics = home.run(&["usage", "--format", "prometheus"]).stdout;
    for line in [
        "# TYPE outcrop_invocations_total counter",
        "outcrop_invocations_total{provider=\"scripted\",model=\"echo\"} 1",
        "# TYPE outcrop_invocation_latency_seconds histogram",
        "outcrop_invocation_latency_seconds_count{provider=\"scripted\",model=\"echo\"} 1",
    ] {
        assert!(metrics.lines().any(|other| other == line), "{line}: {metrics}");
    }
    assert!(metrics.lines().all(|line| line.starts_with("# ") || line.starts_with("outcrop_")), "{metrics}");
    let table = home.run(&["usage", "-f", "csv"]).stdout;
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!((rows.len(), rows[0][0], rows[1][0]), (2, "model", "scripted/echo"));
    assert!(rows.iter().all(|row| row.len() == rows[0].len()), "{table}");
    let refused = home.run(&["usage", "-f", "jsonl", "--by", "day"]);
    assert!(
        refused.stdout.is_empty() && refused.stderr.contains("--by makes rows of them"),
        "{}",
        refused.stderr
    );
    let calls = home.run(&["usage", "-f", "jsonl"]);
    let [call] = &calls.objects()[..] else { panic!("{calls:?}") };
    assert_eq!((&call["schemaType"], &call["modelId"]), (&"ModelInvocationLog".into(), &"echo".into()));
    assert_eq!(call["requestMetadata"]["provider"], "scripted");
    assert_eq!(call["identity"]["arn"], "ada");
    assert!(!calls.stdout.contains("meander"), "texts come only when they are asked for");
    let calls = home.run(&["usage", "-f", "jsonl", "--texts"]).objects();
    let asked = &calls[0]["input"]["inputBodyJson"]["messages"][0];
    assert_eq!(
        (&asked["role"], &asked["content"][0]["text"]),
        (&"user".into(), &"why do rivers meander?".into())
    );
    assert!(calls[0]["output"]["outputBodyJson"]["output"]["message"]["content"][0]["text"].is_string());
}

#[test]
fn a_budget_warns_once_right_after_the_call_and_then_stops() {
    let home = priced("[budget]\nday_warn_tokens = 1\n[budgets.scripted]\nmonth_stop_tokens = 15\n");
    let asked = |words: &str| home.run(&["chat", words]);
    let first = asked("one two three");
    assert!(first.code == Some(0) && first.stderr.contains("past the 1 token to warn at"), "{first:?}");
    let again = asked("four");
    assert!(again.code == Some(0) && !again.stderr.contains("to warn at"), "{again:?}");
    let said = home.run(&["usage"]).stderr;
    assert!(said.contains("scripted: this month") && said.contains("of 15 tokens"), "{said}");
    let objects = home.run(&["usage", "--json"]).objects();
    let budget = objects.iter().find(|object| object["budget"]["scope"]["provider"] == "scripted").unwrap();
    assert_eq!((&budget["reply"], &budget["budget"]["period"]), (&"budget".into(), &"month".into()));
    assert_eq!(budget["budget"]["limits"]["stop_tokens"], 15);
    assert!(budget["spent"]["tokens"].as_u64().is_some_and(|tokens| tokens > 0), "{budget}");
    let mut stopped = again;
    for _ in 0..20 {
        if stopped.code == Some(2) {
            break;
        }
        stopped = asked("six");
    }
    assert!(stopped.stderr.contains("the budget of 15 tokens for scripted this month"), "{stopped:?}");
    assert!(stopped.stderr.contains("hint: Raise budgets.\"scripted\".month_stop_tokens"), "{stopped:?}");
}

#[test]
fn whoever_asks_a_model_is_counted_and_stopped_by_a_budget() {
    let home = agents::home();
    agents::made(&home, "");
    std::fs::write(home.beside().join("q.jsonl"), "{\"prompt\": \"hello\"}\n").unwrap();
    let two = ["-m", "scripted/echo", "-m", "scripted/wide"];
    let evaluation = |name: &'static str| {
        [&["eval", "create", name, "--dataset", "q", "--run", "--yes"][..], &two[..]].concat()
    };
    let compare = [&["compare", "hello"][..], &two[..]].concat();
    for arguments in [
        vec!["datasets", "import", "q.jsonl", "--name", "q"],
        vec!["prompts", "save", "p", "Say {{a}}."],
        vec!["prompts", "run", "p", "--var", "a=x"],
        compare.clone(),
        evaluation("first"),
        vec!["agent", "run", "a", "acts\nHello."],
    ] {
        let said = home.run(&arguments);
        assert_eq!(said.code, Some(0), "{said:?}");
    }
    let counted = |home: &Home| {
        let rows = home.run(&["usage", "--json"]).objects();
        let of = |name: &str| rows.iter().find(|row| row["name"] == name).unwrap()["Invocations"].as_u64();
        ["scripted/echo", "scripted/wide", agents::ACTS].map(|name| of(name).unwrap())
    };
    let before = counted(&home);
    assert_eq!(before, [3, 2, 1]);
    for (arguments, code) in [
        (vec!["prompts", "run", "p", "--var", "a=x"], 2),
        (compare, 2),
        (evaluation("second"), 1),
        (vec!["agent", "run", "a", "acts\nHello."], 2),
    ] {
        let stop = ["-c", "budgets.scripted.day_stop_tokens=1"];
        let said = home.run(&[&stop[..], &arguments[..]].concat());
        assert_eq!(said.code, Some(code), "{said:?}");
        assert!(said.stderr.contains("the budget of 1 token for scripted today is used up"), "{said:?}");
    }
    assert_eq!(counted(&home), before);
}

#[test]
fn a_wrong_budget_is_told_with_its_place() {
    let home = priced("[budget]\nday_stop = -1\n");
    let said = home.run(&["usage"]);
    assert!(said.code == Some(2) && said.stderr.contains("budget.day_stop"), "{said:?}");
}

#[test]
fn a_time_from_which_lies_behind_the_time_until_is_an_error_by_name() {
    let home = priced("");
    for [since, until] in
        [["2026-11-23", "2026-11-22"], ["1h", "2h"], ["2026-11-22T14:00", "2026-11-22T14:00"]]
    {
        let said = home.run(&["usage", "--since", since, "--until", until]);
        assert_eq!(said.code, Some(2), "{since} {until}");
        assert!(
            said.stderr.contains(&format!("--since and --until: {since} does not come before {until}")),
            "{said:?}"
        );
    }
    assert_eq!(home.run(&["usage", "--since", "2026-11-22", "--until", "2026-11-22"]).code, Some(0));
}

#[test]
fn what_left_the_machine_is_listed_newest_first_with_what_it_was_for() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let answered = |_, _: &_| events([Part::Bytes(data("no_done.sse"))]);
    let server = runtime.block_on(Server::start(answered));
    let box_of_its_own =
        || Home::with(&format!("[providers.box]\nkind = 'openai'\nbase_url = '{}'\n", server.url("/v1")));
    on_both(box_of_its_own, |home| exchanges(home, &server));
}

fn exchanges(home: &Home, server: &Server) {
    let none = home.run(&["usage", "egress"]);
    assert_eq!((none.code, none.stdout.as_str()), (Some(0), ""), "{none:?}");
    assert!(none.stderr.contains("nothing left this machine, as far as that is kept"), "{none:?}");
    for question in ["one", "one and a longer one"] {
        assert_eq!(home.run(&["chat", "-m", "box/m", question]).code, Some(0));
    }
    let all = home.run(&["usage", "egress", "--json"]).objects();
    let bodies: Vec<_> = server.seen().iter().rev().take(2).map(|seen| seen.body.len() as u64).collect();
    let sent: Vec<_> = all.iter().map(|one| one["egress"]["sent"].as_u64().unwrap()).collect();
    assert_eq!((bodies.len(), &sent), (2, &bodies), "newest first: {all:?}");
    for one in &all {
        assert_eq!((&one["reply"], &one["egress"]["status"]), (&"exchange".into(), &200.into()));
        assert_eq!((&one["call"]["kind"], &one["call"]["model"]), (&"converse".into(), &"box/m".into()));
        assert!(one["egress"]["head"].as_u64().is_some_and(|head| head > 50), "{one}");
        assert_eq!(one["egress"]["host"], format!("127.0.0.1:{}", server.port));
        assert!(one["at"].is_i64(), "{one}");
    }
    let newest = home.run(&["usage", "egress", "-n", "1", "--since", "1h"]);
    let lines: Vec<_> = newest.stdout.lines().collect();
    assert_eq!(lines.len(), 2, "{newest:?}");
    assert!(lines[0].starts_with("ended") && lines[1].ends_with("chat · box/m"), "{newest:?}");
    assert!(newest.stderr.contains("there are more; -n 0 shows all"), "{newest:?}");
    let whole = home.run(&["usage", "egress", "-n", "0"]);
    assert!(whole.stdout.lines().count() == 3 && !whole.stderr.contains("there are more"), "{whole:?}");
    let later = home.run(&["usage", "egress", "--since", "2100-01-01"]);
    assert!(later.stderr.contains("nothing left this machine in that time"), "{later:?}");
    let misplaced = home.run(&["usage", "--by", "day", "egress"]);
    assert_eq!(misplaced.code, Some(2));
    assert!(misplaced.stderr.contains("--by stands before egress"), "{misplaced:?}");
    let between = home.run(&["usage", "--json", "egress"]);
    assert_eq!(
        (between.code, between.objects().len()),
        (Some(0), 2),
        "a flag of all commands may stand there"
    );
}
