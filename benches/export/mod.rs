//! A list export as a Spanish portal writes it, as large as a bench wants it.

use std::fmt::Write as _;
use std::path::Path;

/// What a bench can fail with: anything.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const TITLES: [&str; 22] = [
    "ID",
    "Etapa",
    "Título de prospecto",
    "Nombre",
    "Apellido",
    "Creado",
    "Origen",
    "Teléfono del trabajo",
    "E-mail del trabajo",
    "Responsable",
    "Información de origen",
    "Creado por",
    "Nombre de la Compañía",
    "Cargo",
    "Calle",
    "Ciudad",
    "Comentario",
    "Total",
    "Moneda",
    "UTM Source",
    "UTM Medium",
    "UTM Campaign",
];

/// Writes an export of so many leads: BOM, every cell quoted, `;` behind each, LF, and a line break within a cell here and there.
pub fn write(path: &Path, leads: usize) -> Result<()> {
    let mut text = String::from("\u{feff}");
    let line = |text: &mut String, cells: &[String]| {
        for cell in cells {
            text.extend(["\"", &cell.replace('"', "\"\""), "\";"]);
        }
        text.push('\n');
    };
    line(&mut text, &TITLES.map(str::to_owned));
    for n in 1..=leads {
        let mut comment = format!("Pidió cotización de {} tarimas \"estándar\", entrega en Monterrey", n % 500);
        if n % 5 == 0 {
            comment.push_str("\nllamar el lunes");
        }
        let mut phone = String::new();
        write!(phone, "+52 55 {:04} {:04}", n % 10_000, n / 7 % 10_000)?;
        let cells = [
            n.to_string(),
            ["Sin asignar", "En Progreso", "Procesado"][n % 3].into(),
            format!("Prospecto {n} de la feria"),
            format!("Nombre{n}"),
            ["Hernández", "García", "Martínez", "López"][n % 4].into(),
            format!("{:02}/{:02}/2024 {:02}:{:02}:07", n % 28 + 1, n % 12 + 1, n % 24, n % 60),
            ["Llamada", "Sitio Web", "Publicidad"][n % 3].into(),
            phone,
            format!("persona{n}@ejemplo.mx"),
            "Ana Ruiz".into(),
            String::new(),
            "Ana Ruiz".into(),
            format!("Empresa {} S.A. de C.V.", n % 900),
            "Compras".into(),
            format!("Av. Juárez {n}"),
            "Puebla".into(),
            comment,
            format!("{}.5", n % 90_000),
            "Peso Mexicano".into(),
            "google".into(),
            "cpc".into(),
            String::new(),
        ];
        line(&mut text, &cells);
    }
    Ok(std::fs::write(path, text)?)
}
