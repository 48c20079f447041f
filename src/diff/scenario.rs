//! The room as a whole: a CRM with planted losses, and properties that hold for any CRM.

use std::collections::HashMap;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use crate::model::{EntityType, FileRecord, LiveRecord, PortalId, Value};

use super::kit::{Build, Known, World, file, live, schema, zone};
use super::{ChangeKind, Judged, MatchedBy, Note, OnlyInPortal, Verdict, compare};
use EntityType::{Company, Contact, Deal};
use Verdict::{Changed, Duplicate, Identical, Missing, Restored};

fn born(n: u64) -> Timestamp {
    "2024-01-01T08:00:07Z".parse::<Timestamp>().expect("a moment") + SignedDuration::from_mins(n as i64 * 631)
}

/// A contact as the files have it: clocks of Mexico, user by name, label for a label.
fn contact_row(n: u64) -> Build<crate::model::OriginalId> {
    file(Contact, n)
        .text("NAME", &format!("Nombre{n}"))
        .text("LAST_NAME", "Pérez")
        .with("DATE_CREATE", Value::Clock(zone("America/Mexico_City").to_datetime(born(n))))
        .name("CREATED_BY_ID", "Ana Ruiz")
        .texts("EMAIL_WORK", &[&format!("Persona{n}@x.mx")])
        // Ten colleagues share a switchboard.
        .texts("PHONE_WORK", &[&format!("+52 55 1234 {:04}", n / 10)])
        .name("COMPANY_ID", &format!("Empresa {}", n % 20))
}

/// The same contact as the portal answers it, under an id of its own.
fn contact_live(n: u64, id: u64) -> Build<PortalId> {
    live(Contact, id)
        .text("NAME", &format!("Nombre{n}"))
        .text("LAST_NAME", "Pérez")
        .with("DATE_CREATE", Value::Moment(born(n)))
        .user("CREATED_BY_ID", 1)
        .texts("EMAIL_WORK", &[&format!("persona{n}@x.mx")])
        .texts("PHONE_WORK", &[&format!("5255123 4{:04}", n / 10)])
        .link("COMPANY_ID", n % 20 + 1)
}

#[test]
fn two_hundred_records_with_planted_losses_get_the_verdicts_that_were_planted() {
    let mut world = World { zone: zone("America/Mexico_City"), ..World::default() };
    for n in 0..20 {
        // Company 3 is lost, its name and all.
        world = world.row(file(Company, n + 1).text("TITLE", &format!("Empresa {n}")));
        if n != 2 {
            world = world.live(live(Company, n + 1).text("TITLE", &format!("Empresa {n}")));
        }
    }
    let mut planted: HashMap<u64, Verdict> = HashMap::new();
    for n in 1..=139 {
        world = world.row(contact_row(n));
        let (verdict, portal) = match n {
            5 | 17 | 33 => (Missing, None),
            // The bin gave it back.
            40 => (Restored, Some(contact_live(n, 1040))),
            // An earlier run re-created it, without its moment.
            41 => (
                Restored,
                Some(
                    contact_live(n, 1041)
                        .born("2024-11-01T00:00:00Z")
                        .text("ORIGINATOR_ID", "b24restore")
                        .text("ORIGIN_ID", "contact:41"),
                ),
            ),
            // Somebody typed it in again.
            50 => (
                Duplicate,
                Some(
                    live(Contact, 1050)
                        .text("NAME", "Nombre50")
                        .texts("EMAIL_HOME", &["persona50@x.mx"])
                        .born("2024-11-01T00:00:00Z"),
                ),
            ),
            // The roll-back gave its id to somebody else.
            60 => (Missing, Some(live(Contact, 60).text("NAME", "Otro").born("2024-11-01T00:00:00Z"))),
            70 => (Changed, Some(contact_live(n, n).text("LAST_NAME", "López"))),
            _ if n % 20 == 2 => (Changed, Some(contact_live(n, n).with("COMPANY_ID", Value::Empty))),
            _ => (Identical, Some(contact_live(n, n))),
        };
        planted.insert(n, verdict);
        world = portal.into_iter().fold(world, World::live);
    }
    for n in 1..=41 {
        world = world
            .row(
                file(Deal, n)
                    .text("TITLE", "Venta")
                    .number("OPPORTUNITY", "100.00")
                    .name("CONTACT_ID", &format!("Nombre{} Pérez", n + 9)),
            )
            .live(live(Deal, n).text("TITLE", "Venta").number("OPPORTUNITY", "100").link(
                "CONTACT_ID",
                match n + 9 {
                    17 | 33 => 0,
                    40 => 1040,
                    41 => 1041,
                    of => of,
                },
            ));
    }
    world = world.newest(Contact, "2024-10-01T00:00:00Z");
    // Two made since, one that the files should have had.
    for (id, moment) in [(2001, "2024-11-01T00:00:00Z"), (2002, "2024-11-02T00:00:00Z"), (2003, "2023-01-01T00:00:00Z")] {
        world = world.live(live(Contact, id).text("NAME", "Nueva").born(moment));
    }

    let (judged, only) = world.judge_and(|answers| answers.only_in_portal(Contact));
    let of = |entity| judged.iter().filter(move |judged| judged.record.entity == entity);
    for contact in of(Contact) {
        let n = contact.record.id.0;
        assert_eq!(contact.verdict, planted[&n], "contact {n}: {:?}", contact.changes);
    }
    let lost_links =
        |entity| of(entity).flat_map(|judged| &judged.changes).filter(|change| change.kind == ChangeKind::LostLink).count();
    assert_eq!(of(Company).filter(|company| company.verdict == Missing).count(), 1);
    assert_eq!(lost_links(Contact), 7, "of the 139 contacts, 2, 22, .. 122 had company 3");
    assert_eq!(lost_links(Deal), 3, "the deals of contacts 17 and 33, and the one of contact 50, whose link is dead");
    assert_eq!(of(Deal).filter(|deal| deal.verdict == Changed).count(), 3);
    assert_eq!(judged.len(), 200);
    // Somebody else has the id 60, and three are nobody's.
    assert_eq!(only, OnlyInPortal { newer: 3, older: 1 });
    assert!(judged.iter().any(|judged| judged.notes.contains(&Note::IdReused(PortalId(60)))));
    assert!(judged.iter().any(|judged| judged.how == MatchedBy::Twin));
}

