//! Evaluations made of what another program wrote.

use std::collections::{HashMap, HashSet};

use super::{Came, Evaluations};
use crate::domain::evaluation::exchange::{Form, TakenIn, Unread};
use crate::domain::evaluation::item::ItemHash;
use crate::domain::evaluation::job::{Evaluation, Generation, SoFar, Source, wrong_name};
use crate::domain::evaluation::task::TaskDefinition;
use crate::domain::evaluation::vote::{ResponseId, Said, Value};
use crate::domain::evaluation::{Item, Vote};
use crate::domain::{Error, ErrorKind, Result};
use crate::service::fresh;
use crate::wire::evaluation::human::{self, About, Line};
use crate::wire::evaluation::{Judged, Read, argilla, label_studio};

/// What stands as the instructions where the file does not tell them.
const UNTOLD: &str = "Imported: what raters were told is not known.";

impl Evaluations {
    /// Makes an evaluation of such a file: its items, its answers, what was said of them. Lines of one item are joined. What
    /// does not fit the first item is left out and told.
    pub async fn import(&self, name: String, form: Form, bytes: Vec<u8>) -> Result<(Evaluation, TakenIn)> {
        let doing = format!("importing the evaluation {name:?}");
        let Read { taken, bad } = read(form, &bytes, &doing)?;
        let bad = bad.into_iter().map(|bad| Unread { line: bad.line as u64, why: bad.why }).collect();
        let (import, bad) = Import::of(name, taken, bad);
        if import.items.is_empty() {
            let first = bad.first().map(|bad| format!("line {}: {}", bad.line, bad.why));
            let why = first.unwrap_or_else(|| "it is empty".to_owned());
            let hint = "Look whether it is of the form that you named.";
            return Err(Error::new(ErrorKind::Invalid, doing, why, hint));
        }
        import.evaluation.check()?;
        let Import { mut evaluation, items, votes, lines, rated, .. } = import;
        let needed = u64::from(evaluation.task.raters_per_item.max(1));
        evaluation.rated = (!votes.is_empty()).then(|| SoFar {
            votes: rated.iter().map(|many| u64::from(*many).min(needed)).sum(),
            needed: u64::from(evaluation.items) * needed,
            said: true,
        });
        let version = evaluation.task.version;
        let taken = TakenIn { taken: votes.len() as u64, known: 0, version, bad };
        let evaluation = self.kept(evaluation, items, Came { votes, lines }).await?;
        Ok((evaluation, taken))
    }
}

/// What one line says.
struct Told {
    judged: Judged,
    /// What Bedrock's lines say of the task, and the line itself.
    line: Option<(About, String)>,
}

/// What Bedrock's lines say of the task: what the first one does.
pub(super) fn told(first: &Line) -> About {
    let mut about = first.about.clone();
    if about.instructions.trim().is_empty() {
        UNTOLD.clone_into(&mut about.instructions);
    }
    about
}

/// The lines of a file in a form that tells of raters.
fn read(form: Form, bytes: &[u8], doing: &str) -> Result<Read<Told>> {
    let alone = |read: Read<Judged>| {
        let taken = read.taken.into_iter().map(|(at, judged)| (at, Told { judged, line: None }));
        Ok(Read { taken: taken.collect(), bad: read.bad })
    };
    match form {
        Form::Bedrock => {
            let read = human::read(bytes);
            let taken = read.taken.into_iter().map(|(at, line)| {
                let told = Some((told(&line), line.text()));
                (at, Told { judged: line.judged, line: told })
            });
            Ok(Read { taken: taken.collect(), bad: read.bad })
        }
        Form::LabelStudio => alone(label_studio::read(bytes)),
        Form::Argilla => alone(argilla::read(bytes)),
        Form::Battles => {
            let why = "battles bring neither questions nor answers, which is what people rate";
            let hint = "`outcrop comparisons import` takes them onto the leaderboard.";
            Err(Error::new(ErrorKind::Invalid, doing, why, hint))
        }
        Form::Dpo | Form::Kto => {
            let why = "preference data tells nothing of raters";
            let hint = "Give Bedrock's, Label Studio's or Argilla's form.";
            Err(Error::new(ErrorKind::Invalid, doing, why, hint))
        }
    }
}

