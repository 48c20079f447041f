//! The tokens that the portal's application was given.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Store;

/// A pair of tokens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tokens {
    /// What requests carry.
    pub access: String,
    /// What a new pair is asked for with; empty once that has been done.
    pub refresh: String,
    /// For whom they act.
    pub user: u64,
    /// When the access token goes out of date, in seconds.
    pub expires: i64,
    /// How long it lives, in seconds.
    pub life: u64,
}

impl Store {
    /// Gives a new pair out.
    pub fn give_tokens(&mut self, user: u64, now: i64, life: u64) -> Tokens {
        let number = self.next_id("token");
        // Whoever doesn't know the webhook's secret can't foretell them.
        let secret = self.user(user).map(|user| user.secret.clone()).unwrap_or_default();
        let letters = |kind: &str| -> String {
            let digest = Sha256::digest(format!("sandbox {kind} {number} {secret}"));
            digest.iter().map(|byte| char::from(b"abcdefghijklmnopqrstuvwxyz0123456789"[usize::from(*byte) % 36])).collect()
        };
        let expires = now.saturating_add_unsigned(life);
        let tokens = Tokens { access: letters("access"), refresh: letters("refresh"), user, expires, life };
        self.put_tokens(tokens.clone());
        tokens
    }

    /// Gives a new pair for a refresh token, which holds once.
    pub fn renew_tokens(&mut self, refresh: &str, now: i64) -> Option<Tokens> {
        let mut old = self.tokens.values().find(|tokens| !refresh.is_empty() && tokens.refresh == refresh)?.clone();
        old.refresh.clear();
        let (user, life) = (old.user, old.life);
        self.put_tokens(old);
        Some(self.give_tokens(user, now, life))
    }

    /// The pair of an access token.
    pub fn tokens(&self, access: &str) -> Option<&Tokens> {
        self.tokens.get(access)
    }

    /// Every access token goes out of date; where the application is `gone`, none is renewed any more.
    pub fn expire_tokens(&mut self, gone: bool) {
        for mut tokens in self.tokens.values().cloned().collect::<Vec<_>>() {
            tokens.expires = 0;
            if gone {
                tokens.refresh.clear();
            }
            self.put_tokens(tokens);
        }
    }

    fn put_tokens(&mut self, tokens: Tokens) {
        self.put_row("token", tokens.access.clone(), &tokens);
        self.tokens.insert(tokens.access.clone(), tokens);
    }
}
