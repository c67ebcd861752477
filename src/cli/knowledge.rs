//! `outcrop kb …`

mod answers;
mod carry;
mod changing;
mod preview;
mod quality;
mod rebuild;
mod reranking;
mod runs;
mod standing;

use futures_util::StreamExt;

use self::standing::{expected, ranks};
use super::args::{
    AddSource, AskBase, CreateBase, Cutting, Knowledge as Verb, Looking, Reaching, SearchBase, SearchMode,
};
use super::item::Item;
use super::out::Out;
use super::progress::Progress;
use super::{Asker, End, Exit, ask, tending, unexpected, wishes, words};
use crate::domain::delta::Event;
use crate::domain::figures::{count, grouped};
use crate::domain::id::SourceId;
use crate::domain::knowledge::base::{BUCKETS, Base, Origin, Plan, Source, SourcePlan, bucket_of};
use crate::domain::knowledge::ranking::Mode;
use crate::domain::knowledge::reranking::Reranker;
use crate::domain::knowledge::retrieval::{Asked, Citation, Found, Question, Retrieved, is_alike};
use crate::domain::knowledge::store::{Move, MoveState, StoreKind};
use crate::domain::knowledge::sync::{Filed, Sync, SyncState};
use crate::domain::knowledge::vectors::{self, Probed, VectorSearch};
use crate::domain::untrusted::safe_line;
use crate::domain::{Error, ErrorKind, Result};
use crate::workbench::request::knowledge::Knowledge;
use crate::workbench::{Reply, Request};

/// A document with more passages shows how many of them are done.
const LARGE: u64 = 256;
/// What is done at the end of the sync of a large base.
const SORTING: &str = "making lists of what lies near each other";

pub(super) async fn knowledge(verb: Verb, asker: &Asker, out: &mut Out) -> Result<Exit, End> {
    match verb {
        Verb::Create(wanted) => return create(wanted, asker, out).await,
        Verb::List => list(asker, out).await?,
        Verb::Show { name } => show(&name, asker, out).await?,
        Verb::AddSource(wanted) => return add_source(wanted, asker, out).await,
        Verb::ChangeSource(wanted) => changing::change_source(wanted, asker, out).await?,
        Verb::RemoveSource { name, source, yes } => {
            let base = found(&name, asker, out).await?;
            let source = source_of(&base, &source)?;
            let (id, place) = (source.id, source.origin.place());
            let doing = "removing a source of a knowledge base";
            ask::agreed(yes, &format!("Take {place} out of {}?", base.name), doing).await?;
            let base = one(Knowledge::RemoveSource { id: base.id, source: id }, asker, out).await?;
            told(&base, &format!("without {place}; {}", holds(&base)), out)?;
        }
        Verb::Sync { name, source, pause } => {
            let base = found(&name, asker, out).await?;
            if pause && !base.is_syncing() && !base.is_moving() && !base.is_rebuilding() {
                told(&base, "nothing syncs it", out)?;
                return Ok(Exit::Negative);
            }
            if pause {
                let base = one(Knowledge::Pause { id: base.id }, asker, out).await?;
                told(&base, "stopped; `outcrop kb sync` goes on from there", out)?;
                return Ok(Exit::Done);
            }
            let source = source.map(|text| source_of(&base, &text).map(|source| source.id)).transpose()?;
            return sync(base, source, asker, out).await;
        }
        Verb::Watch { name } => return tending::watch(name, asker, out).await,
        Verb::Status { name, runs: true, .. } => runs::all(&name, asker, out).await?,
        Verb::Status { name, run: Some(run), .. } => runs::one(&name, &run, asker, out).await?,
        Verb::Status { name, .. } => {
            let base = found(&name, asker, out).await?;
            if out.json {
                out.object(&Item::Base { base: &base })?;
            } else {
                out.line(&format!("{}: {}", base.name, holds(&base)))?;
                base.sources.iter().try_for_each(|source| status(source, out))?;
                rebuild::status(&base, out)?;
            }
        }
        Verb::Documents { name } => documents(&name, asker, out).await?,
        Verb::Chunks { name, document, raw } => {
            out.set_raw(raw)?;
            chunks(&name, &document, asker, out).await?;
        }
        Verb::Search(wanted) => return search(wanted, asker, out).await,
        Verb::Ask(wanted) => return answer(wanted, asker, out).await,
        Verb::Preview(wanted) => preview::preview(wanted, asker, out).await?,
        Verb::Evaluate(wanted) => quality::evaluate(wanted, asker, out).await?,
        Verb::Rerank { name, model, candidates } => {
            reranking::rerank(&name, &model, candidates, asker, out).await?;
        }
        Verb::Answers { name, template, threshold } => {
            answers::answers(&name, template.as_deref(), threshold.as_deref(), asker, out).await?;
        }
        Verb::Move { name, to } => {
            let to = to.parse()?;
            let base = found(&name, asker, out).await?;
            return transfer(base, to, asker, out).await;
        }
        Verb::Export { name, file, vectors } => carry::export(&name, &file, vectors, asker, out).await?,
        Verb::Import { file, name } => carry::import(&file, name, asker, out).await?,
        Verb::Rebuild(wanted) => return rebuild::rebuild(wanted, asker, out).await,
        Verb::Rename { name, to } => {
            let id = found(&name, asker, out).await?.id;
            let base = one(Knowledge::Rename { id, name: to }, asker, out).await?;
            told(&base, "that is its name now", out)?;
        }
        Verb::Remove { name, forget, yes } => remove(&name, (forget, yes), asker, out).await?,
    }
    Ok(Exit::Done)
}

