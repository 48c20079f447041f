//! The table of faults: what happens, where, and what is expected then. One file of data, `faults.toml`. `page` prints it for the docs.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

const TABLE: &str = include_str!("faults.toml");

/// One of the faults F1 to F60.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Its number in the table of faults.
    pub number: u8,
    /// What it is.
    pub name: String,
    /// Whether the world has to be small: the program goes slowly after it.
    #[serde(default)]
    pub lean: bool,
    /// Its forms on a local portal.
    #[serde(default)]
    pub deeds: Vec<Deed>,
    /// Its forms in a simulation, where they are others: what a network does that no local portal can be reached through.
    #[serde(default)]
    pub simulated: Vec<Deed>,
    /// Why the sandbox can't be made to do it.
    pub outside: Option<String>,
}

impl Fault {
    /// Its forms in a simulation.
    pub fn in_simulation(&self) -> &[Deed] {
        if self.simulated.is_empty() { &self.deeds } else { &self.simulated }
    }
}

/// One form of a fault.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deed {
    /// What it strikes.
    pub at: At,
    /// Before or after it took effect, as in a rule of the sandbox.
    #[serde(default)]
    pub when: String,
    /// What happens: JSON, the name of a set-up, or what the program sees of the network, in its own words.
    #[serde(rename = "do")]
    pub what: String,
    /// What is expected where it happens once.
    pub once: Handling,
    /// What is expected where it happens from then on.
    pub forever: Handling,
    /// The record types that it is for; empty for all.
    #[serde(default)]
    pub only: Vec<String>,
    /// Where trying again is the answer: how often it strikes before it is over.
    #[serde(default = "usual_strikes")]
    pub strikes: u64,
    /// Whether the portal keeps its limits.
    #[serde(default)]
    pub limits: bool,
    /// The zombie window in seconds of the wall clock; it stands for the 150 s of a real portal.
    #[serde(default = "usual_window")]
    pub window: f64,
    /// How many times faster the portal's clock runs; by default so fast that its 150 s are the window.
    pub scale: Option<f64>,
    /// Whether the program comes by an application and not by a webhook.
    #[serde(default)]
    pub application: bool,
    /// How many seconds it takes until the program sees what the network did.
    #[serde(default)]
    pub silence: f64,
}

fn usual_strikes() -> u64 {
    3
}

fn usual_window() -> f64 {
    1.0
}

/// What a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum At {
    /// The request that carries an import.
    Request,
    /// The import itself.
    Command,
    /// The request behind the import's predecessor, once its head has been read.
    Head,
    /// New connections.
    Connect,
    /// Each request of the run.
    Every,
    /// The portal as a whole.
    Setup,
    /// The network under the request that carries an import; in a simulation only.
    Network,
}

/// What is expected of `apply`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Handling {
    /// The answer is understood in spite of it.
    Accept,
    /// The request is sent again, because it was provably not applied.
    Retry,
    /// The window is waited out, the record looked up; adopted, or sent again.
    LookUp,
    /// The same, until the cycle has been gone through five times: pending, exit code 1.
    Pending,
    /// The run stops: exit code 1; nothing has failed.
    Stop,
    /// The record fails, the others don't: exit code 3; `apply --failed` brings it back once the cause is mended.
    RecordFails,
    /// Nothing is sent: exit code 4.
    Refuse,
    /// The record is found there, and not created.
    AlreadyThere,
    /// Not to be seen while applying: `verify` finds it and says so, exit code 3.
    Declared,
}

impl Handling {
    /// The exit code of the first run.
    pub const fn code(self) -> i32 {
        match self {
            Self::Accept | Self::Retry | Self::LookUp | Self::AlreadyThere | Self::Declared => 0,
            Self::Pending | Self::Stop => 1,
            Self::RecordFails => 3,
            Self::Refuse => 4,
        }
    }

    /// Whether an outcome of `apply`, in the form of the contract, is what it has to be. A run that stopped or was refused says why on
    /// stderr, and has none.
    pub fn is_shown_by(self, outcome: &Value) -> bool {
        let total = |name: &str| -> u64 {
            let counts = outcome["entities"].as_object().into_iter().flatten();
            counts.filter_map(|(_, counts)| counts[name].as_u64()).sum()
        };
        match self {
            Self::Accept | Self::Retry | Self::LookUp | Self::Declared => outcome["complete"] == true,
            Self::Pending => total("pending") > 0 && total("failed") == 0 && outcome["complete"] == false,
            Self::AlreadyThere => total("already_there") > 0 && outcome["complete"] == true,
            Self::RecordFails => total("failed") > 0 && total("created") > 0 && outcome["complete"] == true,
            Self::Stop | Self::Refuse => total("failed") == 0,
        }
    }

    /// Its word.
    const fn word(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Retry => "retry",
            Self::LookUp => "look-up",
            Self::Pending => "pending",
            Self::Stop => "stop",
            Self::RecordFails => "record-fails",
            Self::Refuse => "refuse",
            Self::AlreadyThere => "already-there",
            Self::Declared => "declared",
        }
    }
}

impl fmt::Display for Handling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl Deed {
    /// The deed as the sandbox reads it.
    pub fn read(&self, foreign: &str) -> Value {
        serde_json::from_str(&self.what.replace("FOREIGN", foreign)).unwrap_or_default()
    }

    /// How fast the portal's clock runs.
    pub fn time_scale(&self) -> f64 {
        self.scale.unwrap_or(150.0 / self.window)
    }

    /// Whether it is over when it has struck so often as [`Deed::strikes`] says. Connections and heads are struck whatever they carry, so a
    /// fault of theirs has to end for a run to come to its end.
    pub fn ends(&self, expected: Handling) -> bool {
        let strikes_all = matches!(self.at, At::Head | At::Connect | At::Every);
        expected == Handling::Retry || strikes_all && expected != Handling::Stop
    }

    /// Whether it is for a record type.
    pub fn is_for(&self, entity: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == entity)
    }
}

#[derive(Deserialize)]
struct Table {
    fault: Vec<Fault>,
}

/// All faults, by number.
///
/// # Errors
///
/// The bundled table is no TOML, which a test excludes.
pub fn table() -> Result<Vec<Fault>, toml::de::Error> {
    toml::from_str::<Table>(TABLE).map(|table| table.fault)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::rule::Rule;

    #[test]
    fn the_table_holds_all_sixty_faults_and_each_is_a_rule_a_set_up_or_outside() {
        let table = table().expect("the table is TOML");
        assert_eq!(table.iter().map(|fault| fault.number).collect::<Vec<_>>(), (1..=60).collect::<Vec<_>>());
        for fault in &table {
            assert_ne!(fault.deeds.is_empty(), fault.outside.is_none(), "F{}", fault.number);
            assert!(!fault.in_simulation().is_empty(), "F{}", fault.number);
            assert!(fault.deeds.iter().all(|deed| deed.at != At::Network), "F{}", fault.number);
            let forms = fault.deeds.iter().chain(&fault.simulated);
            for deed in forms.filter(|deed| !matches!(deed.at, At::Setup | At::Network)) {
                let rule = serde_json::json!({"when": deed.when, "do": deed.read("http://127.0.0.1:1/")});
                Rule::read(rule).unwrap_or_else(|error| panic!("F{} {}: {error}", fault.number, deed.what));
            }
        }
    }
}
