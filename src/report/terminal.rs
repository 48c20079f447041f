//! What a terminal shows when a command is done: at most 80 columns, no colour, the numbers first and the next command last.

use std::fmt::Write;
use std::path::Path;

use crate::model::EntityType;

use super::clean::{sanitize, shorten};
use super::facts::Facts;
use super::figures::{count, day, duration};
use super::next::{command, has_pilot};
use super::outcome::{ApplyOutcome, UndoOutcome, VerifyOutcome};
use super::story::{alarms, bin_until};
use super::words::{Language, Phrase, READING_ORDER, RECORD, entity_heading};

use Language::{En, Es};

/// Columns that no screen goes beyond, but for a path or command that must stay whole.
const WIDTH: usize = 80;
/// Columns of the names of the record types.
const NAME: usize = 13;
/// Lines of a list that a screen shows.
const LISTED: usize = 10;

/// The end of `plan`. Its last line is the one that scripts and people look for.
pub fn plan_screen(facts: &Facts, language: Language, width: usize) -> String {
    let mut screen = Screen::new(width);
    let portal = sanitize(&facts.summary.portal);
    let sandbox = if facts.sandbox { "SANDBOX · " } else { "" };
    screen.text(&match language {
        En => format!("{sandbox}REVIEW DONE: nothing was changed in {portal}"),
        Es => format!("{sandbox}REVISIÓN TERMINADA: no se cambió nada en {portal}"),
    });
    let columns = match language {
        En => ["in copy", "missing", "unsure", "back", "changed", "unreadable"],
        Es => ["en copia", "faltan", "dudosos", "de vuelta", "distintos", "ilegibles"],
    };
    let rows = READING_ORDER.into_iter().filter_map(|of| {
        let n = facts.summary.entities.get(&of)?;
        Some((of, [n.in_file, n.missing, n.duplicate, n.restored, n.changed, n.rejected]))
    });
    screen.table(columns, rows, language);
    let total = facts.summary.total();
    let (create, update, decide) = (count(total.to_create), count(total.to_update), count(facts.to_decide));
    let time = duration(facts.summary.forecast.seconds);
    screen.text(&match (language, total.to_update) {
        (En, 0) => format!("To create {create}, to decide {decide}; {time}"),
        (Es, 0) => format!("Por crear {create}, por decidir {decide}; {time}"),
        (En, _) => format!("To create {create}, to update {update}, to decide {decide}; {time}"),
        (Es, _) => format!("Por crear {create}, por actualizar {update}, por decidir {decide}; {time}"),
    });
    for alarm in alarms(facts, language) {
        screen.text(&format!("{}: {alarm}", Phrase { en: "Attention", es: "Atención" }.get(language)));
    }
    if total.missing > 0 {
        screen.text(&bin_first(facts, language));
    }
    if facts.dates_lost > 0 {
        screen.text(match language {
            En => "Note: \"Created on\" will be today's date; comments and activities don't come back",
            Es => "Aviso: \"Creado el\" será la fecha de hoy; no vuelven comentarios ni actividades",
        });
    }
    screen.labelled(Phrase { en: "Report", es: "Informe" }.get(language), &sanitize(&facts.dir.join("report.html").display().to_string()), "");
    next_after_plan(&mut screen, facts, language);
    let left = count(total.changed.saturating_sub(total.to_update));
    screen.text(&match (language, total.to_update) {
        (En, 0) => format!("Plan: {create} to create, {left} changed and left alone, {decide} need a decision"),
        (Es, 0) => format!("Revisión: {create} por crear, {left} distintos sin tocar, {decide} por decidir"),
        (En, _) => format!("Plan: {create} to create, {update} to update, {left} changed and left alone, {decide} need a decision"),
        (Es, _) => format!("Revisión: {create} por crear, {update} por actualizar, {left} distintos sin tocar, {decide} por decidir"),
    });
    screen.text
}

fn bin_first(facts: &Facts, language: Language) -> String {
    let until = bin_until(facts).map(|at| day(at, &facts.zone, language));
    match (language, until) {
        (En, Some(until)) => format!("First: CRM > More > Recycle bin (until {until}); from there all comes back whole"),
        (Es, Some(until)) => format!("Primero: CRM > Más > Papelera de reciclaje (hasta el {until}); ahí vuelve completo"),
        (En, None) => "First: CRM > More > Recycle bin; what is still there comes back whole".into(),
        (Es, None) => "Primero: CRM > Más > Papelera de reciclaje; lo que siga ahí vuelve completo".into(),
    }
}

