//! The log of moves: each row holds the digest of the one before it, so that a row that is missing, added or altered shows.

use rusqlite::{Connection, params};

use crate::plan::digest_of_text;

use super::journal::{JournalError, Step};
use super::step::State;

/// One move.
pub(super) struct Entry<'a> {
    /// When, as it is written.
    pub at: &'a str,
    /// Which step.
    pub step: usize,
    /// From where.
    pub from: State,
    /// To where.
    pub to: State,
    /// Why.
    pub detail: &'a str,
}

/// The digest of a move behind that of the move before it.
fn digest(before: &str, entry: &Entry<'_>) -> String {
    let Entry { at, step, from, to, detail } = entry;
    digest_of_text(&format!("{before}|{at}|{step}|{}|{}|{detail}", from.code(), to.code()))
}

/// Writes a move behind the last one; gives its digest.
pub(super) fn append(db: &Connection, before: &str, entry: &Entry<'_>) -> Result<String, JournalError> {
    let hash = digest(before, entry);
    db.prepare_cached("INSERT INTO log(at, step, from_state, to_state, detail, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?
        .execute(params![entry.at, entry.step as i64, entry.from.code(), entry.to.code(), entry.detail, hash])?;
    Ok(hash)
}

/// Follows the log from its beginning: every digest right, every move legal, every step where its moves led. Gives the last digest.
pub(super) fn check(db: &Connection, steps: &[Step]) -> Result<String, JournalError> {
    let mut states = vec![State::Planned; steps.len()];
    let mut chain = String::new();
    let mut select = db.prepare("SELECT seq, at, step, from_state, to_state, detail, hash FROM log ORDER BY seq")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let seq: i64 = row.get(0)?;
        let broken = |what: &str| JournalError::Damaged(format!("row {seq} of its log {what}"));
        let texts: [String; 5] = [row.get(1)?, row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?];
        let [at, from, to, detail, hash] = &texts;
        let step = row.get::<_, i64>(2)? as usize;
        let (Some(from), Some(to)) = (State::from_code(from), State::from_code(to)) else {
            return Err(broken("names a state that is none"));
        };
        chain = digest(&chain, &Entry { at, step, from, to, detail });
        if chain != *hash {
            return Err(broken("doesn't follow from the one before it: the journal was altered, or part of it is lost"));
        }
        let known = states.get_mut(step).ok_or_else(|| broken("is about a step that there isn't"))?;
        if *known != from || !from.may_become(to) {
            return Err(broken("tells a move that can't be"));
        }
        *known = to;
    }
    match steps.iter().find(|step| states[step.seq] != step.state) {
        Some(step) => Err(JournalError::Damaged(format!(
            "{} {} is {} by its log and {} by its row",
            step.entity,
            step.original_id,
            states[step.seq].code(),
            step.state.code()
        ))),
        None => Ok(chain),
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;
    use crate::apply::book;
    use crate::model::{EntityType, OriginalId};
    use crate::plan::{Action, ActionKind};

    /// A journal of one step whose log tells these moves; its row says where the last one led.
    fn told(moves: &[(State, State)]) -> Result<String, JournalError> {
        let mut db = Connection::open_in_memory().expect("a database");
        let action = Action::new(ActionKind::Create, EntityType::Lead, OriginalId(7), "Prospecto".to_owned());
        book::prepare(&mut db, "plan", "portal", &[action], jiff::Timestamp::UNIX_EPOCH).expect("tables");
        let mut chain = String::new();
        for (from, to) in moves {
            let entry = Entry { at: "1970-01-01T00:00:00Z", step: 0, from: *from, to: *to, detail: "" };
            chain = append(&db, &chain, &entry).expect("a row");
        }
        let mut steps = book::load(&db).expect("steps");
        steps[0].state = moves.last().map_or(State::Planned, |(_, to)| *to);
        check(&db, &steps)
    }

    #[test]
    fn a_move_must_be_one_that_can_be_made_and_begin_where_the_last_one_ended() {
        use State::{Done, Intent, Planned, Undone};
        assert!(told(&[]).is_ok_and(|chain| chain.is_empty()));
        assert!(told(&[(Planned, Intent), (Intent, Done), (Done, Undone)]).is_ok_and(|chain| chain.len() == 64));
        assert!(Planned.may_become(Intent) && !Planned.may_become(Undone), "the moves that the next lines are about");
        for wrong in [&[(Planned, Undone)][..], &[(Planned, Intent), (Planned, Intent)]] {
            assert!(matches!(told(wrong), Err(JournalError::Damaged(why)) if why.contains("can't be")), "{wrong:?}");
        }
    }
}
