//! One cell of the fault matrix in a simulation: a plan, a fault at one of its imports, and what must hold whatever the fault did.

use std::path::PathBuf;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use b24restore::apply::{CYCLES_MAX, PaceFile};
use b24restore::cli::prove::cell::Cell;
use b24restore::cli::prove::chance::Chance;
use b24restore::cli::prove::count::Count;
use b24restore::cli::prove::faults::{At, Deed, Fault, Handling};
use b24restore::cli::prove::setup::Setup;
use b24restore::cli::prove::world::{self as loss, Size};
use b24restore::cli::{self, Failure};
use b24restore::event::Silent;
use b24restore::model::PortalIdentity;
use b24restore::pipeline::{self, ApplyRequest};
use b24restore::plan::dir;
use b24restore::portal::{Access, LimitsProfile, Reader, Sealing, Transport, Writer};
use b24restore::report::Language;
use b24restore::sandbox::store::Store;
use b24restore::sandbox::store::record::Entity;
use b24restore::sandbox::{Limits, application};
use jiff::SignedDuration;
use rusqlite::{Connection, OpenFlags};
use serde_json::Value;
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use crate::carry;
use crate::http;
use crate::invariants;
use crate::network::Direct;
use crate::portal::Portal;
use crate::script::WINDOW;
use crate::trace::Trace;
use crate::wall::Wall;
use crate::wire::{Over, Wire};
use crate::world::{self, scratch};

/// Until everything that is late has happened.
const LATER: Duration = Duration::from_mins(15);
/// How long a run may take beside what it has to wait for.
const MARGIN: Duration = Duration::from_mins(1);
/// How long a method whose run time is used up stays blocked.
const OPERATING: Duration = Duration::from_mins(10);
/// An application's keys: among the portal's own files, for no other may hold a secret.
const KEYS: &str = "portal/application.json";
/// How many seconds an application's token lives: longer than a cell takes.
const TOKEN_LIFE: u64 = 10 * 3600;
/// How long a portal that can't be reached is tried.
const PATIENCE: Duration = Duration::from_mins(5);

/// The grounds on which cells are played, one a record type, in the order of [`loss::ORDER`].
static GROUNDS: LazyLock<[Ground; 4]> = LazyLock::new(|| loss::ORDER.map(Ground::make));

/// A loss, and the plan to bring everything back; copied for every cell.
struct Ground {
    dir: TempDir,
    world: loss::World,
}

impl Ground {
    /// Five records of a type are lost, which go in three requests, the last of several records; and one of each other type.
    fn make(entity: Entity) -> Self {
        let dir = scratch();
        let size = Size { lost: loss::ORDER.map(|other| if other == entity { 5 } else { 1 }), ..Size::USUAL };
        let world = loss::World::build(dir.path(), size, world::birth(), &mut Chance::new(1)).expect("a world");
        let portal = Portal::open(&world.data, Limits::None, world::birth());
        world::plan(&portal, world.files.clone(), &dir.path().join("plan"), false, "report");
        Self { dir, world }
    }

    fn of(entity: Entity) -> &'static Self {
        let at = loss::ORDER.iter().position(|known| *known == entity).expect("a record type");
        &GROUNDS[at]
    }
}

/// How a run ended.
#[derive(Debug)]
pub struct Ended {
    pub code: u8,
    /// The outcome in the form of the contract; nothing where there is none.
    pub outcome: Value,
    /// What was said where it went wrong.
    pub said: String,
    /// How long it took.
    pub took: Duration,
}

/// A cell at work.
pub struct Trial {
    cell: Cell,
    deed: Deed,
    expected: Handling,
    setup: Option<Setup>,
    world: &'static loss::World,
    dir: TempDir,
    portal: Portal,
    wire: Arc<Wire>,
    wall: Arc<Wall>,
    trace: Arc<Trace>,
    /// A planted defect.
    #[cfg(feature = "faults")]
    pub bug: Option<b24restore::drill::Bug>,
}

