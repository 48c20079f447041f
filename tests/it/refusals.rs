//! What a safety check refuses, and that nothing is done then.

use std::fs;

use serde_json::json;

use crate::harness::b24::b24;
use crate::harness::crm::Size;
use crate::harness::{Crm, Portal, Scene};

/// A small loss, planned; nothing is written from here on.
fn planned() -> Scene {
    let scene = Scene::small().losing_one_of(3);
    scene.plan(&[]);
    scene.portal.watch_writing();
    scene
}

impl Scene {
    /// `apply --yes` refuses with a code and these words, and writes nothing.
    #[track_caller]
    fn apply_refuses(&self, more: &[&str], code: i32, words: &str) {
        let ran = self.on_the_plan("apply", &[&["--yes"], more].concat());
        ran.exits(code).stderr(words);
        assert_eq!(self.portal.written(), Vec::<String>::new());
    }
}

#[test]
fn one_altered_byte_in_any_sealed_part_is_refused() {
    let scene = planned();
    let mut seen = 0;
    for part in ["plan.json", "summary.json", "records.jsonl", "actions.jsonl", "rejected.csv"] {
        let path = scene.plan_dir().join(part);
        let whole = fs::read(&path).expect("a part");
        // A byte at each end and one in between; every byte of a part counts the same for its digest.
        for at in [0, whole.len() / 2, whole.len() - 2, whole.len() - 1] {
            let mut altered = whole.clone();
            altered[at] ^= 1;
            fs::write(&path, &altered).expect("an altered part");
            for command in ["apply", "status", "verify", "undo"] {
                let more: &[&str] = if matches!(command, "apply" | "undo") { &["--yes"] } else { &[] };
                let ran = scene.on_the_plan(command, more);
                ran.exits(4).stderr("altered").stderr(part);
                seen += 1;
            }
        }
        fs::write(&path, &whole).expect("the part as it was");
    }
    assert_eq!(seen, 5 * 4 * 4);
    assert_eq!(scene.portal.written(), Vec::<String>::new());
    scene.portal.disarm();
    scene.apply(&[]);
}

#[test]
fn a_part_cut_off_lengthened_or_gone_is_refused() {
    let scene = planned();
    for part in ["summary.json", "records.jsonl", "actions.jsonl"] {
        let path = scene.plan_dir().join(part);
        let whole = fs::read(&path).expect("a part");
        let first_line = whole.iter().position(|byte| *byte == b'\n').expect("a line") + 1;
        let longer = [&whole[..], &whole[..first_line]].concat();
        for altered in [&whole[..whole.len() - first_line], &longer[..]] {
            fs::write(&path, altered).expect("an altered part");
            scene.apply_refuses(&[], 4, part);
        }
        fs::remove_file(&path).expect("a removed part");
        scene.apply_refuses(&[], 4, part);
        fs::write(&path, &whole).expect("the part as it was");
    }
}

#[test]
fn the_plan_of_another_portal_is_refused() {
    let scene = planned();
    let other = Portal::open();
    let plan = scene.plan_dir().into_os_string();
    for command in ["apply", "undo"] {
        let b24 = scene.b24().webhook(other.webhook());
        b24.run([command.into(), plan.clone(), "--yes".into()]).exits(4).stderr(scene.portal.address()).stderr(other.address());
    }
    scene.b24().webhook(other.webhook()).run(["verify".into(), plan]).exits(4);
    assert_eq!(other.changes(), 0);
}

#[test]
fn another_administrator_of_the_same_portal_may_apply() {
    let scene = planned();
    let webhook = scene.portal.webhook_of_a_new_user(true);
    scene.portal.disarm();
    scene.b24().webhook(&webhook).applies_until_complete(&scene.plan_dir());
}

/// The age of a plan is told by the portal's clock: the portal says that a day has passed. (The first time that a run asks for it is with
/// the user's name.)
fn a_day_passes(scene: &Scene) {
    let tomorrow = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(25);
    let tomorrow = tomorrow.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string();
    scene.portal.arm(json!({"method": "server.time", "nth": 2, "do": {"patch": {"result": {"result": {"c0": tomorrow}}}}}));
}

#[test]
fn a_plan_of_the_day_before_is_stale_unless_it_was_begun() {
    let scene = planned();
    a_day_passes(&scene);
    scene.apply_refuses(&[], 4, "stale");
    scene.portal.disarm();
    // Begun in time, it goes on at any age.
    scene.on_the_plan("apply", &["--yes", "--pilot", "1"]).exits(0);
    a_day_passes(&scene);
    scene.apply(&[]);
    scene.crm.is_back(&scene.portal, false);
}

