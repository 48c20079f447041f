//! What cells say.

use super::*;

#[test]
fn a_spanish_list_export_is_read_end_to_end() {
    let taken = take_bytes("migracion.csv", DEALS.as_bytes(), &portal());
    let file = &taken.file;
    assert_eq!((file.entity, file.encoding, file.bom, file.dialect.delimiter), (EntityType::Deal, "UTF-8", true, b';'));
    assert_eq!((file.language, file.header_line, file.columns.len()), (Some("es"), 1, 18));
    assert_eq!(taken.survey.unmapped, Vec::<String>::new());
    assert_eq!((taken.survey.rows, taken.survey.rejected), (2, 1));
    assert_eq!((taken.survey.conventions.date_order, taken.survey.date_order_sure), (DateOrder::Dmy, true));
    assert_eq!(taken.rejects(), [(6, RejectReason::Masked)]);
    assert_eq!(taken.problems(1532), []);
    assert_eq!(taken.value(1532, "CATEGORY_ID"), code("0"));
    assert_eq!(taken.value(1532, "STAGE_ID"), code("QUOTE"));
    assert_eq!(taken.value(1532, "ASSIGNED_BY_ID"), Some(Value::User(UserId(1))));
    assert_eq!(taken.value(1532, "TITLE"), text("Tarimas \"estándar\" Monterrey"));
    assert_eq!(taken.value(1532, "SOURCE_ID"), code("WEB"));
    assert_eq!(taken.value(1532, "OPPORTUNITY"), number("5300"));
    assert_eq!(taken.value(1532, "CURRENCY_ID"), code("MXN"));
    assert_eq!(taken.value(1532, "COMPANY_ID"), Some(Value::Name("Aceros del Norte, S.A. de C.V.".into())));
    assert_eq!(taken.value(1532, "CLOSED"), Some(Value::Flag(false)));
    assert_eq!(taken.value(1532, "DATE_CREATE"), Some(Value::Clock(datetime(2024, 1, 15, 15, 4, 5, 0))));
    assert_eq!(taken.value(1532, "CLOSEDATE"), Some(Value::Date(date(2024, 2, 28))));
    assert_eq!(taken.value(1532, "COMMENTS"), text("Pidió factura;\nllamar el lunes"));
    assert_eq!(taken.value(1532, "UF_CRM_RFC"), text("ANO0102034X5"));
    let product = |name: &str, price: i64, quantity: i64| ProductRow::free(name, price.into(), quantity.into());
    assert_eq!(
        taken.value(1532, "PRODUCTS"),
        Some(Value::Products(vec![product("Tarima 1.2 m", 450, 10), product("Flete", 800, 1)]))
    );
    assert_eq!(taken.survey.newest(), Some(Value::Clock(datetime(2024, 1, 15, 15, 4, 5, 0))));
    assert!(taken.survey.ids.iter().eq([OriginalId(1532)]));
    assert_eq!(taken.survey.sha256.len(), 64);
}

#[test]
fn stages_are_read_within_their_pipeline() {
    let head = &["ID", "Pipeline", "Etapa", "Nombre de la negociación"][..];
    let rows = [
        head,
        &["1", "Ventas", "Nuevo", "a"],
        &["2", "Servicio", "Nuevo", "b"],
        &["3", "servicio", "C3:DEMO", "c"],
        &["4", "Otro", "Nuevo", "d"],
        &["5", "3", "Ganada", "e"],
    ];
    let taken = take_bytes("x.csv", &export(&lines(&rows)), &portal());
    for (id, stage) in [(1, "NEW"), (2, "C3:NEW"), (3, "C3:DEMO")] {
        assert_eq!(taken.value(id, "STAGE_ID"), code(stage), "{id}");
    }
    assert_eq!(taken.problems(4), [(ProblemCode::LabelUnknown, "Pipeline"), (ProblemCode::LabelUnknown, "Etapa")]);
    assert_eq!(taken.value(5, "STAGE_ID"), Some(Value::Label("Ganada".into())));
    let taken = take_bytes(
        "x.csv",
        &export(&lines(&[&["ID", "Etapa", "Ingreso", "Nombre de la negociación"], &["1", "Demostración", "5", "a"]])),
        &portal(),
    );
    assert_eq!(taken.value(1, "STAGE_ID"), code("C3:DEMO"));
}

