//! What the person can mean. Each action has a stable name, used by the `[keys]` of the config file, the help, the
//! palette and the scripts of tests.

macro_rules! actions {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $title:literal;)+) => {
        /// One thing that a person can ask of the screen.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Action {
            $($(#[$doc])* $variant,)+
        }

        impl Action {
    /// Whether somebody who only rates may do it: everything else of the program is closed to them.
    pub const fn while_only_rating(self) -> bool {
        let rates = matches!(
            self,
            Self::Rate
                | Self::RateYes
                | Self::RateNo
                | Self::RateLeft
                | Self::RateRight
                | Self::ChooseTie
                | Self::ChooseNone
                | Self::SkipItem
                | Self::CommentItem
                | Self::ShowInstructions
                | Self::ShowReference
                | Self::SetMarkdown
                | Self::ShowDifference
                | Self::ScrollTogether
                | Self::GoToVote
                | Self::Undo
                | Self::Reload
        );
        let moves = matches!(
            self,
            Self::FocusNext
                | Self::FocusPrevious
                | Self::LineDown
                | Self::LineUp
                | Self::HalfPageDown
                | Self::HalfPageUp
                | Self::PageDown
                | Self::PageUp
        );
        let leaves = matches!(
            self,
            Self::Back | Self::Help | Self::Interrupt | Self::Quit | Self::Suspend | Self::ToggleMouse
        );
        rates || moves || leaves
    }

            /// Every action, in the order of the help.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The stable name: `snake_case`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// What it does, as the help and the palette say it.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)+ }
            }
        }
    };
}

