//! `poll: GET http://site:8000/...`: a request made again and again, and what its answer says.

use super::{Known, Look, Missed, Sighting};
use crate::address::{self, Resolve, Way};
use crate::expression::{Expression, Scope};
use crate::stack::{EACH_ID, Evidence, Learn};
use async_trait::async_trait;
use futures::StreamExt as _;
use reqwest::header::CONTENT_ENCODING;
use serde_json::Value;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

/// A poll that takes longer counts as one that saw nothing.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The most pages that one look takes; more of them is a list that never ends.
const MOST_PAGES: usize = 1000;

/// So many entities are asked for at once, so that a look takes little time and burdens nobody.
const AT_ONCE: usize = 8;

/// The hidden variable that has an answer's `content-encoding`; no CEL identifier can be called so.
const ENCODING: &str = "content-encoding";

/// How much of an unexpected answer is quoted.
const EXCERPT_CHARS: usize = 200;

pub(super) struct Poll {
    rule: Learn,
    way: Way,
    method: reqwest::Method,
    each: Option<Expression>,
    next: Option<Expression>,
    /// The entities that are asked for one by one, where the URL has a place for their ids.
    ids: Option<Arc<dyn Fn() -> Vec<String> + Send + Sync>>,
    /// Which items the last look was told of, in their order.
    items: Vec<Value>,
    missed: Missed,
}

/// What the pages of one list tell.
#[derive(Default)]
struct List {
    sightings: Vec<Sighting>,
    /// What each item is known by, also of those that the rule passes over.
    items: Vec<Value>,
    /// There was more than one page, between which it may have moved.
    paged: bool,
    /// An answer told of nothing, because the service could not say.
    unsaid: bool,
}

impl Poll {
    pub fn new(
        rule: &Learn,
        resolve: Resolve<'_>,
        (entity, known): (&str, &Known),
    ) -> Result<Poll, String> {
        let Evidence::Poll {
            method,
            url,
            each,
            next,
            ..
        } = &rule.evidence
        else {
            panic!(
                "a poll is made from a poll rule, not from {:?}",
                rule.evidence
            );
        };
        let at = |e: String| format!("{}: {e}", rule.place);
        let way = Way::to(url, resolve, TIMEOUT).map_err(at)?;
        let method = method
            .parse()
            .map_err(|_| at(format!("`{method}` is no HTTP method")))?;
        let (entity, known) = (entity.to_owned(), known.clone());
        Ok(Poll {
            rule: rule.clone(),
            method,
            ids: (way.url.contains(EACH_ID)).then(|| Arc::new(move || known(&entity)) as _),
            way,
            each: each.clone(),
            next: next.clone(),
            items: Vec::new(),
            missed: Missed::Nothing,
        })
    }
}

#[async_trait]
impl Look for Poll {
    async fn look(&mut self) -> Result<Vec<Sighting>, String> {
        // Each look has connections of its own: of several instances, one would else be asked for ever.
        let client = self.way.client()?;
        let Some(ids) = &self.ids else {
            let list = self.list(&client, self.way.url.clone(), None).await?;
            let unsaid = list.unsaid.then_some(Missed::All);
            return Ok(self.saw(vec![list], unsaid));
        };
        let (this, client) = (&*self, &client);
        let looks = ids().into_iter().map(|id| async move {
            let in_url: String = url::form_urlencoded::byte_serialize(id.as_bytes()).collect();
            // A plus is a space in a query only.
            let url = this.way.url.replace(EACH_ID, &in_url.replace('+', "%20"));
            let list = this.list(client, url, Some(&id)).await?;
            Ok::<_, String>((list.unsaid.then_some(id), list))
        });
        let looks: Vec<_> = futures::stream::iter(looks)
            .buffered(AT_ONCE)
            .collect()
            .await;
        let looks: Vec<_> = looks.into_iter().collect::<Result<_, String>>()?;
        let (unsaid, lists): (Vec<Option<String>>, Vec<List>) = looks.into_iter().unzip();
        let unsaid: HashSet<String> = unsaid.into_iter().flatten().collect();
        let unsaid = (!unsaid.is_empty()).then_some(Missed::These(unsaid));
        Ok(self.saw(lists, unsaid))
    }

    fn missed(&self) -> Missed {
        self.missed.clone()
    }
}

impl Poll {
    /// Takes in what a look was told, and whether a list moved while its pages were read: it did not if it stands as at the
    /// look before.
    fn saw(&mut self, lists: Vec<List>, unsaid: Option<Missed>) -> Vec<Sighting> {
        let (mut items, mut sightings, mut paged) = (Vec::new(), Vec::new(), false);
        for list in lists {
            items.extend(list.items);
            sightings.extend(list.sightings);
            paged |= list.paged;
        }
        let moved = paged && items != self.items;
        self.items = items;
        self.missed = match moved {
            true => Missed::Moved,
            false => unsaid.unwrap_or(Missed::Nothing),
        };
        sightings
    }

