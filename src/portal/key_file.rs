//! The file that holds an application's keys.
//!
//! Bitrix24 replaces both tokens at every renewal (docs: settings/oauth/auto-renewal), so the file is rewritten: as a whole, beside its
//! place, on the disk before it takes it. A kill at any instant leaves the old keys or the new ones, never half of either.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::zeroize::Zeroizing;
use tempfile::NamedTempFile;
use tokio::time::sleep;

use super::keys::{Keys, KeysError, ROOM};
use crate::model::typed_text;

/// How the names of drafts begin.
const DRAFT: &str = ".b24restore-keys-";

/// What is locked in the directory of the keys where the directory itself can't be.
const LOCK: &str = ".b24restore-keys.lock";

/// How often it is looked whether another run has renewed the keys: for longer than that can take it.
const LOCK_LOOKS_MAX: u32 = 3000;
const LOCK_LOOK: Duration = Duration::from_millis(50);

/// The file of an application's keys.
#[derive(Debug)]
pub(super) struct KeyFile {
    /// Where it really is: a link to it stays a link.
    path: PathBuf,
}

/// A place beside the file where the new keys are written, with the room they need: asked for before the old ones are given away.
#[derive(Debug)]
pub(super) struct Draft<'a> {
    file: NamedTempFile,
    of: &'a KeyFile,
}

impl KeyFile {
    /// A file that can be read and rewritten.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = Self { path: fs::canonicalize(path)? };
        if let Some(lockable) = file.lockable()
            && lockable.try_lock().is_ok()
        {
            file.sweep();
        }
        file.draft()?;
        Ok(file)
    }

    /// The keys that stand in it now: another run may have renewed them.
    pub fn read(&self) -> Result<Keys, KeysError> {
        let bytes = Zeroizing::new(fs::read(&self.path).map_err(KeysError::ReadOnly)?);
        let text = Zeroizing::new(typed_text(&bytes).map_err(KeysError::ReadOnly)?);
        Keys::parse(text.trim())
    }

    /// Keeps other runs with keys in the same directory from renewing, until what is returned is dropped.
    ///
    /// What is locked is not the file: one that is replaced would be another one for whoever waits. Where there are no locks (some network
    /// drives) two runs must not renew at once; whoever comes second would be refused. The system tells nobody when a lock comes free but
    /// a thread that waits for it without an end, so it is asked again and again; what holds it longer than any renewal lasts is none.
    pub async fn lock(&self) -> Option<File> {
        let lockable = self.lockable()?;
        for _ in 0..LOCK_LOOKS_MAX {
            match lockable.try_lock() {
                Ok(()) => {
                    self.sweep();
                    return Some(lockable);
                }
                Err(TryLockError::WouldBlock) => sleep(LOCK_LOOK).await,
                Err(TryLockError::Error(_)) => return None,
            }
        }
        None
    }

    /// What stays in its place whoever renews: the directory itself; where the system has no lock for directories (Windows), a file in it.
    fn lockable(&self) -> Option<File> {
        let lockable = if cfg!(unix) { File::open(self.directory()) } else { lock_file(self.directory()) };
        lockable.ok()
    }

    /// Takes away what killed runs have left. Whoever has the lock knows that nobody else needs it.
    fn sweep(&self) {
        let entries = fs::read_dir(self.directory()).into_iter().flatten().flatten();
        for entry in entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(DRAFT)) {
            let _ = fs::remove_file(entry.path());
        }
    }

    /// Makes room for new keys.
    pub fn draft(&self) -> io::Result<Draft<'_>> {
        let old = fs::metadata(&self.path)?;
        if old.permissions().readonly() {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, "it may only be read"));
        }
        // For its owner alone (0600), as every file that `tempfile` makes.
        let mut file = tempfile::Builder::new().prefix(DRAFT).tempfile_in(self.directory())?;
        file.write_all(&vec![b' '; old.len() as usize + ROOM])?;
        file.as_file().sync_all()?;
        keep_owner(file.as_file(), &old);
        Ok(Draft { file, of: self })
    }

    fn directory(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("."))
    }
}

/// An empty file that is there to be locked, and stays: another one in its place would be another lock.
fn lock_file(directory: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(false).open(directory.join(LOCK))
}

/// Whoever owns the old keys owns the new ones, too: `root` doesn't take a colleague's away. Nobody else can give files away.
#[cfg(unix)]
fn keep_owner(file: &File, old: &fs::Metadata) {
    use std::os::unix::fs::{MetadataExt, fchown};
    let _ = fchown(file, Some(old.uid()), Some(old.gid()));
}

/// Elsewhere the directory's rights are inherited.
#[cfg(not(unix))]
fn keep_owner(_: &File, _: &fs::Metadata) {}

