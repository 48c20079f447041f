//! The way of `apply` to its portal in a cell of the fault matrix: one fault strikes on it, at one import.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use b24restore::cli::prove::cell::Cell;
use b24restore::cli::prove::faults::{At, Deed, Handling};
use b24restore::portal::{self, Content, Delivery, Posting, Transport, Trouble};
use b24restore::sandbox::rule::Rule;
use b24restore::sandbox::strike::replacement;
use b24restore::sandbox::{Inside, application};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use crate::http;
use crate::intents::not_intended;
use crate::network::Asked;
use crate::trace::Trace;

/// Where nobody is who must not hear the secret.
const FOREIGN: &str = "https://ajeno.example/rest/1/x/batch.json";

/// The wire.
pub struct Wire {
    portal: Inside,
    journal: PathBuf,
    /// The file of an application's keys, where the program comes by one.
    keys: Option<PathBuf>,
    trace: Arc<Trace>,
    state: Mutex<State>,
}

struct State {
    blow: Option<Blow>,
    /// Requests of all kinds.
    number: usize,
    /// Requests that were to create something.
    sent: usize,
    /// Requests that carried an import of the cell's record type, as long as the fault was there.
    imports: usize,
    /// How often the fault has struck where the wire itself strikes.
    struck: u64,
    /// How many imports there had been when it struck first.
    first: Option<usize>,
    /// How often an application's token was renewed, or asked for.
    renewals: usize,
    /// What must never be.
    wrong: Vec<String>,
}

/// A fault that is still to strike.
#[derive(Clone)]
struct Blow {
    cell: Cell,
    deed: Deed,
}

impl Blow {
    /// The number of the cell's import among those of its record type, from 1.
    fn nth(&self) -> usize {
        self.cell.place + 1
    }

    fn carries(&self, asked: &Asked) -> bool {
        let kind = format!("{}:", self.cell.entity.name().to_lowercase());
        asked.creates.iter().any(|mark| mark.starts_with(&kind))
    }

    /// Whether the wire strikes a request, so many imports having been sent with it. What strikes a request by what it asks for, the
    /// portal's own rules strike.
    fn is_due(&self, carries: bool, imports: usize) -> bool {
        let expected = self.cell.expects(&self.deed);
        let from_then_on = self.cell.forever && expected != Handling::Declared;
        match self.deed.at {
            At::Network if from_then_on => carries && imports >= self.nth(),
            At::Network => carries && imports == self.nth(),
            At::Head if !from_then_on => carries && imports == self.nth(),
            At::Head | At::Every => imports >= self.nth(),
            At::Request | At::Command | At::Connect | At::Setup => false,
        }
    }
}

impl Wire {
    /// A wire on which a form of a cell's fault will strike.
    pub fn new(portal: Inside, journal: PathBuf, keys: Option<PathBuf>, trace: Arc<Trace>, cell: Cell, deed: &Deed) -> Arc<Self> {
        assert_ne!(deed.at, At::Connect, "a simulation has no connections of its own: {cell} needs another form");
        if matches!(deed.at, At::Request | At::Command) {
            let rules = cell.rules(deed, FOREIGN).into_iter().map(|rule| Rule::read(rule).expect("a rule"));
            portal.office().arm(rules.collect());
        }
        let state = State {
            blow: Some(Blow { cell, deed: deed.clone() }),
            number: 0,
            sent: 0,
            imports: 0,
            struck: 0,
            first: None,
            renewals: 0,
            wrong: Vec::new(),
        };
        Arc::new(Self { portal, journal, keys, trace, state: Mutex::new(state) })
    }

    /// How often the fault has struck.
    pub fn struck(&self) -> u64 {
        self.state().struck + self.portal.office().faults().struck()
    }

    /// At which import of the cell's record type it struck first, from 1.
    pub fn struck_first_at(&self) -> Option<usize> {
        self.state().first
    }

    /// How many requests carried an import of the cell's record type.
    pub fn imports(&self) -> usize {
        self.state().imports
    }

    /// How many requests were to create something.
    pub fn sent(&self) -> usize {
        self.state().sent
    }

    /// How often new keys were asked for.
    pub fn renewals(&self) -> usize {
        self.state().renewals
    }

    /// Whether the cause is still there.
    pub fn is_armed(&self) -> bool {
        self.state().blow.is_some()
    }

    /// What must never be, and was.
    pub fn wrong(&self) -> Vec<String> {
        self.state().wrong.clone()
    }

    /// The cause is gone.
    pub fn mend(&self) {
        self.state().blow = None;
        self.portal.office().faults().clear();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("the wire")
    }

