//! What agents remember of sessions with people: summed up when a session has been answered, told when the next one begins, gone
//! when its days are over, and what was said in it as well.

use super::halt::Halt;
use super::run::{Running, plain};
use super::{Agents, kept};
use crate::domain::agent::run::State;
use crate::domain::agent::turn::text_of;
use crate::domain::agent::{Agent, AgentEvent, Definition, Remembered, Run, Step, Version, replay, told};
use crate::domain::id::{AgentId, RunId};
use crate::domain::time::Timestamp;
use crate::domain::{Error, ErrorKind, Result};
use crate::service::fresh;
use crate::store::record::{AgentMemoryOf, AgentRunOf, AgentVersionOf};
use crate::store::{Batch, Scan, Store};

/// The longest summary, in characters: a model that writes more has summed nothing up.
const LONGEST: usize = 4_000;
/// Stands behind a summary that was cut.
const CUT: &str = " …";

/// Who a session is with; `me` where the account tells no name.
pub(super) fn person(principal: &str) -> String {
    match principal.trim() {
        "" => "me".to_owned(),
        name => name.to_owned(),
    }
}

/// What is remembered of sessions, of one person's or of everybody's, the newest first.
pub(super) fn all(store: &Store, agent: AgentId, user: Option<&str>) -> Result<Vec<Remembered>> {
    if !store.has::<Agent>(&agent)? {
        return Err(kept::missing("looking at what an agent remembers"));
    }
    let sessions = store.scan::<Remembered>(Scan::under(&agent));
    let mut sessions: Vec<Remembered> = sessions.filter_map(|record| Some(record.ok()?.1)).collect();
    sessions.retain(|session| user.is_none_or(|user| session.user == user));
    sessions.sort_by(|one, other| other.at.cmp(&one.at).then(one.session.cmp(&other.session)));
    Ok(sessions)
}

fn get(store: &Store, agent: AgentId, session: RunId) -> Result<Option<Remembered>> {
    store.get::<Remembered>(&AgentMemoryOf(agent, session))
}

fn put(store: &Store, agent: AgentId, remembered: &Remembered) -> Result<()> {
    // The agent may have been removed meanwhile.
    if !store.has::<Agent>(&agent)? {
        return Ok(());
    }
    let mut batch = Batch::new();
    batch.put(&AgentMemoryOf(agent, remembered.session), remembered)?;
    store.commit(batch)
}

/// Puts a person's words in the place of a summary.
pub(super) fn edit(store: &Store, agent: AgentId, session: RunId, summary: &str) -> Result<Remembered> {
    const DOING: &str = "editing what an agent remembers";
    let summary = summary.trim().to_owned();
    if summary.is_empty() {
        let hint = "`outcrop agent memory remove` forgets a session.";
        return Err(Error::new(ErrorKind::Invalid, DOING, "the text is empty", hint));
    }
    let mut remembered = get(store, agent, session)?.ok_or_else(|| {
        let hint = "`outcrop agent memory list` shows what it remembers.";
        Error::new(ErrorKind::NotFound, DOING, "it does not remember that session", hint)
    })?;
    (remembered.summary, remembered.edited) = (summary, true);
    put(store, agent, &remembered)?;
    Ok(remembered)
}

/// Forgets sessions; with `runs` also what was said in them: the runs that have ended, and those that were made of them again.
pub(super) fn forget(store: &Store, agent: AgentId, sessions: &[RunId], runs: bool) -> Result<()> {
    let mut batch = Batch::new();
    for session in sessions {
        batch.remove::<Remembered>(&AgentMemoryOf(agent, *session));
    }
    let said = if runs { kept::runs(store, agent, usize::MAX) } else { Vec::new() };
    let gone = |run: &&Run| sessions.contains(&run.session()) && run.state != State::Running;
    let gone: Vec<AgentRunOf> = said.iter().filter(gone).map(|run| AgentRunOf(agent, run.id)).collect();
    kept::forget_runs(store, &gone, &mut batch)?;
    store.commit(batch)
}

