//! Phones, e-mails and the like of a column for all types, whose cells don't say of which type each value is: the live record does.

use crate::model::{ANY_TYPE, FieldCode, FileRecord, LiveRecord, Multi, USUAL_TYPE, Value, multifield_of};

use super::values::apart;

/// Gives a record's values without a type those that they have in the live record.
pub(super) fn take_types(record: &mut FileRecord, live: &LiveRecord) {
    for Multi { kind, .. } in take_marks(record) {
        let usual = format!("{kind}_{USUAL_TYPE}");
        let mut left: Vec<String> = texts(record.get(&usual));
        let mut kept: Vec<String> = Vec::new();
        for (code, value) in live.fields() {
            if multifield_of(code.as_str()).is_none_or(|multi| multi.kind != kind) {
                continue;
            }
            let mut there = texts(Some(value));
            let between = apart(&borrowed(&there), &borrowed(&left), &kind);
            left = between.missing.into_iter().map(|at| left[at].clone()).collect();
            between.surplus.into_iter().rev().for_each(|at| drop(there.remove(at)));
            if code.as_str() == usual {
                kept = there;
            } else {
                record.set(code.clone(), list(there));
            }
        }
        kept.append(&mut left);
        record.set(usual.as_str().into(), list(kept));
    }
}

/// Leaves a record's values the usual type, where no live record tells: what marks them is no field that anybody could write or compare.
pub(super) fn keep_usual_type(record: &mut FileRecord) {
    take_marks(record);
}

/// Takes the marks of values without a type off a record.
fn take_marks(record: &mut FileRecord) -> Vec<Multi> {
    let mark = |code: &FieldCode| {
        let multi = code.as_str().ends_with(ANY_TYPE).then(|| multifield_of(code.as_str())).flatten();
        multi.filter(|multi| multi.value_type == ANY_TYPE)
    };
    let marks: Vec<(FieldCode, Multi)> = record.fields().filter_map(|(code, _)| Some((code.clone(), mark(code)?))).collect();
    marks
        .into_iter()
        .map(|(code, multi)| {
            record.take(code.as_str());
            multi
        })
        .collect()
}

fn texts(value: Option<&Value>) -> Vec<String> {
    let values = value.map_or(&[][..], Value::each).iter();
    values.filter_map(Value::as_text).filter(|text| !text.is_empty()).map(str::to_owned).collect()
}

fn borrowed(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}

fn list(texts: Vec<String>) -> Value {
    if texts.is_empty() { Value::Empty } else { Value::List(texts.into_iter().map(|text| Value::Text(text.into())).collect()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::kit::{file, live};
    use crate::model::EntityType::Lead;

    fn untyped(texts: &[&str]) -> FileRecord {
        file(Lead, 1).texts("PHONE_WORK", texts).with("PHONE_ANY", Value::Empty).done()
    }

    #[track_caller]
    fn check(of_file: &[&str], expected: &[(&str, &[&str])]) {
        let mut record = untyped(of_file);
        take_types(
            &mut record,
            &live(Lead, 1).texts("PHONE_MOBILE", &["+52 55 1"]).texts("PHONE_WORK", &["555 2, ext. 9"]).done(),
        );
        assert_eq!(record.get("PHONE_ANY"), None);
        for (code, wanted) in expected {
            assert_eq!(texts(record.get(code)), *wanted, "{code}");
        }
    }

    #[test]
    fn values_that_are_there_keep_the_type_that_they_have() {
        check(&["555 2", "ext. 9", "+52551"], &[("PHONE_MOBILE", &["+52 55 1"]), ("PHONE_WORK", &["555 2, ext. 9"])]);
    }

    #[test]
    fn a_value_that_is_not_there_is_of_the_usual_type_and_what_the_file_has_not_is_missing() {
        check(&["5557"], &[("PHONE_MOBILE", &[]), ("PHONE_WORK", &["5557"])]);
    }
}
