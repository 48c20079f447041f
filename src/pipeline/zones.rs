//! In which zone the times of each file are. A list export writes its user's time, a database's dump the server's (csv 4.6, 8): files of
//! both kinds, or of two users, have more than one.

use std::collections::HashMap;
use std::ops::ControlFlow;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::diff::{self, Current, ZoneFit};
use crate::intake::{Clocks, IntakeError};
use crate::model::{FieldCode, FieldType, OriginalId, Schema, Value};

use super::plan::PlanError;
use super::survey::Surveyed;
use super::twins::{each_record, twin};

/// The zone of most files, and how it was found.
pub(super) struct Fitted {
    pub zone: TimeZone,
    pub name: String,
    pub fit: ZoneFit,
    /// Whether some file's zone is unsure, so that the id alone has to decide what is the same record.
    pub unsure: bool,
}

/// A file's clocks, each with the portal's moment of the same thing.
type Pairs = Vec<(DateTime, Timestamp)>;

/// Files whose times are in one zone.
struct Group<'z> {
    files: Vec<usize>,
    /// The zones to try first, each by its name.
    preferred: &'z [(String, TimeZone)],
    fit: ZoneFit,
}

/// Files of which the user has said the zone.
struct Said {
    zone: [(String, TimeZone); 1],
    files: Vec<usize>,
}

/// Finds the zone of the files' times. A file whose zone is another one than the first gets [`Clocks`] of its own.
///
/// `preferred` begins with the user's zone; a dump's times are first tried in the server's, its last.
pub(super) fn fit(
    files: &mut [Surveyed],
    current: &Current,
    schema: &Schema,
    preferred: &[(String, TimeZone)],
) -> Result<Fitted, PlanError> {
    let (mut clocked, mut unborn) = (Vec::new(), Vec::new());
    let mut pairs = Vec::new();
    for (at, seen) in files.iter().enumerate() {
        let elsewhere = if has_births(seen) { None } else { elsewhere(seen, current, schema)? };
        if has_clocks(seen) || seen.file.timezone().is_some() {
            clocked.push(at);
        } else if elsewhere.is_some() {
            unborn.push(at);
        }
        pairs.push(elsewhere.unwrap_or_else(|| births(seen, current)));
    }
    let (said, open) = said(files, clocked);
    let servers: Vec<(String, TimeZone)> = preferred.iter().rev().cloned().collect();
    let by_kind = |open: Vec<usize>| {
        let (coded, titled): (Vec<usize>, Vec<usize>) = open.into_iter().partition(|at| files[*at].file.is_coded());
        let mut groups = grouped(&pairs, titled, preferred);
        groups.extend(grouped(&pairs, coded, &servers));
        groups
    };
    let mut groups = by_kind(open);
    for said in &said {
        groups.extend(grouped(&pairs, said.files.clone(), &said.zone));
    }
    if let Some((explained, of)) = foreign(&groups) {
        let mut strange = groups.iter().filter(|group| matches!(group.fit, ZoneFit::Foreign { .. }));
        let zone_known = strange.all(|group| group.files.iter().all(|at| files[*at].file.timezone().is_some()));
        return Err(PlanError::Foreign { explained, of, zone_known });
    }
    // Other moments than those of creation may have been edited since: they tell a zone, but never that the files are foreign.
    let told = by_kind(unborn).into_iter().map(|group| Group { fit: unrefused(group.fit, group.preferred), ..group });
    let is_alone = groups.is_empty();
    groups.extend(told.filter(|group| is_alone || matches!(group.fit, ZoneFit::Fits { .. })));
    let unsure = groups.iter().any(|group| matches!(group.fit, ZoneFit::TooFew { .. }));
    let mut groups = groups.into_iter();
    let Some(first) = groups.next() else {
        let (name, zone) = chosen(&ZoneFit::NotNeeded, preferred);
        return Ok(Fitted { zone, name, fit: ZoneFit::NotNeeded, unsure });
    };
    let (name, zone) = chosen(&first.fit, first.preferred);
    for group in groups {
        let (own_name, own) = chosen(&group.fit, group.preferred);
        if own_name != name {
            for at in group.files {
                set_clocks(&mut files[at], current, &own_name, &own, &group.fit);
            }
        }
    }
    Ok(Fitted { zone, name, fit: first.fit, unsure })
}

