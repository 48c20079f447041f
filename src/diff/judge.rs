//! The judge: which live record answers for a record of the files, and what it says of it.
//!
//! The order of matching is fixed and printed in every report (design 6): id with the same creation moment, origin mark, own origin
//! pair, twin, duplicates, typed in again, `--match`, missing. Id and mark are found for each row alone; the rest by `settle`.

use std::collections::HashMap;

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::model::{EntityType, FieldCode, FieldType, FileRecord, LiveRecord, OriginalId, PortalId, Schema, UserId, Value, fold};

use super::links::Links;
use super::moment::{is_day_of, may_be, same_moment};
use super::stage;
use super::unclaimed::Unclaimed;
use super::untyped::take_types;
use super::{ChangeKind, Comparison, Current, Files, Judged, MatchedBy, Names, Note, Target, Verdict, compare};

/// What the caller decides.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JudgeOptions {
    /// Keys that are tried after all others, in this order.
    pub match_keys: Vec<MatchKey>,
    /// Whether a record that is there counts as `identical` without a look at its fields.
    pub existence_only: bool,
}

/// A key of `--match`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MatchKey {
    /// The e-mail.
    Email,
    /// The phone.
    Phone,
    /// The exact title, or the name of a contact.
    Title,
}

/// Judges records of the files against the portal's current state.
#[derive(Debug)]
pub struct Judge<'a> {
    pub(super) schema: &'a Schema,
    pub(super) current: &'a Current,
    pub(super) files: &'a Files,
    pub(super) names: &'a Names,
    pub(super) zone: TimeZone,
    /// Whether the zone of the files is unsure, so that the id decides as long as some zone could make its two moments of creation one.
    id_decides: bool,
    pub(super) options: JudgeOptions,
    pub(super) unclaimed: Unclaimed,
    users: HashMap<String, Vec<UserId>>,
}

impl<'a> Judge<'a> {
    /// Prepares a judge: one pass over the current state for the records that no row answers for.
    pub fn new(
        schema: &'a Schema,
        current: &'a Current,
        files: &'a Files,
        names: &'a Names,
        zone: TimeZone,
        id_decides: bool,
        options: JudgeOptions,
    ) -> Self {
        let mut users: HashMap<String, Vec<UserId>> = HashMap::new();
        for user in &schema.users {
            for key in user.keys() {
                users.entry(key).or_default().push(user.id);
            }
        }
        let mut judge = Self { schema, current, files, names, zone, id_decides, options, unclaimed: Unclaimed::default(), users };
        let claims = |entity, id| judge.is_claimed(entity, id);
        judge.unclaimed = Unclaimed::gather(current, files, &judge.zone, &judge.options.match_keys, claims);
        judge
    }

    /// Judges one record by id and mark alone; pure, so rows can be judged on all cores. The ones that aren't `identical` go on to
    /// [`Judge::settle`].
    pub fn judge(&self, record: FileRecord) -> Judged {
        let (entity, id) = (record.entity, record.id);
        let same_id = self.current.under_id(entity, id);
        let same = same_id.filter(|live| self.is_same(record.get("DATE_CREATE"), entity, *live));
        if let Some(live) = same.and_then(|live| self.current.get(entity, live)) {
            return self.hold(record, &live, MatchedBy::Id, self);
        }
        let marked = self.current.by_mark(entity, id);
        let restored = marked.first().and_then(|first| self.current.get(entity, *first));
        let mut judged = match restored {
            Some(live) => self.hold(record, &live, MatchedBy::Mark, self),
            None => Judged::missing(record),
        };
        if marked.len() > 1 {
            judged.candidates = marked.to_vec();
            judged.notes.extend(marked[1..].iter().map(|id| Note::CreatedTwice(*id)));
        }
        judged.notes.extend(same_id.map(Note::IdReused));
        judged
    }

