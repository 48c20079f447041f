//! The door: a request comes in, an answer goes out.
//!
//! Checks in the order of rest-transport 1.3: who is let in at all, the bucket, the method's existence, the credential, the method's
//! account, the method itself. A fault strikes behind the bucket and before the rest. A request that was read whole is carried out by a
//! task of its own: the server doesn't notice that a client gave up, and finishes (reliability, section 0).

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::{Body as HttpBody, Bytes, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, Version};
use axum::response::Response;
use serde_json::{Map, Value, json};
use tokio::sync::oneshot;

use super::answer::RestError;
use super::application;
use super::arming;
use super::batch;
use super::faults::{Asked, Place, Step, Strikes};
use super::guard;
use super::office::{Carried, Desk, End, Office, Underway, internal_error, method_not_found};
use super::params::{self, Carrier};
use super::php;
use super::routes::{self, Route, Webhook};
use super::rule::{Deed, Fault};
use super::strike::{Answer, Body, Out, changed, forget, replacement};
use super::waiting::Waiting;
use super::wire::{Order, Peer};
use super::{envelope, system};

/// The largest body that is taken in. Judgement: no number is published; a web server has one.
const BODY_MAX: usize = 64 << 20;

/// The longest address. Judgement: the default of the web server in front; a `batch` by GET runs into it (rest-transport 2.4).
const ADDRESS_MAX: usize = 8 << 10;

/// Answers one request.
pub async fn door(State(office): State<Arc<Office>>, ConnectInfo(peer): ConnectInfo<Peer>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let Out { answer, order } = attend(&office, peer.address.ip(), &head, body).await;
    match order {
        // The body of an answer can't be told from its head in the frames of HTTP/2.
        Some(Order::Cut(_) | Order::Tear(_)) if head.version == Version::HTTP_2 => peer.line.give(Order::Drop),
        Some(Order::Dribble(pause)) => peer.line.give(Order::Dribble(office.clock.real(pause))),
        Some(order) => peer.line.give(order),
        None => {}
    }
    written(answer)
}

async fn attend(office: &Arc<Office>, address: IpAddr, head: &Parts, body: HttpBody) -> Out {
    if !guard::lets_in(head) {
        return Answer::page(421).into();
    }
    if head.uri.path_and_query().is_some_and(|address| address.as_str().len() > ADDRESS_MAX) {
        return Answer::page(414).into();
    }
    let route = routes::read(head.uri.path());
    if route == Route::Elsewhere {
        return Answer::page(404).into();
    }
    if head.method == Method::OPTIONS {
        return Answer::json(200, json!([])).into();
    }
    let arms_faults = matches!(&route, Route::Method { name, .. } if name.starts_with(arming::METHODS));
    if !arms_faults && route != Route::Token && !office.admits(address) {
        return Answer::error(&RestError::with_status(503, "QUERY_LIMIT_EXCEEDED", "Too many requests")).into();
    }
    let (name, webhook) = match route {
        Route::Method { name, webhook } => (name, webhook),
        Route::Token => (application::TOKEN.to_owned(), None),
        Route::RestThree | Route::Elsewhere => return rest_three(),
    };
    let at_the_head = if arms_faults { None } else { office.meet(Place::Head(&name)).head };
    if let Some(Fault { deed, delay }) = at_the_head {
        office.clock.wait(delay).await;
        if let Deed::Arm(rules) = &deed {
            office.arm(rules.clone());
        }
        if let Some(out) = replacement(&deed) {
            return out;
        }
    }
    let Ok(body) = to_bytes(body, BODY_MAX).await else {
        // Too large, or it never came whole; then nobody reads this.
        return Answer::page(413).into();
    };
    let mut params = parameters(head, &body);
    let token = if webhook.is_none() { token(head, &mut params) } else { None };
    let strikes = if arms_faults { Strikes::default() } else { met(office, &name, &params) };
    let call = Call { params, token, host: host(head), name, webhook, strikes };
    let (sender, receiver) = oneshot::channel();
    let waiting = Waiting::new(sender, address);
    // Begun here and not in the task, so that a closing portal can't overlook a task that hasn't had its turn yet.
    tokio::spawn(serve(Arc::clone(office), office.begin(), call, waiting));
    receiver.await.unwrap_or_else(|_| Answer::error(&internal_error()).into())
}

/// What strikes a request that has been read. What its commands are is looked at only where something is armed.
pub fn met(office: &Office, name: &str, params: &Map<String, Value>) -> Strikes {
    if office.faults().is_empty() {
        return Strikes::default();
    }
    let commands = if name == "batch" { batch::asked(params) } else { Vec::new() };
    office.meet(Place::Request(&Asked { own: Step::of(name, params), commands }))
}

fn rest_three() -> Out {
    let error = json!({"code": "BITRIX_REST_V3_EXCEPTION_METHODNOTFOUNDEXCEPTION", "message": "Method not found"});
    Answer::json(400, json!({"error": error})).into()
}

fn parameters(head: &Parts, body: &Bytes) -> Map<String, Value> {
    let content_type = head.headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let body = (head.method == Method::POST).then_some(&body[..]);
    params::read(Carrier { query: head.uri.query().unwrap_or_default(), body, content_type })
}

/// An application's token: in the head, else among the parameters, where the method doesn't see it (rest-transport 1.2).
fn token(head: &Parts, params: &mut Map<String, Value>) -> Option<String> {
    let [auth, access_token] = ["auth", "access_token"].map(|name| params.shift_remove(name).as_ref().and_then(php::as_text));
    let header = head.headers.get("authorization").and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    header.map(str::to_owned).or(auth).or(access_token)
}

/// How the client calls this portal.
fn host(head: &Parts) -> String {
    let named = head.headers.get("host").and_then(|value| value.to_str().ok());
    named.or_else(|| head.uri.authority().map(axum::http::uri::Authority::as_str)).unwrap_or_default().to_owned()
}

