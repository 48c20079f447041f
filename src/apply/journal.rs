//! The durable record of what `apply` intended, sent and learned.
//!
//! One SQLite file, `journal.sqlite`, WAL with `synchronous=FULL`: a commit is on the disk before the call returns. Tables:
//!
//! - `meta(key, value)`: `plan` (the plan's digest), `portal`, `begun_at`.
//! - `steps`: one row an action, with its state, attempts, the moment of the last sending (and by how many milliseconds the portal's
//!   clock was ahead of ours then), the digest of what was sent, the new id and the portal's words.
//! - `log`: one row a move between states, each with the SHA-256 of the row before it and its own text: a chain that shows a gap.

use std::collections::HashMap;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, ErrorCode, params};

use crate::drill::{planted, point};
use crate::model::{EntityType, OriginalId, PortalId};
use crate::plan::{Action, ActionKind, RecordRef};

use super::book;
use super::chain;
use super::guard::{self, Unsafe};
use super::learned::{Learned, Move};
use super::step::{How, State};

/// One action's row.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Its place in `actions.jsonl`, counted from 0.
    pub seq: usize,
    /// What kind of record it is about.
    pub entity: EntityType,
    /// The record's id in the file.
    pub original_id: OriginalId,
    /// What is done.
    pub kind: ActionKind,
    /// Where it stands.
    pub state: State,
    /// How a create came to be done.
    pub how: How,
    /// The new id of a created record.
    pub portal_id: Option<PortalId>,
    /// How often it was sent.
    pub attempts: u32,
    /// How often an unclear answer was looked up and found nowhere, in this run.
    pub cycles: u32,
    /// When it was last sent, or last known to be under way: never earlier than the portal got it.
    pub sent_at: Option<Timestamp>,
    /// By how much the portal's clock was ahead of ours then.
    pub ahead: Option<SignedDuration>,
    /// The digest of the fields that were last sent, links and system fields aside; empty before the first sending.
    pub payload: String,
    /// Whether the portal refused the creation moment, so that it is sent without.
    pub without_dates: bool,
    /// Whether it was sent without a link, because the link's target was not there: linked later, when it is.
    pub unlinked: bool,
    /// The portal's code of a refusal.
    pub code: String,
    /// The portal's words.
    pub message: String,
    /// The created record's state (moment of modification and digest) when we last touched it: what `undo` takes for "nobody changed it since".
    pub baseline: Option<String>,
}

impl Step {
    /// The record it is about.
    pub fn subject(&self) -> RecordRef {
        RecordRef { entity: self.entity, original_id: self.original_id.0 }
    }
}

/// A step that is about to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sending {
    /// Its place.
    pub seq: usize,
    /// Whether one of its links is left out, because the link's target isn't there.
    pub unlinked: bool,
    /// The digest of its fields; empty for a step that may be sent again with other ones.
    pub payload: String,
}

/// A step that was committed as intended, and may now be sent. Only [`Journal::intend`] makes one.
///
/// ```compile_fail
/// let forged = b24restore::apply::Intent { seq: 0 };
/// ```
#[must_use = "an intent that is never settled leaves its record unclear"]
#[derive(Debug)]
pub struct Intent {
    seq: usize,
}

impl Intent {
    /// The step's place in `actions.jsonl`.
    pub fn seq(&self) -> usize {
        self.seq
    }
}

/// Why a journal can't be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// SQLite said no.
    #[error("the journal cannot be written or read: {0}")]
    Sqlite(#[source] rusqlite::Error),
    /// Somebody else may have written it.
    #[error("the journal can't be believed: {0}")]
    Unsafe(#[from] Unsafe),
    /// Whose it is can't be asked.
    #[error("the journal cannot be looked at: {0}")]
    Io(#[from] std::io::Error),
    /// It belongs to another plan.
    #[error("the journal belongs to another plan")]
    OtherPlan,
    /// It is no journal, damaged, or of a version that this one doesn't know.
    #[error("the journal is damaged or of another version: {0}")]
    Damaged(String),
}

impl From<rusqlite::Error> for JournalError {
    /// A file that `SQLite` can't make sense of is damaged, whichever call found out; anything else is the disk's or the system's matter.
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => Self::Damaged("the file is no SQLite database".to_owned()),
            Some(ErrorCode::DatabaseCorrupt) => Self::Damaged("the SQLite file is torn or scribbled over".to_owned()),
            _ => Self::Sqlite(error),
        }
    }
}

