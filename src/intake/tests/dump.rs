//! The layout of a database's dump: a header of codes, raw values (csv 8, layout c).

use super::*;

fn contact_of(csv: &str) -> Taken {
    take_bytes("contact.csv", csv.as_bytes(), &portal())
}

#[test]
fn a_dump_of_the_deals_table_is_read() {
    let csv = "ID,DATE_CREATE,ASSIGNED_BY_ID,COMPANY_ID,CONTACT_ID,TITLE,STAGE_ID,CATEGORY_ID,OPPORTUNITY,CURRENCY_ID,CLOSED,CLOSEDATE,\
               OPPORTUNITY_ACCOUNT,SEARCH_CONTENT,UF_CRM_BANK,UF_CRM_COLORS,MISTERIO\n\
               7,2024-01-15 15:04:05,1,44,0,Uno,QUOTE,0,1500.0000,MXN,N,0000-00-00 00:00:00,1500.0000,uno dos,31,a:2:{i:0;i:41;i:1;i:42;},x\n\
               8,2024-01-16 01:02:03,7,NULL,NULL,NULL,C3:DEMO,3,NULL,\\N,1,2024-02-28 00:00:00,\\N,NULL,0,\"[41,\"\"42\"\"]\",x\n";
    let taken = take_bytes("deal.csv", csv.as_bytes(), &portal());
    assert_eq!((taken.problems(7), taken.problems(8)), (vec![], vec![]));
    assert_eq!(taken.value(7, "OPPORTUNITY"), number("1500.0000"));
    assert_eq!((taken.value(7, "COMPANY_ID"), taken.value(7, "CONTACT_ID")), (Some(Value::Link(44)), Some(Value::Empty)));
    assert_eq!((taken.value(7, "CLOSED"), taken.value(8, "CLOSED")), (Some(Value::Flag(false)), Some(Value::Flag(true))));
    assert_eq!(
        (taken.value(7, "CLOSEDATE"), taken.value(8, "CLOSEDATE")),
        (Some(Value::Empty), Some(Value::Date(date(2024, 2, 28))))
    );
    assert_eq!((taken.value(7, "UF_CRM_BANK"), taken.value(8, "UF_CRM_BANK")), (code("31"), Some(Value::Empty)));
    let colors = Some(Value::List(vec![Value::Code("41".into()), Value::Code("42".into())]));
    assert_eq!((taken.value(7, "UF_CRM_COLORS"), taken.value(8, "UF_CRM_COLORS")), (colors.clone(), colors));
    for empty in ["COMPANY_ID", "CONTACT_ID", "TITLE", "OPPORTUNITY", "CURRENCY_ID"] {
        assert_eq!(taken.value(8, empty), Some(Value::Empty), "{empty}");
    }
    assert_eq!(taken.value(8, "STAGE_ID"), code("C3:DEMO"));
    assert_eq!(taken.survey.unmapped, ["MISTERIO"]);
    let technical = taken.survey.columns.iter().filter(|column| column.how.starts_with("unmapped-technical"));
    assert_eq!(technical.map(|column| column.name.as_str()).collect::<Vec<_>>(), ["OPPORTUNITY_ACCOUNT", "SEARCH_CONTENT"]);
    let found = |name: &str| taken.survey.findings.get(name).map(|finding| finding.value.as_str());
    assert_eq!(
        (found("empty"), found("users"), found("dictionaries"), found("clock")),
        (Some("NULL, \\N"), Some("id"), Some("code"), Some("24"))
    );
}

