//! The reader: all that a dry run is given of a portal. It has no method that changes anything, and the line under it refuses to carry
//! one for it.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value as Json, json};
use tokio::sync::mpsc;

use super::access::Access;
use super::answer::{Answer, plain, values, whole};
use super::call::Call;
use super::decode::{self, Decoder, MultiValue};
use super::error::PortalError;
use super::line::Line;
use super::listing;
use super::pace::{LimitsProfile, Pace};
use super::pace_memory::PaceMemory;
use super::page::{Filter, address_codes, classic_call, list_call, records_of};
use super::schema;
use super::sealing::Sealing;
use super::transport::{Http, Transport};
use super::walk::PAGE;
use crate::event::Observer;
use crate::model::{EntityType, LiveRecord, OriginPair, PortalId, PortalIdentity, ProductRow, Schema, UserId};

/// How the portal is to be treated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The portal's limit of requests.
    pub limits: LimitsProfile,
    /// How many percent of the limits may be used; the rest is left to the people at work.
    pub api_share: u8,
    /// How long no connection, a busy or a failing portal is put up with: 30 s while planning, 5 min while applying.
    pub patience: Duration,
    /// Certificates (PEM) of authorities that are trusted besides the system's: a company's own, for a portal on its own servers.
    pub authorities: Option<Vec<u8>>,
}

/// What to read of each record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wants {
    /// All fields; else only what tells records apart: id, origin pair, creation moment.
    pub everything: bool,
    /// The address fields too, which only the classic list has. It doubles the commands.
    pub addresses: bool,
    /// The product rows of leads and deals too. It takes one command a record.
    pub products: bool,
}

/// The user with whose rights the webhook acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Who {
    /// The id.
    pub user: UserId,
    /// First and last name.
    pub name: String,
    /// Whether they are an administrator: anyone else may not see all records (trap 22).
    pub admin: bool,
    /// The zone of their profile, where they have set one.
    pub zone: Option<String>,
    /// The server's offset from UTC in seconds.
    pub server_offset: i32,
    /// What the webhook may do besides what a restore needs, by the names of the scopes (`task`, `disk`, ..).
    pub scopes_spare: Vec<String>,
}

/// The scopes that a restore uses, and their wider forms.
const SCOPES_USED: [&str; 5] = ["crm", "user_brief", "user_basic", "user", "task"];

/// A portal that can be read. Cheap to clone; all clones share one pace.
#[derive(Clone)]
pub struct Reader {
    portal: Arc<Portal>,
}

struct Portal {
    line: Line,
    identity: PortalIdentity,
    is_loopback: bool,
}

/// The scopes in an answer of `scope` that a restore doesn't use.
fn spare(scopes: &Json) -> Vec<String> {
    let names = values(scopes).into_iter().map(plain);
    names.filter(|name| !name.is_empty() && !SCOPES_USED.contains(&name.as_str())).collect()
}

impl Reader {
    /// A reader of a portal; sends nothing yet.
    pub fn open(access: impl Into<Access>, settings: &Settings, observer: Arc<dyn Observer>) -> Result<Self, PortalError> {
        let access = access.into();
        let (identity, is_loopback) = (access.identity(), access.is_loopback());
        let wire = Arc::new(Http::new(&access, settings.authorities.as_deref())?);
        Ok(Self::over(Box::new(Sealing::over(access, wire)), identity, is_loopback, settings, observer))
    }

    /// A reader over any transport, for a portal that is reached another way than by HTTP: a test's own.
    pub fn over(
        transport: Box<dyn Transport>,
        identity: PortalIdentity,
        is_loopback: bool,
        settings: &Settings,
        observer: Arc<dyn Observer>,
    ) -> Self {
        // The jitter needs no secrecy, only that two programs on this computer differ.
        let seed = u64::from(std::process::id());
        let pace = Pace::new(settings.limits, settings.api_share, observer.clone(), seed);
        let line = Line::new(transport, pace, settings.patience, observer, seed);
        Self { portal: Arc::new(Portal { line, identity, is_loopback }) }
    }

    /// The portal, by host and port.
    pub fn identity(&self) -> &PortalIdentity {
        &self.portal.identity
    }

    /// Whether the portal is on this computer: a sandbox.
    pub fn is_loopback(&self) -> bool {
        self.portal.is_loopback
    }

    /// Requests that have reached the portal so far, or may have.
    pub fn requests(&self) -> u64 {
        self.line().hits()
    }

    /// Goes on from where the user's other programs left the portal's bucket of requests, and leaves it to them as it will be.
    pub fn remember_pace(&self, memory: Arc<dyn PaceMemory>) {
        self.line().remember_pace(memory);
    }

