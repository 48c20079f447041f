//! `records.jsonl`: a line a record, written and read as a stream. Memory is one line.

use std::io::{self, BufRead, Write};

use crate::plan::RecordLine;

/// Writes one line.
pub fn write(line: &RecordLine, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, line)?;
    out.write_all(b"\n")
}

/// Reads the lines one by one.
///
/// # Errors
///
/// A line that is no record is an error that names it; reading can go on behind it.
pub fn read(input: impl BufRead) -> impl Iterator<Item = io::Result<RecordLine>> {
    input.lines().enumerate().map(|(index, line)| {
        serde_json::from_str(&line?)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, format!("records.jsonl:{}: {error}", index + 1)))
    })
}

#[cfg(test)]
mod tests {
    use super::super::example;
    use super::*;

    #[test]
    fn what_was_written_is_read_back() -> io::Result<()> {
        let lines: Vec<_> = example::few_lines().into_iter().chain(example::hostile_lines()).collect();
        let mut file = Vec::new();
        lines.iter().try_for_each(|line| write(line, &mut file))?;
        assert_eq!(read(&*file).collect::<io::Result<Vec<_>>>()?, lines);
        Ok(())
    }

    #[test]
    fn a_damaged_line_is_named_and_the_next_one_is_read() {
        let good = r#"{"entity":"lead","original_id":17,"verdict":"missing","title":"Ana","file":"lead.csv","line":18}"#;
        let file = format!("{good}\n{{\"entity\":\n{good}\n");
        let read: Vec<_> = read(file.as_bytes()).collect();
        assert!(read[0].is_ok() && read[2].is_ok());
        assert!(read[1].as_ref().is_err_and(|error| error.to_string().starts_with("records.jsonl:2: ")));
    }
}
