//! The second look: records that nothing answered for, together, so that no live record answers for two of them.
//!
//! Sequential and in an order that doesn't depend on the order of the rows; each step takes up what the one before left.

use std::collections::{HashMap, HashSet};

use crate::model::{EntityType, FieldType, OriginPair, OriginalId, PortalId, UserId, Value};

use super::duplicate::{Candidate, Finder, STEPS, Step};
use super::index::origin_pair;
use super::judge::{Judge, distinct};
use super::links::Links;
use super::stage;
use super::untyped::keep_usual_type;
use super::{Judged, MatchedBy, Note, Target, Verdict};

/// The originator of leads and contacts made from e-mail, whose `ORIGIN_ID` is the mailbox: no key even where it occurs once (rest-crm 5).
const MAIL_TRACKER: &str = "email-tracker";

/// Who answers for whom after the second look: what the judge knows by id and mark, and what was settled besides.
///
/// As [`Links`] it resolves references for a plan: a contact that was typed in again stands in for the lost one where it is the only one.
#[derive(Debug)]
pub struct Answers<'j> {
    judge: &'j Judge<'j>,
    settled: HashMap<(EntityType, OriginalId), PortalId>,
    taken: HashSet<(EntityType, PortalId)>,
}

/// Live records of a type that the files know nothing of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OnlyInPortal {
    /// Made after the files' newest moment, or at an unknown one.
    pub newer: usize,
    /// Made before: the files are incomplete, or are older than the return of these records.
    pub older: usize,
}

impl Answers<'_> {
    /// Counts the live records of a type that answer for no row.
    pub fn only_in_portal(&self, entity: EntityType) -> OnlyInPortal {
        let mut count = OnlyInPortal::default();
        for (_, after) in self.judge.unclaimed.ids(entity).filter(|(id, _)| !self.taken.contains(&(entity, *id))) {
            if after {
                count.newer += 1;
            } else {
                count.older += 1;
            }
        }
        count
    }
}

impl Links for Answers<'_> {
    fn live(&self, entity: EntityType, id: OriginalId) -> Option<PortalId> {
        self.settled.get(&(entity, id)).copied().or_else(|| self.judge.live(entity, id))
    }

    fn named(&self, entity: EntityType, name: &str) -> Vec<Target> {
        distinct(self.judge.names.find(entity, name), |id| self.live(entity, id))
    }

    fn exists(&self, entity: EntityType, id: PortalId) -> bool {
        self.judge.exists(entity, id)
    }

    fn knows(&self, entity: EntityType) -> bool {
        self.judge.knows(entity)
    }

    fn returned(&self, entity: EntityType, id: PortalId) -> bool {
        self.taken.contains(&(entity, id)) || self.judge.returned(entity, id)
    }

    fn users_named(&self, name: &str) -> Option<Vec<UserId>> {
        self.judge.users_named(name)
    }
}

impl<'a> Judge<'a> {
    /// Looks again at the records that aren't `identical`, of all types in one call: finds own pairs, twins and duplicates for the
    /// missing ones, and holds the links of the others against what was found.
    pub fn settle<'j>(&'j self, judged: &mut [Judged]) -> Answers<'j>
    where
        'a: 'j,
    {
        let mut missing: HashMap<EntityType, Vec<usize>> = HashMap::new();
        for (row, one) in judged.iter().enumerate().filter(|(_, one)| one.verdict == Verdict::Missing) {
            missing.entry(one.record.entity).or_default().push(row);
        }
        let answers = Answers { judge: self, settled: HashMap::new(), taken: HashSet::new() };
        let mut session = Session { judge: self, judged, answers };
        for entity in EntityType::ALL {
            let mut rows = missing.remove(&entity).unwrap_or_default();
            if rows.is_empty() || self.unclaimed.is_empty(entity) {
                continue;
            }
            session.own_pairs(&rows);
            for step in STEPS {
                rows.retain(|row| session.judged[*row].verdict == Verdict::Missing);
                session.assign(&rows, *step);
            }
        }
        session.links_again();
        session.note_missing();
        session.answers
    }
}

struct Session<'j, 's> {
    judge: &'j Judge<'j>,
    judged: &'s mut [Judged],
    answers: Answers<'j>,
}

