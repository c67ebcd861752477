//! `outcrop agent …`: agents, their versions and their runs.

mod consent;
mod memory;
mod running;

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

pub(super) use consent::{Following, decides};
pub(super) use running::{replay, retrace, tell};

use super::args::{AgentForm, Agents as Verb, EditAgent};
use super::changes::{between, changes, head, signed};
use super::item::Item;
use super::out::Out;
use super::prompt::{limited, read_input, text_file};
use super::{Asker, End, Exit, ask, unexpected, words};
use crate::domain::agent::run::State;
use crate::domain::agent::{Agent, Book, BuiltIn, Definition, Executor, Run, Step, Version, written_out};
use crate::domain::catalog::Availability;
use crate::domain::diff::{self, Mark};
use crate::domain::figures::count;
use crate::domain::id::AgentId;
use crate::domain::{Error, ErrorKind, Result, library};
use crate::workbench::request::agents::Agents;
use crate::workbench::request::knowledge::Knowledge;
use crate::workbench::request::models::Models;
use crate::workbench::{Reply, Request};

/// The largest file of an agent, in bytes: documents of APIs are in it.
const LARGEST: u64 = 16 << 20;
/// Runs that are shown of an agent.
const RUNS: usize = 20;

pub(super) async fn agents(verb: Verb, asker: &Asker, out: &mut Out) -> Result<Exit, End> {
    match verb {
        Verb::Create { file, name, note } => create(&file, name, note, asker, out).await?,
        Verb::List => {
            let reply = asker.one(Request::Agents(Agents::List), out).await?;
            let Reply::Agents { agents } = &reply else { return Err(unexpected(&reply)) };
            heads(agents, out)?;
            if agents.is_empty() && !out.json {
                out.note("there is none yet; `outcrop agent create FILE` makes one")?;
            }
        }
        Verb::Show { name, version } => show(name, version, asker, out).await?,
        Verb::Edit(wanted) => edit(wanted, asker, out).await?,
        Verb::Diff { name, from: _, to, baseline: true } => against_baseline(name, to, asker, out).await?,
        Verb::Diff { name, from, to, baseline: false } => compare(name, from, to, asker, out).await?,
        Verb::Run(wanted) => return running::run(wanted, asker, out).await,
        Verb::Replay(wanted) => return running::replay(wanted, asker, out).await,
        Verb::Memory { verb } => memory::memory(verb, asker, out).await?,
        Verb::Export { name, version, form, output } => {
            let book = book(name, asker, out).await?;
            let text = exported(book.agent.id, version, form == AgentForm::Json, asker, out).await?;
            write(&text, output.as_deref(), out)?;
            // Whoever reads the file again has to write them there.
            let groups = book.version(version).into_iter().flat_map(|version| &version.definition.groups);
            for remark in groups.flat_map(written_out::hidden) {
                out.note(&remark)?;
            }
        }
        Verb::Import { file, name } => {
            let (text, folder) = read(&file).await?;
            let request = Request::Agents(Agents::Import { text, name, folder });
            let reply = asker.one(request, out).await.map_err(|end| in_file(&file, end))?;
            let Reply::AgentImported { book, remarks } = reply else { return Err(unexpected(&reply)) };
            if out.json {
                out.object(&Reply::AgentImported { book: book.without_secrets(), remarks })?;
            } else {
                heads(std::slice::from_ref(&book.agent), out)?;
                remarks.iter().try_for_each(|remark| out.note(remark))?;
            }
        }
        Verb::Remove { name, yes } => remove(&name, yes, asker, out).await?,
    }
    Ok(Exit::Done)
}

/// A line for each.
fn heads(agents: &[Agent], out: &mut Out) -> Result<(), End> {
    if out.json {
        return agents.iter().try_for_each(|agent| out.object(&Item::AgentHead { agent }));
    }
    let row = |agent: &Agent| {
        let mut row = head(agent.updated, agent.latest, &agent.name);
        if let Some(brief) = &agent.brief {
            row.push(brief.model.as_ref().map_or_else(|| "no model".to_owned(), ToString::to_string));
            row.push(brief.may());
            row.push(words::cut(&brief.description, 60));
        }
        row
    };
    words::table(&agents.iter().map(row).collect::<Vec<_>>()).iter().try_for_each(|line| out.line(line))
}

async fn book(name: String, asker: &Asker, out: &mut Out) -> Result<Book, End> {
    of(asker.one(Request::Agents(Agents::Find { name }), out).await?)
}

