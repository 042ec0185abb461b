//! Reads what a probe asks: `probe: POST http://scorer:8000/score, after: register`.

use super::config::request;
use super::node::{Fields, Node};
use super::{Body, Evidence, Template};
use crate::problem::{Problem, Problems};
use std::time::Duration;

/// How long the answer to a probe may take unless told otherwise.
const WITHIN: Duration = Duration::from_secs(1);

/// What a URL looks like.
const EXAMPLE: &str = "http://service:port/path";

pub(super) fn read(node: &Node, fields: &Fields<'_>, problems: &mut Problems) -> Option<Evidence> {
    let asked = request(node, EXAMPLE, problems);
    let after = fields.need_text("after", problems);
    let within = fields
        .get("within")
        .and_then(|node| node.duration_above_zero(problems));
    let body = fields
        .get("body")
        .map(|node| sound(node, Body::parse(&node.json()), problems));
    let (method, url) = asked?;
    let url = sound(node, Template::parse(&url), problems)?;
    if !leads_somewhere(&url) {
        return node.not(&format!("a URL such as `{EXAMPLE}`"), problems);
    }
    Some(Evidence::Probe {
        after: after?,
        method,
        url,
        body: match body {
            Some(body) => Some(body?),
            None => None,
        },
        within: within.unwrap_or(WITHIN),
    })
}

fn sound<T>(node: &Node, read: Result<T, String>, problems: &mut Problems) -> Option<T> {
    read.map_err(|why| problems.push(Problem::at(&node.place, why)))
        .ok()
}

/// Whether it is a URL whatever the expressions in it are. Of one that begins with an expression, nothing is known yet.
fn leads_somewhere(url: &Template) -> bool {
    let sound = |url: url::Url| url.scheme() == "http" && url.has_host();
    url.beginning().is_empty() || url::Url::parse(&url.with("1")).is_ok_and(sound)
}

/// The host and the port of a probe's URL, where no expression says them.
pub(super) fn target(url: &Template) -> Option<(String, u16)> {
    let beginning = url.beginning();
    let (_, rest) = beginning.split_once("://")?;
    let whole = url.text().len() == beginning.len() || rest.contains(['/', '?', '#']);
    let parsed = url::Url::parse(beginning).ok().filter(|_| whole)?;
    let host = parsed.host_str()?.to_owned();
    Some((host, parsed.port_or_known_default()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_known_where_no_expression_is_in_it() {
        let check = |url: &str, expected: Option<(&str, u16)>| {
            let found = target(&Template::parse(url).unwrap());
            let found = found.as_ref().map(|(host, port)| (host.as_str(), *port));
            assert_eq!(found, expected, "{url}");
        };
        check("http://scorer:8000/score", Some(("scorer", 8000)));
        check("http://scorer/${after.path.id}", Some(("scorer", 80)));
        check("http://scorer:8000", Some(("scorer", 8000)));
        check("http://scorer:80${after.path.id}/", None);
        check("http://${after.path.scorer}:8000/score", None);
        check("${after.request.body.endpoint}/ready", None);
    }
}