async fn create(wanted: CreateBase, asker: &Asker, out: &mut Out) -> Result<Exit, End> {
    let CreateBase { name, from, reaching, cutting, embedder, description, store } = wanted;
    let plan = |from: &String| planned(from, &reaching, &cutting, asker);
    let plans = from.iter().map(plan).collect::<Result<Vec<_>>>()?;
    let embedder = embedder.map(|model| model.parse()).transpose()?;
    let store = store.parse()?;
    let plan = Plan { name, description, embedder, store };
    let mut base = one(Knowledge::Create { plan }, asker, out).await?;
    for plan in plans {
        base = match one(Knowledge::AddSource { id: base.id, plan }, asker, out).await {
            Ok(base) => base,
            Err(error) => {
                // Nothing was filled: the mended command makes it anew.
                let undo = Knowledge::Remove { id: base.id, forget: false };
                asker.one(Request::Knowledge(undo), out).await?;
                return Err(error);
            }
        };
    }
    if base.sources.is_empty() {
        told(&base, &format!("made; {} embeds", base.embedder), out)?;
        let name = words::in_shell(&base.name);
        out.note(&format!("`outcrop kb add-source {name} PATH` adds what it is filled from"))?;
        return Ok(Exit::Done);
    }
    sync(base, None, asker, out).await
}

async fn add_source(wanted: AddSource, asker: &Asker, out: &mut Out) -> Result<Exit, End> {
    let AddSource { name, from, reaching, cutting, later } = wanted;
    let plan = planned(&from, &reaching, &cutting, asker)?;
    let id = found(&name, asker, out).await?.id;
    let base = one(Knowledge::AddSource { id, plan }, asker, out).await?;
    if later {
        told(&base, "added; `outcrop kb sync` reads it", out)?;
        return Ok(Exit::Done);
    }
    let source = base.sources.last().map(|source| source.id);
    sync(base, source, asker, out).await
}

/// What a source is made of, by its path or its address.
fn planned(from: &str, reaching: &Reaching, cutting: &Cutting, asker: &Asker) -> Result<SourcePlan> {
    let (include, exclude) = (cutting.include.clone(), cutting.exclude.clone());
    let origin = if from.starts_with(BUCKETS) {
        let (bucket, prefix) = bucket_of(from)?;
        // As this process was told: whoever syncs it may have been told otherwise.
        let (endpoint, region) = (reaching.endpoint.clone(), reaching.region.clone());
        let s3 = &asker.config.s3;
        let (endpoint, region) = (endpoint.or(s3.endpoint.clone()), region.or(s3.region.clone()));
        Origin::S3 { bucket, prefix, endpoint, region, include, exclude }
    } else if from.starts_with("http://") || from.starts_with("https://") {
        Origin::Url { url: from.to_owned(), private: reaching.allow_private }
    } else {
        let path = std::fs::canonicalize(from)
            .map_err(|why| Error::io(format!("adding {from} as a source"), &why))?;
        Origin::Files { path, include, exclude, ignored: false }
    };
    let (schedule, watch) = (reaching.schedule.clone(), reaching.watch);
    Ok(SourcePlan { origin, chunking: cutting.chunking.parse()?, schedule, watch })
}

