//! The plan directory: its names, how it is written, and how it is believed again.
//!
//! A directory is written beside its place and moved there whole, so that a crash while planning leaves either the old plan or none.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::model::{EntityType, PortalId, PortalIdentity, UserId};

use super::Summary;
use super::action::Action;
use super::seal::{digest_of_file, digest_of_text, open_file};
use super::work::{self, Work};

/// The plan itself: what it is bound to, and the digests of its parts.
pub const PLAN: &str = "plan.json";
/// The numbers.
pub const SUMMARY: &str = "summary.json";
/// One line a record that is not identical.
pub const RECORDS: &str = "records.jsonl";
/// One line an action.
pub const ACTIONS: &str = "actions.jsonl";
/// The rows that can't be used, all files together.
pub const REJECTED: &str = "rejected.csv";
/// The rows that can't be used, in their files' own columns.
pub const REJECTED_DIR: &str = "rejected";
/// The journal of `apply`.
pub const JOURNAL: &str = "journal.sqlite";
/// The page to look at.
pub const REPORT_HTML: &str = "report.html";
/// The table for a spreadsheet.
pub const REPORT_CSV: &str = "report.csv";
/// The lock of `apply`.
pub const LOCK: &str = "apply.lock";
/// Original id -> new id.
pub const IDS: &str = "ids.csv";
/// Each failed record with the portal's words.
pub const FAILURES: &str = "failures.csv";
/// The failed rows in their files' own columns.
pub const FAILED_DIR: &str = "failed";

/// The files of a plan that nobody has begun: what `plan` writes, and the lock.
pub const FILES: [&str; 8] = [PLAN, SUMMARY, RECORDS, ACTIONS, REJECTED, REPORT_HTML, REPORT_CSV, LOCK];

/// The version of the directory's format.
const FORMAT: u32 = 1;

/// `plan.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The version of the directory's format.
    pub format: u32,
    /// The version of the program that made it.
    pub tool: String,
    /// The portal it is bound to.
    pub portal: PortalIdentity,
    /// Whose webhook looked.
    pub user: UserId,
    /// Whether that user is an administrator, who sees every record.
    pub admin: bool,
    /// When it was made: RFC 3339, UTC.
    pub made_at: String,
    /// The zone of the files' times, by IANA name or offset.
    pub zone: String,
    /// What decides, as the user said it.
    pub flags: Flags,
    /// The restore files.
    pub inputs: Vec<Input>,
    /// The numbers, as in `summary.json`.
    pub summary: Summary,
    /// The highest id of each record type that was read: what has a higher one was made after the plan.
    #[serde(default)]
    pub highest: BTreeMap<EntityType, PortalId>,
    /// File name -> SHA-256 of the sealed parts.
    pub parts: BTreeMap<String, String>,
}

/// What of `plan.json` every version has.
#[derive(Debug, Deserialize)]
struct Format {
    format: u32,
    tool: String,
}

/// The flags of `plan` that `apply` obeys or a reader wants to know.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line, sealed under its name")]
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flags {
    /// `empty`, `skip` or `stop`.
    pub missing_parent: String,
    /// `skip` or `create`.
    pub duplicates: String,
    /// `report` or `restore`.
    pub changed: String,
    /// Whether lost links of live records are filled.
    pub relink: bool,
    /// Whether updates after a create are left out.
    pub no_mend: bool,
    /// Whether original id and creation moment go into custom fields.
    pub keep_dates: bool,
    /// Whether only ids were read.
    pub existence_only: bool,
    /// More keys of matching: `email`, `phone`, `title`.
    pub match_keys: Vec<String>,
    /// The record types chosen; empty for all.
    pub only: Vec<EntityType>,
    /// The name under which another portal's files are let in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub foreign: Option<String>,
    /// Who becomes responsible where that person is unknown or dismissed, as it was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assign_missing_to: Option<String>,
    /// Which stage becomes which, as it was said: `OLD=NEW`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stage_map: Vec<String>,
    /// The fields that are neither compared nor written, as they were said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skip_field: Vec<String>,
}

/// A restore file of a plan.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Input {
    /// The path as the user gave it.
    pub path: String,
    /// What it holds.
    pub entity: EntityType,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// Its column titles, so that failed rows can be handed back in them.
    pub header: Vec<String>,
}

/// A plan directory that has been believed: its digests are right.
#[derive(Debug)]
pub struct Plan {
    /// Where it is.
    pub dir: PathBuf,
    /// What it says of itself.
    pub manifest: Manifest,
    /// The digest of the whole: of `plan.json`, which holds the digests of the parts.
    pub digest: String,
}

