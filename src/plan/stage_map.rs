//! One rule of `--stage-map`: which stage of the files becomes which stage of the portal.

use crate::model::{EntityType, FileRecord, Schema, Value, fold};

use super::mending::{MendingError, nearest, stage_field};

/// One rule of `--stage-map`.
#[derive(Debug, Clone)]
pub(super) struct StageRule {
    said: String,
    /// The old stage as it was said, in the form in which texts are compared.
    old: String,
    /// Where leads go.
    lead: Option<String>,
    /// Where deals go, by pipeline: one stage, or those of one name in several pipelines.
    deal: Vec<(u64, String)>,
}

impl StageRule {
    /// Reads `OLD=NEW`; a `=` may be part of a label, so each is tried until the text behind it names a stage.
    pub(super) fn parse(said: &str, schema: &Schema) -> Result<Self, MendingError> {
        let halves: Vec<(&str, &str)> = said
            .match_indices('=')
            .map(|(at, _)| (said[..at].trim(), said[at + 1..].trim()))
            .filter(|(old, new)| !old.is_empty() && !new.is_empty())
            .collect();
        for (old, new) in &halves {
            let (lead, deal) = (lead_stage(new, schema), deal_stages(new, schema));
            if lead.is_some() || !deal.is_empty() {
                return Ok(Self { said: said.to_owned(), old: fold(old), lead, deal });
            }
        }
        let Some((_, new)) = halves.first() else { return Err(MendingError::StageForm { said: said.to_owned() }) };
        let stage = new.rsplit_once(':').map_or(*new, |(_, stage)| stage);
        let names = stages(schema).flat_map(|(_, code, name)| [name.to_owned(), code.to_owned()]);
        let lead_names = schema.entries("STATUS").iter().flat_map(|entry| [entry.name.clone(), entry.code.clone()]);
        let nearest = nearest(stage, names.chain(lead_names));
        Err(MendingError::StageUnknown { said: said.to_owned(), new: (*new).to_owned(), nearest })
    }

    /// The rule as it was said.
    pub(super) fn said(&self) -> &str {
        &self.said
    }

    /// Whether the rule changes a record's stage.
    pub(super) fn applies(&self, record: &FileRecord, schema: &Schema) -> bool {
        self.target(record, schema)
            .is_some_and(|(_, stage)| record.get(stage_field(record.entity)) != Some(&Value::Code(stage.into())))
    }

    /// Gives a record its new stage, and the pipeline that goes with it.
    pub(super) fn apply(&self, record: &mut FileRecord, schema: &Schema) {
        let Some((pipeline, stage)) = self.target(record, schema) else { return };
        record.set(stage_field(record.entity).into(), Value::Code(stage.into()));
        let other = |value: &Value| *value != Value::Code(pipeline.to_string().into());
        if record.entity == EntityType::Deal && record.get("CATEGORY_ID").is_some_and(other) {
            record.set("CATEGORY_ID".into(), Value::Code(pipeline.to_string().into()));
        }
    }

    /// Where a record of the old stage goes: within its own pipeline where that has the new stage, else to the only one there is.
    fn target(&self, record: &FileRecord, schema: &Schema) -> Option<(u64, String)> {
        let texts = stage_texts(record.get(stage_field(record.entity))?, record.entity, schema);
        let whole = texts.contains(&self.old);
        match record.entity {
            EntityType::Lead => self.lead.clone().filter(|_| whole).map(|stage| (0, stage)),
            EntityType::Deal => {
                let own = pipeline_of(record);
                let in_pipeline = || {
                    let (pipeline, stage) = self.old.split_once(':')?;
                    let names = pipeline_texts(record.get("CATEGORY_ID"), own, schema);
                    (names.contains(&pipeline.trim().to_owned()) && texts.contains(&stage.trim().to_owned())).then_some(())
                };
                if !whole && in_pipeline().is_none() {
                    return None;
                }
                match self.deal.as_slice() {
                    [only] => Some(only.clone()),
                    several => several.iter().find(|(pipeline, _)| Some(*pipeline) == own).cloned(),
                }
            }
            EntityType::Company | EntityType::Contact => None,
        }
    }
}

