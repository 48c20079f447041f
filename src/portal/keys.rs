//! The keys of an application, and the file that holds them.
//!
//! Bitrix24 replaces both tokens at every renewal (docs: settings/oauth/auto-renewal), so the file is rewritten: as a whole, beside its
//! place, on the disk before it takes it. A kill at any instant leaves the old keys or the new ones, never half of either.

use std::fs::{self, File, TryLockError};
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde_json::{Map, Value as Json};
use tempfile::NamedTempFile;
use tokio::time::sleep;

/// The authorisation server where the file names none (docs: settings/oauth).
const AUTHORISATION_SERVER: &str = "https://oauth.bitrix.info/rest/";

/// How the names of drafts begin.
const DRAFT: &str = ".b24restore-keys-";

/// How often it is looked whether another run has renewed the keys: for longer than that can take it.
const LOCK_LOOKS_MAX: u32 = 3000;
const LOCK_LOOK: Duration = Duration::from_millis(50);

/// How much longer than the old keys the new ones may be before the room that was made for them is too small.
const ROOM: usize = 4096;

/// An application's keys as they stand in the file.
#[derive(Clone)]
pub(super) struct Keys {
    pub client_id: String,
    pub client_secret: SecretString,
    pub access_token: SecretString,
    pub refresh_token: SecretString,
    /// The portal's REST address.
    pub client_endpoint: String,
    /// The authorisation server's.
    pub server_endpoint: String,
    /// What else stands there and is none of ours: it stays.
    others: Map<String, Json>,
}

/// Why a text is no application's keys. It never repeats the text.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// It begins with `{` and is no JSON object.
    #[error("the application's keys are no JSON")]
    NotJson,
    /// They stand in the environment, where new ones can't be put.
    #[error("the keys of an application must be in a file, because Bitrix24 replaces them every hour")]
    NotInAFile,
    /// One of them is missing.
    #[error("the application's keys have no `{0}`")]
    Missing(&'static str),
    /// The portal's address isn't one.
    #[error("the application's `client_endpoint` must look like https://HOST/rest/")]
    Portal,
    /// The client's secret would go to a stranger.
    #[error(
        "the application's `server_endpoint` is no authorisation server of Bitrix24 (oauth.bitrix.info, oauth.bitrix24.tech)"
    )]
    Server,
    /// New keys could not be put into the file.
    #[error("the file of the application's keys can't be rewritten: {0}")]
    ReadOnly(#[source] io::Error),
}

/// The names under which each key is known: to the authorisation server and the install event, to an application's page in a frame (docs:
/// settings/oauth/simple-way), and to the vendor's own `CRest` (`settings.json`).
const CLIENT_ID: &[&str] = &["client_id", "C_REST_CLIENT_ID"];
const CLIENT_SECRET: &[&str] = &["client_secret", "C_REST_CLIENT_SECRET"];
const ACCESS_TOKEN: &[&str] = &["access_token", "AUTH_ID"];
const REFRESH_TOKEN: &[&str] = &["refresh_token", "REFRESH_ID"];
const CLIENT_ENDPOINT: &[&str] = &["client_endpoint"];
const SERVER_ENDPOINT: &[&str] = &["server_endpoint", "SERVER_ENDPOINT"];
/// The portal's host, where a frame's parameters name no address. (`domain` is the authorisation server's, as often as not.)
const HOST: &[&str] = &["DOMAIN"];

impl Keys {
    /// Reads keys: as the authorisation server answers them with the client's id and secret beside, or the `auth` of an install event.
    pub fn parse(text: &str) -> Result<Self, KeysError> {
        let mut found: Map<String, Json> = serde_json::from_str(text).map_err(|_| KeysError::NotJson)?;
        if let Some(Json::Object(auth)) = found.shift_remove("auth") {
            found.extend(auth);
        }
        let mut take = |names: &[&'static str]| {
            let mut first = None;
            // Under all its names, lest an old value stay under one of them.
            for name in names {
                if let Some(Json::String(text)) = found.shift_remove(*name)
                    && !text.trim().is_empty()
                {
                    first.get_or_insert(text);
                }
            }
            first.ok_or(KeysError::Missing(names[0]))
        };
        let client_id = take(CLIENT_ID)?;
        let client_secret = take(CLIENT_SECRET)?.into();
        let access_token = take(ACCESS_TOKEN)?.into();
        let refresh_token = take(REFRESH_TOKEN)?.into();
        let client_endpoint = take(CLIENT_ENDPOINT).or_else(|missing| match take(HOST) {
            Ok(host) => Ok(format!("https://{host}/rest/")),
            Err(_) => Err(missing),
        })?;
        let server_endpoint = take(SERVER_ENDPOINT).unwrap_or_else(|_| AUTHORISATION_SERVER.to_owned());
        Ok(Self { client_id, client_secret, access_token, refresh_token, client_endpoint, server_endpoint, others: found })
    }

