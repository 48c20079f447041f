//! The drills of a build with the feature `faults`.
//!
//! A test that starts the program says by the environment what happens: `B24RESTORE_CRASH_AT=K` dies at the K-th passing of any point
//! (`NAME:K` at the K-th of that name), `B24RESTORE_CRASH_MODE=panic` by a panic instead of on the spot, `B24RESTORE_CRASH_COUNT=FILE`
//! writes a line for each point passed, `B24RESTORE_BUG=NAME` plants a defect. A test that runs the library in its own process says it
//! for its own thread ([`arm`]), so that many can run side by side.

use std::cell::RefCell;
use std::fs::OpenOptions;
use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};

/// Every point, in the order of reliability 4.1.
pub const POINTS: [&str; 29] = [
    "lock taken",
    "plan opened",
    "plan checked",
    "portal identity read",
    "intent transaction open",
    "intent written, not committed",
    "intent committed, nothing sent",
    "connected",
    "half of the request sent",
    "all sent, the server has not begun",
    "the server applied it, answer not read",
    "headers received",
    "half of the body",
    "body complete, not parsed",
    "ack transaction open",
    "ack written, not committed",
    "ack committed",
    "read back",
    "read back and committed",
    "update answered",
    "update committed",
    "checkpoint",
    "report written beside its place",
    "before the rename",
    "renamed, directory not synced",
    "lock still held",
    "unclear set loaded",
    "look-up answered",
    "adoption written",
];

/// A defect that can be planted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Bug {
    /// The intent is kept in memory and reaches the disk with the answer.
    IntentNotSynced,
    /// The intent is written when the answer is there.
    IntentAfterSend,
    /// An unclear create counts as done.
    AckBeforeAnswer,
    /// A change whose answer was lost is sent again at once.
    RetryOnTimeout,
    /// A change that was answered by a 5xx is sent again at once.
    RetryOn500,
    /// What one look-up doesn't find counts as not there.
    LookUpOnce,
    /// The window in which the portal may still act isn't waited out.
    ZombieWindow0,
    /// The mark holds the number of the attempt.
    KeyWithAttempt,
    /// The mark holds the plan.
    KeyWithPlan,
    /// The outcome of a batch's first record is taken for that of all.
    BatchAsOneRecord,
    /// A redirection is followed.
    RedirectFollowed,
    /// The HTTP library tries again by itself.
    NackRetry,
    /// Nobody asks whether another run is writing.
    LockSkipped,
    /// The state that `undo` goes by is noted before the own updates are answered.
    BaselineBeforeAck,
    /// What an interrupted run was sending counts as not sent.
    ResumeIgnoresSent,
    /// Of several records with one mark the first is taken.
    AdoptFirstOfTwo,
}

/// Every defect by its name.
pub const BUGS: [(&str, Bug); 16] = [
    ("intent-not-synced", Bug::IntentNotSynced),
    ("intent-after-send", Bug::IntentAfterSend),
    ("ack-before-answer", Bug::AckBeforeAnswer),
    ("retry-on-timeout", Bug::RetryOnTimeout),
    ("retry-on-500", Bug::RetryOn500),
    ("look-up-once", Bug::LookUpOnce),
    ("zombie-window-0", Bug::ZombieWindow0),
    ("key-with-attempt", Bug::KeyWithAttempt),
    ("key-with-plan", Bug::KeyWithPlan),
    ("batch-as-one-record", Bug::BatchAsOneRecord),
    ("redirect-followed", Bug::RedirectFollowed),
    ("nack-retry", Bug::NackRetry),
    ("lock-skipped", Bug::LockSkipped),
    ("baseline-before-ack", Bug::BaselineBeforeAck),
    ("resume-ignores-sent", Bug::ResumeIgnoresSent),
    ("adopt-first-of-two", Bug::AdoptFirstOfTwo),
];

/// What a drill on a thread of its own unwinds with: the name of the point.
#[derive(Debug, Clone, Copy)]
pub struct Died(pub &'static str);

/// A drill of one thread.
#[derive(Debug, Default)]
struct Drill {
    /// So many more points, the last of which it dies at.
    left: Option<u64>,
    bug: Option<Bug>,
}

impl Drill {
    /// Counts a passing; says whether the thread dies of it.
    fn dies(&mut self) -> bool {
        let is_last = self.left == Some(1);
        self.left = if is_last { None } else { self.left.map(|left| left - 1) };
        is_last
    }
}

thread_local! {
    static DRILL: RefCell<Option<Drill>> = const { RefCell::new(None) };
}

/// Lets this thread die after so many more points, and plants a defect for it.
pub fn arm(die_after: Option<u64>, bug: Option<Bug>) {
    DRILL.with_borrow_mut(|drill| *drill = Some(Drill { left: die_after, bug }));
}

/// Ends this thread's drill.
pub fn disarm() {
    DRILL.with_borrow_mut(|drill| *drill = None);
}

/// Whether a defect is planted, for this thread or for the process.
pub fn is_planted(bug: Bug) -> bool {
    let of_the_thread = DRILL.with_borrow(|drill| drill.as_ref().map(|drill| drill.bug));
    let of_the_process = || {
        let name = std::env::var("B24RESTORE_BUG").ok()?;
        BUGS.iter().find(|(known, _)| *known == name).map(|(_, bug)| *bug)
    };
    of_the_thread.unwrap_or_else(of_the_process) == Some(bug)
}

/// Passes a point.
pub fn pass(name: &'static str) {
    pass_with(name, || {});
}

/// Passes a point; where the process dies there, `last` is its last deed.
///
/// # Panics
///
/// Where the drill says so: that is one of the ways to die.
pub fn pass_with(name: &'static str, last: impl FnOnce()) {
    debug_assert!(POINTS.contains(&name), "{name} is no point");
    let of_the_thread = DRILL.with_borrow_mut(|drill| drill.as_mut().map(Drill::dies));
    if of_the_thread == Some(true) {
        last();
        // Unlike a panic it prints nothing.
        std::panic::resume_unwind(Box::new(Died(name)));
    }
    if of_the_thread.is_none() && of_the_process(name) {
        last();
        let panics = std::env::var("B24RESTORE_CRASH_MODE").is_ok_and(|mode| mode == "panic");
        assert!(!panics, "the drill ends at {name:?}");
        std::process::abort();
    }
}

/// Counts a passing of the process; says whether it dies of it.
fn of_the_process(name: &str) -> bool {
    static PASSED: AtomicU64 = AtomicU64::new(0);
    static OF_THAT_NAME: AtomicU64 = AtomicU64::new(0);
    let passed = PASSED.fetch_add(1, Ordering::SeqCst) + 1;
    if let Ok(path) = std::env::var("B24RESTORE_CRASH_COUNT") {
        let file = OpenOptions::new().create(true).append(true).open(path);
        // A count that can't be written is missed by who reads it.
        let _ = file.and_then(|mut file| writeln!(file, "{name}"));
    }
    let Ok(wanted) = std::env::var("B24RESTORE_CRASH_AT") else { return false };
    match wanted.rsplit_once(':') {
        Some((at, count)) => at == name && Some(OF_THAT_NAME.fetch_add(1, Ordering::SeqCst) + 1) == count.parse().ok(),
        None => Some(passed) == wanted.parse().ok(),
    }
}
