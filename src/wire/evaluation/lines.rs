//! Files of a record a line: what could be read, and every line that could not, with its number and what is wrong.

use serde::de::DeserializeOwned;

use super::dataset::no_json;

const NO_OBJECT: &str = "it is no JSON object";

/// What a file held. Whether some bad lines spoil all of it is for the caller to decide.
#[derive(Debug, Clone, PartialEq)]
pub struct Read<T> {
    /// In the file's order, with the line that each began at.
    pub taken: Vec<(usize, T)>,
    pub bad: Vec<Bad>,
}

/// A line that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bad {
    /// Counts from 1; of a record over several lines the first.
    pub line: usize,
    pub why: String,
}

impl<T> Default for Read<T> {
    fn default() -> Self {
        Self { taken: Vec::new(), bad: Vec::new() }
    }
}

impl<T> Read<T> {
    /// Adds a line, or what is wrong with it.
    pub(super) fn push(&mut self, line: usize, read: Result<T, String>) {
        match read {
            Ok(taken) => self.taken.push((line, taken)),
            Err(why) => self.bad.push(Bad { line, why }),
        }
    }

    /// What was taken, without its lines.
    pub fn into_taken(self) -> Vec<T> {
        self.taken.into_iter().map(|(_, taken)| taken).collect()
    }

    /// The same of another kind; what does not become one is a bad line.
    pub(super) fn and_then<U>(self, mut become_other: impl FnMut(T) -> Result<U, String>) -> Read<U> {
        let mut read = Read { taken: Vec::with_capacity(self.taken.len()), bad: self.bad };
        for (line, taken) in self.taken {
            read.push(line, become_other(taken));
        }
        read.bad.sort_by_key(|bad| bad.line);
        read
    }
}

/// Every line of a JSONL file. Line ends may be CRLF, a byte order mark may come first, blank lines say nothing, and the
/// last line need not end.
pub(super) fn jsonl<T: DeserializeOwned>(bytes: &[u8]) -> Read<T> {
    let mut read = Read::default();
    let bytes = match without_mark(bytes) {
        Ok(bytes) => bytes,
        Err(why) => {
            read.push(1, Err(why));
            return read;
        }
    };
    let whole = bytes.ends_with(b"\n");
    let mut lines = bytes.split(|byte| *byte == b'\n').enumerate().peekable();
    while let Some((at, line)) = lines.next() {
        let line = line.trim_ascii();
        if line.is_empty() {
            continue;
        }
        let last = lines.peek().is_none() && !whole;
        read.push(at + 1, parse(line).map_err(|why| if last { cut(line, why) } else { why }));
    }
    read
}

/// A file that is one JSON array of records, or a record a line. Of an array the "lines" are places, from 1.
pub(super) fn jsonl_or_array<T: DeserializeOwned>(bytes: &[u8]) -> Read<T> {
    let Ok(plain) = without_mark(bytes) else { return jsonl(bytes) };
    if !plain.trim_ascii_start().starts_with(b"[") {
        return jsonl(bytes);
    }
    let mut read = Read::default();
    match serde_json::from_slice::<Vec<serde_json::Value>>(plain) {
        Ok(records) => {
            for (record, at) in records.into_iter().zip(1..) {
                let object = record.is_object().then_some(record).ok_or_else(|| NO_OBJECT.to_owned());
                read.push(at, object.and_then(|it| serde_json::from_value(it).map_err(|why| no_json(&why))));
            }
        }
        Err(why) => read.push(why.line().max(1), Err(no_json(&why))),
    }
    read
}

fn parse<T: DeserializeOwned>(line: &[u8]) -> Result<T, String> {
    let text = std::str::from_utf8(line)
        .map_err(|why| format!("byte {} of it is no UTF-8", why.valid_up_to() + 1))?;
    // Records are objects; serde would take a list for one as well.
    if !text.starts_with('{') {
        let any = serde_json::from_str::<serde::de::IgnoredAny>(text);
        return Err(any.map_or_else(|why| no_json(&why), |_| NO_OBJECT.to_owned()));
    }
    serde_json::from_str(text).map_err(|why| no_json(&why))
}

/// The last line where it does not end: it may have been cut off.
fn cut(line: &[u8], why: String) -> String {
    match serde_json::from_slice::<serde::de::IgnoredAny>(line) {
        Err(end) if end.is_eof() => "the file ends in the middle of it".to_owned(),
        _ => why,
    }
}

/// The bytes behind the mark that UTF-8 files of some programs begin with; marks of UTF-16 are named.
pub(super) fn without_mark(bytes: &[u8]) -> Result<&[u8], String> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err("the file is UTF-16; save it as UTF-8".to_owned());
    }
    Ok(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes))
}

/// A line of JSONL.
pub(super) fn line(record: &impl serde::Serialize) -> crate::domain::Result<String> {
    serde_json::to_string(record)
        .map(|text| text + "\n")
        .map_err(|why| crate::domain::Error::internal("writing a record", why.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    struct One {
        n: u32,
    }

    fn told(read: Read<One>) -> (Vec<(usize, u32)>, Vec<String>) {
        let taken = read.taken.into_iter().map(|(line, one)| (line, one.n)).collect();
        (taken, read.bad.into_iter().map(|bad| format!("{}: {}", bad.line, bad.why)).collect())
    }

    #[test]
    fn a_word_that_is_no_json_is_told_without_a_term_of_the_parser() {
        let (_, bad) = told(jsonl(b"{\"n\":1}\nnothing\n"));
        assert_eq!(bad, ["2: no JSON at column 2: expected value"]);
    }

    #[test]
    fn every_line_is_taken_or_named() {
        let file = b"\xef\xbb\xbf{\"n\":1}\r\n\r\n  {\"n\":2} \nx\n{\"n\":\"3\"}\n\xff4\n[5]\n{\"n\":6}";
        let (taken, bad) = told(jsonl(file));
        assert_eq!(taken, [(1, 1), (3, 2), (8, 6)]);
        assert_eq!(
            bad,
            [
                "4: no JSON at column 1: expected value",
                "5: invalid type: string \"3\", expected u32",
                "6: byte 1 of it is no UTF-8",
                "7: it is no JSON object"
            ]
        );
        assert_eq!(told(jsonl(b"")), (Vec::new(), Vec::new()));
    }

    #[test]
    fn a_half_written_last_line_is_told_apart_from_a_bad_one() {
        let read = |bytes: &[u8]| jsonl::<serde_json::Value>(bytes).bad;
        let cut = Bad { line: 2, why: "the file ends in the middle of it".into() };
        assert_eq!(read(b"{}\n{\"prompt\": \"wh"), [cut]);
        assert_eq!(read(b"{}\n{\"prompt\" 1}")[0].why, "no JSON at column 11: expected `:`");
        // With its end it was written so.
        assert!(read(b"{}\n{\"prompt\": \"wh\n")[0].why.starts_with("no JSON at column"));
    }

    #[test]
    fn an_array_is_read_as_well_and_utf_16_is_named() {
        let (taken, bad) = told(jsonl_or_array(b" [{\"n\":1}, \"x\", {\"n\":3}]"));
        assert_eq!((taken, bad), (vec![(1, 1), (3, 3)], vec!["2: it is no JSON object".to_owned()]));
        assert!(jsonl_or_array::<One>(b"[{\"n\":1},\n2").bad[0].why.starts_with("no JSON"));
        assert_eq!(jsonl::<One>(b"\xff\xfe1\x00").bad[0].why, "the file is UTF-16; save it as UTF-8");
    }
}
