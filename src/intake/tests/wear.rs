//! What was done to a file before it came here: masks, words for nothing, letters that an encoding doesn't have.

use super::*;
use crate::model::RejectReason::Masked;

#[test]
fn a_masked_record_is_known_in_a_language_whose_mask_nobody_has_published() {
    let header = "ID;Nazwa leada;Imię;Drugie imię;Data urodzin;Telefon Służbowy;Razem;Komentarz\n";
    for mask in ["ukryte", "Скрыто", "masqué", "verborgen"] {
        let rows = format!(
            "7;Oferta;Ewa;;01.02.1980;+48 1;10.00;tak\n8;Oferta;{mask};{mask};{mask};{mask};{mask};{mask}\n9;Oferta;{mask};{mask};;{mask};;\n\
             10;Oferta;{mask};;31.12.1990;+48 2;5.00;{mask}\n"
        );
        let taken = take_bytes("lead.csv", format!("{header}{rows}").as_bytes(), &Schema::standard());
        assert_eq!(taken.rejects(), [(3, Masked), (4, Masked)], "{mask}");
        assert_eq!((taken.survey.rows, taken.survey.rejected), (4, 2));
    }
}

#[test]
fn a_line_full_of_a_word_for_nothing_is_not_masked() {
    let header = "ID;Nombre;Apellido;Fecha de nacimiento;Teléfono del trabajo;Total;Comentario;Título de prospecto\n";
    for filler in ["Vacío", "None", "sin datos", "nan", "----", "12345"] {
        let rows = format!("7;Ana;Luna;01/02/1980;+52 1;10.00;x;a\n8;{filler};{filler};{filler};{filler};{filler};{filler};b\n");
        let taken = take_bytes("lead.csv", format!("{header}{rows}").as_bytes(), &Schema::standard());
        assert_eq!(taken.rejects(), [], "{filler}");
    }
}

#[test]
fn a_word_that_a_person_typed_for_several_things_is_no_mask() {
    let csv = "ID;Nombre;Apellido;Cargo;Fecha de nacimiento;Teléfono del trabajo;E-mail del trabajo;Título de prospecto\n\
               7;Ana;Luna;Pendiente;;Pendiente;Pendiente;a\n";
    assert_eq!(take_bytes("lead.csv", csv.as_bytes(), &Schema::standard()).rejects(), []);
}

#[test]
fn what_pythons_tables_write_for_nothing_is_nothing_where_a_date_or_a_number_proves_it() {
    let csv = "ID;Título de prospecto;Apellido;Móvil;Fecha de nacimiento;Total;Comentario\n\
               1;Uno;Nan;nan;NaT;nan;nan\n2;None;Luna;+52 1;01/02/1980;10.5;<NA>\n";
    let taken = take_bytes("lead.csv", csv.as_bytes(), &portal());
    assert_eq!((taken.problems(1), taken.problems(2)), (vec![], vec![]));
    for empty in ["PHONE_MOBILE", "BIRTHDATE", "OPPORTUNITY", "COMMENTS"] {
        assert_eq!(taken.value(1, empty), Some(Value::Empty), "{empty}");
    }
    assert_eq!((taken.value(1, "LAST_NAME"), taken.value(2, "TITLE")), (text("Nan"), text("None")));
    assert_eq!(taken.value(2, "COMMENTS"), Some(Value::Empty));
    assert_eq!(taken.survey.findings.get("empty").map(|finding| finding.value.as_str()), Some("nan, NaT"));

    let typed = "ID;Título de prospecto;Apellido;Móvil;Total\n1;Uno;NaN;+52 1;10.5\n2;Dos;Luna;NULL;10.5\n";
    let taken = take_bytes("lead.csv", typed.as_bytes(), &portal());
    assert_eq!((taken.value(1, "LAST_NAME"), taken.value(2, "PHONE_MOBILE")), (text("NaN"), list(&["NULL"])));
    let phones = typed.replace("+52 1", "NaN");
    assert_eq!(take_bytes("lead.csv", phones.as_bytes(), &portal()).value(1, "LAST_NAME"), Some(Value::Empty));
}

