//! `demo`: the whole story on a local portal. A company loses records; its restore files go through `plan`, `apply` and `verify`, as a person would
//! type them; and at the end the portal itself is counted.

pub mod loss;
pub mod proof;
pub mod prove;
mod story;
mod typed;
pub mod world;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use serde_json::{Value, json};

use self::loss::Loss;
use self::proof::Proof;
use self::prove::Prove;
use self::typed::{Ended, Typist};
use self::world::WorldError;
use super::args::Output;
use super::lang::say;
use super::{Failure, Outcome, terminal};
use crate::report::Language;
use crate::sandbox::store::Store;
use crate::sandbox::{Config, Limits, Sandbox, SandboxError};

/// What `plan` ends with when every row could be read, and when some could not: both are plans.
const PLANNED: [Option<i32>; 2] = [Some(0), Some(3)];

/// Show the whole story on a local portal: a company loses records, and gets them back.
#[derive(Debug, Args)]
pub struct Demo {
    /// Where the demo writes (default: a new directory below the system's temporary folder).
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    prove: Prove,
}

/// Where the demo keeps what.
#[derive(Debug, Clone)]
struct Places {
    root: PathBuf,
    files: PathBuf,
    portal: PathBuf,
    plan: PathBuf,
    webhook: PathBuf,
}

/// Why the demo can't be shown.
#[derive(Debug, thiserror::Error)]
enum DemoError {
    #[error(transparent)]
    World(#[from] WorldError),
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    #[error("cannot write the webhook's file, or start a command")]
    System(#[from] std::io::Error),
    #[error("a thread of the demo ended early")]
    Thread(#[from] tokio::task::JoinError),
}

/// What came of it.
struct Shown {
    proof: Proof,
    proven: bool,
    /// What the commands printed, with `--json`.
    printed: [Value; 3],
}

impl Demo {
    pub(super) async fn run(self, output: &Output) -> Result<Outcome, Failure> {
        let begun = Instant::now();
        let language = output.language();
        if self.prove.is_wanted() {
            let is_temporary = self.out.is_none();
            let (root, output) = (directory(self.out, language)?, output.clone());
            // All of it blocks: processes and portals are waited for.
            let proven = tokio::task::spawn_blocking(move || self.prove.run(&root, is_temporary, &output)).await;
            return proven
                .unwrap_or_else(|error| Err(Failure::other(say(language, "cannot prove", "no se puede comprobar"), &error)));
        }
        let places = Places::below(directory(self.out, language)?);
        let (json, work) = (output.json, places.clone());
        // All of it blocks: the portal's own work, and waiting for commands.
        let shown = tokio::task::spawn_blocking(move || show(&work, language, json)).await.map_err(DemoError::from).flatten();
        let Shown { proof, proven, printed: [plan, apply, verify] } = shown.map_err(|error| {
            Failure::other(say(language, "the demo cannot be shown", "no se puede mostrar la demostración"), &error)
        })?;
        let (report, seconds) = (places.plan.join("report.html"), begun.elapsed().as_secs_f64());
        if json {
            let proof = json!({ "proven": proven, "counted": proof });
            terminal::json(
                &json!({ "out": places.root, "plan": plan, "apply": apply, "verify": verify, "proof": proof, "report": report, "seconds": seconds }),
            );
        } else {
            terminal::result(&story::closing(&proof, proven, &report, &places.portal, seconds, language));
        }
        Ok(if proven { Outcome::Done } else { Outcome::InPart })
    }
}

impl Places {
    fn below(root: PathBuf) -> Self {
        let [files, portal, plan, webhook] = ["files", "portal", "plan", "webhook.txt"].map(|name| root.join(name));
        Self { root, files, portal, plan, webhook }
    }
}

/// A new directory of the system's temporary folder, or the one that was named, if it is empty.
fn directory(named: Option<PathBuf>, language: Language) -> Result<PathBuf, Failure> {
    let wrong = |error: &std::io::Error| {
        Failure::other(say(language, "cannot make the demo's directory", "no se puede crear el directorio"), error)
    };
    let Some(dir) = named else {
        let made = tempfile::Builder::new().prefix("b24restore-demo-").tempdir();
        return made.map(tempfile::TempDir::keep).map_err(|error| wrong(&error));
    };
    std::fs::create_dir_all(&dir).map_err(|error| wrong(&error))?;
    if std::fs::read_dir(&dir).map_err(|error| wrong(&error))?.next().is_some() {
        let what = say(
            language,
            "the demo writes into an empty directory only, not into",
            "la demostración solo escribe en un directorio vacío, no en",
        );
        return Err(Failure::usage(format!("{what} {}", dir.display())));
    }
    Ok(dir)
}

/// Builds the world, lets it lose records, runs the commands, counts.
fn show(places: &Places, language: Language, json: bool) -> Result<Shown, DemoError> {
    let (files, loss, portal) = prepare(places)?;
    std::fs::write(&places.webhook, portal.webhook())?;
    let say_aloud = |text: &str| {
        if !json {
            terminal::result(text);
        }
    };
    say_aloud(&story::opening(&loss, &places.root, language));
    let typist = Typist::new(&places.webhook, language, json);

    let mut planning: Vec<&OsStr> = vec!["plan".as_ref()];
    planning.extend(files.iter().map(|file| file.as_os_str()));
    planning.extend([OsStr::new("--out"), places.plan.as_os_str()]);
    say_aloud("\n$ b24restore plan files/*.csv --out plan");
    let plan = typist.run(&planning)?;
    say_aloud("\n$ b24restore apply plan --yes");
    let apply = typist.run(&["apply".as_ref(), places.plan.as_os_str(), "--yes".as_ref()])?;
    say_aloud("\n$ b24restore verify plan");
    let verify = typist.run(&["verify".as_ref(), places.plan.as_os_str()])?;

    // The door is shut before the count, so that nobody changes what is counted.
    portal.stop()?;
    let mut store = Store::open(&places.portal, world::LANGUAGE, world::ZONE).map_err(WorldError::from)?;
    let proof = proof::count(&mut store, &loss)?;
    let done = |ended: &Ended| ended.code == Some(0);
    let proven = PLANNED.contains(&plan.code) && done(&apply) && done(&verify) && proof.holds(loss.before);
    Ok(Shown { proof, proven, printed: [plan.printed, apply.printed, verify.printed] })
}

/// Writes the files, lets the portal live its days, and opens its door.
fn prepare(places: &Places) -> Result<(Vec<PathBuf>, Loss, Sandbox), DemoError> {
    let files = world::write_files(&places.files)?;
    let loss = live(&places.portal)?;
    let config = Config {
        data: places.portal.clone(),
        limits: Limits::Standard,
        time_scale: 1.0,
        latency_ms: 0,
        faults: None,
        language: world::LANGUAGE,
        zone: world::ZONE.to_owned(),
    };
    let portal = Sandbox::start(&config, ([127, 0, 0, 1], 0).into())?;
    Ok((files, loss, portal))
}

fn live(portal: &Path) -> Result<Loss, WorldError> {
    let mut store = world::build(portal)?;
    loss::lose(&mut store)
}
