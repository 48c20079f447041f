//! Killed at every boundary of reliability 4.1: between any two things that `apply` does, in the middle of a request, of a commit, of a
//! rename; and again while it clears up. `cargo test --features faults`.
//!
//! By default every tenth passing is tried, alternately by a death on the spot and by a panic. `CRASH_STEP=1` tries each,
//! `CRASH_MODE=abort|panic` all in one way, `CRASH_TWICE=1` kills the resumed run of every tenth at each of its own boundaries.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::Path;

use b24restore::drill::POINTS;

use crate::harness::b24::{B24, Ran};
use crate::harness::crm::Size;
use crate::harness::{Portal, Scene};

/// Points that only a run passes which follows one that died, or which found something.
const ON_RESUME: [&str; 2] = ["look-up answered", "adoption written"];

/// A portal that lost 40 records of four types, its plan, and a copy of both.
struct Stage {
    scene: Scene,
}

impl Stage {
    fn set() -> Self {
        let size = Size { companies: 16, contacts: 20, leads: 20, deals: 24 };
        let mut scene = Scene::of(Portal::open(), size).losing_one_of(2);
        assert_eq!(scene.crm.lost_count(), 40);
        scene.plan(&["--relink"]);
        let stage_dir = scene.portal.dir().to_owned();
        scene.portal.close();
        for part in ["data", "plan"] {
            copy(&stage_dir.join(part), &stage_dir.join("before").join(part));
        }
        scene.portal.open_again();
        Self { scene }
    }

    /// Puts portal and plan back to what they were before the first run.
    fn rewind(&mut self) {
        let dir = self.scene.portal.dir().to_owned();
        self.scene.portal.close();
        for part in ["data", "plan"] {
            fs::remove_dir_all(dir.join(part)).expect("an old part");
            copy(&dir.join("before").join(part), &dir.join(part));
        }
        self.scene.portal.open_again();
    }

    fn apply(&self) -> [OsString; 3] {
        ["apply".into(), self.scene.plan_dir().into(), "--yes".into()]
    }

    /// Which points a run passes, in order.
    fn passed(&self, b24: &B24) -> Vec<String> {
        let counted = self.scene.portal.dir().join("passed");
        let _ = fs::remove_file(&counted);
        b24.clone().env("B24RESTORE_CRASH_COUNT", counted.to_str().expect("UTF-8")).run(self.apply());
        fs::read_to_string(&counted).expect("points").lines().map(str::to_owned).collect()
    }

    /// A run that dies at the k-th point.
    fn dies_at(&self, k: usize, mode: &str) {
        let ran = self.may_die_at(k, mode);
        assert!(has_died(&ran), "it outlived point {k}: {ran:#?}");
    }

    /// A run that dies at the k-th point, if it has so many.
    fn may_die_at(&self, k: usize, mode: &str) -> Ran {
        let b24 = self.scene.b24().env("B24RESTORE_CRASH_AT", &k.to_string()).env("B24RESTORE_CRASH_MODE", mode);
        b24.run(self.apply())
    }

    fn comes_back(&self, what: &str) {
        println!("{what}");
        self.scene.b24().applies_until_complete(&self.scene.plan_dir());
        self.scene.crm.is_back(&self.scene.portal, true);
        self.scene.journal_is_settled();
    }
}

fn has_died(ran: &Ran) -> bool {
    !matches!(ran.code, Some(0 | 1 | 3))
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a directory");
    for entry in fs::read_dir(from).expect("a directory") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), &target).expect("a copy");
        }
    }
}

fn said(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Each place in turn, or every tenth.
fn step() -> usize {
    said("CRASH_STEP").map_or(10, |text| text.parse().expect("a number"))
}

#[test]
fn killed_at_any_boundary_apply_neither_loses_nor_doubles_a_record() {
    let mut stage = Stage::set();
    let boundaries = stage.passed(&stage.scene.b24());
    let mut kills = 0;
    for (at, k) in (1..=boundaries.len()).step_by(step()).enumerate() {
        let mode = said("CRASH_MODE").unwrap_or_else(|| if at % 2 == 0 { "abort" } else { "panic" }.to_owned());
        stage.rewind();
        stage.dies_at(k, &mode);
        kills += 1;
        stage.comes_back(&format!("{k}: {} ({mode})", boundaries[k - 1]));
        if said("CRASH_TWICE").is_some() && k % 10 == 1 {
            kills += dies_again(&mut stage, k, &mode);
        }
    }
    println!("{} boundaries, {kills} kills, 0 lost, 0 doubled", boundaries.len());
}

/// Kills the run that follows a death at the k-th point, at each point of its own.
///
/// How many it has is chance: the portal may or may not carry out a request whose client has died, and what wasn't carried out is sent
/// again. So one that has fewer than the run that was counted may come to its end, complete.
fn dies_again(stage: &mut Stage, k: usize, mode: &str) -> usize {
    stage.rewind();
    stage.dies_at(k, mode);
    let boundaries = stage.passed(&stage.scene.b24());
    let (mut tried, mut died) = (0, 0);
    for again in (1..=boundaries.len()).step_by(step()) {
        stage.rewind();
        stage.dies_at(k, mode);
        let ran = stage.may_die_at(again, mode);
        assert!(has_died(&ran) || ran.code == Some(0), "{ran:#?}");
        (tried, died) = (tried + 1, died + usize::from(has_died(&ran)));
        stage.comes_back(&format!("{k}, then {again}: {} ({mode})", boundaries[again - 1]));
    }
    assert!(2 * died > tried, "{died} of {tried} died a second time");
    tried + died
}

/// Every named instant is one at which the process was killed: once by each name, whatever the counting loop leaves out.
#[test]
fn every_named_boundary_is_passed_and_survived() {
    let mut stage = Stage::set();
    let passed: BTreeSet<String> = stage.passed(&stage.scene.b24()).into_iter().collect();
    let missing: Vec<&str> = POINTS.into_iter().filter(|point| !passed.contains(*point) && !ON_RESUME.contains(point)).collect();
    assert!(missing.is_empty(), "a run doesn't pass {missing:?}");
    for point in POINTS {
        stage.rewind();
        let at = format!("{point}:1");
        if ON_RESUME.contains(&point) {
            // The portal applied the first import, and nobody knows.
            let first = stage.passed_before_the_first_answer();
            stage.dies_at(first, "abort");
        }
        let ran = stage.scene.b24().env("B24RESTORE_CRASH_AT", &at).run(stage.apply());
        assert_eq!(ran.code, None, "{point}: {ran:#?}");
        stage.comes_back(point);
    }
}

impl Stage {
    /// The place of the point at which the portal has applied the first import and nobody has read the answer.
    fn passed_before_the_first_answer(&mut self) -> usize {
        let points = self.passed(&self.scene.b24());
        self.rewind();
        let intent = points.iter().position(|point| point == "intent committed, nothing sent").expect("an intent");
        let answer =
            points[intent..].iter().position(|point| point == "the server applied it, answer not read").expect("an answer");
        intent + answer + 1
    }
}