/// The files by the zone that the user has said of them, and those of which they have said none.
fn said(files: &[Surveyed], clocked: Vec<usize>) -> (Vec<Said>, Vec<usize>) {
    let (mut said, mut open): (Vec<Said>, Vec<usize>) = (Vec::new(), Vec::new());
    for at in clocked {
        let named = files[at].file.timezone().and_then(|name| Some((name.to_owned(), TimeZone::get(name).ok()?)));
        match (named, said.iter_mut()) {
            (None, _) => open.push(at),
            (Some((name, zone)), mut known) => match known.find(|known| known.zone[0].0 == name) {
                Some(known) => known.files.push(at),
                None => said.push(Said { zone: [(name, zone)], files: vec![at] }),
            },
        }
    }
    (said, open)
}

/// Files of one kind: one group, or one each where they are explained better so; none where there is no file.
fn grouped<'z>(pairs: &[Pairs], files: Vec<usize>, preferred: &'z [(String, TimeZone)]) -> Vec<Group<'z>> {
    if files.is_empty() {
        return Vec::new();
    }
    let all: Pairs = files.iter().flat_map(|at| pairs[*at].iter().copied()).collect();
    let fit = diff::fit(&all, preferred);
    let (explained, of) = explained(&fit);
    if explained < of
        && let Some(alone) = each_alone(pairs, &files, preferred, explained)
    {
        return files.into_iter().zip(alone).map(|(at, fit)| Group { files: vec![at], preferred, fit }).collect();
    }
    vec![Group { files, preferred, fit }]
}

/// The zone of each file, if each has one without a doubt and more records are explained so: the files are of several users.
fn each_alone(pairs: &[Pairs], group: &[usize], zones: &[(String, TimeZone)], together: usize) -> Option<Vec<ZoneFit>> {
    let fits: Vec<ZoneFit> = group.iter().map(|at| diff::fit(&pairs[*at], zones)).collect();
    let is_sure = |fit: &ZoneFit| matches!(fit, ZoneFit::Fits { .. } | ZoneFit::NotNeeded);
    let apart: usize = fits.iter().map(|fit| explained(fit).0).sum();
    (group.len() > 1 && apart > together && fits.iter().all(is_sure)).then_some(fits)
}

