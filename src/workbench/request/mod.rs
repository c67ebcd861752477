//! What can be asked, one small enum a service.

pub mod agents;
pub mod cassettes;
pub mod chat;
pub mod comparisons;
pub mod conversations;
pub mod datasets;
pub mod evaluations;
pub mod keys;
pub mod knowledge;
pub mod models;
pub mod pictures;
pub mod prompts;
pub mod traces;
pub mod usage;
pub mod workspace;

use serde::{Deserialize, Serialize};

pub use crate::domain::change::Topic;

/// Everything that can be asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    Agents(agents::Agents),
    Cassettes(cassettes::Cassettes),
    Chat(chat::Chat),
    Comparisons(comparisons::Comparisons),
    Conversations(conversations::Conversations),
    Evaluations(evaluations::Evaluations),
    Datasets(datasets::Datasets),
    Keys(keys::Keys),
    Knowledge(knowledge::Knowledge),
    Models(models::Models),
    Pictures(pictures::Pictures),
    Prompts(prompts::Prompts),
    Traces(traces::Traces),
    Usage(usage::Usage),
    Workspace(workspace::Workspace),
    /// Numbered changes of a topic, from now on, until the replies are dropped.
    Watch {
        topic: Topic,
    },
}

impl Request {
    /// Whether its answer depends on the configuration of who serves it, which must then be as the file says.
    pub fn stands_on_configuration(&self) -> bool {
        use workspace::Workspace as W;
        match self {
            // Prices are the configuration's too.
            Self::Knowledge(request) => {
                use knowledge::Knowledge as K;
                // All but what looks at records alone.
                !matches!(
                    request,
                    K::List
                        | K::Find { .. }
                        | K::CheckSource { .. }
                        | K::AddSource { .. }
                        | K::Rename { .. }
                        | K::Pause { .. }
                        | K::Documents { .. }
                        | K::Runs { .. }
                )
            }
            Self::Chat(_)
            | Self::Keys(_)
            | Self::Models(_)
            | Self::Pictures(_)
            | Self::Traces(_)
            | Self::Usage(_) => true,
            Self::Workspace(request) => matches!(request, W::Compare { .. } | W::Doctor),
            Self::Prompts(request) => matches!(request, prompts::Prompts::Run { .. }),
            Self::Agents(request) => {
                use agents::Agents as A;
                matches!(request, A::Run { .. } | A::Answer { .. } | A::Replay { .. })
            }
            Self::Comparisons(request) => matches!(request, comparisons::Comparisons::Create { .. }),
            Self::Evaluations(request) => {
                use evaluations::Evaluations as E;
                matches!(request, E::Create { .. } | E::Estimate { .. } | E::Run { .. })
            }
            Self::Cassettes(_) | Self::Conversations(_) | Self::Datasets(_) | Self::Watch { .. } => false,
        }
    }

