//! What `--help` says in Spanish. The English is the doc comments of the flags; here each has its Spanish beside it.

use clap::{Arg, Command};

/// Headings, and what clap itself adds.
const OF_CLAP: &[(&str, &str)] = &[
    ("Print help", "Muestra esta ayuda"),
    ("Print help (see a summary with '-h')", "Muestra esta ayuda (con `-h`, un resumen)"),
    ("Print help (see more with '--help')", "Muestra esta ayuda (con `--help`, completa)"),
    ("Print version", "Muestra la versión"),
    ("Print this message or the help of the given subcommand(s)", "Muestra esta ayuda o la de un comando"),
    (
        "What the files are, where it is not as detected (VALUE for all, FILE=VALUE for one)",
        "Qué son los archivos, si no es como se detectó (VALOR para todos, ARCHIVO=VALOR para uno)",
    ),
];

/// What each command does.
const COMMANDS: &[(&str, &str)] = &[
    (
        "Brings lost Bitrix24 CRM records back from the CSV files of a backup: compares, plans, re-creates, verifies.",
        "Vuelve a crear registros de CRM perdidos en Bitrix24 a partir de los CSV de Soporte: compara, revisa, crea y comprueba.",
    ),
    ("Say what files are; needs no portal", "Dice qué son los archivos; no necesita portal"),
    (
        "Dry run: compare files with the portal and write a plan directory; changes nothing",
        "Revisión: compara los archivos con el portal y escribe un directorio; no cambia nada",
    ),
    ("Re-create what is missing; again = go on where it stopped", "Crea lo que falta; otra vez = continúa donde se quedó"),
    ("Say how far a plan is", "Dice cuánto se ha avanzado"),
    (
        "Read every re-created record back and compare it field by field",
        "Comprueba: lee cada registro creado y lo compara campo por campo",
    ),
    (
        "Delete just what a plan created, and nothing that was changed since",
        "Deshace: elimina solo lo que creó una revisión y nadie modificó después",
    ),
    (
        "Delete the personal data that a plan directory or a snapshot holds",
        "Borra los datos personales de un directorio de revisión o de una copia propia",
    ),
    (
        "Delete the personal data that a plan directory or a snapshot holds.\n\nOnly files that b24restore made are deleted; anything else is named and left alone, the restore files too. ids.csv stays, with record types and ids alone. What was deleted can't be brought back by b24restore; backups, and the disk itself, may still hold it.",
        "Borra los datos personales de un directorio de revisión o de una copia propia.\n\nSolo se borran archivos que hizo b24restore; lo demás se nombra y se deja, también los archivos de Soporte. ids.csv se queda, solo con tipos de registro e ID. b24restore no puede traer de vuelta lo borrado; los respaldos, y el disco mismo, quizá aún lo guarden.",
    ),
    ("Write the portal's current state down", "Guarda una copia propia: el estado actual del portal"),
    ("Run a local portal to rehearse on", "Abre un portal local para ensayar"),
    ("Show the whole story on a local portal", "Muestra la historia completa en un portal local"),
    (
        "The portal is given by the environment variable B24_WEBHOOK (https://HOST/rest/USER/SECRET/) or by --webhook-file; never as an argument. Such a file may hold the keys of a local application instead (JSON). Start with `b24restore plan FILE...`: it changes nothing.",
        "El portal se indica con la variable de entorno B24_WEBHOOK (https://HOST/rest/USUARIO/CLAVE/) o con --webhook-file; nunca como argumento. Ese archivo también puede contener las llaves de una aplicación local (JSON). Empiece con `b24restore plan ARCHIVO...`: no cambia nada.",
    ),
];

