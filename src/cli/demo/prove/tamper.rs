//! Plans that were altered: one byte of a sealed file is another one, and the plan is refused.

use std::fs;
use std::path::Path;

use super::chance::Chance;
use super::scene::{self, BOUND, Manner, Scene};
use super::world::Size;
use super::{Done, ProveError};
use crate::plan::{Plan, dir};
use crate::sandbox::Limits;

/// Bytes of one file that are changed, at most.
const POSITIONS_MAX: usize = 400;

/// Alters a plan at bytes of chance in each of its sealed files; once a file with the program itself.
pub fn carry_out(at: &Path, chance: &mut Chance) -> Result<Done, ProveError> {
    let manner = Manner { size: Size::USUAL, limits: Limits::None, scale: 1.0, window: 1.0, by_name: false, application: false };
    let mut scene = Scene::open(at, manner, chance)?;
    scene.plan()?;
    let plan = Plan::open(&scene.plan_dir()).map_err(|error| ProveError::Command(error.to_string()))?;
    let mut done = Done::default();
    let sealed: Vec<String> = plan.manifest.parts.keys().cloned().chain([dir::PLAN.to_owned()]).collect();
    for name in sealed {
        let path = plan.dir.join(&name);
        let whole = fs::read(&path)?;
        let positions = chance.sample(whole.len(), POSITIONS_MAX);
        let shown = positions.get(chance.below(positions.len())).copied();
        for position in positions {
            let mut altered = whole.clone();
            altered[position] ^= 1 << chance.below(8);
            fs::write(&path, &altered)?;
            done.alterations += 1;
            let believed = Plan::open(&plan.dir).is_ok();
            let refused = if shown == Some(position) { refused(&scene, &mut done)? } else { true };
            if believed || !refused {
                done.believed += 1;
                done.complaints.push(format!("{name} altered at byte {position} is believed"));
            }
        }
        fs::write(&path, &whole)?;
    }
    // Every record is still missing: nothing was sent.
    let count = scene.count()?;
    if count.lost.len() != scene.world.lost.len() || !count.touched.is_empty() {
        done.complaints.push("an altered plan was carried out".to_owned());
    }
    done.portals += 1;
    done.add_secret(at, &scene.world)?;
    Ok(done)
}

fn refused(scene: &Scene, done: &mut Done) -> Result<bool, ProveError> {
    let ended = scene.program.run(scene::apply_words(&scene.dir), BOUND)?;
    if ended.code != Some(4) {
        done.complaints.push(ended.complaint("4"));
    }
    Ok(ended.code == Some(4))
}
