//! Where keys are pressed.

/// Where a key is pressed. Keys of `Everywhere` hold in all places but the menus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Context {
    Everywhere,
    Composer,
    /// A text or a line that is being written, in whatever place; what its own context says comes first.
    Editing,
    Transcript,
    /// A part of what is read is being selected by keys.
    Selecting,
    List,
    Settings,
    FirstRun,
    /// What several models are asked is written there.
    Compare,
    /// Their answers, side by side.
    Columns,
    /// What was compared before.
    Comparisons,
    /// The knowledge bases that there are.
    Bases,
    /// The sources of one, each with its syncs.
    Sources,
    /// What a base is asked is written there.
    Query,
    /// What was found in it.
    Hits,
    /// Its documents.
    Documents,
    /// The passages of a document.
    Passages,
    /// A file as it would be cut.
    Preview,
    /// The evaluations that there are.
    Evaluations,
    /// A new evaluation is put together.
    Making,
    /// A line of it that holds a text.
    MakingText,
    /// The datasets that there are.
    Datasets,
    /// One item of an evaluation before a rater.
    Rating,
    /// What the votes of an evaluation come to.
    Results,
    /// What pictures are made of is written there.
    PicturePrompt,
    /// The pictures that were made.
    Pictures,
    /// The text of a prompt.
    Prompt,
    /// The value of one of its variables.
    Values,
    /// What a run answered, or two versions compared.
    Answer,
    /// The library of prompts.
    Prompts,
    /// The list of all models, and the card of one.
    Models,
    /// The presets, in the place of the models.
    Presets,
    Usage,
    /// The runs that there are traces of.
    Runs,
    /// The spans of one.
    Spans,
    /// What is read of a span.
    SpanText,
    /// The steps of a run as a conversation, or of two runs compared.
    Steps,
    /// An overlay or a line that is being typed: what types goes into the line.
    Menu,
}

impl Context {
    /// Every context, in the order of the help.
    pub const ALL: &'static [Self] = &[
        Self::Everywhere,
        Self::Composer,
        Self::Editing,
        Self::Transcript,
        Self::Selecting,
        Self::List,
        Self::Settings,
        Self::FirstRun,
        Self::Compare,
        Self::Columns,
        Self::Comparisons,
        Self::Bases,
        Self::Sources,
        Self::Query,
        Self::Hits,
        Self::Documents,
        Self::Passages,
        Self::Preview,
        Self::Evaluations,
        Self::Making,
        Self::MakingText,
        Self::Datasets,
        Self::Rating,
        Self::Results,
        Self::PicturePrompt,
        Self::Pictures,
        Self::Prompt,
        Self::Values,
        Self::Answer,
        Self::Prompts,
        Self::Models,
        Self::Presets,
        Self::Usage,
        Self::Runs,
        Self::Spans,
        Self::SpanText,
        Self::Steps,
        Self::Menu,
    ];

    /// A text is written there: what types goes into it.
    pub(super) const fn takes_text(self) -> bool {
        matches!(
            self,
            Self::Composer
                | Self::Editing
                | Self::Compare
                | Self::Query
                | Self::MakingText
                | Self::PicturePrompt
                | Self::Prompt
                | Self::Values
                | Self::Menu
        )
    }

    /// Where the line of the same place is written: what its keys do to all of the place, they do here too.
    pub(super) const fn written_in(self) -> Option<Self> {
        match self {
            Self::Columns | Self::Comparisons => Some(Self::Compare),
            _ => None,
        }
    }

    /// The head of its part of the help.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Everywhere => "Everywhere",
            Self::Composer => "Writing",
            Self::Editing => "Any text or line (Shift selects)",
            Self::Transcript => "Reading",
            Self::Selecting => "Selecting a text",
            Self::List => "Conversations",
            Self::Settings => "Settings",
            Self::FirstRun => "Fetching a model",
            Self::Compare => "Asking several models",
            Self::Columns => "Answers side by side",
            Self::Comparisons => "Comparisons",
            Self::Bases => "Knowledge bases",
            Self::Sources => "Sources of a base",
            Self::Query => "Asking a knowledge base",
            Self::Hits => "What was found",
            Self::Documents => "Documents of a base",
            Self::Passages => "Passages of a document",
            Self::Preview => "A file before it is indexed",
            Self::Evaluations => "Evaluations",
            Self::Making => "A new evaluation",
            Self::MakingText => "A text of a new evaluation",
            Self::Datasets => "Datasets",
            Self::Rating => "Rating",
            Self::Results => "Results",
            Self::PicturePrompt => "Asking for pictures",
            Self::Pictures => "Pictures",
            Self::Prompt => "Prompt text",
            Self::Values => "Values of variables",
            Self::Answer => "Runs of a prompt",
            Self::Prompts => "Library of prompts",
            Self::Models => "Models",
            Self::Presets => "Presets",
            Self::Usage => "Usage",
            Self::Runs => "Traces",
            Self::Spans => "Spans of a trace",
            Self::SpanText => "A span of a trace",
            Self::Steps => "A conversation, or two runs compared",
            Self::Menu => "Menus and search lines",
        }
    }
}
