//! Which encoding a file is in (csv 2, 9, 10): byte order mark, strict UTF-8, the encoding in which its titles are known ones, and at
//! last the statistics of its letters.

use encoding_rs::{
    Encoding, IBM866, ISO_8859_2, ISO_8859_5, KOI8_R, KOI8_U, MACINTOSH, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1250, WINDOWS_1251,
    WINDOWS_1252, WINDOWS_1254, WINDOWS_1257, X_MAC_CYRILLIC,
};

use super::headers::Spelling;
use super::{cyrillic, headers, latin};

/// How much of a file's beginning is searched for titles.
const HEADER_BYTES: usize = 64 << 10;
/// In how many of its lines.
const HEADER_LINES: usize = 20;
/// The least mean frequency of the letters of a Cyrillic text; Russian has about 60, chance 30.
const LIKELIHOOD_MIN: f32 = 15.0;
/// How much of a file is looked at for its letters.
const LETTER_BYTES: usize = 256 << 10;
/// The encodings of one byte a letter in which known titles are looked for; earlier ones go before later ones.
const NATIONAL: [&Encoding; 12] = [
    WINDOWS_1252,
    WINDOWS_1251,
    KOI8_R,
    IBM866,
    KOI8_U,
    WINDOWS_1250,
    WINDOWS_1254,
    WINDOWS_1257,
    ISO_8859_5,
    X_MAC_CYRILLIC,
    MACINTOSH,
    ISO_8859_2,
];

/// Those among them whose letters are Cyrillic.
const CYRILLIC: [&Encoding; 6] = [WINDOWS_1251, KOI8_R, IBM866, KOI8_U, ISO_8859_5, X_MAC_CYRILLIC];

/// A file's encoding, and why.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Guess {
    pub(super) encoding: &'static Encoding,
    /// From 0 to 1.
    pub(super) confidence: f32,
    pub(super) how: String,
    /// Some lines are UTF-8 and others aren't.
    pub(super) is_mixed: bool,
}

impl Guess {
    pub(super) fn new(encoding: &'static Encoding, confidence: f32, how: impl Into<String>) -> Self {
        Self { encoding, confidence, how: how.into(), is_mixed: false }
    }
}

/// The encoding of a file whose first non-ASCII bytes are in `bytes`; `cut` says that the file goes on behind them.
pub(super) fn guess(bytes: &[u8], cut: bool) -> Guess {
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        return Guess::new(encoding, 1.0, "byte order mark");
    }
    if let Some(encoding) = wide(bytes) {
        return Guess::new(encoding, 0.95, "every other byte is the upper half of a letter");
    }
    if bytes.is_ascii() {
        let confidence = if cut { 0.9 } else { 1.0 };
        return Guess::new(UTF_8, confidence, "nothing but ASCII, which is the same in every encoding of bytes");
    }
    let counted = Utf8Count::of(bytes, cut);
    if counted.invalid == 0 {
        return Guess::new(UTF_8, if counted.valid > 1 { 0.99 } else { 0.9 }, format!("valid UTF-8 ({} letters)", counted.valid));
    }
    let by_titles = by_titles(bytes);
    let is_utf8 = match by_titles {
        Some((encoding, _)) => encoding == UTF_8,
        None => counted.valid > 4 * counted.invalid,
    };
    let national = || {
        by_titles.map_or_else(
            || by_letters(bytes),
            |(encoding, known)| Guess::new(encoding, 0.98, format!("{known} of its titles are known in it")),
        )
    };
    let guess = if is_utf8 {
        let first = counted.first_invalid;
        Guess::new(UTF_8, 0.8, format!("UTF-8, but {} spoilt places, the first at byte {first}", counted.invalid))
    } else {
        national()
    };
    // `Ні` of windows-1251 is a letter of UTF-8, too, and one of an alphabet that nobody writes.
    let is_mixed =
        counted.is_mixed() && (is_utf8 || !CYRILLIC.contains(&guess.encoding) || has_lines_of_utf8(bytes, guess.encoding));
    Guess { is_mixed, ..guess }
}

