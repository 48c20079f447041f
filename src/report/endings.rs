//! How `apply`, `status`, `verify` and `undo` end on a terminal.

use std::path::Path;

use super::clean::{sanitize, shorten};
use super::figures::count;
use super::next::command;
use super::outcome::{ApplyOutcome, Leftover, UndoOutcome, VerifyOutcome};
use super::screen::{NEXT, Screen};
use super::words::{Language, Phrase, READING_ORDER, RECORD, entity, entity_heading};

use Language::{En, Es};

/// The end of `apply`.
pub fn apply_screen(outcome: &ApplyOutcome, dir: &Path, language: Language, width: usize) -> String {
    let total = outcome.total();
    let headline = match (outcome.complete, total.failed, language) {
        (true, 0, En) => "DONE: everything planned is in the portal".to_owned(),
        (true, 0, Es) => "LISTO: todo lo previsto está en su Bitrix24".to_owned(),
        (true, n, En) => format!("DONE, but the portal refused {}", RECORD.counted(n, language)),
        (true, n, Es) => format!("LISTO, pero Bitrix24 no aceptó {}", RECORD.counted(n, language)),
        (false, _, En) => format!("STOPPED: {} still pending. Nothing is lost; the same command goes on", count(total.pending)),
        (false, _, Es) => {
            format!("DETENIDO: {} por confirmar. No se perdió nada; el mismo comando continúa", count(total.pending))
        }
    };
    progress(outcome, &headline, dir, language, width)
}

/// The end of `apply --pilot`: run again, the same command would create nothing more.
pub fn pilot_screen(outcome: &ApplyOutcome, tried: usize, dir: &Path, language: Language, width: usize) -> String {
    let (tried, rest) = (RECORD.counted(tried as u64, language), count(outcome.total().pending));
    let headline = match language {
        En => format!("PILOT DONE: {tried} tried, {rest} still to come. Look at them in Bitrix24, then go on"),
        Es => format!("PRUEBA HECHA: {tried}; faltan {rest}. Véalos en su Bitrix24 y luego continúe"),
    };
    progress(outcome, &headline, dir, language, width)
}

/// The answer of `status`.
pub fn status_screen(outcome: &ApplyOutcome, dir: &Path, language: Language, width: usize) -> String {
    let total = outcome.total();
    let done = total.planned.saturating_sub(total.pending);
    let headline = match (outcome.complete, language) {
        (true, En) => format!("COMPLETE: {} of {} settled", count(done), count(total.planned)),
        (true, Es) => format!("COMPLETO: {} de {} resueltos", count(done), count(total.planned)),
        (false, En) => {
            format!("UNDER WAY: {} of {} settled, {} pending", count(done), count(total.planned), count(total.pending))
        }
        (false, Es) => {
            format!("EN CURSO: {} de {} resueltos, {} por confirmar", count(done), count(total.planned), count(total.pending))
        }
    };
    progress(outcome, &headline, dir, language, width)
}

/// What stands before the headline of everything that was done to the sandbox.
const fn sandbox(is_sandbox: bool) -> &'static str {
    if is_sandbox { "SANDBOX · " } else { "" }
}