/// Flags of every command, and of those that ask the portal.
const COMMON: &[(&str, &str)] = &[
    (
        "Print a machine-readable result on stdout, and nothing else there",
        "Escribe en la salida un resultado para programas (JSON), y nada más",
    ),
    ("Print results only, no progress and no notes", "Escribe solo resultados, sin avance ni notas"),
    ("Say what is being done; twice for every request", "Dice qué se está haciendo; dos veces, cada solicitud"),
    (
        "The language of messages and reports (default: the system's)",
        "El idioma de mensajes e informes (si no se indica, el del sistema)",
    ),
    ("English", "Inglés"),
    ("Spanish", "Español"),
    (
        "A file that holds the webhook's address, or the keys of a local application (JSON, rewritten when Bitrix24 gives new ones); else the variable `B24_WEBHOOK`",
        "Un archivo con la dirección del webhook, o con las llaves de una aplicación local (JSON; se reescribe cuando Bitrix24 da otras); si no, la variable `B24_WEBHOOK`",
    ),
    (
        "Which limits the portal has; `none` is taken for a local portal only",
        "Los límites del portal; `none` solo se acepta para un portal local",
    ),
    (
        "How much of the portal's limits to use; the rest is left to the people at work",
        "Qué parte de los límites del portal se usa, en %; el resto queda para quienes trabajan",
    ),
    (
        "Certificates (PEM) to trust besides the system's: a company's own, for a portal on its own servers",
        "Certificados (PEM) de confianza además de los del sistema: los de la compañía, para un portal en sus propios servidores",
    ),
    ("The plan directory", "El directorio de la revisión"),
    ("Don't ask", "No pregunta"),
];

/// What is said of the files.
const FILES: &[(&str, &str)] = &[
    ("Restore files, or a snapshot directory", "Archivos de Soporte (CSV) o el directorio de una copia propia"),
    (
        "Restore files (`-` is standard input), or a snapshot directory",
        "Archivos de Soporte (`-` es la entrada estándar) o el directorio de una copia propia",
    ),
    ("What a file holds: lead, contact, company or deal", "Qué contiene el archivo: lead, contact, company o deal"),
    ("A file's delimiter", "El signo que separa las celdas"),
    ("A file's encoding, such as UTF-8 or windows-1252", "La codificación, como UTF-8 o windows-1252"),
    ("The order of day, month and year: dmy, mdy or ymd", "El orden de día, mes y año: dmy, mdy o ymd"),
    ("The zone of a file's times (IANA name)", "La zona horaria del archivo (nombre IANA)"),
    (
        "The language of the column titles (es, en, ru ...), or codes",
        "El idioma de los títulos de columna (es, en, ru ...), o codes",
    ),
    (
        r#"How cells are quoted: doubled (""), backslash (\\"), escaped (no quotes, \\n for a line end) or none"#,
        r#"Cómo van las comillas de las celdas: doubled (""), backslash (\\"), escaped (sin comillas, \\n por fin de línea) o none"#,
    ),
    ("What ends a line: any, lf or cr", "Qué termina una línea: any, lf o cr"),
    (
        "The line of the column titles, from 1; what stands above it is left out",
        "La línea de los títulos, desde 1; lo que está arriba se omite",
    ),
    ("The sign before decimals: point (1,234.56) or comma (1.234,56)", "El signo decimal: point (1,234.56) o comma (1.234,56)"),
    ("What cells of dictionaries and users hold: codes or labels", "Qué traen las celdas de listas y personas: codes o labels"),
    ("Which field a column is", "Qué campo es una columna"),
    ("A column to leave out: neither compared nor written", "Una columna que se omite: no se compara ni se escribe"),
    (
        "A file that says all this, as --save-mapping writes it; flags go before it",
        "Un archivo que dice todo esto, como lo escribe --save-mapping; las opciones tienen prioridad",
    ),
    (
        "Write down which column is which field, and what was said, for the next time",
        "Anota qué columna es qué campo, y lo indicado, para la próxima vez",
    ),
];

