//! What came by in place of a call for which a fault waited in vain: a request without a name that is almost one.

use crate::count::times;
use crate::gateway::{CallPattern, Pattern};
use crate::history::Asked;
use crate::stack::Call;
use std::collections::BTreeMap;

/// The most different requests that are remembered.
const REMEMBERED: usize = 1000;

/// Requests that were no call of the stack file, and how often each came by.
#[derive(Default)]
pub struct Strangers {
    unnamed: BTreeMap<Stranger, u64>,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Stranger {
    client: String,
    service: String,
    method: String,
    path: String,
}

impl Strangers {
    /// A request came by.
    pub fn see(&mut self, asked: &Asked) {
        if asked.call.is_some() {
            return;
        }
        let stranger = Stranger {
            client: asked.client.clone(),
            service: asked.service.clone(),
            method: asked.method.clone(),
            path: asked.without_query().to_owned(),
        };
        if self.unnamed.len() < REMEMBERED || self.unnamed.contains_key(&stranger) {
            *self.unnamed.entry(stranger).or_default() += 1;
        }
    }

    /// The request that is as good as this call but for one thing: how its path is spelt, its method, or who made it.
    pub fn near(&self, call: &Call) -> Option<String> {
        let spelt = pattern(call, loose(&call.path));
        let is = |one: &Stranger, client: &str, method: &str| {
            spelt
                .catch(client, &one.service, method, &loose(&one.path))
                .is_some()
        };
        let by_spelling = |one: &Stranger| is(one, &one.client, &one.method);
        let by_method = |one: &Stranger| is(one, &one.client, &call.method);
        let by_client = |one: &Stranger| is(one, &call.client, &one.method);
        let ways: [&dyn Fn(&Stranger) -> bool; 3] = [&by_spelling, &by_method, &by_client];
        let mut found = ways
            .into_iter()
            .filter_map(|way| self.unnamed.iter().find(|(one, _)| way(one)));
        let (one, count) = found.next()?;
        let Stranger {
            client,
            service,
            method,
            path,
        } = one;
        Some(format!(
            "but `{method} {path}` came by on {client} -> {service} {}",
            times(*count)
        ))
    }
}

fn pattern(call: &Call, path: String) -> Pattern {
    Pattern::new(CallPattern {
        name: call.name.clone(),
        client: call.client.clone(),
        service: call.service.clone(),
        method: call.method.clone(),
        path,
    })
}

/// A path without what is easily got wrong: its query, capitals, and slashes at its end.
fn loose(path: &str) -> String {
    let path = path.split('?').next().unwrap_or_default();
    path.trim_end_matches('/').to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Place;

    fn near(method: &str, client: &str, path: &str) -> Option<String> {
        near_to("/Jobs/{job}/", method, client, path)
    }

    fn near_to(call: &str, method: &str, client: &str, path: &str) -> Option<String> {
        let mut strangers = Strangers::default();
        let asked = |path: &str| Asked {
            exchange: 1,
            client: client.into(),
            service: "site".into(),
            port: 80,
            method: method.into(),
            path: path.into(),
            call: None,
            captures: Default::default(),
        };
        strangers.see(&asked("/health"));
        strangers.see(&asked(path));
        strangers.see(&asked(path));
        strangers.near(&Call {
            name: "look".into(),
            place: Place::new(std::path::Path::new("shakedown.yaml"), 1, 1),
            client: "worker".into(),
            service: "site".into(),
            method: "GET".into(),
            path: call.into(),
        })
    }

    #[test]
    fn a_query_may_be_what_differs() {
        let near = near_to("/jobs?mode={mode}", "GET", "worker", "/jobs?made=1");
        let said = "but `GET /jobs` came by on worker -> site 2 times";
        assert_eq!(near.as_deref(), Some(said));
    }

    #[test]
    fn what_came_by_instead_differs_in_one_thing() {
        let check = |method: &str, client: &str, path: &str, expected: Option<&str>| {
            let near = near(method, client, path);
            assert_eq!(near.as_deref(), expected, "{method} {client} {path}");
        };
        let slash = "but `GET /Jobs/7` came by on worker -> site 2 times";
        check("GET", "worker", "/Jobs/7?x=1", Some(slash));
        let capital = "but `GET /jobs/7/` came by on worker -> site 2 times";
        check("GET", "worker", "/jobs/7/", Some(capital));
        let method = "but `PUT /Jobs/7/` came by on worker -> site 2 times";
        check("PUT", "worker", "/Jobs/7/", Some(method));
        let client = "but `GET /Jobs/7/` came by on portal -> site 2 times";
        check("GET", "portal", "/Jobs/7/", Some(client));
        check("PUT", "portal", "/Jobs/7/", None);
        check("GET", "worker", "/Jobs/7/8/", None);
    }
}
