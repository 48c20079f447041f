//! What the cells of a whole file mean together, and what a spreadsheet has done to them.

use proptest::prelude::*;

use super::*;

fn leads(rows: &[&[&str]]) -> Taken {
    take_bytes("lead.csv", &export(&lines(rows)), &portal())
}

fn found(taken: &Taken, name: &str) -> (String, f32) {
    let finding = taken.survey.findings.get(name).unwrap_or_else(|| panic!("no finding {name}"));
    (finding.value.clone(), finding.confidence)
}

#[test]
fn an_open_number_is_read_as_the_rest_of_the_file_is_written() {
    let total = |others: &[&str], given: Option<NumberStyle>| {
        let mut rows = lines(&[&["ID", "Título de prospecto", "Total"], &["1", "a", "1.500"]]);
        rows.extend(others.iter().enumerate().map(|(at, cell)| vec![(at + 2).to_string(), "b".to_owned(), (*cell).to_owned()]));
        let written = write("lead.csv", &export(&rows));
        let taken = take(&written.path, &portal(), &Overrides { numbers: given, ..Overrides::default() }).unwrap();
        (taken.value(1, "OPPORTUNITY"), found(&taken, "numbers"))
    };
    assert_eq!(total(&["99,9", "12,50"], None), (number("1500"), ("comma".to_owned(), 1.0)));
    assert_eq!(total(&["99.9"], None), (number("1.500"), ("point".to_owned(), 1.0)));
    assert_eq!(total(&["99.9", "99,9", "1,5", "2,5"], None), (number("1500"), ("comma".to_owned(), 0.75)));
    assert_eq!(total(&["7"], None), (number("1.500"), ("unsure".to_owned(), 0.5)));
    assert_eq!(total(&["99.9"], Some(NumberStyle::Comma)), (number("1500"), ("comma".to_owned(), 1.0)));
}

#[test]
fn the_files_meaning_can_be_given() {
    let mut schema = portal();
    // One source is called as another one's code is.
    schema.directories.insert(
        "SOURCE".into(),
        [("1", "Llamada"), ("2", "1")]
            .map(|(code, name)| Entry { code: code.into(), name: name.into(), semantics: String::new() })
            .into(),
    );
    let source = |cells: Option<CellMeaning>| {
        let written = write("lead.csv", &export(&lines(&[&["ID", "Título de prospecto", "Origen"], &["1", "a", "1"]])));
        let taken = take(&written.path, &schema, &Overrides { cells, ..Overrides::default() }).unwrap();
        (taken.value(1, "SOURCE_ID"), taken.survey.open.columns)
    };
    assert_eq!(source(None), (code("2"), vec![2]));
    assert_eq!(source(Some(CellMeaning::Codes)), (code("1"), vec![]));
    assert_eq!(source(Some(CellMeaning::Labels)), (code("2"), vec![]));
}

#[test]
fn how_users_are_written_is_said() {
    let users = |names: &[&str]| {
        let mut rows = lines(&[&["ID", "Título de prospecto", "Responsable"]]);
        rows.extend(names.iter().enumerate().map(|(at, name)| vec![(at + 1).to_string(), "a".to_owned(), (*name).to_owned()]));
        found(&take_bytes("lead.csv", &export(&rows), &portal()), "users").0
    };
    assert_eq!(users(&["Ana Pérez Luna", "Juan Ruiz", "7"]), "label");
    assert_eq!(users(&["1", "7"]), "id");
    assert_eq!(users(&["ana@x.mx", "juan.ruiz"]), "login");
    assert_eq!(users(&["Ana [1]", "Juan Ruiz [7]"]), "label [id]");
}

