//! Gives a stack something to do: the same request a number of times, at a pace.

use crate::address::{self, Resolve};
use crate::expression::Scope;
use crate::history::{Sink, What};
use crate::plan::Pace;
use crate::seed::Seed;
use crate::stack::{Workload, as_id};
use futures::StreamExt;
use rand::Rng;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// So many characters of an answer that was no success are told: pages of errors are long.
const MAX_TOLD: usize = 300;

/// A request that takes longer counts as one that was not accepted.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The most requests of an open workload that are under way at once. When there are more, the next one waits.
const MOST_UNDER_WAY: usize = 1000;

/// Runs `workload` `times` times at a pace, and waits for all answers. Numbers go on from `first`, so that a workload
/// that runs twice does not repeat itself.
///
/// # Errors
/// In words, when the workload's host cannot be reached by any address. An answer that was not a success is no
/// error: it is written down.
pub async fn run(
    workload: &Workload,
    (first, times, pace): (u64, u64, Pace),
    seed: Seed,
    resolve: Resolve<'_>,
    sink: &Sink,
) -> Result<(), String> {
    let (client, url) = address::client(&workload.url, resolve, TIMEOUT)?;
    let method: reqwest::Method = workload
        .method
        .parse()
        .map_err(|_| format!("`{}` is no HTTP method", workload.method))?;
    let mut rng = seed.rng(&format!("workload {} {first}", workload.name));
    // Drawn in order, so that a seed gives a number its digits whatever the order of the answers.
    let drawn = (first + 1..=first + times).map(|n| (n, format!("{:016x}", rng.next_u64())));
    let one = async |(n, random): (u64, String)| {
        let fill = |text: &str| {
            text.replace("${n}", &n.to_string())
                .replace("${random}", &random)
        };
        let mut request = client.request(method.clone(), fill(&url));
        if let Some(body) = &workload.body {
            request = request.json(&fill_in(body, &fill));
        }
        let (accepted, detail) = match send(request).await {
            Ok((status, response)) => settle(workload, status, &response, sink),
            Err(error) => (false, error),
        };
        sink(What::Worked {
            workload: workload.name.clone(),
            n,
            accepted,
            detail,
        });
    };
    match pace {
        Pace::Clients(clients) => {
            let clients = usize::try_from(clients).ok();
            let drawn = futures::stream::iter(drawn);
            drawn.for_each_concurrent(clients, one).await;
        }
        Pace::PerSecond(per_second) => {
            let ticks = tokio::time::interval(Duration::from_secs(1) / per_second as u32);
            let drawn = futures::stream::unfold((ticks, drawn), |(mut ticks, mut drawn)| async {
                let next = drawn.next()?;
                ticks.tick().await;
                Some((next, (ticks, drawn)))
            });
            drawn.for_each_concurrent(MOST_UNDER_WAY, one).await;
        }
    }
    Ok(())
}

/// Sends a request. Gives the status and what `creates` may look at.
async fn send(request: reqwest::RequestBuilder) -> Result<(u16, Value), String> {
    let response = request.send().await.map_err(|e| address::chain(&e))?;
    let status = response.status().as_u16();
    let headers: Map<String, Value> = response
        .headers()
        .iter()
        .map(|(name, value)| {
            (
                name.to_string(),
                String::from_utf8_lossy(value.as_bytes()).into(),
            )
        })
        .collect();
    let text = address::body(response).await?;
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    Ok((
        status,
        json!({"status": status, "headers": headers, "body": body}),
    ))
}

/// Writes down the entities that an accepted answer created.
fn settle(workload: &Workload, status: u16, response: &Value, sink: &Sink) -> (bool, String) {
    if !(200..300).contains(&status) {
        let mut body = response["body"].to_string();
        if let Some((end, _)) = body.char_indices().nth(MAX_TOLD) {
            body.truncate(end);
            body.push_str("...");
        }
        return (false, format!("status {status}: {body}"));
    }
    let mut scope = Scope::new();
    scope.set("response", response);
    for (entity, id) in &workload.creates {
        let said = id.value(&scope);
        let named = said.and_then(|id| as_id(id).map_err(|why| format!("its id is {why}")));
        let id = match named {
            Ok(id) => id,
            Err(error) => return (false, format!("status {status}, but no {entity}: {error}")),
        };
        sink(What::Observed {
            entity: entity.clone(),
            id,
            source: format!("workload {}", workload.name),
            set: Map::new(),
            event: None,
            since_ns: None,
            rule: None,
        });
    }
    (true, format!("status {status}"))
}

/// The value with the placeholders of its strings filled in.
fn fill_in(value: &Value, fill: &dyn Fn(&str) -> String) -> Value {
    match value {
        Value::String(text) => Value::String(fill(text)),
        Value::Array(items) => items.iter().map(|item| fill_in(item, fill)).collect(),
        Value::Object(fields) => Value::Object(
            fields
                .iter()
                .map(|(key, item)| (key.clone(), fill_in(item, fill)))
                .collect(),
        ),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    #[test]
    fn placeholders_are_filled_in_wherever_a_string_stands() {
        let body = json!({"title": "number ${n}", "tags": ["${n}", 1], "phase": 1});
        let filled = fill_in(&body, &|text| text.replace("${n}", "7"));
        assert_eq!(
            filled,
            json!({"title": "number 7", "tags": ["7", 1], "phase": 1})
        );
    }

    /// A service that answers once so many requests have come, and what a workload made of it.
    async fn played(pace: Pace, together: usize, seed: u64) -> Vec<(u64, String)> {
        use axum::Json;
        let all = Arc::new(tokio::sync::Barrier::new(together));
        let got = Arc::new(Mutex::new(Vec::new()));
        let seen = got.clone();
        let answer = move |Json(body): Json<Value>| {
            let n = body["n"].as_str().unwrap().parse().unwrap();
            let random = body["random"].as_str().unwrap().to_owned();
            seen.lock().unwrap().push((n, random));
            let all = all.clone();
            async move {
                all.wait().await;
            }
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = axum::Router::new().route("/", axum::routing::post(answer));
        let serving = tokio::spawn(async move { axum::serve(listener, app).await });
        let workload = Workload {
            name: "submit".to_owned(),
            place: crate::problem::Place::new("shakedown.yaml".as_ref(), 1, 1),
            method: "POST".to_owned(),
            url: "http://site:80/".to_owned(),
            body: Some(json!({"n": "${n}", "random": "${random}"})),
            creates: Default::default(),
        };
        let sink: Sink = Arc::new(|_| {});
        let times = 6;
        run(
            &workload,
            (10, times, pace),
            Seed(seed),
            &|_, _| Some(address),
            &sink,
        )
        .await
        .unwrap();
        serving.abort();
        let mut got = std::mem::take(&mut *got.lock().unwrap());
        got.sort();
        got
    }

    #[tokio::test]
    async fn an_open_workload_does_not_wait_for_answers() {
        let got = played(Pace::PerSecond(200), 6, 1).await;
        let numbers: Vec<u64> = got.iter().map(|(n, _)| *n).collect();
        assert_eq!(numbers, [11, 12, 13, 14, 15, 16]);
    }

    #[tokio::test]
    async fn a_seed_gives_every_number_its_digits_whatever_the_pace() {
        let one = played(Pace::Clients(1), 1, 1).await;
        assert_eq!(one, played(Pace::Clients(3), 3, 1).await);
        assert_ne!(one, played(Pace::Clients(1), 1, 2).await);
    }
}
