//! What happens while a command runs, told to whoever listens: a bar, a log, a test.

use crate::model::EntityType;

/// Something that happened. Closed, so that every listener decides about every event.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A phase begins; `total` is how many units it has, where that is known.
    Begin {
        /// Which phase.
        phase: Phase,
        /// How many units it will have.
        total: Option<u64>,
    },
    /// Units of the current phase are done.
    Advance {
        /// Which phase.
        phase: Phase,
        /// How many more than before.
        by: u64,
    },
    /// A phase is over.
    End {
        /// Which phase.
        phase: Phase,
    },
    /// The portal makes us wait.
    Wait {
        /// What for.
        reason: WaitReason,
        /// How long, in milliseconds.
        millis: u64,
    },
    /// A request was answered; for `-v`.
    Request {
        /// The method, never its address.
        method: String,
        /// How long it took, in milliseconds.
        millis: u64,
        /// What came of it, in a word.
        outcome: &'static str,
    },
}

/// The phases of the commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Looking at the files.
    Survey,
    /// Reading the portal's records of a type.
    ReadPortal(EntityType),
    /// Reading and comparing the files' rows.
    Compare,
    /// Creating records.
    Create,
    /// Mending what the import dropped.
    Mend,
    /// Reading records back.
    Verify,
    /// Deleting what a plan created.
    Undo,
}

/// Why the program waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WaitReason {
    /// The portal's request limit (50 at once, 2 a second).
    RequestLimit,
    /// The portal's operating time for a method is used up.
    OperatingLimit,
    /// The portal said to slow down.
    Refused,
    /// No connection; trying again.
    Network,
    /// A request's answer was lost: waiting until the portal can't carry it out any more.
    UnclearAnswer,
}

/// Someone who listens. Called from several threads; must not block.
pub trait Observer: Send + Sync {
    /// Takes note of an event.
    fn event(&self, event: Event);
}

/// Listens to nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Observer for Silent {
    fn event(&self, _: Event) {}
}

/// Keeps every event, for tests.
#[derive(Debug, Default)]
pub struct Collector(std::sync::Mutex<Vec<Event>>);

impl Collector {
    /// What has been told so far.
    pub fn events(&self) -> Vec<Event> {
        self.0.lock().map(|events| events.clone()).unwrap_or_default()
    }
}

impl Observer for Collector {
    fn event(&self, event: Event) {
        if let Ok(mut events) = self.0.lock() {
            events.push(event);
        }
    }
}
