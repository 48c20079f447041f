//! Finished facts -> files and text; decides nothing.

pub mod words;
mod figures;
mod warnings;
mod clean;
mod facts;
mod labels;
mod bars;
mod sections;
mod next;
mod story;
mod prose;
pub mod outcome;
pub mod html;
pub mod terminal;
pub mod csv;
pub mod jsonl;
pub mod rejected;
pub mod tables;
#[cfg(test)]
mod example;

pub use clean::sanitize;
pub use facts::{Facts, MoneyAtStake};
pub use words::{Language, warning_text};