fn progress(outcome: &ApplyOutcome, headline: &str, dir: &Path, language: Language, width: usize) -> String {
    let mut screen = Screen::new(width);
    screen.text(&format!("{}{headline}", sandbox(outcome.sandbox)));
    let columns = match language {
        En => ["planned", "created", "already", "left out", "refused", "pending"],
        Es => ["previstos", "creados", "ya estaban", "omitidos", "fallaron", "por conf."],
    };
    let row =
        |of| outcome.entities.get(&of).map(|n| (of, [n.planned, n.created, n.already_there, n.left_out, n.failed, n.pending]));
    screen.table(columns, READING_ORDER.into_iter().filter_map(row), language);
    let total = outcome.total();
    if total.updated > 0 {
        let records = RECORD.counted(total.updated, language);
        screen.text(&match language {
            En => format!("Named fields written: {records}"),
            Es => format!("Campos indicados escritos: {records}"),
        });
    }
    let path = |name: &str| sanitize(&dir.join(name).display().to_string());
    if total.created + total.already_there > 0 {
        screen.labelled(Phrase { en: "New IDs", es: "ID nuevos" }.get(language), &path(&outcome.ids), "");
    }
    if total.failed > 0 {
        screen.labelled(Phrase { en: "Refused", es: "Fallas" }.get(language), &path(&outcome.failures), "");
    }
    let causes = outcome.causes.iter().map(|cause| {
        let records = entity(cause.entity).counted(cause.records, language);
        let code = if cause.code.is_empty() { String::new() } else { format!("{}: ", sanitize(&cause.code)) };
        format!("{records}: {code}{} {}", shorten(&cause.message, 160), cause.remedy)
    });
    screen.list(causes.collect::<Vec<_>>().into_iter(), language);
    let (name, option) = match (outcome.complete, total.failed) {
        (false, _) => ("apply", ""),
        (true, 0) => ("verify", ""),
        (true, _) => ("apply", "--failed"),
    };
    screen.labelled(NEXT.get(language), &command(name, dir, option), "");
    screen.text
}

/// The end of `verify`.
pub fn verify_screen(outcome: &VerifyOutcome, dir: &Path, language: Language, width: usize) -> String {
    let mut screen = Screen::new(width);
    let (total, updated) = (outcome.total(), outcome.total_updated());
    let wrong_updates = updated.different + updated.absent;
    let wrong = total.different + total.absent + wrong_updates + (outcome.doubles.len() + outcome.leftovers.len()) as u64;
    let checked = total.checked + updated.checked;
    let headline = match (language, wrong) {
        (En, 0) => format!("VERIFIED: {} read back, all as planned", RECORD.counted(checked, language)),
        (Es, 0) if checked == 1 => "COMPROBADO: 1 registro leído otra vez, todo como se previó".to_owned(),
        (Es, 0) => format!("COMPROBADO: {} leídos otra vez, todo como se previó", RECORD.counted(checked, language)),
        (En, _) => format!("VERIFIED: {} of {} not as planned", count(wrong), RECORD.counted(checked, language)),
        (Es, 1) => format!("COMPROBADO: 1 de {} no quedó como se previó", RECORD.counted(checked, language)),
        (Es, _) => {
            format!("COMPROBADO: {} de {} no quedaron como se previó", count(wrong), RECORD.counted(checked, language))
        }
    };
    screen.text(&format!("{}{headline}", sandbox(outcome.sandbox)));
    let columns = match language {
        En => ["checked", "equal", "declared", "different", "absent"],
        Es => ["revisados", "iguales", "avisados", "distintos", "ausentes"],
    };
    let row = |of| outcome.entities.get(&of).map(|n| (of, [n.checked, n.equal, n.declared, n.different, n.absent]));
    if !outcome.entities.is_empty() {
        screen.table(columns, READING_ORDER.into_iter().filter_map(row), language);
    }
    if updated.checked > 0 {
        let (all, wrong) = (RECORD.counted(updated.checked, language), count(wrong_updates));
        screen.text(&match (language, wrong_updates) {
            (En, 0) => format!("Named fields read back: {all}, all as written"),
            (Es, 0) => format!("Campos indicados leídos otra vez: {all}, todo como se escribió"),
            (En, _) => format!("Named fields read back: {all}, {wrong} not as written"),
            (Es, _) => format!("Campos indicados leídos otra vez: {all}, {wrong} no como se escribió"),
        });
    }
    if total.declared > 0 {
        screen.text(match language {
            En => "Declared: equal but for what the plan said beforehand, such as dates",
            Es => "Avisados: iguales, salvo lo que la revisión ya había anunciado, como fechas",
        });
    }
    let differences = outcome.differences.iter().map(|found| {
        let of = entity_heading(found.entity).get(language);
        let (field, expected, now) = (sanitize(&found.field), shorten(&found.expected, 60), shorten(&found.found, 60));
        format!("{of} {} -> {}, {field}: {expected:?} -> {now:?}", found.original_id, found.portal_id)
    });
    screen.list(differences, language);
    let doubles = outcome.doubles.iter().map(|double| {
        let of = entity_heading(double.entity).get(language);
        let ids = double.portal_ids.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
        match language {
            En => format!("{of} {} is there more than once: {ids}", double.original_id),
            Es => format!("{of} {} está más de una vez: {ids}", double.original_id),
        }
    });
    screen.list(doubles, language);
    leftovers(&mut screen, &outcome.leftovers, language);
    let undo = Phrase { en: "(if you want it all undone)", es: "(si quiere deshacer todo)" }.get(language);
    screen.labelled(Phrase { en: "Undo", es: "Deshacer" }.get(language), &command("undo", dir, ""), undo);
    screen.text
}

