//! One set of records, written in every layout, vocabulary, language, delimiter, encoding and line end: the same records come back.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
use jiff::civil::Date;
use proptest::prelude::*;

use super::*;

/// A record as the test knows it.
#[derive(Debug, Clone)]
struct Known {
    title: String,
    comment: String,
    amount: i64,
    day: Date,
    closed: bool,
}

impl Known {
    fn values(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("TITLE", Value::Text(self.title.as_str().into())),
            ("COMMENTS", Value::Text(self.comment.as_str().into())),
            ("OPPORTUNITY", Value::Number(Decimal::new(self.amount, 2))),
            ("CLOSEDATE", Value::Date(self.day)),
            ("CLOSED", Value::Flag(self.closed)),
        ]
    }
}

/// Whose words a file is in, and how it is laid out (csv 2, 7.2, 8).
#[derive(Debug, Clone, Copy)]
enum Layout {
    /// The list export: its titles, every cell quoted, a delimiter at the end of a line.
    Export(&'static str),
    /// The import wizard's: its titles, quotes where they are needed.
    Import(&'static str),
    /// A dump: field codes, `Y` and `N`, ISO dates.
    Dump,
}

const COLUMNS: [&str; 6] = ["ID", "TITLE", "OPPORTUNITY", "CLOSEDATE", "CLOSED", "COMMENTS"];

impl Layout {
    fn language(self) -> Option<&'static str> {
        match self {
            Self::Export(language) | Self::Import(language) => Some(language),
            Self::Dump => None,
        }
    }

    fn title(self, code: &'static str) -> String {
        let vocabulary = match self {
            Self::Export(_) => Vocabulary::Export,
            Self::Import(_) => Vocabulary::Import,
            Self::Dump => return code.to_owned(),
        };
        let is_wanted = |title: &&Title| {
            title.entity == EntityType::Deal
                && title.code == code
                && title.vocabulary == vocabulary
                && Some(title.language) == self.language()
        };
        titles().iter().find(is_wanted).map_or_else(|| code.to_owned(), |title| title.text.clone())
    }

    fn cells(self, id: usize, known: &Known) -> Vec<String> {
        let flag = match (self.language(), known.closed) {
            (None, true) => "Y",
            (None, false) => "N",
            (Some(language), closed) => {
                let [yes, no] = words_of(language);
                if closed { yes } else { no }
            }
        };
        let day = known.day.strftime(match self.language() {
            None => "%Y-%m-%d",
            Some("en") => "%m/%d/%Y",
            Some("ru" | "uk" | "de") => "%d.%m.%Y",
            Some(_) => "%d/%m/%Y",
        });
        let amount = Decimal::new(known.amount, 2).to_string();
        vec![id.to_string(), known.title.clone(), amount, day.to_string(), flag.to_owned(), known.comment.clone()]
    }
}

/// Yes and no as the main module says them (csv 4.7).
fn words_of(language: &str) -> [&'static str; 2] {
    match language {
        "es" => ["si", "no"],
        "pt" => ["sim", "não"],
        "de" => ["ja", "nein"],
        "ru" => ["да", "нет"],
        "uk" => ["так", "ні"],
        _ => ["yes", "no"],
    }
}

/// How the bytes are written.
#[derive(Debug, Clone, Copy)]
struct Form {
    layout: Layout,
    delimiter: char,
    line_end: &'static str,
    encoding: &'static Encoding,
    mark: bool,
}

impl Form {
    fn text(&self, records: &[Known]) -> String {
        let mut text = String::new();
        let header = COLUMNS.map(|code| self.layout.title(code)).to_vec();
        let rows = records.iter().enumerate().map(|(at, known)| self.layout.cells(at + 1, known));
        for cells in std::iter::once(header).chain(rows) {
            let line: Vec<String> = cells.iter().map(|cell| self.cell(cell)).collect();
            text.push_str(&line.join(&self.delimiter.to_string()));
            if matches!(self.layout, Layout::Export(_)) {
                text.push(self.delimiter);
            }
            text.push_str(self.line_end);
        }
        text
    }

    fn cell(&self, text: &str) -> String {
        let is_needed = text.contains([self.delimiter, '"', '\n', '\r']);
        if is_needed || matches!(self.layout, Layout::Export(_)) {
            format!("\"{}\"", text.replace('"', "\"\""))
        } else {
            text.to_owned()
        }
    }

