//! Defects planted on purpose that only a real process, lock or network shows: `cargo test --features faults`. The others are in
//! `tests/sim/bugs.rs`.

use std::io::Write;
use std::net::TcpListener;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;

use crate::harness::b24::B24;
use crate::harness::{Portal, Scene};

/// Tells the story without the defect, which must go well, and with it, which must not.
fn catches(name: &str, story: impl Fn(&Scene, B24)) {
    let scene = scene();
    story(&scene, scene.b24());
    let scene = self::scene();
    let with_it = scene.b24().env("B24RESTORE_BUG", name);
    let noticed = catch_unwind(AssertUnwindSafe(|| story(&scene, with_it)));
    assert!(noticed.is_err(), "the planted defect {name} went unnoticed");
}

fn scene() -> Scene {
    let scene = Scene::of(Portal::open(), crate::harness::scene::SMALL).losing_one_of(2);
    scene.plan(&[]);
    scene
}

#[test]
fn a_run_that_asks_for_no_lock_is_caught() {
    catches("lock-skipped", |scene, b24| {
        let apply = ["apply".into(), scene.plan_dir().into_os_string(), "--yes".into()];
        scene.portal.arm(json!({"method": "crm.item.batchimport", "times": 1, "do": {"delay_ms": 1500}}));
        let mut first = b24.start(&apply);
        assert!(scene.portal.sees(|portal| portal.struck() == [1], &mut first), "no import was sent");
        let second = b24.run(&apply);
        first.wait().expect("its end");
        second.exits(1).stderr("another b24restore is writing");
    });
}

#[test]
fn a_followed_redirection_is_caught() {
    catches("redirect-followed", |scene, b24| {
        let elsewhere = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = elsewhere.local_addr().expect("an address");
        let visits = Arc::new(AtomicUsize::new(0));
        let counted = visits.clone();
        // Ends with the test's process: nobody may come here, so nothing would wake it.
        std::thread::spawn(move || {
            for visitor in elsewhere.incoming() {
                counted.fetch_add(1, Ordering::SeqCst);
                let _ = visitor.and_then(|mut line| line.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"));
            }
        });
        let location = format!("http://{address}/rest/1/SECRET/batch.json");
        scene.portal.arm(json!({"method": "*", "do": {"body": "", "status": 302, "headers": {"Location": location}}}));
        b24.run(["apply".into(), scene.plan_dir().into_os_string(), "--yes".into()]);
        assert_eq!(visits.load(Ordering::SeqCst), 0, "the secret went to another host");
    });
}

#[test]
fn an_http_library_that_tries_again_by_itself_is_caught() {
    catches("nack-retry", |scene, b24| {
        scene.portal.arm(json!({"method": "crm.item.batchimport", "when": "after", "times": 1, "do": "drop"}));
        b24.applies_until_complete(&scene.plan_dir());
        scene.crm.is_back(&scene.portal, false);
    });
}
