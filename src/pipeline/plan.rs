//! The dry run: files and current state in, a sealed plan directory out. Only reads.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};

use crate::diff::{Current, Files, MatchKey, Names, ZoneFit};
use crate::event::{Event, Observer, Phase};
use crate::intake::{IntakeError, Keep, MappingError};
use crate::model::{CrmMode, EntityType, FieldType, PortalId, PortalIdentity, Schema, UserId, Value};
use crate::plan::{DirError, Flags, Mending, MendingError, ParentMissing, Plan};
use crate::portal::{PortalError, Reader, Wants};
use crate::report::{Facts, Language};

use super::files::{FileError, Overriding};
use super::meanings::Meanings;
use super::survey::{DetectError, Detected, Surveyed, UnusedColumn, detect, save_mapping, survey};

/// What a person asks of `plan`.
#[derive(Debug, Clone)]
pub struct PlanRequest {
    /// The restore files.
    pub files: Vec<PathBuf>,
    /// What is said of them.
    pub overriding: Overriding,
    /// Where the plan shall stand.
    pub out: PathBuf,
    /// What decides.
    pub flags: Flags,
    /// A snapshot instead of the portal.
    pub against: Option<PathBuf>,
    /// Whether the reports leave out what the records hold.
    pub redact: bool,
    /// The language of sentences.
    pub language: Language,
}