/// The end of `undo`.
pub fn undo_screen(outcome: &UndoOutcome, language: Language, width: usize) -> String {
    let mut screen = Screen::new(width);
    let total = outcome.total();
    let deleted = RECORD.counted(total.deleted, language);
    let (all, se, todos) =
        if total.deleted == 1 { ("", "se eliminó", "creado") } else { ("all ", "se eliminaron", "todos creados") };
    let headline = match (language, total.pending) {
        (En, 0) => format!("UNDONE: {deleted} deleted, {all}created by this plan"),
        (Es, 0) => format!("DESHECHO: {se} {deleted}, {todos} por esta revisión"),
        (En, n) => format!("STOPPED: {deleted} deleted, {} still to be taken back; the same command goes on", count(n)),
        (Es, n) => format!("DETENIDO: {se} {deleted}, faltan {}; el mismo comando continúa", count(n)),
    };
    screen.text(&format!("{}{headline}", sandbox(outcome.sandbox)));
    let columns = match language {
        En => ["deleted", "kept", "absent"],
        Es => ["eliminados", "conservados", "ausentes"],
    };
    let row = |of| outcome.entities.get(&of).map(|n| (of, [n.deleted, n.kept_changed, n.absent]));
    screen.table(columns, READING_ORDER.into_iter().filter_map(row), language);
    if total.deleted > 0 {
        screen.text(match language {
            En => "Deleted records are in the recycle bin (CRM > More > Recycle bin) for 30 days",
            Es => "Lo eliminado queda 30 días en la Papelera de reciclaje (CRM > Más)",
        });
    }
    if total.reverted > 0 {
        let returned = RECORD.counted(total.reverted, language);
        screen.text(&match language {
            En => format!("Old values returned: {returned}"),
            Es => format!("Valores anteriores devueltos: {returned}"),
        });
    }
    if total.kept_changed > 0 {
        screen.text(match language {
            En => "Kept: somebody worked on them since; they were not touched",
            Es => "Conservados: alguien trabajó en ellos después; no se tocaron",
        });
    }
    let kept = outcome.kept.iter().map(|kept| {
        let of = entity_heading(kept.entity).get(language);
        format!("{of} {} -> {}: {}", kept.original_id, kept.new_id, shorten(&kept.text, 120))
    });
    screen.list(kept, language);
    leftovers(&mut screen, &outcome.leftovers, language);
    screen.text
}

