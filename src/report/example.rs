//! Invented facts for the tests of this room: the loss that the word list tells, and texts that mean harm.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use rust_decimal::Decimal;

use crate::model::EntityType::{self, Company, Contact, Deal, Lead};
use crate::plan::{ChangeLine, EntityCounts, FileSummary, Forecast, RecordLine, RecordRef, Requests, Summary, Warning};

use super::words::{Language, warning_text};
use super::{Facts, MoneyAtStake};

/// The loss of the word list: 3,841 records missing, 45 to decide.
pub fn facts(language: Language) -> Facts {
    let counts = |in_file, missing, duplicate, restored, changed, rejected, newer| EntityCounts {
        in_file,
        missing,
        duplicate,
        restored,
        changed,
        rejected,
        identical: in_file - missing - duplicate - restored - changed - rejected,
        only_in_portal: newer,
        newer_in_portal: newer,
        to_create: missing,
        ..EntityCounts::default()
    };
    let entities = BTreeMap::from([
        (Deal, EntityCounts { lost_links: 41, to_mend: 1753, ..counts(11_420, 2957, 31, 9, 214, 3, 58) }),
        (Contact, counts(6812, 884, 14, 2, 96, 0, 31)),
        (Company, counts(1950, 0, 0, 0, 12, 0, 4)),
        (Lead, counts(4306, 0, 0, 0, 57, 0, 33)),
    ]);
    let file = |name: &str, entity, rows, rejected, digest: &str| FileSummary {
        path: format!("casos/2026-11-23/{name}"),
        entity,
        encoding: "UTF-8".into(),
        delimiter: ";".into(),
        language: Some("es".into()),
        rows,
        rejected,
        sha256: digest.repeat(8),
    };
    let warning = |code: &str, entity: Option<EntityType>, field: Option<&str>, records| Warning {
        code: code.into(),
        entity,
        field: field.map(str::to_owned),
        records,
        text: warning_text(code, entity, field, records, language),
    };
    let at = |text: &str| text.parse().expect("a moment");
    Facts {
        summary: Summary {
            portal: "ejemplo.bitrix24.mx".into(),
            made_at: "2026-11-24T16:42:00Z".into(),
            against: "portal".into(),
            zone: "America/Mexico_City".into(),
            files: vec![
                file("negociaciones.csv", Deal, 11_420, 3, "9f2c41d7"),
                file("contactos.csv", Contact, 6812, 0, "04be77a1"),
                file("companias.csv", Company, 1950, 0, "c3d9e610"),
                file("prospectos.csv", Lead, 4306, 0, "7718fa2b"),
            ],
            entities,
            requests: Requests { made: 164, to_apply: 2412 },
            forecast: Forecast { seconds: 5990, bound_by: "operating".into() },
            inferred: Vec::new(),
            warnings: vec![
                warning("created_time_not_preserved", Some(Deal), None, 2957),
                warning("created_time_not_preserved", Some(Contact), None, 884),
                warning("mend_updates", Some(Deal), None, 1753),
                warning("label_unknown", Some(Deal), Some("STAGE_ID"), 12),
                warning("user_unknown", Some(Contact), Some("ASSIGNED_BY_ID"), 7),
                warning("duplicate_found", Some(Deal), None, 31),
                warning("duplicate_found", Some(Contact), None, 14),
                warning("rejected_rows", Some(Deal), None, 3),
            ],
        },
        made_at: at("2026-11-24T16:42:00Z"),
        zone: TimeZone::get("America/Mexico_City").expect("the zone database is built in"),
        newest: Some(at("2026-11-23T09:10:00Z")),
        user: "Laura Méndez".into(),
        admin: true,
        money: vec![MoneyAtStake {
            currency: "MXN".into(),
            total: Decimal::new(48_213_900, 0),
            deals: 2957,
            open_total: Decimal::new(31_870_400, 0),
            open_deals: 1204,
        }],
        hardest_hit: Some(("Ana Pérez Luna".into(), 611)),
        dates_kept: 0,
        dates_lost: 3841,
        unwritable: vec![(Contact, "Foto".into(), 212), (Deal, "Cotización".into(), 18)],
        unmapped: vec![(Deal, "Folio anterior".into())],
        to_decide: 45,
        inferred: vec![
            "Orden de fechas: día/mes/año (11,420 fechas con día mayor que 12).".into(),
            "Zona horaria de los archivos: America/Mexico_City (explica 99.8 % de las fechas de creación compartidas).".into(),
        ],
        sandbox: false,
        dir: "casos/2026-11-23/b24restore-plan".into(),
    }
}

/// A record without anything to say but its verdict.
pub fn line(entity: EntityType, id: u64, verdict: &str, title: &str) -> RecordLine {
    RecordLine {
        entity,
        original_id: Some(id),
        verdict: verdict.into(),
        title: title.into(),
        file: format!("{entity}.csv"),
        line: id + 1,
        portal_id: None,
        matched_by: None,
        reason: None,
        candidates: Vec::new(),
        changes: Vec::new(),
        depends_on: Vec::new(),
        incomplete: false,
        notes: Vec::new(),
    }
}