#[test]
fn a_databases_text_file_is_read_with_its_escapes() {
    let dumped = "ID\tTITLE\tCOMMENTS\tASSIGNED_BY_ID\n1\t\"Uno\" S.A.\tpidió\\\nfactura\\\ty\\\\o más\t7\n2\tDos\t\\N\t1\n";
    let printed = "ID\tTITLE\tCOMMENTS\tASSIGNED_BY_ID\n1\t\"Uno\" S.A.\tpidió\\nfactura\\ty\\\\o más\t7\n2\tDos\tNULL\t1\n";
    for csv in [dumped, printed] {
        let taken = take_bytes("lead.tsv", csv.as_bytes(), &portal());
        assert_eq!((taken.file.dialect.quoting, taken.survey.rows, taken.survey.rejected), (Quoting::Escaped, 2, 0), "{csv}");
        assert_eq!(taken.value(1, "TITLE"), text("\"Uno\" S.A."));
        assert_eq!(taken.value(1, "COMMENTS"), text("pidió\nfactura\ty\\o más"));
        assert_eq!(
            (taken.value(2, "COMMENTS"), taken.value(1, "ASSIGNED_BY_ID")),
            (Some(Value::Empty), Some(Value::User(UserId(7))))
        );
    }
    // A colleague's tabs, and a path with a backslash: nothing here is of a database.
    let plain = take_bytes("lead.tsv", b"ID\tTITLE\tCOMMENTS\n1\tUno\tC:\\notas\\todo\n", &portal());
    assert_eq!((plain.file.dialect.quoting, plain.value(1, "COMMENTS")), (Quoting::Doubled, text("C:\\notas\\todo")));
}

#[test]
fn quotes_are_a_databases_own_signs_only_where_nothing_else_explains_them() {
    let read = |rows: &str| {
        let csv = format!("ID\tTITLE\tSTATUS_ID\tCOMMENTS\n{rows}");
        let taken = take_bytes("lead.tsv", csv.as_bytes(), &Schema::standard());
        assert_eq!(taken.survey.rejected, 0, "{rows}");
        (taken.file.dialect.quoting, taken.value(1, "TITLE"), taken.value(2, "COMMENTS"))
    };
    // A text that happens to begin and to end with quotes, among a database's escapes.
    let rows = "1\t\"Uno\"\tNEW\tdijo\\nhola\n2\tDos\tNEW\tC:\\\\new\n3\tTres\tNEW\t\\N\n";
    assert_eq!(read(rows), (Quoting::Escaped, text("\"Uno\""), text("C:\\new")));
    // Quotes where they are needed, beside a database's word for nothing.
    let rows = "1\t\"con\ttab\"\tNEW\t\\N\n2\t\"La \"\"Uno\"\"\"\tNEW\tx\n3\tTres\tNEW\t\\N\n";
    assert_eq!(read(rows), (Quoting::Doubled, text("con\ttab"), text("x")));
    let rows = "1\t\"La \"\"Uno\"\"\"\tNEW\t\\N\n2\tDos\tNEW\tx\n";
    assert_eq!(read(rows), (Quoting::Doubled, text("La \"Uno\""), text("x")));
    // Around every cell, or around those of a column.
    let rows = "1\t\"Uno\"\tNEW\t\\N\n2\t\"Dos\"\tNEW\tx\n";
    assert_eq!(read(rows), (Quoting::Doubled, text("Uno"), text("x")));
    // Backslashes that no database writes are signs.
    let rows = "1\tUno\tNEW\t\\N\n2\tDos\tNEW\tC:\\notas\\dos\n";
    assert_eq!(read(rows), (Quoting::Doubled, text("Uno"), text("C:\\notas\\dos")));
}

