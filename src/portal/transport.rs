//! The wire: one POST, and what became of it. `reqwest` is known to this file alone.
//!
//! The client never decides to send anything a second time: no redirect is followed (trap 36), no retry is made inside the HTTP
//! library (reqwest 0.13 retries protocol refusals by default), because a create that is sent twice is a record that is there twice.

use std::error::Error as _;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, LOCATION};

use crate::drill::{planted, point};

use super::access::Access;
use super::error::PortalError;
use super::renewal::{NotRenewed, Renewed};

/// How long a connection may take to come about.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest silence while an answer is awaited or read. A request is cut by the portal after 60 s (rest-transport 5.3).
const SILENCE_TIMEOUT: Duration = Duration::from_secs(75);
/// The longest a request may take in all.
const TOTAL_TIMEOUT: Duration = Duration::from_secs(150);
/// The longest that new keys are waited for; everybody waits meanwhile.
const RENEWAL_TIMEOUT: Duration = Duration::from_secs(30);
/// An idle connection is given up before the server does: a request on a connection that closes just then would be lost.
const IDLE_TIMEOUT: Duration = Duration::from_secs(8);
/// The most bytes of one answer, unpacked. A batch of 50 full pages stays far below.
const BODY_BYTES_MAX: usize = 64 * 1024 * 1024;

/// What became of a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Delivery {
    /// Provably nothing reached the method: no connection came about.
    NotSent(Trouble),
    /// Bytes may have gone out, and no whole answer came back.
    Lost(Trouble),
    /// The server answered.
    Answer(RawAnswer),
}

/// An answer as it came.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RawAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The header `Content-Type`.
    pub content_type: Option<String>,
    /// The whole body, unpacked.
    pub body: Vec<u8>,
    /// The header `Location`.
    pub location: Option<String>,
}

/// What stood between the program and the portal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Trouble {
    /// The host's name isn't known.
    #[error("the host's name can't be resolved")]
    NoSuchHost,
    /// Nothing listens there.
    #[error("the connection is refused")]
    ConnectionRefused,
    /// The host's certificate isn't trusted.
    #[error("the host's certificate isn't trusted")]
    Certificate,
    /// The encrypted connection didn't come about.
    #[error("no encrypted connection comes about")]
    Tls,
    /// No connection came about in time.
    #[error("no connection comes about in time")]
    ConnectTimeout,
    /// No connection came about, for another reason.
    #[error("no connection comes about")]
    NotConnected,
    /// The answer didn't come in time.
    #[error("no answer comes in time")]
    Timeout,
    /// The connection broke.
    #[error("the connection breaks")]
    ConnectionLost,
    /// The answer ended early or couldn't be unpacked.
    #[error("the answer ends early")]
    CutShort,
    /// The answer is longer than any answer of a portal.
    #[error("the answer is too long")]
    TooLarge,
}

/// The answer that [`Transport::post`] will give.
pub type Posting<'a> = Pin<Box<dyn Future<Output = Delivery> + Send + 'a>>;

/// What [`Transport::renew`] will tell.
pub type Renewing<'a> = Pin<Box<dyn Future<Output = Result<Renewed, NotRenewed>> + Send + 'a>>;

/// The way to a portal: posts a JSON body to a method and says what became of it. The seam at which a simulation takes HTTP's place.
pub trait Transport: Send + Sync {
    /// Posts once. Never tries again: what was not provably kept from the portal is [`Delivery::Lost`].
    fn post<'a>(&'a self, method: &'a str, body: Vec<u8>) -> Posting<'a>;

    /// Which token requests carry now, counted from 0; none where they carry something that is never renewed.
    fn token(&self) -> Option<u64> {
        None
    }

    /// Sees to it that requests carry another token than the one with this number, which was refused.
    fn renew(&self, refused: u64) -> Renewing<'_> {
        let _ = refused;
        Box::pin(std::future::ready(Ok(Renewed::Found)))
    }
}

/// What the body of a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// The parameters of a method, as JSON.
    Json,
    /// A form for an authorisation server.
    Form,
}

/// The wire below the secrets: one POST to a whole address. What goes through it holds a secret, and so may what comes back.
pub trait Wire: Send + Sync {
    /// Posts once, and never again.
    fn post<'a>(&'a self, url: &'a str, content: Content, body: Vec<u8>) -> Posting<'a>;
}

/// The wire of the program: the HTTP client.
pub(super) struct Http(reqwest::Client);

impl Http {
    /// Sets the HTTP client up; sends nothing.
    pub fn new(access: &Access, authorities: Option<&[u8]>) -> Result<Self, PortalError> {
        // Fails only where another part of the program has installed a provider already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("b24restore/", env!("CARGO_PKG_VERSION")))
            .redirect(redirects())
            .referer(false)
            .retry(retries(access))
            .https_only(!access.is_loopback())
            .tls_version_min(reqwest::tls::Version::TLS_1_2)
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(SILENCE_TIMEOUT)
            .timeout(TOTAL_TIMEOUT)
            .pool_idle_timeout(IDLE_TIMEOUT);
        if access.is_loopback() {
            builder = builder.no_proxy();
        }
        if !access.is_encrypted() && authorities.is_none() {
            // The system's certificates aren't needed, and a bare container, which is where a sandbox may run, has none.
            builder = builder.tls_certs_only([]);
        }
        if let Some(pem) = authorities {
            let certificates = reqwest::Certificate::from_pem_bundle(pem).map_err(|_| PortalError::Authorities)?;
            if certificates.is_empty() {
                return Err(PortalError::Authorities);
            }
            builder = builder.tls_certs_merge(certificates);
        }
        builder.build().map(Self).map_err(|_| PortalError::Setup)
    }
}

