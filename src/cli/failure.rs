//! Every room's error -> exit code, sentence, next step. One place, so that no error is left without all three.

use std::error::Error;

use super::disk;
use super::lang::say;
use crate::apply::{ApplyError, Holder, JournalError, LockError, Stranger, Unsafe};
use crate::intake::IntakeError;
use crate::pipeline::{DetectError, OpenError, PlanError, SnapshotError};
use crate::plan::{AGE_MAX_HOURS, DirError, Refusal};
use crate::report::Language;

/// How a command ended that could not do its work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The exit code.
    pub code: u8,
    /// What happened.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
}

impl Failure {
    /// Wrong usage: 2.
    pub fn usage(message: impl Into<String>) -> Self {
        Self { code: 2, message: message.into(), hint: None }
    }

    /// It could not be done: 1.
    pub fn other(what: impl Into<String>, error: &dyn Error) -> Self {
        Self { code: 1, message: format!("{}: {}", what.into(), chain(error)), hint: None }
    }

    /// A safety check said no: 4.
    pub(super) fn refused(message: String, hint: String) -> Self {
        Self { code: 4, message, hint: Some(hint) }
    }

    pub(super) fn with_hint(mut self, hint: String) -> Self {
        self.hint = Some(hint);
        self
    }

    pub(super) fn plain(message: String) -> Self {
        Self { code: 1, message, hint: None }
    }

    /// A restore file can't be read.
    pub fn of_intake(error: &IntakeError, language: Language) -> Self {
        Self::plain(match language {
            Language::En => chain(error),
            Language::Es => super::unreadable::in_spanish(error),
        })
    }

    /// The files can't be looked at.
    pub fn of_detect(error: &DetectError, language: Language) -> Self {
        match error {
            DetectError::Flag(error) => Self::usage(super::slip::of_flag(error, language)),
            DetectError::Mapping(error) => Self::usage(super::slip::of_mapping(error, language)),
            DetectError::Intake(error) => Self::of_intake(error, language),
        }
    }

    /// A plan directory can't be written or believed.
    pub fn of_dir(error: &DirError, language: Language) -> Self {
        let s = |en: &str, es: &str| say(language, en, es);
        match error {
            DirError::Occupied(dir) => Self::usage(format!(
                "{}: {}",
                dir.display(),
                s(
                    "holds other files; choose another directory with --out",
                    "contiene otros archivos; elija otro directorio con --out"
                )
            )),
            DirError::Begun(dir) => Self::refused(
                format!(
                    "{}: {}",
                    dir.display(),
                    s("holds a plan that has been begun", "contiene una revisión que ya se empezó a aplicar")
                ),
                s(
                    "Go on with `b24restore apply`, or choose another directory with --out.",
                    "Continúe con `b24restore apply` o elija otro directorio con --out.",
                ),
            ),
            DirError::NoPlan(dir) => {
                Self::usage(format!("{}: {}", dir.display(), s("is no plan directory", "no es un directorio de revisión")))
                    .with_hint(s(
                        "Make a plan with `b24restore plan FILE...`.",
                        "Haga la revisión con `b24restore plan ARCHIVO...`.",
                    ))
            }
            DirError::Altered { part, .. } => Self::refused(
                format!(
                    "{part}: {}",
                    s("was altered after the plan was made", "alguien lo modificó después de hacer la revisión")
                ),
                s("Make the plan again with `b24restore plan`.", "Repita la revisión con `b24restore plan`."),
            ),
            DirError::Format { dir, tool } => Self::refused(
                format!(
                    "{}: {} {tool}",
                    dir.display(),
                    s(
                        "the plan has a format that this version can't read; it was made by version",
                        "la revisión tiene un formato que esta versión no puede leer; la hizo la versión"
                    )
                ),
                s(
                    "Make the plan again, or use that version of the program.",
                    "Repita la revisión o use esa versión del programa.",
                ),
            ),
            DirError::Io { path, source } => Self::plain(format!(
                "{} {}: {}",
                s("cannot access", "no se puede leer o escribir"),
                path.display(),
                disk::said(source, language)
            )),
        }
    }

