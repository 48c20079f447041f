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