#[test]
fn custom_fields_are_found_by_their_labels() {
    let rows: [&[&str]; 2] = [
        &[
            "ID",
            "Nombre de la negociación",
            "Banco de Cobro",
            "Colores",
            "R&amp;D &quot;x&quot;",
            "Fecha De la Venta",
            "Fecha de la Venta",
            "Límite",
            "Etapa",
            "etapa",
            "Zzz",
        ],
        &["5", "x", "Banorte", "Rojo, claro, Rojo", "Si", "13/02/2024 10:00:00", "13/02/2024", "$1,500.00", "Nuevo", "?", "??"],
    ];
    let taken = take_bytes("x.csv", &export(&lines(&rows)), &portal());
    assert_eq!(taken.value(5, "UF_CRM_BANK"), code("32"));
    assert_eq!(taken.value(5, "UF_CRM_COLORS"), Some(Value::List(vec![Value::Code("42".into()), Value::Code("41".into())])));
    assert_eq!(taken.value(5, "UF_CRM_RD"), Some(Value::Flag(true)));
    assert_eq!(taken.value(5, "UF_CRM_FV1"), Some(Value::Date(date(2024, 2, 13))));
    assert_eq!(taken.value(5, "UF_CRM_FV2"), Some(Value::Clock(datetime(2024, 2, 13, 10, 0, 0, 0))));
    assert_eq!(taken.value(5, "UF_CRM_LIMIT"), Some(Value::money(Decimal::new(150_000, 2), None)));
    assert_eq!(taken.survey.unmapped, ["etapa", "Zzz"]);
    let duplicate = taken.survey.problems.iter().find(|problem| problem.code == ProblemCode::DuplicateColumn);
    assert_eq!(duplicate.and_then(|problem| problem.place.column.as_deref()), Some("etapa"));
}

#[test]
fn users_and_labels_that_nobody_knows_stay_to_be_seen() {
    let rows: [&[&str]; 5] = [
        &["ID", "Título de prospecto", "Etapa", "Responsable", "Moneda"],
        &["1", "a", "Perdido", "Juan Ruiz", "Peso Argentino"],
        &["2", "b", "en progreso", "Nadie Nunca", "US Dollar"],
        &["3", "c", "NEW", "Quien Sea [7]", "MXN"],
        &["4", "d", "", "", ""],
    ];
    let taken = take_bytes("x.csv", &export(&lines(&rows)), &portal());
    let codes = |id| taken.problems(id).into_iter().map(|(code, _)| code).collect::<Vec<_>>();
    assert_eq!(codes(1), [ProblemCode::LabelUnknown, ProblemCode::UserAmbiguous, ProblemCode::LabelUnknown]);
    assert_eq!(taken.value(1, "STATUS_ID"), Some(Value::Label("Perdido".into())));
    assert_eq!(codes(2), [ProblemCode::UserUnknown]);
    assert_eq!((taken.value(2, "STATUS_ID"), taken.value(2, "CURRENCY_ID")), (code("IN_PROCESS"), code("USD")));
    assert_eq!((taken.value(3, "STATUS_ID"), taken.value(3, "ASSIGNED_BY_ID")), (code("NEW"), Some(Value::User(UserId(7)))));
    assert_eq!(codes(3), []);
    assert_eq!(taken.value(4, "STATUS_ID"), Some(Value::Empty));
    let taken = take_bytes("x.csv", &export(&lines(&rows)), &Schema::standard());
    assert_eq!((taken.problems(1), taken.value(1, "STATUS_ID")), (vec![], Some(Value::Label("Perdido".into()))));
}

