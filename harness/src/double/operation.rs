//! Work that one request begins and another asks for until it is done: `operations/*.json`.

use super::answer::Answer;
use super::delay::Delay;
use super::json::{Item, Keys};
use super::outgoing::Outgoing;
use super::pattern::Pattern;
use super::stub::PRIORITY;
use super::template::Template;
use super::url::Url;
use crate::problem::{Place, Problems};
use serde_json::Value;
use std::path::Path;

/// One kind of operation.
#[derive(Clone, Debug)]
pub(super) struct Operation {
    pub place: Place,
    pub name: String,
    /// Against those of the mappings; 1 comes first.
    pub priority: u64,
    pub begin: Pattern,
    /// `None`: they are numbered.
    pub id: Option<Template>,
    pub takes: Delay,
    pub fails: Option<Fails>,
    pub stalls: Option<Which>,
    pub began: Began,
    /// `None`: nobody can ask.
    pub poll: Option<Poll>,
    pub running: Option<Answer>,
    pub done: Option<Answer>,
    pub failed: Option<Answer>,
    pub then: Vec<Outgoing>,
}

/// What the request that begins is answered.
#[derive(Clone, Debug)]
pub(super) enum Began {
    Answer(Box<Answer>),
    /// The final answer, once there is one.
    WhenOver,
}

/// The request that asks.
#[derive(Clone, Debug)]
pub(super) struct Poll {
    pub pattern: Pattern,
    /// `None`: the parameter `id` of the path.
    pub id: Option<Template>,
}

/// Which of them end in failure, and with which error.
#[derive(Clone, Debug)]
pub(super) struct Fails {
    pub with: String,
    pub which: Which,
}

/// Some of those that begin.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Which {
    All,
    /// Counted from 1.
    Nth(Vec<u64>),
    Chance(f64),
}

const KEYS: Keys = Keys::own(&[
    "name", "begin", "id", "takes", "fails", "stalls", "began", "poll", "running", "done",
    "failed", "then", "priority",
]);
const WHEN_OVER: &str = "when over";

impl Operation {
    /// Reads an operation. Files of bodies lie in `files`.
    pub fn read(item: &Item<'_>, files: &Path, problems: &mut Problems) -> Option<Operation> {
        let fields = item.fields(&KEYS, problems);
        let name = fields
            .need("name", problems)
            .and_then(|item| item.text(problems));
        let begin = fields
            .need("begin", problems)
            .map(|item| Pattern::read(item, problems));
        let answer = |key: &str, problems: &mut Problems| {
            Some(Answer::read(fields.get(key)?, files, problems))
        };
        let (running, done, failed) = (
            answer("running", problems),
            answer("done", problems),
            answer("failed", problems),
        );
        let poll = fields.get("poll").and_then(|item| poll(item, problems));
        let began = match fields.get("began").map(|item| item.value) {
            Some(Value::String(text)) if text == WHEN_OVER => Some(Began::WhenOver),
            Some(Value::Object(_)) => {
                answer("began", problems).map(|answer| Began::Answer(answer.into()))
            }
            Some(_) => fields
                .get("began")?
                .not(&format!("a response, or `{WHEN_OVER}`"), problems),
            None => running.clone().map(|answer| Began::Answer(answer.into())),
        };
        let fails = fields.get("fails").and_then(|item| fails(item, problems));
        let needed = [
            (
                "began",
                began.is_none() && fields.get("began").is_none(),
                "it says what the request that begins is answered",
            ),
            (
                "running",
                running.is_none() && poll.is_some(),
                "it says what a poll is answered before the end",
            ),
            (
                "done",
                done.is_none(),
                "it says what a poll is answered at the end",
            ),
            (
                "failed",
                failed.is_none() && fails.is_some(),
                "it says what a poll is answered when it failed",
            ),
        ];
        for (key, _, why) in needed.iter().filter(|(_, missing, _)| *missing) {
            problems.push(item.problem(format!("`{key}` is missing here")).help(*why));
        }
        let takes = fields
            .get("takes")
            .and_then(|item| Delay::read(item, problems));
        let mut then = Vec::new();
        for item in fields
            .get("then")
            .map(|item| item.items(problems))
            .unwrap_or_default()
        {
            then.extend(Outgoing::read(&item, problems));
        }
        let id = fields
            .get("id")
            .and_then(|item| Some(Template::read(item.text(problems)?, item, problems)));
        Some(Operation {
            place: item.place(),
            name: name?,
            priority: fields
                .get("priority")
                .and_then(|item| item.count(problems))
                .unwrap_or(PRIORITY),
            begin: begin?,
            id,
            takes: takes.unwrap_or(Delay::Fixed(std::time::Duration::ZERO)),
            fails,
            stalls: fields.get("stalls").and_then(|item| stalls(item, problems)),
            began: began?,
            poll,
            running,
            done,
            failed,
            then,
        })
    }
}

/// A pattern with the id in its path, or `{.., "id": "{{request.query.job}}"}`.
fn poll(item: &Item<'_>, problems: &mut Problems) -> Option<Poll> {
    let Value::Object(map) = item.value else {
        return item.not("a request pattern", problems);
    };
    let mut map = map.clone();
    let id = map.remove("id");
    let without = Value::Object(map);
    let pattern = Pattern::read(&item.with(&without), problems);
    let in_path = matches!(&pattern.url, Url::Template(template) if template.names().any(|name| name == "id"));
    let id = match id {
        Some(Value::String(text)) => Some(Template::read(text, item, problems)),
        Some(other) => return item.with(&other).not("a template as `id`", problems),
        None if in_path => None,
        None => {
            let help = "write `\"urlPathTemplate\": \"/things/{id}\"`, or give it an `id` such as `{{request.query.id}}`";
            problems.push(
                item.problem("nothing says which operation is asked for")
                    .help(help),
            );
            return None;
        }
    };
    Some(Poll { pattern, id })
}

/// `{"with": "CODE", "nth": [3]}`.
fn fails(item: &Item<'_>, problems: &mut Problems) -> Option<Fails> {
    let fields = item.fields(&Keys::own(&["with", "nth", "probability"]), problems);
    let with = fields.get("with").and_then(|item| item.scalar(problems));
    Some(Fails {
        with: with.unwrap_or_else(|| "FAILED".to_owned()),
        which: which(&fields, problems)?,
    })
}

/// `{"nth": [5]}`.
fn stalls(item: &Item<'_>, problems: &mut Problems) -> Option<Which> {
    let fields = item.fields(&Keys::own(&["nth", "probability"]), problems);
    which(&fields, problems)
}

fn which(fields: &super::json::Fields<'_>, problems: &mut Problems) -> Option<Which> {
    match (fields.get("nth"), fields.get("probability")) {
        (None, None) => Some(Which::All),
        (None, Some(item)) => item.number(1.0, problems).map(Which::Chance),
        (Some(item), None) => {
            let items = match item.value {
                Value::Array(_) => item.items(problems),
                _ => vec![item.clone()],
            };
            let mut nth = Vec::new();
            for item in items {
                match item.count(problems) {
                    Some(0) => item.not("a number from 1 on", problems)?,
                    count => nth.extend(count),
                }
            }
            Some(Which::Nth(nth))
        }
        (Some(_), Some(item)) => {
            problems.push(
                item.problem("`nth` and `probability` say the same thing in two ways")
                    .help("leave one out"),
            );
            None
        }
    }
}
