//! Files of one type that hold the same ids: two copies of one thing, of which the user may choose one.

use std::collections::HashSet;

use crate::model::{EntityType, OriginalId};
use crate::plan::Warning;
use crate::report::Language;
use crate::report::words;

use super::survey::Surveyed;

/// A warning for each two files that share ids: the first one's rows stand, the other's are rejected as repetitions.
pub(super) fn warnings(files: &[Surveyed], language: Language) -> Vec<Warning> {
    let mut warnings = Vec::new();
    for (at, later) in files.iter().enumerate().filter(|(_, later)| !later.survey.rejected_ids.is_empty()) {
        let rejected: HashSet<OriginalId> = later.survey.rejected_ids.iter().copied().collect();
        for first in files[..at].iter().filter(|first| first.file.entity == later.file.entity) {
            let shared = first.survey.ids.iter().filter(|id| rejected.contains(id)).count() as u64;
            if shared > 0 {
                warnings.push(warning(first, later, shared, language));
            }
        }
    }
    warnings
}

fn warning(first: &Surveyed, later: &Surveyed, shared: u64, language: Language) -> Warning {
    let entity: EntityType = later.file.entity;
    let (a, b) = (&first.file.path, &later.file.path);
    let counted = words::entity(entity).counted(shared, language);
    let text = match language {
        Language::En => format!(
            "{a} and {b} hold the same IDs of {counted}: two copies of one thing. The first one counts, and the other's rows are \
             rejected as repetitions. If the other is the right copy, plan again with it alone."
        ),
        Language::Es => format!(
            "{a} y {b} traen los mismos ID de {counted}: son dos copias de lo mismo. Vale la primera y las filas de la otra se \
             rechazan por repetidas. Si la buena es la otra, repita la revisión solo con ella."
        ),
    };
    Warning { code: "shared_ids".to_owned(), entity: Some(entity), field: None, records: shared, text }
}
