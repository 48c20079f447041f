//! What `inspect` says of a file, to people and to programs.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::harness::Scene;
use crate::harness::b24::{B24, PROGRAM};
use serde_json::{Value, json};

const LEADS: &str = "ID;Título de prospecto;Etapa;Mi monto;Notas internas\n1;Peñón;Nuevo;50;x\n2;Dos;Nuevo;70;y\n";

struct Desk {
    dir: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().expect("a directory") }
    }

    fn put(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.dir.path().join(name);
        std::fs::write(&path, bytes).expect("a written file");
        path
    }

    fn b24(&self) -> B24 {
        B24::without_portal(self.dir.path())
    }

    fn inspect(&self, args: &[&str]) -> Value {
        self.b24().run([&["inspect", "--json"], args].concat()).json()["files"][0].clone()
    }
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

#[test]
fn the_machine_gets_every_finding_with_its_confidence() {
    let desk = Desk::new();
    let file = desk.inspect(&[text(&desk.put("x.csv", LEADS))]);
    let of_contract = [
        "path",
        "entity",
        "encoding",
        "bom",
        "delimiter",
        "language",
        "header_line",
        "rows",
        "rejected",
        "columns",
        "unmapped",
        "problems",
    ];
    for key in of_contract {
        assert!(!file[key].is_null(), "{key} is missing: {file}");
    }
    assert_eq!((&file["container"], &file["quoting"], &file["line_ends"]), (&Value::Null, &json!("doubled"), &json!("lf")));
    for finding in ["encoding", "delimiter", "quoting", "line_ends", "header", "vocabulary", "language", "entity", "date_order"] {
        let found = &file["detected"][finding];
        assert!(found["confidence"].is_number() && found["value"].is_string() && found["how"].is_string(), "{finding}: {found}");
    }
    assert_eq!(file["columns"][1]["samples"], json!(["Peñón", "Dos"]));
    assert_eq!(file["unmapped"], json!(["Mi monto", "Notas internas"]));
}

