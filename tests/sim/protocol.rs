//! The protocol of reliability 2, step by step: what a lost answer, a lost journal, a second record, a set clock and a damaged file lead to.

use std::sync::Arc;
use std::time::Duration;

use b24restore::apply::{CYCLES_MAX, How, Journal, State};
use b24restore::plan::ActionKind;
use jiff::SignedDuration;
use rusqlite::Connection;
use serde_json::json;
use tokio::time::Instant;

use crate::invariants;
use crate::script::{Fate, Script, Scripted, WINDOW, nth_create};
use crate::stage::{End, LATER, Stage, play};
use crate::trace::Trace;
use crate::world::WORLDS;

fn stage(script: impl Script + 'static) -> Arc<Stage> {
    stage_in(2, script)
}

fn stage_in(world: usize, script: impl Script + 'static) -> Arc<Stage> {
    Arc::new(Stage::set(&WORLDS[world], Box::new(script), false, Arc::new(Trace::begin())))
}

/// The window's last moment.
const LAST_MOMENT: Duration = seconds(149);

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Every request that creates is lost.
fn losing_every_create() -> impl Script + 'static {
    Scripted::new(|asked| if asked.creates.is_empty() { Fate::Answered } else { Fate::LostBefore(seconds(1)) })
}

#[test]
fn a_lost_journal_is_rebuilt_from_the_marks_on_the_portal() {
    play(async {
        let stage = stage(nth_create(3, Fate::DieAfter));
        assert_eq!(stage.run().await, End::Died);
        stage.lose_journal();
        assert_eq!(stage.run().await, End::Complete);
        invariants::hold(&stage).await;
    });
}

#[test]
fn a_journal_that_is_lost_after_the_end_finds_everything_there() {
    play(async {
        let stage = stage(nth_create(0, Fate::Answered));
        stage.until_complete().await;
        let sent = stage.network.sent();
        stage.lose_journal();
        assert_eq!(stage.run().await, End::Complete);
        assert_eq!(stage.network.sent(), sent, "something was created again");
        invariants::hold(&stage).await;
    });
}

#[test]
fn an_unclear_create_is_sent_five_times_a_run_and_then_waits_for_the_next() {
    play(async {
        let stage = stage(losing_every_create());
        assert_eq!(stage.run().await, End::Pending);
        let most = |steps: Vec<b24restore::apply::Step>| steps.iter().map(|step| step.attempts).max();
        let steps = || Journal::read(&stage.journal(), &stage.plan_digest()).expect("a journal").expect("steps");
        assert_eq!(most(steps()), Some(CYCLES_MAX));
        assert_eq!(stage.run().await, End::Pending);
        assert_eq!(most(steps()), Some(2 * CYCLES_MAX));
        assert_eq!(stage.count(State::Failed), 0, "a record that waits is no failure");
    });
}

#[test]
fn two_records_with_one_mark_stop_it_both_are_named_and_none_is_deleted() {
    play(async {
        let stage = stage(nth_create(0, Fate::TwiceLost));
        assert_eq!(stage.run().await, End::Complete);
        let steps = Journal::read(&stage.journal(), &stage.plan_digest()).expect("a journal").expect("steps");
        let failed: Vec<_> = steps.iter().filter(|step| step.code == "created_twice").collect();
        assert!(!failed.is_empty());
        let rows = stage.portal().ledger(stage.world.ledger);
        for step in failed {
            let mark = format!("{}:{}", step.entity, step.original_id);
            let bearers = rows.iter().filter(|row| row["action"] == "create" && row["payload"]["values"]["ORIGIN_ID"] == *mark);
            let ids: Vec<&str> = bearers.map(|row| row["entity_id"].as_str().expect("an id")).collect();
            assert_eq!(ids.len(), 2, "{mark}");
            assert!(ids.iter().all(|id| step.message.contains(id)), "{}: {ids:?}", step.message);
        }
        assert!(rows.iter().all(|row| row["action"] != "delete"));
    });
}

#[test]
fn other_fields_under_the_mark_of_an_earlier_sending_are_not_sent() {
    play(async {
        let stage = stage(losing_every_create());
        assert_eq!(stage.run().await, End::Pending);
        let sent = stage.network.sent();
        // As if another version of the program had put the fields together.
        Connection::open(stage.journal())
            .and_then(|db| db.execute("UPDATE steps SET payload = 'other' WHERE kind = 'create' AND entity = 'company'", []))
            .expect("an altered journal");
        stage.run().await;
        let steps = Journal::read(&stage.journal(), &stage.plan_digest()).expect("a journal").expect("steps");
        let companies: Vec<_> = steps.iter().filter(|step| step.entity.code() == "company" && step.attempts > 0).collect();
        assert!(!companies.is_empty());
        assert!(companies.iter().all(|step| step.code == "payload_changed" && step.attempts == CYCLES_MAX), "{companies:?}");
        assert!(stage.network.sent() > sent, "the others go on");
    });
}