#[test]
fn a_file_of_field_codes_holds_codes_and_ids() {
    let csv = "ID,TITLE,STATUS_ID,ASSIGNED_BY,PHONE_WORK,COMPANY_ID,OBSERVERS,DATE_CREATE,BIRTHDATE,OPENED,UF_CRM_LIMIT,UF_CRM_NONE\r\n\
               9,\"Uno, dos\",NEW,7,\"+52 55 1234 5678, 5587654321\",44,\"1, 7\",2024-01-15T15:04:05+03:00,2024-01-15,Y,300|USD,x\r\n";
    let taken = take_bytes("lead.csv", csv.as_bytes(), &portal());
    assert_eq!((taken.file.language, taken.file.dialect.delimiter, taken.file.bom), (None, b',', false));
    assert_eq!(taken.problems(9), []);
    assert_eq!(taken.value(9, "STATUS_ID"), code("NEW"));
    assert_eq!(taken.value(9, "ASSIGNED_BY_ID"), Some(Value::User(UserId(7))));
    assert_eq!(taken.value(9, "PHONE_WORK"), list(&["+52 55 1234 5678", "5587654321"]));
    assert_eq!(taken.value(9, "COMPANY_ID"), Some(Value::Link(44)));
    assert_eq!(taken.value(9, "OBSERVERS"), Some(Value::List(vec![Value::User(UserId(1)), Value::User(UserId(7))])));
    assert_eq!(taken.value(9, "DATE_CREATE"), Some(Value::Moment("2024-01-15T12:04:05Z".parse().unwrap())));
    assert_eq!(taken.value(9, "BIRTHDATE"), Some(Value::Date(date(2024, 1, 15))));
    assert_eq!(taken.value(9, "UF_CRM_LIMIT"), Some(Value::money(Decimal::from(300), Some("USD".into()))));
    assert_eq!(taken.survey.unmapped, ["UF_CRM_NONE"]);
}

#[test]
fn a_custom_label_goes_before_a_title_of_another_language_or_vocabulary() {
    let mut schema = portal();
    for fields in schema.fields.values_mut() {
        for (code, label) in [("UF_CRM_STATUS", "Status"), ("UF_CRM_ORIGIN", "Origen")] {
            let mut def = FieldDef::from(standard_field(EntityType::Deal, "COMMENTS").unwrap());
            (def.code, def.labels) = (code.into(), vec![label.to_owned()]);
            fields.push(def);
        }
    }
    let rows: [&[&str]; 2] =
        [&["ID", "Título de prospecto", "Etapa", "Status", "Origen", "Origen"], &["1", "a", "NEW", "b", "WEB", "c"]];
    let taken = take_bytes("x.csv", &export(&lines(&rows)), &schema);
    assert_eq!((taken.value(1, "STATUS_ID"), taken.value(1, "UF_CRM_STATUS")), (code("NEW"), text("b")));
    // An export prints its own columns first; that two have this title is said.
    assert_eq!((taken.value(1, "SOURCE_ID"), taken.value(1, "UF_CRM_ORIGIN")), (code("WEB"), text("c")));
    assert_eq!(taken.survey.unmapped, Vec::<String>::new());
    let told = taken.survey.problems.iter().find(|problem| problem.code == ProblemCode::DuplicateColumn).unwrap();
    assert_eq!(told.text, "an earlier column has this title, too; taken for the custom field UF_CRM_ORIGIN");
    assert_eq!(taken.survey.open.rivals.len(), 1);
}

