//! What `inspect` shows of one file: what it is and how sure that is, its columns with samples, its problems, and what to do next.
//! Nothing is wider than 100 columns but a path.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::super::lang::say;
use crate::intake::{InspectedColumn, Inspection, REQUISITE};
use crate::model::EntityType;
use crate::report::{Language, problem_words, sanitize, shorten, words};

/// Columns that no line but a path goes beyond.
const WIDTH: usize = 100;
const LABEL: usize = 14;
const PROBLEM: usize = 28;
const TITLE: usize = 32;
const FIELD: usize = 24;
/// Columns that are shown one by one; the rest is counted.
const COLUMNS_SHOWN: usize = 150;
/// Columns without a field that are shown with their nearest title.
const NEAREST_SHOWN: usize = 30;
/// From here on a finding is taken for sure and needs no word more.
const SURE: f32 = 0.85;
/// Below this the user is asked to say it.
const UNSURE: f32 = 0.7;

/// The languages of titles, in English and in Spanish.
const LANGUAGES: &[(&str, &str, &str)] = &[
    ("es", "Spanish", "español"),
    ("en", "English", "inglés"),
    ("pt", "Portuguese", "portugués"),
    ("ru", "Russian", "ruso"),
    ("uk", "Ukrainian", "ucraniano"),
    ("de", "German", "alemán"),
    ("fr", "French", "francés"),
    ("it", "Italian", "italiano"),
    ("pl", "Polish", "polaco"),
    ("tr", "Turkish", "turco"),
    ("bg", "Bulgarian", "búlgaro"),
    ("lt", "Lithuanian", "lituano"),
];
/// Problems whose text is a sentence and no cell. It is an English one; who reads Spanish has the words of its code.
const SENTENCES: &[&str] = &[
    "bad_bytes",
    "date_order_unsure",
    "dates_turned",
    "duplicate_column",
    "inner_mark",
    "lines_above",
    "mixed_encodings",
    "mojibake",
    "no_id",
    "no_records",
    "nul_bytes",
    "numbers_unsure",
    "products_scattered",
];
/// Rows that hold no record, so that nobody misses them.
const NO_RECORDS: &[&str] = &["repeated_header", "total_line"];

/// The page of a file.
pub(super) fn of(file: &Inspection, language: Language) -> String {
    let mut page = Page { file, language, text: String::new() };
    page.text.push_str(&sanitize(&file.path));
    page.text.push('\n');
    page.facts();
    page.columns();
    page.problems();
    page.next();
    page.text
}

struct Page<'a> {
    file: &'a Inspection,
    language: Language,
    text: String,
}

