//! An application's token is renewed: against a portal and an authorisation server of scripted answers, over real TCP.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::Notify;

use super::super::access::Access;
use super::super::error::PortalError;
use super::super::renewal::{NotRenewed, Obstacle, renewals_are_through};
use super::*;

const REFUSED: &str = r#"{"error":"expired_token","error_description":"The access token provided has expired."}"#;
const NEW: &str = r#"200 {"access_token":"the new access token","refresh_token":"the new refresh token","expires_in":3600}"#;

/// The same, held back until the gate is opened.
const HELD_ANSWER: &str = r#"200 {"access_token":"the new access token","refresh_token":"the new refresh token"}"#;

/// A server that takes the new token alone, and answers each renewal as the script says, the last line again and again.
struct Server {
    port: u16,
    renewals: Arc<AtomicUsize>,
    /// Lets an answer out that was held back.
    gate: Arc<Notify>,
    dir: tempfile::TempDir,
}

impl Server {
    async fn start(script: &'static [&'static str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let renewals = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&renewals);
        let gate = Arc::new(Notify::new());
        let held = Arc::clone(&gate);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (counter, held) = (Arc::clone(&counter), Arc::clone(&held));
                tokio::spawn(async move {
                    let request = read(&mut stream).await;
                    let (status, body) = if request.starts_with("POST /oauth/token/ ") {
                        assert!(request.ends_with(
                            "grant_type=refresh_token&client_id=local.1&client_secret=the+secret&refresh_token=the+refresh+token"
                        ));
                        let number = counter.fetch_add(1, Ordering::SeqCst);
                        script[number.min(script.len() - 1)].split_once(' ').expect("a status and a body")
                    } else if request.contains(r#""auth":"the new access token""#) {
                        ("200", r#"{"result":{"result":{"c0":"2026-11-25T10:00:00+00:00"}},"time":{}}"#)
                    } else {
                        ("401", REFUSED)
                    };
                    let answer = format!(
                        "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
                        body.len()
                    );
                    // Status 0 is an answer that never comes: the connection is closed.
                    if status == "0" {
                        return;
                    }
                    if HELD_ANSWER.ends_with(body) {
                        held.notified().await;
                    }
                    let _ = stream.write_all(answer.as_bytes()).await;
                });
            }
        });
        Self { port, renewals, gate, dir: tempfile::tempdir().expect("a directory") }
    }

    fn file(&self) -> PathBuf {
        self.dir.path().join("app.json")
    }

    fn reader(&self) -> Reader {
        let endpoint = format!("http://127.0.0.1:{}/rest/", self.port);
        let keys = json!({"client_id": "local.1", "client_secret": "the secret", "access_token": "the old access token",
            "refresh_token": "the refresh token", "client_endpoint": endpoint, "server_endpoint": endpoint});
        std::fs::write(self.file(), keys.to_string()).expect("a file");
        let access = Access::parse(&keys.to_string(), Some(&self.file())).expect("keys");
        let settings =
            Settings { limits: LimitsProfile::None, api_share: 100, patience: Duration::from_secs(30), authorities: None };
        Reader::open(access, &settings, Arc::new(Silent)).expect("a reader")
    }

    fn asked(&self) -> usize {
        self.renewals.load(Ordering::SeqCst)
    }
}

async fn read(stream: &mut tokio::net::TcpStream) -> String {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&request).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return text;
            }
        }
        match stream.read(&mut buffer).await {
            Ok(read) if read > 0 => request.extend_from_slice(&buffer[..read]),
            _ => return text,
        }
    }
}

fn kept(file: &Path) -> String {
    std::fs::read_to_string(file).expect("the file")
}