fn next_after_plan(screen: &mut Screen, facts: &Facts, language: Language) {
    let total = facts.summary.total();
    if !facts.admin || total.to_create + total.to_update == 0 {
        return;
    }
    let (option, remark) = match (has_pilot(facts), language) {
        (true, En) => ("--pilot 10", "(creates 10, verifies them, stops)"),
        (true, Es) => ("--pilot 10", "(crea 10, los comprueba y se detiene)"),
        (false, _) => ("", ""),
    };
    screen.labelled(NEXT.get(language), &command("apply", &facts.dir, option), remark);
}

/// The end of `apply`.
pub fn apply_screen(outcome: &ApplyOutcome, dir: &Path, language: Language, width: usize) -> String {
    let total = outcome.total();
    let headline = match (outcome.complete, total.failed, language) {
        (true, 0, En) => "DONE: everything planned is in the portal".to_owned(),
        (true, 0, Es) => "LISTO: todo lo previsto está en su Bitrix24".to_owned(),
        (true, n, En) => format!("DONE, but the portal refused {}", RECORD.counted(n, language)),
        (true, n, Es) => format!("LISTO, pero Bitrix24 no aceptó {}", RECORD.counted(n, language)),
        (false, _, En) => format!("STOPPED: {} still pending. Nothing is lost; the same command goes on", count(total.pending)),
        (false, _, Es) => format!("DETENIDO: {} por confirmar. No se perdió nada; el mismo comando continúa", count(total.pending)),
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
        (false, En) => format!("UNDER WAY: {} of {} settled, {} pending", count(done), count(total.planned), count(total.pending)),
        (false, Es) => format!("EN CURSO: {} de {} resueltos, {} por confirmar", count(done), count(total.planned), count(total.pending)),
    };
    progress(outcome, &headline, dir, language, width)
}

fn progress(outcome: &ApplyOutcome, headline: &str, dir: &Path, language: Language, width: usize) -> String {
    let mut screen = Screen::new(width);
    screen.text(headline);
    let columns = match language {
        En => ["planned", "created", "already", "left out", "refused", "pending"],
        Es => ["previstos", "creados", "ya estaban", "omitidos", "fallaron", "por conf."],
    };
    let row = |of| outcome.entities.get(&of).map(|n| (of, [n.planned, n.created, n.already_there, n.left_out, n.failed, n.pending]));
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
    let total = outcome.total();
    let wrong = total.different + total.absent + outcome.doubles.len() as u64;
    screen.text(&match (language, wrong) {
        (En, 0) => format!("VERIFIED: {} read back, all as planned", RECORD.counted(total.checked, language)),
        (Es, 0) => format!("COMPROBADO: {} leídos otra vez, todo como se previó", RECORD.counted(total.checked, language)),
        (En, _) => format!("VERIFIED: {} of {} not as planned", count(wrong), RECORD.counted(total.checked, language)),
        (Es, _) => format!("COMPROBADO: {} de {} no quedaron como se previó", count(wrong), RECORD.counted(total.checked, language)),
    });
    let columns = match language {
        En => ["checked", "equal", "declared", "different", "absent"],
        Es => ["revisados", "iguales", "avisados", "distintos", "ausentes"],
    };
    let row = |of| outcome.entities.get(&of).map(|n| (of, [n.checked, n.equal, n.declared, n.different, n.absent]));
    screen.table(columns, READING_ORDER.into_iter().filter_map(row), language);
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
    let undo = Phrase { en: "(if you want it all undone)", es: "(si quiere deshacer todo)" }.get(language);
    screen.labelled(Phrase { en: "Undo", es: "Deshacer" }.get(language), &command("undo", dir, ""), undo);
    screen.text
}

/// The end of `undo`.
pub fn undo_screen(outcome: &UndoOutcome, language: Language, width: usize) -> String {
    let mut screen = Screen::new(width);
    let total = outcome.total();
    let deleted = RECORD.counted(total.deleted, language);
    screen.text(&match language {
        En => format!("UNDONE: {deleted} deleted, all created by this plan"),
        Es => format!("DESHECHO: se eliminaron {deleted}, todos creados por esta revisión"),
    });
    let columns = match language {
        En => ["deleted", "kept", "absent"],
        Es => ["eliminados", "conservados", "ausentes"],
    };
    let row = |of| outcome.entities.get(&of).map(|n| (of, [n.deleted, n.kept_changed, n.absent]));
    screen.table(columns, READING_ORDER.into_iter().filter_map(row), language);
    if total.kept_changed > 0 {
        screen.text(match language {
            En => "Kept: somebody changed them since; they were not touched",
            Es => "Conservados: alguien los modificó después; no se tocaron",
        });
    }
    screen.text
}

