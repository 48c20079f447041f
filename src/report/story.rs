//! The first screen: ten questions of somebody under stress, answered in the order in which they are asked.
//!
//! 1 how many, and that nothing was changed; 2 which portal, which files; 3 does it fit what was reported; 4 what is at stake;
//! 5 the bin first; 6 what the files don't hold; 7 dates; 8 who is told; 9 what is left alone; 10 the next step (`next.rs`).

use jiff::{SignedDuration, Timestamp};

use crate::model::EntityType;
use crate::plan::EntityCounts;

use super::clean::sanitize;
use super::facts::{Facts, MoneyAtStake};
use super::figures::{count, date, moment, money, place_of};
use super::untouched::left_alone;
use super::warnings::{is_alarm, warning_text};
use super::words::{Language, Phrase, READING_ORDER, RECORD, entity, entity_heading};

use Language::{En, Es};

/// For how long Bitrix24's recycle bin keeps what was deleted.
///
/// Source: helpdesk, "Recycle bin in CRM"; fixed at 30 days in the cloud.
const BIN: SignedDuration = SignedDuration::from_hours(30 * 24);

/// An answer: its heading and its sentences.
pub struct Answer {
    /// What it answers, for the style sheet.
    pub kind: &'static str,
    /// The heading.
    pub label: &'static str,
    /// The sentences.
    pub lines: Vec<String>,
}

/// How many records are missing.
pub fn headline(facts: &Facts, language: Language) -> String {
    let missing = facts.summary.total().missing;
    match (language, missing) {
        (En, 0) => "No record is missing from your Bitrix24.".into(),
        (Es, 0) => "No falta ningún registro en su Bitrix24.".into(),
        (En, 1) => "1 record is missing from your Bitrix24.".into(),
        (Es, 1) => "Falta 1 registro en su Bitrix24.".into(),
        (En, n) => format!("{} records are missing from your Bitrix24.", count(n)),
        (Es, n) => format!("Faltan {} registros en su Bitrix24.", count(n)),
    }
}

/// How many can come back, and how many wait for a decision.
pub fn outlook(facts: &Facts, language: Language) -> String {
    let total = facts.summary.total();
    let n = count(total.to_create);
    let create = match (language, total.missing, total.to_create) {
        (_, 0, 0) => String::new(),
        (En, 1, 1) => "It can be re-created.".into(),
        (Es, 1, 1) => "Se puede volver a crear.".into(),
        (En, missing, create) if missing == create => "All of them can be re-created.".into(),
        (Es, missing, create) if missing == create => "Todos se pueden volver a crear.".into(),
        (En, _, 0) => "As things stand, none of them will be created.".into(),
        (Es, _, 0) => "Tal como está la revisión, no se creará ninguno.".into(),
        (En, ..) => format!("As things stand, {n} will be created."),
        (Es, ..) => format!("Tal como está la revisión, se crearán {n}."),
    };
    // Duplicates are no missing records; other open questions may be about the missing ones themselves.
    let apart = facts.to_decide == total.duplicate;
    let n = count(facts.to_decide);
    let decide = match (language, facts.to_decide, apart) {
        (_, 0, _) => String::new(),
        (En, 1, true) => "1 more waits for your decision.".into(),
        (Es, 1, true) => "Otro espera su decisión.".into(),
        (En, _, true) => format!("{n} more wait for your decision."),
        (Es, _, true) => format!("Otros {n} esperan su decisión."),
        (En, 1, false) => "1 waits for your decision.".into(),
        (Es, 1, false) => "1 espera su decisión.".into(),
        (En, _, false) => format!("{n} wait for your decision."),
        (Es, _, false) => format!("{n} esperan su decisión."),
    };
    [create, decide].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ")
}

/// That nothing was changed.
pub const NOTHING_CHANGED: Phrase =
    Phrase { en: "This is a review: nothing has been changed.", es: "Esto es una revisión: no se ha cambiado nada." };

/// Which portal, which files, up to which moment, seen when and by whom.
pub fn source(facts: &Facts, language: Language) -> String {
    let zone = facts.zone.iana_name().unwrap_or(&facts.summary.zone);
    let place = place_of(zone, language);
    let files = facts.summary.files.len();
    let reach = facts.newest.map(|at| moment(at, &facts.zone, language));
    let reach = match (language, files, reach) {
        (En, _, Some(at)) => format!("files: last activity {at} ({place})"),
        (Es, _, Some(at)) => format!("archivos: último movimiento {at} ({place})"),
        (En, 1, None) => "1 file".into(),
        (Es, 1, None) => "1 archivo".into(),
        (En, n, None) => format!("{n} files"),
        (Es, n, None) => format!("{n} archivos"),
    };
    let made = moment(facts.made_at, &facts.zone, language);
    let user = sanitize(&facts.user);
    let role = match (language, facts.admin) {
        (En, true) => "administrator",
        (Es, true) => "administrador",
        (En, false) => "no administrator",
        (Es, false) => "no es administrador",
    };
    let seen = match language {
        En if user.is_empty() => format!("reviewed {made}"),
        Es if user.is_empty() => format!("revisado el {made}"),
        En => format!("reviewed {made} as {user} ({role})"),
        Es => format!("revisado el {made} con el usuario {user} ({role})"),
    };
    let against = match (language, facts.summary.against.as_str()) {
        (En, "snapshot") => " · compared with a snapshot",
        (Es, "snapshot") => " · comparado con una copia propia",
        _ => "",
    };
    format!("{} · {reach} · {seen}{against}", sanitize(&facts.summary.portal))
}

