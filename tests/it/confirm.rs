//! What is asked at a terminal before anything is created.

use crate::harness::crm::Size;
use crate::harness::{Portal, Scene};

/// A loss of so many companies, planned.
fn planned(lost: usize) -> Scene {
    let size = Size { companies: lost + 1, contacts: 0, leads: 0, deals: 0 };
    let places: Vec<usize> = (0..lost).collect();
    let mut scene = Scene::of(Portal::open(), size);
    scene.files.truncate(1);
    let scene = scene.losing("company", &places);
    scene.plan(&[]);
    scene
}

#[test]
fn more_than_a_hundred_creates_are_confirmed_by_typing_the_portals_name() {
    let scene = planned(101);
    let apply = || ["apply".into(), scene.plan_dir().into_os_string()];
    scene.portal.watch_writing();
    for wrong in ["y", "yes", "127.0.0.1", ""] {
        scene.b24().at_a_terminal(apply(), wrong).exits(2).stderr("Type the portal's name").stderr("SANDBOX");
    }
    let spanish = ["apply".into(), scene.plan_dir().into_os_string(), "--lang".into(), "es".into()];
    scene.b24().at_a_terminal(spanish, "s").exits(2).stderr("Escriba el nombre del portal");
    assert_eq!(scene.portal.written(), Vec::<String>::new());
    scene.portal.disarm();
    scene.b24().at_a_terminal(apply(), &format!(" {} ", scene.portal.address())).exits(0);
    scene.crm.is_back(&scene.portal, false);
}

#[test]
fn a_hundred_creates_are_confirmed_with_a_word() {
    let scene = planned(100);
    let apply = || ["apply".into(), scene.plan_dir().into_os_string()];
    scene.b24().at_a_terminal(apply(), "n").exits(2).stderr("nothing was done");
    assert_eq!(scene.portal.every("company").len(), 1);
    scene.b24().at_a_terminal(apply(), "y").exits(0);
    scene.crm.is_back(&scene.portal, false);
}

#[test]
fn without_a_terminal_yes_is_enough_for_any_number() {
    let scene = planned(101);
    scene.on_the_plan("apply", &[]).exits(2).stderr("--yes");
    scene.apply(&[]);
    scene.crm.is_back(&scene.portal, false);
}
