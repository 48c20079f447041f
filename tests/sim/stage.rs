//! One seed's stage: a copy of a world, a network, a clock, and a program that is begun again as often as it dies.

use std::any::Any;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "faults")]
use b24restore::apply::Run;
use b24restore::apply::{Journal, PaceFile, State, Step};
use b24restore::pipeline::ApplyRequest;
use b24restore::plan::{Plan, dir};
use b24restore::portal::{LimitsProfile, Reader, Writer};
use b24restore::sandbox::Limits;
use jiff::SignedDuration;
use tempfile::TempDir;

use crate::carry;
use crate::network::{Death, Network, Through};
use crate::portal::Portal;
use crate::script::Script;
use crate::trace::Trace;
use crate::wall::Wall;
use crate::world::{self, World};

/// How many runs a plan may take. With a script that is used up at some time it takes far fewer.
const RUNS_MAX: usize = 60;

/// How a run ended.
#[derive(Debug, PartialEq, Eq)]
pub enum End {
    /// Nothing is pending.
    Complete,
    /// Something is pending: run it again.
    Pending,
    /// It stopped, and said why.
    Stopped(String),
    /// The process died.
    Died,
}

/// A stage.
pub struct Stage {
    pub world: &'static World,
    pub network: Arc<Network>,
    pub wall: Arc<Wall>,
    pub trace: Arc<Trace>,
    limits: LimitsProfile,
    dir: TempDir,
    /// The name of the plan's directory.
    plan: String,
    /// A planted defect.
    #[cfg(feature = "faults")]
    pub bug: Option<b24restore::drill::Bug>,
}

impl Stage {
    /// Copies a world. Must be called where tokio's time is at hand.
    pub fn set(world: &'static World, script: Box<dyn Script>, limited: bool, trace: Arc<Trace>) -> Self {
        let dir = world::scratch();
        world.copy_to(dir.path());
        let (theirs, ours) =
            if limited { (Limits::Standard, LimitsProfile::Standard) } else { (Limits::None, LimitsProfile::None) };
        let portal = Portal::open(&dir.path().join("data"), theirs, world::beginning());
        // Nobody's clock is right.
        let wall = Arc::new(Wall::at(world::beginning() + SignedDuration::from_secs(17)));
        let journal = dir.path().join("plan").join(dir::JOURNAL);
        let network = Network::new(portal, journal, wall.clone(), trace.clone(), script, world);
        Self {
            world,
            network,
            wall,
            trace,
            limits: ours,
            dir,
            plan: "plan".to_owned(),
            #[cfg(feature = "faults")]
            bug: None,
        }
    }

    pub fn portal(&self) -> &Portal {
        &self.network.portal
    }

    pub fn plan_dir(&self) -> PathBuf {
        self.dir.path().join(&self.plan)
    }

    /// Makes another plan of the same files, as somebody at another computer does, to be carried out from here on.
    #[cfg(feature = "faults")]
    pub fn plan_again(&mut self, name: &str) {
        name.clone_into(&mut self.plan);
        world::plan(self.portal(), self.world.files(), &self.plan_dir(), self.world.relinks, "report");
    }

    /// Turns to another of its plans.
    #[cfg(feature = "faults")]
    pub fn turn_to(&mut self, name: &str) {
        name.clone_into(&mut self.plan);
        self.network.watch(self.journal());
    }

    pub fn plan_digest(&self) -> String {
        Plan::open(&self.plan_dir()).expect("a plan").digest
    }

    pub fn journal(&self) -> PathBuf {
        self.plan_dir().join(dir::JOURNAL)
    }

    /// What `apply --yes` asks for.
    pub fn request(&self) -> ApplyRequest {
        carry::request(self.wall.clone())
    }

    /// A writer through the network.
    pub fn writer(&self) -> Writer {
        let settings = world::settings(self.limits);
        let way = Box::new(Through(self.network.clone()));
        let reader = Reader::over(way, world::identity(), true, &settings, self.trace.clone());
        reader.remember_pace(Arc::new(PaceFile::at(&self.dir.path().join("pace"), self.wall.clone())));
        Writer::over(reader)
    }