/// The warnings that put the numbers themselves in doubt.
pub fn alarms(facts: &Facts, language: Language) -> Vec<String> {
    let known = facts.summary.warnings.iter().filter(|warning| is_alarm(&warning.code));
    let mut alarms: Vec<_> = known.map(|warning| sanitize(&warning.text)).collect();
    if !facts.admin && !facts.summary.warnings.iter().any(|warning| warning.code == "not_admin") {
        alarms.insert(0, warning_text("not_admin", None, None, 0, language));
    }
    alarms
}

/// The answers to the questions 3 to 9.
pub fn answers(facts: &Facts, language: Language) -> Vec<Answer> {
    let told = |kind, label: Phrase, lines: Vec<String>| Answer { kind, label: label.get(language), lines };
    let all = [
        told("fits", Phrase { en: "Compare with what was reported", es: "Compare con lo reportado" }, fits(facts, language)),
        told("stake", Phrase { en: "At stake", es: "En juego" }, stake(facts, language)),
        told("bin", Phrase { en: "First, the recycle bin", es: "Primero la papelera" }, bin(facts, language)),
        told(
            "absent",
            Phrase { en: "What these files don’t hold", es: "Lo que estos archivos no traen" },
            absent(facts, language),
        ),
        told("dates", Phrase { en: "Dates", es: "Fechas" }, dates(facts, language)),
        told("told", Phrase { en: "Who will notice", es: "Quién se entera" }, who_is_told(facts, language)),
        told("alone", Phrase { en: "Left alone", es: "No se toca" }, left_alone(&facts.summary.total(), language)),
    ];
    all.into_iter().filter(|answer| !answer.lines.is_empty()).collect()
}

/// Sums that add up, one a record type, to hold beside what people say they lost.
fn fits(facts: &Facts, language: Language) -> Vec<String> {
    let mut lines = Vec::new();
    let mut whole = Vec::new();
    for of in READING_ORDER {
        let Some(counts) = facts.summary.entities.get(&of) else { continue };
        let lost = counts.missing + counts.duplicate + counts.restored + counts.rejected;
        if lost == 0 {
            whole.push(entity_heading(of).get(language));
        } else {
            lines.push(format!("{} = {}.", entity(of).counted(lost, language), parts(counts, language)));
        }
    }
    if !whole.is_empty() {
        lines.push(match language {
            En => format!("Complete: {}.", whole.join(", ")),
            Es => format!("Sin faltantes: {}.", whole.join(", ")),
        });
    }
    lines
}

fn parts(counts: &EntityCounts, language: Language) -> String {
    let words = match language {
        En => [
            ["missing", "missing"],
            ["possible duplicate", "possible duplicates"],
            ["already back", "already back"],
            ["unreadable row", "unreadable rows"],
        ],
        Es => [
            ["que falta", "que faltan"],
            ["posible duplicado", "posibles duplicados"],
            ["ya de vuelta", "ya de vuelta"],
            ["fila que no se pudo leer", "filas que no se pudieron leer"],
        ],
    };
    let parts =
        [counts.missing, counts.duplicate, counts.restored, counts.rejected].into_iter().zip(words).filter(|(n, _)| *n > 0);
    parts.map(|(n, [one, many])| format!("{} {}", count(n), if n == 1 { one } else { many })).collect::<Vec<_>>().join(" + ")
}

fn stake(facts: &Facts, language: Language) -> Vec<String> {
    let amount = |at: &MoneyAtStake| {
        let deals = entity(EntityType::Deal).counted(at.deals, language);
        let total = money(at.total, &sanitize(&at.currency));
        let open = money(at.open_total, &sanitize(&at.currency));
        let n = count(at.open_deals);
        match (language, at.open_deals) {
            (En, 0) => format!("{total} in {deals}, all of them closed."),
            (Es, 0) => format!("{total} en {deals}, ninguna abierta."),
            (En, 1) => format!("{total} in {deals}; 1 is still open ({open})."),
            (Es, 1) => format!("{total} en {deals}; 1 sigue abierta ({open})."),
            (En, _) => format!("{total} in {deals}; {n} are still open ({open})."),
            (Es, _) => format!("{total} en {deals}; {n} siguen abiertas ({open})."),
        }
    };
    let mut lines: Vec<_> = facts.money.iter().map(amount).collect();
    lines.extend(facts.hardest_hit.iter().map(|(name, n)| {
        let (name, records) = (sanitize(name), RECORD.counted(*n, language));
        match language {
            En => format!("Hit hardest: {name} ({records})."),
            Es => format!("Persona responsable más afectada: {name} ({records})."),
        }
    }));
    lines
}