    /// Holds a record against the live one that answers for it.
    pub(super) fn hold(&self, record: FileRecord, live: &LiveRecord, how: MatchedBy, links: &dyn Links) -> Judged {
        let mut judged = Judged { live: Some(live.id), how, ..Judged::missing(record) };
        if self.options.existence_only {
            judged.verdict = if how == MatchedBy::Id { Verdict::Identical } else { Verdict::Restored };
            judged.notes.push(Note::NotCompared);
        } else {
            self.compare_again(&mut judged, live, links);
        }
        judged
    }

    /// Compares a record with the live one that answers for it, and sets verdict, changes and the notes that follow from them.
    pub(super) fn compare_again(&self, judged: &mut Judged, live: &LiveRecord, links: &dyn Links) {
        if let Some(stage) = stage::within_own(&judged.record, live, self.schema) {
            stage::set(&mut judged.record, stage);
        }
        take_types(&mut judged.record, live);
        let mut found = compare(&judged.record, live, self.schema, &self.zone, links);
        for change in &mut found.changes {
            // A record that was matched was created when it was created; a difference is the unsure zone's, or can't be helped.
            if change.field.as_str() == "DATE_CREATE" {
                change.kind = ChangeKind::PortalOwn;
            }
        }
        judged.verdict = match judged.how {
            MatchedBy::Id if found.is_equal() => Verdict::Identical,
            MatchedBy::Id => Verdict::Changed,
            _ => Verdict::Restored,
        };
        judged.notes.retain(|note| {
            matches!(note, Note::IdReused(_) | Note::AnswersForAnother(_) | Note::CreatedTwice(_) | Note::NotCompared)
        });
        self.note_uncompared(judged, &found, links);
        judged.changes = found.changes;
    }

    fn note_uncompared(&self, judged: &mut Judged, found: &Comparison, links: &dyn Links) {
        for code in &found.uncompared {
            let Some(value) = judged.record.get(code.as_str()) else { continue };
            let kind = self.schema.listed(judged.record.entity, code.as_str()).map(|field| &field.kind);
            if kind == Some(&FieldType::User) {
                judged.notes.push(self.user_note(code, value));
            } else if value.each().iter().any(|value| matches!(value, Value::Label(_))) {
                judged.notes.push(Note::LabelUnknown(code.clone()));
            }
        }
        for change in found.changes.iter().filter(|change| change.kind != ChangeKind::PortalOwn) {
            match self.schema.listed(judged.record.entity, change.field.as_str()).map(|field| &field.kind) {
                Some(FieldType::Link(entity)) => {
                    judged.notes.extend(self.link_note(&change.field, &change.file, *entity, links));
                }
                Some(FieldType::User) if self.names_several_users(&change.file) => {
                    judged.notes.push(Note::UserAmbiguous(change.field.clone()));
                }
                _ => {}
            }
        }
    }

    /// What hinders a user from being compared or written: nobody bears the name, or several do.
    pub(super) fn user_note(&self, code: &FieldCode, value: &Value) -> Note {
        let code = code.clone();
        if self.names_several_users(value) { Note::UserAmbiguous(code) } else { Note::UserUnknown(code) }
    }

    fn names_several_users(&self, value: &Value) -> bool {
        let bearers = |name: &str| self.users.get(&fold(name)).map_or(0, Vec::len);
        value.each().iter().filter_map(Value::as_text).any(|name| bearers(name) > 1)
    }

    /// What hinders a link from being filled, if anything.
    pub(super) fn link_note(&self, code: &FieldCode, value: &Value, entity: EntityType, links: &dyn Links) -> Option<Note> {
        if !links.knows(entity) {
            return None;
        }
        let mut unknown = false;
        for value in value.each() {
            match value {
                Value::Name(name) | Value::Text(name) if !name.is_empty() => match links.named(entity, name).len() {
                    0 => unknown = true,
                    1 => {}
                    _ => return Some(Note::LinkAmbiguous(code.clone())),
                },
                Value::Link(id) if *id != 0 => {
                    let id = OriginalId(*id);
                    unknown |= links.live(entity, id).is_none() && !self.files.contains(entity, id);
                }
                _ => {}
            }
        }
        unknown.then(|| Note::LinkUnknown(code.clone()))
    }