#[test]
fn a_stale_plan_is_carried_out_on_demand() {
    let scene = planned();
    a_day_passes(&scene);
    scene.apply(&["--stale-ok"]);
}

#[test]
fn more_creates_than_allowed_are_refused_before_anything_is_sent() {
    let scene = planned();
    let lost = scene.crm.lost_count();
    scene.apply_refuses(&["--max-creates", &(lost - 1).to_string()], 4, "--max-creates");
    scene.portal.disarm();
    scene.apply(&["--max-creates", &lost.to_string()]);
}

#[test]
fn a_restore_file_that_changed_is_refused_and_one_that_is_gone_is_not_needed() {
    let scene = planned();
    let file = &scene.files[1];
    let text = fs::read(file).expect("the file");
    fs::write(file, [&text[..], b"\n"].concat()).expect("a changed file");
    scene.apply_refuses(&[], 4, "contact.csv");
    scene.portal.disarm();
    for file in &scene.files {
        fs::remove_file(file).expect("a removed file");
    }
    scene.apply(&[]);
    scene.crm.is_back(&scene.portal, false);
}

#[test]
fn without_a_terminal_and_without_yes_nothing_is_done() {
    let scene = planned();
    for command in ["apply", "undo"] {
        scene.on_the_plan(command, &[]).exits(2).stderr("--yes");
    }
    assert_eq!(scene.portal.written(), Vec::<String>::new());
    assert!(!scene.plan_dir().join("journal.sqlite").exists());
}

#[test]
fn who_is_no_administrator_may_look_and_not_apply() {
    let scene = Scene::small().losing_one_of(3);
    let webhook = scene.portal.webhook_of_a_new_user(false);
    let b24 = scene.b24().webhook(&webhook);
    b24.run(scene.plan_args(&scene.plan_dir(), &[])).exits(0);
    scene.portal.watch_writing();
    b24.run(["apply".into(), scene.plan_dir().into_os_string(), "--yes".into()]).exits(4).stderr("administrator");
    // Nor may an administrator carry out what such a user saw.
    scene.apply_refuses(&[], 4, "administrator");
    // Nor such a user what an administrator saw.
    scene.plan(&[]);
    b24.run(["apply".into(), scene.plan_dir().into_os_string(), "--yes".into()]).exits(4).stderr("administrator");
    assert_eq!(scene.portal.written(), Vec::<String>::new());
}

#[test]
fn a_plan_that_was_begun_is_never_replaced_and_one_that_was_not_is() {
    let scene = planned();
    scene.plan(&[]);
    scene.portal.disarm();
    scene.apply(&[]);
    scene.run_plan(&[]).exits(4).stderr("begun");
    scene.on_the_plan("verify", &[]).exits(0);
}

#[test]
fn a_directory_with_other_files_is_left_alone() {
    let scene = Scene::small();
    fs::create_dir(scene.plan_dir()).expect("a directory");
    fs::write(scene.plan_dir().join("tesis.docx"), "mía").expect("a file");
    scene.run_plan(&[]).exits(2).stderr("other files");
    assert_eq!(fs::read_dir(scene.plan_dir()).expect("the directory").count(), 1);
}

#[test]
fn a_directory_without_a_plan_is_wrong_usage() {
    let scene = Scene::small();
    for command in ["apply", "status", "verify", "undo"] {
        scene.on_the_plan(command, &[]).exits(2).stderr("is no plan directory");
    }
}

#[test]
fn flags_that_nobody_knows_are_wrong_usage() {
    let scene = planned();
    scene.run_plan(&["--create-everything"]).exits(2);
    scene.run_plan(&["--only", "factura"]).exits(2);
    scene.run_plan(&["--timezone", "Mars/Olympus"]).exits(2).stderr("Mars/Olympus");
    scene.run_plan(&["--timezone", "lead.csv=Mars/Olympus", "--lang", "es"]).exits(2).stderr("no existe esa zona horaria");
    scene.run_plan(&["--map", "Etapa", "--lang", "es"]).exits(2).stderr("se espera \"Columna=CAMPO\"");
    scene.run_plan(&["--map", "Etapa", "--lang", "en"]).exits(2).stderr("\"Column=FIELD\"");
    scene.apply_refuses(&["--pilot", "3", "--failed"], 2, "--failed");
    scene.b24().run(["restore"]).exits(2);
    scene.b24().webhook("https://empresa.bitrix24.mx/rest/1/abcdef/").run(["plan", "x.csv", "--portal-limits", "none"]).exits(2);
}

