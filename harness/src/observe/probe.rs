//! `probe: POST http://scorer:8000/score, after: register`: what a caller would hear now, at the moment when a call has
//! been answered and nobody knows yet.
//!
//! When that moment is, and that it lasts until the probe has been made, is not known here.

use super::poll::sighting;
use crate::address::{self, Resolve};
use crate::duration;
use crate::expression::Scope;
use crate::history::What;
use crate::stack::{AFTER, Evidence, Learn};
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Map, Value, json};
use std::time::Duration;

/// A request that is to be made.
pub struct Probe {
    entity: String,
    /// The entity's id, where the rule does not say it.
    id: Option<String>,
    rule: Learn,
    scope: Scope,
    method: Method,
    url: String,
    body: Option<Value>,
    within: Duration,
}

impl Probe {
    /// What a rule asks after a call, which is `{"request": .., "response": .., "path": ..}`; `None` when its condition is
    /// not met.
    ///
    /// # Errors
    /// In words: something that the rule reads is not there.
    ///
    /// # Panics
    /// If the rule is no probe.
    pub fn new(entity: &str, rule: &Learn, call: &Value) -> Result<Option<Probe>, String> {
        let Evidence::Probe {
            method,
            url,
            body,
            within,
            ..
        } = &rule.evidence
        else {
            panic!("a probe is made by its rule, not by {:?}", rule.evidence);
        };
        let mut scope = Scope::new();
        scope.set(AFTER, call);
        if !rule.applies(&scope)? {
            return Ok(None);
        }
        let method = method
            .parse()
            .map_err(|_| format!("`{method}` is no HTTP method"))?;
        let url = url.fill(&scope)?;
        let body = body.as_ref().map(|body| body.fill(&scope)).transpose()?;
        Ok(Some(Probe {
            entity: entity.to_owned(),
            id: call["path"][entity].as_str().map(str::to_owned),
            rule: rule.clone(),
            scope,
            method,
            url,
            body,
            within: *within,
        }))
    }

    /// The place of its rule.
    pub fn place(&self) -> String {
        self.rule.place.to_string()
    }

    /// Makes it. Gives what it showed; that there was no answer is something that it shows.
    ///
    /// # Errors
    /// In words: no service of this name and port is there, or the rule cannot do anything with what was heard.
    pub async fn make(mut self, resolve: Resolve<'_>) -> Result<What, String> {
        let (client, url) = address::client(&self.url, resolve, self.within)?;
        let mut request = client.request(self.method.clone(), url);
        if let Some(body) = &self.body {
            request = request.json(body);
        }
        let heard = match tokio::time::timeout(self.within, ask(request)).await {
            Ok(Ok(heard)) => heard,
            Ok(Err(error)) => nothing(&error),
            Err(_) => nothing(&format!(
                "no answer within {}",
                duration::print(self.within)
            )),
        };
        self.scope.set("response", &heard);
        let seen = sighting(&self.rule, &self.scope, self.id.as_deref())?;
        let seen = seen.ok_or("its condition was met, and is not any more")?;
        Ok(What::Observed {
            entity: self.entity,
            id: seen.id,
            source: self.rule.evidence.source(),
            rule: Some(self.rule.key()),
            set: seen.set,
            event: seen.event,
            // It is made while the answer that it follows is held.
            since_ns: None,
        })
    }
}

/// The answer, as rules read it.
async fn ask(request: RequestBuilder) -> Result<Value, String> {
    let response: Response = request.send().await.map_err(|e| address::chain(&e))?;
    let status = response.status().as_u16();
    let headers = response.headers().iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes());
        (name.to_string(), Value::from(value))
    });
    let headers: Map<String, Value> = headers.collect();
    let text = address::body(response).await?;
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    Ok(json!({"status": status, "headers": headers, "body": body, "error": null}))
}

/// What stands in the place of an answer where there was none.
fn nothing(error: &str) -> Value {
    json!({"status": 0, "headers": {}, "body": null, "error": error})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expression::Expression;
    use crate::problem::Place;
    use crate::stack::{Body, Template};
    use axum::routing::post;
    use axum::{Json, Router};
    use std::net::SocketAddr;
    use tokio::net::TcpListener;

    fn rule(url: &str, within: Duration) -> Learn {
        let cel = |text: &str| Expression::parse(text).unwrap();
        let body = json!({"version": "${after.request.body.version}"});
        Learn {
            place: Place::new("shakedown.yaml".as_ref(), 7, 1),
            evidence: Evidence::Probe {
                after: "register".to_owned(),
                method: "POST".to_owned(),
                url: Template::parse(url).unwrap(),
                body: Some(Body::parse(&body).unwrap()),
                within,
            },
            when: Some(cel("after.response.status == 201")),
            id: None,
            set: [
                ("usable".to_owned(), cel("response.status == 200")),
                ("heard".to_owned(), cel("response.body")),
                ("error".to_owned(), cel("response.error")),
            ]
            .into(),
            event: None,
            gone: None,
        }
    }

    fn call(status: u16) -> Value {
        json!({"request": {"body": {"version": 2, "host": "scorer"}}, "response": {"status": status},
            "path": {"scorer": "s1"}})
    }

    /// What is seen by a probe that is led to this address.
    async fn seen(address: SocketAddr, within: Duration) -> Map<String, Value> {
        let rule = rule("http://${after.request.body.host}:8000/score", within);
        let probe = Probe::new("scorer", &rule, &call(201)).unwrap().unwrap();
        let resolve = move |host: &str, _: u16| (host == "scorer").then_some(address);
        match probe.make(&resolve).await.unwrap() {
            What::Observed {
                entity, id, set, ..
            } => {
                assert_eq!((entity.as_str(), id.as_str()), ("scorer", "s1"));
                set
            }
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn an_answer_a_refusal_and_silence_are_all_facts() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let echo = async |Json(body): Json<Value>| Json(body);
        let serving = Router::new().route("/score", post(echo));
        tokio::spawn(axum::serve(listener, serving).into_future());
        let long = Duration::from_secs(30);
        let set = seen(address, long).await;
        assert_eq!(set["usable"], true);
        assert_eq!(set["heard"], json!({"version": 2}));
        assert_eq!(set["error"], Value::Null);

        let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = nobody.local_addr().unwrap();
        // It accepts, and says nothing.
        let set = seen(address, Duration::from_millis(50)).await;
        assert_eq!(
            (&set["usable"], &set["heard"]),
            (&false.into(), &Value::Null)
        );
        drop(nobody);
        let set = seen(address, long).await;
        assert_eq!(set["usable"], false);
        let error = set["error"].as_str().unwrap();
        assert!(error.contains("refused"), "{error}");
    }

    #[tokio::test]
    async fn what_a_rule_does_not_ask_or_cannot_is_told_apart() {
        let url = "http://${after.request.body.host}:8000/";
        let rule_of = |url| rule(url, Duration::from_secs(1));
        let skipped = Probe::new("scorer", &rule_of(url), &call(200)).unwrap();
        assert!(skipped.is_none());
        let missing = rule_of("http://${after.request.body.hots}:8000/");
        let error = Probe::new("scorer", &missing, &call(201)).err().unwrap();
        assert!(error.contains("hots"), "{error}");
        let probe = Probe::new("scorer", &rule_of(url), &call(201)).unwrap();
        let error = probe.unwrap().make(&|_, _| None).await.unwrap_err();
        assert!(error.contains("`scorer:8000`"), "{error}");
    }
}