    /// Whether it changes nothing, so that asking twice is as good as asking once.
    pub fn is_query(&self) -> bool {
        use agents::Agents as A;
        use comparisons::Comparisons as V;
        use conversations::Conversations as C;
        use datasets::Datasets as D;
        use evaluations::Evaluations as E;
        use knowledge::Knowledge as K;
        use models::Models as M;
        use pictures::Pictures as I;
        use prompts::Prompts as P;
        use traces::Traces as T;
        use workspace::Workspace as W;
        match self {
            Self::Agents(request) => match request {
                A::List
                | A::Find { .. }
                | A::Open { .. }
                | A::Read { .. }
                | A::Export { .. }
                | A::Runs { .. }
                | A::FindRun { .. }
                | A::Memories { .. } => true,
                A::Create { .. }
                | A::Save { .. }
                | A::Rename { .. }
                | A::Remove { .. }
                | A::Import { .. }
                | A::Run { .. }
                | A::Answer { .. }
                | A::Replay { .. }
                | A::EditMemory { .. }
                | A::Forget { .. }
                | A::Decide { .. } => false,
            },
            Self::Cassettes(request) => matches!(request, cassettes::Cassettes::Show { .. }),
            Self::Chat(request) => {
                matches!(request, chat::Chat::Scripts { .. } | chat::Chat::Complete { .. })
            }
            Self::Comparisons(request) => match request {
                V::List { .. }
                | V::Find { .. }
                | V::Open { .. }
                | V::Summary { .. }
                | V::Leaderboard { .. }
                | V::Export { .. } => true,
                V::Create { .. }
                | V::Choose { .. }
                | V::Look { .. }
                | V::TakeBack { .. }
                | V::Categorise { .. }
                | V::TakeIn { .. }
                | V::Remove { .. } => false,
            },
            Self::Conversations(request) => match request {
                C::List { .. }
                | C::Open { .. }
                | C::Find { .. }
                | C::Search { .. }
                | C::Export { .. }
                | C::LoadDraft { .. } => true,
                C::Change { .. }
                | C::Fork { .. }
                | C::Remove { .. }
                | C::Import { .. }
                | C::SaveDraft { .. } => false,
            },
            Self::Evaluations(request) => match request {
                E::Estimate { .. }
                | E::List { .. }
                | E::Find { .. }
                | E::ReadTask { .. }
                | E::WriteTask { .. }
                | E::Items { .. }
                | E::Failures { .. } => true,
                // Sitting down reserves, and going on from there may take a vote back; who looks at results is kept.
                E::Report { .. }
                | E::Item { .. }
                | E::Judged { .. }
                | E::WriteReport { .. }
                | E::Export { .. }
                | E::Create { .. }
                | E::Run { .. }
                | E::Pause { .. }
                | E::Change { .. }
                | E::Remove { .. }
                | E::Sit { .. }
                | E::HandOut { .. }
                | E::TakeIn { .. }
                | E::Import { .. }
                | E::Adjudicate { .. }
                | E::Rate { .. } => false,
            },
            Self::Datasets(request) => match request {
                D::List | D::Find { .. } | D::Items { .. } | D::Answered { .. } | D::Export { .. } => true,
                D::Import { .. }
                | D::AddItem { .. }
                | D::FromConversation { .. }
                | D::FromComparison { .. }
                | D::Rename { .. }
                | D::Remove { .. } => false,
            },
            Self::Keys(request) => matches!(request, keys::Keys::List),
            Self::Knowledge(request) => match request {
                K::List
                | K::Find { .. }
                | K::CheckSource { .. }
                | K::Documents { .. }
                | K::Runs { .. }
                | K::Passages { .. }
                | K::Norms { .. }
                | K::Look { .. }
                | K::Preview { .. }
                | K::PlanRebuild { .. }
                | K::Measure { .. }
                | K::Search { .. } => true,
                K::Create { .. }
                | K::AddSource { .. }
                | K::ChangeSource { .. }
                | K::RemoveSource { .. }
                | K::Rerank { .. }
                | K::Answers { .. }
                | K::Rename { .. }
                | K::Remove { .. }
                | K::Sync { .. }
                | K::Move { .. }
                | K::Rebuild { .. }
                | K::Export { .. }
                | K::Import { .. }
                | K::DropRebuild { .. }
                | K::Pause { .. }
                | K::Ask { .. } => false,
            },
            Self::Models(request) => match request {
                M::List { .. }
                | M::Keyless
                | M::Show { .. }
                | M::Knows { .. }
                | M::Plan { .. }
                | M::Health { .. } => true,
                M::Pull { .. }
                | M::Add { .. }
                | M::Remove { .. }
                | M::Try { .. }
                | M::Embed { .. }
                | M::Rerank { .. } => false,
            },
            Self::Pictures(request) => match request {
                I::List { .. } | I::Find { .. } | I::Bytes { .. } | I::Scripts { .. } => true,
                I::Make { .. } | I::Remove { .. } => false,
            },
            Self::Prompts(request) => match request {
                P::List | P::Open { .. } | P::Find { .. } | P::LoadDraft | P::Runs { .. } => true,
                P::Create { .. }
                | P::Save { .. }
                | P::Rename { .. }
                | P::Remove { .. }
                | P::SaveDraft { .. }
                | P::Run { .. }
                | P::GoOn { .. }
                | P::Import { .. } => false,
            },
            Self::Traces(request) => match request {
                T::List { .. }
                | T::Find { .. }
                | T::Open { .. }
                | T::Span { .. }
                | T::Call { .. }
                | T::Replays { .. }
                | T::Search { .. }
                | T::Stats { .. }
                | T::Lints { .. }
                | T::Diff { .. }
                | T::Made { .. }
                | T::Notes { .. }
                | T::Export { .. } => true,
                T::Replay { .. }
                | T::ReplayRun { .. }
                | T::Import { .. }
                | T::Send { .. }
                | T::Remove { .. }
                | T::Note { .. }
                | T::RemoveNote { .. }
                | T::Listen { .. } => false,
            },
            Self::Workspace(request) => match request {
                W::Info
                | W::Compare { .. }
                | W::Unblinded { .. }
                | W::Verify
                | W::Doctor
                | W::Recall { .. } => true,
                // What is told is told once.
                W::Notices
                | W::Unlock { .. }
                | W::Backup { .. }
                | W::Restore { .. }
                | W::Compact
                | W::Rekey { .. }
                | W::Remember { .. } => false,
            },
            Self::Usage(_) | Self::Watch { .. } => true,
        }
    }
}
