//! The user's state directory: what is kept of a portal between two commands, whatever plan they are about.

use std::path::PathBuf;

use crate::model::PortalIdentity;

/// A portal's file there, by its ending; `None` where the system names no such place.
pub(super) fn file_of(portal: &PortalIdentity, ending: &str) -> Option<PathBuf> {
    let safe = |c: char| if c.is_ascii_alphanumeric() || c == '.' || c == '-' { c } else { '_' };
    let name: String = portal.as_str().chars().map(safe).collect();
    Some(state_dir()?.join(format!("{name}.{ending}")))
}

fn state_dir() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let base = set("XDG_STATE_HOME")
        .or_else(|| set("LOCALAPPDATA"))
        .or_else(|| set("HOME").map(|home| home.join(".local").join("state")))?;
    Some(base.join("b24restore"))
}
