//! What the HTTP client of `portal::transport` makes of what a connection does, told without connections. That it does so is tested over
//! real ones, in `src/portal/tests/wire.rs` and by `demo --prove`.

use std::io::Read;
use std::time::Duration;

use b24restore::portal::{Delivery, RawAnswer, Trouble};
use b24restore::sandbox::strike::{Answer, Out};
use b24restore::sandbox::wire::Order;
use flate2::read::GzDecoder;
use tokio::time::sleep;

/// The longest silence that is waited through.
pub const SILENCE_MAX: Duration = Duration::from_secs(75);
/// The longest that a request takes in all.
pub const TOTAL_MAX: Duration = Duration::from_secs(150);
/// The longest answer, unpacked.
const BODY_BYTES_MAX: u64 = 64 << 20;

/// What is seen of an answer, and of what the connection does with it.
pub async fn seen(out: Out) -> Delivery {
    let Out { answer, order } = out;
    let body_length = |answer: &Answer| answer.body.clone().into_bytes().len();
    match order {
        // A connection that goes stale is met by the next request on it; here none stays open.
        None | Some(Order::Stale) => whole(answer),
        Some(Order::Drop | Order::Reset) => Delivery::Lost(Trouble::ConnectionLost),
        Some(Order::Cut(bytes) | Order::Tear(bytes)) if bytes >= body_length(&answer) => whole(answer),
        // The body ends before its length, or its next piece has no length that can be read.
        Some(Order::Cut(_) | Order::Tear(_) | Order::Raw(_)) => Delivery::Lost(Trouble::CutShort),
        Some(Order::Dribble(pause)) => {
            let takes = pause * body_length(&answer) as u32;
            sleep(takes.min(TOTAL_MAX)).await;
            if takes > TOTAL_MAX { Delivery::Lost(Trouble::Timeout) } else { whole(answer) }
        }
    }
}

/// What is seen of the network where no answer comes.
pub fn trouble(words: &str) -> Delivery {
    let before = [
        Trouble::NoSuchHost,
        Trouble::ConnectionRefused,
        Trouble::Certificate,
        Trouble::Tls,
        Trouble::ConnectTimeout,
        Trouble::NotConnected,
    ];
    let after = [Trouble::Timeout, Trouble::ConnectionLost, Trouble::CutShort, Trouble::TooLarge];
    let found = |troubles: &[Trouble]| troubles.iter().copied().find(|trouble| trouble.to_string() == words);
    found(&before)
        .map(Delivery::NotSent)
        .or_else(|| found(&after).map(Delivery::Lost))
        .unwrap_or_else(|| panic!("no trouble is called {words:?}"))
}

fn whole(answer: Answer) -> Delivery {
    let header =
        |name: &str| answer.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.clone());
    let (content_type, location) = (header("content-type"), header("location"));
    let is_packed = header("content-encoding").as_deref() == Some("gzip");
    let status = answer.status;
    let packed = answer.body.into_bytes();
    let body = if is_packed {
        let mut body = Vec::new();
        if GzDecoder::new(&packed[..]).take(BODY_BYTES_MAX + 1).read_to_end(&mut body).is_err() {
            return Delivery::Lost(Trouble::CutShort);
        }
        body
    } else {
        packed
    };
    if body.len() as u64 > BODY_BYTES_MAX {
        return Delivery::Lost(Trouble::TooLarge);
    }
    Delivery::Answer(RawAnswer { status, content_type, body, location })
}