    /// Asks who the webhook's user is, and what it may do. One request.
    pub async fn who(&self) -> Result<Who, PortalError> {
        let calls = [Call::new("profile", Json::Null), Call::new("server.time", Json::Null), Call::new("scope", Json::Null)];
        let mut answers = self.line().read(&calls).await?.into_iter();
        let mut next = || answers.next().ok_or(PortalError::Protocol("an answer is missing"));
        let (profile, time, scope) = (next()??, next()??, next()?);
        let part = |key: &str| profile.result.get(key).map(plain).unwrap_or_default();
        // An inactive user's profile is empty (rest-transport 1.4).
        let user = profile.result.get("ID").and_then(whole).ok_or(PortalError::UserInactive)?;
        Ok(Who {
            user: UserId(user),
            name: format!("{} {}", part("NAME"), part("LAST_NAME")).trim().to_owned(),
            admin: matches!(part("ADMIN").as_str(), "true" | "Y" | "1"),
            zone: Some(part("TIME_ZONE")).filter(|zone| !zone.is_empty()),
            server_offset: schema::offset(&time.result)?,
            // A portal that doesn't say is none that could be restored to the worse for it.
            scopes_spare: scope.map_or_else(|_| Vec::new(), |answer| spare(&answer.result)),
        })
    }

    /// Asks for the portal's clock. One request.
    pub async fn server_time(&self) -> Result<jiff::Timestamp, PortalError> {
        let [time] = self.exactly([Call::new("server.time", Json::Null)]).await?;
        plain(&time.result).parse().map_err(|_| PortalError::Protocol("server.time is no moment"))
    }

    /// Loads the portal's schema. One request, and one more for every 2,500 users after the first 50.
    pub async fn schema(&self) -> Result<Schema, PortalError> {
        schema::load(self.line()).await
    }

    /// Reads all records of a type, ascending by id and without repetition, page by page as they come.
    ///
    /// The stream ends after an error. Memory is bounded by the pages in flight; dropping the receiver ends the reading. Must be called
    /// within a tokio runtime.
    pub fn list(
        &self,
        entity: EntityType,
        schema: Arc<Schema>,
        wants: Wants,
    ) -> mpsc::Receiver<Result<Vec<LiveRecord>, PortalError>> {
        listing::start(self.clone(), entity, schema, wants)
    }

    /// Reads the records with these ids, ascending; those that aren't there (or may not be seen) are left out. 2,500 a request.
    pub async fn get_many(
        &self,
        entity: EntityType,
        ids: &[PortalId],
        schema: &Schema,
        wants: Wants,
    ) -> Result<Vec<LiveRecord>, PortalError> {
        let mut ids: Vec<u64> = ids.iter().map(|id| id.0).collect();
        ids.sort_unstable();
        ids.dedup();
        let filters: Vec<Filter> = ids.chunks(PAGE).map(|ids| Filter::new("@id", "@ID", &json!(ids))).collect();
        let pages = self.pages(entity, &filters, schema, wants).await?;
        Ok(pages.into_iter().flatten().collect())
    }

    /// Reads the multi-fields of these records with the ids of their values; records that aren't there are left out. 2,500 a request.
    pub async fn multi_values(
        &self,
        entity: EntityType,
        ids: &[PortalId],
    ) -> Result<Vec<(PortalId, Vec<MultiValue>)>, PortalError> {
        let mut ids: Vec<u64> = ids.iter().map(|id| id.0).collect();
        ids.sort_unstable();
        ids.dedup();
        let calls: Vec<Call> = ids.chunks(PAGE).map(|ids| list_call(entity, &json!({"@id": ids}), true)).collect();
        if calls.is_empty() {
            return Ok(Vec::new());
        }
        let mut found = Vec::new();
        for answer in self.line().read(&calls).await? {
            let answer = answer?;
            let items = answer.result.get("items").ok_or(PortalError::Protocol("a list has no items"))?;
            found.extend(values(items).into_iter().filter_map(decode::multi_values));
        }
        Ok(found)
    }

    /// Looks records up by their origin marks: with id, origin pair and creation moment. 2,500 marks a request.
    ///
    /// A pair may answer for several records: it isn't unique on a portal (rest-crm 5).
    pub async fn by_origin(
        &self,
        entity: EntityType,
        pairs: &[OriginPair],
        schema: &Schema,
    ) -> Result<Vec<LiveRecord>, PortalError> {
        let mut pairs: Vec<&OriginPair> = pairs.iter().collect();
        pairs.sort_unstable();
        pairs.dedup();
        let mut calls = Vec::new();
        for group in pairs.chunk_by(|one, other| one.originator == other.originator) {
            for chunk in group.chunks(PAGE) {
                let origins: Vec<&str> = chunk.iter().map(|pair| pair.origin.as_str()).collect();
                let mut filter = json!({"@originId": origins});
                // What the portal would make of an empty text here isn't documented; such rows are sorted out below.
                if !chunk[0].originator.is_empty() {
                    filter["=originatorId"] = json!(chunk[0].originator);
                }
                calls.push(list_call(entity, &filter, false));
            }
        }
        let decoder = Decoder::new(entity, schema);
        let mut records = Vec::new();
        while !calls.is_empty() {
            let answers = self.line().read(&calls).await?;
            let mut further = Vec::new();
            for (mut call, answer) in std::mem::take(&mut calls).into_iter().zip(answers) {
                let page = records_of(&decoder, &answer?)?;
                if let Some(last) = page.last().filter(|_| page.len() >= PAGE) {
                    call.params["filter"][">id"] = json!(last.id.0);
                    further.push(call);
                }
                records.extend(page);
            }
            calls = further;
        }
        let text = |record: &LiveRecord, code: &str| record.text(code).unwrap_or_default().to_owned();
        records.retain(|record| {
            let pair = OriginPair { originator: text(record, "ORIGINATOR_ID"), origin: text(record, "ORIGIN_ID") };
            pairs.binary_search(&&pair).is_ok()
        });
        records.sort_by_key(|record| record.id);
        records.dedup_by_key(|record| record.id);
        Ok(records)
    }

