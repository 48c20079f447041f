//! The tables that `apply` and `undo` leave in the plan directory, written anew from the journal after every run.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use super::apply::OpenError;
use super::remedy;
use crate::apply::{State, Step};
use crate::drill::point;
use crate::model::EntityType;
use crate::plan::{Action, ActionKind, Plan, dir};
use crate::report::tables::{FailureLine, IdLine};
use crate::report::{self, Language};

/// Writes `ids.csv`, `failures.csv` and `failed/ENTITY.csv` anew from the journal.
pub fn write_outputs(plan: &Plan, actions: &[Action], steps: &[Step], language: Language) -> Result<(), OpenError> {
    write_file(&plan.dir.join(dir::IDS), |out| {
        let done = steps.iter().filter(|step| step.kind == ActionKind::Create && step.state == State::Done);
        let rows = done.filter_map(|step| {
            let new_id = step.portal_id?.0;
            Some(IdLine { entity: step.entity, original_id: step.original_id.0, new_id, title: actions[step.seq].title.clone() })
        });
        report::tables::write_ids(rows, out)
    })?;
    let failed: Vec<&Step> = steps.iter().filter(|step| step.state == State::Failed).collect();
    write_file(&plan.dir.join(dir::FAILURES), |out| {
        let rows = failed.iter().map(|step| FailureLine {
            entity: step.entity,
            original_id: step.original_id.0,
            title: actions[step.seq].title.clone(),
            code: step.code.clone(),
            message: step.message.clone(),
            remedy: remedy::of(&step.code, language),
        });
        report::tables::write_failures(rows, out)
    })?;
    write_failed_rows(plan, actions, &failed)
}

fn write_failed_rows(plan: &Plan, actions: &[Action], failed: &[&Step]) -> Result<(), OpenError> {
    let place = plan.dir.join(dir::FAILED_DIR);
    if place.exists() {
        fs::remove_dir_all(&place).map_err(|source| OpenError::Output { path: place.clone(), source })?;
    }
    let mut by_input: BTreeMap<usize, Vec<&Step>> = BTreeMap::new();
    for step in failed.iter().filter(|step| step.kind == ActionKind::Create) {
        if let Some(source) = &actions[step.seq].source {
            by_input.entry(source.input).or_default().push(step);
        }
    }
    let mut parts: BTreeMap<EntityType, u32> = BTreeMap::new();
    for (input, steps) in by_input {
        let Some(input) = plan.manifest.inputs.get(input) else { continue };
        fs::create_dir_all(&place).map_err(|source| OpenError::Output { path: place.clone(), source })?;
        let part = parts.entry(input.entity).or_default();
        *part += 1;
        let name = if *part == 1 { format!("{}.csv", input.entity) } else { format!("{}-{part}.csv", input.entity) };
        write_file(&place.join(name), |out| {
            let mut rows = report::rejected::ReturnedRows::new(out, &input.header)?;
            for step in &steps {
                for cells in actions[step.seq].source.iter().flat_map(|source| &source.lines) {
                    rows.write(cells, &step.message)?;
                }
            }
            rows.finish().map(|_| ())
        })?;
    }
    Ok(())
}

/// Makes a rename last. Windows has no such call: its rename is its own matter.
fn sync_directory_of(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(dir) if cfg!(unix) => File::open(dir)?.sync_all(),
        _ => Ok(()),
    }
}

/// Writes a file beside its place and moves it there, so that a reader never sees half of it.
fn write_file(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), OpenError> {
    let work = path.with_extension("csv.part");
    let written = File::create(&work).and_then(|file| {
        let mut out = BufWriter::new(file);
        write(&mut out)?;
        out.flush()?;
        out.get_ref().sync_all()?;
        point!("report written beside its place");
        point!("before the rename");
        fs::rename(&work, path)?;
        point!("renamed, directory not synced");
        sync_directory_of(path)
    });
    written.map_err(|source| OpenError::Output { path: path.to_owned(), source })
}
