//! A local portal for one test, and calls to it.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;

use b24restore::sandbox::{Config, Language, Limits, Sandbox, Traffic};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::b24::PROGRAM;
use super::http::{Answer, Line};

/// Every method that changes something in a portal.
const WRITING: &[&str] = &[
    "crm.item.add",
    "crm.item.update",
    "crm.item.delete",
    "crm.item.import",
    "crm.item.batchimport",
    "crm.item.productrow.set",
    "crm.lead.add",
    "crm.lead.update",
    "crm.lead.delete",
    "crm.deal.add",
    "crm.deal.update",
    "crm.deal.delete",
    "crm.contact.add",
    "crm.contact.update",
    "crm.contact.delete",
    "crm.company.add",
    "crm.company.update",
    "crm.company.delete",
    "crm.lead.userfield.add",
    "crm.deal.userfield.add",
    "crm.contact.userfield.add",
    "crm.company.userfield.add",
    "crm.contact.company.*",
    "crm.company.contact.*",
    "crm.deal.contact.*",
    "crm.lead.contact.*",
    "crm.status.add",
    "crm.category.add",
    "crm.currency.add",
    "crm.timeline.comment.add",
];

/// A portal that lives as long as this value.
pub struct Portal {
    webhook: String,
    line: Mutex<Line>,
    host: Host,
    dir: TempDir,
}

enum Host {
    /// On threads of the test.
    Here(Option<Sandbox>),
    /// `b24restore sandbox`.
    Process(Child),
}

fn here(dir: &Path, limits: Limits, time_scale: f64, latency_ms: u64, listen: SocketAddr) -> Sandbox {
    let (language, zone) = (Language::En, "UTC".to_owned());
    let config = Config { data: dir.join("data"), limits, time_scale, latency_ms, faults: None, language, zone };
    Sandbox::start(&config, listen).expect("a sandbox")
}

