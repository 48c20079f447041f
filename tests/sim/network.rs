//! The network between `apply` and the portal: carries requests, loses them, brings them late, and looks on.

use std::panic::resume_unwind;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use b24restore::portal::{Delivery, Posting, RawAnswer, Transport, Trouble};
use jiff::SignedDuration;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::intents::not_intended;
use crate::portal::Portal;
use crate::script::{Fate, Script};
use crate::trace::Trace;
use crate::wall::Wall;
use crate::world::World;

/// What a dying process unwinds with.
#[derive(Debug)]
pub struct Death;

/// The way to a portal on which nothing ever happens.
pub struct Direct(pub Portal);

impl Transport for Direct {
    fn post<'a>(&'a self, method: &'a str, body: Vec<u8>) -> Posting<'a> {
        Box::pin(async move { answer(self.0.inside.handle_unlimited(method, &body).await) })
    }
}

/// What a request asks for.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// The marks of the records that it creates.
    pub creates: Vec<String>,
    /// Whether it changes anything.
    pub changes: bool,
    /// Whether it looks records up by their marks.
    pub looks_up: bool,
    /// Its number, from 0, over all runs of a seed.
    pub number: usize,
}

impl Asked {
    pub fn of(method: &str, body: &[u8], number: usize) -> Self {
        let body: Value = serde_json::from_slice(body).expect("the client sends JSON");
        let commands: Vec<String> = match method {
            "batch" => body["cmd"]
                .as_object()
                .expect("commands")
                .values()
                .map(|text| text.as_str().expect("a text").to_owned())
                .collect(),
            _ => vec![format!("{method}?{body}")],
        };
        let creates =
            commands.iter().filter(|command| command.starts_with("crm.item.batchImport")).flat_map(|command| marks(command));
        let reads = ["list", "fields", "profile", "server.time", "scope", "get"];
        let is_change = |command: &&String| {
            let name = command.split('?').next().unwrap_or_default();
            !reads.iter().any(|read| name.ends_with(read))
        };
        Self {
            creates: creates.collect(),
            changes: commands.iter().any(|command| is_change(&command)),
            looks_up: commands.iter().any(|command| command.contains("originId]") && command.contains(".list?")),
            number,
        }
    }
}

/// The marks in a command, in whichever of the two forms it is written.
fn marks(command: &str) -> Vec<String> {
    let in_query = command.split("[originId]=").skip(1).map(|rest| rest.split('&').next().unwrap_or_default());
    let in_json = command.split("\"originId\":\"").skip(1).map(|rest| rest.split('"').next().unwrap_or_default());
    in_query.chain(in_json).map(|mark| mark.replace("%3A", ":").replace("%2F", "/")).collect()
}

/// The network of one seed.
pub struct Network {
    pub portal: Portal,
    world: &'static World,
    journal: Mutex<PathBuf>,
    wall: Arc<Wall>,
    trace: Arc<Trace>,
    state: Mutex<State>,
}

struct State {
    script: Box<dyn Script>,
    number: usize,
    /// The last row of the portal's ledger that was seen.
    ledger: i64,
    /// The records that were made, each with its moment.
    made: Vec<(u64, Instant)>,
    /// What must never be.
    wrong: Vec<String>,
    /// Refusals by the portal's own bucket.
    refused: usize,
    /// When the last of the requests that are still under way is carried out.
    quiet_at: Instant,
    faults: usize,
    sent: usize,
}