/// The journal of one plan.
#[derive(Debug)]
pub struct Journal {
    db: Connection,
    steps: Vec<Step>,
    creates: HashMap<RecordRef, usize>,
    chain: String,
    is_wal: bool,
}

impl Journal {
    /// Opens a plan's journal, making it where there is none, and checks it: `SQLite`'s own check, the chain, and that no step stands
    /// elsewhere than its moves led.
    pub fn open(path: &Path, plan_digest: &str, portal: &str, actions: &[Action], now: Timestamp) -> Result<Self, JournalError> {
        guard::check(path)??;
        let (mut db, is_wal) = book::open(path)?;
        book::prepare(&mut db, plan_digest, portal, actions, now)?;
        if book::meta(&db, "plan")?.as_deref() != Some(plan_digest) {
            return Err(JournalError::OtherPlan);
        }
        let steps = book::load(&db)?;
        let chain = chain::check(&db, &steps)?;
        let creates =
            steps.iter().filter(|step| step.kind == ActionKind::Create).map(|step| (step.subject(), step.seq)).collect();
        Ok(Self { db, steps, creates, chain, is_wal })
    }

    /// Opens a journal for looking only; `None` where there is none, or nothing in it: a run that died or met a full disk before its first
    /// commit has not begun the plan.
    pub fn read(path: &Path, plan_digest: &str) -> Result<Option<Vec<Step>>, JournalError> {
        if !path.exists() {
            return Ok(None);
        }
        guard::check(path)??;
        let db = Connection::open(path)?;
        let format: i32 = db.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        if format == 0 {
            return Ok(None);
        }
        if book::meta(&db, "plan")?.as_deref() != Some(plan_digest) {
            return Err(JournalError::OtherPlan);
        }
        book::load(&db).map(Some)
    }

    /// Whether the journal has the write-ahead log that it should have. A network file system has none to offer; then every commit
    /// writes the file itself, which is slower and as safe.
    pub fn has_write_ahead_log(&self) -> bool {
        self.is_wal
    }

    /// All steps, in the order of the actions.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// A step by its place.
    pub fn step(&self, seq: usize) -> &Step {
        &self.steps[seq]
    }

    /// The create of a record of the files.
    pub fn create_of(&self, target: RecordRef) -> Option<&Step> {
        self.creates.get(&target).map(|seq| &self.steps[*seq])
    }

    /// Commits that these steps will be sent now, by which clock, and by how much the portal's clock is ahead of it. When it returns,
    /// that is on the disk.
    pub fn intend(&mut self, sendings: &[Sending], now: Timestamp, ahead: SignedDuration) -> Result<Vec<Intent>, JournalError> {
        let mut moves = Vec::new();
        for sending in sendings {
            let mut step = self.steps[sending.seq].clone();
            step.attempts += 1;
            step.sent_at = Some(now);
            step.ahead = Some(ahead);
            step.unlinked = sending.unlinked;
            step.payload.clone_from(&sending.payload);
            let detail = format!("attempt {}", step.attempts);
            moves.push((step, State::Intent, detail));
        }
        if planted!(IntentNotSynced) {
            for (mut step, next, _) in moves {
                step.state = next;
                let seq = step.seq;
                self.steps[seq] = step;
            }
        } else {
            point!("intent transaction open");
            self.write(moves, now, || {
                point!("intent written, not committed");
            })?;
            point!("intent committed, nothing sent");
        }
        Ok(sendings.iter().map(|sending| Intent { seq: sending.seq }).collect())
    }

