//! `demo`: the whole story on a local portal. A company loses records; its restore files go through `plan`, `apply` and `verify`, as a person would
//! type them; and at the end the portal itself is counted.

pub mod loss;
pub mod proof;
pub mod world;

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::{Args, Command, FromArgMatches};

use self::loss::Loss;
use self::proof::Proof;
use self::world::WorldError;
use super::args::Output;
use super::lang::say;
use super::{Failure, Outcome, apply, plan, terminal, verify};
use crate::report::Language;
use crate::sandbox::store::Store;
use crate::sandbox::store::record::Entity;
use crate::sandbox::{self, Config, Limits, SandboxError};

/// Show the whole story on a local portal: a company loses records, and gets them back.
#[derive(Debug, Args)]
pub struct Demo {
    /// Where the demo writes (default: a new directory below the system's temporary folder).
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Where the demo keeps what.
struct Places {
    files: PathBuf,
    portal: PathBuf,
    plan: PathBuf,
    webhook: PathBuf,
}

impl Demo {
    pub(super) async fn run(self, output: &Output) -> Result<Outcome, Failure> {
        let begun = Instant::now();
        let language = output.language();
        if output.json {
            return Err(Failure::usage(say(language, "the demo tells a story; it has no --json", "la demostración cuenta una historia; no tiene --json")));
        }
        let places = Places::below(&directory(self.out, language)?);
        let build = (places.files.clone(), places.portal.clone());
        let (files, loss, portal) = blocking(language, move || prepare(&build.0, &build.1)).await?;
        std::fs::write(&places.webhook, portal.webhook()).map_err(|error| Failure::other(places.webhook.display().to_string(), &error))?;
        tell(&opening(&loss, &places, language));

        // The commands neither ask nor draw: nobody is waited for.
        let quiet = Output { quiet: true, ..output.clone() };
        let ended = restore(&files, &places, &quiet).await;
        blocking(language, move || portal.stop().map_err(DemoError::from)).await?;
        let verified = ended?;

        let (place, lost) = (places.portal.clone(), loss);
        let (proof, before) = blocking(language, move || {
            let mut store = Store::open(&place, world::LANGUAGE, world::ZONE).map_err(WorldError::from)?;
            Ok((proof::count(&mut store, &lost)?, lost.before))
        })
        .await?;
        let holds = proof.holds(before) && verified == Outcome::Done;
        tell(&closing(&proof, holds, &places, begun, language));
        Ok(if holds { Outcome::Done } else { Outcome::InPart })
    }
}

impl Places {
    fn below(dir: &Path) -> Self {
        Self { files: dir.join("files"), portal: dir.join("portal"), plan: dir.join("plan"), webhook: dir.join("webhook.txt") }
    }
}

/// Why the demo can't be shown.
#[derive(Debug, thiserror::Error)]
enum DemoError {
    #[error(transparent)]
    World(#[from] WorldError),
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    #[error("a thread of the demo ended early")]
    Thread(#[from] tokio::task::JoinError),
}

/// A new directory of the system's temporary folder, or the one that was named, if it is empty.
fn directory(named: Option<PathBuf>, language: Language) -> Result<PathBuf, Failure> {
    let wrong = |error: &std::io::Error| Failure::other(say(language, "cannot make the demo's directory", "no se puede crear el directorio"), error);
    let Some(dir) = named else {
        return tempfile::Builder::new().prefix("b24restore-demo-").tempdir().map(tempfile::TempDir::keep).map_err(|error| wrong(&error));
    };
    std::fs::create_dir_all(&dir).map_err(|error| wrong(&error))?;
    if std::fs::read_dir(&dir).map_err(|error| wrong(&error))?.next().is_some() {
        let what = say(language, "the demo writes into an empty directory only, not into", "la demostración solo escribe en un directorio vacío, no en");
        return Err(Failure::usage(format!("{what} {}", dir.display())));
    }
    Ok(dir)
}

/// The portal's work blocks; it must not hold the runtime up.
async fn blocking<T: Send + 'static>(language: Language, work: impl FnOnce() -> Result<T, DemoError> + Send + 'static) -> Result<T, Failure> {
    let done = tokio::task::spawn_blocking(work).await.map_err(DemoError::from).flatten();
    done.map_err(|error| Failure::other(say(language, "the demo cannot be shown", "no se puede mostrar la demostración"), &error))
}

/// Writes the files, lets the portal live its days, and opens its door.
fn prepare(files: &Path, portal: &Path) -> Result<(Vec<PathBuf>, Loss, sandbox::Sandbox), DemoError> {
    let paths = world::write_files(files)?;
    let mut store = world::build(portal)?;
    let loss = loss::lose(&mut store)?;
    drop(store);
    let config = Config {
        data: portal.to_owned(),
        limits: Limits::Standard,
        time_scale: 1.0,
        latency_ms: 0,
        faults: None,
        language: world::LANGUAGE,
        zone: world::ZONE.to_owned(),
    };
    let running = sandbox::Sandbox::start(&config, ([127, 0, 0, 1], 0).into())?;
    Ok((paths, loss, running))
}

/// `plan`, `apply` and `verify`, each shown as a person would type it; says how `verify` ended.
async fn restore(files: &[PathBuf], places: &Places, output: &Output) -> Result<Outcome, Failure> {
    let path = |path: &Path| path.display().to_string();
    let (dir, webhook) = (path(&places.plan), path(&places.webhook));
    let mut planning: Vec<String> = files.iter().map(|file| path(file)).collect();
    planning.extend(["--out".to_owned(), dir.clone()]);
    typed("plan", &["FILE...", "--out", "plan"]);
    command::<plan::Plan>(planning, &webhook)?.run(output).await?;
    typed("apply", &["plan", "--yes"]);
    let applied = command::<apply::Apply>(vec![dir.clone(), "--yes".to_owned()], &webhook)?.run(output).await?;
    typed("verify", &["plan"]);
    let verified = command::<verify::Verify>(vec![dir], &webhook)?.run(output).await?;
    Ok(if applied == Outcome::Done { verified } else { applied })
}

/// A command as its words make it.
fn command<C: Args + FromArgMatches>(mut words: Vec<String>, webhook: &str) -> Result<C, Failure> {
    words.extend(["--webhook-file".to_owned(), webhook.to_owned()]);
    let parser = C::augment_args(Command::new("b24restore").no_binary_name(true));
    let matches = parser.try_get_matches_from(words);
    matches.and_then(|matches| C::from_arg_matches(&matches)).map_err(|error| Failure::usage(error.to_string()))
}

fn typed(name: &str, words: &[&str]) {
    tell(&format!("\n$ b24restore {name} {}\n", words.join(" ")));
}

fn tell(text: &str) {
    terminal::result(text);
}

/// What happened before the first command.
fn opening(loss: &Loss, places: &Places, language: Language) -> String {
    let [companies, contacts, leads, deals] = [Entity::Company, Entity::Contact, Entity::Lead, Entity::Deal].map(|entity| loss.of(entity));
    let dir = places.files.parent().unwrap_or(&places.files).display();
    let (changed, made, recovered, retyped, before) = (loss.changed, loss.made, loss.recovered, loss.retyped, loss.before);
    match language {
        Language::En => format!(
            "\"Montacargas y Almacenaje Cerro Ceniza\", an invented company with {before} CRM records.\n\
             20/11 03:10  the backup of the day\n\
             20-22/11     work goes on: {changed} records changed, {made} new until today\n\
             23/11 08:14  a portfolio and a pipeline are deleted by mistake: {companies} companies,\n\
             \x20            {contacts} contacts, {leads} leads, {deals} deals\n\
             23/11 08:26  by hand: {recovered} out of the recycle bin, {retyped} typed in again\n\
             then         Support hands out four CSV files of 20/11\n\
             The demo writes to {dir}"
        ),
        Language::Es => format!(
            "\"Montacargas y Almacenaje Cerro Ceniza\", empresa inventada con {before} registros de CRM.\n\
             20/11 03:10  la copia de seguridad del día\n\
             20-22/11     se sigue trabajando: {changed} registros cambian, {made} son nuevos hasta hoy\n\
             23/11 08:14  se eliminan por error una cartera y un embudo: {companies} compañías,\n\
             \x20            {contacts} contactos, {leads} prospectos, {deals} negociaciones\n\
             23/11 08:26  a mano: {recovered} vuelven de la Papelera de reciclaje, {retyped} se capturan otra vez\n\
             después      Soporte entrega cuatro archivos CSV del 20/11\n\
             La demostración escribe en {dir}"
        ),
    }
}

/// What the count found, and where to look.
fn closing(proof: &Proof, holds: bool, places: &Places, begun: Instant, language: Language) -> String {
    let Proof { lost, once, missing, twice, marked, all, .. } = proof;
    let verdict = match (language, holds) {
        (Language::En, true) => format!("PROVEN: nothing is missing, nothing is twice. {once} of {lost} lost records are there exactly once"),
        (Language::Es, true) => format!("COMPROBADO: no falta nada y nada está dos veces. {once} de {lost} registros perdidos están exactamente una vez"),
        (Language::En, false) => format!("NOT PROVEN: {once} of {lost} lost records are there once, {missing} are missing, {twice} are there more than once"),
        (Language::Es, false) => format!("NO COMPROBADO: {once} de {lost} registros perdidos están una vez, {missing} faltan, {twice} están más de una vez"),
    };
    let (report, portal, seconds) = (places.plan.join("report.html"), places.portal.display(), begun.elapsed().as_secs_f64());
    let report = report.display();
    match language {
        Language::En => format!(
            "\n{verdict}\n({all} records counted over REST, without plan and journal; {marked} bear b24restore's mark).\n\
             Report   {report}\n\
             Portal   b24restore sandbox --data {portal} --zone {zone}\n\
             Time     {seconds:.1} s",
            zone = world::ZONE
        ),
        Language::Es => format!(
            "\n{verdict}\n({all} registros contados por REST, sin mirar la revisión ni la bitácora; {marked} llevan la marca de b24restore).\n\
             Informe  {report}\n\
             Portal   b24restore sandbox --data {portal} --zone {zone}\n\
             Tiempo   {seconds:.1} s",
            zone = world::ZONE
        ),
    }
}