impl Trial {
    /// Copies the ground, and puts the fault on the way. Must be called where tokio's time is at hand.
    pub fn set(cell: Cell, fault: &Fault, trace: Arc<Trace>) -> Self {
        let deed = fault.in_simulation()[cell.deed].clone();
        let dir = scratch();
        let ground = Ground::of(cell.entity);
        for part in ["portal", "plan"] {
            world::copy(&ground.dir.path().join(part), &dir.path().join(part));
        }
        let portal = Portal::open(&dir.path().join("portal"), Limits::Standard, world::beginning());
        let journal = dir.path().join("plan").join(dir::JOURNAL);
        let keys = deed.application.then(|| dir.path().join(KEYS));
        let wire = Wire::new(portal.inside.clone(), journal, keys, trace.clone(), cell, &deed);
        let trial = Self {
            cell,
            expected: cell.expects(&deed),
            setup: (deed.at == At::Setup).then(|| Setup::named(&deed.what).expect("a set-up")),
            deed,
            world: &ground.world,
            dir,
            portal,
            wire,
            wall: Arc::new(Wall::at(world::beginning() + SignedDuration::from_secs(17))),
            trace,
            #[cfg(feature = "faults")]
            bug: None,
        };
        trial.install();
        trial
    }

    /// Where an application's keys are, if the program comes by one.
    fn keys(&self) -> Option<PathBuf> {
        self.deed.application.then(|| self.dir.path().join(KEYS))
    }

    /// Installs the application, for the first time or anew.
    fn install(&self) {
        let Some(file) = self.keys() else { return };
        let now = world::beginning().as_second();
        let keys = self.meanwhile(|store| application::keys(store, 1, now, TOKEN_LIFE, "127.0.0.1:1"));
        std::fs::write(file, keys.to_string()).expect("the keys are written down");
    }

    /// Runs into the fault, mends the cause, goes on to the end, and counts.
    pub async fn carry_out(&self) {
        self.prepare();
        let first = self.run(false).await;
        self.judge(&first);
        self.mend();
        self.finish(&first).await;
        sleep(LATER).await;
        self.count().await;
        invariants::the_log_is_whole_and_legal(&Connection::open(self.journal()).expect("a journal"));
        assert_eq!(self.wire.wrong(), Vec::<String>::new(), "intended before it is sent");
        let traffic = self.portal.inside.office().traffic();
        let is_crowded = self.deed.what.contains("crowd");
        assert!(traffic.refused == 0 || is_crowded, "the portal's own limits were met: {traffic:?}");
    }

    fn plan(&self) -> PathBuf {
        self.dir.path().join("plan")
    }

    fn journal(&self) -> PathBuf {
        self.plan().join(dir::JOURNAL)
    }

    /// Works on the portal's state as somebody else does meanwhile.
    fn meanwhile<T>(&self, work: impl FnOnce(&mut Store) -> T) -> T {
        self.portal.inside.office().with_store(|store| {
            store.begin("somebody", 1, world::beginning());
            let done = work(store);
            store.commit().expect("written down");
            done
        })
    }

    fn prepare(&self) {
        let Some(setup) = self.setup else { return };
        let entity = self.cell.entity;
        self.meanwhile(|store| setup.happen(store, self.world, entity, world::beginning())).expect("a set-up");
    }

    /// The cause is gone.
    pub fn mend(&self) {
        self.wire.mend();
        self.install();
        if let Some(setup) = self.setup {
            self.meanwhile(|store| setup.mend(store, self.cell.entity, world::beginning())).expect("the cause is mended");
        }
    }

    /// Every application's token goes out of date.
    pub fn expire(&self) {
        self.meanwhile(|store| store.expire_tokens(false));
    }

    /// How often an application's token was renewed.
    pub fn renewals(&self) -> usize {
        self.wire.renewals()
    }

