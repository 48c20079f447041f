//! Whether a journal may be believed: it decides what is sent, so nobody but its owner may have been able to write it.

use std::io;
use std::path::Path;

/// Why a journal isn't believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unsafe {
    /// It is a link or no plain file.
    #[error("it is no plain file")]
    NoPlainFile,
    /// It belongs to another user of this computer.
    #[error("it belongs to another user of this computer")]
    OtherOwner,
    /// Others may write it.
    #[error("others than its owner may write it; if that is a mistake: chmod 600")]
    WritableByOthers,
}

/// Checks a file that is to be believed; one that isn't there is no matter. Systems without owners and modes have nothing to check.
#[cfg(unix)]
pub fn check(file: &Path) -> io::Result<Result<(), Unsafe>> {
    use std::os::unix::fs::MetadataExt;
    let data = match std::fs::symlink_metadata(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Ok(())),
        data => data?,
    };
    Ok(if !data.is_file() {
        Err(Unsafe::NoPlainFile)
    } else if data.uid() != rustix::process::geteuid().as_raw() {
        Err(Unsafe::OtherOwner)
    } else if data.mode() & 0o022 != 0 && keeps_modes(file)? {
        Err(Unsafe::WritableByOthers)
    } else {
        Ok(())
    })
}

/// Checks a file that is to be believed: systems without owners and modes have nothing to check.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "on other systems it can fail")]
pub fn check(_file: &Path) -> io::Result<Result<(), Unsafe>> {
    Ok(Ok(()))
}

/// Whether the file system keeps modes at all: a Windows drive that is mounted into Linux gives everything to everybody.
#[cfg(unix)]
fn keeps_modes(beside: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let dir = beside.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // A temporary file is made for its owner alone.
    Ok(tempfile::tempfile_in(dir)?.metadata()?.mode() & 0o022 == 0)
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn a_journal_that_others_could_have_written_is_not_believed() {
        let dir = tempfile::tempdir().expect("a directory");
        let [journal, link] = ["journal.sqlite", "link.sqlite"].map(|name| dir.path().join(name));
        assert_eq!(check(&journal).expect("asked"), Ok(()), "what isn't there");
        fs::write(&journal, "x").expect("a file");
        symlink(&journal, &link).expect("a link");
        for (mode, expected) in
            [(0o600, Ok(())), (0o644, Ok(())), (0o620, Err(Unsafe::WritableByOthers)), (0o602, Err(Unsafe::WritableByOthers))]
        {
            fs::set_permissions(&journal, Permissions::from_mode(mode)).expect("a mode");
            assert_eq!(check(&journal).expect("asked"), expected, "{mode:o}");
        }
        assert_eq!(check(&link).expect("asked"), Err(Unsafe::NoPlainFile));
        assert_eq!(check(dir.path()).expect("asked"), Err(Unsafe::NoPlainFile));
    }
}
