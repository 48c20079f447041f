//! Named points at which a test can have the process killed; nothing at all in a build without the feature `faults`.

/// Passes a named point. With the feature `faults` and `B24RESTORE_CRASH=NAME:N` in the environment, the N-th passing of that point
/// ends the process on the spot, as `kill -9` would: no unwinding, no buffers flushed.
#[cfg(feature = "faults")]
pub fn point(name: &str) {
    use std::sync::atomic::{AtomicU32, Ordering};
    static PASSED: AtomicU32 = AtomicU32::new(0);
    let Ok(wanted) = std::env::var("B24RESTORE_CRASH") else { return };
    let Some((at, count)) = wanted.split_once(':') else { return };
    if at == name && PASSED.fetch_add(1, Ordering::SeqCst) + 1 == count.parse().unwrap_or(1) {
        std::process::abort();
    }
}

/// Passes a named point.
#[cfg(not(feature = "faults"))]
#[inline]
pub fn point(_name: &str) {}
