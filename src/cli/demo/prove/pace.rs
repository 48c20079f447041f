//! The portal's limits: a restore that takes more requests than the bucket holds, alone on its address, is never refused.

use std::path::Path;

use super::chance::Chance;
use super::scene::{self, BOUND, Manner, Scene};
use super::world::Size;
use super::{Done, ProveError};
use crate::sandbox::Limits;

/// Companies that get lost, each restored by a request of its own: more than the 50 that a bucket holds.
const COMPANIES: usize = 64;

/// Restores at a standard portal's pace and reads the portal's own counters.
pub fn carry_out(at: &Path, chance: &mut Chance) -> Result<Done, ProveError> {
    let size = Size { records: [COMPANIES + 1, 0, 0, 0], lost: [COMPANIES, 0, 0, 0], all_alone: true };
    let manner = Manner { size, limits: Limits::Standard, scale: 1.0, window: 1.0, by_name: false, application: false };
    let mut scene = Scene::open(at, manner, chance)?;
    scene.program = scene.program.keeping_limits();
    scene.plan()?;
    let mut done = Done::default();
    let ended = scene.program.run(scene::apply_words(at), BOUND)?;
    done.add_sums(&ended);
    if ended.code != Some(0) {
        done.complaints.push(ended.complaint("0"));
    }
    let verified = scene.program.run(["verify".into(), scene.plan_dir(), "--json".into()], BOUND)?;
    if verified.code != Some(0) {
        done.complaints.push(verified.complaint("0"));
    }
    let traffic = scene.portal()?.office().traffic();
    done.requests += traffic.requests;
    done.refused += traffic.refused + traffic.blocked;
    if traffic.refused + traffic.blocked > 0 {
        done.complaints.push(format!("the portal's limits turned requests away: {traffic:?}"));
    }
    let count = scene.count()?;
    done.add_count(&count);
    done.add_secret(at, &scene.world)?;
    Ok(done)
}
