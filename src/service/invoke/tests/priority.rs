//! Whether a call goes before others, as its provider hears it.

use super::*;
use crate::domain::priority::Priority::{self, Background, Interactive};

/// Keeps the priorities of its calls.
#[derive(Debug, Default)]
struct Hears(Mutex<Vec<Priority>>);

impl Provider for Hears {
    fn name(&self) -> &'static str {
        "voice"
    }

    fn serve(&self, call: Call, net: &Client) -> Events {
        self.0.lock().unwrap().push(net.priority());
        Voice { texts: vec!["hi"], endless: false }.serve(call, net)
    }
}

#[tokio::test]
async fn a_call_is_interactive_unless_it_is_made_for_work_that_goes_on_by_itself() {
    let voice = Arc::new(Hears::default());
    let invoke = Invoke::new([Arc::clone(&voice) as Arc<dyn Provider>], vec![], Arc::new(Kept::default()));
    let background = terms().in_background();
    let (_step, part) = invoke.workflow(SpanKind::Sync, "base".to_owned(), "sync".to_owned(), &background);
    for terms in [terms(), background, part] {
        let (model, call) = call("");
        let _: Vec<_> = invoke.serve(&model, call, &terms).collect().await;
    }
    assert_eq!(*voice.0.lock().unwrap(), [Interactive, Background, Background]);
}