impl Draft<'_> {
    /// Puts the new keys in the place of the old ones; when this returns, they outlast a power cut.
    pub fn keep(mut self, keys: &Keys) -> io::Result<()> {
        let text = keys.written()?;
        self.file.rewind()?;
        self.file.write_all(&text)?;
        self.file.as_file().set_len(text.len() as u64)?;
        self.file.as_file().sync_all()?;
        self.file.persist(&self.of.path).map_err(|error| error.error)?;
        // Windows has no such call: its rename is its own matter.
        if cfg!(unix) { File::open(self.of.directory())?.sync_all() } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value as Json};

    use super::*;

    const ANSWER: &str = r#"{"client_id": "local.1", "client_secret": "s", "access_token": "a", "refresh_token": "r",
        "client_endpoint": "https://acme.bitrix24.mx/rest/", "server_endpoint": "https://oauth.bitrix24.tech/rest/", "expires_in": 3600, "scope": "crm"}"#;

    /// How many drafts lie in a directory.
    fn drafts(dir: &Path) -> usize {
        let entries = fs::read_dir(dir).expect("a directory").flatten();
        entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(DRAFT)).count()
    }

    #[test]
    fn where_a_directory_can_not_be_locked_a_file_in_it_keeps_the_second_out_until_the_first_is_through() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("app.json");
        fs::write(&path, ANSWER).expect("a file");
        let file = KeyFile { path };
        let [first, second] = [(); 2].map(|()| lock_file(dir.path()).expect("a lock"));
        first.try_lock().expect("the lock is free");
        assert!(matches!(second.try_lock(), Err(TryLockError::WouldBlock)));
        // What is swept away meanwhile leaves the lock where it is.
        file.sweep();
        let third = lock_file(dir.path()).expect("a lock");
        assert!(matches!(third.try_lock(), Err(TryLockError::WouldBlock)));
        drop(first);
        second.try_lock().expect("the lock is free again");
    }

    #[tokio::test]
    async fn one_renewal_at_a_time_holds_the_lock_and_the_next_gets_it_when_the_first_is_through() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("app.json");
        fs::write(&path, ANSWER).expect("a file");
        let [one, other] = [(); 2].map(|()| KeyFile::open(&path).expect("a file of keys"));
        let held = one.lock().await.expect("a lock");
        let mut waiting = Box::pin(other.lock());
        assert!(is_pending(&mut waiting), "both have the lock");
        drop(held);
        assert!(waiting.await.is_some());
    }

    fn is_pending(future: &mut (impl Future + Unpin)) -> bool {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        std::pin::Pin::new(future).poll(&mut context).is_pending()
    }

    #[test]
    fn new_keys_take_the_place_of_the_old_ones_and_nothing_else_of_the_file() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("app.json");
        fs::write(&path, format!("\u{feff}{ANSWER}")).expect("a file");
        let file = KeyFile::open(&path).expect("a file of keys");
        let old = file.read().expect("keys");
        let answer = serde_json::from_str(r#"{"expires_in": 1800, "domain": "x"}"#).expect("JSON");
        file.draft().and_then(|draft| draft.keep(&old.with_pair("a2".into(), "r2".into(), &answer))).expect("new keys");
        let text = fs::read_to_string(&path).expect("the file");
        let new: Json = serde_json::from_str(&text).expect("JSON");
        let old: Json = serde_json::from_str(ANSWER).expect("JSON");
        for (name, value) in old.as_object().expect("an object") {
            let expected = match name.as_str() {
                "access_token" => "a2".into(),
                "refresh_token" => "r2".into(),
                "expires_in" => 1800.into(),
                _ => value.clone(),
            };
            assert_eq!(new[name], expected, "{name}");
        }
        assert_eq!(new.as_object().map(Map::len), old.as_object().map(Map::len));
        assert_eq!(drafts(dir.path()), 0, "a draft was left behind");
    }

    #[test]
    fn what_a_killed_run_left_is_taken_away_by_the_next() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("app.json");
        for name in ["app.json", ".b24restore-keys-killed"] {
            fs::write(dir.path().join(name), ANSWER).expect("a file");
        }
        KeyFile::open(&path).expect("a file of keys");
        assert!(drafts(dir.path()) == 0 && path.exists());
    }

    #[cfg(unix)]
    #[test]
    fn new_keys_are_for_their_owner_alone_and_a_link_to_them_stays_one() {
        use std::os::unix::fs::{MetadataExt, symlink};
        let dir = tempfile::tempdir().expect("a directory");
        let [path, link] = ["app.json", "link.json"].map(|name| dir.path().join(name));
        fs::write(&path, ANSWER).expect("a file");
        symlink(&path, &link).expect("a link");
        let file = KeyFile::open(&link).expect("a file of keys");
        let keys = file.read().expect("keys");
        file.draft().and_then(|draft| draft.keep(&keys)).expect("the same keys");
        assert!(fs::symlink_metadata(&link).expect("the link").is_symlink());
        assert_eq!(fs::metadata(&path).expect("the file").mode() & 0o777, 0o600);
    }

    #[test]
    fn a_file_that_may_only_be_read_is_said_before_anything_is_asked_for() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("app.json");
        fs::write(&path, ANSWER).expect("a file");
        let mut rights = fs::metadata(&path).expect("the file").permissions();
        rights.set_readonly(true);
        fs::set_permissions(&path, rights).expect("other rights");
        assert_eq!(KeyFile::open(&path).expect_err("a file that may only be read").kind(), io::ErrorKind::PermissionDenied);
    }
}
