//! The command line: noun verb, people (text) or programs (--json, one object a line).
