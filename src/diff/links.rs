//! Links: a reference of a file against a reference of the portal.
//!
//! A file names its target by original id or by name; the portal by the id of a record that is there now, or of one that is gone.

use crate::model::{EntityType, OriginalId, PortalId, UserId, Value};

use super::Target;

/// How the comparison resolves references.
pub trait Links: Sync {
    /// The live record that answers for an original id now: under the same id, if it is the same record, or under its new one.
    fn live(&self, entity: EntityType, id: OriginalId) -> Option<PortalId>;

    /// The distinct records that bear a name, in the portal and in the files.
    fn named(&self, entity: EntityType, name: &str) -> Vec<Target>;

    /// Whether a record is in the portal.
    fn exists(&self, entity: EntityType, id: PortalId) -> bool;

    /// Whether the records of a type are known at all. If they aren't, ids are compared as they stand and no link counts as lost.
    fn knows(&self, _entity: EntityType) -> bool {
        true
    }

    /// Whether a live record is one that came back under a new id, so that links to it may have been lost.
    fn returned(&self, _entity: EntityType, _id: PortalId) -> bool {
        false
    }

    /// The users who bear a name, where an index of them is at hand; `None` sends the question to the schema, which looks at every user.
    fn users_named(&self, _name: &str) -> Option<Vec<UserId>> {
        None
    }
}

/// What holding a file's links against the portal's says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LinkState {
    /// The same records.
    Same,
    /// The portal's links are empty or dead, and the file's targets were lost.
    Lost,
    /// Other records.
    Differs,
    /// The file names records of a type that was not read.
    Unknown,
}

/// Compares the links of one field, as sets.
pub(super) fn compare_links(file: &Value, live: &Value, entity: EntityType, links: &dyn Links) -> LinkState {
    let mut live_left: Vec<u64> = live.each().iter().filter_map(number).collect();
    let wanted = file.each().iter().filter(|value| !is_no_link(value));
    let missing: Vec<&Value> = wanted.filter(|want| !take(&mut live_left, |id| meets(want, *id, entity, links))).collect();
    if missing.is_empty() && live_left.is_empty() {
        return LinkState::Same;
    }
    if !links.knows(entity) {
        let by_name = missing.iter().any(|want| matches!(want, Value::Name(_)));
        return if by_name { LinkState::Unknown } else { LinkState::Differs };
    }
    let dead = live_left.iter().all(|id| !links.exists(entity, PortalId(*id)));
    if dead && !missing.is_empty() && missing.iter().all(|want| is_lost(want, entity, links)) {
        LinkState::Lost
    } else {
        LinkState::Differs
    }
}

/// Whether a value links to nothing: empty, or the id 0 (transport 7).
pub(super) fn is_no_link(value: &Value) -> bool {
    value.is_empty() || matches!(value, Value::Link(0)) || matches!(value, Value::Number(number) if number.is_zero())
}

