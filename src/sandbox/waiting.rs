//! The client at the other end of a request, who may have gone away while the portal still works.

use std::net::IpAddr;
use std::time::Duration;

use tokio::sync::oneshot;

use super::office::{End, Office};
use super::strike::Out;

/// The client that waits for an answer, as long as it does.
#[derive(Debug)]
pub struct Waiting {
    sender: Option<oneshot::Sender<Out>>,
    address: IpAddr,
}

impl Waiting {
    /// A client at an address.
    pub fn new(sender: oneshot::Sender<Out>, address: IpAddr) -> Self {
        Self { sender: Some(sender), address }
    }

    /// Gives the answer. Only the first one counts; what comes later is for nobody.
    pub fn tell(&mut self, out: Out) {
        if let Some(sender) = self.sender.take() {
            // A client that has gone away doesn't matter.
            _ = sender.send(out);
        }
    }

    /// Lets a request lie before it goes on, unless the portal closes.
    pub async fn late(&self, office: &Office, late: Duration) -> Result<(), End> {
        tokio::select! {
            () = office.clock.wait(late) => Ok(()),
            () = office.closed() => Err(End::Interrupted),
        }
    }

    /// Fills the bucket of this client's address.
    pub fn crowd(&self, office: &Office, requests: u32) {
        office.crowd(self.address, requests);
    }
}