fn of(reply: Reply) -> Result<Book, End> {
    match reply {
        Reply::Agent { book } => Ok(book),
        other => Err(unexpected(&other)),
    }
}

/// The version of that number, or the newest one.
fn version(book: &Book, number: Option<u32>) -> Result<&Version> {
    library::version(&book.agent.name, &book.versions, number)
}

/// What a file says, and the folder in which its paths lie.
async fn read(path: &Path) -> Result<(String, Option<PathBuf>)> {
    let here = super::absolute(Path::new("."))?;
    if path == Path::new("-") {
        return Ok((read_input().await?, Some(here)));
    }
    let name = path.display().to_string();
    let file = std::fs::File::open(path).map_err(|why| Error::io(format!("reading {name}"), &why))?;
    let folder = super::absolute(path)?.parent().map_or(here, Path::to_path_buf);
    Ok((limited(&name, file, LARGEST)?, Some(folder)))
}

/// What is wrong in a file is said with that one's name.
fn in_file(path: &Path, end: End) -> End {
    match end {
        End::Error(mut error) if error.kind == ErrorKind::Invalid && path != Path::new("-") => {
            error.doing = format!("{} from {}", error.doing, path.display());
            End::Error(error)
        }
        end => end,
    }
}

async fn definition(
    path: &Path,
    asker: &Asker,
    out: &mut Out,
) -> Result<(String, Definition, Option<PathBuf>), End> {
    let (text, folder) = read(path).await?;
    let request = Request::Agents(Agents::Read { text });
    let reply = asker.one(request, out).await.map_err(|end| in_file(path, end))?;
    let Reply::AgentRead { name, definition, remarks } = reply else { return Err(unexpected(&reply)) };
    for remark in remarks {
        out.note(&remark)?;
    }
    Ok((name, definition, folder))
}

async fn create(
    file: &Path,
    name: Option<String>,
    note: Option<String>,
    asker: &Asker,
    out: &mut Out,
) -> Result<(), End> {
    let (own, definition, folder) = definition(file, asker, out).await?;
    let (name, note) = (name.unwrap_or(own), note.unwrap_or_default());
    if name.is_empty() {
        let hint = "Write `name = \"…\"` at its top, or say --name.";
        return Err(Error::new(ErrorKind::Invalid, "making an agent", "the file names none", hint).into());
    }
    let request = Agents::Create { name, definition: Box::new(definition), note, folder };
    let reply = asker.one(Request::Agents(request), out).await;
    let book = of(reply.map_err(|end| in_file(file, end))?)?;
    heads(std::slice::from_ref(&book.agent), out)?;
    tell_missing(&book, asker, out).await
}

/// Says which knowledge bases and folders the newest version names that are not there, for an agent may be made before them;
/// and that a guardrail which it names does nothing.
async fn tell_missing(book: &Book, asker: &Asker, out: &mut Out) -> Result<(), End> {
    let Some(Version { definition, .. }) = book.versions.last() else { return Ok(()) };
    if let Some(guardrail) = &definition.guardrail {
        out.note(&format!("the guardrail {guardrail:?} is kept by its name, and not applied yet"))?;
    }
    for base in &definition.bases {
        let find = Knowledge::Find { text: base.name.clone() };
        match asker.one(Request::Knowledge(find), out).await {
            Ok(_) => {}
            Err(End::Error(error)) if error.kind == ErrorKind::NotFound => out.note(&format!(
                "there is no knowledge base {:?} yet: `outcrop kb create {} --from FOLDER` makes one",
                base.name, base.name
            ))?,
            Err(end) => return Err(end),
        }
    }
    for group in &definition.groups {
        if let Executor::BuiltIn(BuiltIn::ReadFiles { folder }) = &group.runs
            && !folder.is_dir()
        {
            let name = &group.name;
            out.note(&format!(
                "there is no folder {} yet, which the group {name:?} reads",
                folder.display()
            ))?;
        }
        if let Executor::Program(program) = &group.runs {
            for file in absent(&program.command) {
                let name = &group.name;
                out.note(&format!("there is no file {file} yet, which the group {name:?} runs"))?;
            }
        }
    }
    tell_models(definition, asker, out).await
}