/// What a file becomes.
struct Import {
    evaluation: Evaluation,
    items: Vec<Item>,
    votes: Vec<Vote>,
    /// The lines that items came as, in their order.
    lines: Vec<(u32, String)>,
    /// How many raters gave values, by the items' places.
    rated: Vec<u32>,
    /// Who has said something of the item at a place.
    heard: HashSet<(usize, String)>,
}

impl Import {
    /// Of the lines of a file; with everything that was left out.
    fn of(name: String, lines: Vec<(usize, Told)>, mut bad: Vec<Unread>) -> (Self, Vec<Unread>) {
        let mut import = Self {
            evaluation: blank(name),
            items: Vec::new(),
            votes: Vec::new(),
            lines: Vec::new(),
            rated: Vec::new(),
            heard: HashSet::new(),
        };
        let mut places: HashMap<ItemHash, usize> = HashMap::new();
        for (line, Told { judged, line: came }) in lines {
            let mut leave_out = |why: String| bad.push(Unread { line: line as u64, why });
            let hash = judged.item.hash();
            let before = places.get(&hash).copied();
            // Whose an answer is is not in the hash, and votes are by whose it is.
            if before.is_some_and(|at| !same_answers(&import.items[at], &judged.item)) {
                leave_out(
                    "a line before it has the same question, and the same answers of others".to_owned(),
                );
                continue;
            }
            if let Err(why) = import.extend_task(&judged) {
                leave_out(why);
                continue;
            }
            let place = before.unwrap_or(import.items.len());
            import.take_votes(&judged, place, leave_out);
            import.take_line(came);
            if before.is_none() {
                places.insert(hash, place);
                import.items.push(judged.item);
            }
        }
        bad.sort_by_key(|bad| bad.line);
        import.evaluation.items = u32::try_from(import.items.len()).unwrap_or(u32::MAX);
        (import, bad)
    }

    /// Adds what an item asks to the task; the first item tells whose answers they are. Else why it does not fit.
    fn extend_task(&mut self, judged: &Judged) -> std::result::Result<(), String> {
        let mut models: Vec<&str> = judged.item.responses.iter().map(|r| r.model.as_str()).collect();
        models.sort_unstable();
        let sources = &mut self.evaluation.sources;
        if self.items.is_empty() {
            *sources = judged
                .item
                .responses
                .iter()
                .map(|r| Source { name: r.model.clone(), column: None })
                .collect();
        }
        let mut known: Vec<&str> = sources.iter().map(|source| source.name.as_str()).collect();
        known.sort_unstable();
        if known != models {
            return Err(format!(
                "its answers are of {}, those of the first item of {}",
                models.join(", "),
                known.join(", ")
            ));
        }
        let metrics = &mut self.evaluation.task.metrics;
        let asked = judged.asked();
        for metric in &asked {
            let known = metrics.iter().find(|known| known.name == metric.name);
            if known.is_some_and(|known| known.method != metric.method) {
                return Err(format!(
                    "its metric {:?} is of another method than in a line before",
                    metric.name
                ));
            }
        }
        for metric in asked {
            match metrics.iter_mut().find(|known| known.name == metric.name) {
                // How long a scale is shows in the votes alone where the form does not tell.
                Some(known) if known.labels.len() < metric.labels.len() => known.labels = metric.labels,
                Some(_) => {}
                None => metrics.push(metric),
            }
        }
        Ok(())
    }

    /// Keeps a line that is taken; the first one says what raters were told.
    fn take_line(&mut self, line: Option<(About, String)>) {
        let Some((about, text)) = line else { return };
        if self.lines.is_empty() {
            self.evaluation.task.instructions = about.instructions;
            self.evaluation.task.blinding.sides = !about.fixed_sides;
        }
        self.lines.push((u32::try_from(self.lines.len()).unwrap_or(u32::MAX), text));
    }

