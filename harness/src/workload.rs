//! Gives a stack something to do: the same request a number of times, with a number of clients.

use crate::address::{self, Resolve};
use crate::expression::Scope;
use crate::history::{Sink, What};
use crate::seed::Seed;
use crate::stack::{Workload, as_id};
use rand::Rng;
use serde_json::{Map, Value, json};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A request that takes longer counts as one that was not accepted.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Runs `workload` `times` times with `clients` requests under way at once, and waits for all answers. Numbers
/// go on from `first`, so that a workload that runs twice does not repeat itself.
///
/// # Errors
/// In words, when the workload's host cannot be reached by any address. An answer that was not a success is no
/// error: it is written down.
pub async fn run(
    workload: &Workload,
    (first, times, clients): (u64, u64, u64),
    seed: Seed,
    resolve: Resolve<'_>,
    sink: &Sink,
) -> Result<(), String> {
    let (client, url) = address::client(&workload.url, resolve, TIMEOUT)?;
    let method: reqwest::Method = workload
        .method
        .parse()
        .map_err(|_| format!("`{}` is no HTTP method", workload.method))?;
    let next = AtomicU64::new(0);
    let rng = Mutex::new(seed.rng(&format!("workload {} {first}", workload.name)));
    let one_client = async || {
        while let Some((n, random)) = draw(&next, times, &rng) {
            let n = first + n;
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
        }
    };
    futures::future::join_all((0..clients.min(times)).map(|_| one_client())).await;
    Ok(())
}

/// The next number (from 1) and its random digits, drawn together so that a seed gives a number its digits
/// whatever the order of the answers.
fn draw(next: &AtomicU64, times: u64, rng: &Mutex<impl Rng>) -> Option<(u64, String)> {
    let mut rng = rng.lock().expect("drawing a number does not panic");
    let n = next.fetch_add(1, Ordering::Relaxed) + 1;
    (n <= times).then(|| (n, format!("{:016x}", rng.next_u64())))
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
    let text = response.text().await.map_err(|e| address::chain(&e))?;
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    Ok((
        status,
        json!({"status": status, "headers": headers, "body": body}),
    ))
}

/// Writes down the entities that an accepted answer created.
fn settle(workload: &Workload, status: u16, response: &Value, sink: &Sink) -> (bool, String) {
    if !(200..300).contains(&status) {
        return (false, format!("status {status}: {}", response["body"]));
    }
    let mut scope = Scope::new();
    scope.set("response", response);
    for (entity, id) in &workload.creates {
        let id = match id.value(&scope) {
            Ok(id) => as_id(id),
            Err(error) => return (false, format!("status {status}, but no {entity}: {error}")),
        };
        sink(What::Observed {
            entity: entity.clone(),
            id,
            source: format!("workload {}", workload.name),
            set: Map::new(),
            event: None,
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
    use std::collections::BTreeSet;

    #[test]
    fn placeholders_are_filled_in_wherever_a_string_stands() {
        let body = json!({"title": "number ${n}", "tags": ["${n}", 1], "phase": 1});
        let filled = fill_in(&body, &|text| text.replace("${n}", "7"));
        assert_eq!(
            filled,
            json!({"title": "number 7", "tags": ["7", 1], "phase": 1})
        );
    }

    #[test]
    fn a_seed_gives_every_number_its_digits() {
        let all = |seed: u64| -> BTreeSet<_> {
            let (next, rng) = (AtomicU64::new(0), Mutex::new(Seed(seed).rng("workload")));
            std::iter::from_fn(|| draw(&next, 5, &rng)).collect()
        };
        assert_eq!(all(1).len(), 5);
        assert_eq!(all(1), all(1));
        assert_ne!(all(1), all(2));
    }
}