fn obstacle<T: std::fmt::Debug>(outcome: Result<T, PortalError>) -> NotRenewed {
    match outcome {
        Err(PortalError::NotRenewed(reason)) => reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn twenty_callers_whose_token_is_out_of_date_have_it_renewed_once() {
    let server = Server::start(&[NEW]).await;
    let reader = server.reader();
    let calls: Vec<_> = (0..20)
        .map(|_| {
            let reader = reader.clone();
            tokio::spawn(async move { reader.server_time().await })
        })
        .collect();
    for call in calls {
        call.await.expect("no panic").expect("the portal's time");
    }
    assert_eq!(server.asked(), 1);
    let kept = kept(&server.file());
    assert!(kept.contains("the new access token") && kept.contains("the new refresh token") && kept.contains("the secret"));
}

#[tokio::test]
async fn a_refusal_is_asked_for_once_and_holds_for_everybody() {
    let server = Server::start(&[r#"400 {"error":"invalid_grant","error_description":"the refresh token is too old"}"#]).await;
    let reader = server.reader();
    for _ in 0..2 {
        let reason = obstacle(reader.server_time().await);
        assert_eq!((reason.why, reason.said.as_str()), (Obstacle::Refused, "invalid_grant: *** is too old"));
    }
    assert_eq!(server.asked(), 1);
}

#[tokio::test]
async fn what_is_no_decision_is_asked_for_again() {
    let server = Server::start(&["503 {\"error\":\"busy\"}", "0 ", "502 <html>", NEW]).await;
    server.reader().server_time().await.expect("the portal's time");
    assert_eq!(server.asked(), 4);
}

#[tokio::test]
async fn what_is_no_decision_is_not_asked_for_for_ever() {
    let server = Server::start(&["200 {\"access_token\":\"half a pair\"}"]).await;
    let reason = obstacle(server.reader().server_time().await);
    assert_eq!((reason.why, server.asked()), (Obstacle::Unanswered, 4));
    assert!(kept(&server.file()).contains("the old access token"));
}

#[tokio::test]
async fn no_new_keys_are_asked_for_that_could_not_be_written() {
    let server = Server::start(&[NEW]).await;
    let reader = server.reader();
    std::fs::remove_file(server.file()).expect("the file");
    assert_eq!(obstacle(reader.server_time().await).why, Obstacle::Unwritable);
    let another = json!({"client_id": "local.1", "client_secret": "s", "access_token": "a", "refresh_token": "r",
        "client_endpoint": "https://another.bitrix24.mx/rest/"});
    let reader = server.reader();
    std::fs::write(server.file(), another.to_string()).expect("the file");
    assert_eq!(obstacle(reader.server_time().await).why, Obstacle::Unwritable);
    assert_eq!(server.asked(), 0);
}

#[tokio::test]
async fn keys_that_another_run_has_renewed_are_taken_from_the_file() {
    let server = Server::start(&[NEW]).await;
    let reader = server.reader();
    std::fs::write(server.file(), kept(&server.file()).replace("the old access token", "the new access token"))
        .expect("the file");
    reader.server_time().await.expect("the portal's time");
    assert_eq!(server.asked(), 0);
}

#[tokio::test]
async fn new_keys_that_could_not_be_written_down_are_not_used_and_said_to_be_lost() {
    let server = Server::start(&[HELD_ANSWER]).await;
    let reader = server.reader();
    let call = tokio::spawn(async move { reader.server_time().await });
    while server.asked() == 0 {
        tokio::task::yield_now().await;
    }
    std::fs::remove_file(server.file()).expect("the file");
    std::fs::create_dir_all(server.file().join("in the way")).expect("a directory in its place");
    server.gate.notify_one();
    assert_eq!(obstacle(call.await.expect("no panic")).why, Obstacle::Unsaved);
}

#[tokio::test]
async fn a_renewal_that_nobody_waits_for_any_more_is_written_down_all_the_same() {
    let server = Server::start(&[HELD_ANSWER]).await;
    let reader = server.reader();
    let call = tokio::spawn(async move { reader.server_time().await });
    while server.asked() == 0 {
        tokio::task::yield_now().await;
    }
    call.abort();
    assert!(call.await.is_err_and(|error| error.is_cancelled()));
    server.gate.notify_one();
    renewals_are_through().await;
    assert!(kept(&server.file()).contains("the new refresh token"));
}
