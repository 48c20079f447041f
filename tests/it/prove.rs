//! `demo --prove`: what a person runs who believes nobody.

use crate::harness::b24::B24;

#[test]
fn a_small_proof_holds_says_so_and_leaves_nothing_behind() {
    let home = tempfile::tempdir().expect("a directory");
    let b24 = B24::without_portal(home.path());
    let out = home.path().join("proof");
    let args = ["demo", "--prove", "--cells", "6", "--kills", "2", "--seed", "1", "--json", "--out"];
    let ran = b24.run(args.iter().map(std::convert::AsRef::as_ref).chain([out.as_os_str()])).exits(0);
    let proof = ran.json();
    assert_eq!(
        (&proof["held"], &proof["seed"], &proof["cells"], &proof["not_begun"]),
        (&true.into(), &1.into(), &6.into(), &0.into())
    );
    let promises = proof["promises"].as_array().expect("promises").iter().map(|line| line["promise"].as_str().expect("a name"));
    assert_eq!(promises.collect::<Vec<_>>(), ["P1", "P2", "P3", "P4", "P6", "P7", "P8"]);
    assert_eq!(std::fs::read_dir(&out).expect("a directory").count(), 0, "what held leaves no evidence");
}

#[test]
fn a_proof_whose_time_is_up_says_what_was_not_begun_and_does_not_hold() {
    let home = tempfile::tempdir().expect("a directory");
    let ran =
        B24::without_portal(home.path()).run(["demo", "--prove", "--minutes", "0", "--cells", "3", "--kills", "0", "--json"]);
    assert_eq!(ran.exits(1).json()["not_begun"], 5);
}

/// A deal whose company was there in time and whose contact came late was taken for one that somebody else had linked meanwhile.
#[test]
fn a_link_that_comes_late_is_filled_in_beside_one_that_was_there_in_time() {
    let home = tempfile::tempdir().expect("a directory");
    let cell = ["demo", "--prove", "--cell", "F50/1/contact/last/once", "--seed", "2", "--kills", "0"];
    B24::without_portal(home.path()).run(cell).exits(0).stdout("PROVEN");
}

#[test]
fn a_cell_that_does_not_exist_is_told() {
    let home = tempfile::tempdir().expect("a directory");
    let b24 = B24::without_portal(home.path());
    b24.run(["demo", "--prove", "--cell", "F29/1/deal/first/once"]).exits(2).stderr("F29/1/deal/first/once");
    b24.run(["demo", "--cells", "3"]).exits(2);
}
