//! What happened in a run, line by line, to be read when it went wrong.

use std::fmt;
use std::sync::Mutex;

use b24restore::event::{Event, Observer};
use tokio::time::Instant;

/// The lines of one seed.
#[derive(Debug)]
pub struct Trace {
    begun: Instant,
    lines: Mutex<Vec<String>>,
}

impl Trace {
    pub fn begin() -> Self {
        Self { begun: Instant::now(), lines: Mutex::default() }
    }

    pub fn say(&self, line: impl fmt::Display) {
        let line = format!("{:9.2} s  {line}", self.begun.elapsed().as_secs_f64());
        self.lines.lock().expect("the trace").push(line);
    }
}

impl Observer for Trace {
    fn event(&self, event: Event) {
        if let Event::Wait { reason, millis } = event {
            self.say(format_args!("waits {millis} ms: {reason:?}"));
        }
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lines.lock().expect("the trace").join("\n"))
    }
}
