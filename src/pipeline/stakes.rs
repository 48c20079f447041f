//! What is at stake, for the reports: money, people, columns that can't come back, decisions.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use rust_decimal::Decimal;

use crate::diff::Verdict;
use crate::model::{EntityType, UserId, Value, Writing};
use crate::plan::{Action, ActionKind, Drafted, Missing, RecordRef};
use crate::report::MoneyAtStake;

use super::plan::Ground;
use super::verdicts::Verdicts;

/// What only the reports tell.
pub(super) struct Stakes {
    pub money: Vec<MoneyAtStake>,
    pub hardest_hit: Option<(String, u64)>,
    pub unwritable: Vec<(EntityType, String, u64)>,
    pub unmapped: BTreeMap<(EntityType, String), u64>,
    pub to_decide: u64,
}

impl Stakes {
    pub(super) fn gather(ground: &Ground, verdicts: &Verdicts, drafted: &Drafted) -> Self {
        let created: HashSet<RecordRef> =
            drafted.actions.iter().filter(|action| action.action == ActionKind::Create).map(Action::subject).collect();
        let lost: Vec<&Missing> = verdicts
            .judged
            .iter()
            .filter(|item| {
                created.contains(&RecordRef { entity: item.judged.record.entity, original_id: item.judged.record.id.0 })
            })
            .collect();
        let undecided: HashSet<RecordRef> = verdicts
            .judged
            .iter()
            .filter(|item| item.judged.verdict == Verdict::Duplicate)
            .map(|item| RecordRef { entity: item.judged.record.entity, original_id: item.judged.record.id.0 })
            .filter(|subject| !created.contains(subject))
            .chain(
                drafted
                    .actions
                    .iter()
                    .filter(|action| {
                        action
                            .declared
                            .iter()
                            .any(|declared| matches!(declared.reason.as_str(), "link_ambiguous" | "missing_parent"))
                    })
                    .map(Action::subject),
            )
            .collect();
        Self {
            money: money(&lost, ground),
            hardest_hit: hardest_hit(&lost, ground),
            unwritable: unwritable(&lost, ground),
            unmapped: unmapped(ground),
            to_decide: undecided.len() as u64,
        }
    }
}

/// The columns that no field of the portal answers for, and of how many rows each is. Parts of one whole have the same columns.
fn unmapped(ground: &Ground) -> BTreeMap<(EntityType, String), u64> {
    let mut rows = BTreeMap::new();
    for seen in &ground.files {
        let titles: BTreeSet<&String> = seen.survey.unmapped.iter().collect();
        for title in titles.into_iter().filter(|title| !seen.survey.columns.iter().any(|column| column.is_requisite(title))) {
            *rows.entry((seen.file.entity, title.clone())).or_default() += seen.survey.rows.max(1);
        }
    }
    rows
}

fn money(lost: &[&Missing], ground: &Ground) -> Vec<MoneyAtStake> {
    let mut sums: BTreeMap<String, MoneyAtStake> = BTreeMap::new();
    for item in lost.iter().filter(|item| item.judged.record.entity == EntityType::Deal) {
        let record = &item.judged.record;
        let amount = match record.get("OPPORTUNITY") {
            Some(Value::Number(amount)) => *amount,
            _ => Decimal::ZERO,
        };
        let currency = record.text("CURRENCY_ID").or(ground.schema.base_currency()).unwrap_or_default().to_owned();
        let open = ground.schema.semantics(EntityType::Deal, record.text("STAGE_ID").unwrap_or_default()).is_empty();
        let sum = sums.entry(currency.clone()).or_insert(MoneyAtStake {
            currency,
            total: Decimal::ZERO,
            deals: 0,
            open_total: Decimal::ZERO,
            open_deals: 0,
        });
        sum.total += amount;
        sum.deals += 1;
        if open {
            sum.open_total += amount;
            sum.open_deals += 1;
        }
    }
    let mut sums: Vec<MoneyAtStake> = sums.into_values().collect();
    sums.sort_by_key(|sum| std::cmp::Reverse(sum.deals));
    sums
}

fn hardest_hit(lost: &[&Missing], ground: &Ground) -> Option<(String, u64)> {
    let mut by_user: HashMap<UserId, u64> = HashMap::new();
    for item in lost {
        if let Some(Value::User(user)) = item.judged.record.get("ASSIGNED_BY_ID") {
            *by_user.entry(*user).or_default() += 1;
        }
    }
    let (user, count) = by_user.into_iter().max_by_key(|(user, count)| (*count, std::cmp::Reverse(*user)))?;
    Some((ground.schema.user(user).map_or_else(|| user.to_string(), crate::model::User::display), count))
}

/// Columns that hold something in lost records and that REST can't write.
fn unwritable(lost: &[&Missing], ground: &Ground) -> Vec<(EntityType, String, u64)> {
    let mut columns: BTreeMap<(EntityType, String), u64> = BTreeMap::new();
    for item in lost {
        let entity = item.judged.record.entity;
        for (code, _) in item.judged.record.fields().filter(|(_, value)| !value.is_empty()) {
            let Some(field) = ground.schema.listed(entity, code.as_str()) else { continue };
            // The whole address is written part by part.
            if field.writing == Writing::Never
                && !field.portal_own
                && !matches!(code.as_str(), "ID" | "FULL_ADDRESS" | "FULL_REG_ADDRESS")
            {
                let title = column_title(ground, entity, code.as_str());
                *columns.entry((entity, title)).or_default() += 1;
            }
        }
    }
    columns.into_iter().map(|((entity, title), records)| (entity, title, records)).collect()
}

fn column_title(ground: &Ground, entity: EntityType, code: &str) -> String {
    ground
        .files
        .iter()
        .filter(|seen| seen.file.entity == entity)
        .flat_map(|seen| &seen.survey.columns)
        .find(|column| column.code.as_ref().is_some_and(|known| known.as_str() == code))
        .map_or_else(|| code.to_owned(), |column| column.name.clone())
}