    /// Whether a live record with a row's id is the row's record: created at the same moment, as far as both say when.
    fn is_same(&self, created: Option<&Value>, entity: EntityType, live: PortalId) -> bool {
        let Some((file, live)) = created.zip(self.current.created(entity, live)) else { return true };
        match (file, &live) {
            // What no zone makes one moment are two, however unsure the zone is.
            (file, Value::Moment(live)) if self.id_decides => may_be(file, *live),
            // A day alone may be one's own zone's or another's: it must not double the records that were made around midnight.
            (Value::Clock(clock), Value::Moment(live)) if is_day_of(*clock, *live) => true,
            (file, live) => self.id_decides || same_moment(file, live, &self.zone) != Some(false),
        }
    }

    /// Whether a row of the files answers for a live record: by its id, or as the source of which it was made.
    fn is_claimed(&self, entity: EntityType, live: PortalId) -> bool {
        if let Some(source) = self.current.source(entity, live) {
            return self.files.contains(entity, source);
        }
        let id = OriginalId(live.0);
        self.files.contains(entity, id)
            && self.current.under_id(entity, id).is_some()
            && self.is_same(self.files.created(entity, id), entity, live)
    }
}

impl Links for Judge<'_> {
    /// A row's record by its id and creation moment, then by mark. An id that the files don't hold may have been given out again; a
    /// mark for it proves that its record was lost once, and so goes first.
    fn live(&self, entity: EntityType, id: OriginalId) -> Option<PortalId> {
        let marked = self.current.by_mark(entity, id).first().copied();
        let Some(live) = self.current.under_id(entity, id) else { return marked };
        match self.files.contains(entity, id) {
            true if self.is_same(self.files.created(entity, id), entity, live) => Some(live),
            true => marked,
            false => marked.or(Some(live)),
        }
    }

    fn named(&self, entity: EntityType, name: &str) -> Vec<Target> {
        distinct(self.names.find(entity, name), |id| self.live(entity, id))
    }

    fn exists(&self, entity: EntityType, id: PortalId) -> bool {
        self.current.contains(entity, id)
    }

    fn knows(&self, entity: EntityType) -> bool {
        self.current.is_read(entity)
    }

    fn returned(&self, entity: EntityType, id: PortalId) -> bool {
        self.current.source(entity, id).is_some()
    }

    fn users_named(&self, name: &str) -> Option<Vec<UserId>> {
        Some(self.users.get(&fold(name)).cloned().unwrap_or_default())
    }
}

/// Bearers of a name with those of the files replaced by the live records that answer for them, each once.
pub(super) fn distinct(targets: Vec<Target>, live: impl Fn(OriginalId) -> Option<PortalId>) -> Vec<Target> {
    let mut found: Vec<Target> = Vec::with_capacity(targets.len());
    for target in targets {
        let target = match target {
            Target::File(id) => live(id).map_or(target, Target::Live),
            Target::Live(_) => target,
        };
        if !found.contains(&target) {
            found.push(target);
        }
    }
    found
}

