//! The portal's limit of requests, met by one command after the other: the bucket is the portal's, and counts on when a process ends.

use std::ffi::OsString;

use b24restore::sandbox::Limits;

use crate::harness::{Portal, Scene};

/// What follows is a `COMMAND PLAN_DIR` that keeps a standard portal's limits.
fn words(scene: &Scene, command: &str, more: &[&str]) -> Vec<OsString> {
    let mut words: Vec<OsString> = vec![command.into(), scene.plan_dir().into()];
    words.extend(["--portal-limits", "standard", "--quiet"].iter().chain(more).map(Into::into));
    words
}

#[test]
fn forty_restarts_within_seconds_and_the_commands_around_them_are_never_refused() {
    let mut scene = Scene::small().losing_one_of(2);
    scene.portal.reopen(Limits::Standard, 1.0, 0);
    scene.plan(&["--portal-limits", "standard"]);
    let b24 = scene.b24();
    for _ in 0..40 {
        let before = scene.portal.traffic().requests;
        let mut child = b24.start(words(&scene, "apply", &["--yes"]));
        assert!(scene.portal.sees(|portal| portal.traffic().requests > before, &mut child), "it asks before it ends");
        child.kill().expect("a kill");
        child.wait().expect("its end");
    }
    b24.run(words(&scene, "apply", &["--yes"])).exits(0);
    b24.run(words(&scene, "verify", &[])).exits(0);
    let traffic = scene.portal.traffic();
    assert_eq!(traffic.refused, 0, "{traffic:?}");
    assert!(traffic.requests > 50, "more than a bucket holds, or nothing was shown: {traffic:?}");
    scene.portal.reopen(Limits::None, 1.0, 0);
    scene.crm.is_back(&scene.portal, false);
}

#[test]
fn two_commands_at_once_share_the_bucket() {
    let mut scene = Scene::of(Portal::open(), crate::harness::scene::SMALL);
    scene.portal.reopen(Limits::Standard, 1.0, 0);
    let b24 = scene.b24();
    let plan = |name: String| {
        let mut words = scene.plan_args(&scene.portal.dir().join(name), &[]);
        words.extend(["--portal-limits".into(), "standard".into()]);
        words
    };
    std::thread::scope(|scope| {
        for desk in 0..2 {
            let (b24, plan) = (&b24, &plan);
            scope.spawn(move || (0..4).for_each(|round| _ = b24.run(plan(format!("plan-{desk}-{round}"))).exits(0)));
        }
    });
    let traffic = scene.portal.traffic();
    assert_eq!(traffic.refused, 0, "{traffic:?}");
    assert!(traffic.requests > 50, "more than a bucket holds, or nothing was shown: {traffic:?}");
}

#[cfg(unix)]
#[test]
fn a_state_directory_that_nobody_may_write_to_stops_no_dry_run() {
    let scene = Scene::small().losing_one_of(2);
    std::fs::write(scene.portal.dir().join("state"), "a file where a directory should be").expect("a file");
    scene.plan(&["--portal-limits", "standard"]);
}

#[cfg(unix)]
#[test]
fn what_is_remembered_of_the_pace_is_a_number_and_a_moment_for_the_user_alone() {
    use std::os::unix::fs::PermissionsExt;
    let scene = Scene::small();
    scene.plan(&["--portal-limits", "standard"]);
    let place = scene.portal.dir().join("state").join("b24restore");
    let file = place.join(format!("{}.pace", scene.portal.address().replace(':', "_")));
    let said = std::fs::read_to_string(&file).expect("the file of the pace");
    let words: Vec<&str> = said.split_whitespace().collect();
    assert_eq!((words.len(), &words[..3]), (6, &["b24restore", "pace", "1"][..]), "{said}");
    assert_eq!(std::fs::metadata(&file).expect("the file").permissions().mode() & 0o777, 0o600);
}
