//! In which zone the times of each file are. A list export writes its user's time, a database's dump the server's (csv 4.6, 8): files of
//! both kinds, or of two users, have more than one.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::diff::{self, Current, ZoneFit};
use crate::intake::Clocks;
use crate::model::{OriginalId, Value};

use super::plan::PlanError;
use super::survey::Surveyed;

/// The zone of most files, and how it was found.
pub(super) struct Fitted {
    pub zone: TimeZone,
    pub name: String,
    pub fit: ZoneFit,
    /// Whether some file's zone is unsure, so that the id alone has to decide what is the same record.
    pub unsure: bool,
}

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
pub(super) fn fit(files: &mut [Surveyed], current: &Current, preferred: &[(String, TimeZone)]) -> Result<Fitted, PlanError> {
    let is_asked = |seen: &Surveyed| has_clocks(seen) || seen.file.timezone().is_some();
    let clocked: Vec<usize> = (0..files.len()).filter(|at| is_asked(&files[*at])).collect();
    let (said, open) = said(files, clocked);
    let (coded, titled): (Vec<usize>, Vec<usize>) = open.into_iter().partition(|at| files[*at].file.is_coded());
    let servers: Vec<(String, TimeZone)> = preferred.iter().rev().cloned().collect();
    let mut groups = grouped(files, titled, current, preferred);
    groups.extend(grouped(files, coded, current, &servers));
    for said in &said {
        groups.extend(grouped(files, said.files.clone(), current, &said.zone));
    }
    if let Some((explained, of)) = foreign(&groups) {
        let mut strange = groups.iter().filter(|group| matches!(group.fit, ZoneFit::Foreign { .. }));
        let zone_said = strange.all(|group| group.files.iter().all(|at| files[*at].file.timezone().is_some()));
        return Err(PlanError::Foreign { explained, of, zone_said });
    }
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
fn grouped<'z>(
    surveyed: &[Surveyed],
    files: Vec<usize>,
    current: &Current,
    preferred: &'z [(String, TimeZone)],
) -> Vec<Group<'z>> {
    if files.is_empty() {
        return Vec::new();
    }
    let fit = diff::fit(&samples(surveyed, &files, current), preferred);
    let (explained, of) = explained(&fit);
    if explained < of
        && let Some(alone) = each_alone(surveyed, &files, current, preferred, explained)
    {
        return files.into_iter().zip(alone).map(|(at, fit)| Group { files: vec![at], preferred, fit }).collect();
    }
    vec![Group { files, preferred, fit }]
}

/// The zone of each file, if each has one without a doubt and more records are explained so: the files are of several users.
fn each_alone(
    files: &[Surveyed],
    group: &[usize],
    current: &Current,
    zones: &[(String, TimeZone)],
    together: usize,
) -> Option<Vec<ZoneFit>> {
    let fits: Vec<ZoneFit> = group.iter().map(|at| diff::fit(&samples(files, &[*at], current), zones)).collect();
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

/// Creation moments of ids that are both in the files and in the portal.
fn samples(files: &[Surveyed], group: &[usize], current: &Current) -> Vec<(DateTime, Timestamp)> {
    group.iter().flat_map(|at| shared(&files[*at], current)).map(|(_, clock, moment)| (clock, moment)).collect()
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
    let births: HashMap<OriginalId, Timestamp> = shared(seen, current)
        .filter(|(_, clock, moment)| exact(*clock) != Some(*moment) && diff::shows(*clock, *moment, zone))
        .map(|(id, _, moment)| (id, moment))
        .collect();
    seen.survey.conventions.clocks = Some(Clocks { zone: zone.clone(), births });
    let (explained, of) = explained(fit);
    seen.zone = Some((name.to_owned(), explained as u64, of as u64));
}
