//! How many records one request of `apply` creates, and how long 1,000 leads take on the sandbox without limits.

mod export;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use b24restore::apply::SystemClock;
use b24restore::event::Silent;
use b24restore::pipeline::{self, ApplyRequest, Overriding, PlanRequest};
use b24restore::plan::Flags;
use b24restore::portal::{LimitsProfile, Reader, Settings, WebhookUrl, Writer};
use b24restore::report::Language;
use b24restore::sandbox::{self, Config, Sandbox};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};

const LEADS: usize = 1_000;

/// A portal without leads, and a plan that creates them all.
struct Ready {
    _sandbox: Sandbox,
    dir: tempfile::TempDir,
    webhook: String,
}

fn settings() -> Settings {
    Settings { limits: LimitsProfile::None, api_share: 100, patience: Duration::from_secs(30), authorities: None }
}

fn address(webhook: &str) -> WebhookUrl {
    WebhookUrl::parse(webhook).expect("the sandbox's address is one")
}

async fn prepare() -> export::Result<Ready> {
    let dir = tempfile::tempdir()?;
    let config = Config {
        data: dir.path().join("portal"),
        limits: sandbox::Limits::None,
        time_scale: 1.0,
        latency_ms: 0,
        faults: None,
        language: sandbox::Language::Es,
        zone: "America/Mexico_City".to_owned(),
    };
    let sandbox = Sandbox::start(&config, SocketAddr::from(([127, 0, 0, 1], 0)))?;
    let file = dir.path().join("leads.csv");
    export::write(&file, LEADS)?;
    let reader = Reader::open(address(&sandbox.webhook()), &settings(), Arc::new(Silent))?;
    let words = ["empty", "skip", "report"].map(str::to_owned);
    let [missing_parent, duplicates, changed] = words;
    let request = PlanRequest {
        files: vec![file],
        overriding: Overriding::default(),
        out: dir.path().join("plan"),
        flags: Flags { missing_parent, duplicates, changed, ..Flags::default() },
        against: None,
        redact: false,
        language: Language::En,
    };
    let planned = pipeline::plan(&request, Some(&reader), Arc::new(Silent)).await?;
    assert_eq!(planned.facts.summary.total().to_create, LEADS as u64);
    let webhook = sandbox.webhook();
    Ok(Ready { _sandbox: sandbox, dir, webhook })
}

/// Applies the plan, and gives the requests that it took.
async fn apply(ready: &Ready) -> export::Result<u64> {
    let writer = Writer::open(address(&ready.webhook), &settings(), Arc::new(Silent))?;
    let request = ApplyRequest {
        stale_ok: false,
        max_creates: None,
        failed: false,
        pilot: None,
        zombie_window: Duration::from_secs(1),
        stop: Arc::new(AtomicBool::new(false)),
        clock: Arc::new(SystemClock),
        language: Language::En,
        only_ids: None,
    };
    let opened = pipeline::open(&ready.dir.path().join("plan"), writer.reader(), &request).await?;
    let applied = pipeline::apply(&opened, &writer, &request, Arc::new(Silent)).await?;
    assert!(applied.progress.complete && applied.stopped.is_none());
    Ok(writer.reader().requests())
}

fn bench(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    let requests = runtime.block_on(async { apply(&prepare().await?).await }).expect("the plan is carried out");
    println!("apply of {LEADS} leads: {requests} requests, {:.0} records a request", LEADS as f64 / requests as f64);
    let mut group = criterion.benchmark_group("apply of 1,000 leads");
    group.throughput(Throughput::Elements(LEADS as u64)).sample_size(10).measurement_time(Duration::from_secs(10));
    group.bench_function("on the sandbox without limits", |bencher| {
        bencher.iter_batched(
            || runtime.block_on(prepare()).expect("a plan is made"),
            |ready| {
                runtime.block_on(apply(&ready)).expect("the plan is carried out");
                ready
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