fn change(field: &str, file: &str, portal: &str) -> ChangeLine {
    ChangeLine { field: field.into(), file: file.into(), portal: portal.into(), lost_link: false }
}

/// One record of each verdict.
pub fn few_lines() -> Vec<RecordLine> {
    vec![
        RecordLine {
            depends_on: vec![RecordRef { entity: Contact, original_id: 4101 }],
            notes: vec!["label_unknown:STAGE_ID".into()],
            ..line(Deal, 9002, "missing", "Licencias anuales, Grupo Alameda")
        },
        RecordLine {
            portal_id: Some(9003),
            matched_by: Some("id".into()),
            changes: vec![
                change("STAGE_ID", "Propuesta enviada", "Negociación"),
                change("OPPORTUNITY", "120000.00", "98500.00"),
                ChangeLine { lost_link: true, ..change("CONTACT_ID", "4101", "") },
            ],
            ..line(Deal, 9003, "changed", "Pólizas de mantenimiento 2027")
        },
        RecordLine {
            portal_id: Some(12_880),
            matched_by: Some("twin".into()),
            ..line(Deal, 9004, "restored", "Servidor de respaldo, Clínica San Ángel")
        },
        RecordLine {
            candidates: vec![4480, 4502],
            matched_by: Some("email".into()),
            ..line(Contact, 4102, "duplicate", "José Núñez Ibarra")
        },
        RecordLine { original_id: None, reason: Some("cell_count".into()), ..line(Deal, 9005, "rejected", "") },
    ]
}

/// As many lines as the facts count, for looking at the page.
pub fn many_lines() -> Vec<RecordLine> {
    const CLIENTS: [&str; 7] = [
        "Grupo Alameda",
        "Clínica San Ángel",
        "Distribuidora del Bajío",
        "Hotel Punta Mita",
        "Constructora Ibarra y Asociados",
        "Colegio Monte Albán",
        "Transportes Ruiz",
    ];
    const THINGS: [&str; 5] = [
        "Licencias anuales",
        "Póliza de mantenimiento 2027",
        "Renovación de equipos",
        "Ampliación de red",
        "Capacitación en ventas",
    ];
    let name = |n: u64| format!("{}, {}", THINGS[n as usize % 5], CLIENTS[n as usize % 7]);
    let mut lines = few_lines();
    for n in 0..320 {
        lines.push(line(Deal, 9100 + n, "missing", &name(n)));
        lines.push(line(Contact, 4200 + n, "missing", CLIENTS[n as usize % 7]));
    }
    for n in 0..60 {
        let changes =
            vec![change("STAGE_ID", "Propuesta enviada", "Ganada"), change("COMMENTS", "", "Llamar el lunes; pide factura.")];
        lines.push(RecordLine { portal_id: Some(8000 + n), changes, ..line(Deal, 8000 + n, "changed", &name(n)) });
        let lost = vec![ChangeLine { lost_link: true, ..change("CONTACT_ID", &(4200 + n).to_string(), "") }];
        lines.push(RecordLine { portal_id: Some(8100 + n), changes: lost, ..line(Deal, 8100 + n, "changed", &name(n + 3)) });
    }
    for n in 0..30 {
        let found = RecordLine {
            candidates: vec![12_000 + n],
            matched_by: Some("retyped".into()),
            ..line(Deal, 9500 + n, "duplicate", &name(n))
        };
        lines.push(found);
    }
    lines
}

/// Texts that somebody wrote to do harm to the one who opens the report.
pub const HOSTILE: [&str; 26] = [
    "<script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "'><svg onload=alert(1)>",
    "<a href=\"javascript:alert(1)\">x</a>",
    "javascript:alert(1)",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<meta http-equiv=refresh content=0;url=//evil.example>",
    "<base href=//evil.example>",
    "<form action=//evil.example><button>",
    "<!--",
    "-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "&lt;script&gt;",
    "{{ 7 * 7 }} {% include \"x\" %} ${7*7}",
    "\u{1b}[2J\u{1b}]0;owned\u{7}",
    "\u{9b}31m",
    "fac\u{202e}fdp.exe",
    "\u{2066}abc\u{2069}\u{200f}",
    "=cmd|'/c calc'!A0",
    "+1+cmd|'/c calc'!A0",
    "@SUM(1+1)*cmd|'/c calc'!A0",
    "-2+3+cmd|'/c calc'!A0\0",
    "\t=HYPERLINK(\"http://evil.example\")",
];

/// Each hostile text in every place where a record has room for one.
pub fn hostile_lines() -> Vec<RecordLine> {
    let everywhere = |(n, text): (usize, &&str)| {
        ["missing", "changed", "restored", "duplicate", "rejected"].map(|verdict| RecordLine {
            file: (*text).into(),
            matched_by: Some((*text).into()),
            reason: Some((*text).into()),
            changes: if verdict == "changed" { vec![change(text, text, text)] } else { Vec::new() },
            notes: vec![format!("{text}:{text}")],
            ..line(EntityType::ALL[n % 4], n as u64 + 1, verdict, text)
        })
    };
    HOSTILE.iter().enumerate().flat_map(everywhere).collect()
}
