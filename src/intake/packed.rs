//! Several values in one cell of a database: PHP's serialised arrays, and JSON (csv 8, layout c).

use serde_json::Value as Json;

/// Arrays within arrays that are followed.
const DEPTH_MAX: usize = 4;
/// Values that one cell may hold.
const VALUES_MAX: usize = 10_000;

/// What a packed cell holds.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Packed {
    Text(String),
    /// Key and value, in order; the keys of a list are its numbers.
    List(Vec<(String, Packed)>),
}

/// What looks packed can't be unpacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unreadable;

impl Packed {
    /// The texts of a flat list; a single value is a list of one, and a list within it gives its own values.
    pub(super) fn texts(self) -> Vec<String> {
        match self {
            Self::Text(text) => vec![text],
            Self::List(items) => items.into_iter().flat_map(|(_, item)| item.texts()).collect(),
        }
    }

    /// The text under a key.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        let Self::List(items) = self else { return None };
        items.iter().find_map(|(known, item)| match item {
            Self::Text(text) if known == key => Some(text.as_str()),
            _ => None,
        })
    }
}

/// Unpacks a serialised array; `None` for a text that doesn't begin like one.
#[inline]
pub(super) fn serialised(text: &str) -> Option<Result<Packed, Unreadable>> {
    matches!(text.as_bytes(), [b'a', b':', b'0'..=b'9', ..]).then(|| array(text))
}

fn array(text: &str) -> Result<Packed, Unreadable> {
    let mut scan = Scan { text, left: VALUES_MAX };
    let packed = scan.value(0).ok_or(Unreadable)?;
    if scan.text.trim().is_empty() { Ok(packed) } else { Err(Unreadable) }
}

/// Unpacks JSON; `None` for a text that is none: people begin a text with a bracket, too.
pub(super) fn json(text: &str) -> Option<Packed> {
    text.starts_with(['[', '{']).then(|| serde_json::from_str(text).ok().and_then(|json| of_json(json, 0))).flatten()
}

fn of_json(json: Json, depth: usize) -> Option<Packed> {
    if depth > DEPTH_MAX {
        return None;
    }
    Some(match json {
        Json::Null => Packed::Text(String::new()),
        Json::Bool(flag) => Packed::Text(if flag { "1" } else { "0" }.to_owned()),
        Json::Number(number) => Packed::Text(number.to_string()),
        Json::String(text) => Packed::Text(text),
        Json::Array(items) => {
            let items = items.into_iter().enumerate().map(|(at, item)| Some((at.to_string(), of_json(item, depth + 1)?)));
            Packed::List(items.collect::<Option<_>>()?)
        }
        Json::Object(items) => {
            Packed::List(items.into_iter().map(|(key, item)| Some((key, of_json(item, depth + 1)?))).collect::<Option<_>>()?)
        }
    })
}

/// What is left of a serialised text.
struct Scan<'a> {
    text: &'a str,
    left: usize,
}

impl<'a> Scan<'a> {
    /// `s:3:"abc";`, `i:5;`, `d:1.5;`, `b:1;`, `N;`, `a:2:{key value key value}`.
    fn value(&mut self, depth: usize) -> Option<Packed> {
        self.left = self.left.checked_sub(1)?;
        if self.take("N;").is_some() {
            return Some(Packed::Text(String::new()));
        }
        if self.take("a:").is_some() {
            return self.array(depth);
        }
        if self.take("s:").is_some() {
            return self.string().map(|text| Packed::Text(text.to_owned()));
        }
        let kind = ["i:", "d:", "b:"].into_iter().find_map(|kind| self.take(kind));
        kind.and_then(|()| self.until(';')).map(|text| Packed::Text(text.to_owned()))
    }

    fn array(&mut self, depth: usize) -> Option<Packed> {
        let count: usize = self.until(':')?.parse().ok()?;
        if depth >= DEPTH_MAX || count > self.left {
            return None;
        }
        self.take("{")?;
        let mut items = Vec::new();
        for _ in 0..count {
            let Packed::Text(key) = self.value(DEPTH_MAX)? else { return None };
            items.push((key, self.value(depth + 1)?));
        }
        self.take("}")?;
        Some(Packed::List(items))
    }

    /// A text by its length in bytes: it may hold quotes and semicolons. A file that was written in one byte a sign counts signs.
    fn string(&mut self) -> Option<&'a str> {
        let length: usize = self.until(':')?.parse().ok()?;
        self.take("\"")?;
        let signs = || self.text.char_indices().nth(length).map_or(self.text.len(), |(at, _)| at);
        let ends = |at: &usize| self.text.get(*at..).is_some_and(|rest| rest.starts_with("\";"));
        let end = Some(length).filter(ends).or_else(|| Some(signs()).filter(ends))?;
        let (text, rest) = self.text.split_at(end);
        self.text = &rest[2..];
        Some(text)
    }

    fn take(&mut self, wanted: &str) -> Option<()> {
        self.text = self.text.strip_prefix(wanted)?;
        Some(())
    }

    fn until(&mut self, end: char) -> Option<&'a str> {
        let (text, rest) = self.text.split_once(end)?;
        self.text = rest;
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn texts(text: &str) -> Option<Vec<String>> {
        serialised(text)?.ok().map(Packed::texts)
    }

    #[test]
    fn a_serialised_array_gives_its_values() {
        let expected = |texts: &[&str]| Some(texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>());
        assert_eq!(texts(r#"a:2:{i:0;s:3:"abc";i:1;i:5;}"#), expected(&["abc", "5"]));
        assert_eq!(texts(r#"a:3:{i:0;s:4:"a";b";i:1;d:1.5;i:2;b:1;}"#), expected(&["a\";b", "1.5", "1"]));
        assert_eq!(texts(r#"a:1:{i:0;s:6:"señal";}"#), expected(&["señal"]));
        assert_eq!(texts(r#"a:1:{i:0;s:5:"señal";}"#), expected(&["señal"]), "written in windows-1252");
        assert_eq!(texts("a:0:{}"), expected(&[]));
        assert_eq!(texts("a:1:{i:0;N;}"), expected(&[""]));
        assert_eq!(serialised("a: veces"), None);
    }

    #[test]
    fn a_broken_or_endless_array_is_unreadable() {
        let deep = "a:1:{i:0;".repeat(9) + "i:1;" + &"}".repeat(9);
        for text in [r#"a:2:{i:0;s:3:"abc";}"#, r#"a:1:{i:0;s:9:"abc";}"#, "a:99999999:{}", "a:1:{i:0;i:5;} ...", &deep, "a:1:{"]
        {
            assert_eq!(serialised(text), Some(Err(Unreadable)), "{text}");
        }
    }

    #[test]
    fn json_gives_values_by_key_and_what_is_no_json_is_a_text() {
        let packed = json(r#"{"n0":{"VALUE":"+52","VALUE_TYPE":"WORK"}}"#).unwrap();
        let Packed::List(items) = packed else { panic!() };
        assert_eq!(
            (items[0].1.get("VALUE"), items[0].1.get("VALUE_TYPE"), items[0].1.get("ID")),
            (Some("+52"), Some("WORK"), None)
        );
        assert_eq!(json("[1, \"b\", null]").map(Packed::texts), Some(vec!["1".to_owned(), "b".to_owned(), String::new()]));
        assert_eq!(json("[vendor] WhatsApp"), None);
    }
}
