//! The list export of a Spanish portal, written by its rules: BOM, `;`, every cell quoted, `;` at the line's end too, LF.

use std::collections::HashMap;
use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::crm::text;
use super::portal::Portal;

/// Title of the column, and what its cells hold.
type Column = (&'static str, Cell);

#[derive(Clone, Copy)]
enum Cell {
    /// The field as it is.
    Text(&'static str),
    /// The label of a directory's code.
    Label(&'static str, &'static str),
    /// A user's name.
    User(&'static str),
    /// A currency's name.
    Currency,
    /// A linked record's name.
    Name(&'static str, &'static str),
    /// The multi-field values of a kind and a type.
    Several(&'static str, &'static str),
    /// A moment, to the second, without zone.
    Moment(&'static str),
    /// A day.
    Day(&'static str),
    /// Yes or no.
    Flag(&'static str),
    /// A constant.
    Fixed(&'static str),
}

use Cell::{Currency, Day, Fixed, Flag, Label, Moment, Name, Several, Text, User};

const COMPANY: &[Column] = &[
    ("ID", Text("ID")),
    ("Nombre de la Compañía", Text("TITLE")),
    ("Tipo de Compañía", Label("COMPANY_TYPE", "COMPANY_TYPE")),
    ("Teléfono del trabajo", Several("PHONE", "WORK")),
    ("Responsable", User("ASSIGNED_BY_ID")),
    ("Ingreso Anual", Text("REVENUE")),
    ("Moneda", Currency),
    ("Comentario", Text("COMMENTS")),
    ("Creado por", User("CREATED_BY_ID")),
    ("Creado", Moment("DATE_CREATE")),
    ("Modificado", Moment("DATE_MODIFY")),
];

const CONTACT: &[Column] = &[
    ("ID", Text("ID")),
    ("Primer Nombre", Text("NAME")),
    ("Apellido", Text("LAST_NAME")),
    ("Cumpleaños", Day("BIRTHDATE")),
    ("Cargo", Text("POST")),
    ("Compañía", Name("COMPANY_ID", "company")),
    ("Tipo de Contacto", Label("TYPE_ID", "CONTACT_TYPE")),
    ("Responsable", User("ASSIGNED_BY_ID")),
    ("E-mail del trabajo", Several("EMAIL", "WORK")),
    ("Origen", Label("SOURCE_ID", "SOURCE")),
    ("Creado", Moment("DATE_CREATE")),
];

const LEAD: &[Column] = &[
    ("ID", Text("ID")),
    ("Etapa", Label("STATUS_ID", "STATUS")),
    ("Título de prospecto", Text("TITLE")),
    ("Nombre", Text("NAME")),
    ("Creado", Moment("DATE_CREATE")),
    ("Origen", Label("SOURCE_ID", "SOURCE")),
    ("Móvil", Several("PHONE", "MOBILE")),
    ("Responsable", User("ASSIGNED_BY_ID")),
    ("Calle", Text("ADDRESS")),
    ("Ciudad", Text("ADDRESS_CITY")),
    ("Total", Text("OPPORTUNITY")),
    ("Moneda", Currency),
];

const DEAL: &[Column] = &[
    ("ID", Text("ID")),
    ("Pipeline", Fixed("General")),
    ("Etapa", Label("STAGE_ID", "DEAL_STAGE")),
    ("Responsable", User("ASSIGNED_BY_ID")),
    ("Nombre de la negociación", Text("TITLE")),
    ("Tipo", Label("TYPE_ID", "DEAL_TYPE")),
    ("Ingreso", Text("OPPORTUNITY")),
    ("Moneda", Currency),
    ("Compañía", Name("COMPANY_ID", "company")),
    ("Contacto", Name("CONTACT_ID", "contact")),
    ("Cerrado", Flag("CLOSED")),
    ("Creado", Moment("DATE_CREATE")),
    ("Fecha de inicio", Day("BEGINDATE")),
    ("Fecha de cierre", Day("CLOSEDATE")),
    ("Comentario", Text("COMMENTS")),
];

/// Behind the others where another program brought records in: under which name it knows them. Titled as the portal's REST names them, a
/// deal's otherwise than the rest.
const PAIR: [Column; 2] =
    [("Fuente externa", Text("ORIGINATOR_ID")), ("ID del elemento en la fuente de datos", Text("ORIGIN_ID"))];
const PAIR_OF_A_DEAL: [Column; 2] =
    [("Fuente externa", Text("ORIGINATOR_ID")), ("ID del artículo en la fuente de datos", Text("ORIGIN_ID"))];

/// Writes a record type of a portal, newest record first, as the export does.
pub fn write(portal: &Portal, kind: &str, path: &Path) {
    std::fs::write(path, Export::of(portal).text(kind)).expect("a written file");
}

struct Export {
    labels: HashMap<(String, String), String>,
    users: HashMap<String, String>,
    currencies: HashMap<String, String>,
    records: HashMap<&'static str, Vec<Value>>,
}

impl Export {
    fn of(portal: &Portal) -> Self {
        // None of these has more than a page in a test.
        let rows = |method: &str| portal.call(method, json!({})).as_array().expect("a list").clone();
        Self {
            labels: rows("crm.status.list")
                .iter()
                .map(|row| ((text(row, "ENTITY_ID"), text(row, "STATUS_ID")), text(row, "NAME")))
                .collect(),
            users: rows("user.get")
                .iter()
                .map(|row| (text(row, "ID"), format!("{} {}", text(row, "NAME"), text(row, "LAST_NAME")).trim().to_owned()))
                .collect(),
            currencies: rows("crm.currency.list").iter().map(|row| (text(row, "CURRENCY"), text(row, "FULL_NAME"))).collect(),
            records: super::KINDS.map(|kind| (kind, portal.every(kind).into_values().rev().collect())).into(),
        }
    }

    fn text(&self, kind: &str) -> String {
        let mut columns = match kind {
            "company" => COMPANY,
            "contact" => CONTACT,
            "lead" => LEAD,
            _ => DEAL,
        }
        .to_vec();
        if self.records[kind].iter().any(|record| !["", "b24restore"].contains(&text(record, "ORIGINATOR_ID").as_str())) {
            columns.extend(if kind == "deal" { PAIR_OF_A_DEAL } else { PAIR });
        }
        let mut file = "\u{feff}".to_owned();
        line(&mut file, columns.iter().map(|(title, _)| (*title).to_owned()));
        for record in &self.records[kind] {
            line(&mut file, columns.iter().map(|(_, cell)| self.cell(*cell, record)));
        }
        file
    }

    fn cell(&self, cell: Cell, record: &Value) -> String {
        let found = |table: &HashMap<String, String>, key: String| table.get(&key).cloned().unwrap_or_default();
        match cell {
            Text(field) => text(record, field),
            Label(field, directory) => self.labels.get(&(directory.to_owned(), text(record, field))).cloned().unwrap_or_default(),
            User(field) => found(&self.users, text(record, field)),
            Currency => found(&self.currencies, text(record, "CURRENCY_ID")),
            Name(field, kind) => self.name(kind, &text(record, field)),
            Several(kind, of) => {
                let values = record[kind].as_array().cloned().unwrap_or_default();
                let values: Vec<String> =
                    values.iter().filter(|value| value["VALUE_TYPE"] == of).map(|value| text(value, "VALUE")).collect();
                values.join(", ")
            }
            Moment(field) => printed(&text(record, field), "%d/%m/%Y %H:%M:%S"),
            Day(field) => printed(&text(record, field), "%d/%m/%Y"),
            Flag(field) => (if text(record, field) == "Y" { "si" } else { "no" }).to_owned(),
            Fixed(text) => text.to_owned(),
        }
    }

    fn name(&self, kind: &str, id: &str) -> String {
        let record = self.records[kind].iter().find(|record| text(record, "ID") == id);
        record.map_or_else(String::new, |record| match kind {
            "contact" => format!("{} {}", text(record, "NAME"), text(record, "LAST_NAME")),
            _ => text(record, "TITLE"),
        })
    }
}

fn line(file: &mut String, cells: impl Iterator<Item = String>) {
    for cell in cells {
        file.push('"');
        file.push_str(&cell.replace('"', "\"\""));
        file.push_str("\";");
    }
    file.push('\n');
}

fn printed(moment: &str, form: &str) -> String {
    let moment = moment.parse::<Timestamp>().ok();
    moment.map_or_else(String::new, |moment| TimeZone::UTC.to_datetime(moment).strftime(form).to_string())
}
