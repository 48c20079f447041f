//! HTML's entities -> the signs that they stand for.

use std::borrow::Cow;

/// The names of U+00A0 to U+00FF, in that order.
const LATIN: &str = "nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute micro \
    para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil Egrave Eacute Ecirc \
    Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig \
    agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc \
    otilde ouml divide oslash ugrave uacute ucirc uuml yacute thorn yuml";

/// Other names that exports and spreadsheets write.
const NAMED: &[(&str, char)] = &[
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("euro", '€'),
    ("ndash", '–'),
    ("mdash", '—'),
    ("lsquo", '‘'),
    ("rsquo", '’'),
    ("ldquo", '“'),
    ("rdquo", '”'),
    ("bdquo", '„'),
    ("bull", '•'),
    ("hellip", '…'),
    ("trade", '™'),
    ("numero", '№'),
];

/// Decodes a text once; what is no entity stays as it is.
pub(super) fn decode(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut parts = text.split('&');
    let mut decoded = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once(';').and_then(|(name, behind)| Some((sign(name)?, behind))) {
            Some((sign, behind)) => {
                decoded.push(sign);
                decoded.push_str(behind);
            }
            None => decoded.extend(["&", part]),
        }
    }
    Cow::Owned(decoded)
}

fn sign(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let hex = number.strip_prefix(['x', 'X']);
        let code = hex.map_or_else(|| number.parse().ok(), |hex| u32::from_str_radix(hex, 16).ok())?;
        return char::from_u32(code).filter(|sign| *sign != '\0');
    }
    let named = || NAMED.iter().find(|(known, _)| *known == name).map(|(_, sign)| *sign);
    let latin = || LATIN.split_whitespace().position(|known| known == name).and_then(|at| char::from_u32(0xA0 + at as u32));
    named().or_else(latin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entities_are_decoded_once_and_what_is_none_stays() {
        assert_eq!(decode("R&amp;D &quot;x&quot; &#039;&#x41;&ntilde;&yuml;&nbsp;&euro;"), "R&D \"x\" 'Añÿ\u{a0}€");
        assert_eq!(decode("&amp;lt; a&b; AT&T &#0; &#xD800;"), "&lt; a&b; AT&T &#0; &#xD800;");
    }
}