/// The records that bear a plan's marks though they aren't known as its own.
fn leftovers(screen: &mut Screen, found: &[Leftover], language: Language) {
    if found.is_empty() {
        return;
    }
    screen.text(match language {
        En => "Left: they bear the mark of a record of this plan, but nothing proves that it made them. Look, and delete them by hand",
        Es => "Quedan: llevan la marca de un registro de esta revisión, pero nada prueba que los creó. Véalos y elimínelos a mano",
    });
    let lines = found.iter().map(|left| {
        let of = entity_heading(left.entity).get(language);
        let known = left.new_id.map(|id| format!(" -> {id}")).unwrap_or_default();
        let ids = left.still_there.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
        match language {
            En => format!("{of} {}{known}: still there as {ids}", left.original_id),
            Es => format!("{of} {}{known}: todavía está como {ids}", left.original_id),
        }
    });
    screen.list(lines, language);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::outcome::{ApplyCounts, Difference, Double, KeptRecord, UndoCounts, VerifyCounts};
    use crate::model::EntityType;

    use super::*;

    /// A screen with the separators of one system.
    fn seen(screen: &str) -> String {
        screen.replace('\\', "/")
    }

    fn dir() -> &'static Path {
        Path::new("b24restore-plan")
    }

    fn begun() -> ApplyOutcome {
        ApplyOutcome {
            entities: BTreeMap::from([
                (
                    EntityType::Deal,
                    ApplyCounts {
                        planned: 2957,
                        created: 1200,
                        already_there: 2,
                        failed: 3,
                        pending: 1752,
                        ..ApplyCounts::default()
                    },
                ),
                (EntityType::Contact, ApplyCounts { planned: 884, created: 884, ..ApplyCounts::default() }),
            ]),
            requests: 1420,
            ids: "ids.csv".into(),
            failures: "failures.csv".into(),
            ..ApplyOutcome::default()
        }
    }

    #[test]
    fn an_interrupted_run_says_how_to_go_on() {
        insta::assert_snapshot!(seen(&apply_screen(&begun(), dir(), Es, 80)), @"
        DETENIDO: 1,752 por confirmar. No se perdió nada; el mismo comando continúa
                         previstos  creados  ya estaban  omitidos  fallaron  por conf.
          Negociaciones      2,957    1,200           2         0         3      1,752
          Contactos            884      884           0         0         0          0
        ID nuevos    b24restore-plan/ids.csv
        Fallas       b24restore-plan/failures.csv
        Siguiente    b24restore apply b24restore-plan
        ");
        insta::assert_snapshot!(seen(&status_screen(&begun(), dir(), En, 80)), @"
        UNDER WAY: 2,089 of 3,841 settled, 1,752 pending
                         planned  created  already  left out  refused  pending
          Deals            2,957    1,200        2         0        3    1,752
          Contacts           884      884        0         0        0        0
        New IDs      b24restore-plan/ids.csv
        Refused      b24restore-plan/failures.csv
        Next         b24restore apply b24restore-plan
        ");
    }

    #[test]
    fn a_finished_run_leads_to_the_proof() {
        let counts = ApplyCounts { planned: 90, created: 88, already_there: 2, updated: 4, ..ApplyCounts::default() };
        let outcome = ApplyOutcome { entities: BTreeMap::from([(EntityType::Lead, counts)]), complete: true, ..begun() };
        insta::assert_snapshot!(seen(&apply_screen(&outcome, dir(), En, 80)), @"
        DONE: everything planned is in the portal
                         planned  created  already  left out  refused  pending
          Leads               90       88        2         0        0        0
        Named fields written: 4 records
        New IDs      b24restore-plan/ids.csv
        Next         b24restore verify b24restore-plan
        ");
        insta::assert_snapshot!(seen(&status_screen(&outcome, dir(), Es, 80)), @"
        COMPLETO: 90 de 90 resueltos
                         previstos  creados  ya estaban  omitidos  fallaron  por conf.
          Prospectos            90       88           2         0         0          0
        Campos indicados escritos: 4 registros
        ID nuevos    b24restore-plan/ids.csv
        Siguiente    b24restore verify b24restore-plan
        ");
    }

    #[test]
    fn a_proof_names_what_is_not_as_planned() {
        let difference = Difference {
            entity: EntityType::Deal,
            original_id: 9002,
            portal_id: 12_001,
            field: "STAGE_ID".into(),
            expected: "NEW".into(),
            found: "\u{1b}[31mWON".into(),
        };
        let outcome = VerifyOutcome {
            entities: BTreeMap::from([(
                EntityType::Deal,
                VerifyCounts { checked: 90, equal: 89, declared: 88, different: 1, absent: 0 },
            )]),
            differences: vec![difference; 12],
            doubles: vec![Double { entity: EntityType::Deal, original_id: 9003, portal_ids: vec![12_002, 12_077] }],
            ..VerifyOutcome::default()
        };
        insta::assert_snapshot!(seen(&verify_screen(&outcome, dir(), Es, 80)), @r#"
        COMPROBADO: 2 de 90 registros no quedaron como se previó
                         revisados  iguales  avisados  distintos  ausentes
          Negociaciones         90       89        88          1         0
        Avisados: iguales, salvo lo que la revisión ya había anunciado, como fechas
          Negociaciones 9002 -> 12001, STAGE_ID: "NEW" -> "[31mWON"
          Negociaciones 9002 -> 12001, STAGE_ID: "NEW" -> "[31mWON"
          Negociaciones 9002 -> 12001, STAGE_ID: "NEW" -> "[31mWON"
          Negociaciones 9002 -> 12001, STAGE_ID: "NEW" -> "[31mWON"
          Negociaciones 9002 -> 12001, STAGE_ID: "NEW" -> "[31mWON"
          Negociaciones 9002 -> 12001, STAGE_ID: "NEW" -> "[31mWON"
          Negociaciones 9002 -> 12001, STAGE_ID: "NEW" -> "[31mWON"
          Negociaciones 9002 -> 12001, STAGE_ID: "NEW" -> "[31mWON"
          Negociaciones 9002 -> 12001, STAGE_ID: "NEW" -> "[31mWON"
          Negociaciones 9002 -> 12001, STAGE_ID: "NEW" -> "[31mWON"
          y 2 más, todo con --json
          Negociaciones 9003 está más de una vez: 12002, 12077
        Deshacer     b24restore undo b24restore-plan   (si quiere deshacer todo)
        "#);
        let equal = VerifyOutcome {
            entities: BTreeMap::from([(
                EntityType::Lead,
                VerifyCounts { checked: 90, equal: 90, declared: 88, ..VerifyCounts::default() },
            )]),
            ..VerifyOutcome::default()
        };
        insta::assert_snapshot!(seen(&verify_screen(&equal, dir(), En, 80)), @"
        VERIFIED: 90 records read back, all as planned
                         checked  equal  declared  different  absent
          Leads               90     90        88          0       0
        Declared: equal but for what the plan said beforehand, such as dates
        Undo         b24restore undo b24restore-plan   (if you want it all undone)
        ");
    }

    #[test]
    fn a_proof_tells_of_the_live_records_that_were_written_to() {
        let of = |different| VerifyOutcome {
            updated: BTreeMap::from([(
                EntityType::Contact,
                VerifyCounts { checked: 5, equal: 5 - different, different, ..VerifyCounts::default() },
            )]),
            ..VerifyOutcome::default()
        };
        insta::assert_snapshot!(seen(&verify_screen(&of(0), dir(), En, 80)), @"
        VERIFIED: 5 records read back, all as planned
        Named fields read back: 5 records, all as written
        Undo         b24restore undo b24restore-plan   (if you want it all undone)
        ");
        insta::assert_snapshot!(seen(&verify_screen(&of(1), dir(), Es, 80)), @"
        COMPROBADO: 1 de 5 registros no quedó como se previó
        Campos indicados leídos otra vez: 5 registros, 1 no como se escribió
        Deshacer     b24restore undo b24restore-plan   (si quiere deshacer todo)
        ");
    }

    #[test]
    fn an_undo_says_what_it_left_alone() {
        let counts = UndoCounts { deleted: 9, kept_changed: 1, ..UndoCounts::default() };
        let kept = KeptRecord {
            entity: EntityType::Deal,
            original_id: 7,
            new_id: 12_007,
            reason: "commented".into(),
            text: "alguien escribió un comentario".into(),
        };
        let outcome =
            UndoOutcome { entities: BTreeMap::from([(EntityType::Deal, counts)]), kept: vec![kept], ..UndoOutcome::default() };
        insta::assert_snapshot!(seen(&undo_screen(&outcome, Es, 80)), @"
        DESHECHO: se eliminaron 9 registros, todos creados por esta revisión
                         eliminados  conservados  ausentes
          Negociaciones           9            1         0
        Lo eliminado queda 30 días en la Papelera de reciclaje (CRM > Más)
        Conservados: alguien trabajó en ellos después; no se tocaron
          Negociaciones 7 -> 12007: alguien escribió un comentario
        ");
        insta::assert_snapshot!(seen(&undo_screen(&outcome, En, 80)), @"
        UNDONE: 9 records deleted, all created by this plan
                         deleted  kept  absent
          Deals                9     1       0
        Deleted records are in the recycle bin (CRM > More > Recycle bin) for 30 days
        Kept: somebody worked on them since; they were not touched
          Deals 7 -> 12007: alguien escribió un comentario
        ");
    }

    #[test]
    fn one_record_is_told_as_one_and_old_values_as_returned() {
        let counts = UndoCounts { deleted: 1, reverted: 1, ..UndoCounts::default() };
        let undone = UndoOutcome { entities: BTreeMap::from([(EntityType::Deal, counts)]), ..UndoOutcome::default() };
        insta::assert_snapshot!(seen(&undo_screen(&undone, En, 80)), @"
        UNDONE: 1 record deleted, created by this plan
                         deleted  kept  absent
          Deals                1     0       0
        Deleted records are in the recycle bin (CRM > More > Recycle bin) for 30 days
        Old values returned: 1 record
        ");
        insta::assert_snapshot!(seen(&undo_screen(&undone, Es, 80)), @"
        DESHECHO: se eliminó 1 registro, creado por esta revisión
                         eliminados  conservados  ausentes
          Negociaciones           1            0         0
        Lo eliminado queda 30 días en la Papelera de reciclaje (CRM > Más)
        Valores anteriores devueltos: 1 registro
        ");
        let counts = VerifyCounts { checked: 1, equal: 1, ..VerifyCounts::default() };
        let verified = VerifyOutcome { entities: BTreeMap::from([(EntityType::Deal, counts)]), ..VerifyOutcome::default() };
        let screen = verify_screen(&verified, Path::new("plan"), Es, 80);
        assert_eq!(screen.lines().next(), Some("COMPROBADO: 1 registro leído otra vez, todo como se previó"));
    }

    #[test]
    fn an_undo_names_what_bears_its_marks_and_may_be_somebody_elses() {
        let counts = UndoCounts { deleted: 2, ..UndoCounts::default() };
        let left = |original_id, new_id, still_there| Leftover { entity: EntityType::Deal, original_id, new_id, still_there };
        let outcome = UndoOutcome {
            entities: BTreeMap::from([(EntityType::Deal, counts)]),
            leftovers: vec![left(7, Some(12_007), vec![12_077]), left(8, None, vec![12_008, 12_078])],
            ..UndoOutcome::default()
        };
        insta::assert_snapshot!(seen(&undo_screen(&outcome, En, 80)), @"
        UNDONE: 2 records deleted, all created by this plan
                         deleted  kept  absent
          Deals                2     0       0
        Deleted records are in the recycle bin (CRM > More > Recycle bin) for 30 days
        Left: they bear the mark of a record of this plan, but nothing proves that it
          made them. Look, and delete them by hand
          Deals 7 -> 12007: still there as 12077
          Deals 8: still there as 12008, 12078
        ");
        insta::assert_snapshot!(seen(&undo_screen(&outcome, Es, 80)), @"
        DESHECHO: se eliminaron 2 registros, todos creados por esta revisión
                         eliminados  conservados  ausentes
          Negociaciones           2            0         0
        Lo eliminado queda 30 días en la Papelera de reciclaje (CRM > Más)
        Quedan: llevan la marca de un registro de esta revisión, pero nada prueba que
          los creó. Véalos y elimínelos a mano
          Negociaciones 7 -> 12007: todavía está como 12077
          Negociaciones 8: todavía está como 12008, 12078
        ");
    }
}
