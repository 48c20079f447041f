//! How full a portal's bucket of requests is, in a file beside the portal's lock: the next command goes on from there, and two at once
//! share the bucket.
//!
//! One line of fixed length, read and written in place before each request, under the file's lock; never synced, since after a power
//! cut the portal's bucket has run out, too. It holds a number and a moment, and nothing of whom or what was asked. Without the file
//! (no state directory, no right to write, a line that isn't one) the portal is met as by a program alone: what it refuses is waited out.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use crate::model::PortalIdentity;
use crate::plan::digest_of_text;
use crate::portal::{Left, PaceMemory};

use super::clock::Clock;
use super::state_dir;

/// What a line begins with.
const FORMAT: &str = "b24restore pace 1";
/// The length of a line: format, level, moment in microseconds, check digits, line end.
const LINE_LEN: usize = FORMAT.len() + 1 + 9 + 1 + 20 + 1 + 8 + 1;
/// The highest level that a line has room for; no portal counts as far.
const LEVEL_MAX: f64 = 9_999.0;
/// A turn takes microseconds, so one who holds the file for longer than this many looks was stopped in the middle: nobody waits for that.
const LOOKS_MAX: usize = 200;

/// The file of one portal's pace.
#[derive(Debug)]
pub struct PaceFile {
    path: Option<PathBuf>,
    clock: Arc<dyn Clock>,
    file: OnceLock<Option<File>>,
    /// What this program wrote or was told last: who finds that has found no news. Told again and again, a line from before the clock was
    /// set back would be of this very moment until the clock has caught up.
    known: Mutex<String>,
}

impl PaceFile {
    /// The file of a portal in the user's state directory. It is made with the first request that is limited.
    pub fn of(portal: &PortalIdentity, clock: Arc<dyn Clock>) -> Self {
        Self::new(state_dir::file_of(portal, "pace"), clock)
    }

    /// A file at any place.
    pub fn at(path: &Path, clock: Arc<dyn Clock>) -> Self {
        Self::new(Some(path.to_owned()), clock)
    }

    fn new(path: Option<PathBuf>, clock: Arc<dyn Clock>) -> Self {
        Self { path, clock, file: OnceLock::new(), known: Mutex::default() }
    }

    fn file(&self) -> Option<&File> {
        self.file.get_or_init(|| open(self.path.as_deref()?).ok()).as_ref()
    }
}

impl PaceMemory for PaceFile {
    fn turn(&self, turn: &mut dyn FnMut(Option<Left>) -> Option<f64>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(file) = self.file() else {
            turn(None);
            return;
        };
        let _held = Held::take(file);
        let now = self.clock.wall();
        let news = read(file).ok().filter(|line| *line != *known).and_then(|line| {
            let left = left(&line, now)?;
            *known = line;
            Some(left)
        });
        if let Some(level) = turn(news) {
            let line = line(level, now);
            // A line that can't be written leaves the others without news, and this one as it is.
            if write(file, &line).is_ok() {
                *known = line;
            }
        }
    }
}

/// The file's lock, until it is dropped. A system or a drive that knows no locks is no reason not to look.
struct Held<'f>(Option<&'f File>);

impl<'f> Held<'f> {
    fn take(file: &'f File) -> Self {
        for _ in 0..LOOKS_MAX {
            match file.try_lock() {
                Ok(()) => return Self(Some(file)),
                Err(TryLockError::WouldBlock) => std::thread::yield_now(),
                Err(TryLockError::Error(_)) => break,
            }
        }
        Self(None)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        if let Some(file) = self.0 {
            // Closing the file gives it back at the latest.
            let _ = file.unlock();
        }
    }
}

