//! The tables of records in the page, a section for each record type and verdict. Collected from the stream of lines in bounded memory:
//! each section keeps its first lines and counts the rest.

use crate::model::EntityType;
use crate::plan::{ChangeLine, RecordLine};

use super::clean::shorten;
use super::figures::count;
use super::labels;
use super::words::{LOST_LINK, Language, READING_ORDER, VERDICTS, entity, entity_heading, verdict_heading, verdict_meaning};

use Language::{En, Es};

/// Records that a section shows.
pub const SHOWN: usize = 300;
/// Characters of a cell that are shown; the whole text is in `report.csv`.
const CELL: usize = 240;
/// The class of the section of lost links, which has no verdict of its own.
const LOST: &str = "lost";

/// A cell of a table: its text, and what it is for the style sheet.
pub struct Cell {
    /// The text; an empty one is shown as a dash.
    pub text: String,
    /// The class.
    pub kind: &'static str,
}

/// A table of records.
pub struct Section {
    /// The anchor.
    pub id: String,
    /// The class: the verdict's code, or `lost`.
    pub verdict: &'static str,
    /// What it lists: `Negociaciones · Faltan`.
    pub heading: String,
    /// How many records it stands for.
    pub count: String,
    /// What the verdict means.
    pub meaning: String,
    /// The titles of the columns.
    pub columns: Vec<&'static str>,
    /// The rows; a record with several changes has several.
    pub rows: Vec<Vec<Cell>>,
    /// What isn't shown.
    pub more: Option<String>,
}

/// What the stream of lines has told so far.
#[derive(Default)]
pub struct Sections {
    found: Vec<Found>,
}

struct Found {
    entity: EntityType,
    verdict: &'static str,
    records: u64,
    kept: Vec<RecordLine>,
}

impl Sections {
    /// Reads all lines.
    pub fn collect(lines: &mut dyn Iterator<Item = RecordLine>) -> Self {
        let mut sections = Self::default();
        lines.for_each(|line| sections.add(line));
        sections
    }

    /// Lost links are shown apart: a record with other changes too is in both sections, each with its own changes.
    fn add(&mut self, mut line: RecordLine) {
        let (lost, other): (Vec<_>, Vec<_>) = std::mem::take(&mut line.changes).into_iter().partition(|change| change.lost_link);
        let Some(verdict) = VERDICTS.into_iter().find(|verdict| *verdict == line.verdict) else { return };
        let only_lost = !lost.is_empty() && other.is_empty();
        if !lost.is_empty() {
            self.keep(LOST, RecordLine { changes: lost, ..line.clone() });
        }
        if !only_lost {
            self.keep(verdict, RecordLine { changes: other, ..line });
        }
    }

    fn keep(&mut self, verdict: &'static str, line: RecordLine) {
        let index = self.found.iter().position(|found| found.entity == line.entity && found.verdict == verdict);
        let index = index.unwrap_or_else(|| {
            self.found.push(Found { entity: line.entity, verdict, records: 0, kept: Vec::new() });
            self.found.len() - 1
        });
        let found = &mut self.found[index];
        found.records += 1;
        if found.kept.len() < SHOWN {
            found.kept.push(line);
        }
    }

    /// The sections of the verdicts, in reading order.
    pub fn of_verdicts(&self, language: Language) -> Vec<Section> {
        let order = READING_ORDER.into_iter().flat_map(|of| VERDICTS.into_iter().map(move |verdict| (of, verdict)));
        order.filter_map(|(of, verdict)| self.find(of, verdict)).map(|found| found.section(language)).collect()
    }

    /// The sections of the lost links.
    pub fn of_lost_links(&self, language: Language) -> Vec<Section> {
        READING_ORDER.into_iter().filter_map(|of| self.find(of, LOST)).map(|found| found.section(language)).collect()
    }

    fn find(&self, of: EntityType, verdict: &str) -> Option<&Found> {
        self.found.iter().find(|found| found.entity == of && found.verdict == verdict)
    }
}

impl Found {
    fn section(&self, language: Language) -> Section {
        let of = entity_heading(self.entity).get(language);
        let (what, meaning) = match self.verdict {
            LOST => (capital(LOST_LINK.many.get(language)), lost_meaning(language)),
            verdict => (verdict_heading(verdict).get(language).to_owned(), verdict_meaning(verdict).get(language)),
        };
        let mut columns = columns(self.verdict, language);
        let mut rows: Vec<_> = self.kept.iter().flat_map(|line| rows(self.verdict, line, language)).collect();
        let noteless = |row: &Vec<Cell>| row.last().is_some_and(|last| last.kind == "note" && last.text.is_empty());
        if rows.iter().all(noteless) {
            columns.pop();
            for row in &mut rows {
                row.pop();
            }
        }
        let hidden = self.records - self.kept.len() as u64;
        Section {
            id: format!("{}-{}", self.entity, self.verdict),
            verdict: self.verdict,
            heading: format!("{of} · {what}"),
            count: count(self.records),
            meaning: meaning.to_owned(),
            columns,
            rows,
            more: (hidden > 0).then(|| more(hidden, self.entity, language)),
        }
    }
}

