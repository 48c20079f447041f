//! The program as its user runs it: a process of its own, whose output goes into files, and which is never waited for without a bound.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

/// How often a running process is looked at. The standard library can wait for the end of a process, but not for that or a moment.
const LOOK: Duration = Duration::from_millis(2);

/// The program at one portal.
#[derive(Debug)]
pub struct Program {
    webhook: String,
    /// Where outputs and the user's state go.
    home: PathBuf,
    /// `B24RESTORE_ZOMBIE_WINDOW`.
    window: f64,
    limits: &'static str,
    /// An application's keys, where it doesn't go by the webhook.
    keys: Option<PathBuf>,
    runs: AtomicU32,
}

/// A process that may still run. It is killed when it is dropped.
#[derive(Debug)]
pub struct Running {
    child: Child,
    said: String,
    out: PathBuf,
    err: PathBuf,
    begun: Instant,
}

/// How a process ended.
#[derive(Debug, Clone)]
pub struct Ended {
    /// What it was told.
    pub said: String,
    /// Its exit code; none if it was killed.
    pub code: Option<i32>,
    /// What it printed.
    pub out: String,
    /// What it said beside it.
    pub err: String,
    /// Whether it had to be killed because it did not end.
    pub hung: bool,
}

impl Program {
    /// The program with a webhook.
    pub fn new(webhook: String, home: &Path, window: f64) -> Self {
        Self { webhook, home: home.to_owned(), window, limits: "none", keys: None, runs: AtomicU32::new(0) }
    }

    /// The same, keeping to the limits of a standard portal.
    pub fn keeping_limits(self) -> Self {
        Self { limits: "standard", ..self }
    }

    /// The same at another address.
    pub fn at(&self, webhook: String) -> Self {
        Self {
            webhook,
            home: self.home.clone(),
            window: self.window,
            limits: self.limits,
            keys: self.keys.clone(),
            runs: AtomicU32::new(100),
        }
    }

    /// Goes by an application's keys from here on.
    pub fn go_by(&mut self, keys: PathBuf) {
        self.keys = Some(keys);
    }

    /// The application's keys, where it goes by them.
    pub fn keys(&self) -> Option<&Path> {
        self.keys.as_deref()
    }

    /// Starts a command.
    pub fn start<A: AsRef<OsStr>>(&self, words: impl IntoIterator<Item = A>) -> io::Result<Running> {
        let words: Vec<OsString> = words.into_iter().map(|word| word.as_ref().to_owned()).collect();
        let name = words.first().map(|word| word.to_string_lossy().into_owned()).unwrap_or_default();
        let run = self.runs.fetch_add(1, Ordering::Relaxed);
        let output = self.home.join("said");
        fs::create_dir_all(&output)?;
        let [out, err] = ["out", "err"].map(|kind| output.join(format!("{run:03}-{name}.{kind}")));
        let mut command = Command::new(std::env::current_exe()?);
        command
            .args(&words)
            .args(self.keys.iter().flat_map(|file| [OsStr::new("--webhook-file"), file.as_os_str()]))
            .args(["--portal-limits", self.limits, "--lang", "en", "-vv"])
            .env("B24RESTORE_ZOMBIE_WINDOW", self.window.to_string())
            .env("XDG_STATE_HOME", self.home.join("state"))
            // The webhook of the person who proves is none of a proof's business.
            .env_remove(crate::cli::portal::VARIABLE)
            .env(crate::cli::portal::VARIABLE, &self.webhook)
            .stdin(Stdio::null())
            .stdout(File::create(&out)?)
            .stderr(File::create(&err)?);
        let child = command.spawn()?;
        Ok(Running { child, said: format!("{words:?}"), out, err, begun: Instant::now() })
    }

    /// Runs a command to its end.
    pub fn run<A: AsRef<OsStr>>(&self, words: impl IntoIterator<Item = A>, bound: Duration) -> io::Result<Ended> {
        self.start(words)?.end(bound)
    }
}

impl Running {
    /// Whether it has ended by itself within a time.
    pub fn ends_within(&mut self, time: Duration) -> io::Result<bool> {
        let until = Instant::now() + time;
        loop {
            if self.child.try_wait()?.is_some() {
                return Ok(true);
            }
            if Instant::now() >= until {
                return Ok(false);
            }
            std::thread::sleep(LOOK.min(until.saturating_duration_since(Instant::now())));
        }
    }

    /// How long it has run.
    pub fn age(&self) -> Duration {
        self.begun.elapsed()
    }

    /// What it has said beside its output so far.
    pub fn says(&self) -> String {
        fs::read(&self.err).map(|text| String::from_utf8_lossy(&text).into_owned()).unwrap_or_default()
    }

    /// Kills it.
    pub fn kill(mut self) -> io::Result<()> {
        self.child.kill()?;
        self.child.wait().map(drop)
    }

    /// Waits for its end, and kills it if that doesn't come.
    pub fn end(mut self, bound: Duration) -> io::Result<Ended> {
        let hung = !self.ends_within(bound)?;
        if hung {
            self.child.kill()?;
        }
        let code = self.child.wait()?.code();
        let text = |path: &Path| fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        Ok(Ended { said: self.said.clone(), code, out: text(&self.out)?, err: text(&self.err)?, hung })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended already, as a rule.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

impl Ended {
    /// What it printed, as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_default()
    }

    /// A line for the list of what went wrong.
    pub fn complaint(&self, expected: &str) -> String {
        let code = self.code.map_or_else(|| "killed".to_owned(), |code| code.to_string());
        let last = self.err.lines().rfind(|line| !line.ends_with(" ok")).unwrap_or_default();
        format!("{}: exit {code}{}, expected {expected}: {last}", self.said, if self.hung { " (hung)" } else { "" })
    }
}
