//! Which records bear a name: over the files and the portal together.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::model::{EntityType, LiveRecord, OriginalId, PersonName, PortalId, Schema, fold, name_keys};

use super::{Current, Files};

/// A record that bears a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Target {
    /// A record of the portal.
    Live(PortalId),
    /// A record of the files, of which the portal has none of the same name.
    File(OriginalId),
}

/// The bearers of every name.
///
/// Names are kept as 64-bit hashes: a million contacts have some six million formatted names, and a false hit among them is as
/// likely as one in a million portals of that size.
#[derive(Debug, Default)]
pub struct Names {
    bearers: HashMap<EntityType, Vec<(u64, Target)>>,
    /// The portal's salutations, folded, each with the space behind it: an export prints them before a name where its format says so,
    /// whether or not the files tell whose they are.
    salutations: Vec<String>,
    /// Live records that b24restore made of a record of the files.
    sources: HashMap<(EntityType, PortalId), OriginalId>,
    /// The files are another portal's: an id that a live record shares with one of theirs says nothing.
    foreign: bool,
}

impl Names {
    /// Gathers the names of the current state and of the files.
    pub fn build(current: &Current, files: &Files, schema: &Schema) -> Self {
        let salutations = schema.entries("HONORIFIC").iter().map(|entry| fold(&entry.name) + " ").collect();
        let mut names = Self { foreign: current.foreign().is_some(), salutations, ..Self::default() };
        for entity in EntityType::ALL {
            let mut bearers: Vec<(u64, Target)> =
                files.names(entity).iter().map(|(name, id)| (*name, Target::File(*id))).collect();
            for record in current.records(entity) {
                bearers.extend(keys(&record, schema).iter().map(|key| (hash(key), Target::Live(record.id))));
                if let Some(source) = current.source(entity, record.id) {
                    names.sources.insert((entity, record.id), source);
                }
            }
            bearers.sort_unstable();
            bearers.dedup();
            names.bearers.insert(entity, bearers);
        }
        names
    }

    /// The distinct records that bear a name; more than one means that the name is ambiguous.
    ///
    /// A live record and a file's record with the same id are one, and so are a re-created record and its source; the live one is given.
    pub fn find(&self, entity: EntityType, name: &str) -> Vec<Target> {
        let folded = fold(name);
        let found = self.bearing(entity, &folded);
        if !found.is_empty() || entity != EntityType::Contact {
            return found;
        }
        let bare = self.salutations.iter().find_map(|salutation| folded.strip_prefix(salutation.as_str()));
        bare.map_or(found, |bare| self.bearing(entity, bare))
    }

    fn bearing(&self, entity: EntityType, folded: &str) -> Vec<Target> {
        let wanted = hash(folded);
        let bearers = self.bearers.get(&entity).map_or(&[][..], Vec::as_slice);
        let start = bearers.partition_point(|(key, _)| *key < wanted);
        let hits = bearers[start..].iter().take_while(|(key, _)| *key == wanted).map(|(_, target)| *target);
        // Live targets sort before those of the files, so that each file's record can be held against them.
        let mut found: Vec<Target> = Vec::new();
        for target in hits {
            if !found.iter().any(|known| self.are_one(entity, *known, target)) {
                found.push(target);
            }
        }
        found
    }

    fn are_one(&self, entity: EntityType, live: Target, file: Target) -> bool {
        match (live, file) {
            (Target::Live(live), Target::File(id)) => {
                self.sources.get(&(entity, live)).map_or(!self.foreign && live.0 == id.0, |source| *source == id)
            }
            _ => false,
        }
    }
}

/// The folded texts by which a cell may name a live record.
fn keys(record: &LiveRecord, schema: &Schema) -> Vec<String> {
    if record.entity != EntityType::Contact {
        return record.text("TITLE").map(fold).into_iter().filter(|key| !key.is_empty()).collect();
    }
    let part = |code| record.text(code).unwrap_or_default().to_owned();
    let honorific = record.text("HONORIFIC").and_then(|code| schema.label("HONORIFIC", code)).unwrap_or_default().to_owned();
    name_keys(&PersonName { honorific, name: part("NAME"), second: part("SECOND_NAME"), last: part("LAST_NAME") })
}

/// The hash of a folded name; the same in every run.
pub(super) fn hash(folded: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    folded.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::kit::{live, schema};

    fn file_of(id: u64, name: &str) -> Files {
        let mut files = Files::default();
        files.add_names(EntityType::Contact, OriginalId(id), &[fold(name)]);
        files
    }

    #[test]
    fn a_name_finds_the_contact_in_whatever_format_it_was_printed() {
        let mut current = Current::default();
        current.insert(
            &live(EntityType::Contact, 4).code("HONORIFIC", "HNR_LA_1").text("NAME", "Luis").text("LAST_NAME", "Gómez").done(),
        );
        let names = Names::build(&current, &Files::default(), &schema());
        for text in ["Luis Gómez", "Sr. Luis Gómez", "gómez  luis"] {
            assert_eq!(names.find(EntityType::Contact, text), [Target::Live(PortalId(4))], "{text}");
        }
        assert!(names.find(EntityType::Company, "Luis Gómez").is_empty());
    }

    #[test]
    fn a_salutation_before_a_name_hides_nobody_whose_salutation_the_file_does_not_tell() {
        let names = Names::build(&Current::default(), &file_of(4, "Sofía Luna"), &schema());
        for text in ["Sofía Luna", "Sra. Sofía Luna", "sra. sofía luna"] {
            assert_eq!(names.find(EntityType::Contact, text), [Target::File(OriginalId(4))], "{text}");
        }
        assert!(names.find(EntityType::Contact, "Dra. Sofía Luna").is_empty());
    }

    #[test]
    fn a_record_that_is_in_the_file_and_in_the_portal_is_one_bearer() {
        let mut current = Current::default();
        current.insert(&live(EntityType::Contact, 4).text("NAME", "Ana").done());
        let names = Names::build(&current, &file_of(4, "Ana"), &schema());
        assert_eq!(names.find(EntityType::Contact, "Ana"), [Target::Live(PortalId(4))]);
    }

    #[test]
    fn a_re_created_record_and_its_source_are_one_bearer() {
        let mut current = Current::default();
        let restored =
            live(EntityType::Contact, 90).text("NAME", "Ana").text("ORIGINATOR_ID", "b24restore").text("ORIGIN_ID", "contact:4");
        current.insert(&restored.done());
        let names = Names::build(&current, &file_of(4, "Ana"), &schema());
        assert_eq!(names.find(EntityType::Contact, "Ana"), [Target::Live(PortalId(90))]);
    }

    #[test]
    fn two_people_of_one_name_are_two_bearers() {
        let mut current = Current::default();
        current.insert(&live(EntityType::Contact, 5).text("NAME", "Ana").done());
        let names = Names::build(&current, &file_of(4, "Ana"), &schema());
        assert_eq!(names.find(EntityType::Contact, "Ana"), [Target::Live(PortalId(5)), Target::File(OriginalId(4))]);
    }
}