actions! {
    Send = "send", "Send or run what is written (while an answer runs: queue it)";
    Newline = "newline", "Start a new line";
    Back = "back", "Stop the answer, then one step back";
    Interrupt = "interrupt", "Stop; put the draft aside; press again to quit";
    Quit = "quit", "Quit";
    QuitWhenEmpty = "quit_when_empty", "Quit, when the composer is empty";
    Suspend = "suspend", "Put the program in the background (fg brings it back)";
    Help = "help", "Show every key";
    Palette = "palette", "Find an action by its name";
    Commands = "commands", "Find a command, in an empty composer";
    FocusNext = "focus_next", "Go to the next area";
    FocusPrevious = "focus_previous", "Go to the previous area";
    FocusComposer = "focus_composer", "Go to the composer";
    NewConversation = "new_conversation", "Start a new conversation";
    ShowChat = "show_chat", "Go to the chat";
    ShowCompare = "show_compare", "Go to the comparison of models";
    ShowKnowledge = "show_knowledge", "Go to the knowledge bases";
    ShowEvaluations = "show_evaluations", "Go to the evaluations";
    ShowPrompt = "show_prompt", "Go to the prompts";
    ShowPictures = "show_pictures", "Go to the pictures";
    ShowModels = "show_models", "Go to the models";
    ShowUsage = "show_usage", "Go to usage: calls, tokens, times, cost";
    ShowTraces = "show_traces", "Go to the traces: what was done, step by step";
    ChooseModel = "choose_model", "Choose the model";
    Star = "star", "Give a model a star, or take it away, in a list of models";
    ChoosePreset = "choose_preset", "Choose a preset";
    UseModel = "use_model", "Talk to the selected model";
    TryModel = "try_model", "Try the selected model";
    CheckProvider = "check_provider", "Check the health of the selected model's provider";
    AddModel = "add_model", "Add a GGUF file, or have a provider fetch a model";
    RemoveModel = "remove_model", "Delete the selected model's files";
    FilterProvider = "filter_provider", "Show one provider's models";
    FilterCapability = "filter_capability", "Show models that can do one thing";
    FilterPlace = "filter_place", "Show models here, elsewhere, or without a key";
    MakeAgain = "make_again", "Make the pictures again, with what the settings say now";
    NextPicture = "next_picture", "The next picture that was made with it";
    PreviousPicture = "previous_picture", "The picture before";
    SavePicture = "save_picture", "Write the picture to a file";
    VaryPicture = "vary_picture", "Vary the picture: begin the next one with it";
    AttachPicture = "attach_picture", "Put the picture into the chat's next message";
    CopyPrompt = "copy_prompt", "Copy what the pictures were made of";
    RemovePictures = "remove_pictures", "Delete the pictures that were made together";
    EditPresets = "edit_presets", "Show the presets, make and change them";
    NewPreset = "new_preset", "Make a preset of what the conversation is asked with";
    UndoPreset = "undo_preset", "Take back what was done to a preset";
    OpenConfig = "open_config", "Open the configuration file in your editor";
    ClearFilters = "clear_filters", "Show all models again";
    ListModels = "list_models", "Ask the servers for their models again";
    GetModel = "get_model", "Fetch a model to this machine";
    ToggleList = "toggle_list", "Show or fold the list of conversations";
    ToggleSettings = "toggle_settings", "Show or hide the settings";
    AttachKnowledge = "attach_knowledge", "Have answers be from a knowledge base, or from none";
    ChooseAgent = "choose_agent", "Have an agent answer, or the model alone";
    EditStep = "edit_step", "Write a step of an agent or its prompt anew, and run on from there";
    ShowRunTrace = "show_run_trace", "Show the trace of what the agent did";
    ShowAgent = "show_agent", "Show what the agent is that answers";
    NewAgent = "new_agent", "Make a new agent";
    EditAgent = "edit_agent", "Edit an agent, as a new version of it";
    ShowAgentVersions = "show_agent_versions", "Show the versions of an agent, compare them, go back to one";
    ShowAgentPrompts = "show_agent_prompts", "Show an agent's own prompts, set one back to the default";
    ShowAgentMemory = "show_agent_memory", "Show what an agent remembers, change it, have it forgotten";
    RemoveAgent = "remove_agent", "Delete an agent";
    EditSystem = "edit_system", "Write the system prompt";
    SearchConversations = "search_conversations", "Search all conversations";
    PreviousConversation = "previous_conversation", "Open the conversation above";
    NextConversation = "next_conversation", "Open the conversation below";
    HistoryPrevious = "history_previous", "Bring back what was written before";
    HistoryNext = "history_next", "Forward again in what was written";
    SearchHistory = "search_history", "Search what was written before";
    EditQueued = "edit_queued", "Take the last queued message back to edit it";
    AttachFile = "attach_file", "Attach a picture, a document or a text (or write @path)";
    PasteClipboard = "paste_clipboard", "Insert the clipboard; a picture becomes a file of the message";
    EditInEditor = "edit_in_editor", "Write in your editor ($VISUAL, $EDITOR)";
    Undo = "undo", "Undo what was written or chosen last";
    Redo = "redo", "Redo in the composer";
    CharLeft = "char_left", "The caret left";
    CharRight = "char_right", "The caret right";
    WordLeft = "word_left", "The caret a word left";
    WordRight = "word_right", "The caret a word right";
    LineStart = "line_start", "The caret to the start of the line";
    LineEnd = "line_end", "The caret to the end of the line";
    RowUp = "row_up", "The caret a row up";
    RowDown = "row_down", "The caret a row down";
    TextStart = "text_start", "The caret to the start of the text";
    TextEnd = "text_end", "The caret to the end of the text";
    DeleteLeft = "delete_left", "Delete what stands before the caret";
    DeleteRight = "delete_right", "Delete what stands at the caret";
    KillBlankWord = "kill_blank_word", "Cut back to the blank before";
    KillWordLeft = "kill_word_left", "Cut the word before";
    KillWordRight = "kill_word_right", "Cut the word behind";
    KillLineStart = "kill_line_start", "Cut to the start of the line";
    KillLineEnd = "kill_line_end", "Cut to the end of the line";
    Yank = "yank", "Insert what was cut last";
    SelectNext = "select_next", "Next";
    SelectPrevious = "select_previous", "Previous";
    SelectFirst = "select_first", "First";
    SelectLast = "select_last", "Last, and follow what comes";
    LineDown = "line_down", "Scroll down one line";
    LineUp = "line_up", "Scroll up one line";
    HalfPageDown = "half_page_down", "Half a page down";
    HalfPageUp = "half_page_up", "Half a page up";
    PageDown = "page_down", "A page down";
    PageUp = "page_up", "A page up";
    Follow = "follow", "Go to the end and follow what comes";
    Open = "open", "Open";
    Search = "search", "Search in this conversation, or in the list";
    SearchNext = "search_next", "Next place found";
    SearchPrevious = "search_previous", "Previous place found";
    Rename = "rename", "Rename";
    Delete = "delete", "Delete";
    Fork = "fork", "Copy up to here into a new conversation";
    StartSelection = "start_selection", "Select a part of the text by keys";
    Copy = "copy", "Copy the selection, or the message";
    CopyCode = "copy_code", "Copy a code block";
    CopyAll = "copy_all", "Copy the whole conversation";
    CopyRequest = "copy_request", "Copy the request as curl, boto3 or openai-python";
    ExportConversation = "export_conversation", "Write the conversation to a file";
    ToggleFold = "toggle_fold", "Fold or unfold the reasoning, or an agent's steps";
    Retry = "retry", "Answer again, as another branch";
    RetryFailed = "retry_failed", "Answer again what failed or was stopped";
    EditMessage = "edit_message", "Edit the message and fork";
    AnswerTool = "answer_tool", "Say what a tool gives back, or whether it may be called";
    Continue = "continue", "Go on with the answer";
    BranchPrevious = "branch_previous", "The branch before";
    BranchNext = "branch_next", "The branch after";
    Decrease = "decrease", "One step less";
    Increase = "increase", "One step more";
    Reset = "reset", "Back to the default";
    Accept = "accept", "Take it";
    Cancel = "cancel", "Close, changing nothing";
    RunPrompt = "run_prompt", "Run the prompt once more";
    SavePrompt = "save_prompt", "Save the prompt: a name, then a version";
    NewPrompt = "new_prompt", "Write a new prompt";
    ExamplePrompt = "example_prompt", "Show an example of a prompt";
    ComparePrompt = "compare_prompt", "Show what was changed between two versions";
    MarkVersion = "mark_version", "Compare other versions with this one";
    RunPrevious = "run_previous", "The run before";
    RunNext = "run_next", "The run after";
    ContinueInChat = "continue_in_chat", "Go on with the run, or with the column, in the chat";
    AddColumn = "add_column", "Compare with one model more";
    RemoveColumn = "remove_column", "Compare with one model fewer";
    NextColumn = "next_column", "The next column";
    PreviousColumn = "previous_column", "The column before";
    ChooseAnswer = "choose_answer", "Choose the best answer by the letter of its column";
    ChooseTie = "choose_tie", "Choose none over another: they are as good";
    ChooseNone = "choose_none", "Choose none: they are all bad";
    ToggleBlind = "toggle_blind", "Hide who answers until a choice is made, or do not";
    SetRepeats = "set_repeats", "Ask each column of the next comparison several times";
    TakeValues = "take_values", "Ask the next comparison for each row of a file, as values of {{names}}";
    SetCategory = "set_category", "Say what the comparison is about, for the leaderboard";
    FoldColumn = "fold_column", "Fold the column to its letter, or open it";
    WriteComparison = "write_comparison", "Write the comparison to a file";
    ShowDifference = "show_difference", "Compare two answers word by word, and what one says alone";
    ScrollTogether = "scroll_together", "Scroll the columns together, or each for itself";
    NextPage = "next_page", "The next row of values or repeat of a comparison";
    PreviousPage = "previous_page", "The row of values or repeat before";
    NextOpenPage = "next_open_page", "The next page of a comparison on which nothing is chosen";
    AddToDataset = "add_to_dataset", "Add the question with what was answered to a dataset";
    RateCall = "rate_call", "Add it to a dataset, and put together an evaluation of that";
    ShowSummary = "show_summary", "Show what the answers of each column took";
    ShowLeaderboard = "show_leaderboard", "Show who was chosen over whom";
    Rate = "rate", "Give a point of the scale, or choose an answer by its number";
    RateYes = "rate_yes", "Yes: the answer is good";
    RateNo = "rate_no", "No: it is not";
    RateLeft = "rate_left", "The left answer is the better one";
    RateRight = "rate_right", "The right answer is the better one";
    SkipItem = "skip_item", "Skip the item, and say why";
    CommentItem = "comment_item", "Say something of the item besides";
    ShowInstructions = "show_instructions", "Show the instructions";
    ShowReference = "show_reference", "Show or hide what a good answer says";
    SetMarkdown = "set_markdown", "Set the answers as Markdown, or show them as they were written";
    GoToVote = "go_to_vote", "Go back to one of your votes";
    ShowReport = "show_report", "Show what the votes come to";
    ShowDefinitions = "show_definitions", "Show what the numbers are";
    DecideItem = "decide_item", "Decide what raters differ on";
    RunEvaluation = "run_evaluation", "Ask for the answers that are missing, or pause that";
    NewEvaluation = "new_evaluation", "Make a new evaluation";
    CreateEvaluation = "create_evaluation", "Make the evaluation of what the form says";
    AddMetric = "add_metric", "Rate one thing more";
    AddSource = "add_source", "Have one model more answer";
    ShowDatasets = "show_datasets", "Show the datasets";
    ImportDataset = "import_dataset", "Read a file as a new dataset";
    NewBase = "new_base", "Make a knowledge base";
    AddDocuments = "add_documents", "Add a source to the knowledge base";
    SyncBase = "sync_base", "Read what is new in the sources of the base, or stop that";
    PreviewCuts = "preview_cuts", "Show the passages that a file would become";
    NextChunking = "next_chunking", "Cut the file in the next way";
    SetChunking = "set_chunking", "Write how the file is cut";
    TwoChunkings = "two_chunkings", "Cut the file in two ways, side by side, or in one";
    RebuildBase = "rebuild_base", "Embed the base by another model, or cut it in another way";
    ExportBase = "export_base", "Write the knowledge base to a file";
    ImportBase = "import_base", "Make a knowledge base of a file that one was written to";
    ShowDocuments = "show_documents", "Show the documents of the base";
    ShowSources = "show_sources", "Show the sources of the base, each with its syncs";
    ChangeSource = "change_source", "Change which files of the source are read, and when";
    NextDocument = "next_document", "The next document";
    PreviousDocument = "previous_document", "The document before";
    AskBase = "ask_base", "Have a model answer from what is found";
    ChangeMode = "change_mode", "Look by vectors, by words, or by both";
    SetFilter = "set_filter", "Look only at passages that pass a filter";
    SetThreshold = "set_threshold", "Take passages that are less near for not found";
    ChooseReranker = "choose_reranker", "Have a model put what is found in a better order, or none";
    ExpectPassage = "expect_passage", "Tell where a passage stands that was expected: why not?";
    TwoSettings = "two_settings", "Ask by two settings, side by side, or by one";
    MeasureBase = "measure_base", "Measure what is found, by a file of questions with what answers them";
    ShowGiven = "show_given", "Show what the model was given";
    EditTemplate = "edit_template", "Write the prompt by which the base is answered from, in your editor";
    ShowPassages = "show_passages", "Read the passages that the answer was given";
    NewComparison = "new_comparison", "Begin a new comparison with these columns";
    GroupNext = "group_next", "A row a model, a day or a provider";
    WriteReport = "write_report", "Write the results to a file";
    CopyTable = "copy_table", "Copy the table as CSV";
    SortNext = "sort_next", "Sort by the next column";
    SortReverse = "sort_reverse", "Sort the other way round";
    Reload = "reload", "Read it again";
    ToggleReceiver = "toggle_receiver", "Take the traces that other programs send, or stop that";
    ImportTraces = "import_traces", "Read traces from a file";
    WriteTrace = "write_trace", "Write the trace to a file";
    MarkRun = "mark_run", "Mark the run, to compare it with another";
    CompareRuns = "compare_runs", "Compare two runs span by span: those that are marked";
    ScoreSpan = "score_span", "Score the span, or the run";
    NoteSpan = "note_span", "Note something on the span, or on the run";
    EditCall = "edit_call", "Ask the model of the span again, with what you make of it";
    ShowReplays = "show_replays", "Show what came when the model of the span was asked again";
    ReplayRun = "replay_run", "Run the agent once more, with what its tools gave then";
    AskOthers = "ask_others", "Ask other models what was asked in the span";
    ShowSpan = "show_span", "Read the span";
    ShowRaw = "show_raw", "Show all that the span came with, or what was said in it again";
    ShowTranscript = "show_transcript", "Read the run as a conversation, or see its spans again";
    FoldSpan = "fold_span", "Fold the span, or go to the one that it is part of";
    UnfoldSpan = "unfold_span", "Unfold the span, or go to its first part";
    FoldSpans = "fold_spans", "Fold all but the first parts of the run";
    UnfoldSpans = "unfold_spans", "Unfold all spans of the run";
    NextError = "next_error", "The next span that failed";
    PreviousError = "previous_error", "The span before that failed";
    NextCall = "next_call", "The next call of a model";
    PreviousCall = "previous_call", "The call of a model before";
    NextSlow = "next_slow", "The span that took longest by itself, then the next one";
    ZoomSpan = "zoom_span", "Show the time of the span alone, or all of it again";
    ZoomIn = "zoom_in", "Show less time around the span";
    ZoomOut = "zoom_out", "Show more time around the span";
    ShowLatencies = "show_latencies", "Show how long the spans of each name take";
    ShowFindings = "show_findings", "Show what looks wrong in the run";
    NextPart = "next_part", "The next part of what is known of the span";
    PreviousPart = "previous_part", "The part before";
    ToggleMouse = "toggle_mouse", "Mouse on or off (off: the terminal's own selection)";
    ToggleReading = "toggle_reading", "Reading view: the conversation alone, no borders";
    ShowNotices = "show_notices", "Show past notices";
}