#[test]
fn a_letter_that_became_a_question_mark_is_damage_where_the_column_proves_it() {
    let csv = "ID;Nombre;Apellido;Título de prospecto;Comentario\n1;Jos?;Mu?oz;Cotizaci?n;precio?gracias\n\
               2;?ngel;L?pez;Ampliaci?n;¿Sí?\n3;Ana;Luna;Seguro?;hola\n";
    let taken = take_bytes("lead.csv", csv.as_bytes(), &portal());
    let damage = |id| -> Vec<String> {
        let problems = taken.problems(id).into_iter();
        problems.filter(|(code, _)| *code == ProblemCode::SpreadsheetDamage).map(|(_, column)| column.to_owned()).collect()
    };
    assert_eq!(damage(1), ["Apellido", "Título de prospecto"]);
    assert_eq!(damage(2), ["Apellido", "Título de prospecto"]);
    assert_eq!(
        (damage(3), taken.value(3, "TITLE"), taken.value(1, "COMMENTS")),
        (vec![], text("Seguro?"), text("precio?gracias"))
    );
    assert_eq!((taken.value(1, "LAST_NAME"), taken.value(1, "NAME")), (None, text("Jos?")));
    let more = csv.replace("3;Ana", "3;Mar?a");
    let taken = take_bytes("lead.csv", more.as_bytes(), &portal());
    assert_eq!((taken.value(1, "NAME"), taken.value(2, "NAME"), taken.value(3, "NAME")), (None, None, None));
}

#[test]
fn polish_cells_under_a_header_of_codes_are_read_in_their_own_encoding() {
    let csv = "ID,NAME,LAST_NAME,COMMENTS\n1,Łukasz,Wąsik,Zażółć gęślą jaźń\n2,Małgorzata,Świątek,proszę\n";
    let taken = take_bytes("contact.csv", &encoding_rs::WINDOWS_1250.encode(csv).0, &portal());
    assert_eq!((taken.file.encoding, taken.value(1, "NAME")), ("windows-1250", text("Łukasz")));
}

/// A day-first file as a spreadsheet of another region leaves it: what it takes for month and day is a date now, and turned round.
fn turned_round(days: std::ops::RangeInclusive<u32>) -> String {
    let mut csv = "ID;Nombre de la negociación;Creado;Fecha de inicio;Fecha de cierre\n".to_owned();
    for day in days {
        let month = day * 5 % 12 + 1;
        let cell = if day <= 12 { format!("2024-{day:02}-{month:02}") } else { format!("{day}/{month:02}/2024") };
        let other = if day == 1 { "2024-01-07" } else { "" };
        csv.extend([&day.to_string(), ";Venta;", &cell, " 10:05:01;", &cell, ";", other, "\n"]);
    }
    csv
}

#[test]
fn dates_that_a_spreadsheet_of_another_region_has_turned_round_are_left_out_and_named() {
    let taken = take_bytes("deal.csv", turned_round(1..=28).as_bytes(), &portal());
    let damage = ["Creado", "Fecha de inicio", "Fecha de cierre"].map(|column| (ProblemCode::SpreadsheetDamage, column));
    assert_eq!(taken.problems(1), damage, "the third column, too, though its dates alone tell nothing");
    assert_eq!((taken.value(1, "DATE_CREATE"), taken.value(1, "BEGINDATE"), taken.value(1, "CLOSEDATE")), (None, None, None));
    assert_eq!(taken.value(7, "BEGINDATE"), None);
    assert_eq!(taken.value(13, "BEGINDATE"), Some(Value::Date(date(2024, 6, 13))));
    assert_eq!(taken.value(14, "CLOSEDATE"), Some(Value::Empty));
    let told = taken.survey.problems.iter().filter(|problem| problem.code == ProblemCode::DatesTurned);
    let told: Vec<_> = told.filter_map(|problem| problem.place.column.as_deref()).collect();
    assert_eq!(told, ["Creado", "Fecha de inicio", "Fecha de cierre"]);
    let newest = Some(Value::Clock(datetime(2024, 12, 19, 10, 5, 1, 0)));
    assert_eq!((taken.survey.created().count(), taken.survey.newest()), (16, newest));
}