async fn list(asker: &Asker, out: &mut Out) -> Result<(), End> {
    let reply = asker.one(Request::Knowledge(Knowledge::List), out).await?;
    let Reply::Bases { bases } = &reply else { return Err(unexpected(&reply)) };
    if out.json {
        return bases.iter().try_for_each(|base| out.object(&Item::Base { base }));
    }
    let row = |base: &Base| {
        let state = base.sources.iter().filter_map(|source| source.last.as_ref()).map(|sync| sync.state);
        let state = state.min_by_key(|state| *state == SyncState::Complete);
        vec![
            base.id.short(),
            words::time(base.updated),
            holds(base),
            state.map_or_else(|| "never synced".to_owned(), |state| state.to_string()),
            base.name.clone(),
        ]
    };
    let rows: Vec<_> = bases.iter().map(row).collect();
    words::table(&rows).iter().try_for_each(|line| out.line(line))?;
    if bases.is_empty() {
        out.note("there is none yet; `outcrop kb create NAME --from FOLDER` makes one")?;
    }
    Ok(())
}

async fn show(name: &str, asker: &Asker, out: &mut Out) -> Result<(), End> {
    let base = found(name, asker, out).await?;
    if out.json {
        return out.object(&Item::Base { base: &base });
    }
    let mut rows = vec![
        vec!["knowledge base".to_owned(), format!("{}  {}", base.id.short(), base.name)],
        vec!["about".to_owned(), base.description.clone().unwrap_or_default()],
        vec!["embedded by".to_owned(), base.embedder.to_string()],
        vec!["reranked by".to_owned(), base.reranker.as_ref().map(Reranker::words).unwrap_or_default()],
        vec!["answered".to_owned(), base.answers.words()],
        vec!["lies in".to_owned(), base.store.title().to_owned()],
        vec!["vectors".to_owned(), compared(&base, asker.config.knowledge.vectors)],
        vec!["has".to_owned(), holds(&base)],
    ];
    rows.retain(|row| !row[1].is_empty());
    words::table(&rows).iter().try_for_each(|line| out.line(line))?;
    base.sources.iter().try_for_each(|source| status(source, out))?;
    rebuild::status(&base, out)
}

/// What its vectors are, and how they are compared with a question's; of a base elsewhere that is its server's affair.
fn compared(base: &Base, search: VectorSearch) -> String {
    let are = vectors::words(base.dimensions, base.normalised);
    if base.store != StoreKind::Embedded {
        return are;
    }
    format!("{are}; compared {}", search.words(base.holds.passages, vectors::from(base.dimensions.into())))
}

/// What a base has, in words.
fn holds(base: &Base) -> String {
    let has = base.holds;
    format!(
        "{}, {}, {}",
        count(has.documents, "document", "documents"),
        count(has.passages, "passage", "passages"),
        count(has.tokens, "token", "tokens")
    )
}

/// A source, how its last sync went, and what failed.
fn status(source: &Source, out: &mut Out) -> Result<(), End> {
    out.line("")?;
    out.line(&format!("{}  {}", source.id.short(), source.origin.place()))?;
    if let Some(schedule) = &source.schedule {
        out.line(&format!("  at {}{}", schedule.cron, words::next(schedule)))?;
    }
    if source.watch {
        out.line("  when its files change")?;
    }
    for chosen in source.origin.chosen() {
        out.line(&format!("  {chosen}"))?;
    }
    match &source.last {
        Some(sync) => went(sync, out),
        None => out.line("  never synced"),
    }
}

/// How a sync went, and what failed.
fn went(sync: &Sync, out: &mut Out) -> Result<(), End> {
    out.line(&format!("  {}  {}", sync.state, words::time(sync.updated)))?;
    if let Some(why) = &sync.why {
        out.line(&format!("  {why}"))?;
    }
    out.line(&format!("  {}", counted(sync)))?;
    for failure in &sync.failures {
        let named = if failure.why.contains(&failure.uri) { "" } else { &*format!("{}: ", failure.uri) };
        out.line(&safe_line(&format!("  ✗ {named}{}", failure.why)))?;
    }
    let more = sync.faulty().saturating_sub(sync.failures.len() as u64);
    if more > 0 {
        out.line(&format!("  ✗ and {} more", grouped(more)))?;
    }
    Ok(())
}