    async fn deliver(&self, method: &str, body: Vec<u8>) -> Delivery {
        let (asked, due) = self.meet(method, &body);
        let what = if asked.creates.is_empty() { method.to_owned() } else { format!("create {}", asked.creates.join(" ")) };
        let wrong = not_intended(&self.journal, &asked.creates);
        self.state().wrong.extend(wrong);
        sleep(Duration::from_millis(120)).await;
        let delivery = match due {
            Some(deed) => self.strike(&deed, method, &body).await,
            None => self.hand_in(method, &body).await,
        };
        let seen = match &delivery {
            Delivery::Answer(answer) => {
                format!("{} {}", answer.status, String::from_utf8_lossy(&answer.body[..answer.body.len().min(200)]))
            }
            other => format!("{other:?}"),
        };
        self.trace.say(format_args!("#{} {what}: {seen}", asked.number));
        self.note();
        delivery
    }

    /// Counts a request; gives the form of the fault by which the wire strikes it.
    fn meet(&self, method: &str, body: &[u8]) -> (Asked, Option<Deed>) {
        let mut state = self.state();
        let asked = Asked::of(method, body, state.number);
        state.number += 1;
        state.sent += usize::from(!asked.creates.is_empty());
        let Some(blow) = state.blow.clone() else { return (asked, None) };
        let carries = blow.carries(&asked);
        state.imports += usize::from(carries);
        let is_due = blow.is_due(carries, state.imports);
        state.struck += u64::from(is_due && blow.deed.at != At::Every);
        (asked, is_due.then_some(blow.deed))
    }

    async fn strike(&self, deed: &Deed, method: &str, body: &[u8]) -> Delivery {
        match deed.at {
            At::Network => {
                if deed.when == "after" {
                    self.hand_in(method, body).await;
                }
                sleep(Duration::from_secs_f64(deed.silence)).await;
                http::trouble(&deed.what)
            }
            At::Head => {
                let rule = Rule::read(json!({"when": deed.when, "do": deed.read(FOREIGN)})).expect("a rule");
                http::seen(replacement(&rule.fault.deed).expect("a deed that stands in the place of an answer")).await
            }
            _ => {
                let rule = json!({"when": deed.when, "do": deed.read(FOREIGN), "times": 1});
                self.portal.office().arm(vec![Rule::read(rule).expect("a rule")]);
                self.hand_in(method, body).await
            }
        }
    }

    /// Hands a request in at the portal's door, as a client does who doesn't wait for ever.
    async fn hand_in(&self, method: &str, body: &[u8]) -> Delivery {
        let delivered = async {
            match &self.keys {
                Some(_) => self.portal.deliver_of_an_application(method, body).await,
                None => self.portal.deliver(method, body).await,
            }
        };
        match timeout(http::SILENCE_MAX, delivered).await {
            Ok(out) => http::seen(out).await,
            Err(_) => Delivery::Lost(Trouble::Timeout),
        }
    }

    /// An application's request, as it goes out. The keys that it goes by must be in their file by then: whoever is killed now finds them.
    async fn deliver_sealed(&self, keys: &Path, url: &str, body: Vec<u8>) -> Delivery {
        let method = url.split_once("/rest/").and_then(|(_, method)| method.strip_suffix(".json")).expect("a method's address");
        let sent: Value = serde_json::from_slice(&body).expect("the client sends JSON");
        let kept: Value = serde_json::from_slice(&std::fs::read(keys).expect("the keys")).expect("the keys are JSON");
        if sent["auth"] != kept["access_token"] {
            self.state().wrong.push(format!("{method} goes by a token that nobody has written down"));
        }
        self.deliver(method, body).await
    }

    async fn renew(&self, form: &[u8]) -> Delivery {
        self.state().renewals += 1;
        sleep(Duration::from_millis(120)).await;
        let delivery = self.hand_in(application::TOKEN, form).await;
        let status = if let Delivery::Answer(answer) = &delivery { answer.status } else { 0 };
        self.trace.say(format_args!("new keys: {status}"));
        delivery
    }

    /// Notes where the fault struck first, and ends one that is over.
    fn note(&self) {
        let struck = self.struck();
        let mut state = self.state();
        if struck > 0 && state.first.is_none() {
            state.first = Some(state.imports);
        }
        let is_over = state.blow.as_ref().is_some_and(|blow| {
            let deed = &blow.deed;
            deed.ends(blow.cell.expects(deed)) && struck >= deed.strikes
        });
        if is_over {
            state.struck = struck;
            state.blow = None;
            self.portal.office().faults().clear();
        }
    }
}

/// A transport over a wire.
pub struct Over(pub Arc<Wire>);

impl Transport for Over {
    fn post<'a>(&'a self, method: &'a str, body: Vec<u8>) -> Posting<'a> {
        Box::pin(self.0.deliver(method, body))
    }
}

impl portal::Wire for Over {
    fn post<'a>(&'a self, url: &'a str, content: Content, body: Vec<u8>) -> Posting<'a> {
        Box::pin(async move {
            match content {
                Content::Form => self.0.renew(&body).await,
                Content::Json => {
                    let keys = self.0.keys.as_deref().expect("an application's keys");
                    self.0.deliver_sealed(keys, url, body).await
                }
            }
        })
    }
}