impl Session<'_, '_> {
    /// The row's own origin pair, where one row and one live record bear it: a mail tracker's pair is on hundreds (rest-crm 5).
    fn own_pairs(&mut self, rows: &[usize]) {
        let mut bearers: HashMap<OriginPair, Vec<usize>> = HashMap::new();
        for row in rows {
            if let Some(pair) = origin_pair(&self.judged[*row].record).filter(|pair| pair.originator != MAIL_TRACKER) {
                bearers.entry(pair).or_default().push(*row);
            }
        }
        for (pair, rows) in bearers {
            let ([row], entity) = (rows.as_slice(), self.judged[rows[0]].record.entity) else { continue };
            if let [live] = self.judge.current.by_pair(entity, &pair)
                && self.is_free(entity, *live)
            {
                self.settle(*row, MatchedBy::OwnPair, &[*live]);
            }
        }
    }

    /// Gives each row at most one live record and each live record to at most one row, the surest pairs first; then the free records
    /// that fit a row just as well become its further candidates.
    fn assign(&mut self, rows: &[usize], step: Step) {
        let mut pairs: Vec<(usize, OriginalId, Candidate)> = Vec::new();
        let finder = Finder { judge: self.judge, answers: &self.answers };
        for row in rows {
            let record = &self.judged[*row].record;
            let found = step(&finder, record);
            pairs.extend(found.into_iter().map(|candidate| (*row, record.id, candidate)));
        }
        pairs.sort_by_key(|(row, id, candidate)| (std::cmp::Reverse(candidate.score), *id, candidate.live, *row));
        let mut given: HashMap<usize, (u32, MatchedBy, Vec<PortalId>)> = HashMap::new();
        for (row, _, candidate) in &pairs {
            let free = self.is_free(self.judged[*row].record.entity, candidate.live);
            if free && !given.contains_key(row) {
                self.take(*row, candidate.live);
                given.insert(*row, (candidate.score, candidate.how, vec![candidate.live]));
            }
        }
        for (row, _, candidate) in &pairs {
            let entity = self.judged[*row].record.entity;
            let free = candidate.how != MatchedBy::Twin && self.is_free(entity, candidate.live);
            match given.get_mut(row) {
                Some((score, _, all)) if free && *score == candidate.score => {
                    all.push(candidate.live);
                    self.take(*row, candidate.live);
                }
                None => self.note(*row, Note::AnswersForAnother(candidate.live)),
                Some(_) => {}
            }
        }
        for (row, (_, how, all)) in given {
            self.settle(row, how, &all);
        }
    }

    fn is_free(&self, entity: EntityType, live: PortalId) -> bool {
        self.judge.unclaimed.contains(entity, live) && !self.answers.taken.contains(&(entity, live))
    }

    fn take(&mut self, row: usize, live: PortalId) {
        self.answers.taken.insert((self.judged[row].record.entity, live));
    }

    fn note(&mut self, row: usize, note: Note) {
        let notes = &mut self.judged[row].notes;
        if !notes.contains(&note) {
            notes.push(note);
        }
    }

    /// Writes down who answers for a row.
    fn settle(&mut self, row: usize, how: MatchedBy, live: &[PortalId]) {
        for live in live {
            self.take(row, *live);
        }
        let one = &mut self.judged[row];
        let entity = one.record.entity;
        one.how = how;
        one.notes.retain(|note| !matches!(note, Note::AnswersForAnother(_)));
        one.verdict = if matches!(how, MatchedBy::OwnPair | MatchedBy::Twin) { Verdict::Restored } else { Verdict::Duplicate };
        if one.verdict == Verdict::Duplicate {
            one.candidates = live.to_vec();
        }
        if let [only] = live {
            one.live = Some(*only);
            self.answers.settled.insert((entity, one.record.id), *only);
        }
    }

    /// Compares again whatever has a link that differs, now that more originals have a live record that answers for them.
    fn links_again(&mut self) {
        if self.judge.options.existence_only {
            return;
        }
        for one in self.judged.iter_mut() {
            let entity = one.record.entity;
            let is_link = |code: &str| {
                let kind = self.judge.schema.listed(entity, code).map(|field| &field.kind);
                matches!(kind, Some(FieldType::Link(_) | FieldType::Binding))
            };
            let found_now = one.verdict == Verdict::Restored && one.how != MatchedBy::Mark;
            let affected = !self.answers.settled.is_empty()
                && matches!(one.verdict, Verdict::Changed | Verdict::Restored)
                && one.changes.iter().any(|change| is_link(change.field.as_str()));
            if let Some(live) = one.live.filter(|_| found_now || affected).and_then(|id| self.judge.current.get(entity, id)) {
                self.judge.compare_again(one, &live, &self.answers);
            }
        }
    }

