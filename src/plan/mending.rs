//! What a person says beforehand so that records can come back at all: `--skip-field`, `--stage-map`, `--assign-missing-to`.
//!
//! The words are looked up in the portal's schema once, before anything is read; a word that names nothing is told with the nearest that
//! does. Fields are left out and lost stages replaced before a record is compared, so that a renamed stage is no difference; whose
//! responsible person is gone is changed in created records only, since survivors keep whom they have.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::model::{EntityType, FieldCode, FileRecord, Schema, User, UserId, Value, fold, multifield_of};

use super::dir::Flags;
use super::stage_map::StageRule;

/// The mending flags, looked up.
#[derive(Debug, Clone, Default)]
pub struct Mending {
    assignee: Option<UserId>,
    stages: Vec<StageRule>,
    skipped: HashSet<(EntityType, FieldCode)>,
}

/// What was mended in a record: the warning's code, and the field or rule it is about.
pub type Mended = (&'static str, String);

/// A word of a mending flag that names nothing, or too much. `nearest` is what the person may have meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MendingError {
    /// Nobody is called so.
    #[error("--assign-missing-to {said}: no active user has this id, name, login or e-mail{}", or(.nearest.as_ref()))]
    UserUnknown {
        /// What was said.
        said: String,
        /// Who may have been meant.
        nearest: Option<String>,
    },
    /// That user doesn't work there any more.
    #[error("--assign-missing-to {said}: {name} is dismissed")]
    UserDismissed {
        /// What was said.
        said: String,
        /// The user's name.
        name: String,
    },
    /// Several active users are called so.
    #[error("--assign-missing-to {said}: several users are called so; give one of the ids {ids}")]
    UserAmbiguous {
        /// What was said.
        said: String,
        /// Their ids.
        ids: String,
    },
    /// Not `OLD=NEW`.
    #[error("--stage-map {said}: expected \"OLD=NEW\" or \"PIPELINE:OLD=PIPELINE:NEW\"")]
    StageForm {
        /// What was said.
        said: String,
    },
    /// The portal has no such stage to go to.
    #[error("--stage-map {said}: the portal has no stage {new}{}", or(.nearest.as_ref()))]
    StageUnknown {
        /// What was said.
        said: String,
        /// The stage that isn't there.
        new: String,
        /// Which may have been meant.
        nearest: Option<String>,
    },
    /// No record type of the files has such a field or column.
    #[error("--skip-field {said}: neither a field of these record types nor a column of the files{}", or(.nearest.as_ref()))]
    FieldUnknown {
        /// What was said.
        said: String,
        /// Which may have been meant.
        nearest: Option<String>,
    },
    /// Records can't be told apart without it.
    #[error("--skip-field {said}: records are recognised by it; it can't be left out")]
    FieldNeeded {
        /// What was said.
        said: String,
    },
}

fn or(nearest: Option<&String>) -> String {
    nearest.map(|nearest| format!("; did you mean {nearest}?")).unwrap_or_default()
}