    /// There is no plan.
    pub fn of_plan(error: &PlanError, language: Language) -> Self {
        let s = |en: &str, es: &str| say(language, en, es);
        match error {
            PlanError::Flag(error) => Self::usage(super::slip::of_flag(error, language)),
            PlanError::Mapping(error) => Self::usage(super::slip::of_mapping(error, language)),
            PlanError::Mending(error) => Self::usage(super::mending::said(error, language)),
            PlanError::Intake(error) => Self::of_intake(error, language),
            PlanError::Portal(error) => Self::of_portal(error, language),
            PlanError::Dir(error) => Self::of_dir(error, language),
            PlanError::Snapshot(error) => super::no_snapshot::failure(error, language),
            PlanError::NoId(file) => Self::usage(format!(
                "{file} {}",
                s(
                    "has no ID column; compare by another key with --match",
                    "no tiene columna de ID; compare por otra clave con --match"
                )
            )),
            PlanError::Foreign { explained, of, zone_known } => Self::refused(
                match language {
                    Language::En => error.to_string(),
                    Language::Es => format!(
                        "de los {of} registros que están en los archivos y en el portal, solo {explained} se crearon en el mismo momento, sea cual sea la zona horaria"
                    ),
                },
                if *zone_known {
                    s(
                        "These files are of another portal: their records aren't those of this one, whatever the time zone. Use the webhook of the portal that they are of. To bring another portal's records in all the same, give it a name with --foreign NAME.",
                        "Estos archivos son de otro portal: sus registros no son los de este, sea cual sea la zona horaria. Use el webhook del portal al que pertenecen. Si aun así quiere traer los registros de otro portal, dele un nombre con --foreign NOMBRE.",
                    )
                } else {
                    s(
                        "These files are of another portal, or written in a zone that was not found: say it with --timezone. To bring another portal's records in all the same, give it a name with --foreign NAME.",
                        "Estos archivos son de otro portal, o de una zona horaria que no se encontró: indíquela con --timezone. Si aun así quiere traer los registros de otro portal, dele un nombre con --foreign NOMBRE.",
                    )
                },
            ),
            PlanError::ForeignContents { agreeing, of } => Self::refused(
                match language {
                    Language::En => error.to_string(),
                    Language::Es => format!(
                        "de los {of} registros que están en los archivos y en el portal, solo {agreeing} coinciden en la mitad de sus títulos, nombres, teléfonos, e-mails y textos"
                    ),
                },
                s(
                    "These files are of another portal: under their IDs this one has other records. Use the webhook of the portal that they are of. If they are of this one and an import has since overwritten nearly all of it, give files with the creation dates. To bring another portal's records in all the same, give it a name with --foreign NAME.",
                    "Estos archivos son de otro portal: con sus ID, este tiene otros registros. Use el webhook del portal al que pertenecen. Si son de este y una importación sobrescribió casi todo, indique archivos con las fechas de creación. Si aun así quiere traer los registros de otro portal, dele un nombre con --foreign NOMBRE.",
                ),
            ),
            PlanError::ParentMissing(missing) => Self::refused(
                match language {
                    Language::En => error.to_string(),
                    Language::Es => format!(
                        "{} {}: el registro que indica {} no está en el portal ni en los archivos",
                        crate::report::words::entity(missing.entity).for_count(1, language),
                        missing.original_id,
                        missing.field
                    ),
                },
                s("Plan again with --missing-parent empty or skip.", "Repita la revisión con --missing-parent empty o skip."),
            ),
            PlanError::Tally { .. } => Self::plain(error.to_string()),
        }
    }

    /// There is no snapshot.
    pub fn of_snapshot(error: &SnapshotError, language: Language) -> Self {
        match error {
            SnapshotError::Portal(error) => Self::of_portal(error, language),
            SnapshotError::Snapshot(error) => super::no_snapshot::failure(error, language),
        }
    }

    /// A plan can't be carried out.
    pub fn of_open(error: &OpenError, language: Language) -> Self {
        let s = |en: &str, es: &str| say(language, en, es);
        match error {
            OpenError::Dir(error) => Self::of_dir(error, language),
            OpenError::Portal(error) => Self::of_portal(error, language),
            OpenError::Refused(refusal) => Self::of_refusal(refusal, language),
            OpenError::Lock(error) => Self::of_lock(error, language),
            OpenError::Journal(error) => Self::of_journal(error, language),
            OpenError::NotBegun(dir) => {
                Self::usage(format!("{}: {}", dir.display(), s("this plan was never applied", "esta revisión nunca se aplicó")))
            }
            OpenError::OnlyIds(error) => Self::usage(super::mending::only_ids(error, language)),
            OpenError::Run(error) => Self::of_run(error, language),
            OpenError::Output { path, source } => Self::plain(format!(
                "{} {}: {}",
                s("cannot write", "no se puede escribir"),
                path.display(),
                disk::said(source, language)
            ))
            .with_hint(s(
                "What was created is noted in the journal. Make room or give rights, then run the same command again.",
                "Lo creado quedó anotado en la bitácora. Libere espacio o dé permisos y repita el mismo comando.",
            )),
        }
    }