impl Judged {
    /// A record that nothing answers for.
    pub(super) fn missing(record: FileRecord) -> Self {
        Self {
            record,
            verdict: Verdict::Missing,
            live: None,
            how: MatchedBy::Nothing,
            changes: Vec::new(),
            candidates: Vec::new(),
            notes: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::kit::{World, date, file, live};
    use EntityType::{Contact, Deal, Lead};
    use Verdict::{Changed, Identical, Missing, Restored};

    #[test]
    fn a_record_that_is_there_and_equal_is_identical() {
        let world = World::default()
            .row(file(Lead, 1).text("TITLE", "a").born("2024-01-01T10:00:05"))
            .live(live(Lead, 1).text("TITLE", "a").born("2024-01-01T10:00:05Z"));
        assert_eq!(world.verdicts(), [Identical]);
        assert_eq!(world.judge()[0].how, MatchedBy::Id);
    }

    #[test]
    fn a_record_that_is_there_and_differs_is_changed_field_by_field() {
        let world = World::default()
            .row(file(Lead, 1).text("TITLE", "a").code("STATUS_ID", "NEW"))
            .live(live(Lead, 1).text("TITLE", "a").code("STATUS_ID", "IN_PROCESS"));
        let judged = world.judge();
        assert_eq!(judged[0].verdict, Changed);
        assert_eq!(judged[0].changes.iter().map(|change| change.field.as_str()).collect::<Vec<_>>(), ["STATUS_ID"]);
    }

    #[test]
    fn a_record_that_nothing_answers_for_is_missing() {
        let world = World::default().row(file(Lead, 1).text("TITLE", "a"));
        assert_eq!(world.verdicts(), [Missing]);
    }

    #[test]
    fn an_id_given_out_again_is_another_record() {
        let world = World::default()
            .row(file(Lead, 1).text("TITLE", "a").born("2024-01-01T10:00:05"))
            .live(live(Lead, 1).text("TITLE", "a").born("2024-06-01T10:00:05Z"));
        let judged = world.judge();
        assert_eq!(judged[0].verdict, Missing);
        assert_eq!(judged[0].notes, [Note::IdReused(PortalId(1))]);
    }

    #[test]
    fn without_a_creation_column_the_id_decides() {
        let world = World::default()
            .row(file(Lead, 1).text("TITLE", "a"))
            .live(live(Lead, 1).text("TITLE", "a").born("2024-06-01T10:00:05Z"));
        assert_eq!(world.verdicts(), [Identical]);
    }

    #[test]
    fn where_the_zone_is_unsure_the_id_decides() {
        let mut world = World::default()
            .row(file(Lead, 1).text("TITLE", "a").born("2024-01-01T10:00:05"))
            .live(live(Lead, 1).text("TITLE", "a").born("2024-01-01T16:00:05Z"));
        world.id_decides = true;
        let judged = world.judge();
        assert_eq!(judged[0].verdict, Identical);
        assert_eq!(judged[0].changes[0].kind, ChangeKind::PortalOwn, "the moment is told");
    }

    #[test]
    fn what_no_zone_makes_one_moment_is_another_record_however_unsure_the_zone_is() {
        let of = |file_born: &str| {
            let mut world = World::default().row(file(Lead, 1).born(file_born)).live(live(Lead, 1).born("2024-01-01T16:00:05Z"));
            world.id_decides = true;
            world.judge().remove(0)
        };
        for other in ["2024-01-01T10:00:06", "2024-03-01T10:00:05", "2023-12-30T16:00:05Z"] {
            assert_eq!((of(other).verdict, of(other).notes), (Missing, vec![Note::IdReused(PortalId(1))]), "{other}");
        }
        for same in ["2024-01-01T10:00:05", "2024-01-01T21:30:00", "2024-01-01T17:00:05Z", "2024-01-01T00:00:00"] {
            assert_eq!(of(same).verdict, Identical, "{same}");
        }
    }

    #[test]
    fn a_day_alone_may_be_another_zones_but_not_another_day() {
        let of =
            |day: &str| World::default().row(file(Lead, 1).born(day)).live(live(Lead, 1).born("2024-01-01T23:30:05Z")).verdicts();
        assert_eq!(of("2024-01-01T00:00:00"), [Identical]);
        assert_eq!(of("2024-01-02T00:00:00"), [Identical], "the next day east of UTC");
        assert_eq!(of("2024-01-03T00:00:00"), [Missing]);
    }

    #[test]
    fn a_stage_of_several_pipelines_is_that_of_the_records_own_pipeline() {
        let row = |id, label: &str| file(Deal, id).with("STAGE_ID", Value::Label(label.into()));
        let world = World::default()
            .row(row(1, "Nuevo"))
            .row(row(2, "Ganado"))
            .row(row(3, "Nuevo"))
            .live(live(Deal, 1).code("STAGE_ID", "C9:NEW").code("CATEGORY_ID", "9"))
            .live(live(Deal, 2).code("STAGE_ID", "C9:NEW").code("CATEGORY_ID", "9"));
        let judged = world.judge();
        assert_eq!(judged.iter().map(|one| one.verdict).collect::<Vec<_>>(), [Identical, Changed, Missing]);
        assert_eq!(judged[1].changes[0].file, Value::Code("C9:WON".into()), "the update stays in the record's pipeline");
        assert_eq!(judged[2].record.get("STAGE_ID"), Some(&Value::Code("NEW".into())));
        assert_eq!(judged[2].notes, [Note::StageAmbiguous("STAGE_ID".into())]);
    }

    #[test]
    fn values_without_a_type_are_compared_whatever_type_they_have() {
        let row = |id, phones: &[&str]| file(Lead, id).texts("PHONE_WORK", phones).with("PHONE_ANY", Value::Empty);
        let world = World::default()
            .row(row(1, &["5551", "5552"]))
            .row(row(2, &["5551", "5553"]))
            .row(row(3, &["5559"]))
            .live(live(Lead, 1).texts("PHONE_MOBILE", &["5552"]).texts("PHONE_WORK", &["5551"]))
            .live(live(Lead, 2).texts("PHONE_MOBILE", &["5551"]));
        let judged = world.judge();
        assert_eq!((judged[0].verdict, judged[1].verdict), (Identical, Changed));
        let changes: Vec<_> = judged[1].changes.iter().map(|change| (change.field.as_str(), &change.portal)).collect();
        assert_eq!(changes, [("PHONE_WORK", &Value::Empty)], "the mobile stays one");
        assert_eq!((judged[2].verdict, judged[2].record.get("PHONE_ANY")), (Missing, None), "it is no field to write");
    }

    #[test]
    fn a_creation_column_of_days_is_held_against_the_day() {
        let of = |day: &str| {
            World::default()
                .row(file(Lead, 1).with("DATE_CREATE", date(day)))
                .live(live(Lead, 1).born("2024-01-01T16:00:05Z"))
                .verdicts()
        };
        assert_eq!(of("2024-01-01"), [Identical]);
        assert_eq!(of("2024-01-02"), [Missing]);
    }

    #[test]
    fn a_record_that_an_earlier_run_re_created_is_restored() {
        let world = World::default().row(file(Lead, 1).text("TITLE", "a").born("2024-01-01T10:00:05")).live(
            live(Lead, 90)
                .text("TITLE", "b")
                .text("ORIGINATOR_ID", "b24restore")
                .text("ORIGIN_ID", "lead:1")
                .born("2024-06-01T10:00:05Z"),
        );
        let judged = world.judge();
        assert_eq!((judged[0].verdict, judged[0].how, judged[0].live), (Restored, MatchedBy::Mark, Some(PortalId(90))));
        let told: Vec<_> = judged[0].changes.iter().map(|change| (change.field.as_str(), change.kind)).collect();
        assert_eq!(told, [("TITLE", ChangeKind::Changed), ("DATE_CREATE", ChangeKind::PortalOwn)]);
    }

    #[test]
    fn the_mark_answers_where_the_id_was_given_out_again() {
        let world = World::default()
            .row(file(Lead, 1).born("2024-01-01T10:00:05"))
            .live(live(Lead, 1).born("2024-06-01T10:00:05Z"))
            .live(live(Lead, 90).text("ORIGINATOR_ID", "b24restore").text("ORIGIN_ID", "lead:1"));
        let judged = world.judge();
        assert_eq!((judged[0].verdict, judged[0].live), (Restored, Some(PortalId(90))));
    }

    #[test]
    fn a_record_created_twice_is_told_with_both_ids() {
        let marked = |id| live(Lead, id).text("ORIGINATOR_ID", "b24restore").text("ORIGIN_ID", "lead:1");
        let judged = World::default().row(file(Lead, 1)).live(marked(90)).live(marked(91)).judge();
        assert_eq!(judged[0].candidates, [PortalId(90), PortalId(91)]);
        assert_eq!(judged[0].notes, [Note::CreatedTwice(PortalId(91))]);
    }

    #[test]
    fn existence_only_looks_at_no_field() {
        let mut world = World::default().row(file(Lead, 1).text("TITLE", "a")).live(live(Lead, 1)).row(file(Lead, 2));
        world.options.existence_only = true;
        let judged = world.judge();
        assert_eq!(judged[0].verdict, Identical);
        assert_eq!(judged[0].notes, [Note::NotCompared]);
        assert_eq!(judged[1].verdict, Missing);
    }

    #[test]
    fn an_unknown_label_or_user_is_noted_and_is_no_change() {
        let world = World::default()
            .row(file(Lead, 1).with("STATUS_ID", Value::Label("Congelado".into())).name("ASSIGNED_BY_ID", "Pedro Paz"))
            .live(live(Lead, 1).code("STATUS_ID", "NEW").user("ASSIGNED_BY_ID", 1));
        let judged = world.judge();
        assert_eq!(judged[0].verdict, Identical);
        assert_eq!(judged[0].notes, [Note::LabelUnknown("STATUS_ID".into()), Note::UserUnknown("ASSIGNED_BY_ID".into())]);
    }

    #[test]
    fn a_name_that_several_users_bear_is_told_from_one_that_nobody_bears() {
        let mut world = World::default()
            .row(file(Lead, 1).name("ASSIGNED_BY_ID", "Ana Ruiz"))
            .row(file(Lead, 2).name("ASSIGNED_BY_ID", "Ana Ruiz"))
            .row(file(Lead, 3).name("ASSIGNED_BY_ID", "Ana Ruiz"))
            .row(file(Lead, 4).name("ASSIGNED_BY_ID", "Luis Gómez"))
            .live(live(Lead, 1).user("ASSIGNED_BY_ID", 1))
            .live(live(Lead, 3).user("ASSIGNED_BY_ID", 2))
            .live(live(Lead, 4).user("ASSIGNED_BY_ID", 1));
        let mut namesake = world.schema.users[0].clone();
        namesake.id = UserId(9);
        world.schema.users.push(namesake);
        let judged = world.judge();
        assert_eq!(judged.iter().map(|judged| judged.verdict).collect::<Vec<_>>(), [Identical, Missing, Changed, Changed]);
        // One of them is who the portal has.
        assert_eq!(judged[0].notes, []);
        for judged in &judged[1..3] {
            assert_eq!(judged.notes, [Note::UserAmbiguous("ASSIGNED_BY_ID".into())]);
        }
        assert_eq!(judged[3].notes, []);
    }

    #[test]
    fn a_survivor_whose_contact_was_lost_has_a_lost_link() {
        let world = World::default()
            .row(file(Contact, 4).text("NAME", "Ana"))
            .row(file(Deal, 1).name("CONTACT_ID", "Ana"))
            .row(file(Deal, 2).link("CONTACT_ID", 4))
            .live(live(Deal, 1).with("CONTACT_ID", Value::Empty))
            .live(live(Deal, 2).link("CONTACT_ID", 4));
        let judged = world.judge();
        for deal in &judged[1..] {
            assert_eq!(deal.changes.iter().map(|change| change.kind).collect::<Vec<_>>(), [ChangeKind::LostLink]);
        }
    }

    #[test]
    fn references_are_looked_up_by_mark_even_where_the_files_hold_deals_alone() {
        let world = World::default()
            .row(file(Deal, 1).link("CONTACT_ID", 4))
            .live(live(Contact, 90).text("NAME", "Ana").text("ORIGINATOR_ID", "b24restore").text("ORIGIN_ID", "contact:4"))
            .live(live(Deal, 1).link("CONTACT_ID", 90));
        assert_eq!(world.verdicts(), [Identical]);
    }

    #[test]
    fn links_to_records_that_were_not_read_count_as_they_stand() {
        let mut world = World::default().row(file(Deal, 1).link("CONTACT_ID", 4)).live(live(Deal, 1).link("CONTACT_ID", 4));
        world.current.set_unread(Contact);
        assert_eq!(world.verdicts(), [Identical]);
    }
}
