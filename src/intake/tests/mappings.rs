//! Columns that the user gives, leaves out, and writes down for the next time.

use super::*;

const CSV: &str = "ID;Título de prospecto;Mi monto;Notas internas;Etapa\n1;a;50;secreto;Nuevo\n";

fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(column, field)| ((*column).to_owned(), (*field).to_owned())).collect()
}

fn mapping(text: &str) -> Result<Mapping, String> {
    Mapping::read(&write("m.toml", text.as_bytes()).path).map_err(|error| error.kind.to_string())
}

#[test]
fn an_ignored_column_is_neither_read_nor_unmapped() {
    let said = Overrides { ignore: vec!["notas INTERNAS".into(), "Etapa".into()], ..Overrides::default() };
    let taken = take(&write("x.csv", CSV.as_bytes()).path, &Schema::standard(), &said).unwrap();
    assert_eq!((taken.survey.unmapped.as_slice(), taken.value(1, "STATUS_ID")), (["Mi monto".to_owned()].as_slice(), None));
    assert_eq!(taken.file.columns[3].how, "left out by --ignore");
}

#[test]
fn a_mapping_that_is_saved_says_the_same_when_it_is_read() {
    let said = Overrides {
        map: owned(&[("Mi monto", "opportunity")]),
        ignore: vec!["Notas internas".into()],
        date_order: Some(DateOrder::Mdy),
        numbers: Some(NumberStyle::Comma),
        cells: Some(CellMeaning::Labels),
        header_line: Some(1),
        ..Overrides::default()
    };
    let taken = take(&write("x.csv", CSV.as_bytes()).path, &Schema::standard(), &said).unwrap();
    let mut saved = Mapping::default();
    saved.add(&taken.file, &taken.survey.columns).unwrap();
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("m.toml");
    saved.write(&path).unwrap();
    let read = Mapping::read(&path).unwrap();
    assert_eq!(read, saved);
    let own = read.of(EntityType::Lead).unwrap().overrides();
    assert_eq!((own.date_order, own.numbers, own.cells, own.header_line), (said.date_order, said.numbers, said.cells, Some(1)));
    let again = take(&write("x.csv", CSV.as_bytes()).path, &Schema::standard(), &own).unwrap();
    let fields = |taken: &Taken| taken.file.columns.iter().map(|column| column.code.clone()).collect::<Vec<_>>();
    assert_eq!(fields(&again), fields(&taken));
    assert_eq!(again.value(1, "OPPORTUNITY"), number("50"));
}

#[test]
fn a_mapping_says_nothing_of_a_title_that_two_columns_bear() {
    let csv = "ID;Título;Oportunidad;Estado;Descripción;Origen;Descripción\n1;a;5;x;del estado;y;del origen\n";
    let taken = take(&write("x.csv", csv.as_bytes()).path, &Schema::standard(), &Overrides::default()).unwrap();
    let mut saved = Mapping::default();
    saved.add(&taken.file, &taken.survey.columns).unwrap();
    let own = saved.of(EntityType::Lead).unwrap();
    assert!(own.names("Oportunidad") && !own.names("Descripción"));
    let again = take(&write("x.csv", csv.as_bytes()).path, &Schema::standard(), &own.overrides()).unwrap();
    for (code, expected) in [("STATUS_DESCRIPTION", "del estado"), ("SOURCE_DESCRIPTION", "del origen")] {
        assert_eq!((taken.value(1, code), again.value(1, code)), (text(expected), text(expected)), "{code}");
    }
}

#[test]
fn two_files_that_are_read_in_two_ways_are_not_written_down_as_one() {
    let of = |order: Option<DateOrder>, field: &str| {
        let said = Overrides { date_order: order, map: owned(&[("Mi monto", field)]), ..Overrides::default() };
        take(&write("x.csv", CSV.as_bytes()).path, &Schema::standard(), &said).unwrap()
    };
    let joined = |first: &Taken, second: &Taken| {
        let mut saved = Mapping::default();
        saved.add(&first.file, &first.survey.columns).unwrap();
        saved.add(&second.file, &second.survey.columns).map_err(|kind| kind.to_string())
    };
    let (dmy, mdy) = (of(Some(DateOrder::Dmy), "OPPORTUNITY"), of(Some(DateOrder::Mdy), "OPPORTUNITY"));
    assert_eq!(joined(&dmy, &dmy), Ok(()));
    assert!(joined(&dmy, &mdy).unwrap_err().starts_with("two lead files are read in two ways (date-order: `dmy` and `mdy`)"));
    assert!(joined(&dmy, &of(None, "OPPORTUNITY")).unwrap_err().contains("(date-order: `dmy` and not said)"));
    let other = of(Some(DateOrder::Dmy), "COMMENTS");
    assert!(joined(&dmy, &other).unwrap_err().contains("(Mi monto: `OPPORTUNITY` and `COMMENTS`)"));
}