    pub(super) fn of_lock(error: &LockError, language: Language) -> Self {
        match error {
            LockError::Held { holder } => Self::plain(format!(
                "{}{}",
                say(
                    language,
                    "another b24restore is writing to this portal or plan",
                    "otro b24restore está escribiendo en este portal o revisión"
                ),
                holder.as_ref().map_or_else(String::new, |holder| format!(" ({})", of_holder(holder, language)))
            ))
            .with_hint(say(
                language,
                "Wait until it ends, then run the command again.",
                "Espere a que termine y repita el comando.",
            )),
            LockError::Io { path, source } => Self::plain(format!(
                "{} {}: {}",
                say(language, "cannot lock", "no se puede bloquear"),
                path.display(),
                disk::said(source, language)
            ))
            .with_hint(say(
                language,
                "Nothing is sent without a lock. Give this user the right to write there, or copy the plan to a disk that can be written.",
                "Sin bloqueo no se envía nada. Dé a este usuario permiso para escribir ahí o copie la revisión a un disco donde se pueda.",
            )),
        }
    }

    fn of_journal(error: &JournalError, language: Language) -> Self {
        match error {
            JournalError::OtherPlan | JournalError::Damaged(_) => Self::refused(
                match error {
                    JournalError::Damaged(what) => format!(
                        "{}: {what}",
                        say(
                            language,
                            "the journal is damaged or of another version",
                            "la bitácora está dañada o es de otra versión"
                        )
                    ),
                    _ => say(language, "the journal belongs to another plan", "la bitácora es de otra revisión"),
                },
                say(
                    language,
                    "Keep this directory, and plan again into another one: what was created is found by its mark.",
                    "Conserve este directorio y repita la revisión en otro: lo ya creado se reconoce por su marca.",
                ),
            ),
            JournalError::Unsafe(why) => Self::refused(
                format!(
                    "{}: {}",
                    say(language, "the journal can't be believed", "la bitácora no es de fiar"),
                    unsafe_words(*why, language)
                ),
                say(
                    language,
                    "If nobody has tampered with it, make it yours alone (chmod 600); else plan again into another directory: what was created is found by its mark.",
                    "Si nadie lo ha manipulado, déjelo solo para usted (chmod 600); si no, repita la revisión en otro directorio: lo ya creado se reconoce por su marca.",
                ),
            ),
            JournalError::Sqlite(_) | JournalError::Io(_) => Self::plain(match (error, language) {
                (JournalError::Io(error), Language::Es) => {
                    format!("no se puede leer la bitácora: {}", disk::said(error, language))
                }
                (JournalError::Sqlite(error), Language::Es) => {
                    format!("no se puede escribir o leer la bitácora: {}", chain(error))
                }
                _ => chain(error),
            })
            .with_hint(say(
                language,
                "Nothing is sent without a journal. Check the disk, then run the command again.",
                "Sin bitácora no se envía nada. Revise el disco y repita el comando.",
            )),
        }
    }

    /// A run ended early.
    pub fn of_run(error: &ApplyError, language: Language) -> Self {
        let again = say(
            language,
            "What was created is noted; run the same command again to go on.",
            "Lo creado quedó anotado; repita el mismo comando para continuar.",
        );
        match error {
            ApplyError::Journal(error) => Self::of_journal(error, language),
            ApplyError::Portal(error) => {
                let failure = Self::of_portal(error, language);
                let hint = failure.hint.clone().map_or(again.clone(), |hint| format!("{hint} {again}"));
                failure.with_hint(hint)
            }
            ApplyError::Plan(error) => Self::of_dir(error, language),
            ApplyError::AnotherWriter(stranger) => Self::of_stranger(stranger, language),
            ApplyError::Interrupted => Self { code: 130, message: say(language, "stopped", "detenido"), hint: Some(again) },
        }
    }