/// Why a plan directory can't be written or believed.
#[derive(Debug, thiserror::Error)]
pub enum DirError {
    /// The place is taken by something that is no plan.
    #[error("{} holds other files; choose another directory with --out", .0.display())]
    Occupied(PathBuf),
    /// A plan that has been begun is never replaced.
    #[error("{} holds a plan that has been begun; go on with `b24restore apply`, or choose another directory with --out", .0.display())]
    Begun(PathBuf),
    /// There is no plan.
    #[error("{} is no plan directory; make one with `b24restore plan FILE...`", .0.display())]
    NoPlan(PathBuf),
    /// A sealed part is not what was sealed.
    #[error("{part} in {} was altered after the plan was made; make the plan again", dir.display())]
    Altered {
        /// The directory.
        dir: PathBuf,
        /// Which part.
        part: String,
    },
    /// Made by a version of the program that this one doesn't know.
    #[error("the plan in {} was made by version {tool}, which this version can't read; make the plan again", dir.display())]
    Format {
        /// The directory.
        dir: PathBuf,
        /// The version that made it.
        tool: String,
    },
    /// The disk said no.
    #[error("cannot access {}: {source}", path.display())]
    Io {
        /// What was accessed.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl DirError {
    fn io(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        move |source| Self::Io { path: path.to_owned(), source }
    }
}

/// A plan directory that is being written.
#[derive(Debug)]
pub struct Draft {
    work: Work,
    place: PathBuf,
}

impl Draft {
    /// Begins a plan that will stand at `place`; refuses a place that holds something else. What killed writers have left of earlier
    /// plans for it is deleted.
    pub fn begin(place: &Path) -> Result<Self, DirError> {
        check_place(place)?;
        let parent = work::beside(place);
        fs::create_dir_all(&parent).map_err(DirError::io(&parent))?;
        for left in work::leftovers(place) {
            // What can't be deleted is in nobody's way; `purge` names it.
            let _ = left.remove();
        }
        let work = Work::begin(place).map_err(DirError::io(&parent))?;
        Ok(Self { work, place: place.to_owned() })
    }

    /// Where the parts are written for now.
    pub fn path(&self) -> &Path {
        self.work.path()
    }

    /// Where the plan will stand.
    pub fn place(&self) -> &Path {
        &self.place
    }

    /// A part to be written.
    pub fn part(&self, name: &str) -> Result<BufWriter<File>, DirError> {
        let path = self.path().join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(DirError::io(parent))?;
        }
        File::create_new(&path).map(BufWriter::new).map_err(DirError::io(&path))
    }

    /// Writes the actions, one a line.
    pub fn write_actions(&self, actions: &[Action]) -> Result<(), DirError> {
        let path = self.path().join(ACTIONS);
        let mut out = self.part(ACTIONS)?;
        for action in actions {
            let line = action.to_line().map_err(io::Error::other).map_err(DirError::io(&path))?;
            writeln!(out, "{line}").map_err(DirError::io(&path))?;
        }
        out.flush().map_err(DirError::io(&path))
    }

    /// Seals every part written so far, writes `plan.json`, and moves the directory to its place.
    pub fn seal(self, mut manifest: Manifest) -> Result<Plan, DirError> {
        manifest.format = FORMAT;
        let summary =
            serde_json::to_string_pretty(&manifest.summary).map_err(io::Error::other).map_err(DirError::io(self.path()))?;
        self.write_text(SUMMARY, &format!("{summary}\n"))?;
        manifest.parts = self.sealed_parts()?;
        let body = serde_json::to_string_pretty(&manifest).map_err(io::Error::other).map_err(DirError::io(self.path()))?;
        let digest = digest_of_text(&body);
        // The plan's own digest is its last key: the body is the same text without that key.
        let whole = format!("{},\n  \"digest\": \"{digest}\"\n}}\n", body.trim_end().trim_end_matches('}').trim_end());
        self.write_text(PLAN, &whole)?;
        self.move_to_place()?;
        let dir = self.place.clone();
        Ok(Plan { dir, manifest, digest })
    }

    fn write_text(&self, name: &str, text: &str) -> Result<(), DirError> {
        let path = self.path().join(name);
        fs::write(&path, text).map_err(DirError::io(&path))
    }

    fn sealed_parts(&self) -> Result<BTreeMap<String, String>, DirError> {
        let mut parts = BTreeMap::new();
        let mut names: Vec<String> = [SUMMARY, RECORDS, ACTIONS, REJECTED].map(str::to_owned).to_vec();
        names.extend(EntityType::ALL.map(|entity| format!("{REJECTED_DIR}/{entity}.csv")));
        for name in names {
            let path = self.path().join(&name);
            if path.exists() {
                parts.insert(name, digest_of_file(&path).map_err(DirError::io(&path))?);
            }
        }
        Ok(parts)
    }