impl Page<'_> {
    fn say(&self, en: &str, es: &str) -> String {
        say(self.language, en, es)
    }

    /// A line, cut where the screen ends.
    fn line(&mut self, line: &str) {
        self.text.push_str(shorten(line, WIDTH - 2).trim_end());
        self.text.push('\n');
    }

    /// Indented lines, broken between words.
    fn fact(&mut self, label: &str, text: &str) {
        self.labelled(label, LABEL, text);
    }

    fn labelled(&mut self, label: &str, width: usize, text: &str) {
        let mut line = format!("  {label:<width$}");
        let indent = line.chars().count();
        for word in sanitize(text).split(' ') {
            let word = shorten(word, WIDTH - indent);
            if line.chars().count() > indent && line.chars().count() + 1 + word.chars().count() > WIDTH {
                let _ = writeln!(self.text, "{line}");
                line = " ".repeat(indent);
            } else if line.chars().count() > indent {
                line.push(' ');
            }
            line.push_str(&word);
        }
        let _ = writeln!(self.text, "{}", line.trim_end());
    }

    fn facts(&mut self) {
        let file = self.file;
        let entity = file.entity.parse::<EntityType>();
        let holds =
            entity.map_or_else(|_| file.entity.to_owned(), |entity| words::entity_heading(entity).get(self.language).to_owned());
        self.fact(&self.say("holds", "contiene"), &format!("{holds}{}", self.sure("entity")));
        if let Some(container) = file.container {
            self.fact(&self.say("packed as", "viene en"), container);
        }
        let mark = if file.bom { self.say(", with a byte order mark", ", con marca de orden de bytes") } else { String::new() };
        self.fact(&self.say("encoding", "codificación"), &format!("{}{mark}{}", file.encoding, self.sure("encoding")));
        if file.header_line > 0 {
            let between = match file.delimiter {
                '\t' => self.say("tabs between cells", "tabuladores entre celdas"),
                sign => format!("{} {}", name_of(sign), self.say("between cells", "entre celdas")),
            };
            let quoting = match file.quoting {
                "backslash" => self.say("quotes behind a backslash", "comillas con barra invertida"),
                "escaped" => self.say("no quotes, escapes with a backslash", "sin comillas, escapes con barra invertida"),
                "none" => self.say("no quotes", "sin comillas"),
                _ => self.say("quotes doubled", "comillas dobladas"),
            };
            // The cells of a workbook or a page aren't written with signs that a person could see.
            if let Some(ends) = &file.line_ends {
                let (sure, ends) = (self.sure("delimiter"), ends.to_uppercase());
                let text = format!("{between}{sure}, {quoting}, {} {ends}", self.say("line ends", "fin de línea"));
                self.fact(&self.say("written with", "escrito con"), &text);
            }
            let titles = match file.language {
                None => self.say("field codes", "códigos de campo"),
                Some(language) => format!("{} {}{}", self.say("in", "en"), self.named(language), self.sure("language")),
            };
            let text = format!("{titles}, {} {}", self.say("line", "línea"), file.header_line);
            self.fact(&self.say("titles", "títulos"), &text);
        }
        self.fact(&self.say("rows", "filas"), &self.rows());
    }

    /// A language by its name, as the reader calls it.
    fn named(&self, language: &str) -> String {
        LANGUAGES.iter().find(|(code, ..)| *code == language).map_or_else(|| language.to_owned(), |(_, en, es)| self.say(en, es))
    }

    fn rows(&self) -> String {
        let file = self.file;
        let mut text = file.rows.to_string();
        if file.rejected > 0 {
            let reasons: Vec<String> = file.rejected_by.iter().map(|(code, count)| format!("{count} {code}")).collect();
            let _ = write!(text, ", {} {} ({})", self.say("rejected", "ilegibles"), file.rejected, reasons.join(", "));
        }
        if file.blank > 0 {
            let _ = write!(text, ", {} {}", self.say("blank lines", "líneas en blanco"), file.blank);
        }
        text
    }

    /// How sure a finding is, where it isn't sure; what it was found by is told in English only.
    fn sure(&self, finding: &str) -> String {
        let Some(found) = self.file.detected.get(finding).filter(|found| found.confidence < SURE) else { return String::new() };
        let percent = (found.confidence * 100.0).round();
        match self.language {
            Language::En => format!(" ({percent} % sure: {})", found.how),
            Language::Es => format!(" ({percent} % de seguridad)"),
        }
    }

    fn columns(&mut self) {
        if self.file.columns.is_empty() {
            return;
        }
        let titles = [self.say("column", "columna"), self.say("field", "campo"), self.say("samples", "ejemplos")];
        self.text.push('\n');
        self.line(&format!("  {:<TITLE$} {:<FIELD$} {}", titles[0], titles[1], titles[2]));
        for column in self.file.columns.iter().take(COLUMNS_SHOWN) {
            let title = if column.name.is_empty() { self.say("(no title)", "(sin título)") } else { column.name.clone() };
            let field = column.field.clone().unwrap_or_else(|| self.no_field(column));
            let samples = column.samples.iter().map(|sample| shorten(sample, 24)).collect::<Vec<_>>().join(" | ");
            self.line(&format!("  {:<TITLE$} {:<FIELD$} {samples}", shorten(&title, TITLE), shorten(&field, FIELD)));
        }
        self.nearest();
        let more = self.file.columns.len().saturating_sub(COLUMNS_SHOWN);
        if more > 0 {
            self.line(&format!("  {more} {}", self.say("columns more, all in --json", "columnas más, todas con --json")));
        }
    }

    /// What columns without a field may be.
    fn nearest(&mut self) {
        let near: Vec<_> = self.file.columns.iter().filter_map(|column| Some((&column.name, column.nearest.as_ref()?))).collect();
        if near.is_empty() {
            return;
        }
        self.text.push('\n');
        let titles = [self.say("no known field", "sin campo conocido"), self.say("nearest title", "título más parecido")];
        self.line(&format!("  {:<TITLE$} {}", titles[0], titles[1]));
        for (name, nearest) in near.into_iter().take(NEAREST_SHOWN) {
            self.line(&format!("  {:<TITLE$} {} ({})", shorten(name, TITLE), nearest.title, nearest.field));
        }
    }

    fn no_field(&self, column: &InspectedColumn) -> String {
        if column.how.contains("--ignore") { self.say("(left out)", "(se omite)") } else { "-".to_owned() }
    }

    /// Problems by their code: how many, where first, and an example.
    fn problems(&mut self) {
        let mut by_code: BTreeMap<&str, Vec<_>> = BTreeMap::new();
        for problem in &self.file.problems {
            by_code.entry(problem.code).or_default().push(problem);
        }
        if by_code.is_empty() {
            return;
        }
        self.text.push('\n');
        self.line(&format!("  {}", self.say("problems", "problemas")));
        for (code, problems) in by_code {
            let first = problems[0];
            let column = first.column.as_ref().map(|column| format!(" [{column}]")).unwrap_or_default();
            let place = format!("{} {}{column}", self.say("line", "línea"), first.line);
            let count = problems.len();
            let is_told = first.text.is_empty() || (self.language == Language::Es && SENTENCES.contains(&code));
            let example = if is_told { String::new() } else { format!(": {}", first.text) };
            let text = format!("{} ({place}{example})", self.words_of(code));
            self.labelled(&format!("{count:>5} x {code}"), PROBLEM, &text);
        }
    }

    fn words_of(&self, code: &str) -> String {
        // Of a row it means an empty cell; of the file, that there is no such column.
        if code == "no_id" && !self.file.rejected_by.contains_key(code) {
            return self.say("no column holds the records' IDs", "ninguna columna trae el ID de los registros");
        }
        problem_words(code, self.language)
    }

    fn next(&mut self) {
        let mut steps = Vec::new();
        let has = |code: &str| self.file.problems.iter().any(|problem| problem.code == code);
        let is_unsure = |name: &str| self.file.detected.get(name).is_some_and(|found| found.confidence < UNSURE);
        for (finding, flag) in
            [("entity", "--entity"), ("encoding", "--encoding"), ("delimiter", "--delimiter"), ("language", "--language")]
        {
            if is_unsure(finding) {
                steps.push(format!("{} {flag}", self.say("If that is wrong, say", "Si no es así, indíquelo con")));
            }
        }
        if has("date_order_unsure") {
            let text = self.say("Say whether day or month comes first:", "Indique si va primero el día o el mes:");
            steps.push(format!("{text} --date-order dmy, --date-order mdy"));
        }
        if has("numbers_unsure") {
            let text = self.say("Say whether 1.500 is 1.5 or 1500:", "Indique si 1.500 es 1.5 o 1500:");
            steps.push(format!("{text} --numbers point, --numbers comma"));
        }
        steps.extend(self.unmapped_step());
        steps.extend(self.damage_steps());
        if has("other_sheets") {
            steps.push(self.say(
                "One sheet of a workbook is read: save the others as files of their own and give them all.",
                "De un libro se lee una sola hoja: guarde las otras como archivos aparte y dé todos juntos.",
            ));
        }
        if has("shared_ids") {
            steps.push(self.say(
                "Two files hold the same records: choose one and leave the other out.",
                "Dos archivos traen los mismos registros: elija uno y deje fuera el otro.",
            ));
        }
        if has("no_id") {
            let text = self.say("Without IDs, plan needs another key:", "Sin ID, la revisión necesita otra clave:");
            steps.push(format!("{text} --match email|phone|title"));
        }
        steps.extend(self.rejected_steps());
        if has("no_records") {
            steps.push(self.say(
                "If there should be records, ask for the file again.",
                "Si debería haber registros, pida el archivo otra vez.",
            ));
        }
        steps.push(format!("b24restore plan {}", self.file.path));
        self.text.push('\n');
        for (at, step) in steps.iter().enumerate() {
            let label = if at == 0 { self.say("next", "siguiente") } else { String::new() };
            self.fact(&label, step);
        }
    }

    /// What to do where something of the text is lost.
    fn damage_steps(&self) -> Vec<String> {
        let problems = &self.file.problems;
        let has = |code: &str| problems.iter().any(|problem| problem.code == code);
        let mut steps = Vec::new();
        // Of cells that can't be repaired the line stands behind the header's.
        let is_lost = problems.iter().any(|problem| problem.code == "mojibake" && problem.line > self.file.header_line);
        if has("mixed_encodings") || has("bad_bytes") || has("nul_bytes") || is_lost {
            steps.push(self.say(
                "Letters are damaged in this file: ask for it again. Damaged cells are not restored.",
                "Hay letras dañadas en este archivo: pídalo otra vez. Las celdas dañadas no se restauran.",
            ));
        } else if has("mojibake") {
            steps.push(self.say(
                "The text was encoded twice and is read as it was: look at some names before you apply.",
                "El texto se codificó dos veces y se lee como era: revise algunos nombres antes de aplicar.",
            ));
        }
        if has("spreadsheet_damage") {
            steps.push(self.say(
                "A spreadsheet has damaged cells, which are not restored: use the file as it came, never saved by Excel.",
                "Una hoja de cálculo dañó celdas, que no se restauran: use el archivo como llegó, sin guardarlo en Excel.",
            ));
        }
        if has("dates_turned") {
            steps.push(self.say(
                "A spreadsheet seems to have exchanged day and month: compare some dates with the file as it came.",
                "Una hoja de cálculo parece haber intercambiado día y mes: compare algunas fechas con el archivo como llegó.",
            ));
        }
        if has("products_scattered") {
            steps.push(self.say(
                "Sort the file by ID, so that the products of a record stand together.",
                "Ordene el archivo por ID, para que los productos de cada registro queden juntos.",
            ));
        }
        steps
    }

    /// What to do about the rows that can't be used.
    fn rejected_steps(&self) -> Vec<String> {
        let reasons = &self.file.rejected_by;
        let mut steps = Vec::new();
        if reasons.contains_key("masked") {
            steps.push(self.say(
                "Bitrix24 has masked records, whose values this file doesn't hold: ask for one without the mask.",
                "Bitrix24 ocultó registros, cuyos valores no están en este archivo: pida uno sin ocultarlos.",
            ));
        }
        if reasons.keys().any(|code| *code != "masked" && !NO_RECORDS.contains(code)) {
            steps.push(self.say(
                "Rejected rows are not restored: plan hands them back in rejected/, to be mended.",
                "Las filas ilegibles no se restauran: la revisión las devuelve en rejected/ para corregirlas.",
            ));
        }
        steps
    }

    fn unmapped_step(&self) -> Option<String> {
        // Columns of requisites are known for what they are, and no field of the record takes them.
        let is_open = |column: &&InspectedColumn| {
            self.file.unmapped.contains(&column.name) && !column.name.is_empty() && column.how != REQUISITE
        };
        let column = self.file.columns.iter().find(is_open)?;
        let count = self.file.columns.iter().filter(is_open).count();
        let (field, meant) = match &column.nearest {
            Some(near) => {
                (near.field.as_str(), format!(" ({} \"{}\")", self.say("nearest title:", "título más parecido:"), near.title))
            }
            None => ("FIELD", String::new()),
        };
        let name = shorten(&column.name, TITLE);
        Some(match self.language {
            Language::En => format!(
                "{count} columns have no known field; custom fields are found by the portal's labels in plan. Else say which: \
                 --map \"{name}={field}\"{meant}, or --ignore \"{name}\""
            ),
            Language::Es => format!(
                "{count} columnas no tienen campo conocido; plan busca los campos personalizados por su etiqueta. Si no, indique \
                 cuál: --map \"{name}={field}\"{meant}, o --ignore \"{name}\""
            ),
        })
    }
}

fn name_of(sign: char) -> String {
    format!("`{sign}`")
}