/// What became of a record of the files, as a generator plants it.
#[derive(Debug, Clone, Copy)]
enum Fate {
    Kept,
    Edited,
    Lost,
    Reused,
    Marked,
    Recovered,
}

fn fates() -> impl Strategy<Value = Vec<Fate>> {
    let fate = prop_oneof![
        4 => Just(Fate::Kept),
        1 => Just(Fate::Edited),
        2 => Just(Fate::Lost),
        1 => Just(Fate::Reused),
        1 => Just(Fate::Marked),
        1 => Just(Fate::Recovered),
    ];
    prop::collection::vec(fate, 1..60)
}

/// Contacts with names that are few, so that twins and namesakes abound; each has an e-mail of its own but where it is reused.
fn planted(fates: &[Fate]) -> World {
    let mut world = World { zone: zone("America/Mexico_City"), ..World::default() };
    for (n, fate) in fates.iter().enumerate().map(|(n, fate)| (n as u64 + 1, fate)) {
        world = world.row(contact_row(n));
        let portal = match fate {
            Fate::Kept => Some(contact_live(n, n)),
            Fate::Edited => Some(contact_live(n, n).text("NAME", "Otro nombre")),
            Fate::Lost => None,
            Fate::Reused => Some(live(Contact, n).text("NAME", "Nadie").born("2025-01-01T00:00:00Z")),
            Fate::Marked => {
                Some(contact_live(n, n + 1000).text("ORIGINATOR_ID", "b24restore").text("ORIGIN_ID", &format!("contact:{n}")))
            }
            Fate::Recovered => Some(contact_live(n, n + 2000)),
        };
        world = portal.into_iter().fold(world, World::live);
    }
    for n in 0..20 {
        world = world.live(live(Company, n + 1).text("TITLE", &format!("Empresa {n}")));
    }
    world
}

/// What the verdict has to be, said without an index: by looking at every live record.
fn oracle(world: &World, row: &FileRecord) -> Verdict {
    let contacts = || world.current.records(Contact);
    let born = |live: &LiveRecord| match (row.get("DATE_CREATE"), live.get("DATE_CREATE")) {
        (Some(Value::Clock(clock)), Some(Value::Moment(moment))) => world.zone.to_datetime(*moment) == *clock,
        _ => false,
    };
    if let Some(same) = contacts().find(|live| live.id.0 == row.id.0 && born(live)) {
        return if same.text("NAME") == row.text("NAME") { Identical } else { Changed };
    }
    let mark = format!("contact:{}", row.id);
    let marked = contacts().any(|live| live.text("ORIGIN_ID") == Some(&mark));
    let twin = contacts().any(|live| live.id.0 != row.id.0 && born(&live) && live.text("NAME") == row.text("NAME"));
    if marked || twin { Restored } else { Missing }
}