#[test]
fn what_a_spreadsheet_spoiled_is_named_and_never_written() {
    let cut = "x".repeat(32_767);
    let taken = leads(&[
        &["ID", "Título de prospecto", "Comentario", "Móvil", "Fecha de nacimiento", "Total", "E-mail del trabajo"],
        &["1", "#N/A", &cut, "5.21558E+11", "45321", "1.5E+07", "#REF!"],
        &["2", "a", "b", "+52 55 1234 5678, 5.21558E+11", "1900-01-00", "7", "a@x.mx"],
    ]);
    let damaged = |id| {
        let problems = taken.problems(id);
        assert!(problems.iter().all(|(code, _)| *code == ProblemCode::SpreadsheetDamage), "{problems:?}");
        problems.into_iter().map(|(_, column)| column.to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(damaged(1), ["Título de prospecto", "Comentario", "Móvil", "Fecha de nacimiento", "Total", "E-mail del trabajo"]);
    assert_eq!(damaged(2), ["Móvil", "Fecha de nacimiento"]);
    for field in ["TITLE", "COMMENTS", "PHONE_MOBILE", "BIRTHDATE", "OPPORTUNITY", "EMAIL_WORK"] {
        assert_eq!(taken.value(1, field), None, "{field}");
    }
}

#[test]
fn a_phone_that_lost_its_plus_is_kept_and_named() {
    let phones = |cells: &[&str]| {
        let mut rows = lines(&[&["ID", "Título de prospecto", "Móvil"]]);
        rows.extend(cells.iter().enumerate().map(|(at, cell)| vec![(at + 1).to_string(), "a".to_owned(), (*cell).to_owned()]));
        take_bytes("lead.csv", &export(&rows), &portal())
    };
    let taken = phones(&["+525512345678", "+525512345679", "+525512345670", "525512345671", "5512345672"]);
    assert_eq!(taken.value(4, "PHONE_MOBILE"), list(&["525512345671"]));
    assert_eq!(taken.problems(4), [(ProblemCode::LostPlus, "Móvil")]);
    assert_eq!(taken.problems(5), [], "a national number never had one");
    let usual = phones(&["525512345671", "525512345672", "+525512345673", "525512345674", "525512345675"]);
    assert_eq!(usual.problems(1), [], "where most have none, people write them so");
}

#[test]
fn an_id_is_a_whole_number_as_a_portal_writes_it() {
    let ids = ["12.0", "007", "#12", "1.2E+05", "12345678901234567890", "-3", "0", "1 2", "uno"];
    let mut rows = lines(&[&["ID", "Título de prospecto"], &[" 12 ", "a"], &["\u{a0}13", "a"]]);
    rows.extend(ids.iter().map(|id| vec![(*id).to_owned(), "a".to_owned()]));
    let taken = take_bytes("lead.csv", &export(&rows), &portal());
    assert!(taken.survey.ids.iter().eq([12, 13].map(OriginalId)));
    let expected: Vec<_> = (0..ids.len() as u64).map(|at| (4 + at, BadId)).collect();
    assert_eq!(taken.rejects(), expected);
}

#[test]
fn ids_that_a_program_took_for_measures_are_read_where_all_of_them_are() {
    let ids = |rows: &[&[&str]]| leads(rows).survey.ids.iter().collect::<Vec<_>>();
    assert_eq!(ids(&[&["ID", "Título de prospecto"], &["12.0", "a"], &["13.0", "b"]]), [OriginalId(12), OriginalId(13)]);
    assert_eq!(ids(&[&["ID", "Título de prospecto"], &["12.0", "a"], &["13", "b"]]), [OriginalId(13)]);
    let coded =
        leads(&[&["ID", "TITLE", "ASSIGNED_BY_ID", "COMPANY_ID"], &["12.0", "a", "7.0", "300.0"], &["13.0", "b", "", ""]]);
    assert_eq!(coded.value(12, "ASSIGNED_BY_ID"), Some(Value::User(UserId(7))));
    assert_eq!(coded.value(12, "COMPANY_ID"), Some(Value::Link(300)));
}

#[test]
fn an_amount_is_read_with_the_sign_of_its_currency() {
    let head = ["ID", "Nombre de la negociación", "Ingreso", "Moneda"];
    let amount = |cell: &str, currency: &str| {
        let taken =
            take_bytes("deal.csv", &export(&lines(&[&head, &["1", "a", cell, currency], &["2", "b", "1.50", ""]])), &portal());
        let problems: Vec<ProblemCode> = taken.problems(1).iter().map(|(code, _)| *code).collect();
        (taken.value(1, "OPPORTUNITY"), problems)
    };
    for cell in ["$1,500.25", "1,500.25 MXN", "MXN 1,500.25", "$ 1500.25", "1500.25|MXN"] {
        assert_eq!(amount(cell, "Peso Mexicano"), (number("1500.25"), vec![]), "{cell}");
    }
    for cell in ["(1,500.25)", "-$1,500.25", "$-1500.25", "1500.25-"] {
        assert_eq!(amount(cell, "Peso Mexicano"), (number("-1500.25"), vec![]), "{cell}");
    }
    // Another currency than the row's own: one of the two is wrong, and nobody knows which.
    for cell in ["1500.25 USD", "€1,500.25", "1500.25|USD"] {
        assert_eq!(amount(cell, "Peso Mexicano"), (None, vec![ProblemCode::BadNumber]), "{cell}");
    }
    for cell in ["unos 1500", "1500 aprox", "1/2", "15 %", "$", "(1500", "--5"] {
        assert_eq!(amount(cell, "Peso Mexicano"), (None, vec![ProblemCode::BadNumber]), "{cell}");
    }
}

#[test]
fn product_lines_that_stand_apart_are_said_to_need_sorting() {
    let rows: [&[&str]; 4] = [
        &["ID", "Nombre de la negociación", "Ingreso", "Productos", "Precio", "Cantidad"],
        &["1", "a", "50", "Flete", "50", "1"],
        &["2", "b", "10", "Flete", "10", "1"],
        &["1", "a", "30", "Tarima", "30", "1"],
    ];
    let taken = take_bytes("x.csv", &export(&lines(&rows)), &portal());
    assert_eq!(taken.rejects(), [(4, DuplicateId)]);
    let problem = taken.survey.problems.iter().find(|problem| problem.code == ProblemCode::ProductsScattered).unwrap();
    assert_eq!((problem.place.line, problem.text.contains("sort the file by ID")), (4, true));
}

#[test]
fn a_clock_of_twelve_and_the_order_of_dates_are_said_with_what_they_were_found_by() {
    let taken = leads(&[&["ID", "Título de prospecto", "Creado"], &["1", "a", "15/01/2024 03:04:05 p. m."]]);
    assert_eq!((found(&taken, "clock"), found(&taken, "date_order")), (("12".into(), 1.0), ("dmy".into(), 1.0)));
    assert_eq!(taken.value(1, "DATE_CREATE"), Some(Value::Clock(datetime(2024, 1, 15, 15, 4, 5, 0))));
    let guessed = leads(&[&["ID", "Título de prospecto", "Creado"], &["1", "a", "05/01/2024"]]);
    assert_eq!(found(&guessed, "date_order"), ("dmy".to_owned(), 0.5));
    assert!(guessed.survey.open.date_order && !guessed.survey.date_order_sure);
}

/// A value and its cell, as the list export of a Spanish portal writes it (csv 4).
fn written() -> impl Strategy<Value = (&'static str, String, super::Value)> {
    let amount = (0i64..10_000_000_000, 0u32..4).prop_map(|(digits, scale)| Decimal::new(digits, scale));
    let clock = (2000i16..2035, 1i8..13, 1i8..29, 0i8..24, 0i8..60, 0i8..60)
        .prop_map(|(year, month, day, hour, minute, second)| datetime(year, month, day, hour, minute, second, 0));
    let half_day =
        clock.clone().prop_map(|at| ("Creado", at.strftime("%d/%m/%Y %I:%M:%S %P").to_string(), super::Value::Clock(at)));
    let pick = |column: &'static str, cells: &'static [(&'static str, &'static str)]| {
        proptest::sample::select(cells).prop_map(move |(cell, code)| (column, cell.to_owned(), super::Value::Code(code.into())))
    };
    prop_oneof![
        amount.prop_map(|amount| ("Ingreso", amount.to_string(), super::Value::Number(amount))),
        (0i64..100_000_000).prop_map(|cents| {
            let amount = Decimal::new(cents, 2);
            let (whole, fraction) = (cents / 100, cents % 100);
            let grouped =
                whole.to_string().as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect::<Vec<_>>().join(",");
            ("Límite", format!("${grouped}.{fraction:02}"), super::Value::money(amount, None))
        }),
        half_day,
        clock.prop_map(|at| ("Fecha de cierre", at.strftime("%d/%m/%Y").to_string(), super::Value::Date(at.date()))),
        any::<bool>().prop_map(|flag| ("Cerrado", if flag { "si" } else { "no" }.to_owned(), super::Value::Flag(flag))),
        pick("Origen", &[("Llamada", "CALL"), ("Sitio Web", "WEB")]),
        pick("Moneda", &[("Peso Mexicano", "MXN"), ("Dólar US", "USD")]),
        pick("Banco de Cobro", &[("BBVA", "31"), ("Banorte", "32")]),
        pick("Etapa", &[("Nuevo", "NEW"), ("Cotización enviada", "QUOTE")]),
        "[a-zñ]{1,9}( [a-zñ]{1,9}){0,3}".prop_map(|text| ("Comentario", text.clone(), super::Value::Text(text.into()))),
    ]
}

proptest! {
    #[test]
    fn a_value_comes_back_from_the_cell_that_an_export_writes_of_it((column, cell, expected) in written()) {
        let header = ["ID", "Nombre de la negociación", "Pipeline", column];
        // A day above twelve, so that the order of dates isn't this test's business.
        let rows: [&[&str]; 3] = [&header, &["1", "a", "Ventas", &cell], &["2", "a", "Ventas", if matches!(column, "Creado" | "Fecha de cierre") { "25/12/2023" } else { "" }]];
        let taken = take_bytes("deal.csv", &export(&lines(&rows)), &portal());
        let found = taken.record(1).0.fields().find(|(_, value)| **value == expected);
        prop_assert!(found.is_some(), "{column} {cell}: {:?}", taken.record(1));
        prop_assert_eq!(taken.problems(1), vec![]);
    }
}

#[test]
fn a_custom_fields_label_takes_no_field_from_the_exports_own_title() {
    let mut schema = portal();
    let mut def = schema.field(EntityType::Contact, "UF_CRM_RFC").unwrap();
    (def.code, def.labels) = ("UF_CRM_NICK".into(), vec!["Nombre".to_owned()]);
    schema.fields.entry(EntityType::Contact).or_default().push(def);
    for csv in [
        "Nombre;ID;Apellido;Primer Nombre;Tipo de Contacto\nOsi;1;Peña;Óscar;Clientes\n",
        "Primer Nombre;ID;Apellido;Nombre;Tipo de Contacto\nÓscar;1;Peña;Osi;Clientes\n",
    ] {
        let taken = take_bytes("contact.csv", csv.as_bytes(), &schema);
        assert_eq!((taken.value(1, "NAME"), taken.value(1, "UF_CRM_NICK")), (text("Óscar"), text("Osi")), "{csv}");
        assert!(taken.survey.unmapped.is_empty(), "{:?}", taken.survey.unmapped);
    }
}