/// Whether some lines are UTF-8 and no words of a Cyrillic encoding.
fn has_lines_of_utf8(bytes: &[u8], encoding: &'static Encoding) -> bool {
    let is_words = |line: &[u8], text: &str| {
        let own = cyrillic::likelihood(&encoding.decode_without_bom_handling(line).0);
        own >= LIKELIHOOD_MIN && own > cyrillic::likelihood(text)
    };
    let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_ascii());
    lines.filter_map(|line| Some((line, std::str::from_utf8(line).ok()?))).any(|(line, text)| !is_words(line, text))
}

/// Whether it is UTF-32, by its mark or by its zeros: three of four bytes.
pub(super) fn is_utf32(bytes: &[u8]) -> bool {
    let quads = bytes.len().min(4096) / 4;
    let zeros = |at: usize| (0..quads).filter(|quad| bytes[4 * quad + at] == 0).count();
    let is_spread =
        |zero: [usize; 2], used: usize| quads > 2 && zero.iter().all(|at| zeros(*at) * 10 > quads * 8) && zeros(used) * 2 < quads;
    bytes.starts_with(b"\xff\xfe\0\0") || bytes.starts_with(b"\0\0\xfe\xff") || is_spread([2, 3], 0) || is_spread([0, 1], 3)
}

/// UTF-16 without a mark: the upper half of a letter is 0 in western text, 4 in Cyrillic, and no text has such signs on their own.
fn wide(bytes: &[u8]) -> Option<&'static Encoding> {
    let pairs = bytes.len().min(4096) / 2;
    if pairs < 4 {
        return None;
    }
    let uppers = |offset: usize| (0..pairs).filter(|pair| bytes[2 * pair + offset] < 8).count();
    match (uppers(0), uppers(1)) {
        (first, second) if second * 10 > pairs * 9 && first * 10 < pairs => Some(UTF_16LE),
        (first, second) if first * 10 > pairs * 9 && second * 10 < pairs => Some(UTF_16BE),
        _ => None,
    }
}

/// What of some bytes is UTF-8.
struct Utf8Count {
    valid: usize,
    invalid: usize,
    first_invalid: usize,
    /// Lines with letters of UTF-8 and no others.
    pure_lines: usize,
    /// Lines with bytes that are no UTF-8, and no letters of it.
    foreign_lines: usize,
    foreign_most: usize,
}

impl Utf8Count {
    fn of(bytes: &[u8], cut: bool) -> Self {
        let mut count = Self { valid: 0, invalid: 0, first_invalid: 0, pure_lines: 0, foreign_lines: 0, foreign_most: 0 };
        // The last letter of a piece may be cut.
        let end = match std::str::from_utf8(bytes) {
            Err(error) if cut && error.error_len().is_none() => error.valid_up_to(),
            _ => bytes.len(),
        };
        let mut at = 0;
        for line in bytes[..end].split_inclusive(|byte| *byte == b'\n') {
            let (mut valid, mut invalid, mut place) = (0, 0, at);
            for chunk in line.utf8_chunks() {
                valid += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
                place += chunk.valid().len();
                if !chunk.invalid().is_empty() {
                    if count.invalid + invalid == 0 {
                        count.first_invalid = place;
                    }
                    invalid += 1;
                }
                place += chunk.invalid().len();
            }
            count.pure_lines += usize::from(valid > 0 && invalid == 0);
            count.foreign_lines += usize::from(valid == 0 && invalid > 0);
            count.foreign_most = count.foreign_most.max(if valid == 0 { invalid } else { 0 });
            (count.valid, count.invalid) = (count.valid + valid, count.invalid + invalid);
            at += line.len();
        }
        count
    }

    /// A single spoilt byte makes no second encoding.
    fn is_mixed(&self) -> bool {
        self.pure_lines > 0 && (self.foreign_lines > 1 || self.foreign_most > 1)
    }
}

