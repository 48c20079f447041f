//! The parts of a multiple field's cell (csv 4.5, 4.8, 4.11).

use super::cells::Cell;
use crate::model::{FieldType, Value};

/// Bytes that are looked at together.
const TOGETHER: usize = 8;

/// Whether a cell has none of the signs that part values. One value is the rule.
#[inline]
pub(super) fn is_one(text: &str) -> bool {
    let bytes = text.as_bytes();
    let (pieces, rest) = bytes.as_chunks::<TOGETHER>();
    !pieces.iter().any(|piece| parts(*piece))
        && match bytes.last_chunk::<TOGETHER>() {
            Some(last) => !parts(*last),
            None => !rest.iter().any(|byte| matches!(byte, b',' | b'\n')),
        }
}

/// Whether a comma or a line break is among some bytes.
#[inline]
fn parts(bytes: [u8; TOGETHER]) -> bool {
    const COMMA: u64 = u64::from_ne_bytes([b','; TOGETHER]);
    const LINE_FEED: u64 = u64::from_ne_bytes([b'\n'; TOGETHER]);
    const ONES: u64 = u64::from_ne_bytes([0x01; TOGETHER]);
    const HIGHEST: u64 = u64::from_ne_bytes([0x80; TOGETHER]);
    // A byte that is 0 lends from the next one when 1 is taken off, and bears no highest bit itself.
    let has_zero = |word: u64| word.wrapping_sub(ONES) & !word & HIGHEST != 0;
    let word = u64::from_ne_bytes(bytes);
    has_zero(word ^ COMMA) || has_zero(word ^ LINE_FEED)
}

/// The parts of a cell.
pub(super) fn split(kind: &FieldType, text: &str) -> Vec<String> {
    let parts: Vec<&str> = match kind {
        FieldType::User if text.contains('\n') => text.lines().collect(),
        FieldType::Binding if text.starts_with('[') => bound_titles(text),
        _ => text.split(", ").collect(),
    };
    parts.into_iter().filter(|part| !part.trim().is_empty()).map(str::to_owned).collect()
}

/// The titles of bound records, each behind its type: `[CO] Aceros, S.A. de C.V., [C] Ana` (csv 4.8). A title has commas of its own.
fn bound_titles(text: &str) -> Vec<&str> {
    let begins = text.match_indices(", [").map(|(at, _)| at);
    let ends: Vec<usize> = begins.chain([text.len()]).collect();
    let mut from = 0;
    ends.into_iter()
        .map(|end| {
            let title = &text[from..end];
            from = text.len().min(end + ", ".len());
            title
        })
        .collect()
}

/// The list of the parts: absent when one of them can't be understood.
pub(super) fn join(parts: Vec<Cell>) -> Cell {
    let problem = parts.iter().find_map(|part| part.problem);
    let values: Option<Vec<Value>> = parts.into_iter().map(|part| part.value).collect();
    let value = values.map(|values| {
        let values: Vec<Value> = values.into_iter().filter(|value| *value != Value::Empty).collect();
        if values.is_empty() { Value::Empty } else { Value::List(values) }
    });
    Cell { value, problem }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn one_value_is_what_no_sign_parts(text in "[a,\n+\r.\u{0}\u{10c}ñ–\u{7f}]{0,40}", around in "[-!a+ñ]{0,40}", at in 0_usize..40) {
            prop_assert_eq!(is_one(&text), !text.contains([',', '\n']), "{:?}", text);
            let at = around.floor_char_boundary(at);
            prop_assert!(is_one(&around));
            for sign in [',', '\n'] {
                let mut parted = around.clone();
                parted.insert(at, sign);
                prop_assert!(!is_one(&parted), "{:?}", parted);
            }
        }
    }
}
