//! `$result[key][path]` and its kin in the values of batch commands (rest-transport 2.5).

use serde_json::{Map, Value};

use super::php;

/// The five maps that a batch fills, by the names under which its commands may point at them.
#[derive(Debug, Default)]
pub struct Books {
    /// What the commands gave.
    pub result: Map<String, Value>,
    /// The offsets of further pages.
    pub next: Map<String, Value>,
    /// The counts.
    pub total: Map<String, Value>,
    /// The time objects.
    pub time: Map<String, Value>,
    /// The errors.
    pub error: Map<String, Value>,
}

const NAMES: [&str; 5] = ["result", "next", "total", "time", "error"];

impl Books {
    /// A book by its exact name: `$RESULT[..]` is a reference, too, but to nothing.
    fn named(&self, name: &str) -> Value {
        match name {
            "result" => Value::Object(self.result.clone()),
            "next" => Value::Object(self.next.clone()),
            "total" => Value::Object(self.total.clone()),
            "time" => Value::Object(self.time.clone()),
            "error" => Value::Object(self.error.clone()),
            _ => Value::Null,
        }
    }
}

/// Replaces the references in all values, at any depth; parameter names are left alone.
pub fn resolved(params: Map<String, Value>, books: &Books) -> Map<String, Value> {
    params.into_iter().map(|(key, value)| (key, resolve(value, books))).collect()
}

fn resolve(value: Value, books: &Books) -> Value {
    match value {
        Value::Object(entries) => php::list_or_object(resolved(entries, books)),
        Value::Array(items) => Value::Array(items.into_iter().map(|item| resolve(item, books)).collect()),
        Value::String(text) if text.contains('$') => resolve_text(&text, books),
        other => other,
    }
}

/// A text that is nothing but a reference becomes what it points at, also an array. Inside a longer text it is replaced as text, if
/// what it points at is one.
fn resolve_text(text: &str, books: &Books) -> Value {
    let mut replaced = text.to_owned();
    for (name, reference) in references(text) {
        let keys = keys_of(&reference[1 + name.len()..]);
        if keys.is_empty() {
            continue;
        }
        let target = walk(books.named(name), &keys);
        if reference == text {
            return target;
        }
        if let Some(target) = php::as_text(&target) {
            replaced = replaced.replace(reference, &target);
        }
    }
    Value::String(replaced)
}

/// All references of a text with the names they use: `$`, a name in any case, and everything up to the next white space.
fn references(text: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        rest = &rest[at..];
        let name = NAMES.iter().find_map(|name| rest.get(1..=name.len()).filter(|written| written.eq_ignore_ascii_case(name)));
        let Some(name) = name else {
            rest = &rest[1..];
            continue;
        };
        let end = rest.find(|sign: char| sign.is_ascii_whitespace() || sign == '\x0b').unwrap_or(rest.len());
        found.push((name, &rest[..end]));
        rest = &rest[end..];
    }
    found
}

/// What stands in brackets; `[]` is none.
fn keys_of(mut path: &str) -> Vec<&str> {
    let mut keys = Vec::new();
    while let Some(open) = path.find('[') {
        let inside = &path[open + 1..];
        match inside.find(']') {
            Some(0) => path = inside,
            Some(close) => {
                keys.push(&inside[..close]);
                path = &inside[close + 1..];
            }
            None => break,
        }
    }
    keys
}

/// Follows the keys as far as they go. A key that isn't there ends the walk, and **the container is what it gives** (trap 7).
fn walk(mut here: Value, keys: &[&str]) -> Value {
    for key in keys {
        match step(&here, key) {
            Some(inner) => here = inner,
            None => break,
        }
    }
    php::printed(here)
}

/// PHP's `isset($here[$key])`: null is not set, and a text has its signs at numbers.
fn step(here: &Value, key: &str) -> Option<Value> {
    let number = || usize::try_from(php::key_number(key)?).ok();
    let inner = match here {
        Value::Object(entries) => entries.get(key)?.clone(),
        Value::Array(items) => items.get(number()?)?.clone(),
        Value::String(text) => Value::String(text.chars().nth(number()?)?.to_string()),
        _ => return None,
    };
    (!inner.is_null()).then_some(inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn books() -> Books {
        let Value::Object(result) = json!({
            "u": {"ID": "7", "UF_DEPARTMENT": [3, 4], "NONE": null, "SUM": 1.5, "YES": true},
            "l": {"items": [{"id": 11}, {"id": 12}]}, "n": 9
        }) else {
            unreachable!("an object literal")
        };
        let Value::Object(next) = json!({"l": 50}) else { unreachable!("an object literal") };
        Books { result, next, ..Books::default() }
    }

    fn check(text: &str, expected: &Value) {
        assert_eq!(resolve(json!([{"x": text}]), &books()), json!([{"x": expected}]), "{text}");
    }

    #[test]
    fn a_value_that_is_a_reference_becomes_what_it_points_at() {
        check("$result[u][UF_DEPARTMENT][0]", &json!(3));
        check("$result[u][UF_DEPARTMENT]", &json!([3, 4]));
        check("$result[l][items][1][id]", &json!(12));
        check("$result[n]", &json!(9));
        check("$next[l]", &json!(50));
        check("$result[u][ID][0]", &json!("7"));
    }

    #[test]
    fn inside_a_text_it_is_replaced_up_to_the_next_white_space() {
        check("id $result[u][ID] of $result[n]!", &json!("id 7 of 9"));
        check("$result[u][SUM] $result[u][SUM]", &json!("1.5 1.5"));
        check("U_$result[u][ID]", &json!("U_7"));
    }

    #[test]
    fn inside_a_text_what_is_no_text_and_no_number_is_left_as_written() {
        check("of $result[u][UF_DEPARTMENT]", &json!("of $result[u][UF_DEPARTMENT]"));
        check("of $result[u][YES]", &json!("of $result[u][YES]"));
    }

    #[test]
    fn trap_7_a_dead_reference_hands_over_its_container() {
        check("$result[l][items][49][id]", &json!([{"id": 11}, {"id": 12}]));
        check("$result[u][NONE]", &json!({"ID": "7", "UF_DEPARTMENT": [3, 4], "NONE": null, "SUM": 1.5, "YES": true}));
        check("$total[l]", &json!([]));
    }

    #[test]
    fn a_name_in_another_case_is_a_reference_to_nothing() {
        check("$Result[u][ID]", &json!(null));
        check("a $Result[u][ID]", &json!("a $Result[u][ID]"));
    }

    #[test]
    fn what_has_no_path_is_no_reference() {
        check("$result", &json!("$result"));
        check("$results", &json!("$results"));
        check("$result[]", &json!("$result[]"));
        check("100$", &json!("100$"));
        check("$price[1]", &json!("$price[1]"));
    }

    #[test]
    fn names_of_parameters_are_left_alone() {
        let params = json!({"$result[u][ID]": "1"});
        assert_eq!(resolve(params.clone(), &books()), params);
    }
}