/// The encoding in which most titles beyond ASCII are known, and how many: a header speaks for the file. One that is known letter by letter
/// goes before any that is known but for its accents, which other encodings may put where there are none.
fn by_titles(bytes: &[u8]) -> Option<(&'static Encoding, usize)> {
    let head = &bytes[..bytes.len().min(HEADER_BYTES)];
    let known = |encoding: &'static Encoding| {
        let (text, _) = encoding.decode_without_bom_handling(head);
        let cells = text.lines().take(HEADER_LINES).flat_map(|line| line.split([';', ',', '\t', '|']));
        let cells = cells.map(|cell| cell.trim().trim_matches(['"', '\'']));
        cells.filter(|cell| !cell.is_ascii()).filter_map(headers::spelling).fold((0, 0), |(exact, folded), spelling| {
            match spelling {
                Spelling::Exact => (exact + 1, folded),
                Spelling::Folded => (exact, folded + 1),
            }
        })
    };
    let counted: Vec<_> = std::iter::once(UTF_8)
        .chain(NATIONAL)
        .map(|encoding| (encoding, known(encoding)))
        .filter(|(_, known)| *known > (0, 0))
        .collect();
    let most = counted.iter().map(|(_, known)| *known).max()?;
    let mut equals = counted.into_iter().filter(|(_, known)| *known == most).map(|(encoding, _)| encoding);
    let first = equals.next()?;
    // `Imię` is the same bytes in two encodings of Polish, `Łódź` isn't.
    let told = || latin::other_than_western(&bytes[..bytes.len().min(LETTER_BYTES)]);
    let encoding = if first == UTF_8 { first } else { equals.find(|encoding| told() == Some(encoding)).unwrap_or(first) };
    Some((encoding, most.0 + most.1))
}

/// From how many letters on their frequency is as good as certain.
const SURE_LETTERS: usize = 20;

