//! Makes requests of a stack that is watched, one after the other.

use super::calls::{as_text, id_of};
use super::request::Request;
use crate::address::{self, Resolve};
use std::time::Duration;
use tokio::sync::mpsc;

/// How long an answer may take.
const WITHIN: Duration = Duration::from_secs(30);
/// What stands in a request for the id that was told last.
const ID: &str = "${id}";
/// So much of an answer is told.
const TOLD: usize = 200;

/// Makes requests until nobody gives any more; `say` is told each with its answer. What is asked at the addresses that
/// `resolve` gives is in the history, as calls of the workload.
pub async fn drive(
    mut requests: mpsc::Receiver<Request>,
    resolve: Resolve<'_>,
    say: &(dyn Fn(String) + Sync),
) {
    let mut last = None;
    while let Some(request) = requests.recv().await {
        let request = filled(&request, last.as_deref());
        let told = match send(&request, resolve).await {
            Ok((status, body)) => {
                let value = serde_json::from_str(&body).ok();
                let id = value.as_ref().and_then(|body| id_of(body, ""));
                last = id.map(|(_, id)| as_text(id)).or(last);
                let begin: String = body.chars().take(TOLD).collect();
                format!("{status} {}", begin.trim())
            }
            Err(why) => format!("no answer: {why}"),
        };
        say(format!("{} {}: {told}", request.method, request.url));
    }
}

/// The request with the last id put in.
fn filled(request: &Request, last: Option<&str>) -> Request {
    let Some(last) = last else {
        return request.clone();
    };
    let body = request
        .body
        .as_ref()
        .map(|body| body.to_string().replace(ID, last));
    Request {
        method: request.method.clone(),
        url: request.url.replace(ID, last),
        body: body
            .and_then(|body| serde_json::from_str(&body).ok())
            .or_else(|| request.body.clone()),
    }
}

async fn send(request: &Request, resolve: Resolve<'_>) -> Result<(u16, String), String> {
    let (client, url) = address::client(&request.url, resolve, WITHIN)?;
    let method: reqwest::Method = request
        .method
        .parse()
        .map_err(|_| "no HTTP method".to_owned())?;
    let mut sent = client.request(method, url);
    if let Some(body) = &request.body {
        sent = sent.json(body);
    }
    let answer = sent.send().await.map_err(|error| address::chain(&error))?;
    let status = answer.status().as_u16();
    Ok((status, address::body(answer).await?))
}
