//! The places and the keys as they come.

use crate::tui::action::Action;

/// Where a key is pressed. Keys of `Everywhere` hold in all places but the menus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Context {
    Everywhere,
    Composer,
    Transcript,
    List,
    Settings,
    FirstRun,
    /// The list of all models, and the card of one.
    Models,
    Usage,
    /// An overlay or a line that is being typed: what types goes into the line.
    Menu,
}

impl Context {
    /// Every context, in the order of the help.
    pub const ALL: &'static [Self] = &[
        Self::Everywhere,
        Self::Composer,
        Self::Transcript,
        Self::List,
        Self::Settings,
        Self::FirstRun,
        Self::Models,
        Self::Usage,
        Self::Menu,
    ];

    /// A text is written there: what types goes into it.
    pub(super) const fn takes_text(self) -> bool {
        matches!(self, Self::Composer | Self::Menu)
    }

    /// The head of its part of the help.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Everywhere => "Everywhere",
            Self::Composer => "Writing",
            Self::Transcript => "Reading",
            Self::List => "Conversations",
            Self::Settings => "Settings",
            Self::FirstRun => "Fetching a model",
            Self::Models => "Models",
            Self::Usage => "Usage",
            Self::Menu => "Menus and search lines",
        }
    }
}

/// One row of the table: in `context`, `keys` (separated by blanks) mean `action`. `hint` is the footer's word for it;
/// empty where the footer does not speak of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub context: Context,
    pub action: Action,
    pub keys: &'static str,
    pub hint: &'static str,
}

const fn row(context: Context, action: Action, keys: &'static str, hint: &'static str) -> Row {
    Row { context, action, keys, hint }
}

use Action as A;
use Context as C;

