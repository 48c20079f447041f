//! Long texts: HTML and BB code that show the same made one form (csv 4.11).
//!
//! A portal stores comments as HTML or as BB code and may turn the one into the other on an import. The form keeps what a person
//! sees: words, line breaks, bold, italic, underlined, struck out, links and pictures. Fonts, sizes and colours are left out, because
//! the portal's own conversion loses them.

use std::borrow::Cow;

use super::text::{decode_entities, same_text};

/// A bracket that isn't closed within so many bytes opens no tag: a bound on the search, which hostile texts would make quadratic.
const TAG_BYTES_MAX: usize = 2048;

/// Whether two long texts show the same.
pub(super) fn same_long_text(file: &str, live: &str) -> bool {
    same_text(file, live) || form(file) == form(live)
}

/// The one form of a text with markup.
fn form(text: &str) -> String {
    let mut form = Form::default();
    let mut rest = text;
    while let Some(start) = rest.find(['<', '[']) {
        form.words(&rest[..start]);
        rest = &rest[start..];
        let Some(tag) = Tag::parse(rest) else {
            form.words(&rest[..1]);
            rest = &rest[1..];
            continue;
        };
        rest = &rest[tag.length..];
        // `[url]x[/url]` and `[img]x[/img]` carry their address as their text.
        let inner = if tag.address.is_none() { tag.inner_address(rest) } else { None };
        form.tag(&tag, inner);
        if let (Some(inner), "img") = (inner, tag.name) {
            rest = &rest[inner.len()..];
        }
    }
    form.words(rest);
    form.done()
}

/// A tag of either language.
struct Tag<'a> {
    name: &'static str,
    closing: bool,
    address: Option<Cow<'a, str>>,
    length: usize,
}

impl<'a> Tag<'a> {
    /// A tag at the beginning of a text; `None` where the bracket is a bracket.
    fn parse(text: &'a str) -> Option<Self> {
        let html = text.starts_with('<');
        let closer = if html { b'>' } else { b']' };
        let end = text.bytes().take(TAG_BYTES_MAX).position(|byte| byte == closer)?;
        let body = &text[1..end];
        let closing = body.starts_with('/');
        let body = body.trim_start_matches('/').trim_end_matches('/').trim_end();
        let name_end = body.find(|c: char| !(c.is_ascii_alphanumeric() || c == '*')).unwrap_or(body.len());
        let name = canonical(&body[..name_end].to_ascii_lowercase(), html)?;
        let attributes = &body[name_end..];
        let address = match name {
            "url" if html => attribute(attributes, "href"),
            "img" if html => attribute(attributes, "src"),
            "url" => attributes.strip_prefix('=').map(|url| url.trim_matches(['"', '\'', ' '])),
            _ => None,
        };
        Some(Self { name, closing, address: address.map(decode_entities), length: end + 1 })
    }

    fn inner_address(&self, rest: &'a str) -> Option<&'a str> {
        let closer = match (self.closing, self.name) {
            (false, "url") => "[/url]",
            (false, "img") => "[/img]",
            _ => return None,
        };
        let end = rest.bytes().position(|byte| byte == b'[')?;
        let found = rest.get(end..end + closer.len())?;
        found.eq_ignore_ascii_case(closer).then(|| &rest[..end])
    }
}

/// The name that tags of one meaning share; `None` for what is no tag.
fn canonical(name: &str, html: bool) -> Option<&'static str> {
    Some(match name {
        "b" | "strong" => "b",
        "i" | "em" => "i",
        "u" | "ins" => "u",
        "s" | "strike" | "del" => "s",
        "a" if html => "url",
        "url" if !html => "url",
        "img" => "img",
        "br" | "p" | "div" | "ul" | "ol" | "list" | "table" | "tr" | "tbody" | "quote" | "blockquote" | "code" | "pre" | "hr"
        | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "left" | "right" | "center" | "justify" => "line",
        "li" if html => "item",
        "*" if !html => "item",
        "td" | "th" => "cell",
        "span" | "font" | "color" | "size" | "background" | "user" | "disk" | "html" | "body" | "small" | "big" | "sub"
        | "sup" => "style",
        _ => return None,
    })
}

fn attribute<'a>(attributes: &'a str, name: &str) -> Option<&'a str> {
    let start = attributes.to_ascii_lowercase().find(&format!("{name}="))? + name.len() + 1;
    let value = attributes.get(start..)?;
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
    Some(match quote {
        Some(quote) => value[1..].split(quote).next().unwrap_or_default(),
        None => value.split_ascii_whitespace().next().unwrap_or_default(),
    })
}

/// The form as it grows: runs of white space are one space, runs of line breaks one break.
#[derive(Default)]
struct Form {
    text: String,
    gap: Gap,
}

#[derive(Default, Clone, Copy, PartialEq, PartialOrd)]
enum Gap {
    #[default]
    None,
    Space,
    Line,
}