#[test]
fn after_a_person_decided_other_fields_are_sent() {
    play(async {
        let mut lost = 0;
        // One run in which no company arrives, then all is well.
        let stage = stage_in(
            1,
            Scripted::new(move |asked| {
                lost += usize::from(!asked.creates.is_empty());
                if asked.creates.is_empty() || lost > 5 { Fate::Answered } else { Fate::LostBefore(seconds(1)) }
            }),
        );
        assert_eq!(stage.run().await, End::Pending);
        Connection::open(stage.journal())
            .and_then(|db| db.execute("UPDATE steps SET payload = 'other' WHERE payload <> ''", []))
            .expect("an altered journal");
        stage.run().await;
        assert_ne!(stage.count(State::Failed), 0);
        let mut request = stage.request();
        request.failed = true;
        stage.apply(&request).await.expect("the failed ones are taken up");
        invariants::hold(&stage).await;
    });
}

/// A process dies, its last request is carried out at the window's very end, and somebody sets the clock before the next run.
fn with_the_clock_set_by(by: SignedDuration) {
    play(async {
        let stage = stage(nth_create(1, Fate::DieLate(LAST_MOMENT)));
        assert_eq!(stage.run().await, End::Died);
        stage.wall.jump(by);
        let begun = Instant::now();
        assert_eq!(stage.run().await, End::Complete);
        assert!(begun.elapsed() < WINDOW + seconds(60), "it waited for {:?}", begun.elapsed());
        invariants::hold(&stage).await;
    });
}

#[test]
fn a_clock_set_a_day_ahead_between_two_runs_does_not_shorten_the_window() {
    with_the_clock_set_by(SignedDuration::from_hours(24));
}

#[test]
fn a_clock_set_a_day_back_between_two_runs_does_not_lengthen_the_wait() {
    with_the_clock_set_by(SignedDuration::from_hours(-24));
}

#[test]
fn an_hour_of_summer_time_in_the_wall_clock_changes_nothing() {
    with_the_clock_set_by(SignedDuration::from_hours(1));
    with_the_clock_set_by(SignedDuration::from_hours(-1));
}

#[test]
fn a_leap_second_changes_nothing() {
    with_the_clock_set_by(SignedDuration::from_secs(-1));
}

#[test]
fn a_clock_that_is_set_while_a_run_waits_changes_nothing() {
    for hours in [24, -24, 1, -1] {
        play(async {
            let stage = stage(nth_create(0, Fate::Late(LAST_MOMENT)));
            let wall = stage.wall.clone();
            tokio::task::spawn_local(async move {
                tokio::time::sleep(seconds(40)).await;
                wall.jump(SignedDuration::from_hours(hours));
            });
            let begun = Instant::now();
            assert_eq!(stage.run().await, End::Complete);
            assert!(begun.elapsed() < WINDOW + seconds(60), "it waited for {:?}", begun.elapsed());
            invariants::hold(&stage).await;
        });
    }
}

/// A second after the run had compared the clocks, the wall clock was set, and what the last run had sent looked an hour old.
#[test]
fn a_clock_that_is_set_while_a_run_begins_does_not_shorten_the_window() {
    for hours in [24, -24, 1, -1] {
        play(async {
            let stage = stage(nth_create(1, Fate::DieLate(LAST_MOMENT)));
            assert_eq!(stage.run().await, End::Died);
            let wall = stage.wall.clone();
            tokio::task::spawn_local(async move {
                tokio::time::sleep(Duration::from_millis(300)).await;
                wall.jump(SignedDuration::from_hours(hours));
            });
            assert_eq!(stage.run().await, End::Complete);
            invariants::hold(&stage).await;
        });
    }
}

/// The limits hold a request back for minutes after it was intended; the window counts from when it was sent at last.
#[test]
fn a_request_that_was_held_back_by_the_limits_gets_its_whole_window() {
    for last in [Fate::Late(LAST_MOMENT), Fate::DieLate(LAST_MOMENT)] {
        play(async {
            let mut creates = 0;
            let stage = stage(Scripted::new(move |asked| {
                creates += usize::from(!asked.creates.is_empty());
                match creates {
                    1..4 if !asked.creates.is_empty() => Fate::UsedUp,
                    4 if !asked.creates.is_empty() => last,
                    _ => Fate::Answered,
                }
            }));
            stage.until_complete().await;
            invariants::hold(&stage).await;
        });
    }
}

#[test]
fn who_comes_back_after_the_window_does_not_wait_again() {
    play(async {
        let stage = stage(nth_create(1, Fate::DieAfter));
        assert_eq!(stage.run().await, End::Died);
        tokio::time::sleep(LATER).await;
        let begun = Instant::now();
        assert_eq!(stage.run().await, End::Complete);
        assert!(begun.elapsed() < WINDOW, "it waited for {:?}", begun.elapsed());
        invariants::hold(&stage).await;
    });
}

