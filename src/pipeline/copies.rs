//! Files of one type that hold the same ids: two copies of one thing, of which the user may choose one.

use std::sync::Arc;

use crate::model::{EntityType, Place, Problem, ProblemCode};
use crate::plan::Warning;
use crate::report::Language;
use crate::report::words;

use super::survey::Surveyed;

/// Two files that share ids, by their places, and how many ids they share.
pub(super) struct Copies {
    pub first: usize,
    pub later: usize,
    pub shared: u64,
}

/// Every two files that share ids: an id that an earlier file has is a rejected one in every later file.
pub(super) fn copies(files: &[Surveyed]) -> Vec<Copies> {
    let mut found = Vec::new();
    for (later, file) in files.iter().enumerate().filter(|(_, later)| !later.survey.rejected_ids.is_empty()) {
        for (first, earlier) in files[..later].iter().enumerate().filter(|(_, first)| first.file.entity == file.file.entity) {
            let shared = earlier.survey.ids.shared(&file.survey.rejected_ids);
            if shared > 0 {
                found.push(Copies { first, later, shared });
            }
        }
    }
    found
}

/// Says it at both files, each with the other's name.
pub(super) fn note(files: &mut [Surveyed]) {
    for Copies { first, later, shared } in copies(files) {
        let (one, other) = (Arc::clone(&files[first].file.path), Arc::clone(&files[later].file.path));
        files[later].note_shared(shared, &one, "the first copy stands; leave one of the files out");
        files[first].note_shared(shared, &other, "this copy stands; leave one of the files out");
    }
}

/// A warning for each two files that share ids: the first one's rows stand, the other's are rejected as repetitions.
pub(super) fn warnings(files: &[Surveyed], language: Language) -> Vec<Warning> {
    let of = |pair: Copies| warning(&files[pair.first], &files[pair.later], pair.shared, language);
    copies(files).into_iter().map(of).collect()
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

impl Surveyed {
    fn note_shared(&mut self, count: u64, other: &str, advice: &str) {
        let place = Place { file: Arc::clone(&self.file.path), line: self.file.header_line.max(1), column: None };
        let text = format!("{count} ids are in {other} too: {advice}");
        self.survey.problems.push(Problem { place, code: ProblemCode::SharedIds, text });
    }
}
