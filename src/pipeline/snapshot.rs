//! Writing the portal's current state down. Only reads the portal.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use crate::event::{Event, Observer, Phase};
use crate::model::{CrmMode, EntityType, LiveRecord, PortalId, Value};
use crate::portal::{PortalError, Reader, Wants};
use crate::snapshot::{Manifest, SnapshotWriter};

/// Why there is no snapshot.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The portal.
    #[error(transparent)]
    Portal(#[from] PortalError),
    /// The directory.
    #[error(transparent)]
    Snapshot(#[from] crate::snapshot::SnapshotError),
}

/// Writes every record of the portal into a directory.
pub async fn snapshot(place: &Path, reader: &Reader, observer: Arc<dyn Observer>) -> Result<Manifest, SnapshotError> {
    let schema = Arc::new(reader.schema().await?);
    let now = reader.server_time().await?;
    let mut writer = SnapshotWriter::create(place, reader.identity(), &schema, now)?;
    for entity in EntityType::ALL {
        if entity == EntityType::Lead && schema.mode == CrmMode::Simple {
            continue;
        }
        observer.event(Event::Begin { phase: Phase::ReadPortal(entity), total: None });
        let wants = Wants { everything: true, addresses: entity != EntityType::Deal, products: false };
        let mut pages = reader.list(entity, schema.clone(), wants);
        while let Some(page) = pages.recv().await {
            let mut page = page?;
            add_products(entity, &mut page, reader).await?;
            for record in &page {
                writer.write(record)?;
            }
            observer.event(Event::Advance { phase: Phase::ReadPortal(entity), by: page.len() as u64 });
        }
        observer.event(Event::End { phase: Phase::ReadPortal(entity) });
    }
    Ok(writer.finish()?)
}

/// Product rows can be asked for record by record only (rest-crm 8.3): of every deal, and of leads that have an amount.
async fn add_products(entity: EntityType, page: &mut [LiveRecord], reader: &Reader) -> Result<(), PortalError> {
    if !matches!(entity, EntityType::Lead | EntityType::Deal) {
        return Ok(());
    }
    let amount = |record: &&LiveRecord| {
        entity == EntityType::Deal || matches!(record.get("OPPORTUNITY"), Some(Value::Number(amount)) if !amount.is_zero())
    };
    let with_amount: Vec<PortalId> = page.iter().filter(amount).map(|record| record.id).collect();
    let mut rows: HashMap<PortalId, _> =
        reader.product_rows(entity, &with_amount).await?.into_iter().collect::<BTreeMap<_, _>>().into_iter().collect();
    for record in page {
        let rows = rows.remove(&record.id).unwrap_or_default();
        record.set("PRODUCTS".into(), if rows.is_empty() { Value::Empty } else { Value::Products(rows) });
    }
    Ok(())
}
