//! How PHP reads the parameters of a call: bracket notation, bodies by content type, query and body merged (rest-transport 2.1 to 2.3).

use serde_json::{Map, Value};

use super::{multipart, php};

/// Variables that one query string or form may hold; PHP leaves out what comes later.
///
/// Judgement: PHP's own default is 1000, the product asks its administrators for 10,000, the vendor publishes no number.
pub const VARIABLES_MAX: usize = 10_000;

/// Brackets behind a name; PHP drops a variable that nests deeper (its `max_input_nesting_level`).
pub const NESTING_MAX: usize = 64;

/// What of a request carries parameters.
#[derive(Debug, Clone, Copy)]
pub struct Carrier<'a> {
    /// The query string, without the question mark.
    pub query: &'a str,
    /// The body of a POST; other verbs have none that counts.
    pub body: Option<&'a [u8]>,
    /// The content type as sent.
    pub content_type: &'a str,
}

/// All parameters of a call; a key of the body replaces the same key of the query.
pub fn read(carrier: Carrier<'_>) -> Map<String, Value> {
    let mut params = query(carrier.query.as_bytes());
    if let Some(body) = carrier.body {
        for (key, value) in of_body(carrier.content_type, body) {
            params.insert(key, value);
        }
    }
    params
}

/// PHP's `parse_str`: the variables of a query string.
pub fn query(text: &[u8]) -> Map<String, Value> {
    let pairs = text.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = match pair.iter().position(|byte| *byte == b'=') {
            Some(at) => (&pair[..at], &pair[at + 1..]),
            None => (pair, &[][..]),
        };
        (url_decoded(name), url_decoded(value))
    });
    variables(pairs)
}

/// The body's parameters. PHP's own form parsing goes first; only where it found nothing the raw body is looked at: as JSON if it is
/// labelled so, else as a query string. Broken JSON is an empty set, no error (trap 3).
fn of_body(content_type: &str, body: &[u8]) -> Map<String, Value> {
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let form = match kind.as_str() {
        "application/x-www-form-urlencoded" => query(body),
        "multipart/form-data" => variables(multipart::fields(content_type, body).into_iter()),
        _ => Map::new(),
    };
    if !form.is_empty() {
        return form;
    }
    let body = body.trim_ascii();
    if kind != "application/json" {
        return query(body);
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(entries)) => entries.into_iter().map(|(key, value)| (key, php::taken_in(value))).collect(),
        Ok(Value::Array(items)) => {
            items.into_iter().enumerate().map(|(at, value)| (at.to_string(), php::taken_in(value))).collect()
        }
        _ => Map::new(),
    }
}

fn variables(pairs: impl Iterator<Item = (String, String)>) -> Map<String, Value> {
    let mut found = Map::new();
    for (name, value) in pairs.take(VARIABLES_MAX) {
        if let Some(path) = path_of(&name) {
            place(&mut found, &path, Value::String(value));
        }
    }
    found.into_iter().map(|(key, value)| (key, php::taken_in(value))).collect()
}

/// One step into an array: by key, or `[]`, behind the last number.
#[derive(Debug, PartialEq)]
enum Step {
    Key(String),
    Append,
}

/// The way that a variable's name points, or nothing for a name that PHP drops.
fn path_of(name: &str) -> Option<Vec<Step>> {
    let name = name.split('\0').next().unwrap_or_default().trim_start_matches(' ');
    let (first, mut rest) = name.split_at(name.find('[').unwrap_or(name.len()));
    if first.is_empty() {
        return None;
    }
    let first = first.replace([' ', '.'], "_");
    let mut path = vec![Step::Key(first)];
    while let Some(inside) = rest.strip_prefix('[') {
        if path.len() > NESTING_MAX {
            return None;
        }
        let unpadded = inside.strip_prefix([' ', '\t', '\n', '\r', '\x0b', '\x0c']).unwrap_or(inside);
        if let Some(behind) = unpadded.strip_prefix(']') {
            path.push(Step::Append);
            rest = behind;
        } else if let Some((key, behind)) = inside.split_once(']') {
            path.push(Step::Key(key.to_owned()));
            rest = behind;
        } else {
            // A bracket that never closes: behind the first name the rest becomes a part of that name, deeper it is forgotten.
            if let [Step::Key(only)] = path.as_mut_slice() {
                only.push_str(&rest.replace([' ', '.', '['], "_"));
            }
            break;
        }
    }
    Some(path)
}

fn place(map: &mut Map<String, Value>, path: &[Step], value: Value) {
    let Some((step, rest)) = path.split_first() else { return };
    let key = match step {
        Step::Key(key) => key.clone(),
        Step::Append => next_number(map).to_string(),
    };
    if rest.is_empty() {
        map.insert(key, value);
        return;
    }
    let slot = map.entry(key).or_insert(Value::Null);
    if !slot.is_object() {
        *slot = Value::Object(Map::new());
    }
    if let Value::Object(inner) = slot {
        place(inner, rest, value);
    }
}

fn next_number(map: &Map<String, Value>) -> i64 {
    map.keys().filter_map(|key| php::key_number(key)).max().map_or(0, |last| last.max(-1).saturating_add(1))
}

/// PHP's `urldecode`: `+` is a space, a broken `%` stays as it is.
pub fn url_decoded(text: &[u8]) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        let escaped = (byte == b'%').then(|| hex(text.get(at + 1), text.get(at + 2))).flatten();
        bytes.push(match escaped {
            Some(decoded) => {
                at += 2;
                decoded
            }
            None if byte == b'+' => b' ',
            None => byte,
        });
        at += 1;
    }
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

