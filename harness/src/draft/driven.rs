//! Makes requests of a stack that is watched, one after the other.

use super::calls::{as_text, id_of};
use super::request::Request;
use crate::address::{self, Resolve};
use crate::secret::{Secrets, plain};
use serde_json::Value;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// How long an answer may take.
const WITHIN: Duration = Duration::from_secs(30);
/// What stands in a request for the id that was told last.
const ID: &str = "${id}";
/// Why a request is not made that needs one.
const NO_ID: &str =
    "nothing was asked, for no answer has told yet what `${id}` is: create something first";
/// So much of an answer is told.
const TOLD: usize = 200;
/// How often the stack is looked at again, how long nothing must change for the last look, and how long all looks may take.
const LOOK_EVERY: Duration = Duration::from_millis(200);
const UNCHANGED: Duration = Duration::from_secs(2);
const LOOK_AT_MOST: Duration = Duration::from_secs(60);

/// The status and the body of an answer, or why there was none.
type Answer = Result<(u16, String), String>;

/// Makes requests until nobody gives any more, then those again that only ask, until nothing changes any more; `say` is told
/// each with its answer. What is asked at the addresses that `resolve` gives is in the history, as calls of the workload. Of
/// what is told, `secrets` are hidden.
pub async fn drive(
    mut requests: mpsc::Receiver<Request>,
    resolve: Resolve<'_>,
    secrets: &Secrets,
    say: &(dyn Fn(String) + Sync),
) {
    let (mut ids, mut looks): (Vec<String>, Vec<Request>) = Default::default();
    let told = |request: &Request, answer: &Answer| {
        let url = secrets.text(&plain(&request.url));
        let answer = match answer {
            Ok((status, body)) => {
                let begin: String = secrets.body(body).chars().take(TOLD).collect();
                format!("{status} {}", begin.trim())
            }
            Err(why) => format!("no answer: {}", secrets.text(why)),
        };
        say(format!("{} {url}: {answer}", request.method));
    };
    while let Some(asked) = requests.recv().await {
        let request = filled(&asked, ids.last().map(String::as_str));
        let answer = match request.has(ID) {
            true => Err(NO_ID.to_owned()),
            false => send(&request, resolve).await,
        };
        told(&request, &answer);
        if asked.method == "GET" {
            looks.retain(|known| *known != asked);
            looks.push(asked);
        } else if let Ok((_, body)) = &answer {
            let value: Option<Value> = serde_json::from_str(body).ok();
            let id = value.as_ref().and_then(|body| id_of(body, ""));
            ids.extend(id.map(|(_, id)| as_text(id)));
        }
    }
    let looks = looks.iter().flat_map(|look| match look.url.contains(ID) {
        true => ids.iter().map(|id| filled(look, Some(id))).collect(),
        false => vec![look.clone()],
    });
    let looks: Vec<Request> = looks.collect();
    look_again(&looks, resolve, &told).await;
}

/// Asks again and again, as long as answers change. Whoever begins work and asks once sees it begun and no more.
async fn look_again(
    looks: &[Request],
    resolve: Resolve<'_>,
    told: &(dyn Fn(&Request, &Answer) + Sync),
) {
    if looks.is_empty() {
        return;
    }
    let begun = Instant::now();
    let mut changed = begun;
    let mut last: Vec<Option<Answer>> = vec![None; looks.len()];
    let mut ticks = tokio::time::interval(LOOK_EVERY);
    while changed.elapsed() < UNCHANGED && begun.elapsed() < LOOK_AT_MOST {
        ticks.tick().await;
        for (look, last) in looks.iter().zip(&mut last) {
            let answer = send(look, resolve).await;
            if last.as_ref() != Some(&answer) {
                told(look, &answer);
                (changed, *last) = (Instant::now(), Some(answer));
            }
        }
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

async fn send(request: &Request, resolve: Resolve<'_>) -> Answer {
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
