//! `poll: GET http://site:8000/...`: a request made again and again, and what its answer says.

use super::{Known, Look, Sighting};
use crate::address::{self, Resolve, Way};
use crate::expression::{Expression, Scope};
use crate::stack::{EACH_ID, Evidence, Learn};
use async_trait::async_trait;
use futures::StreamExt as _;
use reqwest::header::CONTENT_ENCODING;
use serde_json::Value;
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
        })
    }
}

#[async_trait]
impl Look for Poll {
    async fn look(&mut self) -> Result<Vec<Sighting>, String> {
        // Each look has connections of its own: of several instances, one would else be asked for ever.
        let client = self.way.client()?;
        let Some(ids) = &self.ids else {
            return self.pages(&client, self.way.url.clone(), None).await;
        };
        let (this, client) = (&*self, &client);
        let looks = ids().into_iter().map(|id| async move {
            let in_url: String = url::form_urlencoded::byte_serialize(id.as_bytes()).collect();
            // A plus is a space in a query only.
            let url = this.way.url.replace(EACH_ID, &in_url.replace('+', "%20"));
            this.pages(client, url, Some(&id)).await
        });
        let looks: Vec<_> = futures::stream::iter(looks)
            .buffered(AT_ONCE)
            .collect()
            .await;
        let seen: Vec<Vec<Sighting>> = looks.into_iter().collect::<Result<_, String>>()?;
        Ok(seen.concat())
    }
}