    /// What the pages from `url` on tell; `id` is the entity's id where the rule does not say it.
    async fn list(
        &self,
        client: &reqwest::Client,
        mut url: String,
        id: Option<&str>,
    ) -> Result<List, String> {
        let mut list = List::default();
        for page in 0..MOST_PAGES {
            list.paged = page > 0;
            let mut scope = self.page(client, &url).await?;
            let before = list.sightings.len();
            self.read(&mut scope, id, &mut list)?;
            list.unsaid |= list.sightings.len() == before && could_not_say(&scope);
            match self.next(&scope)? {
                Some(next) => url = following(&url, &next)?,
                None => return Ok(list),
            }
        }
        Err(format!("there were more than {MOST_PAGES} pages"))
    }

    /// What one answer puts in scope.
    async fn page(&self, client: &reqwest::Client, url: &str) -> Result<Scope, String> {
        let request = client.request(self.method.clone(), url);
        let response = request.send().await.map_err(|e| address::chain(&e))?;
        let status = response.status().as_u16();
        let encoding = response.headers().get(CONTENT_ENCODING).cloned();
        let text = address::body(response).await?;
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        let mut scope = Scope::new();
        scope.set("status", &Value::from(status));
        scope.set("body", &body);
        if let Some(encoding) = encoding.as_ref().and_then(|name| name.to_str().ok()) {
            scope.set(ENCODING, &encoding.into());
        }
        Ok(scope)
    }

    /// What one answer tells.
    fn read(&self, scope: &mut Scope, id: Option<&str>, list: &mut List) -> Result<(), String> {
        let Some(each) = &self.each else {
            list.sightings.extend(sighting(&self.rule, scope, id)?);
            return Ok(());
        };
        let found = each.value(scope).map_err(|why| unexpected(scope, &why))?;
        let Value::Array(items) = found else {
            return Err(unexpected(
                scope,
                &format!("`{}` is not a list", each.text()),
            ));
        };
        for item in items {
            scope.set("item", &item);
            list.sightings.extend(sighting(&self.rule, scope, id)?);
            let known_by = self.rule.id.as_ref().and_then(|id| id.value(scope).ok());
            list.items.push(known_by.unwrap_or(item));
        }
        Ok(())
    }

    /// Where the next page is.
    fn next(&self, scope: &Scope) -> Result<Option<String>, String> {
        let Some(next) = &self.next else {
            return Ok(None);
        };
        let found = next.value_if_there(scope);
        match found.map_err(|why| unexpected(scope, &why))? {
            Some(Value::String(next)) if !next.is_empty() => Ok(Some(next)),
            // Many lists leave it out where no page follows.
            None | Some(Value::Null | Value::String(_)) => Ok(None),
            Some(other) => {
                let what = format!("`{}` is {other}, which is no URL", next.text());
                Err(unexpected(scope, &what))
            }
        }
    }
}

/// Whether an answer is one of a service that could not say how things are.
fn could_not_say(scope: &Scope) -> bool {
    let status = scope.get("status").and_then(|status| status.as_u64());
    status.is_some_and(|status| matches!(status, 408 | 425 | 429 | 500..))
}

/// An answer with which the rule cannot do anything.
fn unexpected(scope: &Scope, why: &str) -> String {
    let told = |name: &str| scope.get(name).unwrap_or_default();
    let answer = format!("answer {}: {why}", told("status"));
    if let Some(Value::String(encoding)) = scope.get(ENCODING) {
        return format!("{answer} (the body is compressed, {encoding}, and is not unpacked)");
    }
    if why.contains("is no JSON") {
        return answer;
    }
    let body = told("body").to_string();
    let excerpt: String = body.chars().take(EXCERPT_CHARS).collect();
    format!("{answer}: {excerpt}")
}

/// The URL of the next page. A service that names itself in it does so by a name that leads elsewhere here, so that
/// only its path and its query count.
fn following(url: &str, next: &str) -> Result<String, String> {
    let no_url = |e: url::ParseError| format!("`{next}` is no URL: {e}");
    let here = url::Url::parse(url).map_err(no_url)?;
    let there = here.join(next).map_err(no_url)?;
    let mut following = here;
    following.set_path(there.path());
    following.set_query(there.query());
    Ok(following.into())
}

/// Applies a rule to what is in scope: `None` when its condition is not met.
/// `id` is the entity's id where the rule does not say it.
pub(super) fn sighting(
    rule: &Learn,
    scope: &Scope,
    id: Option<&str>,
) -> Result<Option<Sighting>, String> {
    let lesson = rule.apply(scope, id)?;
    Ok(lesson.map(|(id, set)| Sighting {
        by: 0,
        id,
        set,
        event: rule.event.clone(),
    }))
}

#[cfg(test)]
mod tests;
