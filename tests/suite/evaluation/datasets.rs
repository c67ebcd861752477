//! Datasets as files: JSONL in both forms, CSV, and everything that can be wrong with them.

use outcrop::domain::evaluation::item::{Item, Response, Turn};
use outcrop::domain::message::Role;
use outcrop::wire::evaluation::{Read, csv, dataset};
use proptest::prelude::*;

fn bad(read: &Read<Item>) -> Vec<String> {
    read.bad.iter().map(|bad| format!("{}: {}", bad.line, bad.why)).collect()
}

fn full() -> Item {
    let response = |model: &str, text: &str| Response { model: model.into(), text: text.into() };
    Item {
        reference: Some("because".into()),
        category: Some("c".into()),
        responses: vec![response("m1", "one"), response("m2", "two")],
        ..Item::asking("why?")
    }
}

#[test]
fn both_forms_are_the_same_items() {
    let flat = r#"{"prompt": "why?", "referenceResponse": "because", "category": "c", "modelResponses": [
        {"response": "one", "modelIdentifier": "m1"}, {"response": "two", "modelIdentifier": "m2"}], "more": 1}"#;
    let nested = r#"{"prompt": {"text": "why?"}, "referenceResponse": {"text": "because"}, "category": "c",
        "responses": [{"modelIdentifier": "m1", "text": "one"}, {"modelIdentifier": "m2", "text": "two"}]}"#;
    let file = [flat, nested, r#"{"prompt": "why?"}"#].map(|line| line.replace('\n', " ")).join("\r\n");
    let read = dataset::read(file.as_bytes());
    assert_eq!(bad(&read), Vec::<String>::new());
    assert_eq!(read.taken, [(1, full()), (2, full()), (3, Item::asking("why?"))]);
    assert_eq!(
        dataset::write(&[full()]).unwrap(),
        "{\"prompt\":\"why?\",\"referenceResponse\":\"because\",\"category\":\"c\",\"modelResponses\":[\
         {\"response\":\"one\",\"modelIdentifier\":\"m1\"},{\"response\":\"two\",\"modelIdentifier\":\"m2\"}]}\n"
    );
}

#[test]
fn every_bad_line_is_named_and_the_good_ones_are_there() {
    let file = concat!(
        "\u{feff}{\"prompt\": \"first\"}\r\n",
        "{\"referenceResponse\": \"x\"}\n",
        "{\"prompt\": \"  \"}\n",
        "{\"prompt\": \"p\", \"category\": 3}\n",
        "{\"prompt\": \"p\", \"modelResponses\": [{\"response\": \"r\", \"modelIdentifier\": \"\"}]}\n",
        "{\"prompt\": \"p\", \"modelResponses\": [{\"response\": \"r\", \"modelIdentifier\": \"m\"}, ",
        "{\"response\": \"s\", \"modelIdentifier\": \"m\"}]}\n",
        "[\"p\"]\n",
        "{\"prompt\": 3}\n",
        "\n",
        "{\"prompt\": \"last\"}\n",
        "{\"prompt\": \"cut o",
    );
    let read = dataset::read(file.as_bytes());
    assert_eq!(
        bad(&read),
        [
            "2: it has no prompt",
            "3: its prompt is empty",
            "4: `category` is the number 3; it is to be a text",
            "5: its response 1 names no model",
            "6: it has two responses of \"m\"",
            "7: it is no JSON object",
            "8: `prompt` is the number 3; it is to be a text, or an object with one as \"text\"",
            "11: the file ends in the middle of it",
        ]
    );
    let prompts: Vec<(usize, &str)> = read.taken.iter().map(|(line, item)| (*line, item.prompt())).collect();
    assert_eq!(prompts, [(1, "first"), (10, "last")]);
}

#[test]
fn a_cell_that_a_spreadsheet_would_take_for_a_formula_is_none_and_comes_back_as_it_was() {
    let items = ["=1+1", "-1", "+49 41", "@home", "'=x", "'tis"].map(|text| {
        let responses = vec![Response { model: "m".into(), text: text.into() }];
        Item { reference: Some(text.into()), responses, ..Item::asking(text) }
    });
    let text = csv::write(&items).unwrap();
    assert!(text.contains("'=1+1,'=1+1") && text.contains("\n'tis,"), "{text}");
    assert!(text.starts_with("prompt,referenceResponse,category,response:m,guarded\n"), "{text}");
    assert!(text.contains("'=x,yes\n") && text.ends_with("'tis,\n"), "{text}");
    assert_eq!(csv::read(text.as_bytes()).into_taken(), items);
    let plain = csv::write(&[Item::asking("why?")]).unwrap();
    assert!(!plain.contains("guarded"), "only where something is: {plain}");
}

