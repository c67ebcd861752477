//! Checks of answers against their schemas, beside everything else: a schema may make its check as long as it likes.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::sync::{Semaphore, oneshot};
use tokio::time::timeout;

use crate::domain::message::{Message, Outcome};
use crate::domain::schema::{self, SchemaCheck};

/// How long an answer waits for its check.
const PATIENCE: Duration = Duration::from_secs(2);
/// Checks at once. One that is not waited for any more runs on, and no more than these ever do.
const AT_ONCE: usize = 2;
/// Of a check's thread, in bytes: as deep as an answer can be nested, whatever the schema does at each level.
const STACK: usize = 64 << 20;

/// The checks that run.
#[derive(Debug, Clone)]
pub(super) struct Schemas(Arc<Semaphore>);

impl Default for Schemas {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

impl Schemas {
    /// Marks an answer that is whole with what its check has found.
    pub async fn check(&self, message: &mut Message) {
        let Some(answer) = &mut message.answer else { return };
        answer.schema = None;
        let whole = matches!(answer.outcome, Outcome::Complete { .. });
        if !whole || !schema::applies(&message.blocks, &answer.settings) {
            return;
        }
        let (blocks, settings) = (message.blocks.clone(), answer.settings.clone());
        let found = timeout(PATIENCE, self.beside(move || schema::check(&blocks, &settings)));
        answer.schema = Some(found.await.unwrap_or_else(|_| SchemaCheck::Unchecked {
            why: format!("it was not done in {} s", PATIENCE.as_secs()),
        }));
    }

    async fn beside(&self, check: impl FnOnce() -> SchemaCheck + Send + 'static) -> SchemaCheck {
        let failed = |why: String| SchemaCheck::Unchecked { why };
        let Ok(place) = Arc::clone(&self.0).acquire_owned().await else {
            return failed("the program ends".to_owned());
        };
        let (tell, told) = oneshot::channel();
        let begun = thread::Builder::new().name("schema".to_owned()).stack_size(STACK).spawn(move || {
            let _place = place;
            // Nobody may wait for it any more.
            let _ = tell.send(check());
        });
        match begun {
            Ok(_) => told.await.unwrap_or_else(|_| failed("the check ended badly".to_owned())),
            Err(why) => failed(why.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::message::{Answer, Block, MessageOrigin, Role, StopReason};
    use crate::domain::settings::Settings;
    use crate::service::fresh;

    fn answer(text: &str, schema: serde_json::Value, outcome: Outcome) -> Message {
        let answer = Answer {
            settings: Settings { response_schema: Some(schema), ..Settings::default() },
            ..Answer::untold("box/m".parse().unwrap(), outcome)
        };
        Message {
            id: fresh::message_id(),
            conversation: fresh::conversation_id(),
            parent: None,
            role: Role::Assistant,
            blocks: vec![Block::Text { text: text.to_owned() }],
            created: fresh::now(),
            answer: Some(answer),
            origin: MessageOrigin::Here,
        }
    }

    async fn lines(schemas: &Schemas, mut message: Message) -> Option<Vec<String>> {
        schemas.check(&mut message).await;
        message.answer.unwrap().schema.map(|found| found.lines())
    }

    const WHOLE: Outcome = Outcome::Complete { reason: StopReason::EndTurn };

    #[tokio::test]
    async fn only_a_whole_answer_is_checked() {
        let schemas = Schemas::default();
        let schema = || json!({"type": "number"});
        assert_eq!(lines(&schemas, answer("1", schema(), WHOLE)).await, Some(Vec::new()));
        let broken = lines(&schemas, answer("\"1\"", schema(), WHOLE)).await;
        assert_eq!(broken, Some(vec![r#"schema: it is not of type "number""#.to_owned()]));
        assert_eq!(lines(&schemas, answer("\"1", schema(), Outcome::Stopped)).await, None);
    }

    #[tokio::test]
    async fn a_check_that_does_not_end_holds_nobody_up_and_no_more_than_two_run() {
        let schemas = Schemas::default();
        let (end, ended) = std::sync::mpsc::channel::<()>();
        let ended = Arc::new(std::sync::Mutex::new(ended));
        let endless = || {
            let ended = Arc::clone(&ended);
            move || {
                let _ = ended.lock().unwrap().recv();
                SchemaCheck::Kept
            }
        };
        let brief = Duration::from_millis(20);
        for _ in 0..AT_ONCE {
            timeout(brief, schemas.beside(endless())).await.unwrap_err();
        }
        timeout(brief, schemas.beside(|| SchemaCheck::Kept)).await.unwrap_err();
        drop(end);
        assert_eq!(schemas.beside(|| SchemaCheck::Kept).await, SchemaCheck::Kept);
    }

    #[tokio::test]
    async fn a_check_that_falls_says_so() {
        let fallen = Schemas::default().beside(|| panic!("as a bug of the validator would")).await;
        assert_eq!(fallen.lines(), ["schema: not checked: the check ended badly"]);
    }
}
