//! What `pipeline::apply` does, but for the lock: that one is the user's, and many stages stand side by side.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use b24restore::apply::{ApplyError, Clock, Journal, Run, Scope, Settings, Step, progress};
use b24restore::event::Observer;
use b24restore::pipeline::{self, Applied, ApplyRequest, OpenError};
use b24restore::plan::dir;
use b24restore::portal::Writer;
use b24restore::report::Language;

use crate::script::WINDOW;

/// What `apply --yes` asks for.
pub fn request(clock: Arc<dyn Clock>) -> ApplyRequest {
    ApplyRequest {
        stale_ok: false,
        max_creates: None,
        failed: false,
        pilot: None,
        zombie_window: WINDOW,
        stop: Arc::new(AtomicBool::new(false)),
        clock,
        language: Language::En,
        only_ids: None,
    }
}

/// What came of working on a plan: what the work gave, and the steps as they stand.
pub struct Carried<T> {
    pub worked: Result<T, ApplyError>,
    pub steps: Vec<Step>,
    pub applied: Applied,
}

/// Opens a plan, works on it, and writes its result files.
pub async fn carried<T>(
    place: &Path,
    writer: &Writer,
    request: &ApplyRequest,
    observer: Arc<dyn Observer>,
    work: impl AsyncFnOnce(&mut Run<'_>) -> Result<T, ApplyError>,
) -> Result<Carried<T>, OpenError> {
    let opened = pipeline::open(place, writer.reader(), request).await?;
    let schema = writer.reader().schema().await?;
    let plan = opened.approved.plan();
    let (portal, now) = (plan.manifest.portal.as_str(), request.clock.wall());
    let mut journal = Journal::open(&place.join(dir::JOURNAL), &plan.digest, portal, &opened.actions, now)?;
    let settings = Settings {
        zombie_window: request.zombie_window,
        stop: request.stop.clone(),
        scope: Scope::All,
        clock: request.clock.clone(),
        compared: opened.compared,
        user: opened.user(),
        again: opened.old.then_some(jiff::tz::TimeZone::UTC),
    };
    let worked = work(&mut Run::new(&opened.approved, &opened.actions, &mut journal, writer, &schema, settings, observer)).await;
    let steps = journal.steps().to_vec();
    pipeline::write_outputs(plan, &opened.actions, &steps, Language::En)?;
    let applied = Applied {
        progress: progress(&opened.actions, Some(&steps)),
        stopped: None,
        pilot: None,
        causes: Vec::new(),
        has_write_ahead_log: journal.has_write_ahead_log(),
    };
    Ok(Carried { worked, steps, applied })
}

/// `apply`, from the beginning or for the failed records.
pub async fn apply(
    place: &Path,
    writer: &Writer,
    request: &ApplyRequest,
    observer: Arc<dyn Observer>,
) -> Result<Carried<()>, OpenError> {
    let work = async |run: &mut Run<'_>| {
        if request.failed {
            run.take_up_failed()?;
        }
        run.carry_out().await
    };
    carried(place, writer, request, observer, work).await
}