#[test]
fn a_local_portal_that_is_told_nonsense_is_wrong_usage_and_a_snapshot_is_never_overwritten() {
    let scene = Scene::small();
    let dir = scene.portal.dir().join("new");
    let sandbox = |more: &[&str]| {
        let mut words = vec!["sandbox".into(), "--data".into(), dir.clone().into_os_string(), "--lang".into(), "es".into()];
        words.extend(more.iter().map(Into::into));
        scene.b24().run(words)
    };
    sandbox(&["--zone", "Mars/Olympus"]).exits(2).stderr("no existe esa zona horaria").never_says("internal error");
    sandbox(&["--listen", "0.0.0.0:0"]).exits(2).stderr("esta misma computadora");
    sandbox(&["--faults", "/nowhere.json"]).exits(1).never_says("internal error");
    let taken = scene.portal.dir().to_path_buf();
    let words = ["snapshot".into(), "--out".into(), taken.into_os_string(), "--lang".into(), "es".into()];
    scene.b24().run(words).exits(2).stderr("ya existe");
}

#[test]
fn files_of_another_portal_are_refused() {
    let size = Size { companies: 30, contacts: 0, leads: 0, deals: 0 };
    let mut scene = Scene::of(Portal::open(), size);
    let file = scene.files[0].clone();
    let text = fs::read_to_string(&file).expect("the export");
    // The same ids, each made at a moment of its own: another company's CRM.
    let foreign: Vec<String> = text
        .lines()
        .enumerate()
        .map(|(at, line)| {
            let is_moment = |cell: &str| cell.len() == 19 && cell.as_bytes()[2] == b'/' && cell.as_bytes()[13] == b':';
            let moment =
                format!("{:02}/{:02}/2023 {:02}:{:02}:{:02}", 1 + at % 27, 1 + at % 12, at % 24, at * 7 % 60, at * 13 % 60);
            let cells = line.split("\";\"").map(|cell| if is_moment(cell) { moment.as_str() } else { cell });
            cells.collect::<Vec<_>>().join("\";\"")
        })
        .collect();
    assert!(foreign.join("\n").contains("/2023 "));
    fs::write(&file, foreign.join("\n")).expect("a written file");
    scene.files = vec![file];
    scene.portal.watch_writing();
    scene.run_plan(&[]).exits(4).stderr("say it with --timezone");
    // Who has said the zone isn't told to say it.
    let said = scene.run_plan(&["--timezone", "America/Mexico_City"]).exits(4).stderr("of another portal");
    assert!(!said.err.contains("say it with --timezone"), "{}", said.err);
    scene.run_plan(&["--timezone", "America/Mexico_City", "--lang", "es"]).exits(4).stderr("de otro portal");
    assert!(!scene.plan_dir().exists());
    assert_eq!(scene.portal.written(), Vec::<String>::new());
    let now = Crm::of(&scene.portal);
    assert_eq!(now.before["company"].len(), 30);
}

#[test]
fn a_snapshot_of_another_portal_is_refused_unless_it_is_called_foreign() {
    let [ours, theirs] = [(2024, "Cliente"), (2025, "Socio")].map(|(year, title)| {
        let portal = Portal::open();
        for day in 1..=25 {
            let fields = json!({"title": format!("{title} {day}"), "createdTime": format!("{year}-03-{day:02}T10:00:00+00:00")});
            portal.call("crm.item.import", json!({"entityTypeId": 4, "fields": fields}));
        }
        portal
    });
    let snapshot = theirs.dir().join("snapshot");
    b24(&theirs).run(["snapshot".as_ref(), "--out".as_ref(), snapshot.as_os_str()]).exits(0);
    let plan = |more: &[&str]| {
        let out = ours.dir().join("plan");
        let mut words = vec!["plan".into(), snapshot.clone().into_os_string(), "--out".into(), out.into_os_string()];
        words.extend(more.iter().map(Into::into));
        b24(&ours).run(words)
    };
    plan(&[]).exits(4).stderr("only 0 of 25").stderr("of another portal").stderr("--foreign NAME");
    let summary = plan(&["--foreign", "socio", "--json"]).exits(0).json();
    assert_eq!(summary["entities"]["company"]["missing"], 25, "{summary}");
}