    /// The bytes, and the label of the encoding: the wanted one where it can carry the text, else UTF-8.
    fn bytes(&self, records: &[Known]) -> (Vec<u8>, &'static str) {
        let text = self.text(records);
        let mark = if self.mark { "\u{feff}" } else { "" };
        let wide = |bytes_of: fn(u16) -> [u8; 2]| format!("{mark}{text}").encode_utf16().flat_map(bytes_of).collect();
        if self.encoding == UTF_16LE {
            return (wide(u16::to_le_bytes), "UTF-16LE");
        }
        if self.encoding == UTF_16BE {
            return (wide(u16::to_be_bytes), "UTF-16BE");
        }
        let (bytes, _, is_lossy) = self.encoding.encode(&text);
        // Nothing but ASCII is UTF-8 as well.
        if self.encoding == UTF_8 || is_lossy || text.is_ascii() {
            return (format!("{mark}{text}").into_bytes(), "UTF-8");
        }
        (bytes.into_owned(), self.encoding.name())
    }
}

/// Text in the letters of a language, with what the writer of a table must quote.
fn text_in(language: Option<&'static str>) -> BoxedStrategy<String> {
    // Words as people write them: what tells encodings apart is how often letters come, and in which case.
    let letters = match language {
        Some("ru") => "[А-Я]?[а-я]{3,8} ?",
        Some("uk") => "[А-Я]?[а-щіїє]{3,8} ?",
        Some("es") => "[A-Z]?[a-z]{1,4}[ñáéíóú]?[a-z]{1,4} ?",
        Some("pt") => "[A-Z]?[a-z]{1,4}[ãçõêâ]?[a-z]{1,4} ?",
        Some("de") => "[A-Z]?[a-z]{1,4}[äöüß]?[a-z]{1,4} ?",
        _ => "[A-Z]?[a-z]{1,8} ?",
    };
    let hostile = proptest::sample::select(vec!["\"", ";", "\n", "\r\n", ",", "\"\"", "|", "\t", "'", "#"]);
    let piece = prop_oneof![3 => letters, 1 => hostile.prop_map(str::to_owned)];
    // An `x` at both ends: white space around a text is the file's own.
    proptest::collection::vec(piece, 0..6).prop_map(|pieces| format!("x{}x", pieces.concat())).boxed()
}

fn records(language: Option<&'static str>) -> impl Strategy<Value = Vec<Known>> {
    let one = (text_in(language), text_in(language), -1_000_000..1_000_000_000_i64, 0..20_000_i32, any::<bool>()).prop_map(
        |(title, comment, amount, days, closed)| {
            let day = date(1990, 1, 1).saturating_add(jiff::Span::new().days(days));
            Known { title, comment, amount, day, closed }
        },
    );
    proptest::collection::vec(one, 1..8).prop_map(|mut records| {
        // A day above 12, which tells it from the month.
        records[0].day = date(2024, 2, 28);
        records
    })
}

fn forms() -> impl Strategy<Value = Form> {
    let languages = vec!["es", "en", "ru", "pt", "de", "uk"];
    let layout = prop_oneof![
        3 => proptest::sample::select(languages.clone()).prop_map(Layout::Export),
        2 => proptest::sample::select(languages).prop_map(Layout::Import),
        1 => Just(Layout::Dump),
    ];
    let delimiter = proptest::sample::select(vec![';', ',', '\t', '|']);
    let line_end = proptest::sample::select(vec!["\n", "\r\n", "\r"]);
    let encoding = proptest::sample::select(ENCODINGS.to_vec());
    (layout, delimiter, line_end, encoding, any::<bool>())
        .prop_map(|(layout, delimiter, line_end, encoding, mark)| Form { layout, delimiter, line_end, encoding, mark })
        .prop_filter("western letters have no place in a Cyrillic encoding, nor the other way round", |form| {
            let is_cyrillic = matches!(form.layout.language(), Some("ru" | "uk"));
            let is_of_others = [encoding_rs::WINDOWS_1251, encoding_rs::KOI8_R, encoding_rs::IBM866].contains(&form.encoding);
            if form.encoding == encoding_rs::WINDOWS_1252 { !is_cyrillic } else { !is_of_others || is_cyrillic }
        })
}

const ENCODINGS: &[&Encoding] =
    &[UTF_8, UTF_16LE, UTF_16BE, encoding_rs::WINDOWS_1251, encoding_rs::WINDOWS_1252, encoding_rs::KOI8_R, encoding_rs::IBM866];

proptest! {
    #[test]
    fn the_same_records_come_of_every_layout_language_encoding_and_delimiter(
        (form, records) in forms().prop_flat_map(|form| (Just(form), records(form.layout.language()))),
    ) {
        let (bytes, encoding) = form.bytes(&records);
        let taken = take_bytes("deal.csv", &bytes, &Schema::standard());
        prop_assert_eq!(taken.file.encoding, encoding);
        prop_assert_eq!((taken.file.dialect.delimiter, taken.file.language), (form.delimiter as u8, form.layout.language()));
        prop_assert_eq!(taken.survey.rows, records.len() as u64);
        for (at, known) in records.iter().enumerate() {
            for (code, value) in known.values() {
                prop_assert_eq!(taken.value(at as u64 + 1, code), Some(value), "{} of record {}", code, at + 1);
            }
        }
    }
}
