//! The changes to records that are there, each as the call that makes it.

use serde_json::{Value as Json, json};

use super::call::Call;
use crate::model::{EntityType, Payload, PortalId, ProductRow};

/// A change to one record that is there. Each can be made twice without harm.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// Sets fields by their universal names. An empty text clears a field.
    Update {
        /// The record's type.
        entity: EntityType,
        /// The record.
        id: PortalId,
        /// The fields by their universal names.
        fields: Payload,
    },
    /// Sets fields by their classic codes: addresses, which the universal methods don't know (rest-crm 1.1).
    UpdateClassic {
        /// The record's type.
        entity: EntityType,
        /// The record.
        id: PortalId,
        /// The fields by their classic codes.
        fields: Payload,
    },
    /// Replaces the product rows of a lead or deal.
    ProductRows {
        /// The record's type.
        entity: EntityType,
        /// The record.
        id: PortalId,
        /// All rows it shall have.
        rows: Vec<ProductRow>,
    },
    /// Deletes a record.
    Delete {
        /// The record's type.
        entity: EntityType,
        /// The record.
        id: PortalId,
    },
    /// Replaces the companies of a contact; the first becomes the primary one.
    ContactCompanies {
        /// The contact.
        contact: PortalId,
        /// All companies it shall be linked with.
        companies: Vec<PortalId>,
    },
}

impl Change {
    /// The call that makes the change.
    pub(super) fn call(&self) -> Call {
        match self {
            Self::Update { entity, id, fields } => {
                Call::new("crm.item.update", json!({"entityTypeId": entity.type_id(), "id": id.0, "fields": fields.0}))
            }
            // No entry in the live feed for a mended record.
            Self::UpdateClassic { entity, id, fields } => Call::new(
                format!("crm.{entity}.update"),
                json!({"id": id.0, "fields": fields.0, "params": {"REGISTER_SONET_EVENT": "N"}}),
            ),
            Self::ProductRows { entity, id, rows } => {
                let rows: Vec<Json> = rows.iter().enumerate().map(|(at, row)| product_row(at, row)).collect();
                Call::new(
                    "crm.item.productrow.set",
                    json!({"ownerType": entity.short_code(), "ownerId": id.0, "productRows": rows}),
                )
            }
            Self::Delete { entity, id } => Call::new("crm.item.delete", json!({"entityTypeId": entity.type_id(), "id": id.0})),
            Self::ContactCompanies { contact, companies } if companies.is_empty() => {
                Call::new("crm.contact.company.items.delete", json!({"id": contact.0}))
            }
            Self::ContactCompanies { contact, companies } => {
                let link = |(at, company): (usize, &PortalId)| json!({"COMPANY_ID": company.0, "SORT": (at + 1) * 10, "IS_PRIMARY": if at == 0 { "Y" } else { "N" }});
                let items: Vec<Json> = companies.iter().enumerate().map(link).collect();
                Call::new("crm.contact.company.items.set", json!({"id": contact.0, "items": items}))
            }
        }
    }
}

/// A row: one of free text where nothing more is known of it, because the product's id isn't in an export (rest-crm 8.3). Numbers as text
/// keep their digits.
fn product_row(at: usize, row: &ProductRow) -> Json {
    let mut json = json!({"productName": row.name, "price": row.price.to_string(), "quantity": row.quantity.to_string(), "sort": (at + 1) * 10});
    let Some(details) = &row.details else { return json };
    let mut set = |name: &str, value: Json| json[name] = value;
    if details.product != 0 {
        set("productId", json!(details.product));
    }
    if details.measure != 0 {
        set("measureCode", json!(details.measure));
    }
    if !details.discount_rate.is_zero() || !details.discount_sum.is_zero() {
        set("discountTypeId", json!(details.discount_type));
        set("discountRate", json!(details.discount_rate.to_string()));
        set("discountSum", json!(details.discount_sum.to_string()));
    }
    // No tax is no rate at all: 0 would be a tax of 0 % (rest-crm 8.3).
    if let Some(rate) = details.tax_rate {
        set("taxRate", json!(rate.to_string()));
    }
    if details.tax_included {
        set("taxIncluded", json!("Y"));
    }
    json
}
