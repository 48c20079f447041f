//! Updates: mends of created records, and what `--changed restore` and `--relink` write into live ones. Most are repeatable, so an unclear
//! one is simply made again; one that adds values to a multi-field is looked at first, because a portal appends them once more (transport,
//! trap 9).

use std::collections::HashMap;

use serde_json::{Map, Value as Json, json};
use tokio::time::Instant;

use crate::diff::apart;
use crate::drill::point;
use crate::event::{Event, Phase};
use crate::model::{EntityType, Payload, PortalId, ProductRow, multifield_of};
use crate::plan::{Action, ActionKind, RecordRef, ValueSet};
use crate::portal::{Change, Effect, MultiValue};

use super::journal::Sending;
use super::learned::Learned;
use super::retry::MISSING_PARENT;
use super::run::{ApplyError, CYCLES_MAX, Run, end_by, fill_links};
use super::stand::{Met, Stand, Written, borrowed, kind_of, of_field};
use super::step::{How, State};

/// How many commands an update request holds.
const COMMANDS: usize = 50;

impl Run<'_> {
    /// Mends and updates, pass by pass until none is left that can be made.
    pub(super) async fn update_all(&mut self) -> Result<(), ApplyError> {
        // Passes that settle nothing are few; one that the portal's run time cut short is followed by another, as often as it takes.
        let mut fruitless = 0;
        while fruitless < CYCLES_MAX {
            let unclear = self.seqs(|step| step.kind != ActionKind::Create && step.state == State::Unknown);
            let (adding, again): (Vec<usize>, Vec<usize>) = unclear.into_iter().partition(|seq| self.adds_values(*seq));
            self.journal.learn(again.into_iter().map(|seq| (seq, Learned::Again)).collect(), self.watch.now())?;
            self.reconcile_updates(adding).await?;
            let waiting = self.waiting_updates();
            if waiting.is_empty() {
                return Ok(());
            }
            let mut rest = waiting.as_slice();
            while !rest.is_empty() {
                self.check_stop()?;
                let taken = self.updates_in_one_request(rest);
                let (now, later) = rest.split_at(taken);
                self.send_updates(now).await?;
                rest = later;
            }
            let left = self.seqs(|step| step.kind != ActionKind::Create && step.state.is_pending()).len();
            fruitless = if left < waiting.len() { 0 } else { fruitless + 1 };
        }
        Ok(())
    }

    fn waiting_updates(&self) -> Vec<usize> {
        let mut waiting = self.seqs(|step| step.kind != ActionKind::Create && step.state == State::Planned);
        waiting.retain(|seq| self.may_update(*seq));
        waiting
    }

    /// A mend waits for its record and for the links it fills; an update of a live record waits for its links.
    fn may_update(&self, seq: usize) -> bool {
        let action = &self.actions[seq];
        let settled =
            action.depends_on.iter().all(|target| self.journal.create_of(*target).is_none_or(|step| !step.state.is_pending()));
        let own = action.action != ActionKind::Mend
            || self.journal.create_of(action.subject()).is_some_and(|step| step.state == State::Done);
        settled && own
    }

    fn updates_in_one_request(&self, seqs: &[usize]) -> usize {
        let mut commands = 0;
        for (taken, &seq) in seqs.iter().enumerate() {
            commands += self.actions[seq].commands();
            if commands > COMMANDS {
                return taken.max(1);
            }
        }
        seqs.len()
    }

    /// Whether an update may append something, so that it must not be made again before it is known that it wasn't.
    pub(super) fn adds_values(&self, seq: usize) -> bool {
        !self.actions[seq].values.is_empty()
    }

    async fn send_updates(&mut self, seqs: &[usize]) -> Result<(), ApplyError> {
        let live: Vec<usize> = seqs.iter().copied().filter(|seq| self.actions[*seq].action != ActionKind::Mend).collect();
        let met = self.meet(&live).await?;
        let seqs = self.leave_out_touched(seqs, &met)?;
        let mut changes = Vec::new();
        let mut owners = Vec::new();
        for &seq in &seqs {
            for change in self.changes(seq, met.get(&seq)) {
                changes.push(change);
                owners.push(seq);
            }
        }
        let idle: Vec<_> = seqs
            .iter()
            .filter(|seq| !owners.contains(seq))
            .map(|&seq| (seq, Learned::LeftOut { code: MISSING_PARENT.to_owned() }))
            .collect();
        self.journal.learn(idle, self.watch.now())?;
        let sent: Vec<usize> = seqs.iter().copied().filter(|seq| owners.contains(seq)).collect();
        if sent.is_empty() {
            return Ok(());
        }
        let sending = |seq: &usize| Sending { seq: *seq, unlinked: self.is_unlinked(*seq), payload: String::new() };
        let sendings: Vec<Sending> = sent.iter().map(sending).collect();
        let intents = self.intend(&sendings)?;
        let effects = self.writer.run(&changes).await;
        // Not when it was intended: the limits may have held it back for minutes since.
        let at = self.writer.last_sent().unwrap_or_else(Instant::now);
        self.sent.extend(sent.iter().map(|seq| (*seq, at)));
        point!("update answered");
        let fatal = effects.iter().find_map(Effect::fatal).cloned();
        let mut learned: HashMap<usize, Learned> = HashMap::new();
        for (seq, effect) in owners.into_iter().zip(effects) {
            let next = match effect {
                Effect::Done(()) => Learned::Done { portal_id: None, how: How::Created },
                Effect::Unknown(_) => Learned::Unclear,
                Effect::NotDone(refusal) if refusal.concerns_the_portal() => Learned::Again,
                Effect::NotDone(refusal) => Learned::Failed { code: refusal.code, message: refusal.text },
            };
            let worst = learned.remove(&seq).map_or(next.clone(), |known| worse(known, next));
            learned.insert(seq, worst);
        }
        self.read_back(&mut learned).await;
        let settled =
            intents.into_iter().filter_map(|intent| learned.remove(&intent.seq()).map(|learned| (intent, learned))).collect();
        self.journal.settle(settled, self.watch.now())?;
        point!("update committed");
        self.observer.event(Event::Advance { phase: Phase::Mend, by: sent.len() as u64 });
        end_by(fatal)
    }

    /// Reads back what the portal said that it has appended. One that doesn't know multi-fields in an update drops them and says that all is
    /// well (rest-crm, its introduction); and a request that something on the way delivers twice is appended twice. A look that fails
    /// proves nothing.
    async fn read_back(&self, learned: &mut HashMap<usize, Learned>) {
        let is_done = |learned: &Learned| matches!(learned, Learned::Done { .. });
        let told: Vec<usize> =
            learned.iter().filter(|(seq, next)| self.adds_values(**seq) && is_done(next)).map(|(seq, _)| *seq).collect();
        let Ok(met) = self.meet(&told).await else { return };
        for (seq, met) in met {
            match self.written(seq, &met) {
                Written::Whole | Written::Otherwise => {}
                // Sent again, it takes away what is there once too often.
                Written::Doubled => drop(learned.insert(seq, Learned::Again)),
                Written::NotStored => {
                    let message = "the portal said that it has stored the phones, e-mails or the like, and has not".to_owned();
                    learned.insert(seq, Learned::Failed { code: "not_stored".to_owned(), message });
                }
            }
        }
    }

    /// Updates of live records are made only where the record still is as the plan saw it. What is as the plan wants it already is done.
    fn leave_out_touched(&mut self, seqs: &[usize], met: &HashMap<usize, Met>) -> Result<Vec<usize>, ApplyError> {
        let mut kept = Vec::new();
        let mut settled = Vec::new();
        for &seq in seqs {
            if self.actions[seq].action == ActionKind::Mend {
                kept.push(seq);
                continue;
            }
            let is_sent = self.journal.step(seq).attempts > 0;
            match met.get(&seq).map(|met| self.stand(seq, met)) {
                Some(Stand::AsWanted) if !self.is_unlinked(seq) => {
                    let how = if is_sent { How::Adopted } else { How::AlreadyThere };
                    settled.push((seq, Learned::Done { portal_id: None, how }));
                }
                Some(Stand::AsSeen | Stand::AsWanted) => kept.push(seq),
                // What we sent before was carried out in part.
                Some(Stand::Between) if is_sent => kept.push(seq),
                _ => settled.push((seq, Learned::LeftOut { code: "changed_since".to_owned() })),
            }
        }
        self.journal.learn(settled, self.watch.now())?;
        Ok(kept)
    }

    /// What an update of a live record will write.
    pub(super) fn wanted(&self, seq: usize) -> Payload {
        wanted(&self.actions[seq], |target| self.new_id(target))
    }

    fn changes(&self, seq: usize, met: Option<&Met>) -> Vec<Change> {
        let action = &self.actions[seq];
        let id = action.portal_id.or_else(|| self.journal.create_of(action.subject()).and_then(|step| step.portal_id));
        let Some(id) = id else { return Vec::new() };
        let mut fields = action.fields.clone();
        self.fill_links(action, &mut fields);
        if let Some(values) = met.and_then(|met| value_changes(&action.values, |set| &set.after, &met.values)) {
            fields.set("fm", values);
        }
        let rows = match &action.rows {
            Some(set) => Some(&set.after),
            None => Some(&action.products).filter(|rows| !rows.is_empty()),
        };
        commands(action.entity, id, rows.cloned(), action.classic.clone(), fields)
    }
}