/// What decides in `plan`.
const PLAN: &[(&str, &str)] = &[
    ("Where the plan is written", "Dónde se escribe la revisión"),
    ("Compare with a snapshot instead of the portal", "Compara con una copia propia en lugar del portal"),
    (
        "Read ids only: a record that is there counts as identical",
        "Lee solo los ID: un registro que está cuenta como sin cambios",
    ),
    ("Only these record types", "Solo estos tipos de registro"),
    ("One more key of matching, tried after the id", "Una clave más para reconocer registros, después del ID"),
    (
        "What to do with records whose e-mail, phone or title a live record has",
        "Qué hacer con posibles duplicados: registros cuyo e-mail, teléfono o título ya tiene otro",
    ),
    (
        "What to do with a record whose parent is neither in the portal nor in the files",
        "Qué hacer con un registro cuyo vínculo no está ni en el portal ni en los archivos",
    ),
    (
        "Let another portal's files in: nothing is matched by id, and what is created bears this name in its mark",
        "Admite archivos de otro portal: nada se busca por ID, y lo creado lleva este nombre en su marca",
    ),
    ("What to do with records that are there but differ", "Qué hacer con los registros que están pero son distintos de la copia"),
    (
        "Fill the links that live records lost because their target was lost",
        "Vuelve a poner los vínculos perdidos de los registros que quedaron",
    ),
    ("Leave out the updates that follow a create", "Omite las actualizaciones que siguen a cada creación"),
    (
        "Write original id and creation moment into custom fields",
        "Guarda el ID anterior y la fecha de creación en campos personalizados",
    ),
    (
        "Leave names, titles and values out of report.html and report.csv, so that they can be handed on",
        "Deja nombres, títulos y valores fuera de report.html y report.csv, para poder entregarlos a otros",
    ),
    (
        "Who becomes responsible for re-created records whose responsible person is unknown or dismissed: an active user's id, name, login or e-mail",
        "Quién será la persona responsable si la del registro no se conoce o ya no está: ID, nombre, inicio de sesión o e-mail de un usuario activo",
    ),
    (
        "A stage that no longer exists becomes another one, by label or code; of one pipeline as PIPELINE:OLD=PIPELINE:NEW. Can be repeated",
        "Una etapa que ya no existe se cambia por otra, por nombre o código; de un embudo, PIPELINE:ANTERIOR=PIPELINE:NUEVA. Se puede repetir",
    ),
    (
        "A field, by code or title, that is neither compared nor written. Can be repeated",
        "Un campo, por código o título, que no se compara ni se escribe. Se puede repetir",
    ),
];

/// The other commands' own flags.
const OTHERS: &[(&str, &str)] = &[
    ("Carry out a plan that is older than 24 hours", "Acepta una revisión de hace más de 24 horas"),
    ("Refuse a plan that would create more records than this", "Rechaza una revisión que crearía más registros que estos"),
    ("Take up the failed records alone", "Retoma solo los registros rechazados"),
    ("Create a varied few, verify them, and stop", "Crea unos pocos, variados, los comprueba y se detiene"),
    (
        "Read back only a part of the records, the same one each time, such as 5%; doubles are looked for among all",
        "Lee solo una parte de los registros, siempre la misma, como 5%; los repetidos se buscan entre todos",
    ),
    (
        "Take back these records alone: lines of ids.csv, or a record type and an original id each",
        "Deshace solo estos registros: líneas de ids.csv, o un tipo de registro y un ID anterior en cada una",
    ),
    ("The plan directory or the snapshot", "El directorio de la revisión o la copia propia"),
    ("Delete ids.csv too: which old id became which new one", "Borra también ids.csv: qué ID anterior es qué ID nuevo"),
    (
        "Even if the plan was begun and something of it is pending or unclear: it can't go on after that",
        "Aunque la revisión se haya empezado y algo esté por confirmar: después ya no puede continuar",
    ),
    (
        "Where to write; with --keep, a directory that holds one snapshot a run",
        "Dónde se escribe; con --keep, un directorio con una copia por vez",
    ),
    ("Keep only the newest N snapshots of this portal below DIR", "Conserva solo las N copias más nuevas de este portal en DIR"),
    ("Where to listen; loopback only, port 0 for a free one", "Dónde escucha; solo en este equipo, con puerto 0 elige uno libre"),
    ("Where the portal's state lives; it survives a restart", "Dónde vive el portal; se conserva entre una vez y otra"),
    (
        "Fill a new portal with a snapshot: its records under their old ids, with all that they refer to",
        "Llena un portal nuevo con una copia propia: sus registros con sus ID y todo lo que mencionan",
    ),
    ("Which limits the portal has", "Los límites del portal"),
    (
        "How many times faster than the wall clock limits drain and waits pass",
        "Cuántas veces más rápido que el reloj corren los límites y las esperas",
    ),
    ("What each command costs, in milliseconds of the portal's time", "Lo que cuesta cada orden, en milisegundos del portal"),
    ("A script of faults (JSON)", "Un guion de fallas (JSON)"),
    ("The language of a new portal's directories", "El idioma de las listas de un portal nuevo"),
    ("The server's time zone (IANA name)", "La zona horaria del servidor (nombre IANA)"),
    (
        "Where the demo writes (default: a new directory below the system's temporary folder)",
        "Dónde escribe la demostración (si no se indica, un directorio temporal nuevo)",
    ),
    (
        "Prove the promises: faults, kills, altered plans, limits, the secret. Takes at most 10 minutes",
        "Prueba las promesas: fallas, cortes, revisiones alteradas, límites, la clave. Tarda 10 minutos como máximo",
    ),
    (
        "The seed of everything that is left to chance (default: a new one, which is shown)",
        "La semilla de todo lo que queda al azar (si no se indica, una nueva, que se muestra)",
    ),
    ("How many cells of the fault matrix (default: all)", "Cuántas celdas de la matriz de fallas (si no se indica, todas)"),
    (
        "One cell of the fault matrix, as it is named where it failed; may be given several times",
        "Una celda de la matriz de fallas, como se nombra donde falló; se puede repetir",
    ),
    ("How many kills", "Cuántos cortes"),
    ("Nothing new is begun after so many minutes", "Pasados estos minutos no se empieza nada nuevo"),
];