/// The files of a command that are not there. Those that are had their whole paths when the agent was kept; a bare name of a
/// program is looked for when it runs.
fn absent(command: &[String]) -> impl Iterator<Item = &str> {
    const SCRIPTS: [&str; 7] = ["py", "js", "mjs", "ts", "sh", "rb", "pl"];
    let is_script = |word: &str| {
        let kind = Path::new(word).extension().and_then(std::ffi::OsStr::to_str);
        !word.contains(char::is_whitespace) && kind.is_some_and(|kind| SCRIPTS.contains(&kind))
    };
    let files = command.iter().enumerate().filter(move |(at, word)| {
        let path = Path::new(word.as_str());
        let is_meant = if *at == 0 { word.contains('/') } else { is_script(word) };
        is_meant && !(path.is_absolute() && path.is_file())
    });
    files.map(|(_, word)| word.as_str())
}

/// Says which of its models nobody knows, and who answers where it names none.
async fn tell_models(definition: &Definition, asker: &Asker, out: &mut Out) -> Result<(), End> {
    let own = definition.model.as_ref().unwrap_or(&asker.config.model);
    if definition.model.is_none() {
        out.note(&format!("it names no model: {own} answers, where none is named with -m"))?;
    }
    for model in definition.asked(own) {
        let id = model.clone();
        // Neither asks a server: an agent is made without one, too.
        let request = if model.is_local() { Models::Show { id } } else { Models::Knows { id } };
        match asker.one(Request::Models(request), out).await {
            Err(End::Error(Error { why, hint, .. })) => {
                out.note(&format!("the model {model} cannot be asked yet: {why}. {hint}"))?;
            }
            Err(end) => return Err(end),
            Ok(Reply::Models { cards })
                if cards.iter().any(|card| card.availability == Availability::NotPulled) =>
            {
                out.note(&format!(
                    "the model {model} is not on this machine yet: `outcrop models pull {model}` fetches it"
                ))?;
            }
            Ok(_) => {}
        }
    }
    Ok(())
}

async fn exported(
    id: AgentId,
    version: Option<u32>,
    json: bool,
    asker: &Asker,
    out: &mut Out,
) -> Result<String, End> {
    match asker.one(Request::Agents(Agents::Export { id, version, json }), out).await? {
        Reply::Text { text } => Ok(text),
        other => Err(unexpected(&other)),
    }
}

/// To a new file, or to the standard output.
fn write(text: &str, output: Option<&Path>, out: &mut Out) -> Result<(), End> {
    let Some(path) = output else {
        if out.json {
            let item = Item::Text { text: Some(text), path: None, left_out: &[], notes: &[], until: None };
            return out.object(&item);
        }
        out.text(text)?;
        return out.end_line();
    };
    let doing = format!("writing {}", path.display());
    let mut file =
        OpenOptions::new().write(true).create_new(true).open(path).map_err(|why| Error::io(&doing, &why))?;
    file.write_all(text.as_bytes()).map_err(|why| Error::io(&doing, &why))?;
    if out.json {
        let item = Item::Text { text: None, path: Some(path), left_out: &[], notes: &[], until: None };
        return out.object(&item);
    }
    out.line(&format!("wrote {}", path.display()))
}

/// A run's state in a word or two.
fn state(run: &Run) -> String {
    match &run.state {
        State::Running => "running".to_owned(),
        State::Waiting { calls } => {
            let names: Vec<&str> = calls.iter().map(|call| call.action.as_str()).collect();
            format!("waits for {}", names.join(", "))
        }
        State::Answered { .. } => "answered".to_owned(),
        State::GaveUp { why, .. } => format!("gave up: {}", why.words()),
        State::Failed { error } => format!("failed: {}", error.why),
        State::Stopped => "stopped".to_owned(),
    }
}

/// What a run was asked, and whose replay it is.
fn asked(run: &Run) -> String {
    match &run.replays {
        Some(of) => format!("(replays {}) {}", of.run.short(), run.question),
        None => run.question.clone(),
    }
}