    /// One run in a process of its own, as far as that goes inside another: what it holds is gone when it dies.
    pub async fn run(self: &Arc<Self>) -> End {
        self.arm();
        let stage = Arc::clone(self);
        let ended = tokio::task::spawn_local(async move { stage.carry_out().await }).await;
        self.disarm();
        let end = match ended {
            Ok(end) => end,
            Err(error) => match error.try_into_panic() {
                Ok(cause) if is_death(&*cause) => End::Died,
                Ok(cause) => std::panic::resume_unwind(cause),
                Err(error) => panic!("{error}"),
            },
        };
        self.trace.say(format_args!("--- {end:?}"));
        let wrong = self.network.wrong();
        assert!(wrong.is_empty(), "intended before it is sent: {wrong:?}");
        end
    }

    async fn carry_out(&self) -> End {
        match self.apply(&self.request()).await {
            Ok(steps) if steps.iter().any(|step| step.state.is_pending()) => End::Pending,
            Ok(_) => End::Complete,
            Err(error) => End::Stopped(error),
        }
    }

    pub async fn apply(&self, request: &ApplyRequest) -> Result<Vec<Step>, String> {
        let carried = carry::apply(&self.plan_dir(), &self.writer(), request, self.trace.clone()).await.map_err(told)?;
        carried.worked.map(|()| carried.steps).map_err(told)
    }

    /// Takes the plan back; gives how many records were left alone because they were changed.
    #[cfg(feature = "faults")]
    pub async fn undo(&self) -> u64 {
        self.arm();
        let undo = async |run: &mut Run<'_>| {
            let mut undone = b24restore::apply::Undone::default();
            run.undo(&mut undone).await.map(|()| undone)
        };
        let carried = carry::carried(&self.plan_dir(), &self.writer(), &self.request(), self.trace.clone(), undo).await;
        self.disarm();
        let undone = carried.expect("an open plan").worked.expect("the plan is taken back");
        undone.entities.values().map(|counts| counts.kept_changed).sum()
    }

    /// Runs until nothing is pending; gives the number of runs.
    pub async fn until_complete(self: &Arc<Self>) -> usize {
        for runs in 1..=RUNS_MAX {
            if self.run().await == End::Complete {
                return runs;
            }
            let rest = self.network.script(|script| script.rest());
            tokio::time::sleep(rest).await;
            if self.network.script(|script| script.loses_journal()) {
                // Of what is under way then, or made a moment ago, nobody knows any more: that is the risk that stays, and no promise.
                self.network.quiet().await;
                self.trace.say("the journal is lost");
                self.lose_journal();
            }
        }
        panic!("still not complete after {RUNS_MAX} runs");
    }

    /// Somebody deletes the journal.
    pub fn lose_journal(&self) {
        for end in ["", "-wal", "-shm"] {
            let mut path = self.journal().into_os_string();
            path.push(end);
            let _ = std::fs::remove_file(path);
        }
    }

    /// How many steps stand in a state.
    pub fn count(&self, state: State) -> usize {
        let steps = Journal::read(&self.journal(), &self.plan_digest()).expect("a journal").unwrap_or_default();
        steps.iter().filter(|step| step.state == state).count()
    }

    #[cfg(feature = "faults")]
    fn arm(&self) {
        b24restore::drill::arm(self.network.script(|script| script.point()), self.bug);
    }

    #[cfg(feature = "faults")]
    #[expect(clippy::unused_self, reason = "the other half of `arm`")]
    fn disarm(&self) {
        b24restore::drill::disarm();
    }

    /// Without the feature there is no point to die at; the script is asked all the same, so that a seed is one story in both builds.
    #[cfg(not(feature = "faults"))]
    fn arm(&self) {
        let _ = self.network.script(|script| script.point());
    }

    #[cfg(not(feature = "faults"))]
    #[expect(clippy::unused_self, reason = "without the feature there is no point to die at")]
    fn disarm(&self) {}
}

fn told(error: impl std::fmt::Display) -> String {
    error.to_string()
}

fn is_death(cause: &(dyn Any + Send)) -> bool {
    #[cfg(feature = "faults")]
    if cause.is::<b24restore::drill::Died>() {
        return true;
    }
    cause.is::<Death>()
}

/// Runs a test's story where tokio's time stands still while anybody works.
pub fn play<F: Future>(story: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime");
    tokio::task::LocalSet::new().block_on(&runtime, story)
}

/// A long time.
pub const LATER: Duration = Duration::from_hours(1);