    /// Adds what was said of the item at a place, of each rater once.
    fn take_votes(&mut self, judged: &Judged, place: usize, mut leave_out: impl FnMut(String)) {
        let Self { evaluation, votes, rated, heard, .. } = self;
        judged.untold.iter().cloned().for_each(&mut leave_out);
        rated.resize(rated.len().max(place + 1), 0);
        let said = judged.votes(evaluation.seed, evaluation.task.version, fresh::vote_id);
        if said.len() < judged.opinions.len() {
            leave_out("a rating names an answer that the item has not".to_owned());
        }
        for vote in said {
            let rater = vote.rater.as_str();
            let wrong = match wrong_name(rater) {
                Some(why) => Some(format!("the name of the rater {rater:?} {why}")),
                None => (!heard.insert((place, rater.to_owned())))
                    .then(|| format!("{rater:?} rates it twice, the first time counts")),
            };
            if let Some(why) = wrong {
                leave_out(why);
                continue;
            }
            let (vote, without) = fitting(vote, &evaluation.task);
            without.into_iter().for_each(&mut leave_out);
            let Some(vote) = vote else { continue };
            if !evaluation.raters.contains(&vote.rater) {
                evaluation.raters.push(vote.rater.clone());
            }
            rated[place] += u32::from(matches!(vote.said, Said::Values(_)));
            votes.push(vote);
        }
        let needed = &mut evaluation.task.raters_per_item;
        *needed = (*needed).max(rated[place]);
    }
}

/// Whether both are of the same sources' answers, in whichever order.
fn same_answers(one: &Item, other: &Item) -> bool {
    one.responses.len() == other.responses.len()
        && one.responses.iter().all(|response| other.responses.contains(response))
}

/// What of a vote fits the task, none where nothing does; and what does not, each in words.
fn fitting(vote: Vote, task: &TaskDefinition) -> (Option<Vote>, Vec<String>) {
    let Said::Values(values) = &vote.said else { return (Some(vote), Vec::new()) };
    let shown = rated_ones(values, &vote.shown);
    let (mut kept, mut without): (Vec<(String, Value)>, Vec<String>) = (Vec::new(), Vec::new());
    for (name, value) in values {
        if kept.iter().any(|(known, _)| known == name) {
            without.push(format!("of {:?} it rates {name:?} twice, the first time counts", vote.rater));
            continue;
        }
        let said = Said::Values(vec![(name.clone(), value.clone())]);
        match (Vote { said, shown: shown.clone(), ..vote.clone() }).check_said(task) {
            Ok(()) => kept.push((name.clone(), value.clone())),
            Err(error) => without.push(format!("of {:?} {}", vote.rater, error.why)),
        }
    }
    let vote = (!kept.is_empty()).then_some(Vote { said: Said::Values(kept), shown, ..vote });
    (vote, without)
}

/// The answers that a vote is of: a worker of Bedrock's may have rated some of them only, and whether the others were shown is not
/// told. Where metrics are of different ones, all.
fn rated_ones(values: &[(String, Value)], shown: &[ResponseId]) -> Vec<ResponseId> {
    fn ids<T>(said: &[(ResponseId, T)]) -> Vec<&ResponseId> {
        said.iter().map(|(id, _)| id).collect()
    }
    let some = |of: Vec<&ResponseId>| -> Vec<ResponseId> {
        shown.iter().filter(|id| of.contains(id)).cloned().collect()
    };
    let mut each = values.iter().map(|(_, value)| match value {
        Value::Thumbs(said) => Some(some(ids(said))),
        Value::Points(said) => Some(some(ids(said))),
        _ => None,
    });
    match each.next() {
        Some(Some(first)) if !first.is_empty() && each.all(|of| of.as_ref() == Some(&first)) => first,
        _ => shown.to_vec(),
    }
}

/// An evaluation that nobody was asked anything of yet.
fn blank(name: String) -> Evaluation {
    let now = fresh::now();
    let instructions = UNTOLD.to_owned();
    Evaluation {
        id: fresh::evaluation_id(),
        created: now,
        updated: now,
        task: TaskDefinition { instructions, ..TaskDefinition::named(name) },
        earlier: Vec::new(),
        dataset: "imported".to_owned(),
        items: 0,
        sources: Vec::new(),
        seed: fresh::seed(),
        raters: Vec::new(),
        away: Vec::new(),
        known: Vec::new(),
        known_before: Vec::new(),
        generation: Generation::of(0),
        unblinded: Vec::new(),
        rated: None,
        lacking: Vec::new(),
    }
}
