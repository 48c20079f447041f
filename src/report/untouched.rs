//! What is left alone, told twice: in short on the first screen, in full at the end of the page.

use crate::plan::EntityCounts;

use super::figures::count;
use super::words::{Language, RECORD};

use Language::{En, Es};

/// What neither a review nor `apply` touches.
pub fn untouched(total: &EntityCounts, language: Language) -> Vec<String> {
    let changed = RECORD.counted(total.changed.saturating_sub(total.to_update), language);
    let newer = RECORD.counted(total.only_in_portal, language);
    let mut lines = match language {
        En => vec![
            format!("What differs from the copy: {changed}."),
            format!("What the portal holds and the files don’t: {newer}."),
            "Possible duplicates, unless you decide to create them.".into(),
            "Users, stages, pipelines, automation rules, workflows, tasks and the recycle bin.".into(),
            "Your clients: no e-mail, message or call leaves b24restore.".into(),
        ],
        Es => vec![
            format!("Lo que hoy es distinto de la copia: {changed}."),
            format!("Lo que está en su Bitrix24 y no en los archivos: {newer}."),
            "Los posibles duplicados, salvo que usted decida crearlos.".into(),
            "Usuarios, etapas, embudos, reglas de automatización, flujos de trabajo, tareas y la papelera.".into(),
            "Sus clientes: b24restore no envía correos, mensajes ni llamadas.".into(),
        ],
    };
    if total.left_out > 0 {
        let records = RECORD.counted(total.left_out, language);
        lines.push(match language {
            En => format!("What you chose to leave out: {records}."),
            Es => format!("Lo que usted decidió dejar fuera: {records}."),
        });
    }
    lines
}

/// The same in short, for the first screen.
pub fn left_alone(total: &EntityCounts, language: Language) -> Vec<String> {
    let left = total.changed.saturating_sub(total.to_update);
    let changed = RECORD.counted(left, language);
    let newer = count(total.newer_in_portal);
    let alone = match (language, left) {
        (En, 1) => format!(
            "{changed} that differs from the copy (your people went on working), and {newer} new ones, made after the copy."
        ),
        (En, _) => format!(
            "{changed} that differ from the copy (your people went on working), and {newer} new ones, made after the copy."
        ),
        (Es, 1) => {
            format!("{changed} distinto de la copia (su gente siguió trabajando) ni {newer} nuevos, posteriores a la copia.")
        }
        (Es, _) => {
            format!("{changed} distintos de la copia (su gente siguió trabajando) ni {newer} nuevos, posteriores a la copia.")
        }
    };
    if total.to_update == 0 {
        return vec![alone];
    }
    let records = RECORD.counted(total.to_update, language);
    let written = match language {
        En => format!("As you asked, the named fields of {records} are written."),
        Es => format!("Como usted lo pidió, sí se escriben los campos indicados de {records}."),
    };
    vec![alone, written]
}
