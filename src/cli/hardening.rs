//! What the process asks of the system before it reads anything: files for its owner alone, no core dump, room for its files; and that no
//! secret came in as an argument.
//!
//! Plans, journals and reports hold customers' data, and the process's memory the webhook's secret.

use std::ffi::OsString;

/// Takes the rights of group and others from every file that will be made, and forbids core dumps. What the system refuses is left as it
/// was: neither is a reason not to restore.
#[cfg(unix)]
pub fn harden() {
    use rustix::fs::Mode;
    use rustix::process::{Resource, Rlimit, setrlimit, umask};
    umask(Mode::from_raw_mode(0o077));
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
}

/// Whether somebody gave the portal's address as an argument, whole or as a part of one.
pub fn holds_a_webhook(arguments: impl IntoIterator<Item = OsString>) -> bool {
    arguments.into_iter().any(|argument| {
        let text = argument.to_string_lossy();
        text.find("://").is_some_and(|at| text[at..].contains("/rest/"))
    })
}

/// How many files the program needs open at once, with some to spare: a runtime, a few connections, the journal, the locks.
#[cfg(unix)]
const FILES_NEEDED: u64 = 64;

/// Sees to it that enough files can be open at once. Fewer would break in the middle of the work what can be said at its beginning.
///
/// # Errors
///
/// The number that the system allows, where that is too few.
#[cfg(unix)]
pub fn make_room_for_files() -> Result<(), u64> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let allowed = getrlimit(Resource::Nofile);
    let Some(now) = allowed.current.filter(|now| *now < FILES_NEEDED) else { return Ok(()) };
    let wanted = Rlimit { current: Some(FILES_NEEDED), maximum: allowed.maximum };
    if allowed.maximum.is_none_or(|most| most >= FILES_NEEDED) && setrlimit(Resource::Nofile, wanted).is_ok() {
        return Ok(());
    }
    Err(now)
}

/// Other systems have no such limit.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "on other systems it can fail")]
pub fn make_room_for_files() -> Result<(), u64> {
    Ok(())
}

/// Other systems give rights by the directory, and write no core dumps.
#[cfg(not(unix))]
pub fn harden() {}
