//! Evaluations made of what another program wrote.

use std::collections::HashSet;

use super::{Came, Evaluations};
use crate::domain::evaluation::exchange::{Form, TakenIn, Unread};
use crate::domain::evaluation::job::{Evaluation, Generation, Source, wrong_name};
use crate::domain::evaluation::task::TaskDefinition;
use crate::domain::evaluation::vote::Said;
use crate::domain::evaluation::{Item, Vote};
use crate::domain::{Error, ErrorKind, Result};
use crate::service::fresh;
use crate::wire::evaluation::human::{self, About, Line};
use crate::wire::evaluation::{Judged, Read, argilla, label_studio};

/// What stands as the instructions where the file does not tell them.
const UNTOLD: &str = "Imported: what raters were told is not known.";

impl Evaluations {
    /// Makes an evaluation of such a file: its items, its answers, what was said of them. What does not fit the first item is
    /// left out and told.
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
        let Import { evaluation, items, votes, lines } = import;
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
    /// The lines that items came as, by the items' places.
    lines: Vec<(u32, String)>,
}

impl Import {
    /// Of the lines of a file; with everything that was left out.
    fn of(name: String, lines: Vec<(usize, Told)>, mut bad: Vec<Unread>) -> (Self, Vec<Unread>) {
        let mut import =
            Self { evaluation: blank(name), items: Vec::new(), votes: Vec::new(), lines: Vec::new() };
        let mut seen = HashSet::new();
        for (line, Told { judged, line: came }) in lines {
            let mut leave_out = |why: String| bad.push(Unread { line: line as u64, why });
            if !seen.insert(judged.item.hash()) {
                leave_out("a line before it has the same question and answers".to_owned());
                continue;
            }
            if let Err(why) = import.extend_task(&judged) {
                leave_out(why);
                continue;
            }
            import.take_votes(&judged, leave_out);
            import.take_line(came);
            import.items.push(judged.item);
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

    /// Keeps the line of the item that comes next; the first one says what raters were told.
    fn take_line(&mut self, line: Option<(About, String)>) {
        let Some((about, text)) = line else { return };
        if self.items.is_empty() {
            self.evaluation.task.instructions = about.instructions;
            self.evaluation.task.blinding.sides = !about.fixed_sides;
        }
        self.lines.push((u32::try_from(self.items.len()).unwrap_or(u32::MAX), text));
    }

    /// Adds what was said of an item, of each rater once.
    fn take_votes(&mut self, judged: &Judged, mut leave_out: impl FnMut(String)) {
        let Self { evaluation, votes, .. } = self;
        let mut raters: HashSet<&str> = HashSet::new();
        let said = judged.votes(evaluation.seed, evaluation.task.version, fresh::vote_id);
        if said.len() < judged.opinions.len() {
            leave_out("a rating names an answer that the item has not".to_owned());
        }
        let mut values = 0;
        for vote in &said {
            let rater = vote.rater.as_str();
            let wrong = match wrong_name(rater) {
                Some(why) => Some(format!("the name of the rater {rater:?} {why}")),
                None if !raters.insert(rater) => {
                    Some(format!("{rater:?} rates it twice, the first time counts"))
                }
                None => {
                    vote.check_said(&evaluation.task).err().map(|error| format!("of {rater:?} {}", error.why))
                }
            };
            if let Some(why) = wrong {
                leave_out(why);
                continue;
            }
            if !evaluation.raters.contains(&vote.rater) {
                evaluation.raters.push(vote.rater.clone());
            }
            values += u32::from(matches!(vote.said, Said::Values(_)));
            votes.push(vote.clone());
        }
        let needed = &mut evaluation.task.raters_per_item;
        *needed = (*needed).max(values);
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
        lacking: Vec::new(),
    }
}