impl Poll {
    /// What the pages from `url` on tell; `id` is the entity's id where the rule does not say it.
    async fn pages(
        &self,
        client: &reqwest::Client,
        mut url: String,
        id: Option<&str>,
    ) -> Result<Vec<Sighting>, String> {
        let mut sightings = Vec::new();
        for _ in 0..MOST_PAGES {
            let mut scope = self.page(client, &url).await?;
            sightings.extend(self.sightings(&mut scope, id)?);
            match self.next(&scope)? {
                Some(next) => url = following(&url, &next)?,
                None => return Ok(sightings),
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

    fn sightings(&self, scope: &mut Scope, id: Option<&str>) -> Result<Vec<Sighting>, String> {
        let Some(each) = &self.each else {
            return Ok(sighting(&self.rule, scope, id)?.into_iter().collect());
        };
        let found = each.value(scope).map_err(|why| unexpected(scope, &why))?;
        let Value::Array(items) = found else {
            return Err(unexpected(
                scope,
                &format!("`{}` is not a list", each.text()),
            ));
        };
        let mut sightings = Vec::new();
        for item in &items {
            scope.set("item", item);
            sightings.extend(sighting(&self.rule, scope, id)?);
        }
        Ok(sightings)
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
        id,
        set,
        event: rule.event.clone(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_asked_of_the_same_service() {
        let here = "http://127.1.2.3:8000/api/jobs/?page=1";
        let check = |next, expected| assert_eq!(following(here, next).unwrap(), expected, "{next}");
        check(
            "http://site:8000/api/jobs/?page=2",
            "http://127.1.2.3:8000/api/jobs/?page=2",
        );
        check("?page=2", "http://127.1.2.3:8000/api/jobs/?page=2");
        check("/other", "http://127.1.2.3:8000/other");
    }

    /// What one look at a real server sees.
    async fn look(app: axum::Router, rule: &Learn, known: &Known) -> Result<Vec<Sighting>, String> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = tokio::spawn(async move { axum::serve(listener, app).await });
        let mut poll = Poll::new(rule, &|_, _| Some(address), ("job", known)).unwrap();
        let seen = poll.look().await;
        serving.abort();
        seen
    }

    #[tokio::test]
    async fn each_look_has_a_connection_of_its_own() {
        use axum::extract::ConnectInfo;
        use std::net::SocketAddr;
        let from = async |ConnectInfo(from): ConnectInfo<SocketAddr>| from.port().to_string();
        let app = axum::Router::new().route("/", axum::routing::get(from));
        let app = app.into_make_service_with_connect_info::<SocketAddr>();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = tokio::spawn(async move { axum::serve(listener, app).await });
        let rule = Learn {
            place: crate::problem::Place::new("shakedown.yaml".as_ref(), 1, 1),
            evidence: Evidence::Poll {
                method: "GET".to_owned(),
                url: "http://site:80/".to_owned(),
                every: Duration::from_secs(1),
                each: None,
                next: None,
            },
            when: None,
            id: Some(Expression::parse("string(body)").unwrap()),
            set: Default::default(),
            event: Some("asked".to_owned()),
            gone: None,
        };
        let nobody: Known = Arc::new(|_| Vec::new());
        let mut poll = Poll::new(&rule, &|_, _| Some(address), ("job", &nobody)).unwrap();
        let first = poll.look().await.unwrap();
        assert_ne!(first, poll.look().await.unwrap());
        serving.abort();
    }

    /// What is seen of three pages of two items, of which each but the last names the next.
    async fn seen(next: Option<&str>) -> Result<Vec<String>, String> {
        use axum::Json;
        let page = async |axum::extract::RawQuery(query): axum::extract::RawQuery| {
            let page: u64 = query.map_or(1, |q| q.trim_start_matches("page=").parse().unwrap());
            let next = (page < 3).then(|| format!("http://site:80/?page={}", page + 1));
            let mut list = serde_json::json!({"results": [10 * page, 10 * page + 1]});
            if let Some(next) = next {
                list["next"] = next.into();
            }
            Json(list)
        };
        let app = axum::Router::new().route("/", axum::routing::get(page));
        let cel = |text: &str| Expression::parse(text).unwrap();
        let rule = Learn {
            place: crate::problem::Place::new("shakedown.yaml".as_ref(), 1, 1),
            evidence: Evidence::Poll {
                method: "GET".to_owned(),
                url: "http://site:80/".to_owned(),
                every: Duration::from_secs(1),
                each: Some(cel("body.results")),
                next: next.map(cel),
            },
            when: None,
            id: Some(cel("string(item)")),
            set: Default::default(),
            event: Some("listed".to_owned()),
            gone: None,
        };
        let nobody: Known = Arc::new(|_| Vec::new());
        let seen = look(app, &rule, &nobody).await;
        seen.map(|seen| seen.into_iter().map(|one| one.id).collect())
    }

    #[tokio::test]
    async fn a_look_takes_all_pages() {
        let all = ["10", "11", "20", "21", "30", "31"].map(str::to_owned);
        assert_eq!(seen(Some("body.next")).await.unwrap(), all);
        assert_eq!(seen(None).await.unwrap(), all[..2]);
        assert_eq!(seen(Some("body.after")).await.unwrap(), all[..2]);
        assert!(
            seen(Some("size(body.results)"))
                .await
                .unwrap_err()
                .contains("no URL")
        );
        let for_ever = seen(Some("\"/?page=1\"")).await.unwrap_err();
        assert!(for_ever.contains("more than 1000 pages"), "{for_ever}");
    }

    #[tokio::test]
    async fn each_entity_that_is_known_is_asked_for_by_its_id() {
        use axum::extract::Path;
        let told = async |Path(id): Path<String>| match id.as_str() {
            "lost" => Err(axum::http::StatusCode::NOT_FOUND),
            id => Ok(axum::Json(serde_json::json!({"state": format!("of {id}")}))),
        };
        let app = axum::Router::new().route("/jobs/{id}", axum::routing::get(told));
        let cel = |text: &str| Expression::parse(text).unwrap();
        let rule = Learn {
            place: crate::problem::Place::new("shakedown.yaml".as_ref(), 1, 1),
            evidence: Evidence::Poll {
                method: "GET".to_owned(),
                url: "http://site:80/jobs/${id}".to_owned(),
                every: Duration::from_secs(1),
                each: None,
                next: None,
            },
            when: Some(cel("status == 200")),
            id: None,
            set: [("state".to_owned(), cel("body.state"))]
                .into_iter()
                .collect(),
            event: None,
            gone: None,
        };
        let known: Known = Arc::new(|kind| {
            assert_eq!(kind, "job");
            ["7", "lost", "a b+/c"].map(str::to_owned).to_vec()
        });
        let seen = look(app, &rule, &known).await.unwrap();
        let seen: Vec<_> = seen
            .iter()
            .map(|one| (&one.id[..], &one.set["state"]))
            .collect();
        assert_eq!(
            seen,
            [("7", &"of 7".into()), ("a b+/c", &"of a b+/c".into())]
        );
    }
}