/// What a sync did, in words; what there is nothing of is left out.
pub(super) fn counted(sync: &Sync) -> String {
    let told = &sync.statistics;
    let said = [
        (told.scanned, "scanned"),
        (told.metadata_scanned, "with metadata"),
        (told.new, "new"),
        (told.modified, "changed"),
        (told.metadata_modified, "with other metadata"),
        (told.moved, "moved"),
        (told.deleted, "gone"),
        (told.unchanged, "as before"),
        (told.elsewhere, "that another source has"),
        (told.skipped, "skipped"),
        (told.failed, "failed"),
        (told.partial, "in part"),
    ];
    let mut parts: Vec<String> = said
        .iter()
        .enumerate()
        .filter(|(at, (many, _))| *at == 0 || *many > 0)
        .map(|(_, (many, what))| format!("{} {what}", grouped(*many)))
        .collect();
    if told.passages > 0 {
        parts.push(count(told.passages, "passage", "passages"));
        parts.push(count(told.tokens, "token", "tokens"));
    }
    if told.known > 0 {
        parts.push(format!("{} of them embedded before", grouped(told.known)));
    }
    if told.refused > 0 {
        parts.push(format!("{} refused by the model", count(told.refused, "passage", "passages")));
    }
    if told.windowed > 0 {
        parts.push(format!("{} longer than the model reads at once", grouped(told.windowed)));
    }
    parts.join(" · ")
}

/// Syncs and shows how far it is; a negative answer where a file failed, or one source of many.
async fn sync(base: Base, source: Option<SourceId>, asker: &Asker, out: &mut Out) -> Result<Exit, End> {
    let request = Knowledge::Sync { id: base.id, source };
    let mut replies = asker.ask(Request::Knowledge(request));
    let mut progress = Progress::new(out.json);
    let mut last = base;
    while let Some(reply) = replies.next().await {
        let Reply::Base { base } = reply? else { continue };
        let running = base.sources.iter().filter_map(|source| source.last.as_ref());
        if let Some(sync) = running.clone().find(|sync| sync.state.is_running()) {
            show_sync(sync, &mut progress);
        }
        if out.json {
            out.object(&Item::Base { base: &base })?;
        }
        last = base;
    }
    progress.clear();
    let synced: Vec<&Source> =
        last.sources.iter().filter(|known| source.is_none_or(|wanted| wanted == known.id)).collect();
    if !out.json {
        out.line(&format!("{}: {}", last.name, holds(&last)))?;
        synced.iter().try_for_each(|source| status(source, out))?;
        if last.holds.passages > 0 {
            let name = words::in_shell(&last.name);
            out.note(&format!("`outcrop kb ask {name} QUESTION` answers from it"))?;
        }
    }
    let syncs: Vec<&Sync> = synced.iter().filter_map(|source| source.last.as_ref()).collect();
    let has = |state: SyncState| syncs.iter().any(|sync| sync.state == state);
    if let Some(failed) = syncs.iter().find(|sync| sync.state == SyncState::Failed) {
        let hint = "Mend that, then sync again.";
        if syncs.iter().all(|sync| sync.state == SyncState::Failed) {
            let why = failed.why.clone().unwrap_or_default();
            return Err(Error::new(ErrorKind::Io, "syncing a knowledge base", why, hint).into());
        }
        // Where other sources were looked through it is one failure among what was done.
        out.note(&format!("a source could not be looked through. {hint}"))?;
    }
    let is_whole = syncs.iter().all(|sync| sync.faulty() == 0) && !has(SyncState::Failed);
    Ok(match (has(SyncState::Stopped), is_whole) {
        (true, _) => Exit::Interrupted,
        (false, false) => Exit::Negative,
        (false, true) => Exit::Done,
    })
}

/// Shows how far a sync is.
fn show_sync(sync: &Sync, progress: &mut Progress) {
    match (&sync.sorting, &sync.at) {
        (Some(sorting), _) => progress.share(SORTING, sorting.done, sorting.of),
        // What takes its time shows how far it is.
        (None, Some(at)) if at.passages > LARGE => {
            let name = at.uri.rsplit('/').next().unwrap_or_default();
            let file = grouped(sync.due.files_done + 1);
            let what = format!("file {file} of {}, {name}: passages", grouped(sync.due.files));
            progress.show(&what, at.passages_done, Some(at.passages));
        }
        // They are looked through before it is known how many are to be read.
        _ if sync.due.files == 0 => {}
        _ => progress.show("new or changed files", sync.due.files_done, Some(sync.due.files)),
    }
}