/// Whether that may be digits of a run's id, enough of them to mean one.
fn is_digits(text: &str) -> bool {
    text.len() >= 4 && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

async fn show(name: String, number: Option<u32>, asker: &Asker, out: &mut Out) -> Result<(), End> {
    let book = match book(name.clone(), asker, out).await {
        Err(End::Error(error)) if error.kind == ErrorKind::NotFound && is_digits(&name) => {
            // Agents go before runs; what is neither is told of as an agent.
            let find = Request::Agents(Agents::FindRun { text: name });
            return match asker.one(find, out).await {
                Ok(Reply::AgentRunFound { book, run }) => show_run(&book, &run, out),
                _ => Err(error.into()),
            };
        }
        book => book?,
    };
    let id = book.agent.id;
    let reply = asker.one(Request::Agents(Agents::Runs { id, limit: RUNS }), out).await?;
    let Reply::AgentRuns { runs } = &reply else { return Err(unexpected(&reply)) };
    if out.json {
        out.object(&Reply::Agent { book: book.without_secrets() })?;
        return runs.iter().try_for_each(|run| out.object(&Item::AgentRun { run }));
    }
    let version = version(&book, number)?;
    // All but the file stands in comments of it, so that what is printed can be read again.
    out.line(&format!(
        "# {}  version {}  {}",
        book.agent.name,
        version.number,
        words::time(version.created)
    ))?;
    for line in version.note.lines() {
        out.line(&format!("# {line}"))?;
    }
    out.line("")?;
    let text = exported(id, Some(version.number), false, asker, out).await?;
    out.text(&text)?;
    out.end_line()?;
    // The newest version's count, whichever is shown.
    if let Some(newest) = book.version(None).filter(|newest| newest.definition.memory.days > 0) {
        let days = count(u64::from(newest.definition.memory.days), "day", "days");
        out.note(&format!("its runs, but those that wait, and what it remembers of them go after {days}"))?;
    }
    if !runs.is_empty() {
        out.line("")?;
    }
    let row = |run: &Run| {
        vec![
            run.id.short(),
            words::time(run.updated),
            format!("version {}", run.version),
            state(run),
            words::cut(&asked(run), 60),
        ]
    };
    let rows = words::table(&runs.iter().map(row).collect::<Vec<_>>());
    rows.iter().try_for_each(|line| out.line(&format!("# run {line}")))
}

/// A run, and what it came to.
fn show_run(book: &Book, run: &Run, out: &mut Out) -> Result<(), End> {
    if out.json {
        return out.object(&Item::AgentRun { run });
    }
    let (id, name) = (run.id.short(), &book.agent.name);
    out.line(&format!(
        "run {id} of {name}  version {}  {}  {}",
        run.version,
        run.model,
        words::time(run.updated)
    ))?;
    out.line(&state(run))?;
    out.line("")?;
    out.text(&asked(run))?;
    out.end_line()?;
    if let State::Answered { text } | State::GaveUp { text, .. } = &run.state
        && !text.is_empty()
    {
        out.line("")?;
        out.text(text)?;
        out.end_line()?;
    }
    out.note(&format!("`outcrop traces show {id}` shows its steps"))
}

/// The step of that name.
fn step(name: &str) -> Result<Step> {
    Step::ALL.into_iter().find(|step| step.as_str() == name.trim().replace('-', "_")).ok_or_else(|| {
        let names = Step::ALL.map(Step::as_str).join(", ");
        Error::new(
            ErrorKind::Invalid,
            "editing an agent",
            format!("{name:?} is no step"),
            format!("Steps are: {names}."),
        )
    })
}

/// The step that `--template` names, and the text of its file.
fn templated(said: &str) -> Result<(Step, String)> {
    let (of, file) = said.split_once('=').ok_or_else(|| {
        let hint = "Write it like --template orchestration=prompt.txt.";
        let why = format!("{said:?} is not of the form STEP=FILE");
        Error::new(ErrorKind::Invalid, "taking a template", why, hint)
    })?;
    Ok((step(of)?, text_file(Path::new(file))?))
}

async fn edit(wanted: EditAgent, asker: &Asker, out: &mut Out) -> Result<(), End> {
    const DOING: &str = "editing an agent";
    let EditAgent { name, file, template, reset, model, rename, note } = wanted;
    let mut book = book(name, asker, out).await?;
    let id = book.agent.id;
    let (mut changed, folder) = match &file {
        Some(file) => {
            let (_, definition, folder) = definition(file, asker, out).await?;
            for remark in definition.now_read(&version(&book, None)?.definition) {
                out.note(&remark)?;
            }
            (definition, folder)
        }
        None => (version(&book, None)?.definition.clone(), None),
    };
    for said in &template {
        let (step, text) = templated(said)?;
        changed.steps.of_mut(step).template = Some(text);
    }
    for said in &reset {
        changed.steps.of_mut(step(said)?).template = None;
    }
    for (step, place) in changed.steps.unknown_places() {
        out.note(&format!("nothing is put into ${place}$ of the template of {step}"))?;
    }
    if let Some(model) = &model {
        changed.model = Some(model.parse().map_err(End::Error)?);
    }
    let edits = file.is_some() || !template.is_empty() || !reset.is_empty() || model.is_some();
    if !edits && rename.is_none() {
        let hint =
            "Name a file, or --template, --reset, --model, --rename; `outcrop agent export` writes the file.";
        return Err(Error::new(ErrorKind::Invalid, DOING, "nothing is to be changed", hint).into());
    }
    if edits {
        let note = note.unwrap_or_default();
        let request = Agents::Save { id, definition: Box::new(changed), note, folder };
        let reply = asker.one(Request::Agents(request), out).await;
        let reply = match &file {
            // A template that was named besides is not in it, and may be what is wrong.
            Some(file) if template.is_empty() => reply.map_err(|end| in_file(file, end)),
            _ => reply,
        };
        book = of(reply?)?;
    }
    if let Some(name) = rename {
        book = of(asker.one(Request::Agents(Agents::Rename { id, name }), out).await?)?;
    }
    heads(std::slice::from_ref(&book.agent), out)?;
    tell_missing(&book, asker, out).await
}

/// Two versions as files of one form.
async fn both(
    id: AgentId,
    [old, new]: [u32; 2],
    json: bool,
    asker: &Asker,
    out: &mut Out,
) -> Result<[String; 2], End> {
    let old = exported(id, Some(old), json, asker, out).await?;
    Ok([old, exported(id, Some(new), json, asker, out).await?])
}

async fn compare(
    name: String,
    from: Option<u32>,
    to: Option<u32>,
    asker: &Asker,
    out: &mut Out,
) -> Result<(), End> {
    let book = book(name, asker, out).await?;
    let new = version(&book, to)?;
    let old = match from {
        Some(from) => version(&book, Some(from))?,
        None => library::before(&book.agent.name, &book.versions, new.number)?,
    };
    let (id, numbers) = (book.agent.id, [old.number, new.number]);
    let [before, after] = match both(id, numbers, false, asker, out).await {
        // JSON has a way to write whatever it is; two forms would differ in every line.
        Err(End::Error(error)) if error.kind == ErrorKind::Invalid => {
            both(id, numbers, true, asker, out).await?
        }
        files => files?,
    };
    let lines = diff::lines(&before, &after);
    let other_secrets = old.definition.has_other_secrets(&new.definition);
    if out.json {
        let lines = signed(&lines);
        return out.object(&Item::Diff { from: old.number, to: new.number, lines, other_secrets });
    }
    between((old.number, old.created), (new.number, new.created), out)?;
    out.line("")?;
    let same = if other_secrets { "  all else is the same" } else { "  they are the same" };
    if other_secrets {
        out.line("  a secret is another one; it is not shown")?;
    }
    changes(&lines, same, out)
}

async fn against_baseline(
    name: String,
    number: Option<u32>,
    asker: &Asker,
    out: &mut Out,
) -> Result<(), End> {
    let book = book(name, asker, out).await?;
    let version = version(&book, number)?;
    for step in Step::ALL {
        let lines = diff::lines(step.baseline(), version.definition.steps.template(step));
        if lines.iter().all(|line| line.mark == Mark::Same) {
            continue;
        }
        if out.json {
            out.object(&Item::TemplateDiff { step, lines: signed(&lines) })?;
            continue;
        }
        out.line(&format!("{step}: − as outcrop has it, + version {}", version.number))?;
        out.line("")?;
        changes(&lines, "  they are the same", out)?;
    }
    Ok(())
}

async fn remove(names: &[String], yes: bool, asker: &Asker, out: &mut Out) -> Result<(), End> {
    let mut found: Vec<Book> = Vec::new();
    for name in names {
        let book = book(name.clone(), asker, out).await?;
        // The same one may be named twice.
        if found.iter().all(|known| known.agent.id != book.agent.id) {
            found.push(book);
        }
    }
    let question = match found.as_slice() {
        [Book { agent, versions }] => {
            let versions = words::count(versions.len() as u64, "version", "versions");
            format!("Delete “{}”, {versions}, and its runs?", agent.name)
        }
        several => {
            format!("Delete {} and their runs?", words::count(several.len() as u64, "agent", "agents"))
        }
    };
    ask::agreed(yes, &question, "removing agents").await?;
    for Book { agent, .. } in found {
        let reply = asker.one(Request::Agents(Agents::Remove { id: agent.id }), out).await?;
        if out.json { out.object(&reply)? } else { out.line(&format!("removed {}", agent.name))? }
    }
    Ok(())
}
