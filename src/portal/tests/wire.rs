//! The transport against a server that answers scripted bytes over real TCP.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::super::address::WebhookUrl;
use super::super::answer::Reply;
use super::super::sealing::Sealing;
use super::super::transport::{Http, Trouble};
use super::*;

const SECRET: &str = "canary7secret";

/// A server that answers one request with raw bytes and closes; what it was sent comes through the receiver.
async fn server(response: impl Into<Vec<u8>>) -> (u16, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("a bound listener has an address").port();
    let (sender, receiver) = mpsc::unbounded_channel();
    let response = response.into();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = Vec::new();
            let mut buffer = [0; 4096];
            while !is_whole(&request) {
                match stream.read(&mut buffer).await {
                    Ok(read) if read > 0 => request.extend_from_slice(&buffer[..read]),
                    _ => break,
                }
            }
            let _ = sender.send(String::from_utf8_lossy(&request).into_owned());
            let _ = stream.write_all(&response).await;
            let _ = stream.shutdown().await;
        }
    });
    (port, receiver)
}

/// Whether a request has come to its end: a TLS hello never does, so anything that isn't a POST counts as whole.
fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return !request.is_empty() && !request.starts_with(b"POST") };
    let length =
        head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse::<usize>().ok());
    body.len() >= length.unwrap_or(0)
}

fn http(scheme: &str, port: u16) -> Sealing {
    let url = WebhookUrl::parse(&format!("{scheme}://127.0.0.1:{port}/rest/1/{SECRET}/")).expect("a sound webhook");
    let access = url.into();
    let wire = Http::new(&access, None).expect("the client can be set up");
    Sealing::over(access, Arc::new(wire))
}

async fn posted(response: impl Into<Vec<u8>>) -> Delivery {
    let (port, _requests) = server(response).await;
    http("http", port).post("batch", b"{}".into()).await
}

#[tokio::test]
async fn a_request_is_a_json_post_without_a_referer() {
    let (port, mut requests) =
        server("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n{\"result\":true}").await;
    let delivery = http("http", port).post("crm.item.list", br#"{"start":-1}"#.into()).await;
    assert!(matches!(Reply::from(delivery), Reply::Success(answer) if answer.result == json!(true)));
    let request = requests.recv().await.expect("a request was sent");
    assert!(request.starts_with(&format!("POST /rest/1/{SECRET}/crm.item.list.json HTTP/1.1\r\n")), "{request}");
    let lower = request.to_ascii_lowercase();
    assert!(lower.contains("content-type: application/json\r\n"));
    assert!(lower.contains(&format!("user-agent: b24restore/{}\r\n", env!("CARGO_PKG_VERSION"))));
    assert!(!lower.contains("referer"));
    assert!(request.ends_with(r#"{"start":-1}"#));
}

#[tokio::test]
async fn trap_36_a_redirection_is_not_followed() {
    let (port, mut requests) =
        server("HTTP/1.1 302 Found\r\nLocation: https://new.bitrix24.mx/rest/1/x/batch\r\nContent-Length: 4\r\n\r\nmove").await;
    let reply = Reply::from(http("http", port).post("batch", b"{}".into()).await);
    assert_eq!(reply, Reply::Redirected { status: 302, host: Some("new.bitrix24.mx".into()) });
    assert!(requests.recv().await.is_some());
    assert!(requests.try_recv().is_err(), "one request only");
}

#[tokio::test]
async fn nothing_is_sent_where_nobody_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("a bound listener has an address").port();
    drop(listener);
    assert_eq!(http("http", port).post("batch", b"{}".into()).await, Delivery::NotSent(Trouble::ConnectionRefused));
}

#[tokio::test]
async fn a_failed_handshake_sends_nothing() {
    let (port, mut requests) = server("this is no TLS\r\n\r\n").await;
    let delivery = http("https", port).post("batch", b"{}".into()).await;
    assert!(matches!(delivery, Delivery::NotSent(Trouble::Tls)), "{delivery:?}");
    assert!(!requests.recv().await.expect("there was a hello").contains(SECRET));
}

#[tokio::test]
async fn an_answer_that_is_not_whole_is_lost() {
    for (response, trouble) in [
        ("", Trouble::ConnectionLost),
        ("HTTP/1.1 200 OK\r\nContent-Le", Trouble::ConnectionLost),
        ("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"result\":", Trouble::CutShort),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"res\r\nzz\r\n", Trouble::CutShort),
        ("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 9\r\n\r\nno gzip!!", Trouble::CutShort),
    ] {
        assert_eq!(posted(response).await, Delivery::Lost(trouble), "{response:?}");
    }
}

#[tokio::test]
async fn an_endless_answer_is_cut() {
    let mut response = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n".to_vec();
    response.resize(65 * 1024 * 1024, b' ');
    assert_eq!(posted(response).await, Delivery::Lost(Trouble::TooLarge));
}

#[tokio::test]
async fn bodies_are_read_as_portals_write_them() {
    let json = |body: &str| {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n", body.len());
        format!("{head}{body}")
    };
    for body in [
        "{\"result\":[],\"time\":{\"start\":1,\"operating\":0}}",
        "\u{feff}{\"result\":[]}",
        "\n <br />\n<b>Warning</b>: mkdir(): {x} in <b>/a.php</b> on line <b>3</b><br />\n{\"result\":[],\"time\":{}}",
        "{\"total\":1,\"result\":[],\"next\":\"50\",\"time\":\"?\"}",
    ] {
        assert!(matches!(Reply::from(posted(json(body)).await), Reply::Success(answer) if answer.result == json!([])), "{body}");
    }
    for body in [
        "{\"error\":\"\"}",
        "{\"error\":0,\"result\":[]}",
        "{\"error\":\"100\"}",
        "{\"error\":null}",
        "{\"error\":{\"code\":\"X\",\"message\":\"m\"}}",
    ] {
        assert!(matches!(Reply::from(posted(json(body)).await), Reply::Refused(_)), "trap_20: {body}");
    }
    for body in ["", "[]", "null", "<html>", "{\"result\":", "{\"time\":{}}", "{\"result\":1e999}"] {
        assert!(matches!(Reply::from(posted(json(body)).await), Reply::NotJson { status: 200, .. }), "{body}");
    }
}

#[tokio::test]
async fn no_error_shows_the_secret() {
    for response in [
        "",
        "HTTP/1.1 302 Found\r\nLocation: https://x.mx/rest/1/canary7secret/\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n",
    ] {
        let delivery = posted(response).await;
        let shown = match Reply::from(delivery).read(Duration::ZERO) {
            Ok(answer) => format!("{answer:?}"),
            Err(error) => format!("{error} {error:?}"),
        };
        assert!(!shown.contains(SECRET), "{shown}");
    }
}
