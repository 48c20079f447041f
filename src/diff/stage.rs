//! A stage whose file has no pipeline beside it: two pipelines have stages of one name (csv 4.1), and the record tells which is meant.

use crate::model::{EntityType, FileRecord, LiveRecord, Schema, Value, fold};

use super::text::text_of;

const STAGE: &str = "STAGE_ID";
const PIPELINE: &str = "CATEGORY_ID";
/// The pipeline that every portal has.
const GENERAL: u64 = 0;

/// The stage that a live record's own pipeline has under the file's label, where the file doesn't say the pipeline.
pub(super) fn within_own(record: &FileRecord, live: &LiveRecord, schema: &Schema) -> Option<Value> {
    let label = open_label(record)?;
    let pipeline = live.get(PIPELINE).and_then(text_of).and_then(|id| id.parse().ok()).unwrap_or(GENERAL);
    named(label, pipeline, schema)
}

/// Whether several pipelines have a stage of a record's label, and nothing tells which is meant.
pub(super) fn is_ambiguous(record: &FileRecord, schema: &Schema) -> bool {
    let Some(label) = open_label(record) else { return false };
    let general = std::iter::once(GENERAL).filter(|_| schema.pipelines.iter().all(|pipeline| pipeline.id != GENERAL));
    let pipelines = general.chain(schema.pipelines.iter().map(|pipeline| pipeline.id));
    pipelines.filter(|pipeline| named(label, *pipeline, schema).is_some()).count() > 1
}

/// The stage that the general pipeline has under the file's label: what is taken where nothing tells the pipeline.
pub(super) fn within_general(record: &FileRecord, schema: &Schema) -> Option<Value> {
    named(open_label(record)?, GENERAL, schema)
}

/// Puts a stage into a record.
pub(super) fn set(record: &mut FileRecord, stage: Value) {
    record.set(STAGE.into(), stage);
}

/// A deal's stage by its label alone.
fn open_label(record: &FileRecord) -> Option<&str> {
    if record.entity != EntityType::Deal {
        return None;
    }
    match record.get(STAGE)? {
        Value::Label(label) if record.get(PIPELINE).is_none() => Some(label),
        _ => None,
    }
}

fn named(label: &str, pipeline: u64, schema: &Schema) -> Option<Value> {
    let wanted = fold(label);
    let stages = schema.entries(&Schema::stage_directory(pipeline));
    stages.iter().find(|stage| fold(&stage.name) == wanted).map(|stage| Value::Code(stage.code.as_str().into()))
}