impl Mending {
    /// Looks the flags up. `columns` are the titles of the files' columns with their fields.
    pub fn resolve<'a>(
        flags: &Flags,
        schema: &Schema,
        columns: impl IntoIterator<Item = (EntityType, &'a str, Option<&'a FieldCode>)>,
    ) -> Result<Self, MendingError> {
        let columns: Vec<_> = columns.into_iter().collect();
        let mut skipped = HashSet::new();
        for said in &flags.skip_field {
            skipped.extend(fields_named(said, schema, &columns)?);
        }
        Ok(Self {
            assignee: flags.assign_missing_to.as_deref().map(|said| assignee(said, schema)).transpose()?,
            stages: flags.stage_map.iter().map(|said| StageRule::parse(said, schema)).collect::<Result<_, _>>()?,
            skipped,
        })
    }

    /// Whether a field is left out.
    pub fn skips(&self, entity: EntityType, code: &FieldCode) -> bool {
        self.skipped.iter().any(|(of, known)| *of == entity && known == code)
    }

    /// The rules of `--stage-map`, as they were said.
    pub fn stage_rules(&self) -> impl Iterator<Item = &str> {
        self.stages.iter().map(StageRule::said)
    }

    /// Mends a record as it was read, before it is compared: fields that are left out, stages that no longer exist.
    pub fn read(&self, record: &mut FileRecord, schema: &Schema) -> Vec<Mended> {
        let mut mended = Vec::new();
        let entity = record.entity;
        for (_, code) in self.skipped.iter().filter(|(of, _)| *of == entity) {
            if record.take(code.as_str()).is_some_and(|value| !value.is_empty()) {
                mended.push(("field_skipped", code.to_string()));
            }
        }
        let is_lost = |value: &Value| matches!(value, Value::Label(_) | Value::Name(_) | Value::Text(_));
        if record.get(stage_field(record.entity)).is_some_and(is_lost) {
            mended.extend(self.map_stage(record, schema));
        }
        mended
    }

    /// Mends a record that will be created: its stage, also one that still exists, and a responsible person who is unknown or dismissed.
    pub fn create<'r>(&self, record: &'r FileRecord, schema: &Schema) -> (Cow<'r, FileRecord>, Vec<Mended>) {
        let mut mended = Vec::new();
        let gone = record.get("ASSIGNED_BY_ID").and_then(|value| why_gone(value, schema));
        let mapped = self.stages.iter().any(|rule| rule.applies(record, schema));
        if !mapped && (gone.is_none() || self.assignee.is_none()) {
            mended.extend(gone.and_then(told));
            return (Cow::Borrowed(record), mended);
        }
        let mut changed = record.clone();
        mended.extend(self.map_stage(&mut changed, schema));
        match (gone, self.assignee) {
            (Some(why), Some(user)) => {
                changed.set("ASSIGNED_BY_ID".into(), Value::User(user));
                mended.push(("reassigned", why.to_owned()));
            }
            (why, _) => mended.extend(why.and_then(told)),
        }
        (Cow::Owned(changed), mended)
    }

    fn map_stage(&self, record: &mut FileRecord, schema: &Schema) -> Option<Mended> {
        let rule = self.stages.iter().find(|rule| rule.applies(record, schema))?;
        rule.apply(record, schema);
        Some(("stage_mapped", rule.said().to_owned()))
    }
}

/// The field that holds a record's stage.
pub fn stage_field(entity: EntityType) -> &'static str {
    if entity == EntityType::Lead { "STATUS_ID" } else { "STAGE_ID" }
}

/// The warning about somebody who stays responsible although nobody will see to the record. That a name is unknown is told by the comparison.
fn told(why: &'static str) -> Option<Mended> {
    matches!(why, "user_dismissed" | "user_not_listed").then(|| (why, "ASSIGNED_BY_ID".to_owned()))
}

/// Why a responsible person can't be responsible again, by the code of the warning that says so.
fn why_gone(value: &Value, schema: &Schema) -> Option<&'static str> {
    match value {
        Value::User(id) => match schema.user(*id) {
            Some(user) if user.active => None,
            Some(_) => Some("user_dismissed"),
            None => (!schema.users.is_empty()).then_some("user_not_listed"),
        },
        Value::Name(name) | Value::Label(name) | Value::Text(name) if !name.is_empty() => {
            Some(if schema.users_named(name).len() > 1 { "user_ambiguous" } else { "user_unknown" })
        }
        _ => None,
    }
}

fn assignee(said: &str, schema: &Schema) -> Result<UserId, MendingError> {
    let by_id = said.trim().parse().ok().and_then(|id| schema.user(UserId(id)));
    let found: Vec<&User> = by_id.map_or_else(|| schema.users_named(said), |user| vec![user]);
    let active: Vec<&&User> = found.iter().filter(|user| user.active).collect();
    match (active.as_slice(), found.first()) {
        ([only], _) => Ok(only.id),
        ([], Some(user)) => Err(MendingError::UserDismissed { said: said.to_owned(), name: user.display() }),
        ([], None) => {
            let names = schema.users.iter().filter(|user| user.active).map(User::display);
            Err(MendingError::UserUnknown { said: said.to_owned(), nearest: nearest(said, names) })
        }
        (several, _) => {
            let ids: Vec<String> = several.iter().map(|user| user.id.to_string()).collect();
            Err(MendingError::UserAmbiguous { said: said.to_owned(), ids: ids.join(", ") })
        }
    }
}

