//! The workspace and what goes in and out of it.

use super::home::Home;

#[test]
fn export_and_import_carry_conversations_to_another_home() {
    let home = Home::new();
    home.run(&["chat", "first question"]);
    home.run(&["chat", "--continue", "second question"]);
    let said = home.run(&["conversations", "export", "--format", "json", "-o", "all.json"]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let again = home.run(&["conversations", "export", "--format", "json", "-o", "all.json"]);
    assert!(again.code == Some(2) && again.stderr.contains("all.json"), "{}", again.stderr);
    let other = Home::new();
    let file = home.beside().join("all.json");
    let said = other.run(&["conversations", "import", file.to_str().unwrap()]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let markdown = other.run(&["conversations", "export"]);
    assert!(markdown.stdout.contains("first question") && markdown.stdout.contains("second question"));
    let folder = home.beside().join("out");
    std::fs::create_dir(&folder).unwrap();
    home.run(&["conversations", "export", "-o", "out"]);
    let names: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    assert!(matches!(names.as_slice(), [name] if name.starts_with("first-question-")), "{names:?}");
}

#[test]
fn the_doctor_finds_a_good_installation_good_and_names_what_is_not() {
    let home = Home::new();
    let said = home.run(&["doctor"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.stdout.contains("✓ configuration"), "{}", said.stdout);
    assert!(home.run(&["doctor", "--json"]).objects().iter().all(|check| check["verdict"].is_string()));
    // A store that cannot be opened is a finding, not a crash.
    std::fs::remove_dir_all(home.path().join("data")).unwrap();
    std::fs::write(home.path().join("data"), "in the way").unwrap();
    let said = home.run(&["doctor"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.stdout.contains("✗ workspace"), "{}", said.stdout);
}
#[test]
fn the_workspace_tells_of_itself_and_is_copied_and_brought_back() {
    let home = Home::new();
    home.run(&["chat", "kept"]);
    for (arguments, says) in [
        (vec!["workspace", "info"], "conversations  1"),
        (vec!["workspace", "verify"], "read"),
        (vec!["workspace", "backup", "copy"], "everything is in"),
        (vec!["workspace", "compact"], "conversations  1"),
    ] {
        let said = home.run(&arguments);
        assert!(said.stdout.contains(says), "{arguments:?}: {said:?}");
    }
    let id = home.run(&["conversations", "list"]).stdout[..8].to_owned();
    assert_eq!(home.run(&["conversations", "remove", "--yes", &id]).code, Some(0));
    assert_eq!(home.run(&["conversations", "list"]).stdout, "");
    let refused = home.run(&["workspace", "restore", "copy"]);
    assert!(refused.code == Some(2) && refused.stderr.contains("--yes"), "{refused:?}");
    let said = home.run(&["workspace", "restore", "copy", "--yes"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert_eq!(home.run(&["conversations", "list"]).stdout.lines().count(), 1);
}