const NEXT: Phrase = Phrase { en: "Next", es: "Siguiente" };

/// Lines as they fill up.
struct Screen {
    text: String,
    width: usize,
}

impl Screen {
    fn new(width: usize) -> Self {
        Self { text: String::new(), width: width.clamp(40, WIDTH) }
    }

    /// A sentence, broken between words; its later lines are indented.
    fn text(&mut self, sentence: &str) {
        self.indented("", sentence);
    }

    fn indented(&mut self, indent: &str, sentence: &str) {
        self.text.push_str(indent);
        let mut column = 0;
        for word in sentence.split(' ') {
            let length = word.chars().count();
            if column > 0 && indent.len() + column + 1 + length > self.width {
                self.text.push('\n');
                self.text.push_str(indent);
                self.text.push_str("  ");
                column = 2;
            } else if column > 0 {
                self.text.push(' ');
                column += 1;
            }
            self.text.push_str(word);
            column += length;
        }
        self.text.push('\n');
    }

    /// Something that must stay whole, such as a path, with a remark behind it, or below it where there is no room.
    fn labelled(&mut self, label: &str, whole: &str, remark: &str) {
        let line = format!("{label:<13}{whole}");
        let room = line.chars().count() + 3 + remark.chars().count() <= self.width;
        let gap = if room { "   " } else { "\n             " };
        self.text.push_str(&line);
        if !remark.is_empty() {
            self.text.push_str(gap);
            self.text.push_str(remark);
        }
        self.text.push('\n');
    }

    /// Numbers under their titles, a line a record type.
    fn table<const N: usize>(&mut self, titles: [&str; N], rows: impl Iterator<Item = (EntityType, [u64; N])>, language: Language) {
        let rows: Vec<_> = rows.map(|(of, numbers)| (entity_heading(of).get(language), numbers.map(count))).collect();
        let widest = |at: usize| rows.iter().map(|(_, numbers)| numbers[at].len()).max().unwrap_or(0);
        let widths: [usize; N] = std::array::from_fn(|at| titles[at].chars().count().max(widest(at)));
        self.row("", titles.iter().copied(), &widths);
        for (name, numbers) in &rows {
            self.row(name, numbers.iter().map(String::as_str), &widths);
        }
    }

