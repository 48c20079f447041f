//! Why a restore file can't be read, in Spanish; the English of it is the error's own text.

use crate::intake::{IntakeError, IntakeErrorKind};

/// The sentence for a person who reads Spanish.
pub(super) fn in_spanish(error: &IntakeError) -> String {
    format!("no se puede leer {}: {}", error.path.display(), reason(&error.kind))
}

/// One match, so that no kind is without its Spanish.
fn reason(kind: &IntakeErrorKind) -> String {
    use IntakeErrorKind as Kind;
    let plain = match kind {
        Kind::NotFound => "el archivo no existe",
        Kind::IsDirectory => "es un directorio; nombre los CSV que contiene",
        Kind::NoReadRight => "no hay permiso para leerlo",
        Kind::Empty => "el archivo está vacío",
        Kind::NoFile => "no es un archivo: un dispositivo o un socket no se puede leer como tal",
        Kind::LinkCircle => "sus enlaces simbólicos forman un círculo",
        Kind::Keyboard => "`-` es la entrada estándar, y ahora es el teclado; use `b24restore ... - < ARCHIVO` o una tubería",
        Kind::NoWriter => "es una tubería y en 30 segundos nada la abrió para escribir",
        Kind::AllZero => "solo trae bytes nulos: su contenido se perdió al copiarlo o descargarlo; consígalo otra vez",
        Kind::OldExcel => {
            "es un libro de Excel binario (.xls) o con contraseña; ábralo en Excel y guárdelo como .xlsx o CSV UTF-8"
        }
        Kind::NoEntry => "el archivo comprimido no trae ningún archivo",
        Kind::NestedArchive => "trae dentro otro archivo comprimido; descomprímalo primero",
        Kind::Encrypted => "el archivo comprimido tiene contraseña; descomprímalo primero",
        Kind::Bomb => {
            "al descomprimirse pasa de 200 veces su tamaño: no es una exportación sino una trampa; si confía en él, descomprímalo usted"
        }
        Kind::SpoolFull => {
            "trae más de 4 GiB, lo máximo que se lee de una tubería o un archivo comprimido; póngalo descomprimido en el disco"
        }
        Kind::HugeWorkbook => {
            "trae un texto más largo que el de cualquier exportación; ábralo en su programa y guárdelo como CSV UTF-8"
        }
        Kind::NoCells => "ninguna hoja del libro trae celdas",
        Kind::NoTable => {
            "es una página web sin tabla: quizá se guardó una página de acceso o de error en lugar del archivo; descárguelo otra vez"
        }
        Kind::OfDos => {
            "sus letras son las de DOS (página de códigos 850 o 437), como en \"CSV (MS-DOS)\" de una hoja de cálculo; guárdelo como \
             \"CSV UTF-8\", o indique --encoding si es otra codificación"
        }
        Kind::Utf32 => "está en UTF-32, que casi ningún programa escribe; guárdelo como UTF-8",
        Kind::Changed => "el archivo cambió después de leerlo por primera vez; empiece de nuevo",
        Kind::Io { at, error } => return format!("la lectura falló en el byte {at}: {error}"),
        Kind::UnknownEncoding(label) => {
            return format!(
                "`{label}` no es una codificación conocida; use un nombre como UTF-8, windows-1252, windows-1251 o UTF-16LE"
            );
        }
        Kind::OtherFormat(what) => {
            return format!("no es un CSV sino {}; ábralo en su programa y guárdelo como .xlsx o como CSV UTF-8", named(what));
        }
        Kind::OtherPacking(how) => return format!("está comprimido como {how}; descomprímalo primero o use .zip o .gz"),
        Kind::Damaged { container, why } => {
            return format!("el archivo {container} está dañado o incompleto ({why}); pídalo o descárguelo otra vez");
        }
        Kind::ManyEntries { count, names } => {
            return format!("el archivo comprimido trae {count} archivos ({names}); descomprímalo y nombre los CSV uno por uno");
        }
        Kind::LinkEntry(name) => {
            return format!("lo único que trae (`{name}`) es un enlace simbólico, sin datos; comprima el archivo mismo");
        }
        Kind::Spool(error) => {
            return format!("no se puede escribir en el directorio temporal ({error}); libere espacio o indique otro con TMPDIR");
        }
        Kind::LinesInCells { line } => {
            return format!(
                "la línea {line} es un encabezado dentro de una sola celda: una hoja de cálculo con otro separador de listas tomó cada línea \
                 por una celda y la guardó así; use el archivo original, o ábralo con la importación de texto de la hoja, donde se elige el \
                 separador"
            );
        }
        Kind::NoHeader { line, found } => {
            return format!(
                "no hay encabezado: la línea {line} (`{found}`) no trae ningún título conocido; la primera línea debe traer títulos o \
             códigos de campo; si es otra línea, indíquela con --header-line N; si otro signo separa las celdas, con --delimiter"
            );
        }
        Kind::HeaderMissing { line, found } => {
            return format!(
                "no hay encabezado: la línea {line} (`{found}`) trae datos y no títulos; ponga arriba una línea con títulos o códigos \
             de campo (como ID;TITLE)"
            );
        }
        Kind::NoSuchLine { line, last } => {
            return format!("--header-line {line}: ahí no empieza ninguna línea; se leyó el principio hasta la línea {last}");
        }
        Kind::WrongDelimiter { line, given, fits, known } => {
            return format!(
                "--delimiter {}: con él hay una sola columna; con {} la línea {line} trae {known} títulos conocidos",
                sign(*given),
                sign(*fits)
            );
        }
        Kind::OtherQuotes { line, open, close } => {
            return format!(
                "línea {line}: las celdas van entre {open} {close} en lugar de comillas dobles; guarde el archivo con \" o reemplace \
             esos signos en un editor de texto"
            );
        }
        Kind::RowsBesideTitles { line, titles } => {
            return format!(
                "la línea {line} trae {titles} títulos y cada fila una celda más, así que las celdas pueden estar bajo el título de otro \
                 campo; si falta un título, póngalo en su lugar; si la primera celda numera las filas, ponga un título como \"fila\" antes \
                 de los demás; si las filas solo terminan con un delimitador, póngalo también detrás de los títulos"
            );
        }
        Kind::SecondHeader { line, header } => {
            return format!(
                "la línea {line} también es un encabezado, con otras columnas que la línea {header}: son dos archivos en uno; divídalo antes \
                 de la línea {line} y nombre las dos partes"
            );
        }
        Kind::TooManyColumns { line, columns } => {
            return format!("la línea {line} tiene {columns} columnas; no se leen más de 16,384, las de una hoja de Excel");
        }
        Kind::EntityUnclear { line, candidates } => {
            let types = candidates.iter().map(|entity| entity.code()).collect::<Vec<_>>().join(", ");
            return format!("línea {line}: estos títulos pueden ser de {types}; indique cuál con --entity");
        }
        Kind::UnclosedQuote { line, column } => {
            return format!(
                "línea {line}, columna {column}: aquí se abre una comilla que no se cierra; ponga la \" que falta al final de la celda"
            );
        }
    };
    plain.to_owned()
}

