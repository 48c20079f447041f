//! The warnings in words: what each means and what to do about it.
//!
//! In a sentence `{of}` stands for the counted records (`88 deals`), `{all}` for their name alone (`deals`), `{field}` for the field.

use crate::model::EntityType;

use super::figures::count;
use super::labels;
use super::words::{Language, Phrase, RECORD, entity};

/// A warning that the program knows.
struct Known {
    code: &'static str,
    /// Whether it puts the numbers themselves in doubt. Such a warning stands above everything else.
    alarm: bool,
    text: Phrase,
}

/// The sentence of a warning, in the language of the run. A code that this version doesn't know still says where to look.
pub fn warning_text(code: &str, of: Option<EntityType>, field: Option<&str>, records: u64, language: Language) -> String {
    let word = of.map_or(RECORD, entity);
    let sentence = KNOWN.iter().find(|known| known.code == code).map_or(UNKNOWN, |known| known.text).get(language);
    let field = field.map_or_else(
        || ANY_FIELD.get(language).to_owned(),
        |name| QUOTED.get(language).replace("{}", &labels::field(name, language)),
    );
    // The field's name comes from a file: it goes in last, so that braces in it stand for nothing.
    sentence
        .replace("{of}", &word.counted(records, language))
        .replace("{all}", word.many.get(language))
        .replace("{n}", &count(records))
        .replace("{code}", code)
        .replace("{field}", &field)
}

/// Whether a warning puts the numbers of a report in doubt, or stops `apply`.
pub fn is_alarm(code: &str) -> bool {
    KNOWN.iter().any(|known| known.code == code && known.alarm)
}

const ANY_FIELD: Phrase = Phrase { en: "a field", es: "un campo" };
const QUOTED: Phrase = Phrase { en: "“{}”", es: "«{}»" };
const UNKNOWN: Phrase = Phrase {
    en: "“{code}” concerns {of}. This version has no words for it; see records.jsonl in the plan directory.",
    es: "«{code}» atañe a {of}. Esta versión no tiene texto para ello; vea records.jsonl en la carpeta de la revisión.",
};

const fn notice(code: &'static str, en: &'static str, es: &'static str) -> Known {
    Known { code, alarm: false, text: Phrase { en, es } }
}

const fn alarm(code: &'static str, en: &'static str, es: &'static str) -> Known {
    Known { code, alarm: true, text: Phrase { en, es } }
}