#[test]
fn a_mapping_is_written_over_nothing_but_a_mapping() {
    let export = write("x.csv", CSV.as_bytes());
    let error = Mapping::default().write(&export.path).unwrap_err();
    assert!(matches!(error.kind, MappingErrorKind::Taken), "{error}");
    assert_eq!(std::fs::read_to_string(&export.path).unwrap(), CSV);
    let older = write("m.toml", b"[lead]\nignore = [\"x\"]\n");
    Mapping::default().write(&older.path).unwrap();
    assert_eq!(std::fs::read_to_string(&older.path).unwrap(), "");
    let nowhere = Mapping::default().write(Path::new("no/such/place/m.toml")).unwrap_err();
    assert!(!nowhere.to_string().contains(".tmp"), "{nowhere}");
}

#[cfg(unix)]
#[test]
fn a_mapping_without_end_is_refused() {
    let error = Mapping::read(Path::new("/dev/zero")).unwrap_err();
    assert!(matches!(error.kind, MappingErrorKind::NoFile), "{error}");
}

#[test]
fn a_slip_in_a_mapping_is_named_with_what_was_meant() {
    assert_eq!(mapping("[lead]\nignor = [\"x\"]\n").unwrap_err().split("; did").last(), Some(" you mean `ignore`?"),);
    assert!(mapping("[leed]\n").unwrap_err().ends_with("did you mean `lead`?"));
    // A key that is spelt well and stands in the wrong place.
    let apart = mapping("date-order = \"dmy\"\n").unwrap_err();
    assert!(apart.contains("unknown field `date-order`") && !apart.contains("did you mean"), "{apart}");
    assert_eq!(
        mapping("[lead.columns]\n\"Monto\" = \"OPORTUNITY\"\n").unwrap_err(),
        "[lead.columns] \"Monto\" = \"OPORTUNITY\": a lead has no such field; did you mean `OPPORTUNITY`?"
    );
    assert_eq!(mapping("[deal]\nnumbers = \"dot\"\n").unwrap_err(), "[deal] numbers = \"dot\": it takes point or comma");
    assert!(mapping("[lead\n").unwrap_err().starts_with("line 1: "));
}

#[test]
fn the_nearest_title_is_told_of_a_column_without_a_field() {
    let csv = "ID;Título de prospecto;Fecha de nacimento;Xyzzy;Etapa\n1;a;b;c;d\n";
    let written = write("x.csv", csv.as_bytes());
    let taken = take(&written.path, &Schema::standard(), &Overrides::default()).unwrap();
    let columns = inspect(&taken.file, &taken.survey, &Schema::standard()).unwrap().columns;
    let near = columns[2].nearest.as_ref().unwrap();
    assert_eq!((near.title.as_str(), near.field.as_str()), ("Fecha de nacimiento", "BIRTHDATE"));
    assert_eq!((columns[3].nearest.as_ref(), columns[1].nearest.as_ref()), (None, None));
}

#[test]
fn rejected_rows_are_told_among_the_problems_with_their_counts() {
    let csv = "ID;Título de prospecto;Etapa\n1;a;Nuevo\n\n1;b;Nuevo\nx;c;Nuevo\n2;d\n";
    let written = write("x.csv", csv.as_bytes());
    let taken = take(&written.path, &Schema::standard(), &Overrides::default()).unwrap();
    let told = inspect(&taken.file, &taken.survey, &Schema::standard()).unwrap();
    let problems: Vec<_> = told.problems.iter().map(|problem| (problem.line, problem.code, problem.text.as_str())).collect();
    assert_eq!(
        problems,
        [(3, "blank_line", ""), (4, "duplicate_id", "1;b;Nuevo"), (5, "bad_id", "x;c;Nuevo"), (6, "cell_count", "2;d")]
    );
    assert_eq!((told.rejected, told.blank, told.rejected_by.values().sum::<u64>()), (3, 1, 3));
    assert_eq!(told.columns[1].samples, ["a"]);
}