#[test]
fn dates_that_may_have_been_turned_round_are_read_and_named() {
    let taken = take_bytes("deal.csv", turned_round(10..=17).as_bytes(), &portal());
    assert_eq!((taken.problems(10), taken.value(10, "BEGINDATE")), (vec![], Some(Value::Date(date(2024, 10, 3)))));
    let problem = taken.survey.problems.iter().find(|problem| problem.code == ProblemCode::DatesTurned).unwrap();
    assert_eq!((problem.place.column.as_deref(), problem.text.contains("may have")), (Some("Creado"), true));
}

#[test]
fn dates_of_two_programs_are_not_taken_for_turned_round() {
    let usual = turned_round(1..=28) + "90;Venta;2024-05-13 10:00:00;03/04/2024;\n";
    let taken = take_bytes("deal.csv", usual.as_bytes(), &portal());
    assert_eq!((taken.problems(1), taken.survey.problems.len()), (vec![], 0));
    assert_eq!(taken.value(1, "BEGINDATE"), Some(Value::Date(date(2024, 1, 6))));
}

#[test]
fn cells_that_are_protected_from_spreadsheets_are_read_as_the_text_within() {
    let csv = "ID;Nombre de la negociación;Ingreso;Creado;Origen;Comentario;Contacto\n\
               \"=\"\"100013\"\"\";=\"Venta\";=\"10,50\";=\"13/01/2024 10:00\";=\"Llamada\";\"=\"\"dijo \"\"\"\"sí\"\"\"\"\"\"\";=\"\"\n\
               =\"100014\";=\"000123\";=\"9,75\";=\"14/01/2024 10:00\";=\"Sitio Web\";=\"a\"&\"b\";=\"Ana\"\n";
    let taken = take_bytes("deal.csv", csv.as_bytes(), &portal());
    assert_eq!((taken.rejects(), taken.problems(100_013)), (vec![], vec![]));
    assert_eq!((taken.value(100_013, "TITLE"), taken.value(100_014, "TITLE")), (text("Venta"), text("000123")));
    assert_eq!((taken.value(100_013, "OPPORTUNITY"), taken.value(100_013, "SOURCE_ID")), (number("10.50"), code("CALL")));
    assert_eq!(taken.value(100_013, "DATE_CREATE"), Some(Value::Clock(datetime(2024, 1, 13, 10, 0, 0, 0))));
    assert_eq!((taken.value(100_013, "COMMENTS"), taken.value(100_014, "COMMENTS")), (text("dijo \"sí\""), text("=\"a\"&\"b\"")));
    assert_eq!(taken.value(100_013, "CONTACT_ID"), Some(Value::Empty));
    let alone = csv.lines().next().unwrap().to_owned() + "\n7;=\"Venta\";10,50;13/01/2024 10:00;Llamada;;\n";
    assert_eq!(take_bytes("deal.csv", alone.as_bytes(), &portal()).value(7, "TITLE"), text("=\"Venta\""));
}

#[test]
fn a_masked_record_is_known_under_a_header_of_codes() {
    let csv = "ID,TITLE,STAGE_ID,OPPORTUNITY,CURRENCY_ID,BEGINDATE,COMMENTS,DATE_CREATE\n\
               1,Venta,NEW,100.50,MXN,2024-03-14,oculto,2024-01-02 10:00:00\n\
               2,oculto,oculto,oculto,oculto,oculto,oculto,oculto\n3,Venta,hidden,hidden,hidden,hidden,,2024-01-02 10:00:00\n\
               4,Venta,NEW,,,,hidden,\n5,hidden,,,,,hidden,\n";
    let taken = take_bytes("deal.csv", csv.as_bytes(), &portal());
    assert_eq!(taken.rejects(), [(3, Masked), (4, Masked)]);
    assert_eq!((taken.value(1, "COMMENTS"), taken.value(4, "COMMENTS")), (text("oculto"), text("hidden")));
}