/// The same commands and flags, described in Spanish.
pub(super) fn in_spanish(mut command: Command) -> Command {
    command.build();
    described(command)
}

fn described(command: Command) -> Command {
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ").replace("[OPTIONS]", "[OPCIONES]").replace("<COMMAND>", "<COMANDO>");
    let about = command.get_about().map(|about| spanish(&about.to_string()));
    let long_about = command.get_long_about().map(|about| spanish(&about.to_string()));
    let after = command.get_after_help().map(|after| spanish(&after.to_string()));
    let names: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    let mut command = command
        .override_usage(usage)
        .help_template("{about-with-newline}\nUso: {usage}\n\n{all-args}{after-help}")
        .subcommand_help_heading("Comandos")
        .mut_args(flag);
    if let Some(about) = about {
        command = command.about(about);
    }
    if let Some(about) = long_about {
        command = command.long_about(about);
    }
    if let Some(after) = after {
        command = command.after_help(after);
    }
    names.into_iter().fold(command, |command, name| command.mut_subcommand(name, described))
}

/// A flag in Spanish, with its default and its values: clap would name them in English.
fn flag(flag: Arg) -> Arg {
    let heading = match flag.get_help_heading() {
        Some(heading) => known(heading).unwrap_or("Otras opciones"),
        None if flag.is_positional() => "Argumentos",
        None => "Opciones",
    };
    let defaults: Vec<String> = flag.get_default_values().iter().map(|value| value.to_string_lossy().into_owned()).collect();
    let values: Vec<String> = flag.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
    let takes_value = flag.get_action().takes_values();
    let told = |what: &str, words: &[String]| {
        if takes_value && !words.is_empty() { format!(" [{what}: {}]", words.join(", ")) } else { String::new() }
    };
    let said = flag.get_help().map(|help| spanish(&help.to_string())).unwrap_or_default();
    let said = format!("{said}{}{}", told("valores", &values), told("si no se indica", &defaults));
    let has_long = flag.get_long_help().is_some();
    let flag = flag.help_heading(heading).help(said.clone()).hide_default_value(true).hide_possible_values(true);
    if has_long { flag.long_help(said) } else { flag }
}

/// The Spanish of a text; without one it stays as it is.
fn spanish(english: &str) -> String {
    known(english).unwrap_or(english).to_owned()
}

fn known(english: &str) -> Option<&'static str> {
    let tables = [OF_CLAP, COMMANDS, COMMON, FILES, PLAN, OTHERS];
    tables.into_iter().flatten().find(|(known, _)| *known == english).map(|(_, spanish)| *spanish)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn texts(command: &Command, found: &mut Vec<String>) {
        found.extend(
            [command.get_about(), command.get_long_about(), command.get_after_help()]
                .into_iter()
                .flatten()
                .map(ToString::to_string),
        );
        for flag in command.get_arguments() {
            found.extend([flag.get_help(), flag.get_long_help()].into_iter().flatten().map(ToString::to_string));
            found.extend(flag.get_help_heading().map(str::to_owned));
        }
        command.get_subcommands().for_each(|sub| texts(sub, found));
    }

    #[test]
    fn nothing_that_help_says_is_without_its_spanish() {
        let mut command = super::super::Cli::command();
        command.build();
        let mut english = Vec::new();
        texts(&command, &mut english);
        let missing: Vec<&String> = english.iter().filter(|text| known(text).is_none()).collect();
        assert!(english.len() > 100 && missing.is_empty(), "{missing:#?}");
    }
}