fn more(hidden: u64, of: EntityType, language: Language) -> String {
    let records = entity(of).counted(hidden, language);
    match language {
        En => format!("… and {records} more in report.csv."),
        Es => format!("… y {records} más en report.csv."),
    }
}

const fn lost_meaning(language: Language) -> &'static str {
    match language {
        En => {
            "Live records whose link is empty or dead because its target was lost. `--relink` fills them once the target is back, only where they are still empty."
        }
        Es => {
            "Registros vivos cuyo vínculo quedó vacío o roto porque se perdió su destino. `--relink` los vuelve a llenar cuando el destino está de vuelta, solo donde sigan vacíos."
        }
    }
}

fn columns(verdict: &str, language: Language) -> Vec<&'static str> {
    match (language, verdict) {
        (En, "changed" | LOST) => vec!["ID", "Record", "Field", "File", "Now"],
        (Es, "changed" | LOST) => vec!["ID", "Registro", "Campo", "Archivo", "Ahora"],
        (En, "duplicate") => vec!["Old ID", "Record", "Looks like", "Because of", "Note"],
        (Es, "duplicate") => vec!["ID anterior", "Registro", "Se parece a", "Por", "Nota"],
        (En, "restored") => vec!["Old ID", "Record", "New ID", "Because of", "Note"],
        (Es, "restored") => vec!["ID anterior", "Registro", "ID nuevo", "Por", "Nota"],
        (En, "rejected") => vec!["ID", "Row", "File", "Line", "Reason"],
        (Es, "rejected") => vec!["ID", "Fila", "Archivo", "Línea", "Motivo"],
        (En, _) => vec!["Old ID", "Record", "Line", "Note"],
        (Es, _) => vec!["ID anterior", "Registro", "Línea", "Nota"],
    }
}

fn rows(verdict: &str, line: &RecordLine, language: Language) -> Vec<Vec<Cell>> {
    let cell = |kind, text: &str| Cell { text: shorten(text, CELL), kind };
    let id = || cell("id", &line.original_id.map_or_else(String::new, |id| id.to_string()));
    let title = || cell("title", &line.title);
    let key = || cell("why", &line.matched_by.as_deref().map_or_else(String::new, |key| labels::matched_by(key, language)));
    let note = || cell("note", &notes(line, language));
    match verdict {
        "changed" | LOST => {
            let change = |(index, change): (usize, &ChangeLine)| {
                let (id, title) = if index == 0 { (id(), title()) } else { (cell("again", ""), cell("again", "")) };
                let field = cell("field", &labels::field(&change.field, language));
                vec![id, title, field, cell("old", &change.file), cell("new", &change.portal)]
            };
            line.changes.iter().enumerate().map(change).collect()
        }
        "duplicate" => vec![vec![id(), title(), cell("id", &candidates(line)), key(), note()]],
        "restored" => {
            let new_id = line.portal_id.map_or_else(String::new, |id| id.to_string());
            vec![vec![id(), title(), cell("id", &new_id), key(), note()]]
        }
        "rejected" => {
            let reason = line.reason.as_deref().map_or_else(String::new, |code| labels::reason(code, language));
            vec![vec![id(), title(), cell("file", &line.file), cell("id", &line.line.to_string()), cell("why", &reason)]]
        }
        _ => vec![vec![id(), title(), cell("id", &line.line.to_string()), note()]],
    }
}

fn candidates(line: &RecordLine) -> String {
    let all: &[u64] = if line.candidates.is_empty() { line.portal_id.as_slice() } else { &line.candidates };
    all.iter().map(u64::to_string).collect::<Vec<_>>().join(", ")
}

fn notes(line: &RecordLine, language: Language) -> String {
    let mut notes: Vec<_> = line.notes.iter().map(|code| labels::note(code, language)).collect();
    if !line.depends_on.is_empty() {
        let parents =
            line.depends_on.iter().map(|parent| format!("{} {}", entity(parent.entity).one.get(language), parent.original_id));
        let parents = parents.collect::<Vec<_>>().join(", ");
        notes.push(match language {
            En => format!("after {parents}"),
            Es => format!("después de {parents}"),
        });
    }
    if line.incomplete {
        notes.push(match language {
            En => "a cell could not be understood".into(),
            Es => "hay una celda que no se entendió".into(),
        });
    }
    notes.join("; ")
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::super::example;
    use super::*;

    #[test]
    fn a_section_shows_its_first_records_and_counts_the_rest() {
        let sections = Sections::collect(&mut example::many_lines().into_iter()).of_verdicts(Es);
        let missing = &sections[0];
        assert_eq!((missing.heading.as_str(), missing.count.as_str()), ("Negociaciones · Faltan", "321"));
        assert_eq!(missing.rows.len(), SHOWN);
        assert_eq!(missing.more.as_deref(), Some("… y 21 negociaciones más en report.csv."));
    }

    #[test]
    fn lost_links_stand_apart_from_what_people_changed() {
        let sections = Sections::collect(&mut example::few_lines().into_iter());
        let lost = sections.of_lost_links(En);
        let verdicts = sections.of_verdicts(En);
        let changed = verdicts.iter().find(|section| section.verdict == "changed");
        assert_eq!(lost.iter().map(|section| section.rows.len()).sum::<usize>(), 1);
        assert_eq!(changed.map(|section| section.rows.len()), Some(2));
    }
}