/// Until when the bin surely holds what was lost after the copy; `None` when that moment has passed.
pub fn bin_until(facts: &Facts) -> Option<Timestamp> {
    facts.newest?.checked_add(BIN).ok().filter(|until| *until > facts.made_at)
}

fn bin(facts: &Facts, language: Language) -> Vec<String> {
    if facts.summary.total().missing == 0 {
        return Vec::new();
    }
    let until = bin_until(facts).map(|until| date(until, &facts.zone, language));
    let way = match (language, until, facts.newest) {
        (En, Some(until), _) => format!("CRM > More > Recycle bin, at least until {until}."),
        (Es, Some(until), _) => format!("CRM > Más > Papelera de reciclaje, por lo menos hasta el {until}."),
        (En, None, None) => "CRM > More > Recycle bin. It keeps for 30 days what was deleted.".into(),
        (Es, None, None) => "CRM > Más > Papelera de reciclaje. Guarda 30 días lo eliminado.".into(),
        (En, None, Some(_)) => "CRM > More > Recycle bin. It keeps 30 days, and the copy is older: it may be empty by now. Look all the same.".into(),
        (Es, None, Some(_)) => "CRM > Más > Papelera de reciclaje. Guarda 30 días y la copia es más antigua: quizá ya esté vacía. Mire de todos modos.".into(),
    };
    let why = match language {
        En => {
            "What you recover there comes back with dates, comments and history; then run this review again to see what is still missing."
        }
        Es => {
            "Lo que recupere ahí vuelve con fechas, comentarios e historial; luego repita esta revisión y verá qué sigue faltando."
        }
    };
    vec![way, why.into()]
}

fn absent(facts: &Facts, language: Language) -> Vec<String> {
    let history = match language {
        En => "Comments, activities, history, attachments, and the work done between the copy and the loss.",
        Es => "Comentarios, actividades, historial, archivos adjuntos y lo trabajado entre la copia y la pérdida.",
    };
    let mut lines = vec![history.to_owned()];
    if !facts.unwritable.is_empty() {
        let name =
            |(of, title, n): &(EntityType, String, u64)| format!("{} ({})", sanitize(title), entity(*of).counted(*n, language));
        let columns = facts.unwritable.iter().map(name).collect::<Vec<_>>().join(", ");
        lines.push(match language {
            En => format!("In the files, but Bitrix24 lets nobody write it: {columns}."),
            Es => format!("Está en los archivos, pero Bitrix24 no permite escribirlo: {columns}."),
        });
    }
    lines
}

fn dates(facts: &Facts, language: Language) -> Vec<String> {
    let (lost, kept) = (facts.dates_lost, facts.dates_kept);
    let mut lines = Vec::new();
    if lost > 0 {
        let records = RECORD.counted(lost, language);
        lines.push(match language {
            En => {
                format!("“Created on” of {records} will show the day of the re-creation. Reports and commissions by date change.")
            }
            Es => format!(
                "«Creado el» de {records} mostrará el día en que se vuelvan a crear. Cambian sus reportes y comisiones por fecha."
            ),
        });
        let in_fields = facts.summary.warnings.iter().any(|warning| warning.code == "dates_kept_in_fields");
        lines.push(match (language, in_fields) {
            (En, true) => "The original date is kept in a custom field.".into(),
            (Es, true) => "La fecha original se guarda en un campo personalizado.".into(),
            (En, false) => "The original date is kept in a custom field if you allow it (`--keep-dates-in-fields`).".into(),
            (Es, false) => {
                "La fecha original se guarda en un campo personalizado si usted lo autoriza (`--keep-dates-in-fields`).".into()
            }
        });
    }
    if kept > 0 {
        let records = RECORD.counted(kept, language);
        lines.push(match language {
            En => format!("Creation date kept: {records}."),
            Es => format!("Con su fecha de creación original: {records}."),
        });
    }
    lines
}

fn who_is_told(facts: &Facts, language: Language) -> Vec<String> {
    let total = facts.summary.total();
    if total.to_create + total.to_update == 0 {
        return Vec::new();
    }
    let mut lines = vec![match language {
        En => "b24restore doesn't write to your clients. Each responsible person (one notice per record) and the connected apps (billing, WhatsApp) do learn of it: pause the apps first.".to_owned(),
        Es => "b24restore no escribe a sus clientes. Sí se enteran cada persona responsable (un aviso por registro) y las aplicaciones conectadas (facturación, WhatsApp): páuselas antes.".to_owned(),
    }];
    if total.to_mend + total.to_update > 0 {
        let records = RECORD.counted(total.to_mend + total.to_update, language);
        lines.push(match language {
            En => format!("Workflows that run “on change” may start for {records}: pause them too."),
            Es => format!("Los flujos de trabajo «al modificar» pueden iniciarse en {records}: páuselos también."),
        });
    }
    lines
}