/// Moves a base and shows how far that is.
async fn transfer(base: Base, to: StoreKind, asker: &Asker, out: &mut Out) -> Result<Exit, End> {
    let mut replies = asker.ask(Request::Knowledge(Knowledge::Move { id: base.id, to }));
    let mut progress = Progress::new(out.json);
    let mut last = base;
    while let Some(reply) = replies.next().await {
        let Reply::Base { base } = reply? else { continue };
        if let Some(moving) = base.moving.as_ref().filter(|moving| moving.is_running()) {
            progress.show("passages", moving.copied, Some(moving.passages));
        }
        if out.json {
            out.object(&Item::Base { base: &base })?;
        }
        last = base;
    }
    progress.clear();
    let why = |moving: &Move| moving.why.clone().unwrap_or_default();
    match &last.moving {
        None if out.json => Ok(Exit::Done),
        None => {
            let passages = count(last.holds.passages, "passage", "passages");
            out.line(&format!("{}: lies in {} now, {passages}", last.name, last.store.title()))?;
            Ok(Exit::Done)
        }
        Some(moving) if moving.state == MoveState::Failed => {
            let hint = "The base is whole where it is. Mend that, then move it again.";
            let doing = "moving a knowledge base";
            Err(Error::new(ErrorKind::Io, doing, why(moving), hint).into())
        }
        Some(moving) => {
            out.note(&format!("{}; the same command goes on from there", why(moving)))?;
            Ok(Exit::Interrupted)
        }
    }
}

async fn documents(name: &str, asker: &Asker, out: &mut Out) -> Result<(), End> {
    let all = all_documents(name, asker, out).await?.1;
    if out.json {
        return all.iter().try_for_each(|document| out.object(&Item::Document { document }));
    }
    let row = |document: &Filed| {
        vec![
            document.id.short(),
            document.state.to_string(),
            grouped(document.passages.into()),
            grouped(document.tokens),
            document.uri.clone(),
        ]
    };
    let head = ["", "status", "passages", "tokens", "place"].map(str::to_owned).to_vec();
    let rows: Vec<_> = std::iter::once(head).chain(all.iter().map(row)).collect();
    words::table(&rows).iter().try_for_each(|line| out.line(line))?;
    runs::notes(&all, out)
}

async fn all_documents(name: &str, asker: &Asker, out: &mut Out) -> Result<(Base, Vec<Filed>), End> {
    let base = found(name, asker, out).await?;
    match asker.one(Request::Knowledge(Knowledge::Documents { id: base.id }), out).await? {
        Reply::Documents { documents } => Ok((base, documents)),
        other => Err(unexpected(&other)),
    }
}

async fn chunks(name: &str, wanted: &str, asker: &Asker, out: &mut Out) -> Result<(), End> {
    let (base, all) = all_documents(name, asker, out).await?;
    let digits = wanted.to_lowercase();
    let is_meant = |document: &&Filed| {
        let id = document.id.to_string();
        document.uri.ends_with(wanted)
            || digits.len() >= 4 && (id.starts_with(&digits) || id.ends_with(&digits))
    };
    let meant: Vec<&Filed> = all.iter().filter(is_meant).collect();
    let doing = format!("finding the document {wanted:?}");
    let [document] = meant.as_slice() else {
        let (why, hint) = match meant.len() {
            0 => ("no document is at such a place", "`outcrop kb documents` lists them."),
            _ => ("several end so", "Give more of its path."),
        };
        return Err(Error::new(ErrorKind::NotFound, doing, why, hint).into());
    };
    if out.json {
        let request = Knowledge::Norms { id: base.id, document: document.id };
        let reply = asker.one(Request::Knowledge(request), out).await?;
        let Reply::Norms { passages } = &reply else { return Err(unexpected(&reply)) };
        return passages
            .iter()
            .try_for_each(|(passage, norm)| out.object(&Item::Passage { passage, norm: *norm }));
    }
    let request = Knowledge::Passages { id: base.id, document: document.id, from: 0, most: None };
    let reply = asker.one(Request::Knowledge(request), out).await?;
    let Reply::Passages { passages } = &reply else { return Err(unexpected(&reply)) };
    for passage in passages {
        let place = passage.place().map(|place| format!("  {place}")).unwrap_or_default();
        let number = passage.ordinal + 1;
        let tokens = count(passage.tokens.into(), "token", "tokens");
        out.line(&format!("── {number}  {tokens}  {}{place}", passage.id))?;
        out.text(&passage.with_columns())?;
        out.end_line()?;
    }
    Ok(())
}

