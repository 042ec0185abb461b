//! `poll: GET http://site:8000/...`: a request made again and again, and what its answer says.

use super::{Look, Sighting};
use crate::address::{self, Resolve};
use crate::expression::{Expression, Scope};
use crate::stack::{Evidence, Learn};
use async_trait::async_trait;
use serde_json::Value;
use std::time::Duration;

/// A poll that takes longer counts as one that saw nothing.
const TIMEOUT: Duration = Duration::from_secs(5);

/// How much of an unexpected answer is quoted.
const EXCERPT_CHARS: usize = 200;

pub(super) struct Poll {
    rule: Learn,
    client: reqwest::Client,
    method: reqwest::Method,
    url: String,
    each: Option<Expression>,
}

impl Poll {
    pub fn new(rule: &Learn, resolve: Resolve<'_>) -> Result<Poll, String> {
        let Evidence::Poll {
            method, url, each, ..
        } = &rule.evidence
        else {
            panic!(
                "a poll is made from a poll rule, not from {:?}",
                rule.evidence
            );
        };
        let at = |e: String| format!("{}: {e}", rule.place);
        let (client, url) = address::client(url, resolve, TIMEOUT).map_err(at)?;
        let method = method
            .parse()
            .map_err(|_| at(format!("`{method}` is no HTTP method")))?;
        Ok(Poll {
            rule: rule.clone(),
            client,
            method,
            url,
            each: each.clone(),
        })
    }
}

#[async_trait]
impl Look for Poll {
    async fn look(&mut self) -> Result<Vec<Sighting>, String> {
        let request = self.client.request(self.method.clone(), &self.url);
        let response = request.send().await.map_err(|e| address::chain(&e))?;
        let status = response.status().as_u16();
        let text = response.text().await.map_err(|e| address::chain(&e))?;
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        let mut scope = Scope::new();
        scope.set("status", &Value::from(status));
        scope.set("body", &body);
        let Some(each) = &self.each else {
            return Ok(sighting(&self.rule, &scope, None)?.into_iter().collect());
        };
        let unexpected = |why: String| {
            let excerpt: String = body.to_string().chars().take(EXCERPT_CHARS).collect();
            format!("answer {status}: {why}: {excerpt}")
        };
        let Value::Array(items) = each.value(&scope).map_err(unexpected)? else {
            return Err(unexpected(format!("`{}` is not a list", each.text())));
        };
        let mut sightings = Vec::new();
        for item in &items {
            scope.set("item", item);
            sightings.extend(sighting(&self.rule, &scope, None)?);
        }
        Ok(sightings)
    }
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
        id,
        set,
        event: rule.event.clone(),
    }))
}