    /// Reads the product rows of leads or deals, in the order of `ids`. 50 records a request.
    pub async fn product_rows(
        &self,
        entity: EntityType,
        ids: &[PortalId],
    ) -> Result<Vec<(PortalId, Vec<ProductRow>)>, PortalError> {
        let call = |id: PortalId, start: u64| {
            let filter = json!({"=ownerType": entity.short_code(), "=ownerId": id.0});
            Call::new(
                "crm.item.productrow.list",
                json!({"filter": filter, "order": {"sort": "ASC", "id": "ASC"}, "start": start}),
            )
        };
        let mut found: Vec<(PortalId, Vec<ProductRow>)> = ids.iter().map(|id| (*id, Vec::new())).collect();
        let mut open: Vec<(usize, u64)> = (0..ids.len()).map(|at| (at, 0)).collect();
        while !open.is_empty() {
            let calls: Vec<Call> = open.iter().map(|(at, start)| call(ids[*at], *start)).collect();
            let answers = self.line().read(&calls).await?;
            let mut further = Vec::new();
            for ((at, start), answer) in open.into_iter().zip(answers) {
                let answer = answer?;
                let rows = answer.result.get("productRows").map(values).unwrap_or_default();
                // A full page and a larger total; `next` alone is no proof (trap 18).
                if rows.len() >= PAGE && answer.total.is_none_or(|total| total > start + rows.len() as u64) {
                    further.push((at, start + PAGE as u64));
                }
                found[at].1.extend(rows.into_iter().map(decode::product_row));
            }
            open = further;
        }
        Ok(found)
    }

    /// Reads one page for each filter: the records, with addresses and product rows where they are wanted.
    pub(super) async fn pages(
        &self,
        entity: EntityType,
        filters: &[Filter],
        schema: &Schema,
        wants: Wants,
    ) -> Result<Vec<Vec<LiveRecord>>, PortalError> {
        let codes = if wants.addresses { address_codes(entity, schema) } else { Vec::new() };
        let mut calls: Vec<Call> = filters.iter().map(|filter| list_call(entity, &filter.universal, wants.everything)).collect();
        if !codes.is_empty() {
            calls.extend(filters.iter().map(|filter| classic_call(entity, &filter.classic, &codes)));
        }
        let mut answers = self.line().read(&calls).await?.into_iter();
        let decoder = Decoder::new(entity, schema);
        let mut pages = Vec::with_capacity(filters.len());
        for answer in answers.by_ref().take(filters.len()) {
            pages.push(records_of(&decoder, &answer?)?);
        }
        // What is left are the classic pages, one a filter.
        for (page, answer) in pages.iter_mut().zip(answers) {
            for row in values(&answer?.result).into_iter().filter_map(Json::as_object) {
                let id = row.get("ID").and_then(whole);
                if let Some(at) = id.and_then(|id| page.binary_search_by_key(&id, |record| record.id.0).ok()) {
                    decode::add_addresses(&mut page[at], row);
                }
            }
        }
        if wants.products && matches!(entity, EntityType::Lead | EntityType::Deal) {
            self.add_products(entity, &mut pages).await?;
        }
        Ok(pages)
    }

    async fn add_products(&self, entity: EntityType, pages: &mut [Vec<LiveRecord>]) -> Result<(), PortalError> {
        let ids: Vec<PortalId> = pages.iter().flatten().map(|record| record.id).collect();
        let rows = self.product_rows(entity, &ids).await?;
        for (record, (_, rows)) in pages.iter_mut().flatten().zip(rows) {
            let value = if rows.is_empty() { crate::model::Value::Empty } else { crate::model::Value::Products(rows) };
            record.push("PRODUCTS".into(), value);
        }
        Ok(())
    }

    /// Carries reading calls out, each of which must succeed.
    pub(super) async fn exactly<const N: usize>(&self, calls: [Call; N]) -> Result<[Answer; N], PortalError> {
        let answers: Vec<Answer> = self.line().read(&calls).await?.into_iter().collect::<Result<_, _>>()?;
        answers.try_into().map_err(|_| PortalError::Protocol("an answer is missing"))
    }

    pub(super) fn line(&self) -> &Line {
        &self.portal.line
    }
}
