//! The durable record of what `apply` intended, sent and learned.
//!
//! One SQLite file, `journal.sqlite`, WAL with `synchronous=FULL`: a commit is on the disk before the call returns. Tables:
//!
//! - `meta(key, value)`: `format`, `plan` (the plan's digest), `portal`, `begun_at`.
//! - `steps`: one row an action, with its state, attempts, the moment of the last sending, the new id and the portal's words.
//! - `log`: one row a move between states, each with the SHA-256 of the row before it and its own text: a chain that shows a gap.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use crate::model::{EntityType, OriginalId, PortalId};
use crate::plan::{Action, ActionKind, RecordRef, digest_of_text};

use super::guard::{self, Unsafe};
use super::step::{How, State};

/// SQLite's `application_id` of a journal: "b24r".
const APPLICATION_ID: i32 = 0x6232_3472;
const FORMAT: i32 = 1;

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
    /// When it was last sent.
    pub sent_at: Option<Timestamp>,
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

/// What was learned of a step.
#[derive(Debug, Clone, PartialEq)]
pub enum Learned {
    /// It is applied. A create has its new id.
    Done {
        /// The new id.
        portal_id: Option<PortalId>,
        /// How that is known.
        how: How,
    },
    /// The portal refused it, or a person is needed.
    Failed {
        /// The code.
        code: String,
        /// The words.
        message: String,
    },
    /// It is certainly not applied, and may be sent again.
    Again,
    /// It is certainly not applied; it may be sent again without the creation moment, which the portal refused.
    AgainWithoutDates,
    /// Nobody knows.
    Unclear,
    /// Looked up twice after the window and found nowhere.
    NotThere,
    /// Not carried out.
    LeftOut {
        /// Why.
        code: String,
    },
    /// Taken back.
    Undone,
}