#[test]
fn a_clients_id_goes_before_its_name() {
    let rows: [&[&str]; 3] = [
        &["ID", "Nombre de la negociación", "Contacto", "Contacto: ID", "Contacto: Apellido", "Compañía: ID"],
        &["1", "a", "Sr. Luis Gómez", "77", "Gómez", ""],
        &["2", "b", "Sr. Luis Gómez", "", "Gómez", "5"],
    ];
    let taken = take_bytes("x.csv", &export(&lines(&rows)), &portal());
    assert_eq!(taken.value(1, "CONTACT_ID"), Some(Value::Link(77)));
    assert_eq!(taken.value(2, "CONTACT_ID"), Some(Value::Name("Sr. Luis Gómez".into())));
    assert_eq!(taken.value(2, "COMPANY_ID"), Some(Value::Link(5)));
    assert_eq!(taken.record(1).0.fields().filter(|(code, _)| code.as_str() == "CONTACT_ID").count(), 1);
    assert_eq!(taken.survey.unmapped, Vec::<String>::new());
}

#[test]
fn several_users_of_a_cell_are_told_apart_where_the_last_name_comes_first() {
    let mut schema = portal();
    let mut team = FieldDef::from(standard_field(EntityType::Deal, "COMMENTS").unwrap());
    (team.code, team.kind, team.multiple, team.labels) = ("UF_CRM_TEAM".into(), FieldType::User, true, vec!["Equipo".into()]);
    schema.fields.entry(EntityType::Deal).or_default().push(team);
    schema.users.retain(|user| user.id != UserId(8));
    let rows: [&[&str]; 4] = [
        &["ID", "Nombre de la negociación", "Equipo"],
        &["1", "a", "Pérez Luna, Ana, Ruiz, Juan"],
        &["2", "b", "Ana Pérez Luna, Juan Ruiz"],
        &["3", "c", "Nadie, Ruiz, Juan"],
    ];
    let taken = take_bytes("x.csv", &export(&lines(&rows)), &schema);
    let both = Some(Value::List(vec![Value::User(UserId(1)), Value::User(UserId(7))]));
    assert_eq!((taken.value(1, "UF_CRM_TEAM"), taken.value(2, "UF_CRM_TEAM")), (both.clone(), both));
    let one = Some(Value::List(vec![Value::Name("Nadie".into()), Value::User(UserId(7))]));
    assert_eq!(taken.value(3, "UF_CRM_TEAM"), one);
}

#[test]
fn a_label_is_found_without_the_pictures_that_an_encoding_could_not_hold() {
    let mut schema = portal();
    for field in
        schema.fields.get_mut(&EntityType::Deal).into_iter().flatten().filter(|field| field.code.as_str() == "UF_CRM_RFC")
    {
        field.labels = vec!["¿Entregado? 🚚".to_owned()];
    }
    for title in ["¿Entregado? 🚚", "¿Entregado? ??", "¿Entregado?"] {
        let rows: [&[&str]; 2] = [&["ID", "Nombre de la negociación", title], &["1", "a", "x"]];
        assert_eq!(take_bytes("x.csv", &export(&lines(&rows)), &schema).value(1, "UF_CRM_RFC"), text("x"), "{title}");
    }
    let rows: [&[&str]; 2] = [&["ID", "Nombre de la negociación", "Entregado por"], &["1", "a", "x"]];
    assert_eq!(take_bytes("x.csv", &export(&lines(&rows)), &schema).survey.unmapped, ["Entregado por"]);
}

#[test]
fn excels_long_date_begins_with_the_weekday() {
    let rows: [&[&str]; 3] = [
        &["ID", "Nombre de la negociación", "Fecha de cierre", "Creado"],
        &["1", "a", "lunes, 15 de enero de 2024", "Monday, January 15, 2024 3:04 PM"],
        &["2", "b", "segunda-feira, 15 de janeiro de 2024", "lunes 15 de enero de 2024"],
    ];
    let taken = take_bytes("x.csv", &export(&lines(&rows)), &portal());
    for id in [1, 2] {
        assert_eq!((taken.value(id, "CLOSEDATE"), taken.problems(id)), (Some(Value::Date(date(2024, 1, 15))), vec![]), "{id}");
    }
    assert_eq!(taken.value(1, "DATE_CREATE"), Some(Value::Clock(datetime(2024, 1, 15, 15, 4, 0, 0))));
}

