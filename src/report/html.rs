//! `report.html`: one page to look at, hand on or print. It stands alone: no script, no address outside itself, and a policy that
//! would stop both. Every text is escaped by the template; those of records are cleaned besides.

use std::io::{self, Write};

use askama::Template;
use sha2::{Digest, Sha256};

use crate::model::EntityType;
use crate::plan::RecordLine;

use super::bars::{Stretch, of_verdict, stretches};
use super::clean::sanitize;
use super::facts::Facts;
use super::figures::count;
use super::labels;
use super::next::{Step, in_short, steps};
use super::sections::{Section, Sections};
use super::story::{self, Answer};
use super::untouched::untouched;
use super::words::{Language, READING_ORDER, VERDICTS, entity_heading, verdict_heading};

/// The look of the page. It is named by its hash in the page's policy, so what a text smuggles in is no style.
const STYLE: &str = include_str!("html/style.css");

/// Writes the page. Memory is bounded by the records that it shows, not by those that it counts.
pub fn write(
    facts: &Facts,
    language: Language,
    lines: &mut dyn Iterator<Item = RecordLine>,
    out: &mut dyn Write,
) -> io::Result<()> {
    Page::new(facts, language, &Sections::collect(lines)).write_into(out)
}

#[derive(Template)]
#[template(path = "report.html")]
struct Page {
    lang: Language,
    style_hash: String,
    style: String,
    sandbox: bool,
    portal: String,
    headline: String,
    outlook: String,
    nothing_changed: &'static str,
    source: String,
    alarms: Vec<String>,
    answers: Vec<Answer>,
    next: String,
    steps: Vec<Step>,
    headings: Vec<(&'static str, &'static str)>,
    counts: Vec<Counts>,
    sections: Vec<Section>,
    lost: Vec<Section>,
    warnings: Vec<Notice>,
    inferred: Vec<String>,
    unmapped: Vec<String>,
    files: Vec<File>,
    untouched: Vec<String>,
    version: &'static str,
}

/// The numbers of one record type.
struct Counts {
    name: &'static str,
    in_file: String,
    /// In the order of the verdicts: code, word, number, and whether it is none.
    verdicts: Vec<(&'static str, &'static str, String, bool)>,
    newer: String,
    bar: Vec<Stretch>,
}

/// A warning with its count.
struct Notice {
    about: String,
    count: String,
    text: String,
}

/// A restore file.
struct File {
    name: String,
    what: &'static str,
    how: String,
    rows: String,
    rejected: String,
    sha256: String,
}

impl Page {
    fn new(facts: &Facts, lang: Language, records: &Sections) -> Self {
        let style = STYLE.replace('\r', "");
        let summary = &facts.summary;
        let total = summary.total();
        let heading = |of: EntityType| entity_heading(of).get(lang);
        Self {
            lang,
            style_hash: base64(&Sha256::digest(&style)),
            style,
            sandbox: facts.sandbox,
            portal: sanitize(&summary.portal),
            headline: story::headline(facts, lang),
            outlook: story::outlook(facts, lang),
            nothing_changed: story::NOTHING_CHANGED.get(lang),
            source: story::source(facts, lang),
            alarms: story::alarms(facts, lang),
            answers: story::answers(facts, lang),
            next: in_short(facts, lang),
            steps: steps(facts, lang),
            headings: VERDICTS.map(|verdict| (verdict, verdict_heading(verdict).get(lang))).to_vec(),
            counts: READING_ORDER.into_iter().filter_map(|of| Counts::of(facts, of, lang)).collect(),
            sections: records.of_verdicts(lang),
            lost: records.of_lost_links(lang),
            warnings: notices(facts, lang),
            inferred: facts.inferred.iter().map(|text| sanitize(text)).collect(),
            unmapped: facts.unmapped.iter().map(|(of, title)| format!("{} ({})", sanitize(title), heading(*of))).collect(),
            files: summary
                .files
                .iter()
                .map(|file| File {
                    name: sanitize(&file.path),
                    what: heading(file.entity),
                    how: how_read(&file.encoding, &file.delimiter, file.language.as_deref()),
                    rows: count(file.rows),
                    rejected: count(file.rejected),
                    sha256: sanitize(&file.sha256),
                })
                .collect(),
            untouched: untouched(&total, lang),
            version: env!("CARGO_PKG_VERSION"),
        }
    }

    /// What to type next.
    fn first_command(&self) -> Option<&str> {
        self.steps.iter().find_map(|step| step.command.as_deref())
    }

    /// A fixed text of the page in its language.
    fn t(&self, en: &'static str, es: &'static str) -> &'static str {
        match self.lang {
            Language::En => en,
            Language::Es => es,
        }
    }
}

impl Counts {
    fn of(facts: &Facts, of: EntityType, language: Language) -> Option<Self> {
        let counts = facts.summary.entities.get(&of)?;
        let verdict = |code| {
            let n = of_verdict(counts, code);
            (code, verdict_heading(code).get(language), count(n), n == 0)
        };
        Some(Self {
            name: entity_heading(of).get(language),
            in_file: count(counts.in_file),
            verdicts: VERDICTS.map(verdict).to_vec(),
            newer: count(counts.only_in_portal),
            bar: stretches(counts, language),
        })
    }
}

fn notices(facts: &Facts, language: Language) -> Vec<Notice> {
    let about = |of: Option<EntityType>, field: Option<&str>| {
        let parts = [of.map(|of| entity_heading(of).get(language).to_owned()), field.map(|code| labels::field(code, language))];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
    };
    let notice = |warning: &crate::plan::Warning| Notice {
        about: about(warning.entity, warning.field.as_deref()),
        count: if warning.records == 0 { String::new() } else { count(warning.records) },
        text: sanitize(&warning.text),
    };
    facts.summary.warnings.iter().map(notice).collect()
}

fn how_read(encoding: &str, delimiter: &str, language: Option<&str>) -> String {
    let delimiter = if delimiter == "\t" { "TAB".to_owned() } else { sanitize(delimiter) };
    let parts = [Some(sanitize(encoding)), Some(format!("“{delimiter}”")), language.map(sanitize)];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// The standard alphabet with padding (RFC 4648, section 4): what a policy wants a hash written in.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group = chunk.iter().fold(0_u32, |group, byte| (group << 8) | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let sextet = (group >> (18 - 6 * place)) & 63;
            text.push(if place <= chunk.len() { char::from(ALPHABET[sextet as usize]) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests;
