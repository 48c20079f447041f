//! The transport of the program: puts the secret into a request, and takes it out of the answer.

use std::sync::Arc;

use super::access::{Access, Sealed};
use super::renewal::{Renewed, renew};
use super::transport::{Content, Delivery, Posting, Renewing, Transport, Wire};

/// A way into a portal, over a wire.
pub struct Sealing {
    wire: Arc<dyn Wire>,
    access: Access,
}

impl Sealing {
    /// A transport over any wire: the HTTP client's, or a simulation's.
    pub fn over(access: Access, wire: Arc<dyn Wire>) -> Self {
        Self { wire, access }
    }

    async fn send(&self, method: &str, body: Vec<u8>) -> Delivery {
        let Sealed { url, body } = self.access.seal_exposing_the_secret(method, body);
        match self.wire.post(&url, Content::Json, body).await {
            Delivery::Answer(mut answer) => {
                // A refusal in the portal's words is shown and kept.
                answer.body = self.access.without_the_secret(answer.status, std::mem::take(&mut answer.body));
                Delivery::Answer(answer)
            }
            lost => lost,
        }
    }
}

impl std::fmt::Debug for Sealing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sealing").field("access", &self.access).finish_non_exhaustive()
    }
}

impl Transport for Sealing {
    fn post<'a>(&'a self, method: &'a str, body: Vec<u8>) -> Posting<'a> {
        Box::pin(self.send(method, body))
    }

    fn token(&self) -> Option<u64> {
        match &self.access {
            Access::Webhook(_) => None,
            Access::Application(application) => Some(application.number()),
        }
    }

    fn renew(&self, refused: u64) -> Renewing<'_> {
        match &self.access {
            Access::Webhook(_) => Box::pin(std::future::ready(Ok(Renewed::Found))),
            Access::Application(application) => Box::pin(renew(Arc::clone(application), Arc::clone(&self.wire), refused)),
        }
    }
}