impl Action {
    /// It changes a text, or moves the caret in it.
    pub const fn edits(self) -> bool {
        matches!(
            self,
            Self::CharLeft
                | Self::CharRight
                | Self::WordLeft
                | Self::WordRight
                | Self::LineStart
                | Self::LineEnd
                | Self::RowUp
                | Self::RowDown
                | Self::TextStart
                | Self::TextEnd
                | Self::DeleteLeft
                | Self::DeleteRight
                | Self::KillBlankWord
                | Self::KillWordLeft
                | Self::KillWordRight
                | Self::KillLineStart
                | Self::KillLineEnd
                | Self::Yank
        )
    }

    /// It moves about or answers a question: what the hands do, not what one looks up by its name.
    pub const fn moves(self) -> bool {
        self.edits()
            || matches!(
                self,
                Self::FocusNext
                    | Self::FocusPrevious
                    | Self::HistoryPrevious
                    | Self::HistoryNext
                    | Self::SelectNext
                    | Self::SelectPrevious
                    | Self::SelectFirst
                    | Self::SelectLast
                    | Self::LineDown
                    | Self::LineUp
                    | Self::HalfPageDown
                    | Self::HalfPageUp
                    | Self::PageDown
                    | Self::PageUp
                    | Self::SearchNext
                    | Self::SearchPrevious
                    | Self::NextPicture
                    | Self::PreviousPicture
                    | Self::RunPrevious
                    | Self::RunNext
                    | Self::NextColumn
                    | Self::PreviousColumn
                    | Self::NextPage
                    | Self::PreviousPage
                    | Self::NextOpenPage
                    | Self::NextDocument
                    | Self::PreviousDocument
                    | Self::Rate
                    | Self::RateYes
                    | Self::RateNo
                    | Self::RateLeft
                    | Self::RateRight
                    | Self::Decrease
                    | Self::Increase
                    | Self::FoldSpan
                    | Self::UnfoldSpan
                    | Self::NextError
                    | Self::PreviousError
                    | Self::NextCall
                    | Self::PreviousCall
                    | Self::NextSlow
                    | Self::ZoomIn
                    | Self::ZoomOut
                    | Self::NextPart
                    | Self::PreviousPart
                    | Self::Newline
                    | Self::Back
                    | Self::Interrupt
            )
    }