    /// Commits what was learned of sent steps, all in one transaction.
    pub fn settle(&mut self, settled: Vec<(Intent, Learned)>, now: Timestamp) -> Result<(), JournalError> {
        point!("ack transaction open");
        let moves = self.moves(settled.into_iter().map(|(intent, learned)| (intent.seq, learned)), now);
        self.write(moves, now, || {
            point!("ack written, not committed");
        })?;
        point!("ack committed");
        Ok(())
    }

    /// Commits what was learned of steps without sending anything.
    pub fn learn(&mut self, learned: Vec<(usize, Learned)>, now: Timestamp) -> Result<(), JournalError> {
        let moves = self.moves(learned.into_iter(), now);
        self.write(moves, now, || {})
    }

    /// Commits that the old values of these steps' live records will be sent now. When it returns, that is on the disk.
    pub(super) fn intend_return(&mut self, seqs: &[usize], now: Timestamp, ahead: SignedDuration) -> Result<(), JournalError> {
        let moves = seqs.iter().map(|seq| {
            let step = Step { sent_at: Some(now), ahead: Some(ahead), ..self.steps[*seq].clone() };
            (step, State::Returning, "old values".to_owned())
        });
        let moves = moves.collect();
        self.write(moves, now, || {})
    }

    /// Forgets what was sent of failed steps, so that they may be sent with other fields: a person has decided so.
    pub(super) fn forget_payloads(&mut self, seqs: &[usize]) -> Result<(), JournalError> {
        self.in_all(seqs, "UPDATE steps SET payload = '' WHERE seq = ?1", |step| step.payload.clear())
    }

    /// Notes the states of created records, so that `undo` can tell whether somebody changed them since.
    pub fn set_baselines(&mut self, baselines: &[(usize, String)]) -> Result<(), JournalError> {
        let transaction = self.db.transaction()?;
        for (seq, baseline) in baselines {
            transaction.execute("UPDATE steps SET baseline = ?2 WHERE seq = ?1", params![*seq as i64, baseline])?;
        }
        transaction.commit()?;
        for (seq, baseline) in baselines {
            self.steps[*seq].baseline = Some(baseline.clone());
        }
        Ok(())
    }

    /// Notes that created records have all their links now.
    pub fn set_linked(&mut self, seqs: &[usize]) -> Result<(), JournalError> {
        self.in_all(seqs, "UPDATE steps SET unlinked = 0, baseline = NULL WHERE seq = ?1", |step| {
            step.unlinked = false;
            step.baseline = None;
        })
    }

    /// Moves what is in the write-ahead log into the file, so that the file alone can be carried to another computer.
    pub fn checkpoint(&self) -> Result<(), JournalError> {
        if self.is_wal {
            self.db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        }
        point!("checkpoint");
        Ok(())
    }

    fn in_all(&mut self, seqs: &[usize], sql: &str, change: impl Fn(&mut Step)) -> Result<(), JournalError> {
        let transaction = self.db.transaction()?;
        for seq in seqs {
            transaction.execute(sql, params![*seq as i64])?;
        }
        transaction.commit()?;
        for seq in seqs {
            change(&mut self.steps[*seq]);
        }
        Ok(())
    }

    fn moves(&self, learned: impl Iterator<Item = (usize, Learned)>, now: Timestamp) -> Vec<Move> {
        learned.map(|(seq, learned)| learned.of(self.steps[seq].clone(), now)).collect()
    }