/// The id in a live link.
fn number(value: &Value) -> Option<u64> {
    let id = match value {
        Value::Link(id) => *id,
        Value::Number(number) => u64::try_from(*number).ok()?,
        Value::Text(text) | Value::Code(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    (id != 0).then_some(id)
}

fn take(live: &mut Vec<u64>, meets: impl FnMut(&u64) -> bool) -> bool {
    let Some(found) = live.iter().position(meets) else { return false };
    live.swap_remove(found);
    true
}

/// Whether a live link to `id` is what the file's value means.
fn meets(want: &Value, id: u64, entity: EntityType, links: &dyn Links) -> bool {
    match (want, number(want)) {
        (Value::Name(name) | Value::Label(name), _) => {
            links.knows(entity)
                && links.named(entity, name).into_iter().any(|target| answer(target, entity, links) == Some(PortalId(id)))
        }
        (_, Some(original)) if links.knows(entity) => links.live(entity, OriginalId(original)) == Some(PortalId(id)),
        (_, Some(original)) => original == id,
        (Value::Text(name), None) => {
            links.named(entity, name).into_iter().any(|target| answer(target, entity, links) == Some(PortalId(id)))
        }
        _ => false,
    }
}

/// The live record behind a target.
pub(super) fn answer(target: Target, entity: EntityType, links: &dyn Links) -> Option<PortalId> {
    match target {
        Target::Live(id) => Some(id),
        Target::File(id) => links.live(entity, id),
    }
}

/// Whether what the file's value means is no longer there under the id it had, or is known nowhere.
fn is_lost(want: &Value, entity: EntityType, links: &dyn Links) -> bool {
    let moved = |id: u64| links.live(entity, OriginalId(id)) != Some(PortalId(id));
    if let Some(id) = number(want) {
        return moved(id);
    }
    let targets = want.as_text().map(|name| links.named(entity, name)).unwrap_or_default();
    // Among several bearers of the name, one that was lost is what a link that is gone pointed to.
    targets.is_empty()
        || targets.into_iter().any(|target| match target {
            Target::File(id) => moved(id.0),
            Target::Live(id) => links.returned(entity, id),
        })
}

/// A value of a field that is bound to records of several types: the type, where the value says it, and the id or name (rest-crm 6.7).
///
/// REST writes `5`, `L_4`, `CO_3`; an export `[L] Title` (csv 4.8).
pub(super) fn compare_bindings(file: &Value, live: &Value, only: Option<EntityType>, links: &dyn Links) -> LinkState {
    let mut live_left: Vec<&Value> = live.each().iter().filter(|value| !is_no_link(value)).collect();
    let mut missing: Vec<&Value> = Vec::new();
    for want in file.each().iter().filter(|value| !is_no_link(value)) {
        match live_left.iter().position(|live| bound_alike(want, live, only, links)) {
            Some(found) => drop(live_left.swap_remove(found)),
            None => missing.push(want),
        }
    }
    if missing.is_empty() && live_left.is_empty() {
        return LinkState::Same;
    }
    let dead = live_left.iter().all(|live| bound(live, only).is_some_and(|(entity, id)| is_gone(&id, entity, links)));
    let lost = |want: &&Value| bound(want, only).is_some_and(|(entity, id)| links.knows(entity) && is_lost(&id, entity, links));
    if dead && !missing.is_empty() && missing.iter().all(lost) { LinkState::Lost } else { LinkState::Differs }
}

fn bound_alike(file: &Value, live: &Value, only: Option<EntityType>, links: &dyn Links) -> bool {
    match (bound(file, only), bound(live, only)) {
        (Some((of, want)), Some((entity, id))) => of == entity && number(&id).is_some_and(|id| meets(&want, id, entity, links)),
        // A bare id doesn't say its type; whichever type knows it under this id will do.
        _ => super::text::text_of(file)
            .is_some_and(|file| super::text::text_of(live).is_some_and(|live| file.trim() == live.trim())),
    }
}

/// The record that a value of such a field names: its type, and its id or its name. `only` is the type of a field that knows just one.
pub fn bound(value: &Value, only: Option<EntityType>) -> Option<(EntityType, Value)> {
    let text = value.as_text()?.trim();
    let of = |code: &str| EntityType::ALL.into_iter().find(|entity| entity.short_code().eq_ignore_ascii_case(code));
    if let Some((code, title)) = text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return Some((of(code)?, Value::Name(title.trim().into())));
    }
    if let Some((entity, id)) = text.split_once('_').and_then(|(code, id)| Some((of(code)?, id.parse().ok()?))) {
        return Some((entity, Value::Link(id)));
    }
    match (only?, text.parse()) {
        (only, Ok(id)) => Some((only, Value::Link(id))),
        (only, Err(_)) => matches!(value, Value::Name(_)).then(|| (only, Value::Name(text.into()))),
    }
}

fn is_gone(id: &Value, entity: EntityType, links: &dyn Links) -> bool {
    links.knows(entity) && number(id).is_some_and(|id| !links.exists(entity, PortalId(id)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::kit::Known;
    use EntityType::Contact;

    fn link(id: u64) -> Value {
        Value::Link(id)
    }

    fn name(text: &str) -> Value {
        Value::Name(text.into())
    }

    /// Contact 4 is there; 5 was lost and is back as 90; 6 was lost; Ana is 4, Luis was 5, Eva was 6.
    fn known() -> Known {
        Known::default()
            .live(Contact, 4, 4)
            .live(Contact, 5, 90)
            .named(Contact, "Ana", &[Target::Live(PortalId(4))])
            .named(Contact, "Luis", &[Target::Live(PortalId(90))])
            .named(Contact, "Eva", &[Target::File(OriginalId(6))])
            .named(Contact, "Two", &[Target::Live(PortalId(4)), Target::File(OriginalId(6))])
            .returned(Contact, 90)
    }

    #[track_caller]
    fn check(file: &Value, live: &Value, expected: LinkState) {
        assert_eq!(compare_links(file, live, Contact, &known()), expected, "{file:?} {live:?}");
    }

    #[test]
    fn a_link_to_a_record_that_is_there_is_the_same() {
        check(&link(4), &link(4), LinkState::Same);
        check(&link(5), &link(90), LinkState::Same);
        check(&link(4), &link(90), LinkState::Differs);
    }

    #[test]
    fn an_empty_link_is_the_id_0() {
        check(&Value::Empty, &link(0), LinkState::Same);
        check(&link(0), &Value::Empty, LinkState::Same);
        check(&Value::Empty, &link(4), LinkState::Differs);
    }

    #[test]
    fn a_link_that_died_with_its_target_is_lost() {
        check(&link(6), &Value::Empty, LinkState::Lost);
        check(&link(6), &link(6), LinkState::Lost);
        check(&link(5), &Value::Empty, LinkState::Lost);
        check(&link(77), &Value::Empty, LinkState::Lost);
    }

    #[test]
    fn a_link_that_somebody_emptied_is_no_lost_one() {
        check(&link(4), &Value::Empty, LinkState::Differs);
        check(&name("Ana"), &Value::Empty, LinkState::Differs);
    }

    #[test]
    fn a_name_equals_the_link_whose_target_bears_it() {
        check(&name("Ana"), &link(4), LinkState::Same);
        check(&name("Luis"), &link(90), LinkState::Same);
        check(&name("Two"), &link(4), LinkState::Same);
        check(&name("Ana"), &link(90), LinkState::Differs);
    }

    #[test]
    fn a_name_of_a_lost_record_is_a_lost_link() {
        check(&name("Eva"), &Value::Empty, LinkState::Lost);
        check(&name("Luis"), &Value::Empty, LinkState::Lost);
        check(&name("Nobody"), &Value::Empty, LinkState::Lost);
        check(&name("Nobody"), &link(4), LinkState::Differs);
    }

    #[test]
    fn lists_of_links_are_sets() {
        let list = |ids: &[u64]| Value::List(ids.iter().map(|id| Value::Link(*id)).collect());
        check(&list(&[4, 5]), &list(&[90, 4]), LinkState::Same);
        check(&list(&[4, 6]), &list(&[4]), LinkState::Lost);
        check(&list(&[4, 6]), &list(&[90]), LinkState::Differs);
        check(&list(&[]), &Value::Empty, LinkState::Same);
    }

    #[test]
    fn links_to_records_that_were_not_read_are_compared_by_their_ids() {
        let links = known().unread(Contact);
        assert_eq!(compare_links(&link(7), &link(7), Contact, &links), LinkState::Same);
        assert_eq!(compare_links(&link(7), &Value::Empty, Contact, &links), LinkState::Differs);
        assert_eq!(compare_links(&name("Ana"), &link(4), Contact, &links), LinkState::Unknown);
    }

    #[test]
    fn a_binding_says_its_type_by_code_or_by_prefix() {
        let text = |text: &str| Value::Text(text.into());
        let links = known();
        assert_eq!(compare_bindings(&text("C_4"), &text("C_4"), None, &links), LinkState::Same);
        assert_eq!(compare_bindings(&text("C_5"), &text("C_90"), None, &links), LinkState::Same);
        assert_eq!(compare_bindings(&text("[C] Ana"), &text("C_4"), None, &links), LinkState::Same);
        assert_eq!(compare_bindings(&text("C_6"), &text("C_6"), None, &links), LinkState::Lost);
        assert_eq!(compare_bindings(&text("C_4"), &text("L_4"), None, &links), LinkState::Differs);
        assert_eq!(compare_bindings(&text("T80_6"), &text("T80_6"), None, &links), LinkState::Same);
    }

    #[test]
    fn a_binding_of_one_type_needs_no_type() {
        let text = |text: &str| Value::Text(text.into());
        let check = |file: &Value, live: &str| compare_bindings(file, &text(live), Some(Contact), &known());
        assert_eq!(check(&text("5"), "90"), LinkState::Same);
        assert_eq!(check(&text("C_5"), "90"), LinkState::Same);
        assert_eq!(check(&name("Ana"), "4"), LinkState::Same);
        assert_eq!(check(&text("6"), "6"), LinkState::Lost);
        assert_eq!(check(&text("4"), "90"), LinkState::Differs);
    }
}
