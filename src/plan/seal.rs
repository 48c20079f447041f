//! Digests: what makes a saved plan refuse to be another one.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::action::hex;

/// Opens a file to read it. A pipe or a device in its place is none, and isn't waited for.
pub(super) fn open_file(path: &Path) -> io::Result<File> {
    if path.metadata()?.is_file() { File::open(path) } else { Err(io::Error::new(io::ErrorKind::InvalidInput, "not a file")) }
}

/// The SHA-256 of a file's bytes, in hex. Reads the file once, in pieces.
pub fn digest_of_file(path: &Path) -> io::Result<String> {
    let mut file = open_file(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hex(&hasher.finalize())),
            read => hasher.update(&buffer[..read]),
        }
    }
}

/// The SHA-256 of a text, in hex.
pub fn digest_of_text(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}