    fn write(&mut self, moves: Vec<Move>, now: Timestamp, before_the_commit: impl FnOnce()) -> Result<(), JournalError> {
        if moves.is_empty() {
            return Ok(());
        }
        let mut chain = self.chain.clone();
        let transaction = self.db.transaction()?;
        let mut written = Vec::new();
        for (mut step, next, detail) in moves {
            let from = self.steps[step.seq].state;
            assert!(
                from.may_become(next),
                "step {} of {} {}: {from:?} can't become {next:?}",
                step.seq,
                step.entity,
                step.original_id
            );
            step.state = next;
            book::update(&transaction, &step)?;
            chain = chain::append(
                &transaction,
                &chain,
                &chain::Entry { at: &now.to_string(), step: step.seq, from, to: next, detail: &detail },
            )?;
            written.push(step);
        }
        before_the_commit();
        transaction.commit()?;
        self.chain = chain;
        for step in written {
            let seq = step.seq;
            self.steps[seq] = step;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_noted_beside_a_move_is_there_when_it_is_opened_again() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("journal.sqlite");
        let action = Action::new(ActionKind::Restore, EntityType::Contact, OriginalId(7), "Ana".to_owned());
        let at = |second| Timestamp::from_second(second).expect("a moment");
        let open = || Journal::open(&path, "plan", "portal", std::slice::from_ref(&action), at(0)).expect("a journal");
        let mut journal = open();
        journal.learn(vec![(0, Learned::Done { portal_id: None, how: How::AlreadyThere })], at(10)).expect("a move");
        journal.intend_return(&[0], at(20), SignedDuration::from_secs(-3)).expect("a move");
        journal.set_baselines(&[(0, "as it stood".to_owned())]).expect("a note");
        let noted = journal.step(0).clone();
        assert_eq!(
            (noted.state, noted.sent_at, noted.ahead),
            (State::Returning, Some(at(20)), Some(SignedDuration::from_secs(-3)))
        );
        assert_eq!(noted.baseline.as_deref(), Some("as it stood"));
        drop(journal);
        assert_eq!(*open().step(0), noted);
    }

    #[test]
    fn a_record_that_was_linked_late_has_no_noted_state_and_the_file_alone_says_so() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("journal.sqlite");
        let action = Action::new(ActionKind::Create, EntityType::Deal, OriginalId(7), "Venta".to_owned());
        let now = Timestamp::UNIX_EPOCH;
        let mut journal = Journal::open(&path, "plan", "portal", &[action], now).expect("a journal");
        let sending = Sending { seq: 0, unlinked: true, payload: "digest".to_owned() };
        let intent = journal.intend(&[sending], now, SignedDuration::ZERO).expect("a move").remove(0);
        let done = Learned::Done { portal_id: Some(PortalId(9)), how: How::Created };
        journal.settle(vec![(intent, done)], now).expect("a move");
        journal.set_baselines(&[(0, "as it stood".to_owned())]).expect("a note");
        assert!(journal.step(0).unlinked && journal.step(0).baseline.is_some());
        journal.set_linked(&[0]).expect("a note");
        assert!(!journal.step(0).unlinked && journal.step(0).baseline.is_none());
        let wal = path.with_extension("sqlite-wal");
        assert!(wal.metadata().expect("a log").len() > 0);
        journal.checkpoint().expect("room");
        assert_eq!(wal.metadata().expect("a log").len(), 0);
        let alone = dir.path().join("alone.sqlite");
        std::fs::copy(&path, &alone).expect("a copy");
        assert_eq!(Journal::read(&alone, "plan").expect("a journal").as_deref(), Some(journal.steps()));
    }

    #[cfg(unix)]
    #[test]
    fn it_says_whether_it_has_the_log_that_it_should_have() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = |name: &str| dir.path().join(name).to_str().expect("UTF-8").to_owned();
        let open = |path: &str| Journal::open(Path::new(path), "plan", "portal", &[], Timestamp::UNIX_EPOCH).expect("a journal");
        assert!(open(&path("here.sqlite")).has_write_ahead_log());
        // A place without shared memory, as a network file system is.
        assert!(!open(&format!("file:{}?vfs=unix-dotfile", path("there.sqlite"))).has_write_ahead_log());
    }
}
