//! What a portal holds besides records, by kind: reading it, and changing it in memory and on disk at once.

use serde_json::Value;

use jiff::tz::TimeZone;

use super::record::Entity;
use super::rows::{Activity, Category, Comment, Currency, ProductRow, Settings, Status, User, UserField};
use super::schema::{Custom, Field, Mark, Schema};
use super::{Store, language_code, slot};
use crate::sandbox::Language;

impl Store {
    /// The server's zone.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The language the portal was made in.
    pub fn language(&self) -> Language {
        self.language
    }

    /// Its two letters, as in language maps.
    pub fn language_code(&self) -> &'static str {
        language_code(self.language)
    }

    /// The portal's switches.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Changes the portal's switches.
    pub fn set_settings(&mut self, settings: Settings) {
        self.put_row("meta", "settings".to_owned(), &settings);
        self.settings = settings;
    }

    /// The user who calls.
    pub fn caller(&self) -> u64 {
        self.caller.user
    }

    /// The wall clock at the start of the call, in seconds.
    pub fn now(&self) -> i64 {
        self.caller.now
    }

    /// Whether the caller is an administrator of the portal.
    pub fn caller_is_admin(&self) -> bool {
        self.users.get(&self.caller.user).is_some_and(|user| user.admin)
    }

    /// A user, dismissed ones too. The door compares the secret of a webhook's address with [`User::secret`].
    pub fn user(&self, id: u64) -> Option<&User> {
        self.users.get(&id)
    }

    /// Whether a user is active and has a webhook with this secret.
    pub fn authorise(&self, user: u64, secret: &str) -> bool {
        self.user(user).is_some_and(|known| known.active && known.secret == secret)
    }

    /// All users by id.
    pub fn users(&self) -> impl Iterator<Item = &User> {
        self.users.values()
    }

    /// Adds or replaces a user.
    pub fn put_user(&mut self, user: User) {
        self.put_row("user", user.id.to_string(), &user);
        self.users.insert(user.id, user);
    }

    /// All directory values by id.
    pub fn statuses(&self) -> impl Iterator<Item = &Status> {
        self.statuses.values()
    }

    /// The values of a directory in its order.
    pub fn directory(&self, entity_id: &str) -> Vec<&Status> {
        let mut rows: Vec<_> = self.statuses.values().filter(|status| status.entity_id == entity_id).collect();
        rows.sort_by_key(|status| (status.sort, status.id));
        rows
    }

    /// One value of a directory.
    pub fn status(&self, entity_id: &str, status_id: &str) -> Option<&Status> {
        self.statuses.values().find(|status| status.entity_id == entity_id && status.status_id == status_id)
    }

    /// Adds or replaces a value of a directory.
    pub fn put_status(&mut self, status: Status) {
        self.put_row("status", status.id.to_string(), &status);
        self.statuses.insert(status.id, status);
    }

    /// Takes a value out of its directory.
    pub fn drop_status(&mut self, id: u64) {
        self.drop_row("status", id.to_string());
        self.statuses.remove(&id);
    }

    /// The pipelines in their order.
    pub fn categories(&self) -> Vec<&Category> {
        let mut rows: Vec<_> = self.categories.values().collect();
        rows.sort_by_key(|category| (category.sort, category.id));
        rows
    }

    /// A pipeline.
    pub fn category(&self, id: u64) -> Option<&Category> {
        self.categories.get(&id)
    }

    /// Adds or replaces a pipeline.
    pub fn put_category(&mut self, category: Category) {
        self.put_row("category", category.id.to_string(), &category);
        self.categories.insert(category.id, category);
    }

    /// The currencies in their order.
    pub fn currencies(&self) -> Vec<&Currency> {
        let mut rows: Vec<_> = self.currencies.iter().collect();
        rows.sort_by_key(|currency| currency.sort);
        rows
    }

    /// The code of the base currency.
    pub fn base_currency(&self) -> &str {
        self.currencies.iter().find(|currency| currency.base).map_or("USD", |currency| &currency.code)
    }

    /// Adds or replaces a currency.
    pub fn put_currency(&mut self, currency: Currency) {
        self.put_row("currency", currency.code.clone(), &currency);
        self.currencies.retain(|known| known.code != currency.code);
        self.currencies.push(currency);
    }

    /// Takes a currency out.
    pub fn drop_currency(&mut self, code: &str) {
        self.drop_row("currency", code.to_owned());
        self.currencies.retain(|known| known.code != code);
    }

    /// The custom fields of a record type by id.
    pub fn user_fields(&self, entity: Entity) -> impl Iterator<Item = &UserField> {
        self.user_fields.values().filter(move |field| field.entity == entity.type_id())
    }

    /// The custom field with this code.
    pub fn user_field(&self, entity: Entity, code: &str) -> Option<&UserField> {
        self.user_fields(entity).find(|field| field.name == code)
    }

    /// Adds a custom field to a record type.
    pub fn put_user_field(&mut self, field: UserField) {
        self.put_row("userfield", field.id.to_string(), &field);
        self.learn(field);
    }

    pub(super) fn learn(&mut self, field: UserField) {
        let precision = field.settings.get("PRECISION").and_then(Value::as_u64).unwrap_or(2) as u8;
        if let (Some(entity), Some(custom)) = (Entity::of_type_id(field.entity), Custom::of_type_id(&field.type_id, precision)) {
            let mut known = Field::custom(&field.name, custom);
            if field.multiple {
                known = known.mark(Mark::Multiple);
            }
            self.schemas[slot(entity)].add(known);
        }
        self.user_fields.insert(field.id, field);
    }

    /// The fields of a record type.
    pub fn schema(&self, entity: Entity) -> &Schema {
        &self.schemas[slot(entity)]
    }

    /// The comments on a record, by id.
    pub fn comments(&self, entity: Entity, owner: u64) -> impl DoubleEndedIterator<Item = &Comment> {
        let keys = self.comments_of.range((entity.type_id(), owner, 0)..=(entity.type_id(), owner, u64::MAX));
        keys.filter_map(|key| self.comments.get(&key.2))
    }

    /// Adds a comment.
    pub fn put_comment(&mut self, comment: Comment) {
        self.put_row("comment", comment.id.to_string(), &comment);
        self.comments_of.insert((comment.entity, comment.owner, comment.id));
        self.comments.insert(comment.id, comment);
    }

    /// Takes all comments off a record.
    pub fn take_comments(&mut self, entity: Entity, owner: u64) -> Vec<Comment> {
        let taken: Vec<Comment> = self.comments(entity, owner).cloned().collect();
        for comment in &taken {
            self.comments.remove(&comment.id);
            self.comments_of.remove(&(comment.entity, comment.owner, comment.id));
            self.drop_row("comment", comment.id.to_string());
        }
        taken
    }

    /// The activities of a record by id.
    pub fn activities(&self, entity: Entity, owner: u64) -> impl Iterator<Item = &Activity> {
        self.activities.values().filter(move |activity| (activity.entity, activity.owner) == (entity.type_id(), owner))
    }

    /// Adds an activity.
    pub fn put_activity(&mut self, activity: Activity) {
        self.put_row("activity", activity.id.to_string(), &activity);
        self.activities.insert(activity.id, activity);
    }

    /// Takes all activities off a record.
    pub fn take_activities(&mut self, entity: Entity, owner: u64) -> Vec<Activity> {
        let taken: Vec<Activity> = self.activities(entity, owner).cloned().collect();
        for activity in &taken {
            self.activities.remove(&activity.id);
            self.drop_row("activity", activity.id.to_string());
        }
        taken
    }

    /// The product rows of a record by id.
    pub fn product_rows(&self, entity: Entity, owner: u64) -> impl Iterator<Item = &ProductRow> {
        let keys = self.rows_of.range((entity.type_id(), owner, 0)..=(entity.type_id(), owner, u64::MAX));
        keys.filter_map(|key| self.product_rows.get(&key.2))
    }

    /// Adds a product row.
    pub fn put_product_row(&mut self, row: ProductRow) {
        self.put_row("productrow", row.id.to_string(), &row);
        self.rows_of.insert((row.entity, row.owner, row.id));
        self.product_rows.insert(row.id, row);
    }

    /// Takes all product rows off a record.
    pub fn take_product_rows(&mut self, entity: Entity, owner: u64) -> Vec<ProductRow> {
        let taken: Vec<ProductRow> = self.product_rows(entity, owner).cloned().collect();
        for row in &taken {
            self.product_rows.remove(&row.id);
            self.rows_of.remove(&(row.entity, row.owner, row.id));
            self.drop_row("productrow", row.id.to_string());
        }
        taken
    }
}
