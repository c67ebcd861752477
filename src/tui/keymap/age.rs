//! Which rows of the table came after which: keys that a person gave an action before there was such a row could not know of it.
//!
//! A new row of an older place has its line here; a new place has the latest age.

use super::{Binding, Context};
use crate::tui::action::Action;

/// What there was from the first on has the lowest one.
pub(super) type Age = u8;

/// How old a row is; the higher the younger.
pub(super) fn since(context: Context, action: Action) -> Age {
    use Action as A;
    use Context as C;
    match (context, action) {
        (C::Runs | C::Spans | C::SpanText | C::Steps, _)
        | (C::Everywhere, A::ShowTraces | A::ChooseAgent | A::ShowAgent)
        | (C::Transcript, A::EditStep | A::ShowRunTrace | A::ShowPassages)
        | (C::Columns, A::ShowPassages)
        | (C::Hits, A::EditTemplate) => 5,
        (C::Bases | C::Query | C::Hits | C::Documents | C::Passages | C::Preview, _)
        | (C::Everywhere, A::ShowKnowledge | A::AttachKnowledge) => 4,
        (C::Evaluations | C::Rating | C::Results | C::Datasets | C::Making | C::MakingText, _)
        | (C::Everywhere, A::ShowEvaluations)
        | (C::Transcript, A::AddToDataset | A::StartSelection)
        | (
            C::Columns,
            A::AddToDataset
            | A::CopyRequest
            | A::FoldColumn
            | A::NextOpenPage
            | A::SetCategory
            | A::ShowLeaderboard
            | A::ShowSummary
            | A::WriteComparison,
        )
        | (C::Compare, A::SetCategory | A::SetRepeats | A::TakeValues)
        | (C::Comparisons, A::ShowLeaderboard | A::WriteComparison)
        | (C::Answer | C::Pictures, A::CopyRequest)
        | (C::Usage, A::ShowDefinitions | A::WriteReport) => 3,
        (
            C::Models
            | C::Presets
            | C::Usage
            | C::PicturePrompt
            | C::Pictures
            | C::Prompt
            | C::Values
            | C::Answer
            | C::Prompts
            | C::Compare
            | C::Columns
            | C::Comparisons,
            _,
        )
        | (
            C::Everywhere,
            A::EditPresets
            | A::ListModels
            | A::OpenConfig
            | A::ShowChat
            | A::ShowCompare
            | A::ShowModels
            | A::ShowPictures
            | A::ShowPrompt
            | A::ShowUsage,
        )
        | (C::Composer, A::AnswerTool | A::AttachFile | A::PasteClipboard | A::RetryFailed)
        | (C::Transcript, A::AnswerTool | A::CopyRequest)
        | (C::Menu, A::Star) => 2,
        _ => 1,
    }
}

/// How old an action is: its oldest row.
pub(super) fn born(bindings: &[Binding], action: Action) -> Age {
    let rows = bindings.iter().filter(|row| row.action == action);
    rows.map(|row| since(row.context, action)).min().unwrap_or(Age::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::keymap::Keymap;

    #[test]
    fn a_row_that_is_new_in_an_old_place_has_an_age() {
        let keys = Keymap::default();
        let first = keys.bindings().iter().filter(|row| since(row.context, row.action) == 1).count();
        assert_eq!(
            first, 130,
            "a new row has its age in the table above: it gives way to keys that people have given"
        );
        let born =
            [Action::Copy, Action::ChooseTie, Action::EditStep].map(|action| born(keys.bindings(), action));
        assert_eq!(born, [1, 2, 5]);
    }
}