    /// Every request went by keys that stood in their file by then.
    pub fn went_by_kept_keys(&self) {
        assert_eq!(self.wire.wrong(), Vec::<String>::new());
    }

    /// A reader of the portal, as a run has it.
    pub fn usual_reader(&self) -> Reader {
        self.reader(world::identity())
    }

    fn reader(&self, identity: PortalIdentity) -> Reader {
        let settings = world::settings(LimitsProfile::Standard);
        let over = Over(self.wire.clone());
        let way: Box<dyn Transport> = match self.keys() {
            None => Box::new(over),
            Some(file) => {
                let text = std::fs::read_to_string(&file).expect("the keys");
                let access = Access::parse(&text, Some(&file)).expect("an application's keys");
                Box::new(Sealing::over(access, Arc::new(over)))
            }
        };
        let reader = Reader::over(way, identity, true, &settings, self.trace.clone());
        reader.remember_pace(Arc::new(PaceFile::at(&self.dir.path().join("pace"), self.wall.clone())));
        reader
    }

    /// `apply`, or `apply --failed`.
    async fn run(&self, failed: bool) -> Ended {
        let elsewhere = self.setup == Some(Setup::AnotherPortal) && self.wire.is_armed();
        let identity = if elsewhere { PortalIdentity::new("other.test") } else { world::identity() };
        let writer = Writer::over(self.reader(identity));
        let request = ApplyRequest { failed, ..carry::request(self.wall.clone()) };
        let begun = Instant::now();
        #[cfg(feature = "faults")]
        b24restore::drill::arm(None, self.bug);
        let carried = carry::apply(&self.plan(), &writer, &request, self.trace.clone()).await;
        #[cfg(feature = "faults")]
        b24restore::drill::disarm();
        let took = begun.elapsed();
        let (ending, outcome) = match carried {
            Err(error) => (Err(Failure::of_open(&error, Language::En)), Value::Null),
            Ok(mut carried) => {
                let outcome = cli::apply::outcome(&carried.applied.progress, writer.reader().requests());
                carried.applied.stopped = carried.worked.err();
                let outcome = serde_json::to_value(outcome).expect("JSON");
                (cli::apply::ending(&carried.applied, Language::En), outcome)
            }
        };
        let (code, said) = match ending {
            Ok(outcome) => (outcome.code(), String::new()),
            Err(failure) => (failure.code, failure.message),
        };
        self.trace.say(format_args!("--- exit code {code} after {} s {said}", took.as_secs()));
        Ended { code, outcome, said, took }
    }

    /// The first run struck the fault, at its place, and ended as the table says.
    fn judge(&self, first: &Ended) {
        self.it_struck();
        let (code, said) = (first.code, &first.said);
        assert_eq!(i32::from(code), self.expected.code(), "the exit code of {}: {said} {}", self.expected, first.outcome);
        assert!(self.expected.is_shown_by(&first.outcome), "{}: {}", self.expected, first.outcome);
        let is_renewed_once = self.deed.application && self.expected == Handling::Retry;
        assert!(!is_renewed_once || self.wire.renewals() == 1, "new keys were asked for {} times", self.wire.renewals());
        let became_unclear = self.became_unclear();
        match self.expected {
            Handling::LookUp | Handling::Pending => assert!(became_unclear, "nothing was looked up"),
            Handling::Accept | Handling::Retry | Handling::AlreadyThere | Handling::RecordFails | Handling::Refuse => {
                assert!(!became_unclear, "what was clear was taken for unclear");
            }
            Handling::Stop | Handling::Declared => {}
        }
        if self.expected == Handling::Refuse {
            assert!(!self.journal().exists(), "a refused plan was begun");
        }
        let bound = self.bound();
        assert!(first.took < bound, "it took {} s, which is more than {} s", first.took.as_secs(), bound.as_secs());
    }