#[test]
fn multi_fields_of_one_cell_go_to_their_types() {
    let json = r#"[{"VALUE":"+52 1","VALUE_TYPE":"WORK"},{"VALUE":"+52 2","VALUE_TYPE":"MOBILE"},{"VALUE":"+52 3","VALUE_TYPE":"WORK"}]"#;
    let keyed = r#"{"n0":{"VALUE":"ana@x.mx","VALUE_TYPE":"HOME"}}"#;
    let serialised = r#"a:1:{i:0;a:2:{s:5:"VALUE";s:7:"http://";s:10:"VALUE_TYPE";s:5:"OTHER";}}"#;
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let csv = format!(
        "ID,NAME,PHONE,EMAIL,WEB,IM\n1,Ana,{},{},{},\n2,Luis,\"555, 556\",NULL,,{}\n",
        quoted(json),
        quoted(keyed),
        quoted(serialised),
        quoted("[{\"VALUE\":")
    );
    let taken = contact_of(&csv);
    assert_eq!(taken.value(1, "PHONE_WORK"), list(&["+52 1", "+52 3"]));
    assert_eq!((taken.value(1, "PHONE_MOBILE"), taken.value(1, "PHONE_FAX")), (list(&["+52 2"]), Some(Value::Empty)));
    assert_eq!((taken.value(1, "EMAIL_HOME"), taken.value(1, "WEB_OTHER")), (list(&["ana@x.mx"]), list(&["http://"])));
    assert_eq!((taken.value(1, "IM_SKYPE"), taken.problems(1)), (Some(Value::Empty), vec![]));
    assert_eq!(taken.value(2, "PHONE_WORK"), list(&["555", "556"]), "plain values say nothing of their types");
    assert_eq!(taken.problems(2), [(ProblemCode::BadList, "IM")]);
    assert_eq!(taken.value(2, "IM_SKYPE"), None, "what can't be read is neither compared nor written");
    assert_eq!(taken.survey.unmapped, Vec::<String>::new());
}

#[test]
fn null_is_somebodys_text_where_a_file_writes_nothing_as_nothing() {
    let name = |rest: &str| contact_of(&format!("ID,NAME,POST,ASSIGNED_BY_ID\n1,NULL,x,{rest}\n")).value(1, "NAME");
    assert_eq!(name(""), text("NULL"));
    assert_eq!(name("NULL"), Some(Value::Empty));
    assert_eq!(contact_of("ID,NAME\n1,NULL\n").value(1, "NAME"), Some(Value::Empty));
    let titled = take_bytes("contact.csv", "ID;Primer Nombre;Apellido\n1;NULL;x\n".as_bytes(), &portal());
    assert_eq!(titled.value(1, "NAME"), text("NULL"), "a list export has no such word");
}

#[test]
fn a_file_of_titles_may_hold_ids_and_codes_and_one_of_codes_names_and_labels() {
    let titled: [&[&str]; 5] = [
        &["ID", "Título de prospecto", "Etapa", "Responsable", "Origen"],
        &["1", "a", "NEW", "7", "Llamada"],
        &["2", "b", "IN_PROCESS", "1", "Sitio Web"],
        &["3", "c", "NEW", "8", "Llamada"],
        &["4", "d", "En Progreso", "Ana Pérez Luna", "CALL"],
    ];
    let taken = take_bytes("x.csv", &export(&lines(&titled)), &portal());
    assert_eq!(taken.value(1, "ASSIGNED_BY_ID"), Some(Value::User(UserId(7))));
    assert_eq!(taken.value(4, "ASSIGNED_BY_ID"), Some(Value::User(UserId(1))));
    assert_eq!((taken.value(1, "STATUS_ID"), taken.value(4, "STATUS_ID")), (code("NEW"), code("IN_PROCESS")));
    assert_eq!((taken.value(1, "SOURCE_ID"), taken.value(4, "SOURCE_ID")), (code("CALL"), code("CALL")));
    let coded = take_bytes(
        "lead.csv",
        "ID,TITLE,STATUS_ID,ASSIGNED_BY_ID\n1,a,En Progreso,Ana Pérez Luna\n2,b,NEW,7\n".as_bytes(),
        &portal(),
    );
    assert_eq!(
        (coded.value(1, "STATUS_ID"), coded.value(1, "ASSIGNED_BY_ID")),
        (code("IN_PROCESS"), Some(Value::User(UserId(1))))
    );
    assert_eq!((coded.value(2, "STATUS_ID"), coded.value(2, "ASSIGNED_BY_ID")), (code("NEW"), Some(Value::User(UserId(7)))));
}
