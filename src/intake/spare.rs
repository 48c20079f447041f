//! Buffers that are used again. Each block needs a text and two tables; given back to the system, new ones would have to be cleared by it
//! for every block, which takes a tenth of the time of reading.

use std::sync::{Arc, Mutex, PoisonError};

use super::lines::Tables;

/// How many are kept of each kind: those of the blocks that are under way at one time.
const KEPT: usize = 32;
/// The largest one that is kept, in bytes: what a line of many MiB needs is rare.
const BYTES_MAX: usize = 1 << 19;

/// Where the blocks of a file leave their buffers.
#[derive(Debug, Clone, Default)]
pub(super) struct Spare(Arc<Mutex<Stock>>);

#[derive(Debug, Default)]
struct Stock {
    texts: Vec<String>,
    tables: Vec<Tables>,
}

impl Spare {
    /// An empty text, with room for so many bytes.
    pub(super) fn text(&self, bytes: usize) -> String {
        let mut text = self.with(|stock| stock.texts.pop()).unwrap_or_default();
        text.reserve(bytes);
        text
    }

    /// Empty tables.
    pub(super) fn tables(&self) -> Tables {
        self.with(|stock| stock.tables.pop()).unwrap_or_default()
    }

    /// Takes what is no longer needed.
    pub(super) fn give(&self, mut text: String, mut tables: Tables) {
        text.clear();
        tables.clear();
        self.with(|stock| {
            if stock.texts.len() < KEPT && (1..BYTES_MAX).contains(&text.capacity()) {
                stock.texts.push(text);
            }
            if stock.tables.len() < KEPT && (1..BYTES_MAX).contains(&tables.bytes()) {
                stock.tables.push(tables);
            }
        });
    }

    fn with<T>(&self, work: impl FnOnce(&mut Stock) -> T) -> T {
        // What a thread that panicked has left behind are buffers all the same.
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_comes_back_empty_and_a_large_one_does_not_come_back() {
        let spare = Spare::default();
        let mut text = spare.text(100);
        text.push_str("algo");
        let capacity = text.capacity();
        spare.give(text, Tables::default());
        let text = spare.text(10);
        assert_eq!((text.len(), text.capacity()), (0, capacity));
        spare.give(String::with_capacity(BYTES_MAX), Tables::default());
        assert_eq!(spare.text(0).capacity(), 0);
    }
}