/// Pipeline, code and name of every stage of deals.
fn stages(schema: &Schema) -> impl Iterator<Item = (u64, &str, &str)> {
    let general = std::iter::once(0).filter(|_| schema.pipelines.iter().all(|pipeline| pipeline.id != 0));
    general.chain(schema.pipelines.iter().map(|pipeline| pipeline.id)).flat_map(|id| {
        let entries = schema.entries(&Schema::stage_directory(id)).iter();
        entries.map(move |entry| (id, entry.code.as_str(), entry.name.as_str()))
    })
}

fn lead_stage(said: &str, schema: &Schema) -> Option<String> {
    let entries = schema.entries("STATUS");
    let by_code = entries.iter().find(|entry| entry.code == said);
    by_code.or_else(|| entries.iter().find(|entry| fold(&entry.name) == fold(said))).map(|entry| entry.code.clone())
}

/// The stages that a word names: a code, `PIPELINE:STAGE`, or a name, which several pipelines may have.
fn deal_stages(said: &str, schema: &Schema) -> Vec<(u64, String)> {
    let named = |wanted: &str, of: Option<u64>| -> Vec<(u64, String)> {
        stages(schema)
            .filter(|(pipeline, code, name)| {
                let short = code.rsplit_once(':').map_or(*code, |(_, short)| short);
                of.is_none_or(|of| of == *pipeline)
                    && (fold(name) == fold(wanted) || (of.is_some() && [short, *code].contains(&wanted)))
            })
            .map(|(pipeline, code, _)| (pipeline, code.to_owned()))
            .collect()
    };
    if let Some((pipeline, code, _)) = stages(schema).find(|(_, code, _)| *code == said) {
        return vec![(pipeline, code.to_owned())];
    }
    if let Some((pipeline, stage)) = said.split_once(':') {
        let (pipeline, stage) = (pipeline.trim(), stage.trim());
        let is_meant = |known: &&crate::model::Pipeline| known.id.to_string() == pipeline || fold(&known.name) == fold(pipeline);
        if let Some(known) = schema.pipelines.iter().find(is_meant) {
            return named(stage, Some(known.id)).into_iter().take(1).collect();
        }
    }
    named(said, None)
}

/// The texts under which a person may know a record's stage.
fn stage_texts(value: &Value, entity: EntityType, schema: &Schema) -> Vec<String> {
    let Some(text) = value.as_text().filter(|text| !text.is_empty()) else { return Vec::new() };
    let mut texts = vec![fold(text)];
    if let Value::Code(code) = value {
        let name = match entity {
            EntityType::Lead => schema.label("STATUS", code),
            _ => stages(schema).find(|(_, known, _)| known == code).map(|(.., name)| name),
        };
        texts.extend(name.map(fold));
    }
    texts
}

/// A deal's pipeline by its own column, else by its stage's code: `C7:NEW`; without either it is the general one.
fn pipeline_of(record: &FileRecord) -> Option<u64> {
    match record.get("CATEGORY_ID") {
        Some(Value::Code(id)) => id.parse().ok(),
        Some(value) if !value.is_empty() => None,
        _ => {
            let code = record.get("STAGE_ID").and_then(Value::as_text).and_then(|code| code.strip_prefix('C'));
            Some(code.and_then(|code| code.split_once(':')).and_then(|(id, _)| id.parse().ok()).unwrap_or(0))
        }
    }
}

fn pipeline_texts(value: Option<&Value>, id: Option<u64>, schema: &Schema) -> Vec<String> {
    let mut texts: Vec<String> = value.and_then(Value::as_text).map(fold).into_iter().collect();
    if let Some(id) = id {
        texts.push(id.to_string());
        texts.extend(schema.pipelines.iter().find(|pipeline| pipeline.id == id).map(|pipeline| fold(&pipeline.name)));
    }
    texts
}