    fn row<'a>(&mut self, name: &str, cells: impl Iterator<Item = &'a str>, widths: &[usize]) {
        let mut line = format!("  {name:<NAME$}");
        for (cell, width) in cells.zip(widths) {
            // Writing into a String can't fail.
            let _ = write!(line, "  {cell:>width$}");
        }
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    /// The first lines of a list, and how many more there are.
    fn list(&mut self, lines: impl ExactSizeIterator<Item = String>, language: Language) {
        let more = lines.len().saturating_sub(LISTED);
        for line in lines.take(LISTED) {
            self.indented("  ", &line);
        }
        if more > 0 {
            let n = count(more as u64);
            self.indented("  ", &match language {
                En => format!("and {n} more, all in --json"),
                Es => format!("y {n} más, todo con --json"),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::example;
    use super::super::outcome::{ApplyCounts, Difference, Double, UndoCounts, VerifyCounts};
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
                (EntityType::Deal, ApplyCounts { planned: 2957, created: 1200, already_there: 2, failed: 3, pending: 1752, ..ApplyCounts::default() }),
                (EntityType::Contact, ApplyCounts { planned: 884, created: 884, ..ApplyCounts::default() }),
            ]),
            requests: 1420,
            ids: "ids.csv".into(),
            failures: "failures.csv".into(),
            complete: false,
        }
    }

    #[test]
    fn the_review_ends_as_the_word_list_shows_it() {
        insta::assert_snapshot!(seen(&plan_screen(&example::facts(Es), Es, 80)), @r#"
        REVISIÓN TERMINADA: no se cambió nada en ejemplo.bitrix24.mx
                         en copia  faltan  dudosos  de vuelta  distintos  ilegibles
          Negociaciones    11,420   2,957       31          9        214          3
          Contactos         6,812     884       14          2         96          0
          Compañías         1,950       0        0          0         12          0
          Prospectos        4,306       0        0          0         57          0
        Por crear 3,841, por decidir 45; ~1 h 40 min
        Primero: CRM > Más > Papelera de reciclaje (hasta el 23/12); ahí vuelve completo
        Aviso: "Creado el" será la fecha de hoy; no vuelven comentarios ni actividades
        Informe      casos/2026-11-23/b24restore-plan/report.html
        Siguiente    b24restore apply casos/2026-11-23/b24restore-plan --pilot 10
                     (crea 10, los comprueba y se detiene)
        Revisión: 3,841 por crear, 379 distintos sin tocar, 45 por decidir
        "#);
    }

    #[test]
    fn the_review_says_the_same_in_english() {
        insta::assert_snapshot!(seen(&plan_screen(&Facts { sandbox: true, ..example::facts(En) }, En, 120)), @r#"
        SANDBOX · REVIEW DONE: nothing was changed in ejemplo.bitrix24.mx
                         in copy  missing  unsure  back  changed  unreadable
          Deals           11,420    2,957      31     9      214           3
          Contacts         6,812      884      14     2       96           0
          Companies        1,950        0       0     0       12           0
          Leads            4,306        0       0     0       57           0
        To create 3,841, to decide 45; ~1 h 40 min
        First: CRM > More > Recycle bin (until 23 Dec); from there all comes back whole
        Note: "Created on" will be today's date; comments and activities don't come back
        Report       casos/2026-11-23/b24restore-plan/report.html
        Next         b24restore apply casos/2026-11-23/b24restore-plan --pilot 10
                     (creates 10, verifies them, stops)
        Plan: 3,841 to create, 379 changed and left alone, 45 need a decision
        "#);
    }

    #[test]
    fn whoever_sees_only_a_part_is_told_so_and_given_no_command() {
        insta::assert_snapshot!(seen(&plan_screen(&Facts { admin: false, ..example::facts(Es) }, Es, 80)), @r#"
        REVISIÓN TERMINADA: no se cambió nada en ejemplo.bitrix24.mx
                         en copia  faltan  dudosos  de vuelta  distintos  ilegibles
          Negociaciones    11,420   2,957       31          9        214          3
          Contactos         6,812     884       14          2         96          0
          Compañías         1,950       0        0          0         12          0
          Prospectos        4,306       0        0          0         57          0
        Por crear 3,841, por decidir 45; ~1 h 40 min
        Atención: El usuario del webhook no es administrador. Lo que no alcanza a ver
          contaría como faltante; por eso esta revisión solo informa. Pida que un
          administrador cree el webhook y repita la revisión.
        Primero: CRM > Más > Papelera de reciclaje (hasta el 23/12); ahí vuelve completo
        Aviso: "Creado el" será la fecha de hoy; no vuelven comentarios ni actividades
        Informe      casos/2026-11-23/b24restore-plan/report.html
        Revisión: 3,841 por crear, 379 distintos sin tocar, 45 por decidir
        "#);
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
            entities: BTreeMap::from([(EntityType::Deal, VerifyCounts { checked: 90, equal: 89, declared: 88, different: 1, absent: 0 })]),
            differences: vec![difference; 12],
            doubles: vec![Double { entity: EntityType::Deal, original_id: 9003, portal_ids: vec![12_002, 12_077] }],
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
            entities: BTreeMap::from([(EntityType::Lead, VerifyCounts { checked: 90, equal: 90, declared: 88, ..VerifyCounts::default() })]),
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
    fn an_undo_says_what_it_left_alone() {
        let outcome = UndoOutcome { entities: BTreeMap::from([(EntityType::Deal, UndoCounts { deleted: 9, kept_changed: 1, absent: 0 })]) };
        insta::assert_snapshot!(seen(&undo_screen(&outcome, Es, 80)), @"
        DESHECHO: se eliminaron 9 registros, todos creados por esta revisión
                         eliminados  conservados  ausentes
          Negociaciones           9            1         0
        Conservados: alguien los modificó después; no se tocaron
        ");
        insta::assert_snapshot!(seen(&undo_screen(&outcome, En, 80)), @"
        UNDONE: 9 records deleted, all created by this plan
                         deleted  kept  absent
          Deals                9     1       0
        Kept: somebody changed them since; they were not touched
        ");
    }

    #[test]
    fn no_screen_is_wider_than_it_may_be() {
        for language in Language::ALL {
            let facts = Facts { admin: false, ..example::facts(language) };
            for width in [60, 80, 200] {
                let screen = plan_screen(&facts, language, width);
                let table = |line: &&str| width >= WIDTH || !line.starts_with("  ");
                let whole = |line: &&str| !line.starts_with("Next") && !line.starts_with("Siguiente");
                assert!(screen.lines().filter(table).filter(whole).all(|line| line.chars().count() <= width.min(WIDTH)), "{screen}");
            }
        }
    }
}