/// The keys as they come. The footer shows rows with a hint in this order.
pub(super) const TABLE: &[Row] = &[
    row(C::Composer, A::Send, "enter", "send"),
    row(C::Composer, A::AnswerTool, "alt+t", "tool"),
    row(C::Composer, A::Newline, "alt+enter ctrl+j shift+enter ctrl+enter", "line"),
    row(C::Composer, A::Commands, "/", ""),
    row(C::Composer, A::HistoryPrevious, "up", ""),
    row(C::Composer, A::HistoryNext, "down", ""),
    row(C::Composer, A::SearchHistory, "ctrl+r", ""),
    row(C::Composer, A::EditQueued, "alt+up", ""),
    row(C::Composer, A::EditInEditor, "ctrl+g", ""),
    row(C::Composer, A::AttachFile, "alt+a", ""),
    row(C::Composer, A::Undo, "ctrl+_ ctrl+7 alt+z", ""),
    row(C::Composer, A::Redo, "alt+_ alt+Z", ""),
    row(C::Composer, A::QuitWhenEmpty, "ctrl+d", ""),
    row(C::Composer, A::PageUp, "pageup", ""),
    row(C::Composer, A::PageDown, "pagedown", ""),
    row(C::Transcript, A::SelectNext, "j", ""),
    row(C::Transcript, A::SelectPrevious, "k", "messages"),
    row(C::Transcript, A::LineDown, "down ctrl+e", ""),
    row(C::Transcript, A::LineUp, "up ctrl+y", ""),
    row(C::Transcript, A::HalfPageDown, "d", ""),
    row(C::Transcript, A::HalfPageUp, "u", ""),
    row(C::Transcript, A::PageDown, "pagedown ctrl+f", ""),
    row(C::Transcript, A::PageUp, "pageup", ""),
    row(C::Transcript, A::SelectFirst, "g home", ""),
    row(C::Transcript, A::SelectLast, "G end", ""),
    row(C::Transcript, A::Copy, "y", "copy"),
    row(C::Transcript, A::CopyCode, "b", "code"),
    row(C::Transcript, A::CopyAll, "Y", ""),
    row(C::Transcript, A::CopyRequest, "R", ""),
    row(C::Transcript, A::ExportConversation, "w", ""),
    row(C::Transcript, A::Retry, "r", "retry"),
    row(C::Transcript, A::EditMessage, "e", "edit"),
    row(C::Transcript, A::AnswerTool, "t", "tool"),
    row(C::Transcript, A::Continue, "c", ""),
    row(C::Transcript, A::BranchPrevious, "[", ""),
    row(C::Transcript, A::BranchNext, "]", ""),
    row(C::Transcript, A::Fork, "f", ""),
    row(C::Transcript, A::ToggleFold, "space enter", ""),
    row(C::Transcript, A::Search, "/", "search"),
    row(C::Transcript, A::SearchNext, "n", ""),
    row(C::Transcript, A::SearchPrevious, "N", ""),
    row(C::Transcript, A::FocusComposer, "i", ""),
    row(C::Transcript, A::Help, "?", ""),
    row(C::List, A::Open, "enter right l", "open"),
    row(C::List, A::SelectNext, "j down", ""),
    row(C::List, A::SelectPrevious, "k up", ""),
    row(C::List, A::SelectFirst, "g home", ""),
    row(C::List, A::SelectLast, "G end", ""),
    row(C::List, A::HalfPageDown, "d", ""),
    row(C::List, A::HalfPageUp, "u", ""),
    row(C::List, A::PageDown, "pagedown", ""),
    row(C::List, A::PageUp, "pageup", ""),
    row(C::List, A::Search, "/", "search"),
    row(C::List, A::NewConversation, "n", "new"),
    row(C::List, A::Rename, "r f2", "rename"),
    row(C::List, A::Fork, "f", ""),
    row(C::List, A::ExportConversation, "w", ""),
    row(C::List, A::Delete, "x delete", "delete"),
    row(C::List, A::FocusComposer, "i", ""),
    row(C::List, A::Help, "?", ""),
    row(C::Settings, A::Open, "enter", "change"),
    row(C::Settings, A::SelectNext, "j down", ""),
    row(C::Settings, A::SelectPrevious, "k up", ""),
    row(C::Settings, A::SelectFirst, "g home", ""),
    row(C::Settings, A::SelectLast, "G end", ""),
    row(C::Settings, A::Decrease, "left h -", "less"),
    row(C::Settings, A::Increase, "right l +", "more"),
    row(C::Settings, A::Reset, "backspace delete", "default"),
    row(C::Settings, A::FocusComposer, "i", ""),
    row(C::Settings, A::Help, "?", ""),
    row(C::FirstRun, A::Accept, "enter", "fetch"),
    row(C::FirstRun, A::SelectNext, "down", "choose"),
    row(C::FirstRun, A::SelectPrevious, "up", ""),
    row(C::Models, A::Open, "enter right l", "card"),
    row(C::Models, A::UseModel, "c", "chat"),
    row(C::Models, A::TryModel, "t", "try"),
    row(C::Models, A::GetModel, "f", "fetch"),
    row(C::Models, A::Search, "/", "search"),
    row(C::Models, A::Star, "s", "star"),
    row(C::Models, A::CheckProvider, "h", "health"),
    row(C::Models, A::AddModel, "a", ""),
    row(C::Models, A::EditPresets, "e", "presets"),
    row(C::Models, A::RemoveModel, "x delete", ""),
    row(C::Models, A::FilterProvider, "p", ""),
    row(C::Models, A::FilterCapability, "v", ""),
    row(C::Models, A::FilterPlace, "o", ""),
    row(C::Models, A::ClearFilters, "backspace", ""),
    row(C::Models, A::ListModels, "r", ""),
    row(C::Models, A::SelectNext, "j down", ""),
    row(C::Models, A::SelectPrevious, "k up", ""),
    row(C::Models, A::SelectFirst, "g home", ""),
    row(C::Models, A::SelectLast, "G end", ""),
    row(C::Models, A::HalfPageDown, "d", ""),
    row(C::Models, A::HalfPageUp, "u", ""),
    row(C::Models, A::PageDown, "pagedown", ""),
    row(C::Models, A::PageUp, "pageup", ""),
    row(C::Models, A::Help, "?", ""),
    row(C::Usage, A::SelectNext, "j down", ""),
    row(C::Usage, A::SelectPrevious, "k up", ""),
    row(C::Usage, A::SelectFirst, "g home", ""),
    row(C::Usage, A::SelectLast, "G end", ""),
    row(C::Usage, A::HalfPageDown, "d", ""),
    row(C::Usage, A::HalfPageUp, "u", ""),
    row(C::Usage, A::PageDown, "pagedown", ""),
    row(C::Usage, A::PageUp, "pageup", ""),
    row(C::Usage, A::Decrease, "left h -", "shorter"),
    row(C::Usage, A::Increase, "right l +", "longer"),
    row(C::Usage, A::GroupNext, "b", "by"),
    row(C::Usage, A::SortNext, "s", "sort"),
    row(C::Usage, A::SortReverse, "S", ""),
    row(C::Usage, A::CopyTable, "y", "copy as CSV"),
    row(C::Usage, A::Reload, "r", ""),
    row(C::Usage, A::Help, "?", ""),
    row(C::Menu, A::Accept, "enter", ""),
    row(C::Menu, A::Cancel, "esc ctrl+c", ""),
    row(C::Menu, A::SelectNext, "down ctrl+n tab", ""),
    row(C::Menu, A::SelectPrevious, "up ctrl+p shift+tab", ""),
    row(C::Menu, A::PageDown, "pagedown", ""),
    row(C::Menu, A::PageUp, "pageup", ""),
    row(C::Menu, A::Star, "ctrl+f", ""),
    row(C::Everywhere, A::Back, "esc", ""),
    row(C::Everywhere, A::FocusNext, "tab", ""),
    row(C::Everywhere, A::FocusPrevious, "shift+tab", ""),
    row(C::Everywhere, A::Palette, "ctrl+p", "palette"),
    row(C::Everywhere, A::ToggleSettings, "ctrl+o", "settings"),
    row(C::Everywhere, A::ShowChat, "alt+1", ""),
    row(C::Everywhere, A::ShowModels, "alt+2", ""),
    row(C::Everywhere, A::ShowUsage, "alt+3", ""),
    row(C::Everywhere, A::ChooseModel, "ctrl+l", "model"),
    row(C::Everywhere, A::NewConversation, "ctrl+n", "new"),
    row(C::Everywhere, A::ToggleList, "ctrl+b", "list"),
    row(C::Everywhere, A::SearchConversations, "ctrl+s", ""),
    row(C::Everywhere, A::PreviousConversation, "alt+k", ""),
    row(C::Everywhere, A::NextConversation, "alt+j", ""),
    row(C::Everywhere, A::ChoosePreset, "alt+p", ""),
    row(C::Everywhere, A::EditSystem, "alt+s", ""),
    row(C::Everywhere, A::Follow, "ctrl+end", ""),
    row(C::Everywhere, A::ToggleReading, "ctrl+t", ""),
    row(C::Everywhere, A::ToggleMouse, "f3", ""),
    row(C::Everywhere, A::GetModel, "", ""),
    row(C::Everywhere, A::ListModels, "", ""),
    row(C::Everywhere, A::EditPresets, "", ""),
    row(C::Everywhere, A::ShowNotices, "", ""),
    row(C::Everywhere, A::Help, "f1", "help"),
    row(C::Everywhere, A::Suspend, "ctrl+z", ""),
    row(C::Everywhere, A::Interrupt, "ctrl+c", ""),
    row(C::Everywhere, A::Quit, "ctrl+q", "quit"),
];
