//! Which Latin alphabet a text of single bytes is in: the letters of Polish or Czech have the numbers that signs and rare letters have in
//! the western encoding (csv 2, 10).

use encoding_rs::{Encoding, ISO_8859_2, WINDOWS_1250, WINDOWS_1252, WINDOWS_1254};

/// Small letters beyond ASCII of Spanish, Portuguese, German, French, Italian and Catalan.
const WESTERN: &str = "áéíóúüñãõâêôàçäößèùëïîûœæìòŀªº";
/// Encodings and the alphabets that are written in them.
const OTHERS: &[(&Encoding, &str)] = &[
    (WINDOWS_1250, "ąćęłńóśźż"),
    (ISO_8859_2, "ąćęłńóśźż"),
    (WINDOWS_1250, "áčďéěíňóřšťúůýž"),
    (ISO_8859_2, "áčďéěíňóřšťúůýž"),
    (WINDOWS_1250, "áäčďéíĺľňóôŕšťúýž"),
    (WINDOWS_1250, "áéíóöőúüű"),
    (WINDOWS_1250, "âăîşţ"),
    (WINDOWS_1254, "çğıöşüâîû"),
];
/// Letters that must be met.
const LETTERS_MIN: usize = 8;
/// How many of a hundred must be an alphabet's for the text to be in it: foreign names are rare.
const OWN_MIN: usize = 97;
/// How many of a hundred western letters are enough for a text to be western.
const WESTERN_MIN: usize = 90;

/// The encoding that the letters of words speak for, where it isn't the western one.
pub(super) fn other_than_western(bytes: &[u8]) -> Option<&'static Encoding> {
    let letters = count(bytes);
    let all: usize = letters.iter().sum();
    let share = |encoding: &'static Encoding, alphabet: &str| {
        let is_own = |byte: u8| {
            let letter = encoding.decode_without_bom_handling(&[byte]).0.chars().next();
            letter.is_some_and(|letter| letter.to_lowercase().all(|small| alphabet.contains(small)))
        };
        let own: usize = (0x80..=0xff_u8).filter(|byte| is_own(*byte)).map(|byte| letters[usize::from(byte)]).sum();
        own * 100 / all
    };
    if all < LETTERS_MIN || share(WINDOWS_1252, WESTERN) >= WESTERN_MIN {
        return None;
    }
    // The first of equals stands: `max_by_key` would take the last.
    let scored = OTHERS.iter().map(|&(encoding, alphabet)| (encoding, share(encoding, alphabet)));
    scored
        .filter(|(_, own)| *own >= OWN_MIN)
        .reduce(|best, next| if next.1 > best.1 { next } else { best })
        .map(|(encoding, _)| encoding)
}

/// How often each byte above ASCII stands beside a letter of either kind: signs, such as quotes and dashes, mostly stand apart.
fn count(bytes: &[u8]) -> [usize; 256] {
    let mut counted = [0; 256];
    // Quotes, dashes and an ellipsis have the same numbers in all of these.
    let is_sign =
        |byte: u8| matches!(byte, 0x80 | 0x82 | 0x84..=0x87 | 0x89 | 0x8b | 0x91..=0x97 | 0x99 | 0x9b | 0xa0 | 0xab | 0xbb);
    let is_letter =
        |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphabetic() || !byte.is_ascii() && !is_sign(*byte));
    for (at, byte) in bytes.iter().enumerate().filter(|(_, byte)| !byte.is_ascii()) {
        let before = at.checked_sub(1).and_then(|at| bytes.get(at));
        let after = bytes.get(at + 1);
        if !is_sign(*byte) && (is_letter(before) || is_letter(after)) {
            counted[usize::from(*byte)] += 1;
        }
    }
    counted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn central_european_letters_are_told_from_western_ones() {
        let polish = "ID,TITLE\n1,Łódź – dostawa części\n2,Małgorzata Wąsik\n3,Zażółć gęślą jaźń\n";
        let czech = "ID,TITLE\n1,Příští objednávka\n2,Jiří Dvořák\n3,Žluťoučký kůň úpěl ďábelské ódy\n";
        let turkish = "ID,TITLE\n1,Müşteri görüşmesi\n2,Çağrı Yıldız\n3,Işık şirketi\n";
        for (text, encoding) in
            [(polish, WINDOWS_1250), (polish, ISO_8859_2), (czech, WINDOWS_1250), (czech, ISO_8859_2), (turkish, WINDOWS_1254)]
        {
            let (bytes, ..) = encoding.encode(text);
            assert_eq!(other_than_western(&bytes).map(Encoding::name), Some(encoding.name()), "{text}");
        }
        for western in [
            "José Muñoz, Ángel Güemes, Cotización “estándar”, señal, peñón, año",
            "João Gonçalves, Conceição, Orçamento padrão, São Paulo, opções",
            "Jürgen Groß, Käthe Schröder, Büro für Köln, Straße, Öl, Äpfel",
            "François Lefèvre, l’année d’été, à côté, Noël, cœur, déjà, où",
            "Niccolò, Luìsa, perché, caffè, città, più, così, virtù",
            "Søren Sørensen, Åse, Ærø, smørrebrød, blåbær, gården, æble",
            "Müller Lefèvre Muñoz Gonçalves Niccolò città Conceição año Köln",
        ] {
            assert_eq!(other_than_western(&WINDOWS_1252.encode(western).0).map(Encoding::name), None, "{western}");
        }
    }

    #[test]
    fn a_few_letters_decide_nothing() {
        assert_eq!(other_than_western(&WINDOWS_1250.encode("Łódź").0), None);
        let quoted = "„łódź” dla Gdańska, „łódź” dla Łukasza, „łódź”";
        assert_eq!(other_than_western(&WINDOWS_1250.encode(quoted).0), Some(WINDOWS_1250));
    }
}