#[test]
fn numbers_that_may_be_read_in_two_ways_are_named_unless_one_tells() {
    let unsure = |totals: &[&str], said: &Overrides| {
        let rows = totals.iter().enumerate().map(|(at, total)| format!("{};a;Nuevo;{total}\n", at + 1));
        let csv = format!("ID;Título de prospecto;Etapa;Total\n{}", rows.collect::<String>());
        let taken = take(&write("x.csv", csv.as_bytes()).path, &Schema::standard(), said).unwrap();
        taken.survey.problems.iter().any(|problem| problem.code == ProblemCode::NumbersUnsure)
    };
    let nothing = Overrides::default();
    assert!(unsure(&["1.500", "2.000"], &nothing) && unsure(&["1,500"], &nothing));
    assert!(!unsure(&["1.500", "99.9"], &nothing) && !unsure(&["1500", ""], &nothing));
    assert!(!unsure(&["1.500"], &Overrides { numbers: Some(NumberStyle::Comma), ..Overrides::default() }));
}

#[test]
fn a_custom_label_in_another_case_than_a_title_is_told_from_it_in_any_order() {
    let mut schema = portal();
    for field in
        schema.fields.get_mut(&EntityType::Deal).into_iter().flatten().filter(|field| field.code.as_str() == "UF_CRM_RFC")
    {
        field.labels = vec!["COMENTARIO".to_owned()];
    }
    for titles in [["COMENTARIO", "Comentario"], ["Comentario", "COMENTARIO"]] {
        let rows: [&[&str]; 2] = [&["ID", "Nombre de la negociación", titles[0], titles[1]], &["1", "a", titles[0], titles[1]]];
        let taken = take_bytes("x.csv", &export(&lines(&rows)), &schema);
        assert_eq!((taken.value(1, "COMMENTS"), taken.value(1, "UF_CRM_RFC")), (text("Comentario"), text("COMENTARIO")));
        assert_eq!(taken.survey.problems, []);
    }
}

#[test]
fn a_year_that_is_said_to_come_first_is_not_looked_for_at_the_end() {
    let csv = "ID;Título de prospecto;Creado;Fecha de nacimiento\n1;a;15/01/2024 10:00:00;1990-04-03\n2;b;05/05/2024 10:00:00;90/04/03\n";
    let written = write("lead.csv", csv.as_bytes());
    let given = Overrides { date_order: Some(DateOrder::Ymd), ..Overrides::default() };
    let taken = take(&written.path, &portal(), &given).unwrap();
    assert_eq!((taken.value(1, "DATE_CREATE"), taken.problems(1)), (None, vec![(ProblemCode::BadDate, "Creado")]));
    assert_eq!(taken.value(1, "BIRTHDATE"), Some(Value::Date(date(1990, 4, 3))));
    assert_eq!(taken.value(2, "DATE_CREATE"), Some(Value::Clock(datetime(2024, 5, 5, 10, 0, 0, 0))), "it reads the same");
    assert_eq!(taken.value(2, "BIRTHDATE"), Some(Value::Date(date(1990, 4, 3))));
}

#[test]
fn the_dates_of_a_multiple_field_tell_their_order_as_well() {
    let mut schema = portal();
    for def in schema.fields.values_mut().flatten().filter(|def| def.code.as_str() == "UF_CRM_FV1") {
        def.multiple = true;
    }
    let csv = "ID;Nombre de la negociación;Creado;Fecha de la Venta\n1;a;2024-01-15 10:00:00;15/01/2024, 03/04/2024\n";
    let taken = take_bytes("deal.csv", csv.as_bytes(), &schema);
    let dates = [date(2024, 1, 15), date(2024, 4, 3)].map(Value::Date);
    assert_eq!(
        (taken.value(1, "UF_CRM_FV1"), taken.survey.conventions.date_order),
        (Some(Value::List(dates.into())), DateOrder::Dmy)
    );
}

