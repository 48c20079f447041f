//! Limits as a client meets them. How they count is tested with a given time in `limits.rs`.

use serde_json::json;

use super::client::Portal;
use crate::sandbox::Limits;

/// The portal's time stands nearly still, so that nothing drains while a test runs.
fn frozen(limits: Limits) -> Portal {
    Portal::with(|config| (config.limits, config.time_scale) = (limits, 0.000_001))
}

/// Every command costs time. Ten minutes of the portal are twelve seconds here, so nothing runs off while a test runs.
fn slow(latency_ms: u64) -> Portal {
    Portal::with(|config| (config.latency_ms, config.time_scale) = (latency_ms, 50.0))
}

#[test]
fn the_bucket_refuses_before_anything_else_is_looked_at() {
    let portal = frozen(Limits::Standard);
    for _ in 0..50 {
        assert_eq!(portal.call("crm.nothing", &json!({})).status, 404);
    }
    let answer = portal.call("crm.nothing", &json!({}));
    assert_eq!(
        (answer.status, answer.json()),
        (503, json!({"error": "QUERY_LIMIT_EXCEEDED", "error_description": "Too many requests"}))
    );
    assert_eq!(answer.header("retry-after"), None);
}

#[test]
fn a_batch_counts_once_and_arming_faults_not_at_all() {
    let portal = frozen(Limits::Standard);
    for _ in 0..60 {
        portal.result("sandbox.fault.list", &json!({}));
    }
    for _ in 0..50 {
        portal.batch(&json!(["probe.count", "probe.count"]));
    }
    assert_eq!(portal.call("probe.count", &json!({})).status, 503);
}

#[test]
fn a_portal_without_limits_refuses_nothing() {
    let portal = frozen(Limits::None);
    for _ in 0..60 {
        assert_eq!(portal.call("server.time", &json!({})).status, 200);
    }
}

#[test]
fn trap_26_a_neighbour_can_be_played() {
    let portal = frozen(Limits::Standard);
    portal.arm(&json!({"method": "server.time", "nth": 1, "do": {"crowd": 100}}));
    assert_eq!(portal.call("server.time", &json!({})).status, 200);
    assert_eq!(portal.call("server.time", &json!({})).error(), (503, json!("QUERY_LIMIT_EXCEEDED")));
}

#[test]
fn run_time_is_charged_by_method_and_blocks_that_method_alone() {
    let portal = slow(50_000);
    let mut sums: Vec<u64> = std::thread::scope(|scope| {
        let call = || portal.call("probe.count", &json!({})).json()["time"]["operating"].as_u64().expect("whole seconds");
        let calls: Vec<_> = (0..10).map(|_| scope.spawn(call)).collect();
        calls.into_iter().map(|call| call.join().expect("an answer")).collect()
    });
    sums.sort_unstable();
    // The call that crosses the limit of 480 s still finishes.
    assert_eq!(sums.last(), Some(&500));
    let blocked = portal.call("probe.count", &json!({}));
    let told = json!({"error": "OPERATION_TIME_LIMIT", "error_description": "Method is blocked due to operation time limit."});
    assert_eq!((blocked.status, blocked.json()), (429, told));
    let batch = portal.batch(&json!({"a": "probe.count", "b": "probe.echo"}));
    assert_eq!(batch["result_error"]["a"]["error"], "OPERATION_TIME_LIMIT");
    assert_eq!(batch["result"], json!({"b": []}));
}

#[test]
fn in_a_batch_the_commands_are_charged_and_the_batch_is_not() {
    let portal = slow(20_000);
    let answer = portal.call("batch", &json!({"cmd": {"a": "probe.count", "b": "probe.count"}})).json();
    assert_eq!(answer["time"]["operating"], json!(0));
    let times = &answer["result"]["result_time"];
    assert_eq!((&times["a"]["operating"], &times["b"]["operating"]), (&json!(20), &json!(40)));
}

#[test]
fn trap_27_a_request_is_cut_after_sixty_seconds_and_what_was_done_stays_done() {
    let portal = slow(25_000);
    let answer = portal.call("batch", &json!({"cmd": ["probe.count", "probe.count", "probe.count", "probe.count"]}));
    assert_eq!((answer.status, answer.header("content-type")), (504, Some("text/html")));
    assert_eq!(portal.counted(), 2);
}

#[test]
fn a_single_call_that_takes_too_long_takes_no_effect() {
    let portal = Portal::with(|config| config.latency_ms = 61_000);
    assert_eq!(portal.call("probe.count", &json!({})).status, 504);
    let unlimited = Portal::with(|config| (config.latency_ms, config.limits) = (61_000, Limits::None));
    assert_eq!(unlimited.call("probe.count", &json!({})).status, 200);
}