/// A plan that was made.
#[derive(Debug)]
pub struct Planned {
    /// What there is to say of it.
    pub facts: Facts,
    /// The plan.
    pub plan: Plan,
    /// The files that say that there are no records, as the user gave them.
    pub empty_files: Vec<String>,
    /// What was said of columns that no file has.
    pub unused: Vec<UnusedColumn>,
}

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// A flag.
    #[error(transparent)]
    Flag(#[from] FileError),
    /// A mapping file.
    #[error(transparent)]
    Mapping(#[from] MappingError),
    /// A word of a mending flag that names nothing.
    #[error(transparent)]
    Mending(#[from] MendingError),
    /// A restore file.
    #[error(transparent)]
    Intake(#[from] IntakeError),
    /// The portal.
    #[error(transparent)]
    Portal(#[from] PortalError),
    /// The plan directory.
    #[error(transparent)]
    Dir(#[from] DirError),
    /// The snapshot to compare with.
    #[error(transparent)]
    Snapshot(#[from] crate::snapshot::SnapshotError),
    /// The files are of another portal, or of a zone that no zone explains.
    #[error(
        "only {explained} of {of} records that are both in the files and in the portal were created at the same moment, in any time zone"
    )]
    Foreign {
        /// How many agree in the best zone.
        explained: usize,
        /// How many there are.
        of: usize,
        /// Whether their zone is known, by `--timezone` or by the moments themselves, so that saying it is no way out.
        zone_known: bool,
    },
    /// A file that doesn't say when its records were created is of another portal: its records are others by what they hold.
    #[error(
        "of {of} records that are both in the files and in the portal, only {agreeing} agree in half of their titles, names, phones, e-mails and texts"
    )]
    ForeignContents {
        /// How many are the same.
        agreeing: usize,
        /// How many there are.
        of: usize,
    },
    /// A file has no ID column, and no other key was said.
    #[error("{0} has no ID column; compare by another key with --match")]
    NoId(String),
    /// A parent is missing, and `--missing-parent stop` was said.
    #[error("{} {}: the record that {} names is neither in the portal nor in the files", .0.entity, .0.original_id, .0.field)]
    ParentMissing(ParentMissing),
    /// The numbers don't add up: a defect of this program.
    #[error("the counts of {entity} don't add up ({rows} rows, {judged} verdicts); nothing was written: please report this")]
    Tally {
        /// Of which type.
        entity: EntityType,
        /// Rows read.
        rows: u64,
        /// Verdicts given.
        judged: u64,
    },
}

impl From<DetectError> for PlanError {
    fn from(error: DetectError) -> Self {
        match error {
            DetectError::Flag(error) => Self::Flag(error),
            DetectError::Mapping(error) => Self::Mapping(error),
            DetectError::Intake(error) => Self::Intake(error),
        }
    }
}

/// Everything that the comparison needs to know.
pub(super) struct Ground {
    pub portal: PortalIdentity,
    pub user: UserId,
    pub user_name: String,
    pub admin: bool,
    pub scopes_spare: Vec<String>,
    pub loopback: bool,
    pub schema: Arc<Schema>,
    pub current: Current,
    pub files: Vec<Surveyed>,
    pub known: Files,
    pub names: Names,
    pub zone: TimeZone,
    pub zone_name: String,
    pub zone_fit: ZoneFit,
    /// Whether the zone of some files is unsure, so that a differing creation moment says nothing.
    pub zone_unsure: bool,
    pub newest: HashMap<EntityType, Timestamp>,
    pub now: Timestamp,
    pub requests: u64,
    pub mending: Mending,
}

/// Makes a plan.
pub async fn plan(request: &PlanRequest, reader: Option<&Reader>, observer: Arc<dyn Observer>) -> Result<Planned, PlanError> {
    crate::plan::check_place(&request.out)?;
    let Detected { files: detected, unused } = detect(&super::expand(&request.files), &request.overriding)?;
    let ground = match (&request.against, reader) {
        (Some(dir), _) => from_snapshot(request, dir, detected, &*observer)?,
        (None, Some(reader)) => from_portal(request, reader, detected, observer.clone()).await?,
        (None, None) => return Err(PlanError::Portal(PortalError::Protocol("no portal was given"))),
    };
    tokio::task::block_in_place(|| {
        save_mapping(&request.overriding, &ground.files)?;
        let verdicts = super::verdicts::judge(request, &ground, &*observer)?;
        Ok(Planned { unused, ..super::write::write(request, &ground, verdicts)? })
    })
}

async fn from_portal(
    request: &PlanRequest,
    reader: &Reader,
    detected: Vec<crate::intake::RestoreFile>,
    observer: Arc<dyn Observer>,
) -> Result<Ground, PlanError> {
    let who = reader.who().await?;
    let schema = Arc::new(reader.schema().await?);
    let mending = mending(&request.flags, &schema, &detected)?;
    let wanted = entities_to_read(&detected, &schema);
    let addresses: BTreeSet<EntityType> = detected
        .iter()
        .filter(|file| {
            file.columns.iter().any(|column| column.code.as_ref().is_some_and(|code| code.as_str().contains("ADDRESS")))
        })
        .map(|file| file.entity)
        .collect();
    let surveying = {
        let (schema, observer) = (schema.clone(), observer.clone());
        tokio::task::spawn_blocking(move || survey(detected, &schema, Keep::All, &*observer))
    };
    let mut current = Current::for_foreign(request.flags.foreign.as_deref());
    for entity in EntityType::ALL.into_iter().filter(|entity| !wanted.contains(entity)) {
        current.set_unread(entity);
    }
    for entity in wanted {
        observer.event(Event::Begin { phase: Phase::ReadPortal(entity), total: None });
        let wants = Wants { everything: !request.flags.existence_only, addresses: addresses.contains(&entity), products: false };
        let mut pages = reader.list(entity, schema.clone(), wants);
        while let Some(page) = pages.recv().await {
            let page = page?;
            observer.event(Event::Advance { phase: Phase::ReadPortal(entity), by: page.len() as u64 });
            for record in page {
                current.insert(&record);
            }
        }
        observer.event(Event::End { phase: Phase::ReadPortal(entity) });
    }
    let files = surveying.await.map_err(|_| PortalError::Protocol("the files could not be read to their end"))??;
    if !request.flags.existence_only {
        read_products(reader, &files, &mut current).await?;
    }
    let now = reader.server_time().await?;
    let preferred = preferred_zones(who.zone.as_deref(), schema.server_offset);
    let known = ground(schema, current, files, &preferred, now)?;
    let ground = Ground {
        // Nothing confirms the zone of another portal's files.
        zone_unsure: known.zone_unsure
            || (request.flags.foreign.is_some() && known.files.iter().any(|seen| seen.file.timezone().is_none())),
        portal: reader.identity().clone(),
        user: who.user,
        user_name: who.name,
        admin: who.admin,
        scopes_spare: who.scopes_spare,
        loopback: reader.is_loopback(),
        requests: reader.requests(),
        mending,
        ..known
    };
    Ok(ground)
}

fn from_snapshot(
    request: &PlanRequest,
    dir: &std::path::Path,
    detected: Vec<crate::intake::RestoreFile>,
    observer: &dyn Observer,
) -> Result<Ground, PlanError> {
    let snapshot = crate::snapshot::read_current(dir, observer)?;
    let schema = Arc::new(snapshot.schema.clone());
    let mending = mending(&request.flags, &schema, &detected)?;
    let mut current = Current::for_foreign(request.flags.foreign.as_deref());
    for entity in EntityType::ALL {
        for records in snapshot.records(entity)? {
            for record in records? {
                current.insert(&record);
            }
        }
    }
    let files = survey(detected, &schema, Keep::All, observer)?;
    let preferred = preferred_zones(None, schema.server_offset);
    let now = Timestamp::now();
    // A snapshot holds what its maker could see; nothing is applied from such a plan.
    Ok(Ground { portal: snapshot.manifest.portal, admin: true, mending, ..ground(schema, current, files, &preferred, now)? })
}

/// The part that needs no portal any more.
fn ground(
    schema: Arc<Schema>,
    current: Current,
    mut files: Vec<Surveyed>,
    preferred: &[(String, TimeZone)],
    now: Timestamp,
) -> Result<Ground, PlanError> {
    for seen in &mut files {
        super::settle::settle(seen, &current, &schema)?;
    }
    super::strangers::refuse(&files, &current, &schema)?;
    for seen in &mut files {
        seen.meanings = Meanings::learn(seen, &current, &schema)?;
    }
    let fitted = super::zones::fit(&mut files, &current, &schema, preferred)?;
    let zone = fitted.zone;
    let mut known = Files::default();
    for seen in &files {
        let entity = seen.file.entity;
        // A masked or damaged row can't be compared, but the live record of its id is no stranger to the file.
        for id in seen.survey.ids.iter().chain(seen.survey.rejected_ids.iter()) {
            known.add(entity, id);
        }
        for (id, created) in seen.survey.created() {
            known.set_created(entity, id, created);
        }
        for (id, names) in &seen.survey.names {
            known.add_names(entity, *id, names);
        }
    }
    let mut newest: HashMap<EntityType, Timestamp> = HashMap::new();
    for seen in &files {
        let moment = seen.survey.newest().and_then(|value| crate::plan::moment(&value, &zone));
        if let Some(moment) = moment {
            let known = newest.entry(seen.file.entity).or_insert(moment);
            *known = moment.max(*known);
        }
    }
    for (entity, moment) in &newest {
        known.set_newest(*entity, Value::Moment(*moment));
    }
    let names = Names::build(&current, &known, &schema);
    Ok(Ground {
        portal: PortalIdentity::new(""),
        user: UserId(0),
        user_name: String::new(),
        admin: false,
        scopes_spare: Vec::new(),
        loopback: false,
        schema,
        current,
        files,
        known,
        names,
        zone,
        zone_name: fitted.name,
        zone_fit: fitted.fit,
        zone_unsure: fitted.unsure,
        newest,
        now,
        requests: 0,
        mending: Mending::default(),
    })
}

/// Looks the mending flags up as soon as the schema is known: a slip of the pen must not cost the reading of a whole portal.
fn mending(flags: &Flags, schema: &Schema, files: &[crate::intake::RestoreFile]) -> Result<Mending, MendingError> {
    let columns =
        files.iter().flat_map(|file| file.columns.iter().map(|column| (file.entity, column.name.as_str(), column.code.as_ref())));
    Mending::resolve(flags, schema, columns)
}

/// The types in the files and those that they refer to: names are resolved over the files and the portal together.
fn entities_to_read(files: &[crate::intake::RestoreFile], schema: &Schema) -> Vec<EntityType> {
    let mut wanted = BTreeSet::new();
    for file in files {
        wanted.insert(file.entity);
        for code in file.columns.iter().filter_map(|column| column.code.as_ref()) {
            if let Some(FieldType::Link(target)) = schema.listed(file.entity, code.as_str()).map(|field| field.kind.clone()) {
                wanted.insert(target);
            }
        }
    }
    wanted.into_iter().filter(|entity| *entity != EntityType::Lead || schema.mode == CrmMode::Classic).collect()
}

/// Product rows of the live records that a file with product columns names.
async fn read_products(reader: &Reader, files: &[Surveyed], current: &mut Current) -> Result<(), PortalError> {
    for seen in files {
        let entity = seen.file.entity;
        if !seen.survey.columns.iter().any(|column| column.code.as_ref().is_some_and(|code| code.as_str().starts_with("PRODUCT")))
        {
            continue;
        }
        let live: Vec<PortalId> = seen.survey.ids.iter().filter_map(|id| current.under_id(entity, id)).collect();
        for (id, rows) in reader.product_rows(entity, &live).await? {
            if let Some(mut record) = current.get(entity, id) {
                record.set("PRODUCTS".into(), if rows.is_empty() { Value::Empty } else { Value::Products(rows) });
                current.insert(&record);
            }
        }
    }
    Ok(())
}

/// The zones that files may be in, likeliest first: the user's, for an export is written in it, and the server's.
fn preferred_zones(user: Option<&str>, server_offset: i32) -> Vec<(String, TimeZone)> {
    let mut zones = Vec::new();
    if let Some(name) = user
        && let Ok(zone) = TimeZone::get(name)
    {
        zones.push((name.to_owned(), zone));
    }
    let offset = Offset::from_seconds(server_offset).unwrap_or(Offset::UTC);
    let server = (format!("UTC{offset}"), TimeZone::fixed(offset));
    // Without a word from the user the server's zone is the default; the user's own comes first because an export is written in it.
    zones.push(server);
    zones
}

/// The keys that `--match` names.
pub(super) fn match_keys(flags: &Flags) -> Vec<MatchKey> {
    flags
        .match_keys
        .iter()
        .filter_map(|key| match key.as_str() {
            "email" => Some(MatchKey::Email),
            "phone" => Some(MatchKey::Phone),
            "title" => Some(MatchKey::Title),
            _ => None,
        })
        .collect()
}
