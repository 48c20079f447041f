//! A world to begin from: a portal that lost half of its records, and the plan to bring them back. Made once, copied for every seed.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use b24restore::event::Silent;
use b24restore::model::PortalIdentity;
use b24restore::pipeline::{self, Overriding, PlanRequest};
use b24restore::plan::Flags;
use b24restore::portal::{LimitsProfile, Reader, Settings};
use b24restore::report::Language;
use b24restore::sandbox::Limits;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tempfile::TempDir;

use crate::KINDS;
use crate::crm::{Crm, Size};
use crate::export;
use crate::network::Direct;
use crate::portal::Portal;
use crate::random::Random;

/// The worlds that seeds begin from.
pub static WORLDS: LazyLock<Vec<World>> = LazyLock::new(|| {
    let small = Size { companies: 4, contacts: 7, leads: 5, deals: 9 };
    let larger = Size { companies: 9, contacts: 16, leads: 14, deals: 24 };
    vec![
        World::make(small, 1, true, Origin::Others),
        World::make(small, 2, false, Origin::Others),
        World::make(larger, 3, true, Origin::Here),
        World::make(larger, 4, true, Origin::Others),
    ]
});

/// Where a world's records come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// They were typed in here.
    Here,
    /// Most were brought in by other programs, and bear the pair under which they are known there.
    Others,
}

/// The name under which the portal is known.
pub fn identity() -> PortalIdentity {
    PortalIdentity::new("sim.test")
}

/// When the worlds are made: the night before Europe's clocks go forward.
pub fn birth() -> Timestamp {
    "2026-03-28T23:30:00Z".parse().expect("a moment")
}

/// When the seeds begin.
pub fn beginning() -> Timestamp {
    birth() + SignedDuration::from_mins(40)
}

/// A portal's state, a plan, and the truth about both.
pub struct World {
    dir: TempDir,
    pub crm: Crm,
    /// Whether the plan fills lost links of surviving records.
    pub relinks: bool,
    /// The surviving records that somebody has spoiled; the plan writes the files' values back into them.
    pub spoiled: Vec<(&'static str, u64)>,
    /// The last row of the portal's ledger.
    pub ledger: i64,
}

/// A directory that lives in memory where the system has such a place: thousands of seeds sync every commit.
pub fn scratch() -> TempDir {
    let memory = Path::new("/dev/shm");
    let parent = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
    tempfile::Builder::new().prefix("b24restore-sim-").tempdir_in(parent).expect("a directory")
}

impl World {
    /// Makes a CRM by chance, exports it, loses one record of two, and plans.
    pub fn make(size: Size, seed: u64, relinks: bool, origin: Origin) -> Self {
        Self::spoiling(size, seed, relinks, origin, |_, _| Vec::new())
    }