#[test]
fn emoji_that_were_encoded_twice_are_read_as_they_were() {
    let csv = "ID;Título de prospecto;Comentario\n1;SesiÃ³n;gracias ðŸ˜€ âœ“\n2;SesiÃ³n;pidiÃ³\n";
    let taken = take_bytes("lead.csv", csv.as_bytes(), &portal());
    assert_eq!((taken.value(1, "COMMENTS"), taken.value(2, "COMMENTS")), (text("gracias 😀 ✓"), text("pidió")));
}

#[test]
fn a_letter_that_became_a_mark_for_each_of_its_bytes_is_damage_in_a_name() {
    let csv = "ID;Nombre;Apellido;Comentario\n1;Ana;N??ez;bien??Gracias\n2;Ana;L??pez;hola\n";
    let taken = take_bytes("contact.csv", csv.as_bytes(), &portal());
    assert_eq!((taken.value(1, "LAST_NAME"), taken.problems(2)), (None, vec![(ProblemCode::SpreadsheetDamage, "Apellido")]));
    assert_eq!(taken.value(1, "COMMENTS"), text("bien??Gracias"));
}

#[test]
fn what_r_and_other_programs_write_for_nothing_is_nothing_where_a_date_or_a_number_proves_it() {
    let csv = "ID;Título de prospecto;Apellido;Móvil;Fecha de nacimiento;Total;Comentario\n\
               1;Uno;Luna;NIL;NIL;NIL;NIL\n2;Dos;Luna;+52 1;01/02/1980;10.5;x\n";
    for word in ["NA", "(null)", "[NULL]"] {
        let taken = take_bytes("lead.csv", csv.replace("NIL", word).as_bytes(), &portal());
        for empty in ["PHONE_MOBILE", "BIRTHDATE", "OPPORTUNITY", "COMMENTS"] {
            assert_eq!(taken.value(1, empty), Some(Value::Empty), "{word} {empty}");
        }
        let typed = csv.replace("NIL;NIL;NIL;NIL", &format!(";;;{word}"));
        assert_eq!(take_bytes("lead.csv", typed.as_bytes(), &portal()).value(1, "COMMENTS"), text(word));
    }
    let phone = csv.replace("NIL;NIL;NIL;NIL", "NA;;;NA");
    let taken = take_bytes("lead.csv", phone.as_bytes(), &portal());
    assert_eq!((taken.value(1, "PHONE_MOBILE"), taken.value(1, "COMMENTS")), (list(&["NA"]), text("NA")), "a person typed it");
}

#[test]
fn phones_and_texts_that_became_numbers_with_decimals_are_damage() {
    for sign in [".", ","] {
        let csv = "ID;Nombre;Móvil;Código Postal;Cargo\n13;Ana;5215512000013,0;64000,0;2,0\n14;Ana;;6400,0;3,0\n15;Ana;5215512000015,0;;\n";
        let taken = take_bytes("contact.csv", csv.replace(',', sign).as_bytes(), &portal());
        let damage = ["Móvil", "Código Postal"].map(|column| (ProblemCode::SpreadsheetDamage, column));
        assert_eq!(taken.problems(13), damage, "{sign}");
        assert_eq!((taken.value(13, "POST"), taken.problems(14)), (text(&format!("2{sign}0")), damage[1..].to_vec()));
        let typed = csv.replace("6400,0", "06400").replace(',', sign);
        let taken = take_bytes("contact.csv", typed.as_bytes(), &portal());
        assert_eq!(taken.value(13, "ADDRESS_POSTAL_CODE"), text(&format!("64000{sign}0")), "another cell was none");
    }
}