/// What a file is instead of a CSV.
fn named(what: &str) -> &str {
    match what {
        "a PDF" => "un PDF",
        "an SQLite database" => "una base de datos SQLite",
        "an Excel 2003 XML workbook" => "un libro XML de Excel 2003",
        "an Office document without a sheet" => "un documento de Office sin hojas",
        "an OpenDocument file (.fods)" => "un archivo OpenDocument (.fods)",
        "a SYLK file (.slk)" => "un archivo SYLK (.slk)",
        "a DIF file (.dif)" => "un archivo DIF (.dif)",
        "a JSON file" => "un archivo JSON",
        "a LibreOffice document" => "un documento de LibreOffice",
        other => other,
    }
}

fn sign(delimiter: char) -> String {
    if delimiter == '\t' { "tabulador".to_owned() } else { format!("`{delimiter}`") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spanish_reader_is_told_the_place_and_the_next_step() {
        let error = IntakeError {
            path: "leads.csv".into(),
            kind: IntakeErrorKind::UnclosedQuote { line: 3, column: "`Etapa`".to_owned() },
        };
        assert_eq!(
            in_spanish(&error),
            "no se puede leer leads.csv: línea 3, columna `Etapa`: aquí se abre una comilla que no se cierra; ponga la \" que falta \
             al final de la celda"
        );
    }
}
