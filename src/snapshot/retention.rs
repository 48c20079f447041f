//! `--keep N`: which snapshots are old enough to go, and how one goes.

use std::fs;
use std::path::{Path, PathBuf};

use super::error::{SnapshotError, SnapshotErrorKind};
use super::manifest::{MANIFEST, manifest};
use crate::model::PortalIdentity;

/// The snapshots to drop, oldest first, so that of each portal the newest `keep` remain. At least one always does; a directory
/// that is no snapshot is left alone.
pub fn retention(dirs: &[PathBuf], keep: usize) -> Vec<PathBuf> {
    let mut snapshots: Vec<_> = dirs.iter().filter_map(|dir| Some((manifest(dir).ok()?, dir))).collect();
    snapshots.sort_by_key(|(manifest, _)| std::cmp::Reverse(manifest.made_at));
    let mut kept: Vec<&PortalIdentity> = Vec::new();
    let mut to_drop = Vec::new();
    for (manifest, dir) in &snapshots {
        if kept.iter().filter(|portal| ***portal == manifest.portal).count() < keep.max(1) {
            kept.push(&manifest.portal);
        } else {
            to_drop.push((*dir).clone());
        }
    }
    to_drop.reverse();
    to_drop
}

/// Removes a snapshot: the files of its manifest and then the directory. One that holds anything else is left as it is.
pub fn discard(dir: &Path) -> Result<(), SnapshotError> {
    let manifest = manifest(dir)?;
    let is_own = |name: &str| name == MANIFEST || manifest.files.iter().any(|entry| entry.name == name);
    for entry in fs::read_dir(dir).map_err(SnapshotError::io(dir))? {
        let name = entry.map_err(SnapshotError::io(dir))?.file_name();
        let name = name.to_string_lossy();
        if !is_own(&name) {
            return Err(SnapshotError::new(dir, SnapshotErrorKind::Foreign(name.into_owned())));
        }
    }
    for entry in &manifest.files {
        let path = dir.join(&entry.name);
        fs::remove_file(&path).map_err(SnapshotError::io(&path))?;
    }
    // The manifest goes last: a removal that is interrupted leaves a directory that can still be discarded by hand, and known as one.
    fs::remove_file(dir.join(MANIFEST)).and_then(|()| fs::remove_dir(dir)).map_err(SnapshotError::io(dir))
}