    /// It can be done wherever the focus is; the others belong to the place that has their key.
    pub const fn anywhere(self) -> bool {
        let of_a_place = matches!(
            self,
            Self::Send
                | Self::Commands
                | Self::Open
                | Self::Reset
                | Self::Accept
                | Self::Cancel
                | Self::Star
                | Self::UseModel
                | Self::TryModel
                | Self::CheckProvider
                | Self::AddModel
                | Self::RemoveModel
                | Self::FilterProvider
                | Self::FilterCapability
                | Self::FilterPlace
                | Self::ClearFilters
                | Self::MakeAgain
                | Self::SavePicture
                | Self::VaryPicture
                | Self::AttachPicture
                | Self::CopyPrompt
                | Self::RemovePictures
                | Self::RunPrompt
                | Self::SavePrompt
                | Self::NewPreset
                | Self::UndoPreset
                | Self::NewPrompt
                | Self::ExamplePrompt
                | Self::ComparePrompt
                | Self::MarkVersion
                | Self::ContinueInChat
                | Self::AddColumn
                | Self::RemoveColumn
                | Self::ChooseAnswer
                | Self::ChooseTie
                | Self::ChooseNone
                | Self::ToggleBlind
                | Self::ShowDifference
                | Self::ScrollTogether
                | Self::AddToDataset
                | Self::RateCall
                | Self::ShowSummary
                | Self::ShowLeaderboard
                | Self::SkipItem
                | Self::CommentItem
                | Self::ShowInstructions
                | Self::ShowReference
                | Self::SetMarkdown
                | Self::GoToVote
                | Self::ShowReport
                | Self::WriteReport
                | Self::ShowDefinitions
                | Self::DecideItem
                | Self::RunEvaluation
                | Self::NewEvaluation
                | Self::CreateEvaluation
                | Self::AddSource
                | Self::AddMetric
                | Self::ShowDatasets
                | Self::ImportDataset
                | Self::NewBase
                | Self::AddDocuments
                | Self::SyncBase
                | Self::RebuildBase
                | Self::ExportBase
                | Self::ImportBase
                | Self::PreviewCuts
                | Self::NextChunking
                | Self::SetChunking
                | Self::TwoChunkings
                | Self::ShowDocuments
                | Self::ShowSources
                | Self::ChangeSource
                | Self::AskBase
                | Self::ChangeMode
                | Self::SetFilter
                | Self::SetThreshold
                | Self::ChooseReranker
                | Self::ExpectPassage
                | Self::TwoSettings
                | Self::MeasureBase
                | Self::ShowGiven
                | Self::EditTemplate
                | Self::ShowPassages
                | Self::NewComparison
                | Self::GroupNext
                | Self::CopyTable
                | Self::SortNext
                | Self::SortReverse
                | Self::ToggleReceiver
                | Self::ImportTraces
                | Self::WriteTrace
                | Self::MarkRun
                | Self::CompareRuns
                | Self::ScoreSpan
                | Self::NoteSpan
                | Self::AskOthers
                | Self::EditCall
                | Self::ShowReplays
                | Self::ReplayRun
                | Self::ShowSpan
                | Self::ShowRaw
                | Self::ShowTranscript
                | Self::FoldSpans
                | Self::UnfoldSpans
                | Self::ZoomSpan
                | Self::ShowLatencies
                | Self::ShowFindings
                | Self::Reload
        );
        !self.moves() && !of_a_place
    }