    /// Another run writes to the same portal.
    fn of_stranger(stranger: &Stranger, language: Language) -> Self {
        let of = crate::report::words::entity(stranger.entity).for_count(1, language);
        let record = format!("{of} {} -> {}", stranger.original_id, stranger.portal_id);
        let more = match (stranger.more, language) {
            (0, _) => String::new(),
            (more, Language::En) => format!(", and {more} more"),
            (more, Language::Es) => format!(" y {more} más"),
        };
        let who = stranger.who.as_ref().map(|who| format!("{} {who}", say(language, ", by", ", de"))).unwrap_or_default();
        let when = stranger.when.map(|when| when.strftime(", %F %T UTC").to_string()).unwrap_or_default();
        Self::refused(
            format!(
                "{}: {record}{more}{who}{when}",
                say(
                    language,
                    "another b24restore, with another plan or on another computer, has written to this portal since this plan was made",
                    "otro b24restore, con otra revisión o en otra computadora, escribió en este portal después de hacerse esta revisión"
                )
            ),
            say(
                language,
                "Nothing more is sent. Wait until that run has ended, then plan again into another directory: whatever either of them created is found by its mark. If both worked on the same records, run `verify` as well: it names doubles.",
                "No se envía nada más. Espere a que esa ejecución termine y repita la revisión en otro directorio: todo lo creado se reconoce por su marca. Si ambas trabajaban los mismos registros, ejecute además `verify`: nombra los duplicados.",
            ),
        )
    }

    /// Taking back ended early.
    pub fn of_undo(error: &ApplyError, language: Language) -> Self {
        let failure = Self::of_run(error, language);
        failure.with_hint(say(
            language,
            "What was taken back is noted; run the same command again to go on.",
            "Lo deshecho quedó anotado; repita el mismo comando para continuar.",
        ))
    }

    fn of_refusal(refusal: &Refusal, language: Language) -> Self {
        let s = |en: &str, es: &str| say(language, en, es);
        let plan_again = s("Make the plan again with `b24restore plan`.", "Repita la revisión con `b24restore plan`.");
        match refusal {
            Refusal::OtherPortal { plan, here } => Self::refused(
                format!(
                    "{} {plan}; {} {here}",
                    s("this plan was made for", "esta revisión se hizo para"),
                    s("the webhook (or the application) is of", "el webhook (o la aplicación) es de")
                ),
                plan_again,
            ),
            Refusal::NotAdmin => Self::refused(
                s(
                    "the webhook's user is no administrator: records hidden from them would count as missing and be created twice",
                    "el usuario del webhook no es administrador: los registros que no puede ver contarían como faltantes y se duplicarían",
                ),
                s("Use an administrator's webhook and plan again.", "Use el webhook de un administrador y repita la revisión."),
            ),
            Refusal::Stale { hours } => Self::refused(
                format!(
                    "{} ({hours} h > {AGE_MAX_HOURS} h)",
                    s("the plan is stale: the CRM has moved on since", "revisión vencida: el CRM ha cambiado desde entonces")
                ),
                format!("{plan_again} {}", s("Or say --stale-ok.", "O use --stale-ok.")),
            ),
            Refusal::FromTheFuture => Self::refused(
                s(
                    "the plan's moment lies in the future: one of the clocks is wrong",
                    "la revisión tiene una hora futura: uno de los relojes está mal",
                ),
                plan_again,
            ),
            Refusal::TooMany { creates, max } => Self::refused(
                format!(
                    "{}: {creates} > --max-creates {max}",
                    s("the plan would create too many records", "la revisión crearía demasiados registros")
                ),
                s(
                    "Look at the report, then raise --max-creates or plan again.",
                    "Revise el informe y aumente --max-creates o repita la revisión.",
                ),
            ),
            Refusal::InputChanged { path } => Self::refused(
                format!("{path}: {}", s("was changed after the plan was made", "el archivo cambió después de hacer la revisión")),
                plan_again,
            ),
            Refusal::AgainstSnapshot => Self::refused(
                s(
                    "the plan was compared with a snapshot, not with the portal",
                    "la revisión se hizo contra una copia propia, no contra el portal",
                ),
                s("Plan again without --against.", "Repita la revisión sin --against."),
            ),
        }
    }
}

/// Why a journal isn't believed.
fn unsafe_words(why: Unsafe, language: Language) -> String {
    match (language, why) {
        (Language::En, _) => why.to_string(),
        (_, Unsafe::NoPlainFile) => "no es un archivo común".to_owned(),
        (_, Unsafe::OtherOwner) => "es de otro usuario de este equipo".to_owned(),
        (_, Unsafe::WritableByOthers) => "otros usuarios pueden escribirla; si es un descuido: chmod 600".to_owned(),
    }
}

/// Whose a lock is.
fn of_holder(Holder { process, host, since }: &Holder, language: Language) -> String {
    let on = if host.is_empty() { String::new() } else { format!("{} {host}", say(language, " on", " en")) };
    let since = since.strftime("%F %T UTC");
    match language {
        Language::En => format!("process {process}{on}, since {since}"),
        Language::Es => format!("proceso {process}{on}, desde {since}"),
    }
}

/// An error and its causes, each said once.
pub(super) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}
