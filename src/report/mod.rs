//! Finished facts -> files and text; decides nothing.

mod facts;

pub use facts::{Facts, MoneyAtStake};