/// What a mode is called here and there.
fn mode(said: SearchMode) -> Mode {
    match said {
        SearchMode::Semantic => Mode::Semantic,
        SearchMode::Hybrid => Mode::Hybrid,
        SearchMode::Keyword => Mode::Keyword,
    }
}

fn question(text: String, looking: &Looking, expect: &[String]) -> Result<Question> {
    let mode = mode(looking.mode);
    let expected = expect.iter().map(|id| quality::passage(id)).collect::<Result<_>>()?;
    let rerank = reranking::wished(looking.rerank.as_deref(), looking.candidates)?;
    let (results, filter) = (looking.results, looking.filter.clone());
    Ok(Question { text, mode, results, filter, expected, rerank })
}

async fn search(wanted: SearchBase, asker: &Asker, out: &mut Out) -> Result<Exit, End> {
    let SearchBase { name, question: text, looking, expect, raw } = wanted;
    out.set_raw(raw)?;
    let question = question(text, &looking, &expect)?;
    let (mode, is_filtered) = (question.mode, question.filter.is_some());
    let id = found(&name, asker, out).await?.id;
    let reply = asker.one(Request::Knowledge(Knowledge::Search { id, question }), out).await?;
    let Reply::Retrieved { retrieved, .. } = &reply else { return Err(unexpected(&reply)) };
    if out.json {
        out.object(&reply)?;
    } else {
        for (hit, number) in retrieved.hits.iter().zip(1..) {
            out.line(&format!("── {number}  {}  {}", hit.whole_place(), ranks(hit)))?;
            out.text(&hit.passage.with_columns())?;
            out.end_line()?;
        }
        for passage in &retrieved.expected {
            let stands = expected(passage, mode, is_filtered);
            out.line(&format!("expected: {}  {stands}", passage.whole_place()))?;
        }
        let (compared, matched) =
            (count(retrieved.compared, "passage", "passages"), grouped(retrieved.matched));
        let lists = retrieved.probed.map(Probed::words).unwrap_or_default();
        out.note(&format!("{compared} compared{lists}, {matched} with a word of it"))?;
        reranking::note(retrieved, out)?;
    }
    Ok(if retrieved.hits.is_empty() { Exit::Negative } else { Exit::Done })
}

async fn answer(wanted: AskBase, asker: &Asker, out: &mut Out) -> Result<Exit, End> {
    let AskBase { name, question: text, model, set, looking, threshold, template, raw } = wanted;
    out.set_raw(raw)?;
    let question = question(text, &looking, &[])?;
    let template = template.map(|path| answers::template(&path)).transpose()?;
    let mut settings = asker.config.defaults.settings.clone();
    wishes::set(&mut settings, "--set ", &set)?;
    let model = match model {
        Some(model) => model.parse()?,
        None => asker.config.model.clone(),
    };
    let asked = Asked { question, model, settings, template, threshold };
    let id = found(&name, asker, out).await?.id;
    let mut replies = asker.ask(Request::Knowledge(Knowledge::Ask { id, asked }));
    let mut had = None;
    let mut cited = Vec::new();
    while let Some(reply) = replies.next().await {
        let reply = reply?;
        if out.json {
            out.object(&reply)?;
        }
        match reply {
            Reply::Retrieved { retrieved, .. } => had = Some(retrieved),
            Reply::Delta { event: Event::Text { text } } if !out.json => out.piece(&text).await?,
            Reply::Delta { event: Event::Notice { text } } if !out.json => {
                out.end_piece().await?;
                out.note(&text)?;
            }
            Reply::Cited { citations, .. } => cited = citations,
            _ => {}
        }
    }
    let had = had.unwrap_or_default();
    if had.hits.is_empty() {
        if !out.json {
            let why = if had.below.is_empty() {
                "nothing was found"
            } else {
                "nothing that was found is near enough"
            };
            out.line(&format!("The knowledge base does not tell: {why}."))?;
            far(&had, out)?;
        }
        return Ok(Exit::Negative);
    }
    if !out.json {
        out.end_piece().await?;
        sources(&had, &cited, out)?;
        far(&had, out)?;
        reranking::note(&had, out)?;
        if let Some(given) = had.given {
            let (given, all) = (grouped(given as u64), grouped(had.hits.len() as u64));
            out.note(&format!("the model's context had room for the first {given} of {all}"))?;
        }
    }
    Ok(Exit::Done)
}