    /// Every place may have that of its own: pressed where there is none, nobody means the chat's.
    pub const fn is_of_each_place(self) -> bool {
        matches!(
            self,
            Self::ChooseModel
                | Self::ChoosePreset
                | Self::EditSystem
                | Self::ToggleSettings
                | Self::ToggleList
        )
    }

    /// What the programs beside this one call it after a `/`, the first one first.
    pub const fn words(self) -> &'static [&'static str] {
        match self {
            Self::ShowChat => &["chat"],
            Self::ShowCompare => &["compare"],
            Self::ShowKnowledge => &["knowledge", "documents", "rag"],
            Self::ShowEvaluations => &["evaluate", "rate"],
            Self::ShowPictures => &["pictures", "images"],
            Self::ShowPrompt => &["prompts"],
            Self::ShowModels => &["catalogue"],
            Self::ShowUsage => &["usage", "cost", "tokens"],
            Self::ShowTraces => &["traces", "spans"],
            Self::NewConversation => &["new", "clear", "reset"],
            Self::ChooseModel => &["model", "models"],
            Self::ChoosePreset => &["preset", "role"],
            Self::EditPresets => &["presets"],
            Self::GetModel => &["pull", "fetch"],
            Self::AttachKnowledge => &["kb", "base"],
            Self::ChooseAgent => &["agent", "agents"],
            Self::EditSystem => &["system", "prompt"],
            Self::ToggleSettings => &["settings", "set", "config"],
            Self::SearchConversations => &["search", "sessions", "history", "resume"],
            Self::Search => &["find"],
            Self::ExportConversation => &["export", "save"],
            Self::CopyAll => &["copy-all"],
            Self::Copy => &["copy"],
            Self::CopyCode => &["code"],
            Self::CopyRequest => &["curl", "request"],
            Self::Retry => &["retry", "regenerate"],
            Self::EditMessage => &["edit"],
            Self::Continue => &["continue"],
            Self::AnswerTool => &["tool"],
            Self::Fork => &["fork", "branch"],
            Self::Rename => &["rename", "title"],
            Self::Delete => &["delete"],
            Self::AttachFile => &["attach", "file", "image"],
            Self::PasteClipboard => &["clipboard"],
            Self::EditInEditor => &["editor"],
            Self::ToggleFold => &["thinking", "reasoning"],
            Self::ToggleReading => &["reading"],
            Self::ToggleList => &["list"],
            Self::ToggleMouse => &["mouse"],
            Self::Help => &["help", "keys"],
            Self::Quit => &["quit", "exit"],
            _ => &[],
        }
    }

    /// Whether it is done to all of the place where models are compared, wherever keys go in it.
    pub const fn is_of_the_place(self) -> bool {
        matches!(
            self,
            Self::AddColumn
                | Self::RemoveColumn
                | Self::ToggleBlind
                | Self::SetRepeats
                | Self::TakeValues
                | Self::SetCategory
                | Self::NewComparison
        )
    }

    /// Whether it is done from menus too, of all that holds everywhere.
    pub const fn is_of_menus(self) -> bool {
        matches!(self, Self::Help | Self::Suspend | Self::Quit)
    }

    /// Its command goes on after a space: what follows is typed into what it opens.
    pub const fn takes_words(self) -> bool {
        matches!(
            self,
            Self::ChooseModel
                | Self::ChoosePreset
                | Self::EditSystem
                | Self::SearchConversations
                | Self::Search
        )
    }

    /// The action of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|action| action.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_one_plain_word_and_means_one_action() {
        let mut seen = std::collections::HashSet::new();
        for word in Action::ALL.iter().flat_map(|action| action.words()) {
            assert!(word.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{word}");
            assert!(seen.insert(word), "{word} means two actions");
        }
    }

    #[test]
    fn every_action_is_found_by_its_name_and_names_are_snake_case() {
        for action in Action::ALL {
            assert_eq!(Action::named(action.name()), Some(*action));
            assert!(action.name().chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{action:?}");
        }
    }
}
