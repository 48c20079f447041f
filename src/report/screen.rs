//! A screen as it fills up: sentences broken between words, paths kept whole, numbers under their titles. At most 80 columns, no colour.

use std::fmt::Write;

use crate::model::EntityType;

use super::figures::count;
use super::words::{Language, Phrase, entity_heading};

/// Columns that no screen goes beyond, but for a path or command that must stay whole.
pub const WIDTH: usize = 80;
/// Columns of the names of the record types.
const NAME: usize = 13;
/// Lines of a list that a screen shows.
const LISTED: usize = 10;

/// What stands before the next command.
pub const NEXT: Phrase = Phrase { en: "Next", es: "Siguiente" };

/// Lines as they fill up.
pub struct Screen {
    /// The lines so far.
    pub text: String,
    width: usize,
}

impl Screen {
    /// An empty one, at most so wide.
    pub fn new(width: usize) -> Self {
        Self { text: String::new(), width: width.clamp(40, WIDTH) }
    }

    /// A sentence, broken between words; its later lines are indented.
    pub fn text(&mut self, sentence: &str) {
        self.indented("", sentence);
    }

    fn indented(&mut self, indent: &str, sentence: &str) {
        self.text.push_str(indent);
        let mut column = 0;
        for word in sentence.split(' ') {
            let length = word.chars().count();
            if column > 0 && indent.len() + column + 1 + length > self.width {
                self.text.push('\n');
                self.text.push_str(indent);
                self.text.push_str("  ");
                column = 2;
            } else if column > 0 {
                self.text.push(' ');
                column += 1;
            }
            self.text.push_str(word);
            column += length;
        }
        self.text.push('\n');
    }

    /// Something that must stay whole, such as a path, with a remark behind it, or below it where there is no room.
    pub fn labelled(&mut self, label: &str, whole: &str, remark: &str) {
        let line = format!("{label:<13}{whole}");
        let room = line.chars().count() + 3 + remark.chars().count() <= self.width;
        let gap = if room { "   " } else { "\n             " };
        self.text.push_str(&line);
        if !remark.is_empty() {
            self.text.push_str(gap);
            self.text.push_str(remark);
        }
        self.text.push('\n');
    }

    /// Numbers under their titles, a line a record type.
    pub fn table<const N: usize>(
        &mut self,
        titles: [&str; N],
        rows: impl Iterator<Item = (EntityType, [u64; N])>,
        language: Language,
    ) {
        let rows: Vec<_> = rows.map(|(of, numbers)| (entity_heading(of).get(language), numbers.map(count))).collect();
        let widest = |at: usize| rows.iter().map(|(_, numbers)| numbers[at].len()).max().unwrap_or(0);
        let widths: [usize; N] = std::array::from_fn(|at| titles[at].chars().count().max(widest(at)));
        self.row("", titles.iter().copied(), &widths);
        for (name, numbers) in &rows {
            self.row(name, numbers.iter().map(String::as_str), &widths);
        }
    }

    fn row<'a>(&mut self, name: &str, cells: impl Iterator<Item = &'a str>, widths: &[usize]) {
        let mut line = format!("  {name:<NAME$}");
        for (cell, width) in cells.zip(widths) {
            // Writing into a String can't fail.
            let _ = write!(line, "  {cell:>width$}");
        }
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    /// The first lines of a list, and how many more there are.
    pub fn list(&mut self, lines: impl ExactSizeIterator<Item = String>, language: Language) {
        let more = lines.len().saturating_sub(LISTED);
        for line in lines.take(LISTED) {
            self.indented("  ", &line);
        }
        if more > 0 {
            let n = count(more as u64);
            self.indented(
                "  ",
                &match language {
                    Language::En => format!("and {n} more, all in --json"),
                    Language::Es => format!("y {n} más, todo con --json"),
                },
            );
        }
    }
}