/// The fields that a word names: by code, by the portal's label, or by the title of a column.
fn fields_named(
    said: &str,
    schema: &Schema,
    columns: &[(EntityType, &str, Option<&FieldCode>)],
) -> Result<HashSet<(EntityType, FieldCode)>, MendingError> {
    let (wanted, code) = (fold(said), said.trim().to_uppercase());
    let entities: HashSet<EntityType> = columns.iter().map(|(entity, ..)| *entity).collect();
    let fields = || {
        let of = |entity: &EntityType| schema.fields.get(entity).into_iter().flatten();
        entities.iter().flat_map(move |entity| of(entity).map(|field| (*entity, field)))
    };
    let mut found: HashSet<(EntityType, FieldCode)> = HashSet::new();
    found.extend(fields().filter(|(_, field)| field.code.as_str() == code).map(|(entity, field)| (entity, field.code.clone())));
    if multifield_of(&code).is_some() || code == "PRODUCTS" {
        found.extend(entities.iter().map(|entity| (*entity, FieldCode::from(code.as_str()))));
    }
    // A title is that of one record type's field: the same word may stand for another one elsewhere.
    if found.is_empty() {
        let titled = columns.iter().filter(|(_, title, _)| fold(title) == wanted);
        found.extend(titled.filter_map(|(entity, _, code)| Some((*entity, (*code)?.clone()))));
    }
    if found.is_empty() {
        let labelled = fields().filter(|(_, field)| field.labels.iter().any(|label| fold(label) == wanted));
        found.extend(labelled.map(|(entity, field)| (entity, field.code.clone())));
    }
    if found.iter().any(|(_, code)| code.as_str() == "ID") {
        return Err(MendingError::FieldNeeded { said: said.to_owned() });
    }
    if found.is_empty() {
        let codes = fields().map(|(_, field)| field.code.to_string());
        let titles = columns.iter().map(|(_, title, _)| (*title).to_owned());
        return Err(MendingError::FieldUnknown { said: said.to_owned(), nearest: nearest(said, codes.chain(titles)) });
    }
    Ok(found)
}

