//! Phones, e-mails and addresses of the web in the form in which they are compared.

use std::borrow::Cow;

/// Fewer digits than this name a switchboard's extension, not a person.
pub(super) const PHONE_DIGITS_MIN: usize = 7;

/// From this length on a number is taken to hold a country or trunk prefix (rest-crm 7.2).
const PREFIXED_MIN: usize = 10;

/// An e-mail as the portal's own duplicate index holds it: trimmed, lower-case (rest-crm 7.2). Empty where there is no `@`.
pub fn email_key(email: &str) -> String {
    if email.contains('@') { email.trim().to_lowercase() } else { String::new() }
}

/// A phone as the portal's own duplicate index holds it (rest-crm 7.2): digits, prefix made uniform, extension cut.
///
/// Empty where fewer than seven digits remain.
pub fn phone_key(phone: &str) -> String {
    let mut form = phone_form(phone);
    let end = form.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(form.len());
    form.truncate(end);
    if form.len() < PHONE_DIGITS_MIN { String::new() } else { form }
}

/// A phone by its digits, with its extension: what two cells are compared by.
pub(super) fn phone_form(phone: &str) -> String {
    let phone = phone.trim();
    let plus_eight = phone.len() >= PREFIXED_MIN && phone.starts_with("+8");
    let mut form = String::with_capacity(phone.len() + 2);
    if plus_eight {
        form.push_str("00");
    }
    form.extend(phone.chars().filter(|c| c.is_ascii_digit() || matches!(c, '#' | '*' | ',' | ';')));
    if form.len() < PREFIXED_MIN || ["80", "81", "82"].iter().any(|prefix| form.starts_with(prefix)) {
        return form;
    }
    let cut = ["00", "011", "0"].iter().find(|prefix| form.starts_with(*prefix));
    match cut {
        Some(prefix) => form.drain(..prefix.len()).for_each(drop),
        None if form.starts_with('8') => form.replace_range(..1, "7"),
        None => {}
    }
    form
}

/// An address of the web: a slash at its end and the capitals of scheme and host make no difference.
pub(super) fn web_form(address: &str) -> Cow<'_, str> {
    let address = address.trim().trim_end_matches('/');
    let host = address.find("://").map_or(0, |scheme| scheme + 3);
    let end = address[host..].find(['/', '?', '#']).map_or(address.len(), |path| host + path);
    if address[..end].bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(format!("{}{}", address[..end].to_ascii_lowercase(), &address[end..]))
    } else {
        Cow::Borrowed(address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_in_its_usual_spellings_is_one_key() {
        for phone in ["+7 (999) 123-45-67", "8 999 1234567", "79991234567", "0079991234567", "+7 999 1234567 # 12"] {
            assert_eq!(phone_key(phone), "79991234567", "{phone}");
        }
        for phone in ["+52 55 1234 5678", "0052 5512345678", "011 52 55 1234-5678", "+52 (55) 1234 5678, 5"] {
            assert_eq!(phone_key(phone), "525512345678", "{phone}");
        }
    }

    #[test]
    fn a_number_without_its_country_stays_another_number() {
        assert_eq!(phone_key("9991234567"), "9991234567");
    }

    #[test]
    fn a_number_of_an_east_asian_country_keeps_its_eight() {
        assert_eq!(phone_key("+81 3 1234 5678"), "81312345678");
        assert_eq!(phone_key("+86 10 1234 5678"), "861012345678");
    }

    #[test]
    fn an_extension_alone_is_no_key() {
        assert_eq!(phone_key("123-45"), "");
        assert_eq!(phone_key("call me"), "");
    }

    #[test]
    fn an_extension_counts_when_two_cells_are_compared() {
        assert_ne!(phone_form("+52 55 1234 5678 #12"), phone_form("+52 55 1234 5678 #13"));
    }

    #[test]
    fn e_mails_differ_by_more_than_capitals_and_spaces() {
        assert_eq!(email_key(" Ana@Example.COM "), "ana@example.com");
        assert_eq!(email_key("none"), "");
        assert_ne!(email_key("a.b@x.mx"), email_key("ab@x.mx"));
    }

    #[test]
    fn an_address_of_the_web_may_end_in_a_slash() {
        assert_eq!(web_form("HTTPS://Example.com/"), "https://example.com");
        assert_eq!(web_form("https://example.com/Path/"), "https://example.com/Path");
        assert_ne!(web_form("https://example.com/a"), web_form("https://example.com/A"));
    }
}