impl Drop for Host {
    fn drop(&mut self) {
        if let Self::Process(child) = self {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Portal {
    /// A portal without limits, in English, in UTC.
    pub fn open() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let sandbox = here(dir.path(), Limits::None, 1.0, 0, ([127, 0, 0, 1], 0).into());
        Self::at(sandbox.webhook(), Host::Here(Some(sandbox)), dir)
    }

    /// Closes the portal and opens it again under the same address, with other limits, another clock, and a cost of each command.
    pub fn reopen(&mut self, limits: Limits, time_scale: f64, latency_ms: u64) {
        let Host::Here(sandbox) = &mut self.host else { panic!("only a portal on threads of the test") };
        let closing = sandbox.take().expect("an open portal");
        let address = closing.address();
        closing.stop().expect("a closed portal");
        *sandbox = Some(here(self.dir.path(), limits, time_scale, latency_ms, address));
        self.line = Mutex::new(Line::to(&address.to_string()));
    }

    /// Closes the portal for a while.
    #[cfg(feature = "faults")]
    pub fn close(&mut self) {
        let Host::Here(sandbox) = &mut self.host else { panic!("only a portal on threads of the test") };
        // The line first: a portal that closes waits for who is connected.
        self.line = Mutex::new(Line::to(self.webhook.split('/').nth(2).expect("a host")));
        sandbox.take().expect("an open portal").stop().expect("a closed portal");
    }

    /// Opens it again under the same address, with what its directory holds then.
    #[cfg(feature = "faults")]
    pub fn open_again(&mut self) {
        let address = self.address().parse().expect("an address");
        let Host::Here(sandbox) = &mut self.host else { panic!("only a portal on threads of the test") };
        *sandbox = Some(here(self.dir.path(), Limits::None, 1.0, 0, address));
    }

    /// The same as a user starts it: `b24restore sandbox`.
    pub fn as_a_process() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let mut child = Command::new(PROGRAM)
            .args(["sandbox", "--limits", "none", "--data"])
            .arg(dir.path().join("data"))
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut first = String::new();
        BufReader::new(child.stdout.take().expect("its output")).read_line(&mut first).expect("a first line");
        let webhook = first.trim().strip_prefix("webhook: ").expect("the contract's line").to_owned();
        Self::at(webhook, Host::Process(child), dir)
    }

    fn at(webhook: String, host: Host, dir: TempDir) -> Self {
        let address = webhook.split('/').nth(2).expect("a host").to_owned();
        Self { line: Mutex::new(Line::to(&address)), webhook, host, dir }
    }

    /// The address of the administrator's webhook.
    pub fn webhook(&self) -> &str {
        &self.webhook
    }

    /// `127.0.0.1:PORT`.
    pub fn address(&self) -> &str {
        self.webhook.split('/').nth(2).expect("a host")
    }

    /// The webhook with a secret that isn't the portal's.
    pub fn webhook_with(&self, secret: &str) -> String {
        format!("http://{}/rest/1/{secret}/", self.address())
    }

    /// The webhook of a new user.
    pub fn webhook_of_a_new_user(&self, admin: bool) -> String {
        let fields = json!({"NAME": "Otra", "LAST_NAME": "Persona", "ADMIN": if admin { "Y" } else { "N" }});
        let user = self.call("sandbox.user.add", json!({"fields": fields}));
        let part = |name: &str| user[name].as_str().expect("a text").to_owned();
        format!("http://{}/rest/{}/{}/", self.address(), part("ID"), part("SECRET"))
    }

    /// Installs an application whose tokens live for so many seconds; the file of its keys.
    pub fn keys_of_an_application(&self, name: &str, expires_in: u64) -> PathBuf {
        let keys = self.call("sandbox.application.install", json!({"expires_in": expires_in}));
        let path = self.dir().join(name);
        std::fs::write(&path, keys.to_string()).expect("a file");
        #[cfg(unix)]
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("its rights");
        path
    }

    /// A directory of this test.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// A call, whatever is answered.
    pub fn ask(&self, method: &str, params: &Value) -> Answer {
        let (_, way) = self.webhook.split_once(self.address()).expect("the address is in the webhook");
        let path = format!("{way}{method}.json");
        self.line.lock().expect("the line").post(&path, &params.to_string()).expect("an answer")
    }

    /// The result of a call that must succeed.
    #[expect(clippy::needless_pass_by_value, reason = "callers write the parameters where they call")]
    #[track_caller]
    pub fn call(&self, method: &str, params: Value) -> Value {
        let answer = self.ask(method, &params);
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        assert_eq!(answer.status, 200, "{method} {params}: {text}");
        let mut body: Value = serde_json::from_str(&text).expect("JSON");
        body["result"].take()
    }

    /// All records of a kind, by id, with all their fields.
    pub fn every(&self, kind: &str) -> BTreeMap<u64, Value> {
        let mut all = BTreeMap::new();
        let mut after = 0;
        loop {
            let rows = self.call(
                &format!("crm.{kind}.list"),
                json!({"select": ["*", "UF_*", "PHONE", "EMAIL", "WEB", "IM"], "order": {"ID": "ASC"},
                       "filter": {">ID": after}, "start": -1}),
            );
            let rows = rows.as_array().expect("a list").clone();
            if rows.is_empty() {
                return all;
            }
            for row in rows {
                after = row["ID"].as_str().and_then(|id| id.parse().ok()).expect("an id");
                all.insert(after, row);
            }
        }
    }

    /// How many rows the ledger of changes holds.
    pub fn changes(&self) -> usize {
        self.call("sandbox.ledger", json!({"limit": 1_000_000})).as_array().expect("a list").len()
    }

    /// Counts calls of writing methods from here on; takes the place of armed faults.
    pub fn watch_writing(&self) {
        self.disarm();
        let rules: Vec<Value> =
            WRITING.iter().map(|method| json!({"method": method, "nth": u64::MAX, "do": {"delay_ms": 1}})).collect();
        self.call("sandbox.fault.add", json!({"rules": rules}));
    }

    /// The writing methods called since [`Portal::watch_writing`].
    pub fn written(&self) -> Vec<String> {
        let rules = self.call("sandbox.fault.list", json!({}));
        let rules = rules.as_array().expect("a list").iter();
        let seen = rules.filter(|rule| rule["seen"] != 0 && WRITING.iter().any(|method| rule["method"] == *method));
        seen.map(|rule| rule["method"].as_str().expect("a name").to_owned()).collect()
    }

    /// Arms a fault (the form is told at the top of `src/sandbox/rule.rs`).
    pub fn arm(&self, rule: Value) {
        self.call("sandbox.fault.add", rule);
    }

    pub fn disarm(&self) {
        self.call("sandbox.fault.clear", json!({}));
    }

    /// How often each armed fault has met its request.
    pub fn met(&self) -> Vec<u64> {
        self.told("seen")
    }

    /// How often each armed fault has struck.
    pub fn struck(&self) -> Vec<u64> {
        self.told("fired")
    }

    /// What came in since the portal was opened, and what its limits turned away.
    pub fn traffic(&self) -> Traffic {
        let Host::Here(Some(sandbox)) = &self.host else { panic!("only an open portal on threads of the test") };
        sandbox.office().traffic()
    }

    fn told(&self, figure: &str) -> Vec<u64> {
        let rules = self.call("sandbox.fault.list", json!({}));
        rules.as_array().expect("a list").iter().map(|rule| rule[figure].as_u64().expect("a count")).collect()
    }

    /// Waits until the portal has seen something, or until the process has ended by itself; says which: true if it was seen.
    pub fn sees(&self, mut seen: impl FnMut(&Self) -> bool, process: &mut Child) -> bool {
        loop {
            if seen(self) {
                return true;
            }
            if process.try_wait().expect("its state").is_some() {
                return false;
            }
            std::thread::yield_now();
        }
    }
}