#[test]
fn standard_input_is_read_like_a_file() {
    let desk = Desk::new();
    let mut child = Command::new(PROGRAM)
        .args(["inspect", "-", "--json"])
        .env("XDG_STATE_HOME", desk.dir.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program");
    child.stdin.take().expect("a pipe").write_all(LEADS.as_bytes()).expect("a written pipe");
    let out = child.wait_with_output().expect("an end");
    let told: Value = serde_json::from_slice(&out.stdout).expect("JSON");
    let file = &told["files"][0];
    assert_eq!((&file["path"], &file["container"], &file["rows"]), (&json!("-"), &json!("stdin"), &json!(2)));
}

#[cfg(unix)]
#[test]
fn a_named_pipe_is_read_like_a_file() {
    let desk = Desk::new();
    let pipe = desk.dir.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
    let writer = std::thread::spawn({
        let pipe = pipe.clone();
        move || std::fs::write(pipe, LEADS)
    });
    let file = desk.inspect(&[text(&pipe)]);
    writer.join().expect("no panic").expect("a written pipe");
    assert_eq!((&file["container"], &file["rows"]), (&json!("stdin"), &json!(2)));
}

#[test]
fn a_file_that_cannot_be_read_is_told_in_spanish_too() {
    let desk = Desk::new();
    let file = desk.put("x.csv", "hola;mundo\nuno;dos\n");
    let ran = desk.b24().run(["inspect", text(&file), "--lang", "es"]).exits(1);
    assert!(ran.err.contains("no hay encabezado: la línea 1 (`hola;mundo`)"), "{}", ran.err);
}

#[test]
fn a_field_that_does_not_exist_is_wrong_usage_and_the_nearest_one_is_named() {
    let desk = Desk::new();
    let file = desk.put("x.csv", LEADS);
    desk.b24()
        .run(["inspect", text(&file), "--map", "Mi monto=OPORTUNITY"])
        .exits(2)
        .stderr("--map \"Mi monto=OPORTUNITY\": a lead has no field OPORTUNITY; did you mean OPPORTUNITY?");
    desk.b24().run(["inspect", text(&file), "--numbers", "dot"]).exits(2).stderr("--numbers dot: point or comma");
    let nowhere = desk.b24().run(["inspect", text(&file), "--map", "Monto=OPPORTUNITY", "--ignore", "Nada"]).exits(0);
    assert!(nowhere.err.contains("--map \"Monto\": no file has a column of this title"), "{}", nowhere.err);
    assert!(nowhere.err.contains("--ignore \"Nada\": no file has a column of this title"), "{}", nowhere.err);
}

#[test]
fn what_is_said_of_a_file_that_is_not_given_or_in_an_encoding_nobody_knows_is_wrong_usage() {
    let desk = Desk::new();
    let file = desk.put("x.csv", LEADS);
    for (args, en, es) in [
        (
            ["--entity", "y.csv=lead"],
            "none of the given files has this name",
            "ninguno de los archivos indicados tiene ese nombre",
        ),
        (["--encoding", "utf-99"], "no known encoding", "no se conoce esa codificación"),
    ] {
        desk.b24().run([&["inspect", text(&file)], &args[..]].concat()).exits(2).stderr(en);
        desk.b24().run([&["inspect", text(&file), "--lang", "es"], &args[..]].concat()).exits(2).stderr(es);
    }
    let given = ["inspect", text(&file), "--entity", "x.csv=lead", "--encoding", "x.csv=latin1", "--delimiter", "semicolon"];
    desk.b24().run(given).exits(0);
}

#[test]
fn a_mapping_is_saved_and_read_again() {
    let desk = Desk::new();
    let (file, mapping) = (desk.put("x.csv", LEADS), desk.dir.path().join("m.toml"));
    let said = ["--map", "Mi monto=OPPORTUNITY", "--ignore", "Notas internas", "--save-mapping", text(&mapping)];
    let first = desk.inspect(&[&[text(&file)], said.as_slice()].concat());
    let again = desk.inspect(&[text(&file), "--mapping", text(&mapping)]);
    let fields = |file: &Value| {
        let columns = file["columns"].as_array().expect("columns").iter();
        columns.map(|column| (column["name"].clone(), column["field"].clone())).collect::<Vec<_>>()
    };
    assert_eq!(fields(&first), fields(&again));
    assert_eq!((&again["unmapped"], &again["columns"][3]["field"]), (&json!([]), &json!("OPPORTUNITY")));
    std::fs::write(&mapping, "[lead.colums]\n").expect("a written file");
    desk.b24().run(["inspect", text(&file), "--mapping", text(&mapping)]).exits(2).stderr("did you mean `columns`?");
}

#[test]
fn a_mapping_tells_what_a_file_holds_whose_titles_nobody_knows_from_a_pipe_too() {
    let desk = Desk::new();
    let (file, mapping) = (desk.put("x.csv", "ID;Cosa;Precio total\n1;a;5\n"), desk.dir.path().join("m.toml"));
    let said = ["--entity", "deal", "--map", "Cosa=TITLE", "--map", "Precio total=OPPORTUNITY", "--save-mapping", text(&mapping)];
    desk.inspect(&[&[text(&file)], said.as_slice()].concat());
    desk.b24().run(["inspect", text(&file)]).exits(1).stderr("--entity");
    let again = desk.inspect(&[text(&file), "--mapping", text(&mapping)]);
    assert_eq!((&again["entity"], &again["columns"][1]["field"]), (&json!("deal"), &json!("TITLE")));
    assert_eq!(again["detected"]["entity"]["how"], "the mapping names 3 of its columns");

    let piped = Command::new(PROGRAM)
        .args(["inspect", "-", "--json", "--mapping", text(&mapping)])
        .stdin(std::fs::File::open(&file).expect("a file"))
        .output()
        .expect("the program runs");
    assert!(piped.status.success(), "{}", String::from_utf8_lossy(&piped.stderr));
    let told: Value = serde_json::from_slice(&piped.stdout).expect("JSON");
    assert_eq!(told["files"][0]["entity"], "deal");

    std::fs::write(&mapping, "[lead.columns]\nCosa = \"TITLE\"\n[deal.columns]\nCosa = \"TITLE\"\n").expect("a written file");
    desk.b24().run(["inspect", text(&file), "--mapping", text(&mapping)]).exits(1).stderr("--entity");
}

#[test]
fn two_copies_of_the_same_records_are_told_with_each_others_names() {
    let desk = Desk::new();
    let (one, other) = (desk.put("uno.csv", LEADS), desk.put("dos.csv", LEADS));
    let told = desk.b24().run(["inspect", text(&one), text(&other), "--json"]).exits(3).json();
    for (at, name) in [(0, "dos.csv"), (1, "uno.csv")] {
        let problems = told["files"][at]["problems"].as_array().expect("problems");
        let shared = problems.iter().find(|problem| problem["code"] == "shared_ids").expect("said");
        let words = shared["text"].as_str().expect("a text");
        assert!(words.starts_with("2 ids are in ") && words.contains(name), "{words}");
    }
}

#[test]
fn people_see_a_page_that_fits_the_screen_and_says_what_to_do() {
    let desk = Desk::new();
    let long = format!("{LEADS}3;{};Nuevo;\u{1b}[2Jrojo;z\n4;corta\n", "muy largo ".repeat(30));
    desk.put("leads.csv", long);
    for (language, says) in [
        ("en", ["holds         Leads", "rejected 1 (1 cell_count)", "--map \"Mi monto=", "b24restore plan"]),
        ("es", ["contiene      Prospectos", "ilegibles 1 (1 cell_count)", "--map \"Mi monto=", "b24restore plan"]),
    ] {
        let ran = desk.b24().run(["inspect", text(&desk.dir.path().join("leads.csv")), "--lang", language]).exits(3);
        for words in says {
            assert!(ran.out.contains(words), "{words}: {}", ran.out);
        }
        assert!(!ran.out.contains('\u{1b}'), "{}", ran.out);
        let is_path = |line: &str| line.contains(text(desk.dir.path()));
        let wide: Vec<&str> = ran.out.lines().filter(|line| line.chars().count() > 100 && !is_path(line)).collect();
        assert!(wide.is_empty(), "{wide:#?}");
    }
}

#[test]
fn a_spanish_reader_of_a_damaged_file_is_told_in_spanish_what_to_do() {
    let desk = Desk::new();
    let rows = [
        "ID;Título de prospecto;Etapa;Creado;Total",
        "1;PeÃ±Ã³n;Nuevo;01/02/2024 10:00:00;#¡VALOR!",
        "2;Señal;Nuevo;02/03/2024 10:00:00;5",
        "3;oculto;oculto;oculto;oculto",
        "Total;;;;5",
    ];
    desk.put("leads.csv", rows.join("\n"));
    let page = |language: &str| {
        let ran = desk.b24().run(["inspect", text(&desk.dir.path().join("leads.csv")), "--lang", language]).exits(3);
        ran.out.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let spanish = page("es");
    for words in [
        "títulos en español",
        "no se distingue el día del mes (línea 1)",
        "Indique si va primero el día o el mes: --date-order dmy",
        "Hay letras dañadas en este archivo: pídalo otra vez",
        "Una hoja de cálculo dañó celdas",
        "Bitrix24 ocultó registros",
    ] {
        assert!(spanish.contains(words), "{words}: {spanish}");
    }
    // A line of totals holds no record that could be mended, nor does a masked one.
    assert!(!spanish.contains("Las filas ilegibles no se restauran") && !spanish.contains("tell day from"), "{spanish}");
    let english = page("en");
    assert!(english.contains("titles in Spanish") && english.contains("A spreadsheet has damaged cells"), "{english}");
}

#[test]
fn a_plan_reads_an_archive_and_leaves_out_what_is_ignored() {
    let scene = Scene::small();
    let (packed, leads) = (scene.portal.dir().join("lead.csv.gz"), &scene.files[2]);
    let unpacked = std::fs::read(leads).expect("the export");
    let mut encoder = flate2::write::GzEncoder::new(std::fs::File::create(&packed).expect("a file"), flate2::Compression::fast());
    encoder.write_all(&unpacked).expect("written");
    encoder.finish().expect("ended");
    let plan = |file: &Path, out: &str, more: &[&str]| {
        let out = scene.portal.dir().join(out);
        let args = [&["plan", text(file), "--out", text(&out), "--json"], more].concat();
        scene.b24().run(args).exits(0).json()
    };
    let (of_plain, of_packed) = (plan(leads, "one", &[]), plan(&packed, "two", &["--ignore", "Etapa"]));
    assert_eq!(of_plain["entities"], of_packed["entities"]);
    assert_eq!(of_packed["files"][0]["path"], json!(text(&packed)));
}

#[test]
fn nobody_is_told_to_map_columns_of_requisites() {
    let desk = Desk::new();
    let companies = "ID;Nombre de la compañía;Detalles: ID;Detalles: Nombre\n1;Aceros;5;Matriz\n";
    let path = desk.put("company.csv", companies);
    assert_eq!(desk.inspect(&[text(&path)])["columns"][2]["how"], "requisite column");
    let told = desk.b24().run(["inspect", "--lang", "es", text(&path)]);
    assert!(!told.out.contains("--map"), "{told:#?}");
    let other = desk.put("company-2.csv", companies.replace("Detalles: Nombre", "Zona de venta"));
    desk.b24()
        .run(["inspect", "--lang", "es", text(&other)])
        .stdout("1 columnas no tienen campo conocido")
        .stdout("--map \"Zona de venta=");
}