    /// The same with a new pair of tokens. How long they live is said anew too, where it was said.
    pub fn with_pair(&self, access_token: SecretString, refresh_token: SecretString, answer: &Map<String, Json>) -> Self {
        let mut renewed = Self { access_token, refresh_token, ..self.clone() };
        for name in ["expires", "expires_in"] {
            if let (Some(place), Some(value)) = (renewed.others.get_mut(name), answer.get(name)) {
                *place = value.clone();
            }
        }
        renewed
    }

    /// The form that asks for new tokens. By POST, as the vendor's `CRest` does it: the documentation's GET has all secrets in its address.
    pub fn renewal_form_exposing_the_secrets(&self) -> Zeroizing<String> {
        let mut form = url::form_urlencoded::Serializer::new(String::with_capacity(ROOM));
        form.append_pair("grant_type", "refresh_token")
            .append_pair("client_id", &self.client_id)
            .append_pair("client_secret", self.client_secret.expose_secret())
            .append_pair("refresh_token", self.refresh_token.expose_secret());
        Zeroizing::new(form.finish())
    }

    /// What an authorisation server said, without any of the secrets that it was told.
    pub fn without_the_secrets(&self, said: &str) -> String {
        let secrets = [&self.client_secret, &self.refresh_token, &self.access_token];
        secrets.into_iter().fold(said.to_owned(), |said, secret| said.replace(secret.expose_secret(), "***"))
    }