impl Wire for Http {
    fn post<'a>(&'a self, url: &'a str, content: Content, body: Vec<u8>) -> Posting<'a> {
        #[cfg(feature = "faults")]
        if content == Content::Json {
            drill(url, &body);
        }
        let request = self.0.post(url).header(ACCEPT, "application/json");
        let request = match content {
            Content::Json => request.header(CONTENT_TYPE, "application/json"),
            Content::Form => request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").timeout(RENEWAL_TIMEOUT),
        };
        Box::pin(exchanged(request.body(body)))
    }
}

/// Sends a request once, and reads its answer to the end.
async fn exchanged(request: reqwest::RequestBuilder) -> Delivery {
    let mut response = match request.send().await {
        Ok(response) => response,
        Err(error) => return failed(&error),
    };
    point!("headers received");
    let mut answer = RawAnswer {
        status: response.status().as_u16(),
        content_type: text(response.headers(), &CONTENT_TYPE),
        location: text(response.headers(), &LOCATION),
        body: Vec::new(),
    };
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if answer.body.len() + chunk.len() > BODY_BYTES_MAX => return Delivery::Lost(Trouble::TooLarge),
            Ok(Some(chunk)) => {
                answer.body.extend_from_slice(&chunk);
                point!("half of the body");
            }
            Ok(None) => {
                point!("body complete, not parsed");
                return Delivery::Answer(answer);
            }
            Err(error) if error.is_timeout() => return Delivery::Lost(Trouble::Timeout),
            Err(_) => return Delivery::Lost(Trouble::CutShort),
        }
    }
}

/// Deaths in the middle of a request. What HTTP's library does in one go is done here by hand, because the process ends with it.
#[cfg(feature = "faults")]
fn drill(url: &str, body: &[u8]) {
    use std::io::{Read, Write};
    let Ok(address) = url::Url::parse(url) else { return };
    let line = || {
        let host = address.host_str().unwrap_or_default();
        let line = std::net::TcpStream::connect((host, address.port_or_known_default().unwrap_or_default())).ok()?;
        let head = format!(
            "POST {} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            address.path(),
            body.len()
        );
        Some((line, [head.as_bytes(), body].concat()))
    };
    let send = |share: usize, answered: bool| {
        if let Some((mut line, request)) = line() {
            let _ = line.write_all(&request[..request.len() * share / 2]);
            let _ = line.flush();
            // The first byte of the answer proves that the portal has carried the request out.
            let _ = answered.then(|| line.read(&mut [0]));
        }
    };
    point!("connected", || send(0, false));
    point!("half of the request sent", || send(1, false));
    point!("all sent, the server has not begun", || send(2, false));
    point!("the server applied it, answer not read", || send(2, true));
}

/// No redirection is followed: it would turn a POST into a GET without its body, and carry the secret to another host.
fn redirects() -> reqwest::redirect::Policy {
    if planted!(RedirectFollowed) { reqwest::redirect::Policy::default() } else { reqwest::redirect::Policy::none() }
}

/// The library tries nothing again by itself.
#[cfg_attr(not(feature = "faults"), expect(unused_variables, reason = "whom to try again is of use to the planted defect alone"))]
fn retries(access: &Access) -> reqwest::retry::Builder {
    #[cfg(feature = "faults")]
    if planted!(NackRetry) {
        let host = access.identity().as_str().split(':').next().unwrap_or_default().to_owned();
        return reqwest::retry::for_host(host)
            .no_budget()
            .classify_fn(|tried| if tried.error().is_some() { tried.retryable() } else { tried.success() });
    }
    reqwest::retry::never()
}

fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.to_owned())
}

/// What a failed request comes to. Whatever isn't provably a failure to connect counts as lost.
///
/// The text of a `reqwest::Error` holds the full address with its secret (measured), so no error leaves this function.
fn failed(error: &reqwest::Error) -> Delivery {
    if error.is_builder() {
        return Delivery::NotSent(Trouble::NotConnected);
    }
    if !error.is_connect() {
        return Delivery::Lost(if error.is_timeout() { Trouble::Timeout } else { Trouble::ConnectionLost });
    }
    let mut trouble = if error.is_timeout() { Trouble::ConnectTimeout } else { Trouble::NotConnected };
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(known) = connect_trouble(inner) {
            trouble = known;
        }
        cause = inner.source();
    }
    Delivery::NotSent(trouble)
}

/// What one link in the chain of causes says about a connection that didn't come about.
fn connect_trouble(cause: &(dyn std::error::Error + 'static)) -> Option<Trouble> {
    if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
        return Some(of_tls(tls));
    }
    if let Some(io) = cause.downcast_ref::<io::Error>() {
        // The error inside an `io::Error` is no link of the chain.
        if let Some(known) = io.get_ref().and_then(|inner| connect_trouble(inner)) {
            return Some(known);
        }
        return match io.kind() {
            io::ErrorKind::ConnectionRefused => Some(Trouble::ConnectionRefused),
            io::ErrorKind::TimedOut => Some(Trouble::ConnectTimeout),
            _ => None,
        };
    }
    // hyper has no type for it, only this word.
    cause.to_string().starts_with("dns error").then_some(Trouble::NoSuchHost)
}

fn of_tls(error: &rustls::Error) -> Trouble {
    match error {
        rustls::Error::InvalidCertificate(_) => Trouble::Certificate,
        _ => Trouble::Tls,
    }
}
