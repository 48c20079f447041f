//! What the process asks of the system before it reads anything: files for its owner alone, and no core dump.
//!
//! Plans, journals and reports hold customers' data, and the process's memory the webhook's secret.

/// Takes the rights of group and others from every file that will be made, and forbids core dumps. What the system refuses is left as it
/// was: neither is a reason not to restore.
#[cfg(unix)]
pub fn harden() {
    use rustix::fs::Mode;
    use rustix::process::{Resource, Rlimit, setrlimit, umask};
    umask(Mode::from_raw_mode(0o077));
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
}

/// Other systems give rights by the directory, and write no core dumps.
#[cfg(not(unix))]
pub fn harden() {}