    /// The keys as the file holds them.
    fn written(&self) -> io::Result<Zeroizing<Vec<u8>>> {
        #[derive(Serialize)]
        struct Written<'a> {
            client_id: &'a str,
            client_secret: &'a str,
            access_token: &'a str,
            refresh_token: &'a str,
            client_endpoint: &'a str,
            server_endpoint: &'a str,
            #[serde(flatten)]
            others: &'a Map<String, Json>,
        }
        let written = Written {
            client_id: &self.client_id,
            client_secret: self.client_secret.expose_secret(),
            access_token: self.access_token.expose_secret(),
            refresh_token: self.refresh_token.expose_secret(),
            client_endpoint: &self.client_endpoint,
            server_endpoint: &self.server_endpoint,
            others: &self.others,
        };
        // With room to spare, so that no copy is left behind where the text grows.
        let mut text = Zeroizing::new(Vec::with_capacity(ROOM * 4));
        serde_json::to_writer_pretty(&mut *text, &written)?;
        text.push(b'\n');
        Ok(text)
    }
}

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
        if let Some(directory) = file.lockable()
            && directory.try_lock().is_ok()
        {
            file.sweep();
        }
        file.draft()?;
        Ok(file)
    }

    /// The keys that stand in it now: another run may have renewed them.
    pub fn read(&self) -> Result<Keys, KeysError> {
        let text = Zeroizing::new(fs::read_to_string(&self.path).map_err(KeysError::ReadOnly)?);
        Keys::parse(text.trim_start_matches('\u{feff}').trim())
    }

    /// Keeps other runs with keys in the same directory from renewing, until what is returned is dropped.
    ///
    /// The directory is what is locked: a file that is replaced would be another one for whoever waits. Where that can't be done (Windows,
    /// some network drives) two runs must not renew at once; whoever comes second would be refused. The system tells nobody when a lock
    /// comes free but a thread that waits for it without an end, so it is asked again and again; what holds it longer than any renewal
    /// lasts is none.
    pub async fn lock(&self) -> Option<File> {
        let directory = self.lockable()?;
        for _ in 0..LOCK_LOOKS_MAX {
            match directory.try_lock() {
                Ok(()) => {
                    self.sweep();
                    return Some(directory);
                }
                Err(TryLockError::WouldBlock) => sleep(LOCK_LOOK).await,
                Err(TryLockError::Error(_)) => return None,
            }
        }
        None
    }

    fn lockable(&self) -> Option<File> {
        if cfg!(unix) { File::open(self.directory()).ok() } else { None }
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
    use super::*;

    const ANSWER: &str = r#"{"client_id": "local.1", "client_secret": "s", "access_token": "a", "refresh_token": "r",
        "client_endpoint": "https://acme.bitrix24.mx/rest/", "server_endpoint": "https://oauth.bitrix24.tech/rest/", "expires_in": 3600, "scope": "crm"}"#;

    fn keys(text: &str) -> Keys {
        Keys::parse(text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    #[test]
    fn keys_are_taken_as_each_of_the_vendors_ways_hands_them_out() {
        let event = r#"{"event": "ONAPPINSTALL", "client_id": "local.1", "client_secret": "s",
            "auth": {"access_token": "a", "refresh_token": "r", "client_endpoint": "https://acme.bitrix24.mx/rest/", "domain": "acme.bitrix24.mx"}}"#;
        let frame = r#"{"client_id": "local.1", "client_secret": "s", "DOMAIN": "acme.bitrix24.mx", "AUTH_ID": "a", "REFRESH_ID": "r",
            "SERVER_ENDPOINT": "https://oauth.bitrix24.tech/rest/"}"#;
        let crest = r#"{"C_REST_CLIENT_ID": "local.1", "C_REST_CLIENT_SECRET": "s", "access_token": "a", "refresh_token": "r",
            "client_endpoint": "https:\/\/acme.bitrix24.mx\/rest\/", "domain": "oauth.bitrix.info"}"#;
        for (text, server) in [(ANSWER, "24.tech"), (event, "bitrix.info"), (frame, "24.tech"), (crest, "bitrix.info")] {
            let keys = keys(text);
            assert_eq!((keys.client_id.as_str(), keys.client_secret.expose_secret()), ("local.1", "s"));
            assert_eq!((keys.access_token.expose_secret(), keys.refresh_token.expose_secret()), ("a", "r"));
            assert_eq!(keys.client_endpoint, "https://acme.bitrix24.mx/rest/");
            assert!(keys.server_endpoint.contains(server), "{text}");
        }
    }

    #[test]
    fn what_is_missing_is_named_and_nothing_is_repeated() {
        for name in ["client_id", "client_secret", "access_token", "refresh_token", "client_endpoint"] {
            let mut text: Map<String, Json> = serde_json::from_str(&ANSWER.replace("\"s\"", "\"canary7secret\"")).expect("JSON");
            text.remove(name);
            let error = Keys::parse(&Json::Object(text).to_string()).err().expect("keys that aren't whole");
            assert!(matches!(error, KeysError::Missing(missing) if missing == name), "{name}: {error}");
            assert!(!format!("{error} {error:?}").contains("canary"));
        }
        assert!(matches!(Keys::parse("{canary"), Err(KeysError::NotJson)));
    }

    #[test]
    fn what_an_authorisation_server_repeats_loses_every_secret() {
        let keys = keys(
            &ANSWER
                .replace("\"s\"", "\"canary7secret\"")
                .replace("\"r\"", "\"canary7refresh\"")
                .replace("\"a\"", "\"canary7access\""),
        );
        assert_eq!(keys.without_the_secrets("canary7refresh of canary7secret, canary7access"), "*** of ***, ***");
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
        assert_eq!(fs::read_dir(dir.path()).expect("a directory").count(), 1, "a draft was left behind");
    }

    #[cfg(unix)]
    #[test]
    fn what_a_killed_run_left_is_taken_away_by_the_next() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("app.json");
        for name in ["app.json", ".b24restore-keys-killed"] {
            fs::write(dir.path().join(name), ANSWER).expect("a file");
        }
        KeyFile::open(&path).expect("a file of keys");
        assert_eq!(fs::read_dir(dir.path()).expect("a directory").count(), 1);
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