/// A request that has been read whole.
pub struct Call {
    /// The method, in lower case.
    pub name: String,
    /// The credential in its path.
    pub webhook: Option<Webhook>,
    /// Its parameters.
    pub params: Map<String, Value>,
    /// The token that it brings instead.
    pub token: Option<String>,
    /// How it calls this portal.
    pub host: String,
    /// What strikes it.
    pub strikes: Strikes,
}

/// Carries a request out and tells the answer to who still waits for it.
pub async fn serve(office: Arc<Office>, _underway: Underway, mut call: Call, mut waiting: Waiting) {
    let mut again = false;
    if let Some(Fault { deed, delay }) = call.strikes.before.take() {
        office.clock.wait(delay).await;
        match deed {
            Deed::Crowd(requests) => waiting.crowd(&office, requests),
            Deed::Twice => again = true,
            Deed::Arm(rules) => office.arm(rules),
            Deed::Forget(name) => forget(&mut call.params, &name),
            Deed::Expire => office.work(|store| store.expire_tokens(false)).await,
            Deed::Revoke => office.work(|store| store.expire_tokens(true)).await,
            Deed::Late(late, page) => {
                waiting.tell(page.map_or_else(|| Out::order(Order::Drop), |status| Answer::page(status).into()));
                if waiting.late(&office, late).await.is_err() {
                    return;
                }
            }
            deed => {
                if let Some(out) = replacement(&deed) {
                    waiting.tell(out);
                    return;
                }
            }
        }
    }
    let after = call.strikes.after.take();
    if again {
        answered(&office, &call, &mut waiting).await;
    }
    let begun = Instant::now();
    let mut out = answered(&office, &call, &mut waiting).await;
    out.answer.headers.extend(rest_times(&out.answer, begun.elapsed()));
    if let Some(Fault { deed, delay }) = after {
        office.clock.wait(delay).await;
        out = match deed {
            Deed::Change(change) => changed(out, &change),
            Deed::Arm(rules) => {
                office.arm(rules);
                out
            }
            deed => replacement(&deed).unwrap_or(out),
        };
    }
    waiting.tell(out);
}

/// How long the call took, as the cloud tells it in the headers of its JSON (rest-transport 3.1). What of it was the processor's own
/// time is not measured here.
fn rest_times(answer: &Answer, took: Duration) -> Vec<(String, String)> {
    let times = [("X-Bitrix-Rest-Time", took), ("X-Bitrix-Rest-User-Time", took), ("X-Bitrix-Rest-System-Time", Duration::ZERO)];
    let told = times.into_iter().filter(|_| matches!(answer.body, Body::Json(_)));
    told.map(|(name, time)| (name.to_owned(), format!("{:.10}", time.as_secs_f64()))).collect()
}

/// Carries a request out, from the credential on.
pub async fn answered(office: &Arc<Office>, call: &Call, waiting: &mut Waiting) -> Out {
    if call.name == application::TOKEN {
        return application::renew(office, &call.host, &call.params).await.into();
    }
    let user = match admitted(office, call).await {
        Ok(user) => user,
        Err(error) => return Answer::error(&error).into(),
    };
    if let Some(method) = call.name.strip_prefix(arming::METHODS) {
        return match arming::call(&mut office.faults(), method, &call.params) {
            Ok(reply) => {
                let time = office.time(user, &call.name, office.clock.wall());
                Answer::json(200, envelope::success(reply, time)).into()
            }
            Err(error) => Answer::error(&error).into(),
        };
    }
    let start = office.clock.wall();
    if call.name == application::INSTALL {
        let reply = application::install(office, user, &call.host, &call.params).await;
        return Answer::json(200, envelope::success(reply, office.time(user, &call.name, start))).into();
    }
    let mut desk = Desk::new(Arc::clone(office), user);
    let ended = if call.name == "batch" {
        batch::carry_out(&mut desk, &call.params, waiting).await.map(|done| {
            let time = office.time(user, "batch", start);
            let out = Answer::json(200, envelope::success(done.reply, time)).into();
            done.changes.iter().fold(out, changed)
        })
    } else {
        desk.carry_out(&call.name, call.params.clone()).await.map(|Carried { outcome, time }| {
            match outcome {
                Ok(reply) => Answer::json(200, envelope::success(reply, time)),
                Err(error) => Answer::error(&error),
            }
            .into()
        })
    };
    match ended {
        Ok(out) => out,
        Err(End::Interrupted) => Answer::page(504).into(),
        Err(End::Struck(deed)) => replacement(&deed).unwrap_or_else(|| Answer::page(504).into()),
    }
}

/// The user who calls, once the method exists and the credential is right; in this order (rest-transport 1.3).
async fn admitted(office: &Office, call: &Call) -> Result<u64, RestError> {
    let is_own = call.name.starts_with(arming::METHODS) || call.name == application::INSTALL;
    if !is_own && !system::portal_knows(&call.name) {
        return Err(method_not_found());
    }
    let Some(webhook) = &call.webhook else {
        return match &call.token {
            Some(token) => application::bearer(office, token.clone()).await,
            None => Err(RestError::with_status(401, "NO_AUTH_FOUND", "Wrong authorization data")),
        };
    };
    // A login instead of the number is legal at a portal; users of the sandbox have none.
    match webhook.user.parse() {
        Ok(user) if office.authorises(user, webhook.secret.clone()).await => Ok(user),
        _ => Err(RestError::with_status(401, "INVALID_CREDENTIALS", "Invalid request credentials")),
    }
}

fn written(answer: Answer) -> Response {
    let mut response = Response::new(HttpBody::from(answer.body.into_bytes()));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in answer.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