impl Network {
    pub fn new(
        portal: Portal,
        journal: PathBuf,
        wall: Arc<Wall>,
        trace: Arc<Trace>,
        script: Box<dyn Script>,
        world: &'static World,
    ) -> Arc<Self> {
        let state = State {
            script,
            number: 0,
            ledger: world.ledger,
            made: Vec::new(),
            wrong: Vec::new(),
            refused: 0,
            quiet_at: Instant::now(),
            faults: 0,
            sent: 0,
        };
        Arc::new(Self { portal, world, journal: Mutex::new(journal), wall, trace, state: Mutex::new(state) })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A death while the lock was held is a death of the client, not of the network.
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Another plan is carried out from here on.
    #[cfg(feature = "faults")]
    pub fn watch(&self, journal: PathBuf) {
        *self.journal.lock().expect("a path") = journal;
    }

    /// Asks the script.
    pub fn script<T>(&self, ask: impl FnOnce(&mut dyn Script) -> T) -> T {
        ask(&mut *self.state().script)
    }

    /// What must never be, and was.
    pub fn wrong(&self) -> Vec<String> {
        self.state().wrong.clone()
    }

    /// How often the portal itself refused a request because there were too many.
    pub fn refused(&self) -> usize {
        self.state().refused
    }

    /// How many requests met a fault.
    pub fn faults(&self) -> usize {
        self.state().faults
    }

    /// How many requests that create were sent.
    pub fn sent(&self) -> usize {
        self.state().sent
    }

    /// Waits until nothing is under way any more, and whatever was made is found by its mark.
    pub async fn quiet(&self) {
        let at = self.state().quiet_at.max(Instant::now());
        tokio::time::sleep_until(at + Duration::from_secs(30)).await;
    }

    async fn deliver(self: &Arc<Self>, method: &str, body: Vec<u8>) -> Delivery {
        let (asked, fate) = {
            let mut state = self.state();
            let asked = Asked::of(method, &body, state.number);
            state.number += 1;
            state.sent += usize::from(!asked.creates.is_empty());
            let fate = state.script.fate(&asked);
            state.faults += usize::from(fate != Fate::Answered);
            if let Some(seconds) = state.script.clock() {
                self.trace.say(format_args!("the wall clock jumps {seconds} s"));
                self.wall.jump(SignedDuration::from_secs(seconds));
            }
            (asked, fate)
        };
        let what = if asked.creates.is_empty() { method.to_owned() } else { format!("create {}", asked.creates.join(" ")) };
        self.trace.say(format_args!("#{} {what}: {fate:?}", asked.number));
        let journal = self.journal.lock().expect("a path").clone();
        let sources: Vec<String> = asked.creates.iter().map(|origin| self.world.source_of(origin)).collect();
        let wrong = not_intended(&journal, &sources);
        self.state().wrong.extend(wrong);
        sleep(Duration::from_millis(120)).await;
        match fate {
            Fate::Answered => self.carry_out(method, &body, &asked).await,
            Fate::NotSent => Delivery::NotSent(Trouble::ConnectionRefused),
            Fate::LostBefore(silence) => lost(silence).await,
            Fate::LostAfter(silence) => {
                self.carry_out(method, &body, &asked).await;
                lost(silence).await
            }
            Fate::Late(later) => {
                self.carry_out_later(later, method, body, asked);
                Delivery::Lost(Trouble::ConnectionLost)
            }
            Fate::Page(status, applied) => {
                self.perhaps(applied, method, &body, &asked).await;
                let page = RawAnswer { status, content_type: Some("text/html".into()), body: b"<html>".to_vec(), location: None };
                Delivery::Answer(page)
            }
            Fate::Error(applied) => {
                self.perhaps(applied, method, &body, &asked).await;
                refusal(500, "INTERNAL_SERVER_ERROR")
            }
            Fate::Cut => {
                self.carry_out(method, &body, &asked).await;
                answer((200, b"{\"result\":{\"result\":{\"c0\":".to_vec()))
            }
            Fate::Empty(applied) => {
                self.perhaps(applied, method, &body, &asked).await;
                answer((200, Vec::new()))
            }
            Fate::Busy => refusal(503, "QUERY_LIMIT_EXCEEDED"),
            Fate::UsedUp => refusal(429, "OPERATION_TIME_LIMIT"),
            Fate::Refused => refusal(401, "INVALID_CREDENTIALS"),
            Fate::Twice => {
                self.carry_out(method, &body, &asked).await;
                self.carry_out(method, &body, &asked).await
            }
            Fate::TwiceLost => {
                self.carry_out(method, &body, &asked).await;
                self.carry_out(method, &body, &asked).await;
                Delivery::Lost(Trouble::ConnectionLost)
            }
            Fate::DieLate(later) => {
                self.carry_out_later(later, method, body, asked);
                resume_unwind(Box::new(Death))
            }
            Fate::DieBefore => resume_unwind(Box::new(Death)),
            Fate::DieAfter => {
                self.carry_out(method, &body, &asked).await;
                resume_unwind(Box::new(Death))
            }
        }
    }

    /// It belongs to the portal, not to the process that may die.
    fn carry_out_later(self: &Arc<Self>, later: Duration, method: &str, body: Vec<u8>, asked: Asked) {
        self.state().quiet_at = Instant::now() + later;
        let (network, method) = (Arc::clone(self), method.to_owned());
        tokio::spawn(async move {
            sleep(later).await;
            network.trace.say(format_args!("#{} is carried out at last", asked.number));
            network.carry_out(&method, &body, &asked).await;
        });
    }

    async fn perhaps(&self, applied: bool, method: &str, body: &[u8], asked: &Asked) {
        if applied {
            self.carry_out(method, body, asked).await;
        }
    }

    async fn carry_out(&self, method: &str, body: &[u8], asked: &Asked) -> Delivery {
        let (status, mut answered) = self.portal.inside.handle(method, body).await;
        self.state().refused += usize::from(status == 503);
        if asked.changes {
            self.note_made();
        }
        if asked.looks_up {
            answered = self.without_the_newest(&answered);
        }
        answer((status, answered))
    }

    /// The portal's ledger tells which records are new.
    fn note_made(&self) {
        let since = self.state().ledger;
        let rows = self.portal.ledger(since);
        let mut state = self.state();
        for row in rows {
            state.ledger = row["seq"].as_i64().expect("a number");
            if row["action"] == "create" {
                let id = row["entity_id"].as_str().and_then(|id| id.parse().ok()).expect("an id");
                state.made.push((id, Instant::now()));
            }
        }
    }

    /// A list that doesn't show yet what was made a moment ago: reading after writing isn't promised anywhere.
    fn without_the_newest(&self, answered: &[u8]) -> Vec<u8> {
        let state = self.state();
        let lag = state.script.lag();
        let hidden = |id: u64| state.made.iter().any(|(made, at)| *made == id && at.elapsed() < lag);
        let Ok(mut answer) = serde_json::from_slice::<Value>(answered) else { return answered.to_vec() };
        let Some(results) = answer["result"]["result"].as_object_mut() else { return answered.to_vec() };
        for result in results.values_mut() {
            if let Some(items) = result["items"].as_array_mut() {
                items.retain(|item| !hidden(item["id"].as_u64().unwrap_or_default()));
            }
        }
        answer.to_string().into_bytes()
    }
}

/// The way of `apply` to its portal: through the network.
pub struct Through(pub Arc<Network>);

impl Transport for Through {
    fn post<'a>(&'a self, method: &'a str, body: Vec<u8>) -> Posting<'a> {
        Box::pin(self.0.deliver(method, body))
    }
}

async fn lost(silence: Duration) -> Delivery {
    sleep(silence).await;
    Delivery::Lost(if silence > Duration::from_secs(1) { Trouble::Timeout } else { Trouble::ConnectionLost })
}

fn answer((status, body): (u16, Vec<u8>)) -> Delivery {
    let content_type = Some("application/json; charset=utf-8".to_owned());
    Delivery::Answer(RawAnswer { status, content_type, body, location: None })
}

fn refusal(status: u16, code: &str) -> Delivery {
    answer((status, json!({"error": code, "error_description": "no"}).to_string().into_bytes()))
}