    /// Says of each record that stays missing which of its cells can't be written.
    fn note_missing(&mut self) {
        // A duplicate may be created all the same.
        for one in self.judged.iter_mut().filter(|one| matches!(one.verdict, Verdict::Missing | Verdict::Duplicate)) {
            keep_usual_type(&mut one.record);
            if stage::is_ambiguous(&one.record, self.judge.schema) {
                one.notes.push(Note::StageAmbiguous("STAGE_ID".into()));
                if let Some(stage) = stage::within_general(&one.record, self.judge.schema) {
                    stage::set(&mut one.record, stage);
                }
            }
        }
        for one in self.judged.iter_mut().filter(|one| one.verdict == Verdict::Missing) {
            let is_named = one.notes.contains(&Note::StageAmbiguous("STAGE_ID".into()));
            for (code, value) in one.record.fields() {
                let kind = self.judge.schema.listed(one.record.entity, code.as_str()).map(|field| &field.kind);
                let unknown = value.each().iter().any(|value| matches!(value, Value::Label(_)));
                let note = match kind {
                    Some(FieldType::Link(entity)) => self.judge.link_note(code, value, *entity, &self.answers),
                    Some(FieldType::User)
                        if value.each().iter().any(|value| matches!(value, Value::Name(_) | Value::Label(_))) =>
                    {
                        Some(self.judge.user_note(code, value))
                    }
                    _ if unknown && !(is_named && code.as_str() == "STAGE_ID") => Some(Note::LabelUnknown(code.clone())),
                    _ => None,
                };
                one.notes.extend(note);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::kit::{World, file, live};
    use crate::diff::{ChangeKind, MatchKey};
    use EntityType::{Company, Contact, Deal, Lead};
    use Verdict::{Changed, Duplicate, Identical, Missing, Restored};

    const BORN: &str = "2024-01-01T10:00:05";
    const BORN_Z: &str = "2024-01-01T10:00:05Z";
    const LATER_Z: &str = "2024-06-01T10:00:05Z";

    fn world() -> World {
        World::default().newest(Lead, "2024-05-31T00:00:00Z").newest(Deal, "2024-05-31T00:00:00Z")
    }

    #[test]
    fn a_record_recovered_from_the_recycle_bin_is_restored() {
        let world = world()
            .row(file(Lead, 1).text("TITLE", "Oferta").born(BORN).name("CREATED_BY_ID", "Ana Ruiz"))
            .live(live(Lead, 90).text("TITLE", "Oferta").born(BORN_Z).user("CREATED_BY_ID", 1));
        let judged = world.judge();
        assert_eq!((judged[0].verdict, judged[0].how, judged[0].live), (Restored, MatchedBy::Twin, Some(PortalId(90))));
        assert!(judged[0].candidates.is_empty());
    }

    #[test]
    fn a_twin_has_the_same_creator_title_and_second() {
        let row = || file(Lead, 50).text("TITLE", "Oferta").born(BORN).user("CREATED_BY_ID", 1);
        let twin = |id, title, born, by| live(Lead, id).text("TITLE", title).born(born).user("CREATED_BY_ID", by);
        for other in [
            twin(90, "Oferta", BORN_Z, 2),
            twin(90, "Otra", BORN_Z, 1),
            twin(90, "Oferta", "2024-01-01T10:00:06Z", 1),
            twin(40, "Oferta", BORN_Z, 1),
        ] {
            assert_eq!(world().row(row()).live(other).verdicts(), [Missing]);
        }
        assert_eq!(world().row(row()).live(twin(90, "oferta", BORN_Z, 1)).verdicts(), [Restored]);
    }

    #[test]
    fn twins_are_one_to_one_and_the_one_with_the_fewest_differences_is_it() {
        let row = |id, post| file(Contact, id).text("NAME", "Ana").text("POST", post).born(BORN);
        let world = world()
            .row(row(1, "x"))
            .row(row(2, "y"))
            .row(row(3, "z"))
            .live(live(Contact, 90).text("NAME", "Ana").text("POST", "y").born(BORN_Z));
        assert_eq!(world.verdicts(), [Missing, Restored, Missing]);
        let all = world
            .live(live(Contact, 91).text("NAME", "Ana").text("POST", "z").born(BORN_Z))
            .live(live(Contact, 92).text("NAME", "Ana").text("POST", "x").born(BORN_Z));
        let live: Vec<_> = all.judge().iter().map(|judged| judged.live).collect();
        assert_eq!(live, [Some(PortalId(92)), Some(PortalId(90)), Some(PortalId(91))]);
    }

    #[test]
    fn an_own_origin_pair_answers_where_it_is_one_of_a_kind() {
        let row = |id| file(Lead, id).text("ORIGINATOR_ID", "1c").text("ORIGIN_ID", "A-1");
        let back = |id| live(Lead, id).text("ORIGINATOR_ID", "1c").text("ORIGIN_ID", "A-1");
        let judged = world().row(row(1)).live(back(90)).judge();
        assert_eq!((judged[0].verdict, judged[0].how), (Restored, MatchedBy::OwnPair));
        assert_eq!(world().row(row(1)).row(row(2)).live(back(90)).verdicts(), [Missing, Missing]);
        assert_eq!(world().row(row(1)).live(back(90)).live(back(91)).verdicts(), [Missing]);
        assert_eq!(world().row(row(1)).row(row(2)).live(back(2)).verdicts(), [Missing, Identical]);
    }

    #[test]
    fn the_mail_tracker_s_pair_is_no_key() {
        let pair = ("ORIGINATOR_ID", "email-tracker");
        let world = world()
            .row(file(Lead, 1).text(pair.0, pair.1).text("ORIGIN_ID", "3"))
            .live(live(Lead, 90).text(pair.0, pair.1).text("ORIGIN_ID", "3"));
        assert_eq!(world.verdicts(), [Missing]);
    }

    #[test]
    fn the_same_e_mail_or_phone_under_another_id_is_a_duplicate() {
        for entity in [Lead, Contact, Company] {
            let by_mail = world()
                .row(file(entity, 1).texts("EMAIL_WORK", &["Ana@x.mx"]))
                .live(live(entity, 90).texts("EMAIL_HOME", &["ana@x.mx "]));
            let judged = by_mail.judge();
            assert_eq!((judged[0].verdict, judged[0].how, judged[0].live), (Duplicate, MatchedBy::Email, Some(PortalId(90))));
            assert_eq!(judged[0].candidates, [PortalId(90)]);
            let by_phone = world()
                .row(file(entity, 1).texts("PHONE_WORK", &["+52 55 1234 5678"]))
                .live(live(entity, 90).texts("PHONE_MOBILE", &["00525512345678"]));
            assert_eq!(by_phone.judge()[0].how, MatchedBy::Phone);
        }
    }

    #[test]
    fn a_short_number_makes_no_duplicate() {
        let world = world()
            .row(file(Contact, 1).texts("PHONE_WORK", &["123 45"]))
            .live(live(Contact, 90).texts("PHONE_WORK", &["12345"]));
        assert_eq!(world.verdicts(), [Missing]);
    }

    #[test]
    fn the_exact_title_makes_a_duplicate_of_a_company_alone() {
        let of = |entity, title: &str| {
            world()
                .row(file(entity, 1).text("TITLE", "Acme"))
                .live(live(entity, 90).text("TITLE", title).born(LATER_Z))
                .verdicts()
        };
        assert_eq!(of(Company, "Acme"), [Duplicate]);
        assert_eq!(of(Company, "ACME"), [Missing]);
        assert_eq!(of(Lead, "Acme"), [Missing]);
        assert_eq!(of(Deal, "Acme"), [Missing]);
    }

    #[test]
    fn two_people_with_one_switchboard_number_are_no_duplicates() {
        let phone = |id, name| file(Contact, id).text("NAME", name).texts("PHONE_WORK", &["5512345678"]);
        let world = world()
            .row(phone(1, "Ana"))
            .row(phone(2, "Luis"))
            .live(live(Contact, 2).text("NAME", "Luis").texts("PHONE_WORK", &["5512345678"]));
        assert_eq!(world.verdicts(), [Missing, Identical]);
    }

    #[test]
    fn one_restored_by_an_earlier_run_is_no_duplicate_of_its_colleague() {
        let phone = |id, name| file(Contact, id).text("NAME", name).texts("PHONE_WORK", &["5512345678"]);
        let back = live(Contact, 90)
            .text("NAME", "Luis")
            .texts("PHONE_WORK", &["5512345678"])
            .text("ORIGINATOR_ID", "b24restore")
            .text("ORIGIN_ID", "contact:2");
        assert_eq!(world().row(phone(1, "Ana")).row(phone(2, "Luis")).live(back).verdicts(), [Missing, Restored]);
    }

    #[test]
    fn a_live_record_answers_for_one_row_only_and_rather_for_the_one_of_its_name() {
        let phone = |id, name| file(Contact, id).text("NAME", name).texts("PHONE_WORK", &["5512345678"]);
        let world = world()
            .row(phone(1, "Ana"))
            .row(phone(2, "Luis"))
            .live(live(Contact, 90).text("NAME", "Luis").texts("PHONE_WORK", &["5512345678"]));
        let judged = world.judge();
        assert_eq!(judged.iter().map(|judged| judged.verdict).collect::<Vec<_>>(), [Missing, Duplicate]);
        assert_eq!(judged[0].notes, [Note::AnswersForAnother(PortalId(90))]);
    }

    #[test]
    fn several_duplicates_are_all_told_and_none_is_taken_for_links() {
        let world = world()
            .row(file(Contact, 1).texts("EMAIL_WORK", &["a@x.mx"]))
            .live(live(Contact, 90).texts("EMAIL_WORK", &["a@x.mx"]))
            .live(live(Contact, 91).texts("EMAIL_WORK", &["a@x.mx"]));
        let (judged, answer) = world.judge_and(|answers| answers.live(Contact, OriginalId(1)));
        assert_eq!((judged[0].verdict, judged[0].live), (Duplicate, None));
        assert_eq!(judged[0].candidates, [PortalId(90), PortalId(91)]);
        assert_eq!(answer, None);
    }

    #[test]
    fn two_rows_and_two_candidates_go_one_to_one() {
        let row = |id| file(Contact, id).texts("EMAIL_WORK", &["a@x.mx"]);
        let back = |id| live(Contact, id).texts("EMAIL_WORK", &["a@x.mx"]);
        let judged = world().row(row(1)).row(row(2)).live(back(90)).live(back(91)).judge();
        assert_eq!(judged.iter().map(|judged| judged.live).collect::<Vec<_>>(), [Some(PortalId(90)), Some(PortalId(91))]);
    }

    #[test]
    fn a_deal_typed_in_again_after_the_backup_is_a_duplicate() {
        let row = || file(Deal, 1).text("TITLE", "Oferta 12").number("OPPORTUNITY", "1500").link("CONTACT_ID", 4);
        let contact = || live(Contact, 4).text("NAME", "Ana");
        let typed = |amount, contact| {
            live(Deal, 90).text("TITLE", "oferta 12").number("OPPORTUNITY", amount).link("CONTACT_ID", contact).born(LATER_Z)
        };
        for (amount, client, expected) in [("1500.00", 0, Duplicate), ("7", 4, Duplicate), ("7", 5, Missing), ("0", 0, Missing)] {
            let judged = world().row(row()).live(contact()).live(typed(amount, client)).judge();
            assert_eq!(judged[0].verdict, expected, "{amount} {client}");
            assert!(expected == Missing || judged[0].how == MatchedBy::Retyped);
        }
        let before = live(Deal, 90).text("TITLE", "Oferta 12").number("OPPORTUNITY", "1500").born("2024-05-01T00:00:00Z");
        assert_eq!(world().row(row()).live(before).verdicts(), [Missing], "made before the backup");
    }

    #[test]
    fn a_deal_typed_in_again_is_known_by_a_client_typed_in_again() {
        let world = world()
            .row(file(Contact, 4).text("NAME", "Ana").texts("EMAIL_WORK", &["a@x.mx"]))
            .row(file(Deal, 1).text("TITLE", "Oferta").name("CONTACT_ID", "Ana"))
            .live(live(Contact, 80).text("NAME", "Ana").texts("EMAIL_WORK", &["a@x.mx"]))
            .live(live(Deal, 90).text("TITLE", "Oferta").link("CONTACT_ID", 80).born(LATER_Z));
        assert_eq!(world.verdicts(), [Duplicate, Duplicate]);
    }

    #[test]
    fn three_deals_called_venta_are_no_duplicates_of_a_new_one() {
        let row = |id| file(Deal, id).text("TITLE", "Venta").number("OPPORTUNITY", "100");
        let world = world()
            .row(row(1))
            .row(row(2))
            .row(row(3))
            .live(live(Deal, 90).text("TITLE", "Venta").number("OPPORTUNITY", "100").born(LATER_Z));
        assert_eq!(world.verdicts(), [Duplicate, Missing, Missing]);
    }

    #[test]
    fn a_number_that_a_crowd_shares_says_nothing_of_a_person() {
        let crowd = |count| {
            (0..count)
                .fold(world().row(file(Contact, 1).texts("PHONE_WORK", &["5500000000"])), |world, n| {
                    world.live(live(Contact, 90 + n).texts("PHONE_WORK", &["5500000000"]))
                })
                .verdicts()
        };
        assert_eq!(crowd(20), [Duplicate]);
        assert_eq!(crowd(21), [Missing]);
    }

    #[test]
    fn match_title_takes_a_lead_s_title_for_a_key() {
        let mut world = world().row(file(Lead, 1).text("TITLE", "Oferta")).live(live(Lead, 90).text("TITLE", "Oferta"));
        assert_eq!(world.verdicts(), [Missing]);
        world.options.match_keys = vec![MatchKey::Title];
        let judged = world.judge();
        assert_eq!((judged[0].verdict, judged[0].how), (Duplicate, MatchedBy::Title));
    }

    #[test]
    fn a_link_to_a_recovered_record_is_no_change() {
        let world = world()
            .row(file(Contact, 4).text("NAME", "Ana").born(BORN))
            .row(file(Deal, 1).link("CONTACT_ID", 4))
            .row(file(Deal, 2).link("CONTACT_ID", 4))
            .live(live(Contact, 90).text("NAME", "Ana").born(BORN_Z))
            .live(live(Deal, 1).link("CONTACT_ID", 90))
            .live(live(Deal, 2).with("CONTACT_ID", Value::Empty));
        let judged = world.judge();
        assert_eq!(judged.iter().map(|judged| judged.verdict).collect::<Vec<_>>(), [Restored, Identical, Changed]);
        assert_eq!(judged[2].changes[0].kind, ChangeKind::LostLink);
    }

    #[test]
    fn a_missing_record_is_noted_with_what_can_t_be_written() {
        let world = world()
            .row(file(Contact, 4).text("NAME", "Ana"))
            .row(
                file(Deal, 1)
                    .name("CONTACT_ID", "Ana")
                    .name("COMPANY_ID", "Nadie SA")
                    .with("STAGE_ID", Value::Label("Congelado".into()))
                    .name("ASSIGNED_BY_ID", "Pedro Paz"),
            )
            .live(live(Contact, 5).text("NAME", "Ana"));
        let found = [
            Note::LinkAmbiguous("CONTACT_ID".into()),
            Note::LinkUnknown("COMPANY_ID".into()),
            Note::LabelUnknown("STAGE_ID".into()),
            Note::UserUnknown("ASSIGNED_BY_ID".into()),
        ];
        assert_eq!(world.judge()[1].notes, found);
    }

    #[test]
    fn what_is_only_in_the_portal_is_split_at_the_files_newest_moment() {
        let world = world()
            .row(file(Lead, 1).text("TITLE", "a").texts("EMAIL_WORK", &["a@x.mx"]))
            .live(live(Lead, 80).born(BORN_Z))
            .live(live(Lead, 90).born(LATER_Z))
            .live(live(Lead, 91).born(LATER_Z))
            .live(live(Lead, 92).born(LATER_Z).texts("EMAIL_WORK", &["a@x.mx"]));
        let (_, only) = world.judge_and(|answers| answers.only_in_portal(Lead));
        assert_eq!(only, OnlyInPortal { newer: 2, older: 1 });
    }
}