#[test]
fn an_apostrophe_in_a_table_of_somebody_else_is_part_of_the_text() {
    let texts = |file: &str| -> Vec<String> {
        csv::read(file.as_bytes()).into_taken().iter().map(|item| item.prompt().to_owned()).collect()
    };
    assert_eq!(texts("prompt\n'=x\n'-1\n''@a\n"), ["'=x", "'-1", "''@a"]);
    assert_eq!(texts("prompt,guarded\n'=x,yes\n'=x,\n'=x,no\n"), ["=x", "'=x", "'=x"]);
}

#[test]
fn a_field_of_another_kind_is_named_with_what_it_should_be() {
    let why = |line: &str| bad(&dataset::read(line.as_bytes())).remove(0);
    let map = why(r#"{"prompt": "p", "modelResponses": {"m": "r"}}"#);
    let list = r#"a list of {"response": "…", "modelIdentifier": "…"}"#;
    assert_eq!(map, format!("1: `modelResponses` is an object; it is to be {list}"));
    let lacking = why(r#"{"prompt": "p", "modelResponses": [{"response": "r"}]}"#);
    assert_eq!(lacking, format!("1: `modelResponses`: missing field `modelIdentifier`; it is {list}"));
    let turns = why(r#"{"prompt": "p", "precedingTurns": "before"}"#);
    assert!(turns.starts_with("1: `precedingTurns` is a text; it is to be a list of {"), "{turns}");
    assert!(why(r#"{"prompt": "p", "referenceResponse": [1]}"#).contains("`referenceResponse` is a list"));
    assert!(why(r#"{"prompt": "p", "responses": [], "modelResponses": []}"#).contains("duplicate field"));
    // A null says nothing.
    let nothing = br#"{"prompt": "p", "referenceResponse": null, "category": null, "modelResponses": null}"#;
    assert_eq!(dataset::read(nothing).into_taken(), [Item::asking("p")]);
}

#[test]
fn a_large_item_and_many_lines_and_escape_codes_are_taken_as_they_are() {
    let large =
        Item { reference: Some("\u{1b}]0;title\u{7}\u{202e}".into()), ..Item::asking("é".repeat(1 << 19)) };
    let mut items = vec![large];
    items.extend((0..100_000).map(|at| Item::asking(format!("question {at}"))));
    let read = dataset::read(dataset::write(&items).unwrap().as_bytes());
    assert_eq!((bad(&read), read.taken.len()), (Vec::new(), 100_001));
    assert_eq!(read.taken.last().unwrap().0, 100_001);
    assert_eq!(read.into_taken(), items);

    let endless = dataset::write(&[Item::asking("x".repeat(dataset::LONGEST + 1))]).unwrap();
    assert_eq!(
        bad(&dataset::read(endless.as_bytes())),
        ["1: a text of it has 4194305 bytes, at most 4194304 are taken"]
    );
}

#[test]
fn a_table_is_read_by_the_names_of_its_columns() {
    let file = "\u{feff}Category,note,PROMPT,Reference_Response,response:m1,Response: m2\r\n\
                c,x,why?,because,one,two\r\n\
                ,,\"two\nlines, \"\"quoted\"\"\",,,\r\n";
    let read = csv::read(file.as_bytes());
    assert_eq!(bad(&read), Vec::<String>::new());
    assert_eq!(read.taken, [(2, full()), (3, Item::asking("two\nlines, \"quoted\""))]);
}

#[test]
fn what_is_wrong_with_a_table_is_named() {
    let file = b"prompt,category\nfirst,a\nsecond\n\"a\nb\",c,d\n\xff,x\n,empty\nlast,b\n";
    let read = csv::read(file);
    assert_eq!(
        bad(&read),
        [
            "3: it has 1 fields, the first line names 2",
            "4: it has 3 fields, the first line names 2",
            "6: field 1 is no UTF-8",
            "7: its prompt is empty",
        ]
    );
    assert_eq!(read.taken.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [2, 8]);
    assert_eq!(bad(&csv::read(b"question\nx\n")), ["1: no column is called \"prompt\""]);
    assert_eq!(csv::read(b""), Read::default());
    let open = csv::read(b"prompt,category\nfirst,a\nthe 6\" pipe,b\nthird,\"no end\nfourth,d\n");
    assert_eq!(bad(&open), ["4: a quote in it is not closed: the line after it counts as part of it"]);
    assert_eq!(open.taken.len(), 2);
    let open = csv::read(b"prompt,category\nfirst,a\n\"no end,b\nthird,c\nfourth,d\n");
    assert_eq!(bad(&open), ["3: a quote in it is not closed: the 2 lines after it count as part of it"]);
    assert_eq!(bad(&csv::read(b"prompt,category\nfirst,\"a\n")), ["2: a quote in it is not closed"]);
    let twins = csv::read(b"prompt,category,note,note,Category\nfirst,a,x,y,b\n");
    assert_eq!(bad(&twins), ["1: column 5 has the name of one before it"]);
    // A file that just does not end its last line is whole.
    assert_eq!(csv::read(b"prompt,category\nfirst,\"a\"").taken.len(), 1);
}

#[test]
fn a_table_has_columns_for_what_its_items_have() {
    let asked = |text: &str| Turn { role: Role::User, text: text.into() };
    let long = Item {
        turns: vec![asked("first?"), Turn { role: Role::Assistant, text: "a, \"b\"".into() }, asked("then?")],
        conversation: Some("k".into()),
        ..Item::default()
    };
    assert_eq!(
        csv::write(&[full(), Item::asking("two\nlines")]).unwrap(),
        "prompt,referenceResponse,category,response:m1,response:m2\nwhy?,because,c,one,two\n\"two\nlines\",,,,\n"
    );
    let text = csv::write(&[full(), long.clone()]).unwrap();
    assert!(
        text.starts_with("prompt,referenceResponse,category,precedingTurns,conversation,response:m1"),
        "{text}"
    );
    assert_eq!(csv::read(text.as_bytes()).into_taken(), [full(), long]);
    let lost = csv::read(
        b"prompt,precedingTurns\nwhy?,no list\n,\"[{\"\"role\"\":\"\"user\"\",\"\"text\"\":\"\"a\"\"}]\"\n",
    );
    assert_eq!(
        bad(&lost),
        ["2: field 2 is no JSON list of turns, each with a role and a text", "3: its prompt is empty"]
    );
}

fn any_item() -> impl Strategy<Value = Item> {
    let text = "\\PC*[^ ]\\PC*";
    let turn = (prop::bool::ANY, any::<String>())
        .prop_map(|(user, text)| Turn { role: if user { Role::User } else { Role::Assistant }, text });
    let asked = (prop::collection::vec(turn, 0..3), text).prop_map(|(mut turns, prompt)| {
        turns.push(Turn { role: Role::User, text: prompt });
        turns
    });
    let optional = prop::option::of("[a-z]{1,8}");
    let responses = prop::collection::btree_map("[a-z]{1,3}", any::<String>(), 0..4);
    (asked, prop::option::of(any::<String>()), optional.clone(), responses, optional).prop_map(
        |(turns, reference, category, responses, conversation)| Item {
            turns,
            reference,
            category,
            responses: responses.into_iter().map(|(model, text)| Response { model, text }).collect(),
            conversation,
        },
    )
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(items in prop::collection::vec(any_item(), 0..6), crlf in any::<bool>()) {
        prop_assume!(items.iter().all(|item| !item.prompt().trim().is_empty()));
        let mut text = dataset::write(&items).unwrap();
        if crlf {
            text = text.replace('\n', "\r\n");
        }
        let read = dataset::read(text.as_bytes());
        prop_assert_eq!(bad(&read), Vec::<String>::new());
        prop_assert_eq!(read.into_taken(), items);
    }

    /// But for what an empty cell cannot say: an empty text is nothing there, and answers stand in the order of the columns.
    #[test]
    fn a_table_that_is_written_is_read_again(items in prop::collection::vec(any_item(), 0..6)) {
        prop_assume!(items.iter().all(|item| !item.prompt().trim().is_empty()));
        let by_model = |mut item: Item| {
            item.reference = item.reference.filter(|text| !text.is_empty());
            item.responses.retain(|response| !response.text.is_empty());
            item.responses.sort_by(|one, other| one.model.cmp(&other.model));
            item
        };
        let read = csv::read(csv::write(&items).unwrap().as_bytes());
        prop_assert_eq!(bad(&read), Vec::<String>::new());
        let read: Vec<_> = read.into_taken().into_iter().map(by_model).collect();
        prop_assert_eq!(read, items.into_iter().map(by_model).collect::<Vec<_>>());
    }

    #[test]
    fn no_bytes_are_too_strange(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).count();
        let read = dataset::read(&bytes);
        prop_assert!(read.taken.len() + read.bad.len() <= lines.max(1));
        csv::read(&bytes);
        csv::read(&[b"prompt,category\n", bytes.as_slice()].concat());
    }
}
