//! Opening and closing.

use serde_json::json;

use super::client::{Portal, post_text, send};
use crate::sandbox::{Config, Language, Limits, Sandbox, SandboxError};

fn config() -> Config {
    Config {
        data: std::env::temp_dir().join("b24restore-never-opened"),
        limits: Limits::Standard,
        time_scale: 1.0,
        latency_ms: 0,
        faults: None,
        language: Language::En,
        zone: "UTC".to_owned(),
    }
}

#[test]
fn it_listens_on_loopback_only() {
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
        let refused = Sandbox::start(&config(), address.parse().expect("an address"));
        assert!(matches!(refused, Err(SandboxError::NotLoopback(_))), "{address}");
    }
}

#[test]
fn it_refuses_a_scale_a_zone_and_a_script_that_make_no_sense() {
    let local = "127.0.0.1:0".parse().expect("an address");
    let refused = |config: Config| Sandbox::start(&config, local).expect_err("refused");
    assert!(matches!(refused(Config { time_scale: 0.0, ..config() }), SandboxError::TimeScale(_)));
    assert!(matches!(refused(Config { zone: "Mars/Olympus".to_owned(), ..config() }), SandboxError::Zone(_)));
    assert!(matches!(refused(Config { faults: Some("nowhere.json".into()), ..config() }), SandboxError::Faults(_)));
}

#[test]
fn its_webhook_is_its_address_and_a_secret_that_no_other_portal_has() {
    let [one, other] = [Portal::open(), Portal::open()].map(|portal| {
        let address = format!("http://127.0.0.1:{}/rest/1/", portal.sandbox.address().port());
        let webhook = portal.sandbox.webhook();
        webhook.strip_prefix(&address).and_then(|rest| rest.strip_suffix('/')).expect("a webhook").to_owned()
    });
    assert!(one.len() == 16 && one.chars().all(|letter| letter.is_ascii_alphanumeric()), "{one}");
    assert_ne!(one, other);
}

#[test]
fn a_portal_that_is_opened_again_has_the_secret_it_had() {
    let data = tempfile::tempdir().expect("a directory");
    let secret = || {
        let portal = Portal::with(|config| config.data = data.path().to_owned());
        portal.sandbox.office().first_webhook().secret
    };
    assert_eq!(secret(), secret());
}

#[test]
fn a_closed_portal_takes_no_connection_and_forgets_its_zombies() {
    let portal = Portal::with(|config| config.time_scale = 1.0);
    portal.arm(&json!({"method": "probe.count", "do": {"late_ms": 3_600_000}}));
    portal.try_call("probe.count", &json!({})).expect_err("no answer");
    let idle = portal.connect();
    let address = portal.sandbox.address();
    portal.sandbox.stop().expect("closed");
    drop(idle);
    assert!(std::net::TcpStream::connect(address).is_err());
}

#[test]
fn a_closing_portal_answers_what_is_under_way() {
    let portal = Portal::with(|config| config.time_scale = 1.0);
    portal.arm(&json!({"method": "probe.count", "do": {"delay_ms": 200}}));
    let mut stream = portal.connect();
    send(&mut stream, &portal.with_secret(&post_text("/rest/1/SECRET/probe.count", "{}"))).expect("sent");
    while portal.result("sandbox.fault.list", &json!({}))[0]["fired"] == json!(0) {
        std::thread::yield_now();
    }
    portal.sandbox.stop().expect("closed");
    assert_eq!(super::client::receive(&mut stream).expect("an answer").json()["result"], json!(1));
}