/// Forgets what is older than the newest version of its agent keeps: summaries, and of an agent that remembers at all the runs
/// that have ended. How many that were. Blocks.
pub fn sweep(store: &Store, now: Timestamp) -> Result<usize> {
    let mut forgotten = 0;
    for agent in kept::all(store) {
        // Of what cannot be read nobody can tell how long it is kept.
        let newest = store.get::<Version>(&AgentVersionOf(agent.id, agent.latest)).ok().flatten();
        let Some(Version { definition: Definition { memory, .. }, .. }) = newest else { continue };
        let sessions = all(store, agent.id, None)?;
        let old: Vec<RunId> = sessions
            .iter()
            .filter(|session| !memory.keeps(session.at, now))
            .map(|session| session.session)
            .collect();
        if !old.is_empty() {
            forget(store, agent.id, &old, false)?;
            forgotten += old.len();
        }
        if memory.days == 0 {
            continue;
        }
        let is_over = |run: &Run| !matches!(run.state, State::Running | State::Waiting { .. });
        let runs = kept::runs(store, agent.id, usize::MAX).into_iter();
        let runs = runs.filter(|run| is_over(run) && !memory.keeps(run.updated, now));
        let runs: Vec<AgentRunOf> = runs.map(|run| AgentRunOf(agent.id, run.id)).collect();
        if !runs.is_empty() {
            let mut batch = Batch::new();
            kept::forget_runs(store, &runs, &mut batch)?;
            store.commit(batch)?;
            forgotten += runs.len();
        }
    }
    Ok(forgotten)
}

/// What the model is told of earlier sessions with the person of a run. A replay is told what was known before the first run.
pub(super) async fn told(
    agents: &Agents,
    definition: &Definition,
    run: &Run,
    now: Timestamp,
) -> Result<String> {
    if definition.memory.days == 0 {
        return Ok(String::new());
    }
    let (agent, user, own) = (run.agent, run.user.clone(), run.session());
    let before = run.replays.as_ref().and_then(|of| of.run.made());
    let sessions = agents.archive.run(move |store| all(store, agent, Some(user.as_str()))).await?;
    let earlier = sessions.into_iter().filter(|session| session.session != own);
    let earlier = earlier.filter(|session| before.is_none_or(|before| session.at < before));
    Ok(definition.memory.told(&earlier.collect::<Vec<_>>(), now))
}

impl Running {
    /// Keeps a summary of what was said so far, for the next session. The answer stands whatever comes of it.
    pub(super) async fn remember(&mut self, answer: &str) {
        let keeps = self.definition.memory.days > 0 && self.definition.steps.is_on(Step::MemorySummary);
        // What is done once more has happened once.
        if !keeps || self.run.replays.is_some() {
            return;
        }
        if let Err(why) = self.sum_up(answer).await {
            self.tell(AgentEvent::Remark { text: format!("this session is not remembered: {why}") }).await;
        }
    }

    async fn sum_up(&mut self, answer: &str) -> Result<(), String> {
        let (agent, session) = (self.run.agent, self.run.session());
        let known = self.agents.archive.run(move |store| get(store, agent, session)).await;
        let known = known.map_err(|error| error.said())?;
        // What was kept stands for all that was said before this question.
        let from = known.as_ref().and_then(|_| replay::asked_at(&self.run.turns, &self.run.question));
        let before = known.as_ref().map(|known| known.summary.as_str()).unwrap_or_default();
        let text = told::summing(&self.definition, before, &self.run.turns[from.unwrap_or(0)..], answer);
        let heard = self.hear(plain(Step::MemorySummary, text)).await.map_err(Halt::said)?;
        let said = text_of(&heard.blocks);
        let mut summary: String = said.chars().take(LONGEST).collect();
        if summary.is_empty() {
            let cut = if heard.is_cut { " before it was cut" } else { "" };
            return Err(format!("the model said nothing{cut}"));
        }
        if heard.is_cut || summary.len() < said.len() {
            summary.push_str(CUT);
        }
        let edited = known.as_ref().is_some_and(|known| known.edited);
        let remembered =
            Remembered { user: self.run.user.clone(), session, at: fresh::now(), summary, edited };
        // What the person did to it meanwhile stands.
        let kept = self.agents.archive.run(move |store| {
            if get(store, agent, session)? == known { put(store, agent, &remembered) } else { Ok(()) }
        });
        let kept = kept.await;
        kept.map_err(|error| error.said())
    }
}

