//! Finished facts -> files and text; decides nothing.

pub mod words;
mod figures;
mod warnings;
mod clean;
mod facts;

pub use clean::sanitize;
pub use facts::{Facts, MoneyAtStake};
pub use words::{Language, warning_text};