    fn move_to_place(&self) -> Result<(), DirError> {
        check_place(&self.place)?;
        for entry in walk(self.path()).map_err(DirError::io(self.path()))?.iter().filter(|entry| !entry.ends_with(work::HELD)) {
            // Opened to be written: Windows flushes no file that was opened to be read.
            fs::OpenOptions::new().write(true).open(entry).and_then(|file| file.sync_all()).map_err(DirError::io(entry))?;
        }
        if self.place.exists() {
            fs::remove_dir_all(&self.place).map_err(DirError::io(&self.place))?;
        }
        create_private(&self.place).map_err(DirError::io(&self.place))?;
        // Moved part by part, `plan.json` last: a directory without it is no plan, whatever else it holds.
        let mut names: Vec<_> = fs::read_dir(self.path())
            .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.file_name())).collect::<io::Result<Vec<_>>>())
            .map_err(DirError::io(self.path()))?;
        names.retain(|name| name != work::HELD);
        names.sort_by_key(|name| name == PLAN);
        for name in names {
            let to = self.place.join(&name);
            fs::rename(self.path().join(&name), &to).map_err(DirError::io(&to))?;
        }
        Ok(())
    }
}

/// Makes a directory that only its owner may look into: a plan holds the customers' data.
fn create_private(dir: &Path) -> io::Result<()> {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "other systems give rights by the parent directory"))]
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

fn walk(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() { files.extend(walk(&path)?) } else { files.push(path) }
    }
    Ok(files)
}

/// Whether a plan may be written to a place: nothing there, an empty directory, or a plan that was never begun.
pub fn check_place(place: &Path) -> Result<(), DirError> {
    let entries = match fs::read_dir(place) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => return Err(DirError::Occupied(place.to_owned())),
        Err(error) => return Err(DirError::Io { path: place.to_owned(), source: error }),
    };
    let names: Vec<String> =
        entries.filter_map(|entry| entry.ok().map(|entry| entry.file_name().to_string_lossy().into_owned())).collect();
    if names.iter().any(|name| name == JOURNAL) {
        return Err(DirError::Begun(place.to_owned()));
    }
    if names.iter().all(|name| name == REJECTED_DIR || FILES.contains(&name.as_str())) {
        Ok(())
    } else {
        Err(DirError::Occupied(place.to_owned()))
    }
}

impl Plan {
    /// Opens a plan directory and checks its own digest and that of every part.
    pub fn open(dir: &Path) -> Result<Self, DirError> {
        let altered = |part: &str| DirError::Altered { dir: dir.to_owned(), part: part.to_owned() };
        let text = match open_file(&dir.join(PLAN)).and_then(io::read_to_string) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::InvalidData => return Err(altered(PLAN)),
            Err(_) => return Err(DirError::NoPlan(dir.to_owned())),
        };
        let (body, digest) = split_digest(&text).ok_or_else(|| altered(PLAN))?;
        if digest_of_text(&body) != digest {
            return Err(altered(PLAN));
        }
        // A newer format may have keys that this version doesn't know, so its number is asked for first.
        let format: Format = serde_json::from_str(&body).map_err(|_| altered(PLAN))?;
        if format.format != FORMAT {
            return Err(DirError::Format { dir: dir.to_owned(), tool: format.tool });
        }
        let manifest: Manifest = serde_json::from_str(&body).map_err(|_| altered(PLAN))?;
        for (part, sealed) in &manifest.parts {
            match digest_of_file(&dir.join(part)) {
                Ok(found) if found == *sealed => {}
                _ => return Err(altered(part)),
            }
        }
        Ok(Self { dir: dir.to_owned(), digest: digest.to_owned(), manifest })
    }

    /// The actions in the order in which they are carried out.
    pub fn actions(&self) -> Result<Vec<Action>, DirError> {
        self.lines(ACTIONS)
    }

    fn lines<T: serde::de::DeserializeOwned>(&self, part: &str) -> Result<Vec<T>, DirError> {
        let path = self.dir.join(part);
        let file = open_file(&path).map_err(DirError::io(&path))?;
        BufReader::new(file)
            .lines()
            .map(|line| {
                let line = line.map_err(DirError::io(&path))?;
                serde_json::from_str(&line).map_err(|_| DirError::Altered { dir: self.dir.clone(), part: part.to_owned() })
            })
            .collect()
    }

    /// Restore files that are there but changed since; one that is gone is no matter.
    pub fn changed_inputs(&self) -> Vec<&Input> {
        let changed = |input: &&Input| digest_of_file(Path::new(&input.path)).is_ok_and(|digest| digest != input.sha256);
        self.manifest.inputs.iter().filter(changed).collect()
    }
}

/// The text that was sealed, and the digest behind it.
pub(super) fn split_digest(text: &str) -> Option<(String, &str)> {
    let at = text.rfind(",\n  \"digest\": \"")?;
    let digest = text[at..].strip_prefix(",\n  \"digest\": \"")?.strip_suffix("\"\n}\n")?;
    Some((format!("{}\n}}", &text[..at]), digest))
}