/// The passages that an answer cites, then those that it was given and did not use.
fn sources(had: &Retrieved, cited: &[Citation], out: &mut Out) -> Result<(), End> {
    let used = |number: usize| cited.iter().any(|citation| citation.hits.contains(&number));
    let numbered: Vec<(usize, &Found)> = (1..).zip(&had.hits).collect();
    let (with, without): (Vec<_>, Vec<_>) = numbered.into_iter().partition(|(number, _)| used(*number));
    out.line("")?;
    let mut say = |head: &str, of: &[(usize, &Found)]| -> Result<(), End> {
        if !of.is_empty() {
            out.line(head)?;
        }
        of.iter().try_for_each(|(number, hit)| {
            out.line(&format!("[{number}] {}  {}", hit.whole_place(), ranks(hit)))
        })
    };
    let named = if is_alike(cited) { "not cited by the model; its words are those of" } else { "cited" };
    say(named, &with)?;
    say("found, not cited", &without)
}

/// What was found and was not near enough for an answer, with how near it is.
fn far(had: &Retrieved, out: &mut Out) -> Result<(), End> {
    let Some(least) = had.least.filter(|_| !had.below.is_empty()) else { return Ok(()) };
    out.line(&format!("found with a cosine below {least}, not given to the model"))?;
    had.below.iter().try_for_each(|hit| out.line(&format!("    {}  {}", hit.whole_place(), ranks(hit))))
}

async fn remove(
    names: &[String],
    (forget, yes): (bool, bool),
    asker: &Asker,
    out: &mut Out,
) -> Result<(), End> {
    let mut bases = Vec::new();
    for name in names {
        bases.push(found(name, asker, out).await?);
    }
    let what: Vec<&str> = bases.iter().map(|base| base.name.as_str()).collect();
    let act = if forget { "Forget" } else { "Delete" };
    ask::agreed(yes, &format!("{act} {}?", what.join(", ")), "removing a knowledge base").await?;
    for base in &bases {
        let request = Knowledge::Remove { id: base.id, forget };
        let reply = asker.one(Request::Knowledge(request), out).await?;
        if out.json {
            out.object(&reply)?;
        }
        out.note(&format!("{} is removed", base.name))?;
        for (store, name) in base.elsewhere().into_iter().filter(|_| forget) {
            out.note(&format!("what {} has of it stays there: {name}", store.title()))?;
        }
    }
    Ok(())
}

/// The source of a base that is meant by its path, or by the first or last digits of its id.
fn source_of<'a>(base: &'a Base, text: &str) -> Result<&'a Source> {
    let path = std::fs::canonicalize(text).map(|path| path.display().to_string()).ok();
    let digits = text.to_lowercase();
    let is_meant = |source: &&Source| {
        let (id, place) = (source.id.to_string(), source.origin.place());
        place == text
            || path.as_ref() == Some(&place)
            || digits.len() >= 4 && (id.starts_with(&digits) || id.ends_with(&digits))
    };
    base.sources.iter().find(is_meant).ok_or_else(|| {
        let why = format!("{} has no such source", base.name);
        Error::new(
            ErrorKind::NotFound,
            format!("finding the source {text:?}"),
            why,
            "`outcrop kb show` lists them.",
        )
    })
}

fn told(base: &Base, said: &str, out: &mut Out) -> Result<(), End> {
    if out.json {
        return out.object(&Item::Base { base });
    }
    out.line(&format!("{}: {said}", base.name))
}

pub(super) async fn found(text: &str, asker: &Asker, out: &mut Out) -> Result<Base, End> {
    one(Knowledge::Find { text: text.to_owned() }, asker, out).await
}

/// The reply of a request that has a base for one.
async fn one(request: Knowledge, asker: &Asker, out: &mut Out) -> Result<Base, End> {
    match asker.one(Request::Knowledge(request), out).await? {
        Reply::Base { base } => Ok(base),
        other => Err(unexpected(&other)),
    }
}
