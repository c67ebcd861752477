//! The one sanitiser: no byte of a model, file, server or clipboard reaches the terminal as a control.