#[test]
fn years_of_two_digits_that_may_stand_first_are_a_doubt() {
    let csv = |dates: &[&str]| {
        let rows = dates.iter().zip(1..).map(|(date, id)| format!("{id};a;{date}\n"));
        "ID;Título de prospecto;Creado\n".to_owned() + &rows.collect::<String>()
    };
    let sure = |dates: &[&str]| take_bytes("lead.csv", csv(dates).as_bytes(), &portal()).survey.date_order_sure;
    assert!(!sure(&["24/01/13", "24/01/14", "24/02/15", "24/03/16"]));
    let by_ids = take_bytes("lead.csv", csv(&["24/01/16", "24/02/13", "24/03/15", "24/04/14"]).as_bytes(), &portal());
    assert_eq!((by_ids.survey.conventions.date_order, by_ids.survey.date_order_sure), (DateOrder::Ymd, false), "as the ids say");
    let scattered = csv(&["24/08/29", "24/04/09", "24/10/15", "24/05/19", "24/09/25"]);
    let by_none = take_bytes("lead.csv", scattered.as_bytes(), &portal());
    assert_ne!(by_none.survey.conventions.date_order, DateOrder::Mdy, "an order in which they are no dates");
    assert!(sure(&["13/01/24", "14/01/24", "15/02/24", "16/03/24"]), "the days stand first");
    assert!(sure(&["24/01/13", "24/01/14", "24/02/15", "24/03/16", "24/04/68"]), "no month has a 68th day");
    let written = write("lead.csv", csv(&["24/01/13", "24/01/14", "24/02/15", "24/03/16"]).as_bytes());
    let given = Overrides { date_order: Some(DateOrder::Ymd), ..Overrides::default() };
    let taken = take(&written.path, &portal(), &given).unwrap();
    assert_eq!(taken.value(1, "DATE_CREATE"), Some(Value::Clock(datetime(2024, 1, 13, 0, 0, 0, 0))));
}

#[test]
fn multi_field_values_with_their_types_are_read_in_a_column_of_one_type() {
    let phone =
        r#"[{"ID":"71","VALUE_TYPE":"WORK","VALUE":"+52 55 1234 5679","TYPE_ID":"PHONE"},{"VALUE":"+52 1","VALUE_TYPE":"WORK"}]"#;
    let mail = r#"a:1:{i:0;a:2:{s:5:"VALUE";s:11:"b@b.example";s:10:"VALUE_TYPE";s:4:"WORK";}}"#;
    let other = r#"[{"VALUE":"+52 1","VALUE_TYPE":"HOME"}]"#;
    let alone = r#"{"VALUE":"+52 1","VALUE_TYPE":"WORK"}"#;
    for titles in [["TITLE", "PHONE_WORK", "EMAIL_WORK"], ["Título de prospecto", "Teléfono del trabajo", "E-mail del trabajo"]]
    {
        let [title, phones, mails] = titles;
        let rows: [&[&str]; 5] = [
            &["ID", title, phones, mails],
            &["1", "a", phone, mail],
            &["2", "a", other, "[{\"VALUE\":"],
            &["3", "a", alone, "a@x.mx"],
            &["4", "a", "+52 55", ""],
        ];
        let taken = take_bytes("lead.csv", &export(&lines(&rows)), &portal());
        assert_eq!(
            (taken.value(1, "PHONE_WORK"), taken.value(1, "EMAIL_WORK")),
            (list(&["+52 55 1234 5679", "+52 1"]), list(&["b@b.example"]))
        );
        assert_eq!(
            taken.problems(2),
            [(ProblemCode::BadList, phones), (ProblemCode::BadList, mails)],
            "of another type, and cut off"
        );
        assert_eq!((taken.value(3, "PHONE_WORK"), taken.value(4, "PHONE_WORK")), (list(&["+52 1"]), list(&["+52 55"])));
    }
}
