//! Names of months and weekdays, as spreadsheets write them in short dates (`15-ene-24`): whole, or their beginning.

/// English, Spanish, Portuguese, German, French, Italian, Polish, Russian, Ukrainian; where a date takes another form, that one.
const NAMES: [&[&str]; 12] = [
    &["january", "enero", "janeiro", "januar", "janvier", "gennaio", "stycznia", "styczeń", "января", "січня"],
    &["february", "febrero", "fevereiro", "februar", "février", "febbraio", "lutego", "luty", "февраля", "лютого"],
    &["march", "marzo", "março", "märz", "mrz", "mars", "marca", "marzec", "марта", "березня"],
    &["april", "abril", "avril", "aprile", "kwietnia", "kwiecień", "апреля", "квітня"],
    &["may", "mayo", "maio", "mai", "maggio", "maja", "мая", "май", "травня"],
    &["june", "junio", "junho", "juni", "juin", "giugno", "czerwca", "czerwiec", "июня", "июнь", "червня"],
    &["july", "julio", "julho", "juli", "juillet", "luglio", "lipca", "lipiec", "июля", "июль", "липня"],
    &["august", "agosto", "août", "sierpnia", "sierpień", "августа", "серпня"],
    &[
        "september",
        "septiembre",
        "setiembre",
        "setembro",
        "septembre",
        "settembre",
        "września",
        "wrzesień",
        "сентября",
        "вересня",
    ],
    &["october", "octubre", "outubro", "oktober", "octobre", "ottobre", "października", "październik", "октября", "жовтня"],
    &["november", "noviembre", "novembro", "novembre", "listopada", "ноября", "листопада"],
    &["december", "diciembre", "dezembro", "dezember", "décembre", "dicembre", "grudnia", "grudzień", "декабря", "грудня"],
];
/// The fewest letters of a beginning.
const LETTERS_MIN: usize = 3;

/// The number of the month that a word begins, in whichever language; `None` where it begins none, or more than one.
pub(super) fn month(word: &str) -> Option<i16> {
    let word = word.to_lowercase();
    if word.chars().count() < LETTERS_MIN {
        return None;
    }
    let begun = |names: &&[&str]| names.iter().any(|name| name.starts_with(&word));
    let mut found = (1..).zip(&NAMES).filter(|(_, names)| begun(names)).map(|(number, _)| number);
    found.next().filter(|_| found.next().is_none())
}

/// Spanish, Portuguese, English, German, French, Italian, Polish, Russian, Ukrainian. A Portuguese one is of two words.
const WEEKDAYS: &[&str] = &[
    "lunes",
    "martes",
    "miércoles",
    "miercoles",
    "jueves",
    "viernes",
    "sábado",
    "sabado",
    "domingo",
    "segunda",
    "terça",
    "quarta",
    "quinta",
    "sexta",
    "feira",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "montag",
    "dienstag",
    "mittwoch",
    "donnerstag",
    "freitag",
    "samstag",
    "sonntag",
    "lundi",
    "mardi",
    "mercredi",
    "jeudi",
    "vendredi",
    "samedi",
    "dimanche",
    "lunedì",
    "martedì",
    "mercoledì",
    "giovedì",
    "venerdì",
    "sabato",
    "domenica",
    "poniedziałek",
    "wtorek",
    "środa",
    "czwartek",
    "piątek",
    "sobota",
    "niedziela",
    "понедельник",
    "вторник",
    "среда",
    "четверг",
    "пятница",
    "суббота",
    "воскресенье",
    "понеділок",
    "вівторок",
    "середа",
    "четвер",
    "п'ятниця",
    "субота",
    "неділя",
];

/// Whether a word is the name of a weekday, written in full.
pub(super) fn is_weekday(word: &str) -> bool {
    word.starts_with(|c: char| c.is_alphabetic()) && WEEKDAYS.contains(&word.to_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_months_beginning_tells_it_in_every_language() {
        for (number, words) in [
            (1, ["ene", "Jan", "янв", "sty", "gen"]),
            (3, ["mar", "MÄRZ", "мар", "Mrz", "marzo"]),
            (5, ["may", "Mai", "мая", "mag", "май"]),
            (6, ["jun", "juin", "июн", "giu", "Juni"]),
            (7, ["jul", "juil", "июл", "lip", "липня"]),
            (12, ["dic", "dez", "déc", "gru", "Dec"]),
        ] {
            for word in words {
                assert_eq!(month(word), Some(number), "{word}");
            }
        }
        for other in ["", "ma", "jui", "pm", "lunes", "ener0"] {
            assert_eq!(month(other), None, "{other}");
        }
    }

    #[test]
    fn no_weekday_is_a_month() {
        for word in WEEKDAYS {
            assert!(is_weekday(word) && month(word).is_none(), "{word}");
        }
        assert!(is_weekday("Lunes") && !is_weekday("lun") && !is_weekday("15"));
    }
}
