//! What was found out of a file: nothing is guessed in silence.

use serde::{Serialize, Serializer};

/// One thing that was found out of a file, how sure that is, and what by.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// What was found: a code such as `windows-1252`, `dmy` or `label`.
    pub value: String,
    /// From 0, a guess, to 1, a certainty.
    pub confidence: f32,
    /// What it was found by, for people.
    pub how: String,
}

/// Everything that was found out of a file, by its name (`encoding`, `delimiter`, `date_order` ...), in the order in which it was asked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Findings(Vec<(&'static str, Finding)>);

impl Findings {
    /// Notes what was found, in the place of what was found before under that name.
    pub fn note(&mut self, name: &'static str, value: impl Into<String>, confidence: f32, how: impl Into<String>) {
        let finding = Finding { value: value.into(), confidence, how: how.into() };
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = finding,
            None => self.0.push((name, finding)),
        }
    }

    /// What was found under a name.
    pub fn get(&self, name: &str) -> Option<&Finding> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, finding)| finding)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Finding)> {
        self.0.iter().map(|(name, finding)| (*name, finding))
    }

    /// Adds what another look at the file has found.
    pub fn extend(&mut self, others: &Self) {
        for (name, finding) in others.iter() {
            self.note(name, finding.value.clone(), finding.confidence, finding.how.clone());
        }
    }
}

impl Serialize for Findings {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}