#[test]
fn a_begun_plan_that_lay_for_a_day_finds_what_came_back_from_the_bin() {
    play(async {
        let stage = stage_in(1, nth_create(2, Fate::DieBefore));
        assert_eq!(stage.run().await, End::Died);
        let lost = *stage.world.crm.lost["deal"].iter().next().expect("a lost deal");
        let back = stage.portal().call("sandbox.recover", json!({"entityTypeId": 2, "id": lost}));
        tokio::time::sleep(seconds(25 * 3_600)).await;
        assert_eq!(stage.run().await, End::Complete);
        let steps = Journal::read(&stage.journal(), &stage.plan_digest()).expect("a journal").expect("steps");
        let deal = steps.iter().find(|step| step.entity.code() == "deal" && step.original_id.0 == lost).expect("a step");
        assert_eq!((deal.state, deal.how, deal.attempts), (State::Done, How::AlreadyThere, 0));
        assert_eq!(json!(deal.portal_id.expect("an id").0), back["id"]);
        let others = steps.iter().filter(|step| step.kind == ActionKind::Create && step.seq != deal.seq);
        assert!(others.into_iter().all(|step| step.how == How::Created), "{steps:?}");
    });
}

/// A journal in the middle of its work, damaged; what the next run says of it.
fn damaged(damage: impl FnOnce(&std::path::Path)) -> String {
    play(async {
        let stage = stage(nth_create(2, Fate::DieAfter));
        assert_eq!(stage.run().await, End::Died);
        let db = Connection::open(stage.journal()).expect("a journal");
        db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).expect("one file");
        drop(db);
        damage(&stage.journal());
        let before = stage.network.sent();
        let End::Stopped(said) = stage.run().await else { panic!("a damaged journal was believed") };
        assert_eq!(stage.network.sent(), before, "something was created");
        said
    })
}

fn altered(sql: &'static str) -> impl FnOnce(&std::path::Path) {
    move |path| {
        let db = Connection::open(path).expect("a journal");
        assert_eq!(db.execute(sql, []).expect("a change"), 1);
    }
}

#[test]
fn a_journal_with_an_altered_missing_or_impossible_line_is_not_believed() {
    let line = "doesn't follow from the one before it";
    assert!(damaged(altered("UPDATE log SET detail = 'x' WHERE seq = 2")).contains(line));
    assert!(damaged(altered("DELETE FROM log WHERE seq = 2")).contains(line));
    assert!(damaged(altered("UPDATE steps SET state = 'planned' WHERE seq = 0")).contains("company"));
    assert!(damaged(altered("UPDATE steps SET state = 'asleep' WHERE seq = 0")).contains("unknown state"));
}

#[test]
fn a_journal_that_is_cut_scribbled_over_or_no_journal_is_not_believed() {
    let cut = damaged(|path| {
        let file = std::fs::OpenOptions::new().write(true).open(path).expect("a journal");
        let length = file.metadata().expect("a length").len();
        file.set_len(length / 2).expect("a shorter one");
    });
    assert!(cut.contains("damaged"), "{cut}");
    let no_database = damaged(|path| std::fs::write(path, "not a database at all").expect("a file"));
    assert!(no_database.contains("no SQLite database"), "{no_database}");
    let scribbled = damaged(|path| {
        let mut bytes = std::fs::read(path).expect("a journal");
        let middle = bytes.len() / 2;
        bytes[middle..middle + 4096].fill(0xa5);
        std::fs::write(path, bytes).expect("a file");
    });
    assert!(scribbled.contains("damaged"), "{scribbled}");
}

#[test]
fn a_journal_of_a_newer_version_is_refused_by_its_number() {
    let newer = damaged(|path| {
        Connection::open(path).and_then(|db| db.pragma_update(None, "user_version", 9)).expect("a newer one");
    });
    assert!(newer.contains("format 9"), "{newer}");
}

#[test]
fn a_journal_of_the_first_format_goes_on() {
    play(async {
        let stage = stage(nth_create(2, Fate::DieAfter));
        assert_eq!(stage.run().await, End::Died);
        let db = Connection::open(stage.journal()).expect("a journal");
        // It kept how full the portal's bucket was, too.
        db.execute_batch(
            "ALTER TABLE steps DROP COLUMN payload; ALTER TABLE steps DROP COLUMN ahead; PRAGMA user_version = 1;
             INSERT INTO meta(key, value) VALUES ('pace', '12.5 2026-01-01T00:00:00Z');",
        )
        .expect("an old one");
        drop(db);
        assert!(stage.count(State::Done) > 0, "it can be looked at as it is");
        assert_eq!(stage.run().await, End::Complete);
        invariants::hold(&stage).await;
    });
}

#[test]
fn a_finished_journal_is_one_file_that_can_be_carried_away() {
    play(async {
        let stage = stage(nth_create(0, Fate::Answered));
        stage.until_complete().await;
        let wal = stage.journal().with_extension("sqlite-wal");
        assert!(!wal.exists() || std::fs::metadata(&wal).expect("its size").len() == 0);
        invariants::hold(&stage).await;
    });
}