/// The encoding that the letters speak for: accented Latin letters stand alone among ASCII, Cyrillic ones come in words.
fn by_letters(bytes: &[u8]) -> Guess {
    let bytes = &bytes[..bytes.len().min(LETTER_BYTES)];
    let letters = bytes.iter().filter(|byte| !byte.is_ascii()).count();
    let paired = bytes.windows(2).filter(|pair| !pair[0].is_ascii() && !pair[1].is_ascii()).count();
    let western = |how: &str| Guess::new(WINDOWS_1252, if letters > 20 { 0.8 } else { 0.6 }, how);
    if is_of_old_macs(bytes) {
        return Guess::new(MACINTOSH, 0.75, "no UTF-8, and letters within words where windows-1252 has signs: an old Mac's");
    }
    if let Some(encoding) = latin::other_than_western(bytes) {
        return Guess::new(encoding, 0.8, "no UTF-8, and letters of an alphabet that the western encoding doesn't have");
    }
    if paired * 2 <= letters {
        return western("no UTF-8, and single letters among ASCII as in western languages");
    }
    let mut scored: Vec<(f32, &'static Encoding)> = [WINDOWS_1251, KOI8_R, IBM866]
        .map(|encoding| (cyrillic::likelihood(&encoding.decode_without_bom_handling(bytes).0), encoding))
        .to_vec();
    scored.sort_by(|one, other| other.0.total_cmp(&one.0));
    // A few accented letters side by side, as in `Äüß`, are words of no Cyrillic language.
    if scored[0].0 < LIKELIHOOD_MIN {
        return western("no UTF-8, and no letters that are frequent in Cyrillic texts");
    }
    let lead = (scored[0].0 - scored[1].0) / 50.0;
    // A word of three letters is one in several encodings.
    let most = 0.5 + letters.min(SURE_LETTERS) as f32 / SURE_LETTERS as f32 * 0.45;
    Guess::new(
        scored[0].1,
        (0.5 + lead).clamp(0.5, most),
        "no UTF-8, and words whose letters are as frequent as in Cyrillic texts",
    )
}

/// Whether the accented letters of words are where Excel for Mac puts them in its plain CSV. In windows-1252 signs stand there, of which
/// only the apostrophe (`l’année`) is at home between two letters.
fn is_of_old_macs(bytes: &[u8]) -> bool {
    let (mut of_mac, mut of_windows) = (0, 0);
    for around in bytes.windows(3) {
        match around {
            [b'a'..=b'z', b'\x92', b'a'..=b'z'] => {}
            [b'a'..=b'z', b'\x80'..=b'\x9f', b'a'..=b'z'] => of_mac += 1,
            // From 0xA1 on a Mac has signs, too, but for `ß` and `æ`; in windows-1250 letters of Polish begin there.
            [b'a'..=b'z', b'\xa1'..=b'\xa6' | b'\xa8'..=b'\xbd' | b'\xbf'..=b'\xff', b'a'..=b'z'] => of_windows += 1,
            _ => {}
        }
    }
    of_mac > 1 && of_mac > 2 * of_windows
}

/// Whether the accented letters of words are where DOS has them (code pages 850 and 437), which no encoding of the web knows: in
/// windows-1252 signs stand there, and never between two letters.
pub(super) fn is_of_dos(bytes: &[u8]) -> bool {
    let (mut of_dos, mut of_windows) = (0, 0);
    for around in bytes.windows(3) {
        match around {
            [b'a'..=b'z', b'\x81' | b'\x82' | b'\x84' | b'\x87' | b'\xa1'..=b'\xa4', b'a'..=b'z'] => of_dos += 1,
            [b'a'..=b'z', b'\xc0'..=b'\xff', b'a'..=b'z'] => of_windows += 1,
            _ => {}
        }
    }
    of_dos > 1 && of_dos > 2 * of_windows
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPANISH: &str = "ID;Etapa;Título de prospecto;Compañía\n1;Cotización;Ampliación del almacén;Peñón\n";
    const RUSSIAN: &str = "ID;Стадия;Название лида\n1;Новый;Ёлки зелёные\n";
    /// No title is known here: the letters decide.
    const NAMES: &str = "ID;TITLE;COMMENTS\n1;ООО Ромашка;Просил перезвонить после обеда\n2;ЗАО ВЕКТОР;Договор не подписан\n";

    #[test]
    fn encodings_without_a_mark_are_told_apart_by_their_bytes() {
        for (text, encoding) in [
            (SPANISH, UTF_8),
            (RUSSIAN, UTF_8),
            (SPANISH, WINDOWS_1252),
            (RUSSIAN, WINDOWS_1251),
            (RUSSIAN, KOI8_R),
            (RUSSIAN, IBM866),
            (NAMES, WINDOWS_1251),
            (NAMES, KOI8_R),
            (NAMES, IBM866),
        ] {
            let (bytes, _, unmappable) = encoding.encode(text);
            assert!(!unmappable);
            let guess = guess(&bytes, false);
            assert_eq!(guess.encoding.name(), encoding.name(), "{text} {guess:?}");
            assert!(guess.confidence > 0.5 && !guess.is_mixed);
        }
    }

    #[test]
    fn an_old_macs_letters_are_told_from_signs() {
        let titles = MACINTOSH.encode("ID;Título de prospecto;Compañía;Cotización\n").0;
        assert_eq!(guess(&titles, false).encoding.name(), "macintosh");
        let cells = MACINTOSH.encode("ID;TITLE\n1;Peñón del almacén\n2;cotización más señal\n").0;
        assert_eq!(guess(&cells, false).encoding.name(), "macintosh");
        for text in ["ID;TITLE\n1;l’année d’été c’est\n2;cœur sœur œuf été après\n", "ID;TITLE\n1;uno – dos — tres “cuatro”\n"]
        {
            assert_eq!(guess(&WINDOWS_1252.encode(text).0, false).encoding.name(), "windows-1252", "{text}");
        }
    }

    #[test]
    fn letters_of_dos_are_told_from_signs() {
        // Code page 850: é 0x82, í 0xA1, ó 0xA2, ú 0xA3, ñ 0xA4.
        assert!(is_of_dos(b"ID;T\xa1tulo de prospecto;Compa\xa4\xa1a;Tel\x82fono\n1;Cotizaci\xa2n;Pe\xa4\xa2n\n"));
        for text in [SPANISH, "ID;TITLE\n1;l’année d’été; 5¢ y 6¢; ¡hola!¡sí!\n", "ID\n„a“ ‚b‘ £5 ¤\n"] {
            assert!(!is_of_dos(&WINDOWS_1252.encode(text).0), "{text}");
        }
    }

    #[test]
    fn polish_is_read_in_either_of_its_encodings() {
        let text = "ID;Źródło;Status płatności;Powiązania\n1;Żółw;Świątek;ąę\n";
        for encoding in [WINDOWS_1250, ISO_8859_2] {
            assert_eq!(guess(&encoding.encode(text).0, false).encoding.name(), encoding.name());
        }
    }

    #[test]
    fn a_title_in_its_own_letters_goes_before_one_that_is_known_but_for_its_accents() {
        // `Imię` in windows-1250 is `Imiê` in the western encoding.
        let text = "ID;Nazwa leada;Imię;Nazwisko\n1;Łódź Żółć;Łukasz;Świątek\n2;Sprzedaż dźwigu;Żaneta;Gołąb\n";
        for encoding in [WINDOWS_1250, ISO_8859_2] {
            assert_eq!(guess(&encoding.encode(text).0, false).encoding.name(), encoding.name());
        }
        let spanish = "ID;Titulo de compañia;Compañía\n1;Peñón;Muñoz\n";
        assert_eq!(guess(&WINDOWS_1252.encode(spanish).0, false).encoding.name(), "windows-1252");
    }

    #[test]
    fn a_word_of_two_letters_that_happens_to_be_utf8_makes_no_second_encoding() {
        let text = "Дата змінення;Створена CRM-формою;Сплачено\n16.04.2023;;Ні\n17.04.2023;;Ні\n18.04.2023;Так;Ні\n";
        let found = guess(&WINDOWS_1251.encode(text).0, false);
        assert_eq!((found.encoding.name(), found.is_mixed), ("windows-1251", false), "{found:?}");
        let mut bytes = WINDOWS_1251.encode(&text.repeat(2)).0.into_owned();
        bytes.extend_from_slice("19.04.2023;так;Поставка дошок\n20.04.2023;señal;\n".as_bytes());
        assert!(guess(&bytes, false).is_mixed);
    }

    #[test]
    fn accented_letters_side_by_side_are_no_cyrillic_word() {
        for text in ["ID;TITLE\n1;xÄüßx\n", "ID;TITLE\n1;ação\n", "ID;TITLE\n1;AÇÃO\n"] {
            assert_eq!(guess(&WINDOWS_1252.encode(text).0, false).encoding.name(), "windows-1252", "{text}");
        }
    }

    #[test]
    fn wide_letters_are_told_without_a_mark_in_any_script() {
        for text in [SPANISH, RUSSIAN, NAMES] {
            let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
            assert_eq!((guess(&little, false).encoding.name(), guess(&big, false).encoding.name()), ("UTF-16LE", "UTF-16BE"));
            let widest: Vec<u8> = text.chars().flat_map(|c| u32::from(c).to_le_bytes()).collect();
            assert!(is_utf32(&widest) && !is_utf32(&little) && !is_utf32(&big) && !is_utf32(text.as_bytes()));
        }
    }

    #[test]
    fn a_spoilt_byte_does_not_make_utf8_another_encoding() {
        let mut bytes = "Compañía, Teléfono, Dirección, Región, Número".as_bytes().to_vec();
        bytes.push(0xff);
        let spoilt = guess(&bytes, false);
        assert_eq!((spoilt.encoding.name(), spoilt.is_mixed), ("UTF-8", false));
        assert!(spoilt.how.ends_with("the first at byte 51"), "{}", spoilt.how);
        assert_eq!(guess(&"ñ".as_bytes()[..1], true).encoding.name(), "UTF-8");
    }

    #[test]
    fn two_encodings_in_one_file_are_said() {
        let mut bytes = RUSSIAN.as_bytes().to_vec();
        bytes.extend_from_slice(&WINDOWS_1251.encode("2;Новый;Поставка досок\n3;Новый;Поставка\n").0);
        let mixed = guess(&bytes, false);
        assert_eq!((mixed.encoding.name(), mixed.is_mixed), ("UTF-8", true));
    }
}
