//! Texts in the form the portal keeps or compares them: phones and e-mails of the duplicate index (rest-crm 7.2), comments (rest-crm 3.6).

use super::record::Record;

/// The phones and e-mails of a record as they stand in the duplicate index.
pub fn communications(record: &Record) -> impl Iterator<Item = (&'static str, String)> {
    record.multi.iter().filter_map(|multi| match multi.type_id.as_str() {
        "PHONE" => Some(("PHONE", phone(&multi.value))),
        "EMAIL" => Some(("EMAIL", email(&multi.value))),
        _ => None,
    })
}

/// Trimmed and in lower case; no folding of plus signs and dots.
pub fn email(value: &str) -> String {
    value.trim().to_lowercase()
}

/// The digits that count: `+7 (999) 123-45-67` and `8 999 1234567` are the same, `9991234567` isn't.
pub fn phone(value: &str) -> String {
    let value = value.trim();
    let long = value.chars().count() >= 10;
    let opened = if long && value.starts_with("+8") { value.replacen('+', "00", 1) } else { value.to_owned() };
    let kept: String = opened.chars().filter(|letter| letter.is_ascii_digit() || "#*,;".contains(*letter)).collect();
    let normal = if kept.len() < 10 || ["80", "81", "82"].iter().any(|start| kept.starts_with(start)) {
        kept.clone()
    } else if let Some(rest) = kept.strip_prefix("00").or_else(|| kept.strip_prefix("011")) {
        rest.to_owned()
    } else if let Some(rest) = kept.strip_prefix('8') {
        format!("7{rest}")
    } else {
        kept.strip_prefix('0').unwrap_or(&kept).to_owned()
    };
    let end = normal.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(normal.len());
    if end == 0 { kept } else { normal[..end].to_owned() }
}

/// HTML tags that a comment keeps, and the BB code as which they are read back.
const KEPT_TAGS: [(&str, &str, &str); 9] = [
    ("b", "[B]", "[/B]"),
    ("strong", "[B]", "[/B]"),
    ("i", "[I]", "[/I]"),
    ("em", "[I]", "[/I]"),
    ("u", "[U]", "[/U]"),
    ("s", "[S]", "[/S]"),
    ("br", "\n", ""),
    ("p", "", "\n"),
    ("div", "", "\n"),
];

/// A comment after the sanitiser: marks become BB code, scripts and styles go with their content, other tags go alone. A `<` that opens no
/// tag stays, and so does everything else.
///
/// The portal's sanitiser is far more thorough; this much is enough to show a client that markup doesn't survive as it was sent.
pub fn comment(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        text.push_str(&rest[..start]);
        rest = &rest[start..];
        let Some((name, closing, len)) = tag(rest) else {
            text.push('<');
            rest = &rest[1..];
            continue;
        };
        rest = &rest[len..];
        if !closing && (name == "script" || name == "style") {
            let end = format!("</{name}");
            rest = rest.to_ascii_lowercase().find(&end).map_or("", |place| &rest[place..]);
        } else if let Some((_, open, close)) = KEPT_TAGS.iter().find(|(kept, _, _)| *kept == name) {
            text.push_str(if closing { close } else { open });
        }
    }
    text.push_str(rest);
    text
}

/// The tag at the start of a text: its name in lower case, whether it closes, its length.
fn tag(text: &str) -> Option<(String, bool, usize)> {
    let end = text.find('>')?;
    let inner = &text[1..end];
    let (closing, inner) = inner.strip_prefix('/').map_or((false, inner), |inner| (true, inner));
    let name: String = inner.chars().take_while(char::is_ascii_alphanumeric).collect();
    let after = inner[name.len()..].chars().next();
    let opens = name.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && after.is_none_or(|letter| letter.is_whitespace() || letter == '/');
    (opens && !inner.contains('<')).then(|| (name.to_ascii_lowercase(), closing, end + 1))
}

#[cfg(test)]
mod tests {
    use super::{comment, phone};

    #[test]
    fn a_comment_loses_its_markup_and_keeps_its_text() {
        for (html, kept) in [
            ("<b>Bold</b> and <script>alert(1)</script>plain", "[B]Bold[/B] and plain"),
            ("a < b > c\r\n\tx <- y", "a < b > c\r\n\tx <- y"),
            ("one<br/>two <a href=\"x\">link</a>", "one\ntwo link"),
            ("<john@example.com>", "<john@example.com>"),
        ] {
            assert_eq!(comment(html), kept);
        }
    }

    #[test]
    fn the_ways_to_write_one_phone_number_are_one() {
        for written in
            ["+7 (999) 123-45-67", "8 999 1234567", "79991234567", "+79991234567;12", "0079991234567", "01179991234567"]
        {
            assert_eq!(phone(written), "79991234567", "{written}");
        }
        assert_eq!(phone("9991234567"), "9991234567");
        assert_eq!(phone("112"), "112");
    }
}
