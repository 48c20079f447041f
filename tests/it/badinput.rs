//! Bad input gets a clear error that names what is wrong and where, and never the secret.

use std::fs;
use std::path::{Path, PathBuf};

use crate::harness::b24::{B24, b24};
use crate::harness::{Portal, Scene};
use serde_json::json;

fn home() -> tempfile::TempDir {
    tempfile::tempdir().expect("a directory")
}

fn written(dir: &Path, name: &str, text: &str) -> PathBuf {
    let path = dir.join(name);
    std::fs::write(&path, text).expect("a written file");
    path
}

fn path(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// Both commands that read files say the same of a bad one.
fn is_refused(name: &str, make: impl Fn(&Path) -> PathBuf, says: &[&str]) {
    let portal = Portal::open();
    let file = make(portal.dir());
    assert!(file.ends_with(name));
    for command in ["inspect", "plan"] {
        let out = portal.dir().join("plan");
        let mut args = vec![command, path(&file)];
        if command == "plan" {
            args.extend(["--out", path(&out)]);
        }
        let ran = b24(&portal).run(args).exits(1).stderr(name);
        for text in says {
            assert!(ran.err.contains(text), "{text:?} is not in {ran:#?}");
        }
        assert!(!out.exists(), "a plan was written");
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    is_refused("leads.csv", |dir| dir.join("leads.csv"), &["no such file"]);
}

#[test]
fn a_directory_is_no_restore_file() {
    let make = |dir: &Path| {
        let dir = dir.join("exports");
        std::fs::create_dir_all(&dir).expect("a directory");
        dir
    };
    is_refused("exports", make, &["it is a directory"]);
}

#[test]
fn an_empty_file_is_named() {
    is_refused("empty.csv", |dir| written(dir, "empty.csv", ""), &["the file is empty"]);
}

#[test]
fn a_file_without_a_header_is_named_with_its_line() {
    is_refused("prose.csv", |dir| written(dir, "prose.csv", "\n\nHola; esto no es una tabla\nde verdad;no\n"), &["line 3"]);
}

#[test]
fn an_unclosed_quote_is_named_with_line_and_column() {
    let text = "ID;Nombre de la Compañía;Comentario\n1;Uno;\n2;Dos;\"sin fin\n3;Tres;\n";
    is_refused("company.csv", |dir| written(dir, "company.csv", text), &["line 3, column", "Comentario"]);
}

#[test]
fn an_export_of_nothing_is_no_error_and_a_warning_names_the_file() {
    let portal = Portal::open();
    let file = written(portal.dir(), "prospectos.csv", "\u{feff}Ningún prospecto");
    let out = portal.dir().join("plan");
    let ran = b24(&portal).run(["plan", path(&file), "--out", path(&out), "--json"]).exits(0).stderr("prospectos.csv");
    let summary = ran.json();
    assert_eq!((&summary["files"][0]["rows"], &summary["entities"]["lead"]["in_file"]), (&json!(0), &json!(0)));
    let ran = b24(&portal).run(["inspect", path(&file), "--json"]).exits(0).stderr("prospectos.csv");
    assert_eq!(ran.json()["files"][0]["rows"], 0);
}

#[test]
fn a_wrong_secret_is_said_and_not_repeated() {
    let scene = Scene::small();
    let wrong = scene.portal.webhook_with("wr0ngs3cr3t");
    let args = scene.plan_args(&scene.plan_dir(), &[]);
    scene
        .b24()
        .webhook(&wrong)
        .run(args)
        .exits(1)
        .stderr("doesn't accept the webhook, or the application's token (HTTP 401)")
        .never_says("wr0ngs3cr3t");
}

#[test]
fn a_portal_that_answers_html_is_told_from_one_that_answers() {
    let scene = Scene::small();
    scene.portal.arm(json!({"method": "*", "do": {"html": 200}}));
    scene.run_plan(&[]).exits(1).stderr("isn't JSON (HTTP 200, a web page)").stderr("login page");
}

#[test]
fn a_portal_that_moved_is_named_and_not_followed() {
    let scene = Scene::small();
    scene.portal.arm(json!({"method": "*", "do": {"status": 302, "body": "", "headers": {"Location": "https://nuevo.bitrix24.mx/rest/1/abc/batch.json"}}}));
    scene.run_plan(&[]).exits(1).stderr("nuevo.bitrix24.mx").never_says("/rest/1/abc");
}

/// A missing connection is tried for 30 s while planning: the commands wait side by side.
#[test]
fn no_network_is_said_after_it_was_tried_for_a_while() {
    let home = home();
    let file = written(home.path(), "company.csv", "ID;TITLE\n1;Uno\n");
    // A port that was free a moment ago, on which nothing listens.
    let address = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
    let b24 = B24::without_portal(home.path()).webhook(&format!("http://{address}/rest/1/c10sedp0rt/"));
    let (plan, snapshot) = (home.path().join("plan"), home.path().join("snapshot"));
    std::thread::scope(|scope| {
        for args in [vec!["plan", path(&file), "--out", path(&plan)], vec!["snapshot", "--out", path(&snapshot)]] {
            let b24 = &b24;
            scope.spawn(move || {
                b24.run(args).exits(1).stderr("can't be reached").stderr("the connection is refused").never_says("c10sedp0rt");
            });
        }
    });
    assert!(!plan.exists());
}

#[test]
fn a_malformed_webhook_is_wrong_usage_and_never_repeated() {
    let home = home();
    let file = written(home.path(), "company.csv", "ID;TITLE\n1;Uno\n");
    for webhook in [
        "c4n4ry",
        "https://empresa.bitrix24.mx/rest/c4n4ry/",
        "https://empresa.bitrix24.mx/rest/1/c4n4ry/profile.json",
        "https://empresa.bitrix24.mx/rest/1/c4n4ry/?x=1",
        "https://yo:c4n4ry@empresa.bitrix24.mx/rest/1/c4n4ry/",
        "http://empresa.bitrix24.mx/rest/1/c4n4ry/",
        "ftp://empresa.bitrix24.mx/rest/1/c4n4ry/",
        "https://empresa.bitrix24.mx/rest/1/c4n4ry c4n4ry/",
    ] {
        let b24 = B24::without_portal(home.path()).webhook(webhook);
        b24.run(["plan", path(&file), "-vv"]).exits(2).stderr("webhook").never_says("c4n4ry");
        let saved = written(home.path(), "webhook.txt", webhook);
        let b24 = B24::without_portal(home.path());
        b24.run(["plan", path(&file), "--webhook-file", path(&saved)]).exits(2).stderr("webhook").never_says("c4n4ry");
    }
}

#[test]
fn without_a_webhook_it_says_how_to_give_one() {
    let home = home();
    let file = written(home.path(), "company.csv", "ID;TITLE\n1;Uno\n");
    B24::without_portal(home.path()).run(["plan", path(&file)]).exits(2).stderr("B24_WEBHOOK");
}

#[test]
fn rows_that_cannot_be_used_are_handed_back_with_their_reason() {
    let scene = Scene::small();
    let leads = &scene.files[2];
    let text = std::fs::read_to_string(leads).expect("the export");
    let last = text.lines().last().expect("a row").to_owned();
    let short = "\"999\";\"sin las demás celdas\";";
    let no_id = last.replacen(&last[..last.find(';').expect("a cell")], "\"\"", 1);
    std::fs::write(leads, format!("{text}{last}\n{short}\n{no_id}\n")).expect("a written file");
    let summary = scene.run_plan(&[]).exits(3).json();
    let counts = &summary["entities"]["lead"];
    assert_eq!((&counts["in_file"], &counts["identical"], &counts["rejected"]), (&json!(9), &json!(6), &json!(3)));
    let rejected = std::fs::read_to_string(scene.plan_dir().join("rejected.csv")).expect("rejected.csv");
    assert_eq!(rejected.lines().next(), Some("file,line,column,reason,row"));
    for (line, code) in [(8, "duplicate_id"), (9, "cell_count"), (10, "no_id")] {
        let is_it = |row: &str| row.contains(&format!("lead.csv,{line},")) && row.contains(&format!(",{code},"));
        assert!(rejected.lines().any(is_it), "{line} {code}: {rejected}");
    }
    let own = std::fs::read_to_string(scene.plan_dir().join("rejected").join("lead.csv")).expect("rejected/lead.csv");
    assert!(own.contains("Título de prospecto") && own.contains("sin las demás celdas"), "{own}");
}

/// PowerShell's `>` writes UTF-16 with a mark, Notepad may put one before UTF-8.
#[test]
fn a_webhook_and_a_mapping_may_be_what_windows_programs_wrote() {
    let scene = Scene::small().losing("lead", &[0]);
    let [webhook, mapping] = ["webhook.txt", "mapping.toml"].map(|name| scene.portal.dir().join(name));
    scene.b24().run(scene.plan_args(&scene.plan_dir(), &["--save-mapping", path(&mapping)])).exits(0);
    let said = fs::read_to_string(&mapping).expect("a mapping");
    let utf_16 = |text: &str| [vec![0xFF, 0xFE], text.encode_utf16().flat_map(u16::to_le_bytes).collect()].concat();
    let utf_8 = |text: &str| format!("\u{feff}{text}").into_bytes();
    for encode in [&utf_16 as &dyn Fn(&str) -> Vec<u8>, &utf_8] {
        fs::write(&webhook, encode(&format!("{}\r\n", scene.portal.webhook()))).expect("a file");
        fs::write(&mapping, encode(&said)).expect("a file");
        let args = scene.plan_args(&scene.plan_dir(), &["--webhook-file", path(&webhook), "--mapping", path(&mapping)]);
        let planned = B24::without_portal(scene.portal.dir()).run(args).exits(0).json();
        assert_eq!(planned["entities"]["lead"]["to_create"], 1, "{planned:#}");
    }
}
