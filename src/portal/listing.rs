//! Reading all records of a type: the walk over its ids, a few batches in flight, pages handed over in order.

use std::sync::Arc;

use serde_json::json;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::answer::{Answer, values, whole};
use super::batch::BATCH_COMMANDS_MAX;
use super::call::Call;
use super::error::PortalError;
use super::page::Filter;
use super::reader::{Reader, Wants};
use super::walk::{Range, Walk};
use crate::model::{EntityType, LiveRecord, Schema};

/// Batches on their way at once. The docs advise against many parallel series from one address (rest-transport 5.3).
const IN_FLIGHT_MAX: usize = 3;
/// Pages that wait for their reader.
const PAGES_WAITING: usize = 4;

type Page = Result<Vec<LiveRecord>, PortalError>;
type Fetched = Result<Vec<(Range, Vec<LiveRecord>)>, PortalError>;

/// Starts reading; the records come through the receiver.
pub(super) fn start(reader: Reader, entity: EntityType, schema: Arc<Schema>, wants: Wants) -> mpsc::Receiver<Page> {
    let (pages, receiver) = mpsc::channel(PAGES_WAITING);
    tokio::spawn(async move {
        if let Err(error) = walk(&reader, entity, schema, wants, &pages).await {
            // Nobody may be listening any more.
            let _ = pages.send(Err(error)).await;
        }
    });
    receiver
}

async fn walk(
    reader: &Reader,
    entity: EntityType,
    schema: Arc<Schema>,
    wants: Wants,
    pages: &mpsc::Sender<Page>,
) -> Result<(), PortalError> {
    let Some(mut walk) = begin(reader, entity).await? else { return Ok(()) };
    let mut in_flight: JoinSet<Fetched> = JoinSet::new();
    loop {
        while in_flight.len() < IN_FLIGHT_MAX {
            let ranges = walk.take(ranges_at_once(reader, entity, wants));
            if ranges.is_empty() {
                break;
            }
            in_flight.spawn(fetch(reader.clone(), entity, schema.clone(), wants, ranges));
        }
        let fetched = tokio::select! {
            fetched = in_flight.join_next() => fetched,
            // Dropping the set ends what is in flight.
            () = pages.closed() => return Ok(()),
        };
        let Some(fetched) = fetched else { return Ok(()) };
        for (range, records) in fetched.map_err(|_| PortalError::Protocol("the reading was broken off"))?? {
            let ids: Vec<u64> = records.iter().map(|record| record.id.0).collect();
            walk.put(range, &ids, records);
        }
        let records = walk.finished();
        if !records.is_empty() && pages.send(Ok(records)).await.is_err() {
            return Ok(());
        }
        if walk.is_over() {
            return Ok(());
        }
    }
}

/// Asks for the lowest and the highest id and the count. One request.
async fn begin(reader: &Reader, entity: EntityType) -> Result<Option<Walk<LiveRecord>>, PortalError> {
    let call = |direction: &str, start: i64| {
        Call::new(
            "crm.item.list",
            json!({"entityTypeId": entity.type_id(), "select": ["id"], "order": {"id": direction}, "start": start}),
        )
    };
    let [lowest, highest] = reader.exactly([call("ASC", 0), call("DESC", -1)]).await?;
    let id_of = |answer: &Answer| {
        let items = answer.result.get("items").ok_or(PortalError::Protocol("a list has no items"))?;
        let Some(first) = values(items).into_iter().next() else { return Ok(None) };
        first.get("id").and_then(whole).map(Some).ok_or(PortalError::Protocol("an item has no id"))
    };
    let (Some(low), Some(high)) = (id_of(&lowest)?, id_of(&highest)?) else { return Ok(None) };
    Ok(Some(Walk::new(low.min(high), high.max(low), lowest.total.unwrap_or(high.abs_diff(low) + 1))))
}

/// How many ranges go into one request: each takes a command, and one more for the addresses.
fn ranges_at_once(reader: &Reader, entity: EntityType, wants: Wants) -> usize {
    let commands = reader.line().size_for("crm.item.list", BATCH_COMMANDS_MAX);
    if wants.addresses && entity != EntityType::Deal { (commands / 2).max(1) } else { commands }
}

async fn fetch(reader: Reader, entity: EntityType, schema: Arc<Schema>, wants: Wants, ranges: Vec<Range>) -> Fetched {
    let filters: Vec<Filter> = ranges.iter().map(|range| Filter::range(range.from, range.to)).collect();
    let pages = reader.pages(entity, &filters, &schema, wants).await?;
    Ok(ranges.into_iter().zip(pages).collect())
}
