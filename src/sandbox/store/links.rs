//! Links between contacts and companies, and of deals and leads to contacts: one set an owner, one primary link in it.
//!
//! Source: rest-crm 8.1.

use super::Store;
use super::record::{Entity, Link};

/// The step between the places of links.
pub const SORT_STEP: i64 = 10;

/// What a caller asks for one link of an owner.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// The id on the other side.
    pub target: u64,
    /// The place; none keeps the old one, or comes after the highest.
    pub sort: Option<i64>,
    /// Whether it shall be the primary one; the first that says so is.
    pub primary: bool,
}

impl Wanted {
    /// A link without wishes.
    pub fn to(target: u64) -> Self {
        Self { target, sort: None, primary: false }
    }
}

/// The links that stand after a whole set was given: doubles are dropped, the first marked (or the first at all) is primary, and a place
/// that isn't given is the old one's, or the highest plus ten.
pub fn whole_set(old: &[Link], wanted: &[Wanted]) -> Vec<Link> {
    let mut highest = old.iter().map(|link| link.sort).chain(wanted.iter().filter_map(|link| link.sort)).max();
    if wanted.iter().all(|want| old.iter().all(|link| link.target != want.target)) {
        highest = wanted.iter().filter_map(|link| link.sort).max();
    }
    let mut links: Vec<Link> = Vec::with_capacity(wanted.len());
    for want in wanted {
        if want.target == 0 || links.iter().any(|link| link.target == want.target) {
            continue;
        }
        let sort =
            want.sort.or_else(|| old.iter().find(|link| link.target == want.target).map(|link| link.sort)).unwrap_or_else(|| {
                let next = highest.map_or(SORT_STEP, |sort| sort + SORT_STEP);
                highest = Some(next);
                next
            });
        links.push(Link { target: want.target, sort, primary: false });
    }
    let primary = wanted.iter().find(|want| want.primary).map(|want| want.target);
    mark_primary(&mut links, primary);
    links.sort_by_key(|link| link.sort);
    links
}

/// The links after one was made primary and added if it wasn't there; 0 takes the primary one away.
pub fn with_primary(old: &[Link], target: u64) -> Vec<Link> {
    let mut links = old.to_vec();
    if target == 0 {
        links.retain(|link| !link.primary);
        mark_primary(&mut links, None);
        return links;
    }
    if links.iter().all(|link| link.target != target) {
        let sort = links.iter().map(|link| link.sort).max().unwrap_or_default() + SORT_STEP;
        links.push(Link { target, sort, primary: false });
    }
    mark_primary(&mut links, Some(target));
    links
}

/// The links after one was taken away; the first remaining one becomes primary if there is no other.
pub fn without(old: &[Link], target: u64) -> Vec<Link> {
    let mut links: Vec<Link> = old.iter().filter(|link| link.target != target).copied().collect();
    if links.iter().all(|link| !link.primary) {
        mark_primary(&mut links, None);
    }
    links
}

fn mark_primary(links: &mut [Link], target: Option<u64>) {
    let chosen = target.or_else(|| links.first().map(|link| link.target));
    for link in links {
        link.primary = Some(link.target) == chosen;
    }
}

impl Store {
    /// The contacts of a company, from the contacts' own links, by place.
    pub fn contacts_of_company(&self, company: u64) -> Vec<Link> {
        let mut links: Vec<Link> = self
            .referrers_of_type(Entity::Company, company, Entity::Contact)
            .filter_map(|contact| {
                let record = self.record(Entity::Contact, contact)?;
                let link = record.links.iter().find(|link| link.target == company)?;
                Some(Link { target: contact, sort: link.sort, primary: link.primary })
            })
            .collect();
        links.sort_by_key(|link| (link.sort, link.target));
        links
    }

    /// Gives a company just these contacts. Each contact keeps one primary company: the one marked, or its first.
    pub fn set_contacts_of_company(&mut self, company: u64, wanted: &[Wanted]) {
        for link in self.contacts_of_company(company) {
            if wanted.iter().all(|want| want.target != link.target) {
                self.change_links(Entity::Contact, link.target, |links| without(links, company));
            }
        }
        for want in wanted {
            self.add_contact_of_company(company, *want);
        }
    }

    /// Adds a contact to a company, or changes the link's place and mark.
    pub fn add_contact_of_company(&mut self, company: u64, want: Wanted) {
        self.change_links(Entity::Contact, want.target, |links| {
            let mut links = links.to_vec();
            if let Some(link) = links.iter_mut().find(|link| link.target == company) {
                link.sort = want.sort.unwrap_or(link.sort);
            } else {
                let next = links.iter().map(|link| link.sort).max().unwrap_or_default() + SORT_STEP;
                links.push(Link { target: company, sort: want.sort.unwrap_or(next), primary: links.is_empty() });
            }
            if want.primary { with_primary(&links, company) } else { links }
        });
    }

    /// Takes a contact off a company.
    pub fn drop_contact_of_company(&mut self, company: u64, contact: u64) {
        self.change_links(Entity::Contact, contact, |links| without(links, company));
    }

    /// Changes the links of a record that exists; stores it only if they differ.
    pub fn change_links(&mut self, entity: Entity, id: u64, change: impl FnOnce(&[Link]) -> Vec<Link>) -> bool {
        let Some(record) = self.record(entity, id) else { return false };
        let links = change(&record.links);
        if links == record.links {
            return false;
        }
        let mut record = record.clone();
        record.links = links;
        self.note(entity.name(), &id, "link", &record.to_disk());
        self.put_record(record);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_marked_link_is_primary_and_else_the_first_one() {
        let marked = [Wanted::to(5), Wanted { primary: true, ..Wanted::to(6) }, Wanted { primary: true, ..Wanted::to(7) }];
        let links = whole_set(&[], &marked);
        assert_eq!(links.iter().filter(|link| link.primary).map(|link| link.target).collect::<Vec<_>>(), [6]);
        assert_eq!(links.iter().map(|link| link.sort).collect::<Vec<_>>(), [10, 20, 30]);
        assert!(whole_set(&[], &[Wanted::to(5), Wanted::to(6)])[0].primary);
    }

    #[test]
    fn when_the_primary_link_goes_the_first_remaining_one_follows() {
        let links = whole_set(&[], &[Wanted::to(5), Wanted::to(6)]);
        assert_eq!(without(&links, 5), [Link { target: 6, sort: 20, primary: true }]);
    }
}