fn hex(high: Option<&u8>, low: Option<&u8>) -> Option<u8> {
    let digit = |byte: Option<&u8>| char::from(*byte?).to_digit(16);
    Some((digit(high)? * 16 + digit(low)?) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn check(text: &str, expected: &Value) {
        assert_eq!(&Value::Object(query(text.as_bytes())), expected, "{text}");
    }

    fn json_body(query: &str, body: &str) -> Value {
        Value::Object(read(Carrier { query, body: Some(body.as_bytes()), content_type: "application/json; charset=utf-8" }))
    }

    #[test]
    fn brackets_make_objects_and_lists() {
        check("fields[TITLE]=A%26B", &json!({"fields": {"TITLE": "A&B"}}));
        check(
            "fields[PHONE][0][VALUE]=1&fields[PHONE][0][VALUE_TYPE]=WORK",
            &json!({"fields": {"PHONE": [{"VALUE": "1", "VALUE_TYPE": "WORK"}]}}),
        );
        check("filter[%3EID]=100&filter[@STATUS_ID][]=NEW", &json!({"filter": {">ID": "100", "@STATUS_ID": ["NEW"]}}));
        check("select[]=ID&select[]=NAME", &json!({"select": ["ID", "NAME"]}));
        check("ORDER[]=", &json!({"ORDER": [""]}));
        check("fields%5BTITLE%5D=x", &json!({"fields": {"TITLE": "x"}}));
    }

    #[test]
    fn appending_goes_on_behind_the_largest_number() {
        check("a[]=x&a[3]=y&a[]=z", &json!({"a": {"0": "x", "3": "y", "4": "z"}}));
        check("a[5]=x&a[1]=y&a[]=z", &json!({"a": {"5": "x", "1": "y", "6": "z"}}));
        check("a[b]=x&a[]=y", &json!({"a": {"b": "x", "0": "y"}}));
    }

    #[test]
    fn the_last_duplicate_wins() {
        check("a=1&a=2", &json!({"a": "2"}));
        check("a=1&a[b]=2", &json!({"a": {"b": "2"}}));
        check("a[b]=2&a=1", &json!({"a": "1"}));
    }

    #[test]
    fn odd_names_are_mended_as_php_mends_them() {
        check("a.b c=1", &json!({"a_b_c": "1"}));
        check("x[a.b c]=1", &json!({"x": {"a.b c": "1"}}));
        check("a[b=1", &json!({"a_b": "1"}));
        check("a[b.c d[=1", &json!({"a_b_c_d_": "1"}));
        check("a[b][c=1", &json!({"a": {"b": "1"}}));
        check("a[b]c[d]=1", &json!({"a": {"b": "1"}}));
        check("a[ ]=1", &json!({"a": ["1"]}));
        check(" a=1&=2&[b]=3&&c", &json!({"a": "1", "c": ""}));
    }

    #[test]
    fn trap_28_plus_is_a_space_and_a_bare_ampersand_cuts() {
        check("t=a+b%2Bc&u=x&y%zz=%4", &json!({"t": "a b+c", "u": "x", "y%zz": "%4"}));
    }

    #[test]
    fn a_variable_that_nests_too_deep_is_dropped() {
        let deep = |levels: usize| format!("a{}=1", "[x]".repeat(levels));
        assert!(query(deep(NESTING_MAX + 1).as_bytes()).is_empty());
        assert!(!query(deep(NESTING_MAX).as_bytes()).is_empty());
    }

    #[test]
    fn keys_of_the_body_replace_keys_of_the_query() {
        assert_eq!(json_body("start=50&x=1", r#"{"start":100,"filter":{}}"#), json!({"start": 100, "x": "1", "filter": {}}));
    }

    #[test]
    fn trap_3_broken_json_is_an_empty_set() {
        assert_eq!(json_body("x=1", r#"{"filter":{"ID":1}"#), json!({"x": "1"}));
        assert_eq!(json_body("x=1", "7"), json!({"x": "1"}));
    }

    #[test]
    fn trap_3_json_without_its_label_is_read_as_a_query_string() {
        let params = read(Carrier { query: "", body: Some(br#"{"filter":{"ID":1}}"#), content_type: "text/plain" });
        assert!(!params.contains_key("filter"));
        let params = read(Carrier { query: "", body: Some(b"a[b]=1"), content_type: "" });
        assert_eq!(Value::Object(params), json!({"a": {"b": "1"}}));
    }

    #[test]
    fn json_keeps_its_types_and_numeric_keys_become_lists() {
        assert_eq!(
            json_body("", r#"{"cmd":{"0":"a","1":"b"},"gap":{"1":"b"},"null":null,"n":5,"t":true}"#),
            json!({"cmd": ["a", "b"], "gap": {"1": "b"}, "null": null, "n": 5, "t": true})
        );
    }

    #[test]
    fn a_get_has_no_body_that_counts() {
        let params = read(Carrier { query: "a=1", body: None, content_type: "application/json" });
        assert_eq!(Value::Object(params), json!({"a": "1"}));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_fault(bytes: Vec<u8>) {
            query(&bytes);
            of_body("multipart/form-data; boundary=x", &bytes);
        }

        #[test]
        fn escaped_texts_come_back_whole(key in "[a-z]{1,8}", inner in "[^\\[\\]\0]{1,12}", value: String) {
            let escape = |text: &str| text.bytes().fold(String::new(), |escaped, byte| escaped + &format!("%{byte:02X}"));
            let text = format!("{key}[{}]={}", escape(&inner), escape(&value));
            prop_assume!(inner.trim() == inner);
            let read = query(text.as_bytes());
            let found = &read[&key];
            let found = if inner == "0" { &found[0] } else { &found[&inner] };
            prop_assert_eq!(found, &Value::String(value));
        }
    }
}
