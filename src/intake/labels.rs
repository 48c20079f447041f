//! Labels -> codes: the portal's dictionaries, turned round once for a file.

use std::collections::HashMap;

use crate::model::{FieldDef, Schema, UserId, fold};

/// A dictionary, by label and by code.
#[derive(Debug, Default)]
pub(super) struct Dictionary {
    exact: HashMap<String, Found>,
    folded: HashMap<String, Found>,
    codes: HashMap<String, String>,
}

/// What a label stands for.
#[derive(Debug, Clone, PartialEq)]
enum Found {
    One(String),
    /// More than one entry has this label.
    Several,
}

impl Dictionary {
    /// A dictionary of codes and labels.
    pub(super) fn new<'a>(entries: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut dictionary = Self::default();
        for (code, label) in entries {
            add(&mut dictionary.exact, label.trim().to_owned(), code);
            add(&mut dictionary.folded, fold(label), code);
            dictionary.codes.insert(code.to_owned(), code.to_owned());
        }
        dictionary
    }

    /// The dictionary of a list field's items.
    pub(super) fn of_items(def: &FieldDef) -> Self {
        Self::new(def.items.iter().map(|(id, label)| (id.as_str(), label.as_str())))
    }

    /// The dictionary of a directory of the portal.
    pub(super) fn of_directory(schema: &Schema, directory: &str) -> Self {
        Self::new(schema.entries(directory).iter().map(|entry| (entry.code.as_str(), entry.name.as_str())))
    }

    /// Whether it has no entry.
    pub(super) fn is_empty(&self) -> bool {
        self.codes.is_empty()
    }

    /// The code of a label: exact, then as a code, then in another case.
    pub(super) fn by_label(&self, text: &str) -> Option<&str> {
        let text = text.trim();
        match self.exact.get(text) {
            Some(Found::One(code)) => return Some(code),
            Some(Found::Several) => return self.by_code(text),
            None => {}
        }
        self.by_code(text).or_else(|| match self.folded.get(&fold(text)) {
            Some(Found::One(code)) => Some(code),
            _ => None,
        })
    }

    /// The code, where it is one.
    pub(super) fn by_code(&self, text: &str) -> Option<&str> {
        self.codes.get(text.trim()).map(String::as_str)
    }

    /// The codes of a cell that joins labels by comma and space, though labels may contain that: the longest that fits is taken.
    /// Each part that is no label comes back as the text it is.
    pub(super) fn several<'t>(&self, text: &'t str) -> Vec<Result<&str, &'t str>> {
        let mut found = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let ends: Vec<usize> = rest.match_indices(", ").map(|(at, _)| at).chain([rest.len()]).collect();
            let longest = ends.iter().rev().find_map(|&end| self.by_label(&rest[..end]).map(|code| (end, code)));
            let end = longest.map_or(ends[0], |(end, _)| end);
            found.push(longest.map(|(_, code)| code).ok_or(&rest[..end]));
            rest = rest.get(end + 2..).unwrap_or_default();
        }
        found
    }
}

fn add(map: &mut HashMap<String, Found>, label: String, code: &str) {
    if label.is_empty() {
        return;
    }
    map.entry(label)
        .and_modify(|found| {
            if *found != Found::One(code.to_owned()) {
                *found = Found::Several;
            }
        })
        .or_insert_with(|| Found::One(code.to_owned()));
}

/// The users of a portal, by every name under which an export may print them.
#[derive(Debug, Default)]
pub(super) struct Users {
    folded: HashMap<String, Vec<UserId>>,
    /// Names as the default format prints them, so that most cells needn't be folded.
    exact: HashMap<String, Vec<UserId>>,
}

impl Users {
    pub(super) fn of(schema: &Schema) -> Self {
        let mut users = Self::default();
        for user in &schema.users {
            for key in user.keys() {
                users.folded.entry(key).or_default().push(user.id);
            }
        }
        for user in &schema.users {
            let same = users.folded.get(&fold(&user.display())).cloned().unwrap_or_default();
            users.exact.insert(user.display(), same);
        }
        users
    }

    /// The users who bear a name.
    pub(super) fn named(&self, name: &str) -> &[UserId] {
        self.exact.get(name).or_else(|| self.folded.get(&fold(name))).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_found_exact_then_as_a_code_then_in_another_case() {
        let dictionary = Dictionary::new([
            ("NEW", "Nuevo"),
            ("UC_1", "nuevo"),
            ("Otro", "Tercero"),
            ("X", "Otro"),
            ("Y", "Doble"),
            ("Z", "Doble"),
        ]);
        assert_eq!(dictionary.by_label("Nuevo"), Some("NEW"));
        assert_eq!(dictionary.by_label("nuevo"), Some("UC_1"));
        assert_eq!(dictionary.by_label("NUEVO"), None);
        assert_eq!(dictionary.by_label("Otro"), Some("X"));
        assert_eq!(dictionary.by_label("TERCERO"), Some("Otro"));
        assert_eq!(dictionary.by_label("UC_1"), Some("UC_1"));
        assert_eq!(dictionary.by_label("Doble"), None);
    }

    #[test]
    fn labels_with_commas_survive_a_list() {
        let dictionary = Dictionary::new([("1", "Rojo"), ("2", "Rojo, claro"), ("3", "Azul")]);
        assert_eq!(dictionary.several("Rojo, claro, Azul, Rojo"), [Ok("2"), Ok("3"), Ok("1")]);
        assert_eq!(dictionary.several("Gris, Azul"), [Err("Gris"), Ok("3")]);
    }
}