#[cfg(test)]
mod tests {
    use super::super::onward::blank;
    use super::*;
    use crate::domain::agent::Memory;
    use crate::store::{Owner, Unlock};

    const DAY: i64 = 24 * 3600 * 1000;

    #[test]
    fn the_runs_of_an_agent_that_remembers_go_after_the_same_days_and_those_that_wait_stay() {
        let home = tempfile::tempdir().unwrap();
        let unlock = Unlock { passphrase: None, ask: false };
        let store = Store::open(&Owner::take(home.path()).unwrap(), &unlock).unwrap().0;
        let now = fresh::now();
        let agent = |name: &str, days: u16| {
            let memory = Memory { days, ..Memory::default() };
            let definition = Definition { memory, instruction: "x".to_owned(), ..Definition::default() };
            kept::create(&store, name.to_owned(), definition, String::new()).unwrap().agent.id
        };
        let run = |agent: AgentId, days: i64, state: State| {
            let updated = Timestamp(now.0 - days * DAY);
            let run = Run { state, updated, ..blank(agent, 1, "a/b".parse().unwrap()) };
            kept::put_run(&store, &run).unwrap();
            run.id
        };
        let (remembers, forgets_nothing) = (agent("a", 3), agent("b", 0));
        let waits = State::Waiting { calls: Vec::new() };
        let mut stay = [run(remembers, 2, State::Stopped), run(remembers, 9, waits)];
        stay.sort_unstable();
        run(remembers, 3, State::Answered { text: "It is.".to_owned() });
        run(remembers, 9, State::Stopped);
        run(forgets_nothing, 9, State::Stopped);
        assert_eq!(sweep(&store, now).unwrap(), 2);
        let mut left: Vec<RunId> =
            kept::runs(&store, remembers, usize::MAX).into_iter().map(|run| run.id).collect();
        left.sort_unstable();
        assert_eq!(left, stay);
        assert_eq!(kept::runs(&store, forgets_nothing, usize::MAX).len(), 1);
        assert_eq!(sweep(&store, now).unwrap(), 0);
    }

    #[test]
    fn a_session_is_forgotten_when_its_days_are_over() {
        let home = tempfile::tempdir().unwrap();
        let unlock = Unlock { passphrase: None, ask: false };
        let store = Store::open(&Owner::take(home.path()).unwrap(), &unlock).unwrap().0;
        let memory = Memory { days: 3, ..Memory::default() };
        let definition = Definition { memory, instruction: "x".to_owned(), ..Definition::default() };
        let book = kept::create(&store, "a".to_owned(), definition, String::new()).unwrap();
        let (id, now) = (book.agent.id, fresh::now());
        for days in 0..5 {
            let at = Timestamp(now.0 - days * DAY);
            let session = fresh::run_id();
            let summary = days.to_string();
            let user = if days % 2 == 0 { "ada" } else { "bob" }.to_owned();
            put(&store, id, &Remembered { user, session, at, summary, edited: false }).unwrap();
        }
        let told = |user: Option<&str>| -> Vec<String> {
            all(&store, id, user).unwrap().into_iter().map(|session| session.summary).collect()
        };
        assert_eq!(told(Some("ada")), ["0", "2", "4"]);
        assert_eq!(sweep(&store, now).unwrap(), 2);
        assert_eq!(told(None), ["0", "1", "2"]);
        assert_eq!(sweep(&store, now).unwrap(), 0);
        let first = all(&store, id, None).unwrap().remove(0);
        assert!(edit(&store, id, first.session, " ").is_err());
        assert!(edit(&store, id, first.session, "Likes tea.\n").unwrap().edited);
        forget(&store, id, &[first.session], false).unwrap();
        assert!(edit(&store, id, first.session, "x").is_err());
        kept::remove(&store, id).unwrap();
        assert_eq!(store.keys::<Remembered>(Scan::all()).count(), 0);
    }
}