/// Whether no zone explains some files: how many records the best one explains, and of how many, over all of them.
fn foreign(groups: &[Group<'_>]) -> Option<(usize, usize)> {
    let is_foreign = groups.iter().any(|group| matches!(group.fit, ZoneFit::Foreign { .. }));
    let counts = groups.iter().map(|group| explained(&group.fit));
    is_foreign.then(|| counts.fold((0, 0), |sum, next| (sum.0 + next.0, sum.1 + next.1)))
}

/// How many shared records a fit explains, and of how many.
pub(super) fn explained(fit: &ZoneFit) -> (usize, usize) {
    match fit {
        ZoneFit::Fits { explained, of, .. } | ZoneFit::TooFew { explained, of, .. } | ZoneFit::Foreign { explained, of } => {
            (*explained, *of)
        }
        ZoneFit::NotNeeded => (0, 0),
    }
}

fn chosen(fit: &ZoneFit, preferred: &[(String, TimeZone)]) -> (String, TimeZone) {
    match fit {
        ZoneFit::Fits { zone, name, .. } | ZoneFit::TooFew { zone, name, .. } => (name.clone(), zone.clone()),
        ZoneFit::NotNeeded | ZoneFit::Foreign { .. } => {
            preferred.first().cloned().unwrap_or_else(|| ("UTC".to_owned(), TimeZone::UTC))
        }
    }
}

pub(super) fn has_clocks(seen: &Surveyed) -> bool {
    seen.survey.created().any(|(_, value)| matches!(value, Value::Clock(_)))
}

fn has_births(seen: &Surveyed) -> bool {
    seen.survey.created().next().is_some()
}

/// Creation moments of ids that are both in a file and in the portal.
fn births(seen: &Surveyed, current: &Current) -> Pairs {
    shared(seen, current).map(|(_, clock, moment)| (clock, moment)).collect()
}

/// The other moments of ids that are both in a file and in the portal, of a file that doesn't say when its records were created: the
/// import wizard's layout has no such column (csv 7.4). `None` where it has no clock at all.
fn elsewhere(seen: &Surveyed, current: &Current, schema: &Schema) -> Result<Option<Pairs>, IntakeError> {
    let kind = |code: &FieldCode| schema.listed(seen.file.entity, code.as_str()).map(|field| &field.kind);
    if !seen.survey.columns.iter().any(|column| column.code.as_ref().and_then(kind) == Some(&FieldType::Moment)) {
        return Ok(None);
    }
    let (mut pairs, mut has_clocks) = (Pairs::new(), false);
    each_record(seen, schema, |record| {
        let live = twin(record, current);
        for (code, value) in record.fields() {
            let clocks = value.each().iter().filter_map(as_clock);
            has_clocks |= clocks.clone().next().is_some();
            let moments = live.as_ref().and_then(|live| live.get(code.as_str())).map_or(&[][..], Value::each);
            if moments.len() == value.each().len() {
                pairs.extend(clocks.zip(moments.iter().filter_map(as_moment)));
            }
        }
        ControlFlow::Continue(())
    })?;
    // Somebody has edited the others since; and days alone tell no zone.
    pairs.retain(|pair| diff::explainable(&[*pair]) == 1 && !diff::is_day_of(pair.0, pair.1));
    Ok(has_clocks.then_some(pairs))
}

fn as_clock(value: &Value) -> Option<DateTime> {
    if let Value::Clock(clock) = value { Some(*clock) } else { None }
}

fn as_moment(value: &Value) -> Option<Timestamp> {
    if let Value::Moment(moment) = value { Some(*moment) } else { None }
}

/// A fit that refuses nothing: where no zone explains the moments, the likeliest one serves, unsure.
fn unrefused(fit: ZoneFit, preferred: &[(String, TimeZone)]) -> ZoneFit {
    let (explained, of) = explained(&fit);
    match fit {
        ZoneFit::Foreign { .. } | ZoneFit::NotNeeded => {
            let (name, zone) = chosen(&ZoneFit::NotNeeded, preferred);
            ZoneFit::TooFew { zone, name, explained, of }
        }
        fit => fit,
    }
}

fn shared(seen: &Surveyed, current: &Current) -> impl Iterator<Item = (OriginalId, DateTime, Timestamp)> {
    let entity = seen.file.entity;
    seen.survey.created().filter_map(move |(id, created)| {
        let live = current.under_id(entity, id).and_then(|live| current.created(entity, live));
        if let (Value::Clock(clock), Some(Value::Moment(moment))) = (created, live) { Some((id, clock, moment)) } else { None }
    })
}

/// Gives a file a zone of its own. What the clock leaves open the portal's record of that id tells.
fn set_clocks(seen: &mut Surveyed, current: &Current, name: &str, zone: &TimeZone, fit: &ZoneFit) {
    let exact = |clock: DateTime| zone.to_ambiguous_timestamp(clock).compatible().ok();
    let is_of = |clock, moment| diff::shows(clock, moment, zone) || diff::is_day_of(clock, moment);
    let births: HashMap<OriginalId, Timestamp> = shared(seen, current)
        .filter(|(_, clock, moment)| exact(*clock) != Some(*moment) && is_of(*clock, *moment))
        .map(|(id, _, moment)| (id, moment))
        .collect();
    seen.survey.conventions.clocks = Some(Clocks { zone: zone.clone(), births });
    let (explained, of) = explained(fit);
    seen.zone = Some((name.to_owned(), explained as u64, of as u64));
}
