//! A portal for one test, and raw HTTP to it.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use crate::sandbox::{Config, Language, Limits, Sandbox};

/// A portal and its configuration's directory.
pub struct Portal {
    pub sandbox: Sandbox,
    _data: tempfile::TempDir,
}

/// One answer, taken apart.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

/// How a connection ended when no whole answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    /// It was closed in order.
    Closed,
    /// It was reset.
    Reset,
}

impl Portal {
    pub fn open() -> Self {
        Self::with(|_| {})
    }

    pub fn with(change: impl FnOnce(&mut Config)) -> Self {
        let data = tempfile::tempdir().expect("a directory");
        let mut config = Config {
            data: data.path().to_owned(),
            limits: Limits::Standard,
            time_scale: 1000.0,
            latency_ms: 0,
            faults: None,
            language: Language::En,
            zone: "UTC".to_owned(),
        };
        change(&mut config);
        let sandbox = Sandbox::start(&config, ([127, 0, 0, 1], 0).into()).expect("a sandbox");
        Self { sandbox, _data: data }
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.sandbox.address()).expect("a connection");
        // Only so that a failure is told instead of hanging.
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout");
        stream
    }

    /// A request in which the word SECRET stands for the secret of the portal's webhook.
    pub fn with_secret(&self, request: &str) -> String {
        request.replace("/1/SECRET/", &format!("/1/{}/", self.sandbox.office().first_webhook().secret))
    }

    /// Sends a request as written, but for the secret, and reads the answer.
    pub fn raw(&self, request: &str) -> Result<Answer, Broken> {
        let mut stream = self.connect();
        send(&mut stream, &self.with_secret(request))?;
        receive(&mut stream)
    }

    /// A POST with a JSON body.
    pub fn post(&self, path: &str, body: &Value) -> Result<Answer, Broken> {
        self.raw(&post_text(path, &body.to_string()))
    }

    /// A call by the webhook.
    pub fn try_call(&self, method: &str, params: &Value) -> Result<Answer, Broken> {
        self.post(&format!("/rest/1/SECRET/{method}"), params)
    }

    pub fn call(&self, method: &str, params: &Value) -> Answer {
        self.try_call(method, params).expect("an answer")
    }

    pub fn result(&self, method: &str, params: &Value) -> Value {
        let answer = self.call(method, params);
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()["result"].clone()
    }

    pub fn arm(&self, rule: &Value) {
        assert_eq!(self.result("sandbox.fault.add", rule), json!(1));
    }

    /// How many effects there have been.
    pub fn counted(&self) -> u64 {
        self.result("probe.counted", &json!({})).as_u64().expect("a number")
    }

    pub fn batch(&self, cmd: &Value) -> Value {
        self.result("batch", &json!({"cmd": cmd}))
    }
}

pub fn get_text(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")
}

pub fn post_text(path: &str, body: &str) -> String {
    form_text(path, "application/json", body)
}

pub fn form_text(path: &str, kind: &str, body: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nHost: 127.0.0.1:80\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

pub fn send(stream: &mut TcpStream, request: &str) -> Result<(), Broken> {
    stream.write_all(request.as_bytes()).map_err(|_| Broken::Reset)
}

/// Reads one answer of HTTP/1.1 with a content length.
pub fn receive(stream: &mut TcpStream) -> Result<Answer, Broken> {
    let mut text = Vec::new();
    loop {
        if let Some(answer) = whole(&text) {
            return Ok(answer);
        }
        more(stream, &mut text)?;
    }
}

fn whole(text: &[u8]) -> Option<Answer> {
    let at = text.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&text[..at]).into_owned();
    let answer = Answer { status: head[9..12].parse().expect("a status"), head, body: text[at + 4..].to_vec() };
    let length: usize = answer.header("content-length").expect("a length").parse().expect("a number");
    (answer.body.len() >= length).then_some(answer)
}

/// Reads everything until the connection ends.
pub fn receive_all(stream: &mut TcpStream) -> (Vec<u8>, Broken) {
    let mut text = Vec::new();
    loop {
        if let Err(broken) = more(stream, &mut text) {
            return (text, broken);
        }
    }
}

fn more(stream: &mut TcpStream, text: &mut Vec<u8>) -> Result<(), Broken> {
    let mut buffer = [0; 4096];
    match stream.read(&mut buffer) {
        Ok(0) => Err(Broken::Closed),
        Ok(read) => {
            text.extend_from_slice(&buffer[..read]);
            Ok(())
        }
        Err(error) if error.kind() == ErrorKind::ConnectionReset => Err(Broken::Reset),
        Err(error) => panic!("the portal is silent: {error}"),
    }
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.text()))
    }

    /// Status and code of an error.
    pub fn error(&self) -> (u16, Value) {
        (self.status, self.json()["error"].clone())
    }
}
