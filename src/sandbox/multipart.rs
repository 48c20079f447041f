//! The simple fields of a `multipart/form-data` body. Files are left out: PHP puts them elsewhere, and no CRM method reads them there.

/// The names and values of a body's fields, in their order; nothing if the content type names no boundary.
pub fn fields(content_type: &str, body: &[u8]) -> Vec<(String, String)> {
    let Some(boundary) = attribute(content_type, "boundary").filter(|boundary| !boundary.is_empty()) else { return Vec::new() };
    let marker = format!("--{boundary}");
    split(body, marker.as_bytes()).into_iter().skip(1).filter_map(field).collect()
}

fn field(part: &[u8]) -> Option<(String, String)> {
    let part = part.strip_prefix(b"\r\n")?;
    let at = find(part, b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&part[..at]);
    let value = part[at + 4..].strip_suffix(b"\r\n").unwrap_or(&part[at + 4..]);
    let disposition = head.lines().find(|line| line.to_ascii_lowercase().starts_with("content-disposition:"))?;
    if attribute(disposition, "filename").is_some() {
        return None;
    }
    Some((attribute(disposition, "name")?, String::from_utf8_lossy(value).into_owned()))
}

/// The value of `; name=value` or `; name="value"`.
fn attribute(header: &str, name: &str) -> Option<String> {
    header.split(';').skip(1).find_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        key.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"').to_owned())
    })
}

fn split<'a>(text: &'a [u8], marker: &[u8]) -> Vec<&'a [u8]> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(at) = find(rest, marker) {
        parts.push(&rest[..at]);
        rest = &rest[at + marker.len()..];
    }
    parts.push(rest);
    parts
}

fn find(text: &[u8], marker: &[u8]) -> Option<usize> {
    text.windows(marker.len()).position(|window| window == marker)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn simple_fields_are_read_and_files_left_out() {
        let body = b"--x\r\nContent-Disposition: form-data; name=\"fields[TITLE]\"\r\n\r\nA & B\r\nC\r\n--x\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.txt\"\r\n\r\nbytes\r\n--x--\r\n";
        assert_eq!(fields("multipart/form-data; boundary=x", body), [("fields[TITLE]".to_owned(), "A & B\r\nC".to_owned())]);
        assert!(fields("multipart/form-data", body).is_empty());
        assert!(fields("multipart/form-data; boundary=y", body).is_empty());
    }
}
