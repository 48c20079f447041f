//! Which method an address asks for, and with which credential (rest-transport 1.1).

use super::params::url_decoded;

/// What a path means to the portal.
#[derive(Debug, PartialEq, Eq)]
pub enum Route {
    /// A method of the classic protocol. The name is lower-case and without its format suffix, empty where no template fits.
    Method {
        /// The name, as methods are looked up.
        name: String,
        /// The credential in the path.
        webhook: Option<Webhook>,
    },
    /// Where an application's tokens are renewed: the authorisation server.
    Token,
    /// The address of REST 3.0, another protocol without CRM methods.
    RestThree,
    /// Not the REST server's address at all.
    Elsewhere,
}

/// The credential of an inbound webhook as it stands in the path.
#[derive(Debug, PartialEq, Eq)]
pub struct Webhook {
    /// The user's id, or a login.
    pub user: String,
    /// The secret.
    pub secret: String,
}

/// Reads a path: four templates, doubled and trailing slashes are legal, `.json` and `.xml` are cut off.
///
/// The sandbox answers JSON for `.xml`, too: no client that it serves asks for XML.
pub fn read(path: &str) -> Route {
    let mut segments = path.split('/').filter(|segment| !segment.is_empty());
    let first = segments.next();
    let segments: Vec<&str> = segments.collect();
    match segments.as_slice() {
        ["token"] if first == Some("oauth") => Route::Token,
        _ if first != Some("rest") => Route::Elsewhere,
        ["api", _, ..] => Route::RestThree,
        [method] => Route::Method { name: name_of(method), webhook: None },
        [user, secret, method] => {
            let webhook = Webhook { user: decoded(user), secret: decoded(secret) };
            Route::Method { name: name_of(method), webhook: Some(webhook) }
        }
        // An address without the user's id ends here: as method not found, not as an error of authorisation.
        _ => Route::Method { name: String::new(), webhook: None },
    }
}

fn name_of(segment: &str) -> String {
    let name = decoded(segment).to_lowercase();
    match name.rsplit_once('.') {
        Some((method, "json" | "xml")) if !method.is_empty() => method.to_owned(),
        _ => name,
    }
}

/// In a path a plus is a plus.
fn decoded(segment: &str) -> String {
    url_decoded(segment.replace('+', "%2B").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, name: &str, webhook: Option<(&str, &str)>) {
        let webhook = webhook.map(|(user, secret)| Webhook { user: user.to_owned(), secret: secret.to_owned() });
        assert_eq!(read(path), Route::Method { name: name.to_owned(), webhook }, "{path}");
    }

    #[test]
    fn every_client_finds_its_method() {
        let hook = Some(("1", "SECRET"));
        check("/rest/1/SECRET/crm.item.list.json", "crm.item.list", hook);
        check("/rest/1/SECRET/crm.item.list", "crm.item.list", hook);
        check("/rest/1/SECRET//crm.item.list/", "crm.item.list", hook);
        check("/rest/1/SECRET/CRM.Lead.List", "crm.lead.list", hook);
        check("/rest/1/SECRET/crm%2Elead.list", "crm.lead.list", hook);
        check("/rest/1/SECRET/batch.xml", "batch", hook);
        check("/rest/1/SECRET/batch.txt", "batch.txt", hook);
        check("/rest/admin/SECRET/profile", "profile", Some(("admin", "SECRET")));
        check("/rest/server.time/", "server.time", None);
    }

    #[test]
    fn an_address_without_the_user_is_an_unknown_method() {
        check("/rest/SECRET/profile", "", None);
        check("/rest/", "", None);
        check("/rest/1/SECRET/profile/more", "", None);
    }

    #[test]
    fn other_protocols_and_other_pages_are_told_apart() {
        assert_eq!(read("/rest/api/1/SECRET/tasks.task.get"), Route::RestThree);
        assert_eq!(read("/rest/api/batch"), Route::RestThree);
        assert_eq!(read("/"), Route::Elsewhere);
        assert_eq!(read("/restless"), Route::Elsewhere);
        assert_eq!(read("/oauth/token/"), Route::Token);
        assert_eq!(read("/oauth/authorize/"), Route::Elsewhere);
    }
}