    /// A cell whose fault never struck proves nothing.
    fn it_struck(&self) {
        let Some(setup) = self.setup else {
            let (struck, nth) = (self.wire.struck(), self.cell.place + 1);
            assert!(struck > 0, "the fault never struck: {} imports", self.wire.imports());
            assert_eq!(self.wire.struck_first_at(), Some(nth), "the import that was struck");
            let is_single = !self.cell.forever && self.deed.at != At::Every;
            assert!(!is_single || struck == 1, "it struck {struck} times");
            return;
        };
        let entity = self.cell.entity;
        let shows = self.meanwhile(|store| setup.shows(store, self.world, entity));
        assert!(shows || setup == Setup::AnotherPortal, "{} never happened", self.deed.what);
    }

    /// Whether a record became unclear.
    fn became_unclear(&self) -> bool {
        let Ok(journal) = Connection::open_with_flags(self.journal(), OpenFlags::SQLITE_OPEN_READ_ONLY) else { return false };
        let count = journal.query_row("SELECT count(*) FROM log WHERE to_state = 'unknown'", [], |row| row.get::<_, i64>(0));
        count.unwrap_or_default() > 0
    }

    /// How long the first run may take.
    fn bound(&self) -> Duration {
        // An answer that trickles in is given up first.
        let silence = if self.deed.what.contains("dribble_ms") { http::TOTAL_MAX } else { Duration::ZERO };
        let cycle = WINDOW + silence + MARGIN;
        let is_blocked = self.deed.what.contains("OPERATION_TIME_LIMIT");
        match self.expected {
            Handling::Retry if is_blocked => OPERATING + MARGIN,
            Handling::LookUp | Handling::Declared if !self.cell.forever => cycle,
            Handling::LookUp | Handling::Declared | Handling::Pending => cycle * CYCLES_MAX,
            Handling::Stop => PATIENCE + MARGIN,
            Handling::Accept | Handling::Retry | Handling::AlreadyThere | Handling::RecordFails | Handling::Refuse => MARGIN,
        }
    }

    /// The cause is gone: the next run completes, and has nothing to do where the first one had done everything.
    async fn finish(&self, first: &Ended) {
        let creates = self.wire.sent();
        let next = self.run(first.code == 3).await;
        assert_eq!(next.code, 0, "the next run: {} {}", next.said, next.outcome);
        assert_eq!(next.outcome["complete"], true, "{}", next.outcome);
        assert!(first.code != 0 || self.wire.sent() == creates, "something was created again");
    }

    /// Nothing is lost, nothing is there twice, nobody else's was touched; and what isn't so, because no client can help it, `verify` names.
    async fn count(&self) {
        let direct = Box::new(Direct(self.portal.clone()));
        let reader = Reader::over(direct, world::identity(), true, &world::settings(LimitsProfile::None), Arc::new(Silent));
        let verified = pipeline::verify(&self.plan(), &reader, None, &Silent).await.expect("read back");
        let mut count = self.portal.inside.office().with_store(|store| Count::of(store, self.world)).expect("a count");
        let named = [verified.doubles.len(), verified.differences.len()];
        if self.expected == Handling::Declared {
            let there = [count.doubled.len(), count.altered.len()];
            assert_eq!(named, there, "what verify names and what is there: {verified:?}");
            assert_ne!(named, [0, 0], "nothing came of it");
            count.doubled.clear();
            count.altered.clear();
        } else {
            assert_eq!(named, [0, 0], "{verified:?}");
        }
        assert_eq!(count.complaints(), Vec::<String>::new());
    }
}

/// How many requests carry imports of each record type where no fault strikes.
pub async fn imports_without_a_fault(cell: Cell, fault: &Fault) -> usize {
    let trial = Trial::set(cell, fault, Arc::new(Trace::begin()));
    trial.portal.inside.office().faults().clear();
    assert_eq!(trial.run(false).await.code, 0);
    trial.wire.imports()
}