const KNOWN: &[Known] = &[
    // What puts the numbers in doubt.
    alarm(
        "not_admin",
        "The webhook's user is no administrator. Records hidden from them would count as missing, so this review only reports. Have an administrator make the webhook, and run the review again.",
        "El usuario del webhook no es administrador. Lo que no alcanza a ver contaría como faltante; por eso esta revisión solo informa. Pida que un administrador cree el webhook y repita la revisión.",
    ),
    alarm(
        "simple_mode_no_leads",
        "This portal works in simple CRM mode, without leads: a lead created now would turn into a deal. {of} will not be created. Switch to classic CRM mode first if you need them.",
        "Su Bitrix24 trabaja en modo CRM simple, sin prospectos: un prospecto creado ahora se volvería negociación. No se crearán {of}. Si los necesita, cambie antes al modo CRM clásico.",
    ),
    alarm(
        "file_incomplete",
        "The portal holds {of} from before the copy's last moment that the files don't hold. The files were filtered or exported by somebody who doesn't see everything: more may be missing than this report can know.",
        "En su Bitrix24 hay {of} de antes del último momento de la copia que no están en los archivos. La copia se filtró o la exportó alguien que no ve todo: puede faltar más de lo que este informe alcanza a saber.",
    ),
    alarm(
        "copy_taken_before",
        "The portal holds {of} from before the copy's last moment that the files don't hold. If records came back after the copy was taken, that is why; otherwise the files are incomplete. Make sure before you go on.",
        "En su Bitrix24 hay {of} de antes del último momento de la copia que no están en los archivos. Si algo volvió después de hacerse la copia, es por eso; si no, los archivos están incompletos. Asegúrese antes de seguir.",
    ),
    alarm(
        "zone_uncertain",
        "The time zone of the files could not be confirmed. A wrong zone shifts every date: compare a few creation dates in this report with the portal, and name the zone with `--timezone` if they differ.",
        "No se pudo confirmar la zona horaria de los archivos. Una zona equivocada recorre todas las fechas: compare algunas fechas de creación con su Bitrix24 y, si difieren, indique la zona con `--timezone`.",
    ),
    alarm(
        "date_order_unsure",
        "No date in the files tells day and month apart. Look how this report reads them; if it is the wrong way, say `--date-order mdy` where 03/04 means 4 March, `--date-order dmy` where it means 3 April, and run the review again.",
        "Ninguna fecha de los archivos permite distinguir día y mes. Vea cómo las lee este informe; si es al revés, indique `--date-order mdy` si 03/04 significa 4 de marzo, o `--date-order dmy` si significa 3 de abril, y repita la revisión.",
    ),
    alarm(
        "dates_turned",
        "In the column {field} a spreadsheet seems to have taken the day for the month: no date in it has a day beyond 12, and what stayed text has nothing else. Where that leaves no doubt, such dates are left out. Use the file as Support sent it, never saved by Excel.",
        "En la columna {field}, una hoja de cálculo parece haber tomado el día por el mes: ninguna fecha tiene un día mayor que 12, y lo que quedó como texto no tiene otra cosa. Donde no cabe duda, esas fechas se dejan fuera. Use el archivo tal como lo mandó Soporte, sin guardarlo en Excel.",
    ),
    alarm(
        "numbers_unsure",
        "No number in the files tells a decimal sign from one of thousands: 1.500 is read as 1.5, and 1,500 as 1500. If 1.500 means 1500, say `--numbers comma` and run the review again.",
        "Ningún número de los archivos permite distinguir decimales de millares: 1.500 se lee como 1.5, y 1,500 como 1500. Si 1.500 significa 1500, indique `--numbers comma` y repita la revisión.",
    ),
    alarm(
        "no_id",
        "A file has no ID column, so its {all} can't be recognised by ID: only by the mark of an earlier run and by what `--match` names. Ask Support for a copy with the ID if you can.",
        "Un archivo no trae la columna ID; sus {all} no se pueden reconocer por ID: solo por la marca de una ejecución anterior y por lo que indica `--match`. Si puede, pida a Soporte una copia con el ID.",
    ),
    alarm(
        "not_compared",
        "{of} were only looked up by ID and not compared: they count as identical without proof.",
        "De {of} solo se buscó el ID, sin comparar el contenido: cuentan como sin cambios, pero no está comprobado.",
    ),
    notice(
        "webhook_wide",
        "The webhook (or the application) may do more than a restore needs: {field}. Its address (or its keys) is a password: make one with `crm` and `user_brief` alone, and delete it afterwards.",
        "El webhook (o la aplicación) puede hacer más de lo que una restauración necesita: {field}. Su dirección (o sus claves) equivale a una contraseña: cree uno solo con `crm` y `user_brief` y elimínelo después.",
    ),
    // What to do first.
    notice(
        "recycle_bin_first",
        "What was deleted less than 30 days ago comes back better from the recycle bin, with dates, comments and history. Recover it there first (CRM > More > Recycle bin), then run the review again.",
        "Lo eliminado hace menos de 30 días vuelve mejor desde la Papelera de reciclaje, con fechas, comentarios e historial. Recupérelo ahí primero (CRM > Más > Papelera de reciclaje) y luego repita la revisión.",
    ),
    // What will not be as before.
    notice(
        "created_time_not_preserved",
        "“Created on” of {of} will be the day of the re-creation: the portal takes no date older than its newest record. Reports and commissions by creation date will change.",
        "«Creado el» de {of} será el día en que se vuelvan a crear: Bitrix24 no acepta una fecha anterior a la de su registro más reciente. Cambian los reportes y comisiones por fecha de creación.",
    ),
    notice(
        "dates_kept_in_fields",
        "The original ID and creation date of {of} go into custom fields, for reports and commissions. `apply` makes these fields if they don't exist.",
        "El ID anterior y la fecha de creación original de {of} se guardan en campos personalizados, para reportes y comisiones. Si no existen, se crean al ejecutar `apply`.",
    ),
    notice(
        "closed_date_mended",
        "The portal overwrites the close date of closed deals while importing; for {of} it is put right by an update afterwards.",
        "Al importar, Bitrix24 sobrescribe la fecha de cierre de lo ya cerrado; en {of} se corrige después con una actualización.",
    ),
    notice(
        "restored_unmended",
        "An earlier run brought {of} back and ended before it wrote what an import drops or overwrites (addresses, products, close dates), or was told to leave it out. There they still differ from the files; records.jsonl names records and fields. Going on with the earlier plan (`apply`) writes it; this plan doesn't. `--changed restore` fills what is still empty, but for products.",
        "Una ejecución anterior devolvió {of} y terminó antes de escribir lo que una importación omite o sobrescribe (direcciones, productos, fechas de cierre), o se le indicó no escribirlo. Ahí todavía hay diferencias con los archivos; records.jsonl nombra registros y campos. Continuar la revisión anterior (`apply`) lo escribe; esta no. `--changed restore` llena lo que sigue vacío, salvo los productos.",
    ),
    notice(
        "restored_filled",
        "An earlier run brought {of} back without what an import drops. What is still empty there is filled from the files, because `--changed restore` says so; records.jsonl shows the values.",
        "Una ejecución anterior devolvió {of} sin lo que una importación omite. Lo que sigue vacío se llena con lo que traen los archivos, porque así lo pide `--changed restore`; records.jsonl muestra los valores.",
    ),
    notice(
        "history_not_restored",
        "The files hold no comments, activities, history or attachments, so these don't come back. Only the recycle bin or a full restore by Support brings them.",
        "Los archivos no traen comentarios, actividades, historial ni archivos adjuntos; por eso no vuelven. Solo los devuelven la papelera o una restauración completa de Soporte.",
    ),
    notice(
        "column_unwritable",
        "{field} holds data in {of}, but Bitrix24 lets nobody write it. It stays in the file only; note it by hand where it matters.",
        "{field} trae datos en {of}, pero Bitrix24 no permite escribirlo. Queda solo en el archivo; anótelo a mano donde importe.",
    ),
    notice(
        "currency_taken",
        "{field} of {of} holds an amount that names no currency: a `$` may be several, and no shared record tells which. The portal's base currency is written. Compare with the files where more than one currency is in use.",
        "{field} de {of} trae un importe sin moneda: un `$` puede ser de varias, y ningún registro en común dice cuál. Se escribe la moneda base de su Bitrix24. Si se usan varias monedas, compare con los archivos.",
    ),
    notice(
        "title_of_two_fields",
        "The column title {field} is that of two fields of the portal, and no shared record tells which is which ({of}). The portal's own field was taken first, then the custom one. Compare a record with the file; where it is wrong, rename the column and name its field with `--map`.",
        "El título de columna {field} es el de dos campos de su Bitrix24, y ningún registro en común dice cuál es cuál ({of}). Se tomó primero el campo propio de Bitrix24 y después el personalizado. Compare un registro con el archivo; si no es así, cambie el título de la columna e indique el campo con `--map`.",
    ),
    notice(
        "requisites_left_out",
        "The files hold requisites of {all} (columns such as “Details: …”). They are neither compared nor written: enter them by hand where they are missing.",
        "Los archivos traen detalles (RFC, domicilio fiscal) de {all}, en columnas como «Detalles: …». No se comparan ni se escriben: captúrelos a mano donde falten.",
    ),
    notice(
        "column_unmapped",
        "No field of the portal answers for the column {field} ({of}). It is neither compared nor written. If the field was renamed, say `--map \"Column=FIELD\"`.",
        "Ningún campo de su Bitrix24 corresponde a la columna {field} ({of}). No se compara ni se escribe. Si el campo cambió de nombre, use `--map \"Columna=CAMPO\"`.",
    ),
    notice(
        "portal_own_differs",
        "{field} differs in {of}. The portal writes it by itself, so this alone doesn't count as a change.",
        "{field} difiere en {of}. Bitrix24 lo escribe por su cuenta; por sí solo no cuenta como cambio.",
    ),
    // What the portal doesn't know.
    notice(
        "label_unknown",
        "{field} holds a value in {of} that the portal doesn't know, such as a stage that was deleted or renamed. The field is left empty; create the value in Bitrix24 and run the review again to keep it, or name another stage with `--stage-map`.",
        "{field} trae en {of} un valor que su Bitrix24 no conoce, por ejemplo una etapa eliminada o con otro nombre. El campo queda vacío; para conservarlo, cree ese valor en Bitrix24 y repita la revisión, o indique otra etapa con `--stage-map`.",
    ),
    notice(
        "user_unknown",
        "{field} names somebody in {of} whom the portal doesn't know. The webhook's user takes their place; name somebody with `--assign-missing-to`, or reassign these records afterwards.",
        "{field} nombra en {of} a alguien que su Bitrix24 no conoce. En su lugar queda el usuario del webhook; indique a alguien con `--assign-missing-to` o reasigne después esos registros.",
    ),
    notice(
        "user_ambiguous",
        "{field} names somebody in {of} whose name several users bear. The program doesn't guess: the webhook's user takes their place; reassign these records afterwards.",
        "{field} nombra en {of} a alguien cuyo nombre llevan varios usuarios. No se adivina: queda el usuario del webhook; reasigne después esos registros.",
    ),
    notice(
        "user_dismissed",
        "{field} names somebody in {of} who no longer works there. Bitrix24 takes that, but nobody will see to these records; say `--assign-missing-to USER` to give them to somebody.",
        "{field} nombra en {of} a alguien dado de baja. Bitrix24 lo acepta, pero nadie atenderá esos registros; con `--assign-missing-to USUARIO` pasan a otra persona.",
    ),
    notice(
        "user_not_listed",
        "{field} names by ID somebody in {of} whom the portal doesn't list. It is kept as it stands; `--assign-missing-to USER` gives these records to somebody.",
        "{field} nombra por su ID en {of} a alguien que su Bitrix24 no muestra. Se deja como está; `--assign-missing-to USUARIO` pasa esos registros a otra persona.",
    ),
    notice(
        "reassigned",
        "Whoever was responsible for {of} is unknown or dismissed; as `--assign-missing-to` says, somebody else takes their place.",
        "Quien era responsable de {of} no se conoce o está dado de baja; otra persona ocupa su lugar, según `--assign-missing-to`.",
    ),
    notice(
        "stage_mapped",
        "The stage of {of} is replaced, as `--stage-map` says: {field}.",
        "La etapa de {of} se sustituye, según `--stage-map`: {field}.",
    ),
    notice(
        "stage_map_unused",
        "No record is in the old stage of {field}, so this `--stage-map` changes nothing. Check how the stage is written in the file.",
        "Ningún registro está en la etapa anterior de {field}; ese `--stage-map` no cambia nada. Revise cómo está escrita la etapa en el archivo.",
    ),
    notice(
        "field_skipped",
        "{field} holds data in {of}, and is neither compared nor written, as `--skip-field` says.",
        "{field} trae datos en {of}; no se compara ni se escribe, según `--skip-field`.",
    ),
    notice(
        "label_inferred",
        "{field} of {of} holds a text that the portal doesn't know. It is taken for the entry that shared records with this text have; `inferred` in summary.json says which and by how many. If one is wrong, leave the field out with `--skip-field`.",
        "{field} de {of} trae un texto que su Bitrix24 no conoce. Se toma por el valor que tienen los registros en común con ese texto; `inferred` en summary.json dice cuál y por cuántos. Si alguno no es correcto, omita el campo con `--skip-field`.",
    ),
    notice(
        "stage_ambiguous",
        "{field} of {of} bears a name that several pipelines have, and the file doesn't say the pipeline: the general pipeline's stage is taken, or none if it has no such stage. Ask for the pipeline's column, or move these deals afterwards.",
        "{field} de {of} tiene un nombre que existe en varios embudos y el archivo no dice el embudo: se toma la etapa del embudo general, o ninguna si ahí no existe. Pida la columna del embudo o mueva después esas negociaciones.",
    ),
    notice(
        "link_ambiguous",
        "{field} of {of} names a record, and several bear that name. The link is left empty; set it by hand after the restore.",
        "{field} de {of} nombra un registro y varios se llaman igual. El vínculo queda vacío; póngalo a mano después.",
    ),
    notice(
        "link_unknown",
        "{field} of {of} names a record that is neither in the portal nor in the files. The link is left empty.",
        "{field} de {of} nombra un registro que no está ni en su Bitrix24 ni en los archivos. El vínculo queda vacío.",
    ),
    notice(
        "value_cut",
        "{field} of {of} is longer than the portal's column. It is cut to fit; the whole text stands in the file only.",
        "{field} de {of} no cabe en la columna de Bitrix24. Se corta a lo que cabe; el texto completo queda solo en el archivo.",
    ),
    notice(
        "not_written_back",
        "{field} differs in {of}, and `--changed restore` leaves it as it is in Bitrix24: a link or a value that leads nowhere isn't written. The report shows both values; correct it by hand.",
        "{field} difiere en {of} y `--changed restore` lo deja como está en su Bitrix24: no se escribe un vínculo o valor que no lleva a nada. El informe muestra ambos valores; corríjalo a mano.",
    ),
    notice(
        "values_deleted",
        "{field} of {of} holds values in Bitrix24 that the file doesn't have. `--changed restore` deletes them, so that the field is what the file says. The report shows both; if some are newer than the copy and right, leave the field out with `--skip-field`. `undo` brings them back.",
        "{field} de {of} tiene en su Bitrix24 valores que el archivo no trae. `--changed restore` los elimina para que el campo quede como dice el archivo. El informe muestra ambos; si algunos son posteriores a la copia y correctos, omita el campo con `--skip-field`. `undo` los devuelve.",
    ),
    notice(
        "product_details_lost",
        "Products of {of} have a catalogue product, a discount, a tax or a unit in Bitrix24 that no file holds. `--changed restore` keeps them in rows of the same name and price; here rows differ in that, and lose them. The report shows both; `--skip-field PRODUCTS` leaves the products as they are, and `undo` brings them back whole.",
        "Los productos de {of} tienen en su Bitrix24 un artículo del catálogo, un descuento, un impuesto o una unidad que ningún archivo trae. `--changed restore` los conserva en las líneas con el mismo nombre y precio; aquí hay líneas que difieren en eso y los pierden. El informe muestra ambos; `--skip-field PRODUCTS` deja los productos como están y `undo` los devuelve completos.",
    ),
    notice(
        "amount_follows_products",
        "{field} of {of} in the file isn't the sum of its products, and isn't marked as entered by hand. When the products are written back, Bitrix24 computes the amount from them; correct it by hand where it matters.",
        "{field} de {of} en el archivo no es la suma de sus productos ni está marcado como capturado a mano. Al escribir los productos, Bitrix24 calcula el monto con ellos; corríjalo a mano donde importe.",
    ),
    notice(
        "zero_text",
        "{field} of {of} is a text that holds nothing but a zero. Bitrix24 takes that for an empty field; enter it by hand where it matters.",
        "{field} de {of} es un texto que solo contiene un cero. Bitrix24 lo toma por un campo vacío; escríbalo a mano donde importe.",
    ),
    notice(
        "not_mended",
        "What the import of {of} drops or overwrites (addresses, products, close dates, emptied fields) stays so, as `--no-mend` says. `verify` counts it as declared.",
        "Lo que la importación de {of} omite o sobrescribe (direcciones, productos, fechas de cierre, campos vacíos) se queda así, según `--no-mend`. `verify` lo cuenta como anunciado.",
    ),
    notice(
        "created_twice",
        "More than one live record bears the mark of one record of the files: so with {of}. The report names them; compare them in Bitrix24 and delete the one too many by hand.",
        "Más de un registro vivo lleva la marca de un mismo registro de los archivos: así en {of}. El informe los nombra; compárelos en su Bitrix24 y elimine a mano el que sobra.",
    ),
    notice(
        "answers_for_another",
        "A live record resembles {of} (same e-mail, phone, title or amount), but answers for another row of the files already. So it counts for none of these.",
        "Un registro vivo se parece a {of} (mismo correo, teléfono, título o monto), pero ya responde por otra fila de los archivos. Por eso no cuenta para ninguno de estos.",
    ),
    notice(
        "missing_parent",
        "A parent record that is neither in the portal nor in the files: so with {of}. As things stand they are created without it; `--missing-parent` decides otherwise.",
        "Un registro superior que no está ni en su Bitrix24 ni en los archivos: así en {of}. Tal como está la revisión, se crean sin él; `--missing-parent` lo cambia.",
    ),
    notice(
        "incoming_relations",
        "Other records point to {of} by the original ID: custom fields, tasks and other systems. Those references keep the old ID; ids.csv says which new one belongs to it.",
        "Otros registros apuntan a {of} por su ID anterior: campos personalizados, tareas y otros sistemas. Esas referencias conservan el ID anterior; ids.csv dice cuál es el nuevo.",
    ),
    // Who is touched.
    notice(
        "mend_updates",
        "After creating, one update each puts right what the import drops: {of}. It may start workflows that run “on change”, and it moves the modification date. Pause such workflows first, or plan with `--no-mend`.",
        "Después de crear, una actualización corrige lo que la importación omite: {of}. Puede iniciar flujos de trabajo «al modificar» y mueve la fecha de modificación. Páuselos antes o use `--no-mend`.",
    ),
    notice(
        "import_side_effects",
        "Creating records starts no automation rule and writes to no client. But connected apps get events, each responsible person gets a notice per record, and each timeline gets an entry dated now. Pause the apps (billing, WhatsApp) first.",
        "Crear los registros no inicia reglas de automatización ni escribe a sus clientes. Pero las aplicaciones conectadas reciben eventos, cada persona responsable recibe un aviso por registro y el historial de cada ficha anota una entrada con fecha de hoy. Pause antes las aplicaciones (facturación, WhatsApp).",
    ),
    // What a person has to decide or mend.
    notice(
        "duplicate_found",
        "Possible duplicates of live records (same e-mail, phone or title): {of}. They are not created. Look at them in the report; if they are different people, plan with `--duplicates create`.",
        "Posibles duplicados de registros vivos (mismo correo, teléfono o título): {of}. No se crean. Véalos en el informe; si son otras personas, use `--duplicates create`.",
    ),
    notice(
        "id_reused",
        "The IDs of {of} now belong to other, newer records (after a roll-back the portal gives IDs out again). They count as missing and are created under a new ID; the newer ones are not touched.",
        "Los ID de {of} hoy pertenecen a otros registros más nuevos (tras una restauración, Bitrix24 vuelve a repartir los ID). Cuentan como faltantes y se crean con un ID nuevo; los más nuevos no se tocan.",
    ),
    notice(
        "incomplete_records",
        "In {of} a cell could not be understood. The cell is left out, the rest of the record is used; records.jsonl names them.",
        "En {of} hubo una celda que no se pudo entender. Se omite esa celda y se usa lo demás; records.jsonl dice cuáles son.",
    ),
    notice(
        "rejected_rows",
        "Rows that could not be used: {n}. They stand with their reason in rejected.csv, and in their own columns in the folder rejected: mend them there and review that file.",
        "Filas que no se pudieron usar: {n}. Están con su motivo en rejected.csv y, con sus propias columnas, en la carpeta rejected: corríjalas ahí y revise ese archivo.",
    ),
    notice(
        "no_records",
        "A file says in words that it holds no {all}. If there should be some, ask Support for the file again.",
        "Un archivo dice con palabras que no contiene {all}. Si debería haberlos, pida el archivo otra vez a Soporte.",
    ),
    alarm(
        "other_sheets",
        "The workbook has further sheets with records, which were not read: {field}. Save each as a file of its own and review them together.",
        "El libro tiene otras hojas con registros que no se leyeron: {field}. Guarde cada una como un archivo aparte y revíselas juntas.",
    ),
    notice(
        "mojibake",
        "The text of {of} was encoded twice (“MuÃ±oz”) and is read as it was before. Compare some names in this report with the portal.",
        "El texto de {of} se codificó dos veces («MuÃ±oz») y se lee como era antes. Compare algunos nombres de este informe con su Bitrix24.",
    ),
    notice(
        "bad_cells",
        "{field} holds cells in {of} that could not be understood. They are left out, and the rest of the record is used; `inspect` names their lines.",
        "{field} trae en {of} celdas que no se pudieron entender. Se omiten y se usa lo demás; `inspect` dice en qué líneas.",
    ),
    notice(
        "lost_plus",
        "In {field}, {of} have phones without the “+” that the others have: a spreadsheet takes it away. They are kept as they stand; compare a few with the portal.",
        "En {field}, {of} tienen teléfonos sin el «+» que llevan los demás: lo quita una hoja de cálculo. Se conservan tal cual; compare algunos con su Bitrix24.",
    ),
    notice(
        "products_scattered",
        "Product lines of one record stand apart in the file, so that only its first ones are used. Sort the file by ID and run the review again.",
        "En el archivo, las líneas de productos de un mismo registro están separadas y solo se usan las primeras. Ordene el archivo por ID y repita la revisión.",
    ),
    notice(
        "spreadsheet_damage",
        "A spreadsheet has damaged values in {of} (long numbers as 5.2E+11, dates turned around). Use the file as Support sent it, never saved by Excel.",
        "Una hoja de cálculo dañó valores en {of} (números largos como 5.2E+11, fechas volteadas). Use el archivo tal como lo mandó Soporte, sin guardarlo en Excel.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// The codes that the program gives out.
    const CODES: &[&str] = &[
        "bad_cells",
        "mojibake",
        "other_sheets",
        "lost_plus",
        "products_scattered",
        "webhook_wide",
        "created_time_not_preserved",
        "portal_own_differs",
        "label_unknown",
        "user_unknown",
        "user_ambiguous",
        "label_inferred",
        "stage_ambiguous",
        "link_ambiguous",
        "link_unknown",
        "missing_parent",
        "column_unmapped",
        "title_of_two_fields",
        "requisites_left_out",
        "currency_taken",
        "column_unwritable",
        "file_incomplete",
        "copy_taken_before",
        "no_id",
        "not_compared",
        "date_order_unsure",
        "dates_turned",
        "numbers_unsure",
        "zone_uncertain",
        "recycle_bin_first",
        "not_admin",
        "simple_mode_no_leads",
        "mend_updates",
        "import_side_effects",
        "restored_unmended",
        "restored_filled",
        "history_not_restored",
        "closed_date_mended",
        "duplicate_found",
        "id_reused",
        "incomplete_records",
        "rejected_rows",
        "no_records",
        "spreadsheet_damage",
        "dates_kept_in_fields",
        "incoming_relations",
        "user_dismissed",
        "user_not_listed",
        "reassigned",
        "stage_mapped",
        "stage_map_unused",
        "field_skipped",
        "value_cut",
        "zero_text",
        "not_written_back",
        "values_deleted",
        "product_details_lost",
        "amount_follows_products",
        "not_mended",
        "created_twice",
        "answers_for_another",
    ];

    #[test]
    fn every_warning_has_its_own_sentence_in_both_languages() {
        for code in CODES.iter().copied() {
            let [en, es] =
                Language::ALL.map(|language| warning_text(code, Some(EntityType::Deal), Some("STAGE_ID"), 88, language));
            assert!(en.ends_with('.') && es.ends_with('.'), "{code}: {en} / {es}");
            assert_ne!(en, es, "{code}");
            assert!(!en.contains(code) && !es.contains(code), "{code} has no sentence of its own");
            assert!(!en.contains(['{', '}']) && !es.contains(['{', '}']), "{code} leaves a gap: {en} / {es}");
        }
        assert_eq!(KNOWN.len(), CODES.len(), "a sentence that no code asks for");
    }

    #[test]
    fn an_unknown_warning_says_what_it_is_called_and_where_to_look() {
        let text = warning_text("gone_odd", Some(EntityType::Lead), None, 2, Language::Es);
        assert_eq!(
            text,
            "«gone_odd» atañe a 2 prospectos. Esta versión no tiene texto para ello; vea records.jsonl en la carpeta de la revisión."
        );
    }

    #[test]
    fn a_column_named_like_a_gap_fills_none() {
        let text = warning_text("column_unmapped", None, Some("{of}"), 1, Language::En);
        assert!(text.starts_with("No field of the portal answers for the column “{of}” (1 record)."), "{text}");
    }

    #[test]
    fn what_puts_the_numbers_in_doubt_is_an_alarm() {
        assert!(is_alarm("file_incomplete") && is_alarm("not_admin"));
        assert!(!is_alarm("created_time_not_preserved") && !is_alarm("gone_odd"));
    }
}