/// The text that is most like what was said.
pub(super) fn nearest(said: &str, candidates: impl Iterator<Item = String>) -> Option<String> {
    let wanted = fold(said);
    let likeness = |candidate: &String| strsim::normalized_damerau_levenshtein(&wanted, &fold(candidate));
    candidates
        .map(|candidate| (likeness(&candidate), candidate))
        .filter(|(likeness, candidate)| *likeness > 0.0 && !candidate.is_empty())
        // The first of several that are alike in the same measure, whatever order they come in.
        .max_by(|(one, a), (other, b)| one.total_cmp(other).then_with(|| b.cmp(a)))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Entry, OriginalId, Pipeline};

    fn user(id: u64, name: &str, last_name: &str, active: bool) -> User {
        let (name, last_name) = (name.to_owned(), last_name.to_owned());
        User { id: UserId(id), name, second_name: String::new(), last_name, login: format!("u{id}@ejemplo.mx"), active }
    }

    fn schema() -> Schema {
        let entry = |code: &str, name: &str| Entry { code: code.into(), name: name.into(), semantics: String::new() };
        let mut schema = Schema::standard();
        schema.users = vec![user(1, "Ana", "Ruiz", true), user(2, "Luis", "Gómez", false), user(3, "Ana", "Ruiz", true)];
        schema.pipelines = vec![Pipeline { id: 0, name: "General".into() }, Pipeline { id: 7, name: "Mayoreo".into() }];
        schema.directories.insert("STATUS".into(), vec![entry("NEW", "Nuevo"), entry("JUNK", "Descartado")]);
        schema.directories.insert("DEAL_STAGE".into(), vec![entry("NEW", "Nueva"), entry("WON", "Ganada")]);
        schema.directories.insert("DEAL_STAGE_7".into(), vec![entry("C7:NEW", "Nueva"), entry("C7:UC_1", "Muestra enviada")]);
        schema
    }

    fn flags(set: impl FnOnce(&mut Flags)) -> Flags {
        let mut flags = Flags::default();
        set(&mut flags);
        flags
    }

    fn resolved(flags: &Flags) -> Result<Mending, MendingError> {
        let code = FieldCode::from("COMMENTS");
        Mending::resolve(flags, &schema(), [(EntityType::Deal, "Comentario", Some(&code)), (EntityType::Lead, "Etapa", None)])
    }

    fn deal(fields: &[(&str, Value)]) -> FileRecord {
        let mut record = FileRecord::new(EntityType::Deal, OriginalId(9));
        for (code, value) in fields {
            record.push((*code).into(), value.clone());
        }
        record
    }

    #[test]
    fn a_user_is_named_by_id_login_or_a_name_that_is_one_of_a_kind() {
        for (said, id) in [("1", 1), ("u3@ejemplo.mx", 3)] {
            assert_eq!(assignee(said, &schema()), Ok(UserId(id)));
        }
        assert!(matches!(assignee("Ana Ruiz", &schema()), Err(MendingError::UserAmbiguous { ids, .. }) if ids == "1, 3"));
        assert!(matches!(assignee("Gómez Luis", &schema()), Err(MendingError::UserDismissed { .. })));
        assert_eq!(
            assignee("Ana Ruis", &schema()).map_err(|error| error.to_string()),
            Err("--assign-missing-to Ana Ruis: no active user has this id, name, login or e-mail; did you mean Ana Ruiz?".into())
        );
    }

    #[test]
    fn whoever_is_unknown_or_dismissed_is_replaced_and_nobody_else() {
        let mending = resolved(&flags(|flags| flags.assign_missing_to = Some("1".into()))).expect("a known user");
        for (was, is, codes) in [
            (Value::Name("Pedro Paz".into()), 1, vec![("reassigned", "user_unknown".to_owned())]),
            (Value::User(UserId(2)), 1, vec![("reassigned", "user_dismissed".to_owned())]),
            (Value::User(UserId(3)), 3, vec![]),
        ] {
            let record = deal(&[("ASSIGNED_BY_ID", was)]);
            let (record, mended) = mending.create(&record, &schema());
            assert_eq!(record.get("ASSIGNED_BY_ID"), Some(&Value::User(UserId(is))));
            assert_eq!(mended, codes);
        }
    }

    #[test]
    fn a_field_is_left_out_by_its_code_or_its_title() {
        for said in ["COMMENTS", "comments", "Comentario"] {
            let mending = resolved(&flags(|flags| flags.skip_field = vec![said.into()])).expect("a known field");
            let mut record = deal(&[("TITLE", Value::Text("a".into())), ("COMMENTS", Value::Text("b".into()))]);
            assert_eq!(mending.read(&mut record, &schema()), [("field_skipped", "COMMENTS".to_owned())]);
            assert_eq!(record.get("COMMENTS"), None, "{said}");
        }
        let error =
            resolved(&flags(|flags| flags.skip_field = vec!["COMENTS".into()])).map(|_| ()).map_err(|error| error.to_string());
        assert!(error.is_err_and(|text| text.ends_with("did you mean COMMENTS?")));
        assert!(matches!(resolved(&flags(|flags| flags.skip_field = vec!["ID".into()])), Err(MendingError::FieldNeeded { .. })));
    }

    #[test]
    fn a_lost_stage_becomes_another_one_within_its_pipeline() {
        let mending = resolved(&flags(|flags| flags.stage_map = vec!["Congelada=Nueva".into()])).expect("a known stage");
        for (pipeline, stage) in [("7", "C7:NEW"), ("0", "NEW")] {
            let mut record =
                deal(&[("CATEGORY_ID", Value::Code(pipeline.into())), ("STAGE_ID", Value::Label("congelada".into()))]);
            assert_eq!(mending.read(&mut record, &schema()), [("stage_mapped", "Congelada=Nueva".to_owned())]);
            assert_eq!(record.get("STAGE_ID"), Some(&Value::Code(stage.into())));
        }
    }

    #[test]
    fn a_lost_pipeline_s_stage_goes_where_it_is_told() {
        let rule = "Exportación:Nueva=Mayoreo:Muestra enviada".to_owned();
        let mending = resolved(&flags(|flags| flags.stage_map = vec![rule])).expect("a known stage");
        let mut record = deal(&[("CATEGORY_ID", Value::Label("Exportación".into())), ("STAGE_ID", Value::Label("Nueva".into()))]);
        mending.read(&mut record, &schema());
        assert_eq!(record.get("STAGE_ID"), Some(&Value::Code("C7:UC_1".into())));
        assert_eq!(record.get("CATEGORY_ID"), Some(&Value::Code("7".into())));
        let mut other = deal(&[("CATEGORY_ID", Value::Code("0".into())), ("STAGE_ID", Value::Label("Nueva".into()))]);
        assert_eq!(mending.read(&mut other, &schema()), []);
    }

    #[test]
    fn a_stage_that_still_exists_is_mapped_in_created_records_only() {
        let mending = resolved(&flags(|flags| flags.stage_map = vec!["NEW=WON".into()])).expect("a known stage");
        let mut record = deal(&[("STAGE_ID", Value::Code("NEW".into()))]);
        assert_eq!(mending.read(&mut record, &schema()), []);
        assert_eq!(mending.create(&record, &schema()).0.get("STAGE_ID"), Some(&Value::Code("WON".into())));
    }

    #[test]
    fn a_stage_that_nobody_knows_is_told_with_the_nearest() {
        let error = resolved(&flags(|flags| flags.stage_map = vec!["Vieja=Muestra enviado".into()]));
        let text = error.map(|_| ()).map_err(|error| error.to_string());
        assert!(text.as_ref().is_err_and(|text| text.ends_with("did you mean Muestra enviada?")), "{text:?}");
        assert!(matches!(resolved(&flags(|flags| flags.stage_map = vec!["Vieja".into()])), Err(MendingError::StageForm { .. })));
    }
}
