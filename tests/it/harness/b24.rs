//! The program, run as a user runs it.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use super::portal::Portal;

/// The program under test.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_b24restore");

/// Only so that a hanging program is told instead of hanging the tests.
const LONGEST: Duration = Duration::from_secs(100);

/// The program with its environment.
#[derive(Debug, Clone)]
pub struct B24 {
    webhook: Option<String>,
    keys: Option<PathBuf>,
    state: PathBuf,
    window: String,
    variables: Vec<(String, String)>,
}

/// What came of a run.
#[derive(Clone)]
pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
    /// The arguments, for a message about a run that went wrong.
    said: String,
}

/// A restore file beside a portal's data.
pub fn written(portal: &Portal, name: &str, text: &str) -> PathBuf {
    let path = portal.dir().join(name);
    std::fs::write(&path, text).expect("a file");
    path
}

/// Plans these files into a directory beside a portal's data; gives the summary.
#[track_caller]
pub fn planned(portal: &Portal, files: &[PathBuf], out: &str, more: &[&str]) -> Value {
    let mut args = vec!["plan".into(), "--json".into(), "--out".into(), portal.dir().join(out).into_os_string()];
    args.extend(files.iter().map(|file| file.clone().into_os_string()));
    args.extend(more.iter().map(Into::into));
    b24(portal).run(args).exits(0).json()
}

/// The program at a portal.
pub fn b24(portal: &Portal) -> B24 {
    B24::without_portal(portal.dir()).webhook(portal.webhook())
}

impl B24 {
    /// The program without a word on the portal.
    pub fn without_portal(home: &Path) -> Self {
        Self { webhook: None, keys: None, state: home.join("state"), window: "0.3".to_owned(), variables: Vec::new() }
    }

    /// Another webhook.
    pub fn webhook(mut self, webhook: &str) -> Self {
        self.webhook = Some(webhook.to_owned());
        self
    }

    /// An application's keys instead of a webhook.
    pub fn keys(mut self, file: &Path) -> Self {
        (self.webhook, self.keys) = (None, Some(file.to_owned()));
        self
    }

    /// How long an unclear request may still be carried out, in seconds.
    pub fn window(mut self, seconds: &str) -> Self {
        seconds.clone_into(&mut self.window);
        self
    }

    /// One more variable.
    #[cfg(feature = "faults")]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    fn command<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Command {
        let mut args: Vec<OsString> = args.into_iter().map(|arg| arg.as_ref().to_owned()).collect();
        let meets_the_portal = ["plan", "apply", "verify", "undo", "snapshot"].iter().any(|name| args[0] == *name);
        let has_limits = args.iter().any(|arg| arg == "--portal-limits");
        let is_local = self.webhook.as_ref().is_none_or(|webhook| webhook.starts_with("http://127.0.0.1:"));
        if meets_the_portal && !has_limits && is_local {
            args.extend(["--portal-limits".into(), "none".into()]);
        }
        if let Some(keys) = self.keys.as_ref().filter(|_| meets_the_portal) {
            args.extend(["--webhook-file".into(), keys.into()]);
        }
        let mut command = Command::new(PROGRAM);
        command
            .args(&args)
            .env("LC_ALL", "en_US.UTF-8")
            .env("XDG_STATE_HOME", &self.state)
            .env("B24RESTORE_ZOMBIE_WINDOW", &self.window)
            .env_remove("B24_WEBHOOK")
            .envs(self.variables.iter().cloned())
            .stdin(Stdio::null());
        if let Some(webhook) = &self.webhook {
            command.env("B24_WEBHOOK", webhook);
        }
        command
    }

    /// Runs the program to its end.
    pub fn run<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Ran {
        let command = self.command(args);
        let said = format!("{:?}", command.get_args().collect::<Vec<_>>());
        let output = assert_cmd::Command::from_std(command).timeout(LONGEST).output().expect("the program runs");
        Ran {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).expect("UTF-8"),
            err: String::from_utf8(output.stderr).expect("UTF-8"),
            said,
        }
    }

    /// Runs the program at a terminal where somebody types a line; stderr is what the terminal shows.
    #[cfg(unix)]
    pub fn at_a_terminal<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>, typed: &str) -> Ran {
        use std::io::{Read, Write};

        use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&master).and_then(|()| unlockpt(&master)).expect("an open terminal");
        let name = ptsname(&master, Vec::new()).expect("its name").into_string().expect("UTF-8");
        let slave = || std::fs::OpenOptions::new().read(true).write(true).open(&name).expect("the other end");
        let mut command = self.command(args);
        let said = format!("{:?}", command.get_args().collect::<Vec<_>>());
        command.stdin(slave()).stderr(slave()).stdout(Stdio::piped());
        let child = command.spawn().expect("the program starts");
        // The program alone holds the other end now, so that its end shows here.
        drop(command);
        let mut master = std::fs::File::from(master);
        master.write_all(format!("{typed}\n").as_bytes()).expect("a typed line");
        let mut shown = Vec::new();
        let mut piece = [0; 4096];
        // A terminal whose other end is closed reads as an error.
        while let Ok(read @ 1..) = master.read(&mut piece) {
            shown.extend_from_slice(&piece[..read]);
        }
        let output = child.wait_with_output().expect("its end");
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Ran { code: output.status.code(), out: text(output.stdout), err: text(shown), said }
    }

    /// Starts the program, to be killed on the way.
    pub fn start<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Child {
        self.command(args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts")
    }

    /// `apply --yes --json`, run again until it says that it is complete.
    #[track_caller]
    pub fn applies_until_complete(&self, plan: &Path) -> Value {
        for _ in 0..6 {
            let ran = self.run([OsString::from("apply"), plan.into(), "--yes".into(), "--json".into()]);
            match ran.code {
                Some(0 | 3) => {
                    let outcome = ran.json();
                    assert_eq!(outcome["complete"], true, "{ran:?}");
                    return outcome;
                }
                Some(1) => {}
                _ => panic!("{ran:#?}"),
            }
        }
        panic!("apply is still not complete after six runs");
    }
}

impl fmt::Debug for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, out, err, said } = self;
        write!(f, "b24restore {said}: {code:?}\n--- stdout\n{out}--- stderr\n{err}---")
    }
}

impl Ran {
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }

    /// stdout holds a text.
    #[track_caller]
    pub fn stdout(self, text: &str) -> Self {
        assert!(self.out.contains(text), "{text:?} is not in {self:#?}");
        self
    }

    /// stderr holds a text.
    #[track_caller]
    pub fn stderr(self, text: &str) -> Self {
        assert!(self.err.contains(text), "{text:?} is not in {self:#?}");
        self
    }

    /// Neither output holds a text.
    #[track_caller]
    pub fn never_says(self, text: &str) -> Self {
        assert!(!self.out.contains(text) && !self.err.contains(text), "{text:?} is in {self:#?}");
        self
    }

    /// stdout as JSON: one value and nothing else.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }
}