fn open(path: &Path) -> io::Result<File> {
    if let Some(dir) = path.parent() {
        fs::create_dir_all(dir)?;
    }
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn read(mut file: &File) -> io::Result<String> {
    let mut line = String::new();
    file.seek(SeekFrom::Start(0))?;
    file.take(LINE_LEN as u64 + 1).read_to_string(&mut line)?;
    Ok(line)
}

fn write(mut file: &File, line: &str) -> io::Result<()> {
    if file.metadata()?.len() > LINE_LEN as u64 {
        file.set_len(0)?;
    }
    file.seek(SeekFrom::Start(0))?;
    file.write_all(line.as_bytes())
}

fn line(level: f64, now: Timestamp) -> String {
    let said = format!("{FORMAT} {:09.3} {:+020}", level.clamp(0.0, LEVEL_MAX), now.as_microsecond());
    format!("{said} {}\n", check_digits(&said))
}

/// What a line says; nothing where it isn't one, or was torn.
fn left(line: &str, now: Timestamp) -> Option<Left> {
    let (said, digits) = line.strip_suffix('\n')?.rsplit_once(' ')?;
    if line.len() != LINE_LEN || digits != check_digits(said) {
        return None;
    }
    let (level, at) = said.strip_prefix(FORMAT)?.trim_start().split_once(' ')?;
    let (level, at) = (level.parse().ok()?, Timestamp::from_microsecond(at.parse().ok()?).ok()?);
    // A moment in the future, by a clock that was set since, says nothing of how much has run out.
    Some(Left { level, ago: Duration::try_from(now.duration_since(at)).unwrap_or_default() })
}

fn check_digits(said: &str) -> String {
    digest_of_text(said).chars().take(8).collect()
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    /// A clock that a test sets.
    #[derive(Debug, Default)]
    struct Set(Mutex<Timestamp>);

    impl Set {
        fn forward(&self, seconds: i64) {
            let mut now = self.0.lock().expect("the clock");
            *now += SignedDuration::from_secs(seconds);
        }
    }

    impl Clock for Set {
        fn wall(&self) -> Timestamp {
            *self.0.lock().expect("the clock")
        }
    }

    struct Desk {
        dir: tempfile::TempDir,
        clock: Arc<Set>,
    }

    impl Desk {
        fn new() -> Self {
            let noon = "2026-11-25T12:00:00Z".parse().expect("a moment");
            Self { dir: tempfile::tempdir().expect("a directory"), clock: Arc::new(Set(Mutex::new(noon))) }
        }

        fn path(&self) -> PathBuf {
            self.dir.path().join("state").join("portal.test.pace")
        }

        fn program(&self) -> PaceFile {
            PaceFile::at(&self.path(), self.clock.clone())
        }
    }

    /// One turn: what was shown.
    fn turn(file: &PaceFile, keep: Option<f64>) -> Option<Left> {
        let mut shown = None;
        let mut turns = 0;
        file.turn(&mut |left| {
            (shown, turns) = (left, turns + 1);
            keep
        });
        assert_eq!(turns, 1);
        shown
    }

    #[test]
    fn the_next_command_is_told_how_full_the_bucket_was_and_how_long_ago() {
        let desk = Desk::new();
        assert_eq!(turn(&desk.program(), Some(12.5)), None);
        desk.clock.forward(3);
        assert_eq!(turn(&desk.program(), None), Some(Left { level: 12.5, ago: Duration::from_secs(3) }));
        assert_eq!(
            turn(&desk.program(), Some(13.0)),
            Some(Left { level: 12.5, ago: Duration::from_secs(3) }),
            "looking changes nothing"
        );
        let one = fs::read(desk.path()).expect("the file");
        assert_eq!(one.len(), LINE_LEN, "{one:?}");
    }

    #[test]
    fn a_program_is_told_only_what_others_did() {
        let desk = Desk::new();
        let (one, other) = (desk.program(), desk.program());
        turn(&one, Some(1.0));
        assert_eq!(turn(&one, Some(2.0)), None);
        assert_eq!(turn(&other, Some(3.0)).map(|left| left.level), Some(2.0));
        assert_eq!(turn(&one, None).map(|left| left.level), Some(3.0));
    }

    #[test]
    fn a_program_that_waits_is_told_once_even_where_the_clock_was_set_back() {
        let desk = Desk::new();
        turn(&desk.program(), Some(50.0));
        desk.clock.forward(-86_400);
        let waiting = desk.program();
        assert_eq!(turn(&waiting, None), Some(Left { level: 50.0, ago: Duration::ZERO }));
        desk.clock.forward(1);
        assert_eq!(turn(&waiting, None), None);
        turn(&desk.program(), Some(50.5));
        assert_eq!(turn(&waiting, None).map(|left| left.level), Some(50.5), "what another one does meanwhile is news");
    }

    #[test]
    fn a_clock_that_went_back_lets_nothing_run_out() {
        let desk = Desk::new();
        turn(&desk.program(), Some(45.0));
        desk.clock.forward(-86_400);
        assert_eq!(turn(&desk.program(), Some(45.0)), Some(Left { level: 45.0, ago: Duration::ZERO }));
        desk.clock.forward(10);
        assert_eq!(turn(&desk.program(), None), Some(Left { level: 45.0, ago: Duration::from_secs(10) }));
    }

    #[test]
    fn a_line_that_is_none_is_no_news_and_is_written_anew() {
        let desk = Desk::new();
        turn(&desk.program(), Some(45.0));
        let sound = fs::read_to_string(desk.path()).expect("the file");
        let torn = [
            String::new(),
            sound[..30].to_owned(),
            sound.replace("45", "05"),
            format!("{sound}{sound}"),
            sound.replace("pace 1", "pace 2"),
            "x".repeat(1 << 20),
        ];
        let not_text = vec![0xFF; LINE_LEN];
        for content in torn.into_iter().map(String::into_bytes).chain([not_text]) {
            fs::write(desk.path(), &content).expect("a file");
            assert_eq!(turn(&desk.program(), Some(45.0)), None, "{:?}", content.get(..60));
            assert_eq!(turn(&desk.program(), None).map(|left| left.level), Some(45.0));
            assert_eq!(fs::read(desk.path()).expect("the file").len(), LINE_LEN);
        }
    }

    #[test]
    fn a_place_where_nothing_can_be_kept_stops_nobody() {
        let desk = Desk::new();
        fs::write(desk.dir.path().join("state"), "a file where a directory should be").expect("a file");
        assert_eq!(turn(&desk.program(), Some(45.0)), None);
        assert_eq!(
            turn(&PaceFile::at(desk.dir.path(), desk.clock.clone()), Some(45.0)),
            None,
            "a directory where a file should be"
        );
        assert_eq!(turn(&PaceFile::new(None, desk.clock.clone()), Some(45.0)), None, "no place at all");
    }

    #[test]
    fn a_turn_is_over_when_it_is_over_and_alone_while_it_lasts() {
        let desk = Desk::new();
        let program = desk.program();
        let looked_on = |is_free: bool| {
            let other = File::open(desk.path()).expect("the file");
            assert_eq!(other.try_lock().is_ok(), is_free);
        };
        program.turn(&mut |_| {
            looked_on(false);
            Some(1.0)
        });
        looked_on(true);
    }

    #[test]
    fn one_who_was_stopped_in_its_turn_stops_nobody_else() {
        let desk = Desk::new();
        turn(&desk.program(), Some(20.0));
        let stopped = File::open(desk.path()).expect("the file");
        stopped.lock().expect("the lock");
        // Where a lock keeps readers out, too, nothing is known, and the turn comes all the same.
        let shown = turn(&desk.program(), Some(21.0)).map(|left| left.level);
        assert!(shown == Some(20.0) || cfg!(windows) && shown.is_none(), "{shown:?}");
    }

    #[cfg(unix)]
    #[test]
    fn only_the_user_can_look_into_it() {
        use std::os::unix::fs::PermissionsExt;
        let desk = Desk::new();
        turn(&desk.program(), Some(1.0));
        assert_eq!(fs::metadata(desk.path()).expect("the file").permissions().mode() & 0o777, 0o600);
    }
}
