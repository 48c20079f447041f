//! What must hold when a plan is complete, whatever happened on the way. Each is checked by what the portal and the files say, without
//! the program's own counting.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use b24restore::apply::LEGAL;
use b24restore::event::Silent;
use b24restore::pipeline;
use b24restore::portal::{LimitsProfile, Reader};
use rusqlite::Connection;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::network::Direct;
use crate::spoiled;
use crate::stage::Stage;
use crate::world;

/// Checks them all.
pub async fn hold(stage: &Stage) {
    stage.network.quiet().await;
    let made = made(stage);
    let journal = Connection::open(stage.journal()).expect("a journal");
    each_key_was_created_once(&made);
    the_journal_knows_just_what_was_created(&journal, &made);
    the_log_is_whole_and_legal(&journal);
    nothing_else_was_touched(stage, &made);
    // I4 and I5: links lead to the new ids, and every other record is as it was.
    spoiled::restored(stage).is_back(stage.portal(), stage.world.relinks);
    what_is_read_back_is_what_the_files_say(stage).await;
}

/// Every record that the portal ever made: (type, id) -> the source record that it is known as.
fn made(stage: &Stage) -> BTreeMap<(String, u64), String> {
    let rows = stage.portal().ledger(stage.world.ledger);
    let created = rows.iter().filter(|row| row["action"] == "create");
    let text = |row: &Value, code: &str| row["payload"]["values"][code].as_str().unwrap_or_default().to_owned();
    let source = |row: &Value| stage.world.source(&key(row).0, &text(row, "ORIGINATOR_ID"), &text(row, "ORIGIN_ID"));
    created.map(|row| (key(row), source(row))).collect()
}

fn key(row: &Value) -> (String, u64) {
    let id = row["entity_id"].as_str().and_then(|id| id.parse().ok()).expect("an id");
    (row["entity"].as_str().expect("a type").to_lowercase(), id)
}

/// I1.
fn each_key_was_created_once(made: &BTreeMap<(String, u64), String>) {
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    for mark in made.values() {
        *times.entry(mark).or_default() += 1;
    }
    times.retain(|_, times| *times != 1);
    assert!(times.is_empty(), "I1, created once: {times:?}");
}

/// I2.
fn the_journal_knows_just_what_was_created(journal: &Connection, made: &BTreeMap<(String, u64), String>) {
    let mut select = journal
        .prepare("SELECT entity, original_id, portal_id, state FROM steps WHERE kind = 'create'")
        .expect("the table of steps");
    let mut known = BTreeMap::new();
    let mut rows = select.query([]).expect("rows");
    while let Some(row) = rows.next().expect("a row") {
        let entity: String = row.get(0).expect("a type");
        let (original, new): (i64, Option<i64>) = (row.get(1).expect("an id"), row.get(2).expect("an id"));
        let state: String = row.get(3).expect("a state");
        assert_eq!(state, "done", "I2: {entity}:{original}");
        let new = new.unwrap_or_else(|| panic!("I2: {entity}:{original} is done and has no id"));
        known.insert((entity.clone(), new as u64), format!("{entity}:{original}"));
    }
    assert_eq!(&known, made, "I2, the journal and the portal know the same");
}

/// I3: every move legal, every digest right, every step where its moves led.
pub fn the_log_is_whole_and_legal(journal: &Connection) {
    let mut select =
        journal.prepare("SELECT at, step, from_state, to_state, detail, hash FROM log ORDER BY seq").expect("the log");
    let mut rows = select.query([]).expect("rows");
    let (mut chain, mut states) = (String::new(), BTreeMap::new());
    while let Some(row) = rows.next().expect("a row") {
        let text = |at: usize| row.get::<_, String>(at).expect("a text");
        let step: i64 = row.get(1).expect("a step");
        let (at, from, to, detail) = (text(0), text(2), text(3), text(4));
        chain = hex(&Sha256::digest(format!("{chain}|{at}|{step}|{from}|{to}|{detail}")));
        assert_eq!(chain, text(5), "I3, the chain of the log");
        assert!(LEGAL.iter().any(|(a, b)| a.code() == from && b.code() == to), "I3: {from} can't become {to}");
        let before = states.insert(step, to).unwrap_or_else(|| "planned".to_owned());
        assert_eq!(before, from, "I3: step {step}");
    }
    let mut select = journal.prepare("SELECT seq, state FROM steps").expect("the table of steps");
    let mut rows = select.query([]).expect("rows");
    while let Some(row) = rows.next().expect("a row") {
        let (seq, state): (i64, String) = (row.get(0).expect("a step"), row.get(1).expect("a state"));
        assert_eq!(states.get(&seq), Some(&state), "I3: step {seq}");
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a text takes anything");
        text
    })
}

/// I6: nothing was deleted, and only what was created or relinked was updated.
fn nothing_else_was_touched(stage: &Stage, made: &BTreeMap<(String, u64), String>) {
    let mut foreign = BTreeSet::new();
    for row in stage.portal().ledger(stage.world.ledger) {
        let may = match row["action"].as_str().expect("an action") {
            "create" => true,
            "delete" => false,
            _ if stage.world.spoiled.iter().any(|(kind, id)| key(&row) == ((*kind).to_owned(), *id)) => true,
            _ => made.contains_key(&key(&row)) || (stage.world.relinks && !stage.world.crm_is_whole(&key(&row))),
        };
        if !may {
            foreign.insert(format!("{} {} {}", row["action"], row["entity"], row["entity_id"]));
        }
    }
    // What the portal itself moves on the other side of a link is not ours.
    foreign.retain(|row| !row.starts_with("\"link\"") && !row.starts_with("\"unlink\""));
    assert!(foreign.is_empty(), "I6, nothing else is touched: {foreign:?}");
}

/// I7.
async fn what_is_read_back_is_what_the_files_say(stage: &Stage) {
    let direct = Box::new(Direct(stage.portal().clone()));
    let reader = Reader::over(direct, world::identity(), true, &world::settings(LimitsProfile::None), Arc::new(Silent));
    let verified = pipeline::verify(&stage.plan_dir(), &reader, None, &Silent).await.expect("read back");
    assert!(verified.differences.is_empty(), "I7, read back: {:?}", verified.differences);
    assert!(verified.doubles.is_empty(), "I7, once: {:?}", verified.doubles);
}