impl Form {
    fn words(&mut self, text: &str) {
        for c in decode_entities(text).chars() {
            match c {
                '\n' => self.leave(Gap::Line),
                c if c.is_whitespace() || c == '\u{feff}' => self.leave(Gap::Space),
                c => self.put(c.encode_utf8(&mut [0; 4])),
            }
        }
    }

    fn tag(&mut self, tag: &Tag<'_>, inner: Option<&str>) {
        let address = tag.address.as_deref().or(inner).map(|url| super::contact::web_form(url).into_owned());
        match (tag.name, tag.closing) {
            ("line", _) | ("item", true) => self.leave(Gap::Line),
            ("item", false) => {
                self.leave(Gap::Line);
                self.put("•");
                self.leave(Gap::Space);
            }
            ("cell", _) => self.leave(Gap::Space),
            ("img", false) => self.put(&format!("[img={}]", address.unwrap_or_default())),
            ("url", false) => self.put(&format!("[url={}]", address.unwrap_or_default())),
            ("url", true) => self.put("[/url]"),
            ("style" | "img", _) => {}
            (name, false) => self.put(&format!("[{name}]")),
            (name, true) => self.put(&format!("[/{name}]")),
        }
    }

    fn leave(&mut self, gap: Gap) {
        if gap > self.gap {
            self.gap = gap;
        }
    }

    fn put(&mut self, text: &str) {
        if !self.text.is_empty() {
            match self.gap {
                Gap::None => {}
                Gap::Space => self.text.push(' '),
                Gap::Line => self.text.push('\n'),
            }
        }
        self.gap = Gap::None;
        self.text.push_str(text);
    }

    fn done(self) -> String {
        use unicode_normalization::UnicodeNormalization;
        if self.text.is_ascii() { self.text } else { self.text.nfc().collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(file: &str, live: &str, expected: bool) {
        assert_eq!(same_long_text(file, live), expected, "{:?} {:?}", form(file), form(live));
    }

    #[test]
    fn bold_is_bold_in_either_language() {
        check("<b>Hola</b> Ana", "[b]Hola[/b] Ana", true);
        check("<strong>Hola</strong>", "[B]Hola[/B]", true);
        check("<b>Hola</b>", "Hola", false);
        check("<b>Hola</b>", "[i]Hola[/i]", false);
    }

    #[test]
    fn line_breaks_are_line_breaks_however_they_are_written() {
        check("uno<br>dos<br />tres", "uno\r\ndos\ntres", true);
        check("<p>uno</p><p>dos</p>", "[p]\nuno\n[/p]\n[p]\ndos\n[/p]", true);
        check("<div>uno</div>dos", "uno\ndos", true);
        check("uno dos", "uno\ndos", false);
    }

    #[test]
    fn links_and_pictures_keep_their_address() {
        check(r#"<a href="https://x.mx/a" target="_blank">aquí</a>"#, "[url=https://x.mx/a]aquí[/url]", true);
        check(r#"<a href="https://x.mx">https://x.mx</a>"#, "[url]https://x.mx[/url]", true);
        check(r#"<a href="https://x.mx/a">aquí</a>"#, "[url=https://x.mx/b]aquí[/url]", false);
        check(r#"<img src="https://x.mx/p.png" width="9">"#, "[img width=9]https://x.mx/p.png[/img]", true);
        check(r#"<a href="https://x.mx/?a=1&amp;b=2">x</a>"#, "[url=https://x.mx/?a=1&b=2]x[/url]", true);
    }

    #[test]
    fn lists_are_lists() {
        check("<ul><li>uno</li><li>dos</li></ul>", "[list]\n[*]uno\n[*]dos\n[/list]", true);
        check("<ul><li>uno</li></ul>", "uno", false);
    }

    #[test]
    fn colours_and_fonts_are_no_difference() {
        check(r#"<span style="color: red">rojo</span>"#, "[color=#f00]rojo[/color]", true);
        check("[size=12pt][font=Arial]x[/font][/size]", "x", true);
    }

    #[test]
    fn entities_are_their_signs() {
        check("A &amp; B&nbsp;C", "A & B C", true);
        check("1 &lt; 2", "1 < 2", true);
    }

    #[test]
    fn brackets_that_are_no_tags_stay() {
        check("[urgente] 5 < 6 > 4 [x", "[urgente] 5 < 6 > 4 [x", true);
        check("[urgente] x", "[tranquilo] x", false);
        check("a < b", "a > b", false);
    }

    #[test]
    fn spaces_and_blank_lines_are_no_difference() {
        check("uno  dos \n\n tres", "uno dos\ntres", true);
    }

    #[test]
    fn nothing_that_a_text_may_hold_breaks_the_form() {
        for text in [
            "<",
            "[",
            "<>",
            "[]",
            "[/]",
            "<a href=",
            "<a href=\"",
            "[url=",
            "[url]ñ[/ur",
            "[img]ñ",
            "&",
            "&;",
            "<ñ>",
            "[/url]",
            "[*]",
            "<b",
            "[img]x[/img",
        ] {
            let _ = form(text);
            check(text, text, true);
        }
    }
}