proptest! {
    #[test]
    fn verdicts_are_those_of_looking_at_every_record(fates in fates()) {
        let world = planted(&fates);
        let expected: Vec<_> = world.rows.iter().map(|row| oracle(&world, row)).collect();
        prop_assert_eq!(world.verdicts(), expected);
    }

    #[test]
    fn the_order_of_the_rows_changes_no_verdict(fates in fates(), seed in any::<u64>()) {
        let mut world = planted(&fates);
        let sorted = |judged: Vec<Judged>| {
            let mut told: Vec<_> = judged.into_iter().map(|one| (one.record.id, one.verdict, one.live, one.candidates, one.notes)).collect();
            told.sort_by_key(|one| one.0);
            told
        };
        let before = sorted(world.judge());
        // A shuffle by a seeded key is enough of a permutation.
        world.rows.sort_by_key(|row| (row.id.0 ^ seed).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        prop_assert_eq!(sorted(world.judge()), before);
    }

    #[test]
    fn no_live_record_answers_for_two_rows_and_every_row_has_one_verdict(fates in fates(), shared in prop::collection::vec((1_u64..60, 0_u64..4), 0..20)) {
        // Rows and newcomers that share one of four e-mails.
        let mut world = planted(&fates);
        for (n, key) in shared {
            world = world.live(live(Contact, n + 3000).texts("EMAIL_WORK", &[&format!("persona{key}@x.mx")]));
        }
        let judged = world.judge();
        prop_assert_eq!(judged.len(), fates.len());
        let mut live: Vec<_> = judged.iter().flat_map(|one| one.candidates.iter().copied().chain(one.live.filter(|_| one.candidates.is_empty()))).collect();
        let count = live.len();
        live.sort_unstable();
        live.dedup();
        prop_assert_eq!(live.len(), count);
    }

    #[test]
    fn a_record_equals_itself_through_all_that_the_two_formats_do_to_it(
        title in "[a-zA-Zñáé&<>\\[\\] ]{0,20}", amount in -1_000_000_i64..1_000_000, phone in "[0-9]{7,13}", mail in "[a-z]{1,8}@[a-z]{1,8}\\.mx",
        seconds in 0_i64..2_000_000_000, note in "[a-z \n]{0,30}", flag in any::<bool>(), day in 0_i32..20_000,
    ) {
        let zone = zone("America/New_York");
        let moment = Timestamp::from_second(seconds).expect("within the calendar");
        let day = jiff::civil::date(1990, 1, 1).saturating_add(jiff::Span::new().days(day));
        let amount = rust_decimal::Decimal::new(amount, 2);
        let spaced: String = phone.chars().flat_map(|digit| [digit, ' ']).collect();
        let of_file = file(Deal, 1)
            .text("TITLE", &format!(" {title}\u{a0}"))
            .with("OPPORTUNITY", Value::Number(amount))
            .with("UF_MONEY", Value::money(amount, Some("MXN".into())))
            .with("UF_MOMENT", Value::Clock(zone.to_datetime(moment)))
            .with("UF_DATE", Value::Date(day))
            .with("UF_FLAG", Value::Flag(flag))
            .text("COMMENTS", &note.replace('\n', "\r\n"))
            .done();
        let portal = live(Deal, 1)
            .text("TITLE", &title)
            .with("OPPORTUNITY", Value::Number(amount.normalize()))
            .text("UF_MONEY", &format!("{}|MXN", amount.normalize()))
            .with("UF_MOMENT", Value::Moment(moment))
            .with("UF_DATE", Value::Moment(TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0)).expect("within the calendar")))
            .text("UF_FLAG", if flag { "Y" } else { "N" })
            .text("COMMENTS", &note.replace('\n', "<br>"))
            .done();
        prop_assert_eq!(compare(&of_file, &portal, &schema(), &zone, &Known::default()), super::Comparison::default());
        let of_file = file(Contact, 1).texts("PHONE_WORK", &[&spaced, "5551234567"]).texts("EMAIL_WORK", &[&mail.to_uppercase()]).done();
        let portal = live(Contact, 1).texts("PHONE_WORK", &["555-123-4567", &phone]).texts("EMAIL_WORK", &[&mail]).done();
        prop_assert_eq!(compare(&of_file, &portal, &schema(), &zone, &Known::default()), super::Comparison::default());
    }

    #[test]
    fn no_text_breaks_the_comparison(file_text in any::<String>(), portal_text in any::<String>()) {
        for code in ["TITLE", "COMMENTS", "UF_MONEY", "UF_URL", "UF_ADDRESS", "UF_CRM", "STATUS_ID", "UF_FLAG", "UF_DOUBLE", "CONTACT_ID", "UF_USER"] {
            let (of_file, portal) = (file(Deal, 1).text(code, &file_text).done(), live(Deal, 1).text(code, &portal_text).done());
            let _ = compare(&of_file, &portal, &schema(), &TimeZone::UTC, &Known::default());
        }
        let phones = file(Contact, 1).text("PHONE_WORK", &file_text).done();
        let _ = compare(&phones, &live(Contact, 1).text("PHONE_WORK", &portal_text).done(), &schema(), &TimeZone::UTC, &Known::default());
        prop_assert_eq!(super::phone_key(&super::phone_key(&file_text)).is_empty(), super::phone_key(&file_text).is_empty());
    }
}
