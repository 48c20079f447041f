//! What most tests begin with: a portal with a CRM, its export, and a loss.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::b24::{B24, Ran, b24};
use super::crm::{Crm, KINDS, Size};
use super::export;
use super::portal::Portal;
use super::random::Random;

/// A CRM of a handful of each.
pub const SMALL: Size = Size { companies: 6, contacts: 8, leads: 6, deals: 10 };

/// A portal that lost records, and the files from before.
pub struct Scene {
    pub portal: Portal,
    pub crm: Crm,
    pub files: Vec<PathBuf>,
    pub random: Random,
}

impl Scene {
    /// A portal with a CRM that has just been exported.
    pub fn of(portal: Portal, size: Size) -> Self {
        let mut random = Random(5);
        let crm = Crm::build(&portal, size, &mut random);
        let mut scene = Self { portal, crm, files: Vec::new(), random };
        scene.export();
        scene
    }

    pub fn small() -> Self {
        Self::of(Portal::open(), SMALL)
    }

    /// Writes the export of everything that is there now.
    pub fn export(&mut self) {
        self.files = KINDS.map(|kind| self.portal.dir().join(format!("{kind}.csv"))).into();
        for (kind, path) in KINDS.iter().zip(&self.files) {
            export::write(&self.portal, kind, path);
        }
        self.crm = Crm::of(&self.portal);
    }

    /// Loses one record of so many of each type, by chance.
    pub fn losing_one_of(mut self, each: usize) -> Self {
        for kind in KINDS {
            let ids = self.crm.ids(kind);
            let lost = self.random.sample(&ids, ids.len() / each);
            self.crm.lose(&self.portal, kind, &lost);
        }
        self
    }

    /// Loses certain records, counted from 0 in the order in which they were made.
    pub fn losing(mut self, kind: &'static str, places: &[usize]) -> Self {
        let ids = self.crm.ids(kind);
        let lost: Vec<u64> = places.iter().map(|at| ids[*at]).collect();
        self.crm.lose(&self.portal, kind, &lost);
        self
    }

    /// Changes one surviving record of so many of each type, by chance.
    pub fn changing_one_of(mut self, each: usize) -> Self {
        for kind in KINDS {
            let lost = self.crm.lost.get(kind).cloned().unwrap_or_default();
            let ids = self.crm.ids(kind);
            let rest: Vec<u64> = ids.iter().copied().filter(|id| !lost.contains(id)).collect();
            let changed = self.random.sample(&rest, ids.len() / each);
            self.crm.change(&self.portal, kind, &changed);
        }
        self
    }

    pub fn b24(&self) -> B24 {
        b24(&self.portal)
    }

    /// Where the plan stands.
    pub fn plan_dir(&self) -> PathBuf {
        self.portal.dir().join("plan")
    }

    /// `plan FILES --out PLAN --json` with more arguments.
    pub fn run_plan(&self, more: &[&str]) -> Ran {
        self.b24().run(self.plan_args(&self.plan_dir(), more))
    }

    /// The arguments of `plan` for all files.
    pub fn plan_args(&self, out: &Path, more: &[&str]) -> Vec<OsString> {
        let mut args: Vec<OsString> = vec!["plan".into()];
        args.extend(self.files.iter().map(Into::into));
        args.extend(["--out".into(), out.into(), "--json".into()]);
        args.extend(more.iter().map(Into::into));
        args
    }

    /// Plans; gives the summary.
    #[track_caller]
    pub fn plan(&self, more: &[&str]) -> Value {
        self.run_plan(more).exits(0).json()
    }

    /// `COMMAND PLAN --json` with more arguments.
    pub fn on_the_plan(&self, command: &str, more: &[&str]) -> Ran {
        let mut args: Vec<OsString> = vec![command.into(), self.plan_dir().into(), "--json".into()];
        args.extend(more.iter().map(Into::into));
        self.b24().run(args)
    }

    /// `apply --yes --json`, which must be complete at once.
    #[track_caller]
    pub fn apply(&self, more: &[&str]) -> Value {
        let outcome = self.on_the_plan("apply", &[&["--yes"], more].concat()).exits(0).json();
        assert_eq!(outcome["complete"], true);
        outcome
    }

    /// The states that the journal's steps are in.
    pub fn journal_states(&self) -> BTreeSet<String> {
        let db = rusqlite::Connection::open(self.plan_dir().join("journal.sqlite")).expect("a journal");
        let mut select = db.prepare("SELECT DISTINCT state FROM steps").expect("the table of steps");
        select.query_map([], |row| row.get(0)).expect("rows").map(|state| state.expect("a state")).collect()
    }

    /// No step of the journal is without an end.
    #[track_caller]
    pub fn journal_is_settled(&self) {
        assert_eq!(self.journal_states(), BTreeSet::from(["done".to_owned()]));
    }
}