/// The fields that an update of a live record writes, by their names in `crm.item.*` or in the classic methods.
pub(super) fn wanted(action: &Action, new_id: impl Fn(RecordRef) -> Option<PortalId>) -> Payload {
    let mut payload = action.fields.clone();
    fill_links(action, &mut payload, new_id);
    for (name, value) in &action.classic.0 {
        payload.set(name.as_str(), value.clone());
    }
    payload
}

/// The commands that write parts of a record. The amount is sent after the product rows, so that it stands where it is kept by hand or
/// where there are no rows (rest-crm 8.3).
pub(super) fn commands(
    entity: EntityType,
    id: PortalId,
    rows: Option<Vec<ProductRow>>,
    classic: Payload,
    fields: Payload,
) -> Vec<Change> {
    let rows = rows.map(|rows| Change::ProductRows { entity, id, rows });
    let classic = Some(classic).filter(|fields| !fields.is_empty()).map(|fields| Change::UpdateClassic { entity, id, fields });
    let fields = Some(fields).filter(|fields| !fields.is_empty()).map(|fields| Change::Update { entity, id, fields });
    [rows, classic, fields].into_iter().flatten().collect()
}

/// What makes the values that a record has those of the sets, as `crm.item.update` takes it: what is new under keys of its own, what goes
/// by its id and empty; what isn't named stays. `None` where all is there.
///
/// Source: REST docs, `universal/crm-item-update.md`, field `fm`.
pub(super) fn value_changes<'a>(
    sets: &'a [ValueSet],
    target: impl Fn(&'a ValueSet) -> &'a Vec<String>,
    there: &[MultiValue],
) -> Option<Json> {
    let mut entries = Map::new();
    for set in sets {
        let Some(multi) = multifield_of(set.field.as_str()) else { continue };
        let now = of_field(set, there);
        let texts: Vec<&str> = now.iter().map(|value| value.value.as_str()).collect();
        let wanted = target(set);
        let between = apart(&texts, &borrowed(wanted), &kind_of(set));
        for at in between.surplus {
            entries.insert(now[at].id.to_string(), json!({"typeId": multi.kind, "value": ""}));
        }
        for at in between.missing {
            let value = json!({"typeId": multi.kind, "valueType": multi.value_type, "value": wanted[at]});
            entries.insert(format!("n{}", entries.len()), value);
        }
    }
    (!entries.is_empty()).then_some(Json::Object(entries))
}

/// Of two outcomes of one step's commands, the one that decides.
fn worse(one: Learned, other: Learned) -> Learned {
    let rank = |learned: &Learned| match learned {
        Learned::Failed { .. } => 3,
        Learned::Unclear => 2,
        Learned::Again => 1,
        _ => 0,
    };
    if rank(&one) >= rank(&other) { one } else { other }
}
