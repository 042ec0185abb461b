//! Makes requests of a stack that is watched, one after the other.

use super::calls::{as_text, id_of};
use super::request::Request;
use crate::address::{self, Resolve};
use crate::engine::Driver;
use async_trait::async_trait;
use std::sync::Mutex;
use std::time::Duration;
use tokio::sync::mpsc;

/// How long an answer may take.
const WITHIN: Duration = Duration::from_secs(30);
/// What stands in a request for the id that was told last.
const ID: &str = "${id}";
/// So much of an answer is told.
const TOLD: usize = 200;

/// Takes requests from a channel until nobody sends any more, and says what is answered.
pub struct Driven {
    requests: Mutex<Option<mpsc::Receiver<Request>>>,
    /// What people are to be told: that the stack is up, and each answer.
    said: mpsc::UnboundedSender<String>,
    /// The ports that people may want to ask by themselves.
    ports: Vec<(String, u16)>,
}

impl Driven {
    /// One for these requests. `ports` are told with their addresses once the stack is up.
    pub fn new(
        requests: mpsc::Receiver<Request>,
        ports: Vec<(String, u16)>,
        said: mpsc::UnboundedSender<String>,
    ) -> Driven {
        Driven {
            requests: Mutex::new(Some(requests)),
            said,
            ports,
        }
    }

    fn say(&self, line: String) {
        // Who has left need not be told.
        let _ = self.said.send(line);
    }
}

#[async_trait]
impl Driver for Driven {
    async fn drive(&self, resolve: Resolve<'_>) {
        let reached = self.ports.iter().filter_map(|(service, port)| {
            let address = resolve(service, *port)?;
            Some(format!("  {service}:{port} is at http://{address}"))
        });
        let reached: Vec<String> = reached.collect();
        self.say("the stack is up".to_owned());
        reached.into_iter().for_each(|line| self.say(line));
        let requests = self
            .requests
            .lock()
            .expect("no panic while it is held")
            .take();
        let Some(mut requests) = requests else {
            return;
        };
        let mut last = None;
        while let Some(request) = requests.recv().await {
            let request = filled(&request, last.as_deref());
            let told = match send(&request, resolve).await {
                Ok((status, body)) => {
                    let value = serde_json::from_str(&body).ok();
                    let id = value.as_ref().and_then(|body| id_of(body, ""));
                    last = id.map(|(_, id)| as_text(id)).or(last);
                    format!(
                        "{status} {}",
                        body.chars().take(TOLD).collect::<String>().trim()
                    )
                }
                Err(why) => format!("no answer: {why}"),
            };
            self.say(format!("{} {}: {told}", request.method, request.url));
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