/// Why a journal can't be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// SQLite said no.
    #[error("the journal cannot be written or read: {0}")]
    Sqlite(#[from] rusqlite::Error),
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

/// The journal of one plan.
#[derive(Debug)]
pub struct Journal {
    db: Connection,
    steps: Vec<Step>,
    creates: HashMap<RecordRef, usize>,
    chain: String,
}

impl Journal {
    /// Opens a plan's journal, making it where there is none; steps found in the middle of sending become unclear.
    pub fn open(path: &Path, plan_digest: &str, portal: &str, actions: &[Action], now: Timestamp) -> Result<Self, JournalError> {
        guard::check(path)??;
        let mut db = Connection::open(path)?;
        db.pragma_update(None, "journal_mode", "WAL")?;
        db.pragma_update(None, "synchronous", "FULL")?;
        let fresh: i32 = db.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        match fresh {
            0 => create(&mut db, plan_digest, portal, actions, now)?,
            FORMAT => {}
            other => return Err(JournalError::Damaged(format!("format {other}"))),
        }
        let plan: Option<String> = db.query_row("SELECT value FROM meta WHERE key = 'plan'", [], |row| row.get(0)).optional()?;
        if plan.as_deref() != Some(plan_digest) {
            return Err(JournalError::OtherPlan);
        }
        let steps = load(&db)?;
        let creates =
            steps.iter().filter(|step| step.kind == ActionKind::Create).map(|step| (step.subject(), step.seq)).collect();
        let mut journal = Self { steps, creates, db, chain: String::new() };
        journal.chain = journal
            .db
            .query_row("SELECT hash FROM log ORDER BY seq DESC LIMIT 1", [], |row| row.get(0))
            .optional()?
            .unwrap_or_default();
        Ok(journal)
    }

    /// Opens a journal for looking only; `None` where there is none, or nothing in it: a run that died or met a full disk before its first
    /// commit has not begun the plan.
    pub fn read(path: &Path) -> Result<Option<Vec<Step>>, JournalError> {
        if !path.exists() {
            return Ok(None);
        }
        guard::check(path)??;
        let db = Connection::open(path)?;
        let format: i32 = db.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        if format == 0 {
            return Ok(None);
        }
        load(&db).map(Some)
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

    /// Commits that these steps will be sent now, and which of them without one of their links. When it returns, that is on the disk.
    pub fn intend(&mut self, seqs: &[usize], unlinked: &HashSet<usize>, now: Timestamp) -> Result<Vec<Intent>, JournalError> {
        let mut moves = Vec::new();
        for &seq in seqs {
            let mut step = self.steps[seq].clone();
            step.attempts += 1;
            step.sent_at = Some(now);
            step.unlinked = unlinked.contains(&seq);
            moves.push((step, State::Intent, format!("attempt {}", self.steps[seq].attempts + 1)));
        }
        self.write(moves, now)?;
        Ok(seqs.iter().map(|&seq| Intent { seq }).collect())
    }

    /// Commits what was learned of sent steps, all in one transaction.
    pub fn settle(&mut self, settled: Vec<(Intent, Learned)>, now: Timestamp) -> Result<(), JournalError> {
        self.learn(settled.into_iter().map(|(intent, learned)| (intent.seq, learned)).collect(), now)
    }

    /// Commits what was learned of steps without sending anything.
    pub fn learn(&mut self, learned: Vec<(usize, Learned)>, now: Timestamp) -> Result<(), JournalError> {
        let moves = learned.into_iter().map(|(seq, learned)| apply_to(self.steps[seq].clone(), learned)).collect();
        self.write(moves, now)
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
        let transaction = self.db.transaction()?;
        for seq in seqs {
            transaction.execute("UPDATE steps SET unlinked = 0, baseline = NULL WHERE seq = ?1", params![*seq as i64])?;
        }
        transaction.commit()?;
        for seq in seqs {
            self.steps[*seq].unlinked = false;
            self.steps[*seq].baseline = None;
        }
        Ok(())
    }

    fn write(&mut self, moves: Vec<(Step, State, String)>, now: Timestamp) -> Result<(), JournalError> {
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
            update(&transaction, &step)?;
            let text = format!("{chain}|{now}|{}|{}|{}|{detail}", step.seq, from.code(), next.code());
            chain = digest_of_text(&text);
            transaction.execute(
                "INSERT INTO log(at, step, from_state, to_state, detail, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![now.to_string(), step.seq as i64, from.code(), next.code(), detail, chain],
            )?;
            written.push(step);
        }
        transaction.commit()?;
        self.chain = chain;
        for step in written {
            let seq = step.seq;
            self.steps[seq] = step;
        }
        Ok(())
    }
}

/// What a step becomes by what was learned.
fn apply_to(mut step: Step, learned: Learned) -> (Step, State, String) {
    match learned {
        Learned::Done { portal_id, how } => {
            step.portal_id = portal_id.or(step.portal_id);
            step.how = how;
            let detail = format!("{} {}", how.code(), portal_id.map(|id| id.to_string()).unwrap_or_default());
            (step, State::Done, detail)
        }
        Learned::Failed { code, message } => {
            let detail = format!("{code}: {message}");
            step.code = code;
            step.message = message;
            (step, State::Failed, detail)
        }
        Learned::Again => (step, State::Planned, "not applied".to_owned()),
        Learned::AgainWithoutDates => {
            step.without_dates = true;
            (step, State::Planned, "creation moment refused".to_owned())
        }
        Learned::Unclear => (step, State::Unknown, "unclear answer".to_owned()),
        Learned::NotThere => {
            step.cycles += 1;
            (step, State::Planned, "looked up twice, not there".to_owned())
        }
        Learned::LeftOut { code } => {
            step.code.clone_from(&code);
            (step, State::LeftOut, code)
        }
        Learned::Undone => (step, State::Undone, "deleted".to_owned()),
    }
}

fn create(db: &mut Connection, plan: &str, portal: &str, actions: &[Action], now: Timestamp) -> Result<(), JournalError> {
    let transaction = db.transaction()?;
    transaction.execute_batch(
        "CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
         CREATE TABLE steps(
             seq INTEGER PRIMARY KEY, entity TEXT NOT NULL, original_id INTEGER NOT NULL, kind TEXT NOT NULL, state TEXT NOT NULL,
             how TEXT NOT NULL DEFAULT '', portal_id INTEGER, attempts INTEGER NOT NULL DEFAULT 0, sent_at TEXT,
             without_dates INTEGER NOT NULL DEFAULT 0, unlinked INTEGER NOT NULL DEFAULT 0, code TEXT NOT NULL DEFAULT '', message TEXT NOT NULL DEFAULT '', baseline TEXT,
             UNIQUE(entity, original_id, kind)) STRICT;
         CREATE TABLE log(
             seq INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, step INTEGER NOT NULL, from_state TEXT NOT NULL,
             to_state TEXT NOT NULL, detail TEXT NOT NULL, hash TEXT NOT NULL) STRICT;",
    )?;
    let begun_at = now.to_string();
    for (key, value) in [("plan", plan), ("portal", portal), ("begun_at", begun_at.as_str())] {
        transaction.execute("INSERT INTO meta(key, value) VALUES (?1, ?2)", params![key, value])?;
    }
    {
        let mut insert =
            transaction.prepare("INSERT INTO steps(seq, entity, original_id, kind, state) VALUES (?1, ?2, ?3, ?4, 'planned')")?;
        for (seq, action) in actions.iter().enumerate() {
            insert.execute(params![seq as i64, action.entity.code(), action.original_id.0 as i64, action.action.code()])?;
        }
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", FORMAT)?;
    transaction.commit()?;
    Ok(())
}

fn load(db: &Connection) -> Result<Vec<Step>, JournalError> {
    let mut select = db.prepare(
        "SELECT seq, entity, original_id, kind, state, how, portal_id, attempts, sent_at, without_dates, code, message, baseline, unlinked
         FROM steps ORDER BY seq",
    )?;
    let mut rows = select.query([])?;
    let mut steps = Vec::new();
    while let Some(row) = rows.next()? {
        steps.push(step_of(row)?);
    }
    Ok(steps)
}

fn step_of(row: &rusqlite::Row<'_>) -> Result<Step, JournalError> {
    let damaged = |what: &str| JournalError::Damaged(format!("unknown {what}"));
    let kinds = [ActionKind::Create, ActionKind::Mend, ActionKind::Restore, ActionKind::Relink];
    let (entity, kind, state, how): (String, String, String, String) = (row.get(1)?, row.get(3)?, row.get(4)?, row.get(5)?);
    let sent_at: Option<String> = row.get(8)?;
    Ok(Step {
        seq: row.get::<_, i64>(0)? as usize,
        entity: entity.parse().map_err(|_| damaged("record type"))?,
        original_id: OriginalId(row.get::<_, i64>(2)? as u64),
        kind: kinds.into_iter().find(|known| known.code() == kind).ok_or_else(|| damaged("action"))?,
        state: State::from_code(&state).ok_or_else(|| damaged("state"))?,
        how: How::from_code(&how),
        portal_id: row.get::<_, Option<i64>>(6)?.map(|id| PortalId(id as u64)),
        attempts: row.get(7)?,
        cycles: 0,
        sent_at: sent_at.and_then(|text| text.parse().ok()),
        without_dates: row.get::<_, i64>(9)? != 0,
        code: row.get(10)?,
        message: row.get(11)?,
        baseline: row.get(12)?,
        unlinked: row.get::<_, i64>(13)? != 0,
    })
}

fn update(db: &Connection, step: &Step) -> Result<(), JournalError> {
    db.prepare_cached(
        "UPDATE steps SET state = ?2, how = ?3, portal_id = ?4, attempts = ?5, sent_at = ?6, without_dates = ?7, code = ?8, message = ?9, unlinked = ?10
         WHERE seq = ?1",
    )?
    .execute(params![
        step.seq as i64,
        step.state.code(),
        step.how.code(),
        step.portal_id.map(|id| id.0 as i64),
        step.attempts,
        step.sent_at.map(|at| at.to_string()),
        i64::from(step.without_dates),
        step.code,
        step.message,
        i64::from(step.unlinked),
    ])?;
    Ok(())
}
