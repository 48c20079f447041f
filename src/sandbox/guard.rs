//! Who is let in at all: programs on this computer. A page in a browser is not, wherever it got the address from.
//!
//! A page can make its own host name point to 127.0.0.1 (DNS rebinding), so a foreign `Host` is refused; it can also send requests
//! across origins, so a foreign `Origin` and what browsers mark as cross-site are refused as well.

use axum::http::HeaderMap;
use axum::http::request::Parts;

/// Whether the request may come in.
pub fn lets_in(head: &Parts) -> bool {
    let host = head.uri.authority().map(axum::http::uri::Authority::as_str).or_else(|| text(&head.headers, "host"));
    let origin = text(&head.headers, "origin");
    let cross_site = text(&head.headers, "sec-fetch-site") == Some("cross-site");
    host.is_some_and(is_local) && origin.is_none_or(is_local_origin) && (!cross_site || origin.is_some())
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).map(|value| value.to_str().unwrap_or_default())
}

fn is_local_origin(origin: &str) -> bool {
    origin.split_once("://").is_some_and(|(_, host)| is_local(host))
}

/// A loopback name with or without a port.
fn is_local(host: &str) -> bool {
    ["127.0.0.1", "localhost", "[::1]"].iter().any(|local| {
        host.get(..local.len()).is_some_and(|name| name.eq_ignore_ascii_case(local))
            && match host[local.len()..].strip_prefix(':') {
                Some(port) => port.bytes().all(|digit| digit.is_ascii_digit()),
                None => host.len() == local.len(),
            }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_names_are_local() {
        for host in ["127.0.0.1", "127.0.0.1:80", "localhost:8080", "LocalHost", "[::1]:9", "[::1]"] {
            assert!(is_local(host), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "127.0.0.1.evil.example",
            "localhost.evil.example:80",
            "127.0.0.1:x",
            "127.0.0.2",
            "::1",
            "10.0.0.1:80",
        ] {
            assert!(!is_local(host), "{host}");
        }
    }

    #[test]
    fn an_origin_without_a_host_is_foreign() {
        assert!(is_local_origin("http://localhost:3000"));
        assert!(!is_local_origin("null"));
        assert!(!is_local_origin("https://evil.example"));
    }
}