    /// The same, with what becomes of the survivors before the plan is made.
    pub fn spoiling(
        size: Size,
        seed: u64,
        relinks: bool,
        origin: Origin,
        spoil: impl FnOnce(&Portal, &mut Crm) -> Vec<(&'static str, u64)>,
    ) -> Self {
        let dir = scratch();
        let portal = Portal::open(&dir.path().join("data"), Limits::None, birth());
        let mut random = Random(seed);
        Crm::build(&portal, size, &mut random);
        if origin == Origin::Others {
            give_pairs(&portal);
        }
        let files = KINDS.map(|kind| dir.path().join(format!("{kind}.csv")));
        for (kind, file) in KINDS.iter().zip(&files) {
            export::write(&portal, kind, file);
        }
        let mut crm = Crm::of(&portal);
        for kind in KINDS {
            let ids = crm.ids(kind);
            let lost = random.sample(&ids, ids.len() / 2);
            crm.lose(&portal, kind, &lost);
        }
        let spoiled = spoil(&portal, &mut crm);
        let changed = if spoiled.is_empty() { "report" } else { "restore" };
        plan(&portal, files.into(), &dir.path().join("plan"), relinks, changed);
        let ledger = portal.ledger(0).last().and_then(|row| row["seq"].as_i64()).expect("a ledger");
        Self { dir, crm, relinks, spoiled, ledger }
    }

    /// The source record that a created record of a type is known as: by our mark, or by the pair that was its own.
    pub fn source(&self, kind: &str, originator: &str, origin: &str) -> String {
        if originator == "b24restore" {
            return origin.to_owned();
        }
        let key = (originator.to_owned(), origin.to_owned());
        let known = self.crm.lost[kind].iter().find(|id| self.crm.key(kind, **id) == key);
        known.map_or_else(|| format!("{originator}/{origin}"), |id| format!("{kind}:{id}"))
    }

    /// The source record of a key that is sent. All pairs that can be keys are of one program, and begin with the record type.
    pub fn source_of(&self, origin: &str) -> String {
        let own = KINDS.iter().find(|kind| origin.starts_with(&format!("{kind}-")));
        own.map_or_else(|| origin.to_owned(), |kind| self.source(kind, PROGRAM, origin))
    }

    /// Whether a record of the portal has all the links that it had.
    pub fn crm_is_whole(&self, (kind, id): &(String, u64)) -> bool {
        !self.crm.survivors[kind.as_str()].contains_key(id) || self.crm.lost_links(kind, *id).is_empty()
    }

    /// Copies portal and plan.
    pub fn copy_to(&self, place: &Path) {
        copy(&self.dir.path().join("data"), &place.join("data"));
        copy(&self.dir.path().join("plan"), &place.join("plan"));
    }

    /// The restore files.
    #[cfg(feature = "faults")]
    pub fn files(&self) -> Vec<PathBuf> {
        KINDS.map(|kind| self.dir.path().join(format!("{kind}.csv"))).into()
    }
}

/// The program from which records came.
const PROGRAM: &str = "1C";

/// Gives records the pairs of other programs, every way that there is: each its own; one that two bear, which is no key; one of the mail
/// tracker, which is none either; half a pair; none.
fn give_pairs(portal: &Portal) {
    for kind in KINDS {
        for (at, id) in portal.every(kind).into_keys().enumerate() {
            let (originator, origin) = match at % 8 {
                0..4 => (PROGRAM, format!("{kind}-guid-{id}")),
                4 => (PROGRAM, format!("{kind}-twice")),
                5 => ("email-tracker", "mailbox".to_owned()),
                6 => ("", format!("{kind}-half-{id}")),
                _ => continue,
            };
            let fields = json!({"ORIGINATOR_ID": originator, "ORIGIN_ID": origin});
            portal.call(&format!("crm.{kind}.update"), json!({"id": id, "fields": fields}));
        }
    }
}

/// Makes a plan. Only reads.
pub fn plan(portal: &Portal, files: Vec<PathBuf>, out: &Path, relink: bool, changed: &str) {
    let [missing_parent, duplicates, changed] = ["empty", "skip", changed].map(str::to_owned);
    let request = PlanRequest {
        files,
        overriding: Overriding::default(),
        out: out.to_owned(),
        flags: Flags { missing_parent, duplicates, changed, relink, ..Flags::default() },
        against: None,
        redact: false,
        language: Language::En,
    };
    let reader =
        Reader::over(Box::new(Direct(portal.clone())), identity(), true, &settings(LimitsProfile::None), Arc::new(Silent));
    // The comparison takes a thread of its own, so it needs another runtime than the one whose time stands still.
    std::thread::scope(|scope| {
        let planning = scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
            runtime.block_on(pipeline::plan(&request, Some(&reader), Arc::new(Silent))).map(|_| ())
        });
        planning.join().expect("the planning").expect("a plan");
    });
}

/// How the portal is treated.
pub fn settings(limits: LimitsProfile) -> Settings {
    Settings { limits, api_share: 100, patience: Duration::from_mins(5), authorities: None }
}

pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a directory");
    for entry in std::fs::read_dir(from).expect("a directory") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), &target).expect("a copy");
        }
    }
}
