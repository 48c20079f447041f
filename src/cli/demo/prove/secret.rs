//! The canary: the webhook's secret and an application's keys must be nowhere but where they are needed.

use std::fs;
use std::io;
use std::path::Path;

/// What the search found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Files that were searched.
    pub files: u64,
    /// Those that hold a secret, in whatever form.
    pub leaks: Vec<String>,
}

/// Searches every file below a directory but those below `portal`, which is the sandbox's own.
pub fn search(dir: &Path, portal: &Path, secrets: &[String]) -> io::Result<Found> {
    let disguises: Vec<Vec<u8>> = secrets.iter().flat_map(|secret| disguises(secret)).collect();
    let mut found = Found::default();
    let mut open = vec![dir.to_owned()];
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(dir)? {
            let path = entry?.path();
            if path == portal {
                continue;
            }
            if path.is_dir() {
                open.push(path);
                continue;
            }
            found.files += 1;
            let bytes = fs::read(&path)?;
            if disguises.iter().any(|disguise| memchr::memmem::find(&bytes, disguise).is_some()) {
                found.leaks.push(path.display().to_string());
            }
        }
    }
    Ok(found)
}

/// The forms in which a secret can stand somewhere: as it is, in capitals, reversed, hexadecimal, percent-encoded, in base64.
fn disguises(secret: &str) -> Vec<Vec<u8>> {
    let each = |form: fn(u8) -> String| secret.bytes().map(form).collect::<Vec<_>>().concat();
    let [hex, escaped] = [each(|byte| format!("{byte:02x}")), each(|byte| format!("%{byte:02X}"))];
    let reversed: String = secret.chars().rev().collect();
    let mut disguises = vec![secret.to_owned(), secret.to_uppercase(), reversed, hex, escaped];
    // What stands before the secret shifts the groups of base64.
    disguises.extend((0..3).map(|shift| base64(&secret.as_bytes()[shift..])));
    disguises.into_iter().map(String::into_bytes).collect()
}

/// Whole groups only: the last letters depend on what follows.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let groups = bytes.chunks_exact(3).map(|bytes| u32::from_be_bytes([0, bytes[0], bytes[1], bytes[2]]));
    groups.flat_map(|group| [18, 12, 6, 0].map(|shift| char::from(LETTERS[(group >> shift & 63) as usize]))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_in_each_of_its_forms_and_not_in_the_portals_own_files() {
        let secret = "canary7secret9word";
        let hex = secret.bytes().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
        for (text, leaks) in [
            ("x canary7secret9word y", 1),
            ("CANARY7SECRET9WORD", 1),
            ("drow9terces7yranac", 1),
            (hex.as_str(), 1),
            ("a2NhbmFyeTdzZWNyZXQ5d29yZA==", 1),
            ("canary7secret9", 0),
        ] {
            let dir = tempfile::tempdir().expect("a directory");
            fs::create_dir_all(dir.path().join("portal")).expect("a directory");
            fs::write(dir.path().join("portal/state"), secret).expect("a file");
            fs::write(dir.path().join("log"), text).expect("a file");
            let found = search(dir.path(), &dir.path().join("portal"), &[secret.to_owned()]).expect("files");
            assert_eq!((found.files, found.leaks.len()), (1, leaks), "{text}");
        }
    }
}
