//! A call: a method and its parameters, as a JSON body or as one command of a batch.
//!
//! A batch command is text: `method?query` in PHP's bracket notation (rest-transport 2.2, 2.5). Not everything survives that way;
//! [`Call::must_go_alone`] tells which call has to be a request of its own.

use std::borrow::Cow;

use serde_json::{Map, Value as Json};

/// The most variables of one batch command.
///
/// PHP cuts a command's query into variables with `parse_str`, which takes `max_input_vars` (1,000 by default, rest-transport 2.2) and
/// drops the rest without an error the caller could see: a record would lose its last fields. Some are kept in reserve.
pub(super) const COMMAND_VARIABLES_MAX: usize = 900;

/// The methods that change nothing, of those that this program calls.
const READS: &[&str] = &[
    "crm.category.list",
    "crm.company.list",
    "crm.contact.list",
    "crm.currency.base.get",
    "crm.currency.list",
    "crm.item.fields",
    "crm.item.list",
    "crm.item.productrow.list",
    "crm.lead.list",
    "crm.settings.mode.get",
    "crm.status.list",
    "profile",
    "scope",
    "server.time",
    "user.get",
];

/// Whether a method changes nothing on the portal. What isn't known to only read counts as changing; `batch` is judged by its commands.
pub(super) fn reads_only(method: &str) -> bool {
    READS.contains(&method)
}

/// A method with its parameters.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Call {
    pub method: Cow<'static, str>,
    pub params: Map<String, Json>,
    /// How many units of work it is: 1, or the items of an import.
    pub units: usize,
}

impl Call {
    /// A call with the parameters of a JSON object; anything else is a call without parameters.
    pub fn new(method: impl Into<Cow<'static, str>>, params: Json) -> Self {
        let params = match params {
            Json::Object(params) => params,
            _ => Map::new(),
        };
        Self { method: method.into(), params, units: 1 }
    }

    /// The body of a request of its own.
    pub fn body(&self) -> Vec<u8> {
        Json::Object(self.params.clone()).to_string().into_bytes()
    }

    /// The call as one command of a batch.
    pub fn command(&self) -> String {
        let mut query = String::new();
        for (key, value) in &self.params {
            append(&mut query, &encoded(key), value);
        }
        format!("{}?{query}", self.method)
    }

    /// How many variables PHP makes of the command.
    pub fn variables(&self) -> usize {
        self.params.values().map(variables).sum()
    }

    /// Whether a command can't carry the call whole: too many variables (PHP would drop some), an empty list (it has no form there),
    /// or a text that a batch would take for a reference to another command's result (trap 7).
    pub fn must_go_alone(&self) -> bool {
        self.variables() > COMMAND_VARIABLES_MAX
            || self.params.values().any(|value| holds_empty_list(value) || holds_reference(value))
    }
}

/// How many variables a value is in a query.
pub(super) fn variables(value: &Json) -> usize {
    match value {
        Json::Null => 0,
        Json::Array(list) => list.iter().map(variables).sum(),
        Json::Object(object) => object.values().map(variables).sum(),
        _ => 1,
    }
}

fn holds_empty_list(value: &Json) -> bool {
    match value {
        Json::Array(list) => list.is_empty() || list.iter().any(holds_empty_list),
        Json::Object(object) => object.values().any(holds_empty_list),
        _ => false,
    }
}

/// Whether a text in the value would be replaced by another command's result.
pub(super) fn holds_reference(value: &Json) -> bool {
    match value {
        Json::Array(list) => list.iter().any(holds_reference),
        Json::Object(object) => object.values().any(holds_reference),
        Json::String(text) => is_reference(text),
        _ => false,
    }
}

/// Whether a text holds `$result[`, `$next[`, `$total[`, `$error[` or `$time[` in any case (rest-transport 2.5).
fn is_reference(text: &str) -> bool {
    text.match_indices('$').any(|(at, _)| {
        let rest = &text.as_bytes()[at + 1..];
        ["result[", "next[", "total[", "error[", "time["]
            .iter()
            .any(|word| rest.len() >= word.len() && rest[..word.len()].eq_ignore_ascii_case(word.as_bytes()))
    })
}

/// Appends a value under its key. Null is left out: it has no form in a query (trap 28).
fn append(query: &mut String, key: &str, value: &Json) {
    let text = match value {
        Json::Null => return,
        Json::Array(list) => {
            for (index, value) in list.iter().enumerate() {
                append(query, &format!("{key}[{index}]"), value);
            }
            return;
        }
        Json::Object(object) => {
            for (name, value) in object {
                append(query, &format!("{key}[{}]", encoded(name)), value);
            }
            return;
        }
        Json::Bool(true) => "Y".to_owned(),
        Json::Bool(false) => "N".to_owned(),
        Json::Number(number) => number.to_string(),
        Json::String(text) => encoded(text),
    };
    if !query.is_empty() {
        query.push('&');
    }
    query.push_str(key);
    query.push('=');
    query.push_str(&text);
}

/// Percent-encodes every byte but the unreserved ones: `+` would be read as a space, `#` and `&` would end the value (trap 28).
fn encoded(text: &str) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nested_parameters_become_phps_brackets() {
        let call = Call::new(
            "crm.item.list",
            json!({"entityTypeId": 1, "filter": {">id": 100, "@originId": ["a", "b"]}, "select": ["id"], "none": null, "flag": true}),
        );
        assert_eq!(
            call.command(),
            "crm.item.list?entityTypeId=1&filter[%3Eid]=100&filter[%40originId][0]=a&filter[%40originId][1]=b&select[0]=id&flag=Y"
        );
        assert_eq!(call.variables(), 6);
    }

    #[test]
    fn trap_28_a_command_keeps_every_sign_of_a_text() {
        let call = Call::new("m", json!({"t": "a+b & c#d%20=\r\nñ ?/[]\u{1f600}"}));
        assert_eq!(call.command(), "m?t=a%2Bb%20%26%20c%23d%2520%3D%0D%0A%C3%B1%20%3F%2F%5B%5D%F0%9F%98%80");
    }

    #[test]
    fn an_empty_text_stays_because_it_clears_a_field() {
        assert_eq!(Call::new("m", json!({"fields": {"TITLE": ""}})).command(), "m?fields[TITLE]=");
    }

    #[test]
    fn trap_7_a_text_that_looks_like_a_reference_goes_alone() {
        for text in ["$result[a][ID]", "see $RESULT[x]", "$$next[1]", "a $time[k]"] {
            assert!(Call::new("m", json!({"t": text})).must_go_alone(), "{text}");
        }
        for text in ["$results", "result[a]", "$ result[", "100 $", "$"] {
            assert!(!Call::new("m", json!({"t": text})).must_go_alone(), "{text}");
        }
    }

    #[test]
    fn what_a_command_cannot_say_goes_alone() {
        assert!(Call::new("m", json!({"rows": []})).must_go_alone());
        let many: Vec<u32> = (0..=COMMAND_VARIABLES_MAX as u32).collect();
        assert!(Call::new("m", json!({"many": many})).must_go_alone());
        assert!(!Call::new("m", json!({"many": many[1..]})).must_go_alone());
    }

    #[test]
    fn every_method_that_changes_something_is_told_from_those_that_read() {
        for method in
            ["crm.item.batchImport", "crm.item.update", "crm.item.delete", "crm.item.add", "crm.lead.update", "batch", ""]
        {
            assert!(!reads_only(method), "{method}");
        }
        assert!(reads_only("crm.item.list"));
    }
}
