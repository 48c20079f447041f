//! What one program tells the next of a portal's bucket. Where it is kept is not this room's matter.

use std::time::Duration;

/// What a user's programs know together of a portal's bucket. The portal counts on, whichever of them is killed or begun.
pub trait PaceMemory: Send + Sync {
    /// Calls `turn` once: shows it what another program has left since this one's last turn, and keeps the level that it gives back.
    /// Nobody else has a turn meanwhile, as far as the place allows. A memory that fails has nothing to show, and keeps nothing.
    fn turn(&self, turn: &mut dyn FnMut(Option<Left>) -> Option<f64>);
}

/// How full another program left the bucket.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Left {
    /// How many requests the portal counted.
    pub level: f64,
    /// How long ago.
    pub ago: Duration,
}
