//! What a terminal shows when a command is done: the numbers first, the next command last.

use super::clean::sanitize;
use super::facts::Facts;
use super::figures::{count, day, duration};
use super::next::{PILOT, command, has_pilot};
use super::screen::{NEXT, Screen};
use super::story::{alarms, bin_until};
use super::words::{Language, Phrase, READING_ORDER};
use crate::plan::Summary;

use Language::{En, Es};

pub use super::endings::{apply_screen, pilot_screen, status_screen, undo_screen, verify_screen};

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
    let links = unclear_links(facts, language);
    screen.text(&match (language, total.to_update) {
        (En, 0) => format!("To create {create}, to decide {decide}{links}; {time}"),
        (Es, 0) => format!("Por crear {create}, por decidir {decide}{links}; {time}"),
        (En, _) => format!("To create {create}, to update {update}, to decide {decide}{links}; {time}"),
        (Es, _) => format!("Por crear {create}, por actualizar {update}, por decidir {decide}{links}; {time}"),
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
    screen.labelled(
        Phrase { en: "Report", es: "Informe" }.get(language),
        &sanitize(&facts.dir.join("report.html").display().to_string()),
        "",
    );
    next_after_plan(&mut screen, facts, language);
    screen.text(&plan_line(&facts.summary, facts.to_decide, language));
    screen.text
}

/// How many of the cases to decide are no duplicates of the table: records that are created without a link nobody can tell.
fn unclear_links(facts: &Facts, language: Language) -> String {
    let links = facts.to_decide.saturating_sub(facts.summary.total().duplicate);
    match (links, language) {
        (0, _) => String::new(),
        (_, En) => format!(" ({} with an unclear link)", count(links)),
        (_, Es) => format!(" ({} con un vínculo por aclarar)", count(links)),
    }
}

/// The one line that a plan ends with.
pub fn plan_line(summary: &Summary, to_decide: u64, language: Language) -> String {
    let total = summary.total();
    let (create, update, decide) = (count(total.to_create), count(total.to_update), count(to_decide));
    let left = count(total.changed.saturating_sub(total.to_update));
    match (language, total.to_update) {
        (En, 0) => format!("Plan: {create} to create, {left} changed and left alone, {decide} need a decision"),
        (Es, 0) => format!("Revisión: {create} por crear, {left} distintos sin tocar, {decide} por decidir"),
        (En, _) => {
            format!("Plan: {create} to create, {update} to update, {left} changed and left alone, {decide} need a decision")
        }
        (Es, _) => {
            format!("Revisión: {create} por crear, {update} por actualizar, {left} distintos sin tocar, {decide} por decidir")
        }
    }
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
    if !has_pilot(facts) {
        screen.labelled(NEXT.get(language), &command("apply", &facts.dir, ""), "");
        return;
    }
    let remark = match language {
        En => format!("(creates {PILOT}, verifies them, stops)"),
        Es => format!("(crea {PILOT}, los comprueba y se detiene)"),
    };
    screen.labelled(NEXT.get(language), &command("apply", &facts.dir, &format!("--pilot {PILOT}")), &remark);
}

#[cfg(test)]
mod tests {
    use super::super::example;
    use super::super::screen::WIDTH;
    use super::*;

    /// A screen with the separators of one system.
    fn seen(screen: &str) -> String {
        screen.replace('\\', "/")
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
    fn no_screen_is_wider_than_it_may_be() {
        for language in Language::ALL {
            let facts = Facts { admin: false, ..example::facts(language) };
            for width in [60, 80, 200] {
                let screen = plan_screen(&facts, language, width);
                let table = |line: &&str| width >= WIDTH || !line.starts_with("  ");
                let whole = |line: &&str| !line.starts_with("Next") && !line.starts_with("Siguiente");
                assert!(
                    screen.lines().filter(table).filter(whole).all(|line| line.chars().count() <= width.min(WIDTH)),
                    "{screen}"
                );
            }
        }
    }
}
